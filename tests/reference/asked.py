"""What a query asks for: its period, its dimensions, and the simple metrics that everything else is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.reference import expressions
from tests.reference.frames import ALWAYS, Frame, at_day
from tests.reference.lookup import Field, Reader, canonical, resolve
from tests.reference.model import (
    Comparison,
    Cumulative,
    Derived,
    Metric,
    Model,
    MovingAverage,
    Part,
    Per,
    Query,
    Rank,
    Ratio,
    Refused,
    Rolling,
    SemiAdditive,
    Simple,
    ToDate,
)
from tests.reference.times import Clockwork, Period, parse_period


@dataclass(frozen=True, slots=True)
class Leaf:
    """A simple metric, and the dimensions of this query that are ignored for it."""

    metric: Simple
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """A leaf, and whether it is looked at over other stretches of time than its cell's own."""

    leaf: Leaf
    own: bool
    framed: bool


def parts_of(metric: Metric) -> tuple[Part, ...]:
    """The metrics that one is made of."""
    match metric:
        case Simple():
            return ()
        case Ratio(numerator=numerator, denominator=denominator):
            return numerator, denominator
        case Derived(expr=expr):
            return tuple(Part(name) for name in expressions.names(expr))
    return (Part(metric.metric),)


class Asked:
    def __init__(self, model: Model, query: Query, clock: Clockwork) -> None:
        self.model, self.query, self.clock = model, query, clock
        self.reader = Reader(model, clock)
        self.period: Period | None = parse_period(query.period, clock) if query.period else None
        self.dimensions = [canonical(model, name) for name in query.by]
        self.words = tuple(name for name in query.by if clock.is_word(name))
        self.places = [place for place, name in enumerate(query.by) if clock.is_word(name)]
        self._leaves: dict[tuple[Simple, frozenset[str]], Leaf] = {}

    @property
    def limit(self) -> Frame:
        """The stretch of the query's period."""
        return Frame(at_day(self.period[0]), at_day(self.period[1])) if self.period else ALWAYS

    def metric(self, name: str) -> Metric:
        if name not in self.model.metrics:
            raise Refused(f"no metric {name}")
        return self.model.metrics[name]

    def clock_type(self, metric: Simple) -> str | None:
        """The type of a metric's clock; None where it has none."""
        dataset = self.model.datasets[metric.dataset]
        clock = metric.time or dataset.time
        dimension = dataset.dimension(clock) if clock else None
        return dimension.type if dimension else None

    # -- leaves ----------------------------------------------------------------------------------------------

    def leaves(self, names: Iterable[str], ignore: frozenset[str] = frozenset()) -> Iterator[Leaf]:
        for use in self.uses(names, ignore):
            yield use.leaf

    def uses(self, names: Iterable[str], ignore: frozenset[str] = frozenset()) -> Iterator[Use]:
        for name in names:
            yield from self._uses(self.metric(name), ignore)

    def _uses(self, metric: Metric, ignore: frozenset[str]) -> Iterator[Use]:
        own, framed = _looks_at(metric)
        if isinstance(metric, Simple):
            yield Use(self.leaf(metric, ignore), own, framed)
        for part in parts_of(metric):
            for use in self.uses([part.metric], ignore | self.ignored(part.ignore)):
                yield Use(use.leaf, own and use.own, framed or use.framed)

    def ranked(
        self, names: Iterable[str], ignore: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str, frozenset[str]]]:
        """The metrics by which others rank, each with what is ignored for it."""
        for metric in map(self.metric, names):
            if isinstance(metric, Rank):
                yield metric.metric, ignore
            for part in parts_of(metric):
                yield from self.ranked([part.metric], ignore | self.ignored(part.ignore))

    def leaf(self, metric: Simple, ignore: frozenset[str]) -> Leaf:
        if (metric, ignore) not in self._leaves:
            asked = [name for name in self.dimensions if self.is_ignored(metric, name, ignore)]
            self._leaves[metric, ignore] = Leaf(metric, frozenset(asked))
        return self._leaves[metric, ignore]

    def is_ignored(self, metric: Simple, name: str, ignore: frozenset[str]) -> bool:
        """By the same name or by another for the same dimension; a time dimension at every grain."""
        names = {name, ".".join(name.split(".")[:2])}
        meant = {self._meaning(metric, each) for each in names} - {None}
        return bool(ignore & names or meant & {self._meaning(metric, each) for each in ignore})

    def _meaning(self, metric: Simple, name: str) -> tuple[object, ...] | None:
        """The way to a dimension from the metric's rows; None where there is none, or several."""
        try:
            found = resolve(self.model, self.model.datasets[metric.dataset], name)
        except Refused:
            return None
        return (found.path, found.dimension.name, found.grain) if isinstance(found, Field) else None

    def ignored(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(canonical(self.model, name) for name in names)

    def others(self, name: str, within: tuple[str, ...], ignore: frozenset[str]) -> frozenset[str]:
        """The dimensions asked for that are neither time words nor meant by `within`, for a metric's leaves."""
        kept = self.ignored(within)
        metric = next(self.leaves([name], ignore)).metric
        asked = [each for each in self.dimensions if not self.clock.is_word(each)]
        return frozenset(each for each in asked if not self.is_ignored(metric, each, kept))

    def kept(self, leaf: Leaf) -> list[int]:
        """The places in `by` that count for a leaf."""
        return [place for place, name in enumerate(self.dimensions) if name not in leaf.ignore]


def _looks_at(metric: Metric) -> tuple[bool, bool]:
    """Whether its parts are looked at over the cell's own stretch, and whether over another one."""
    match metric:
        case Rolling() | Cumulative() | ToDate() | SemiAdditive() | MovingAverage():
            return False, True
        case Per(grain=grain):
            return grain is None, grain is not None
        case Comparison(as_=as_):
            return as_ != "value", True
    return True, False
