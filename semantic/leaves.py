"""What metrics are made of while they are planned: aggregates, each in a frame of time and by some of the keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from semantic.aggregates import Aggregation
from semantic.asked import Asked, metrics_within
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import date_literal, number
from semantic.frames import (
    Back,
    Cell,
    Edge,
    Frame,
    Length,
    PeriodsBack,
    Shift,
    StartOf,
    Stretch,
    Window,
    as_length,
    is_finer,
)
from semantic.joins import Route, find_route
from semantic.metric_types.base import ValueOf
from semantic.model import Model
from semantic.names import DimensionRef, Reference, TimeWord, datasets_called, read_name
from semantic.periods import DAY_GRAINS, Period
from semantic.plan import Key
from semantic.trees import unused

LEAF = "leaf$"
KEY = "key$"
KNOWN = "known$"


_OWN = Frame()


@dataclass(frozen=True, slots=True)
class WantedLeaf:
    """An aggregate at the query's grain without the ignored keys; `name` is its column.

    `frame`: the rows that count lie in a frame of each period of the query's grain. Else in `stretch`, and without that
    anywhere, or nowhere, in time.
    """

    name: str
    aggregation: Aggregation
    ignored: frozenset[str]
    frame: Frame | None
    stretch: Stretch | None
    counts: bool


@dataclass(frozen=True, slots=True)
class WantedKnown:
    """Whether the data of a clock had begun when what is compared with ended; `name` is its column."""

    name: str
    dataset: str
    time: str | None
    shifts: tuple[Shift, ...]
    end: Edge | None


@dataclass(slots=True)
class Found:
    """All that the metrics of a query are made of."""

    leaves: dict[tuple[object, ...], WantedLeaf] = field(default_factory=dict)
    knowns: dict[tuple[object, ...], WantedKnown] = field(default_factory=dict)

    def name(self, wanted: str, keys: Iterable[Key]) -> str:
        """A column's name that is free."""
        taken = {leaf.name for leaf in self.leaves.values()} | {known.name for known in self.knowns.values()}
        return unused(wanted, taken | {key.name for key in keys})


@dataclass(frozen=True, slots=True)
class LeafBook:
    """Collects what metrics ask for while they are planned.

    `kept`: only these dimensions, and time words, make groups. `cell`: one period in place of those of the query's
    grain, which then makes no groups.
    """

    asked: Asked
    found: Found = field(default_factory=Found)
    ignore: frozenset[str] = frozenset()
    kept: frozenset[str] | None = None
    frame: Frame = _OWN
    framed_by: str = ""
    cell: Cell | None = None

    def leaf(self, aggregation: Aggregation) -> exp.Expr:
        """The column of an aggregate's leaf; of a count NULL where the data had not begun."""
        ignored = self._ignored(aggregation.dataset)
        frame, stretch = self._place(aggregation, ignored)
        counts = aggregation.counts and not self.frame.shifts
        key = (aggregation, ignored, frame, stretch, counts)
        if key not in self.found.leaves:
            name = self.found.name(aggregation.name + _suffix(self.frame), self.asked.keys)
            self.found.leaves[key] = WantedLeaf(name, aggregation, ignored, frame, stretch, counts)
        column = leaf_column(self.found.leaves[key].name)
        if aggregation.counts and not counts:
            zero = exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])
            return exp.Case().when(self._known(aggregation.dataset, aggregation.time), zero)
        return column

    def metric(self, name: str, ignore: frozenset[str] = frozenset()) -> exp.Expr:
        """The value of another metric, its own `empty` included."""
        metric = self.asked.context.model.metrics[name]
        value = metric.plan(replace(self, ignore=self.ignore | ignore))
        if metric.empty is None:
            return value
        filled = exp.Coalesce(this=value, expressions=[number(metric.empty)])
        if not self.frame.shifts:
            return filled
        leaves = metrics_within(self.asked.context.model, metric)
        known = [self._known(leaf.dataset, leaf.time) for leaf in leaves]
        return exp.Case().when(exp.and_(*known, copy=False), filled).else_(value.copy())

    def whole(self, within: frozenset[str]) -> LeafBook:
        """Leaves as if only time words and the dimensions of `within` had been asked for."""
        return replace(self, kept=within if self.kept is None else self.kept & within)

    def framed(self, shown_as: str, window: Window) -> LeafBook:
        """Leaves over the rows of a window that ends with the period."""
        return replace(self, frame=replace(self.frame, window=window), framed_by=shown_as)

    def compared(self, shown_as: str, shift: Shift, elapsed: bool) -> tuple[ValueOf, ValueOf]:
        """What gives metrics' values in the period, and in the one that lies a shift before."""
        if self.asked.total_of is not None:
            if self.asked.period is None or isinstance(shift, PeriodsBack | StartOf):
                return _nothing, _nothing
            if self.asked.total_of == "week" and isinstance(shift, Back):
                shift = Back(as_length(shift, "week") or shift.length)
        self._check_shift(shown_as, shift, elapsed)
        then = replace(self, frame=self.frame.moved(shift), framed_by=shown_as)
        if not elapsed:
            return self.metric, then.metric
        books = (self, then)
        now = self.asked.now
        if self.asked.grain is None or self.cell is not None:
            partly = [replace(book, frame=replace(book.frame, elapsed=True)) for book in books]
            return partly[0].metric, partly[1].metric
        current = now.calendar.span(now.today, self.asked.grain)
        if not _overlap(current, self.asked.period):
            return self.metric, then.metric
        cell = Cell(current, self.asked.grain, self.asked.period, now)
        partly = [replace(book, frame=replace(book.frame, elapsed=True), cell=cell) for book in books]
        return self._either(current, partly[0], self), self._either(current, partly[1], then)

    def _either(self, current: Period, partly: LeafBook, wholly: LeafBook) -> ValueOf:
        """The part that has passed for the period in progress, the whole for all others."""
        key = key_column(str(self.asked.grain_key))

        def value(name: str) -> exp.Expr:
            is_current = exp.EQ(this=key.copy(), expression=date_literal(current.start))
            return exp.Case().when(is_current, partly.metric(name)).else_(wholly.metric(name))

        return value

    def _check_shift(self, shown_as: str, shift: Shift, elapsed: bool) -> None:
        """Refuse what has no counterpart."""
        grain, subject = self.asked.grain, f"comparison '{shown_as}'"
        if self.asked.several_grains:
            return  # refused by its leaves
        if grain is None and self.asked.period is None:
            message = f"{subject} needs a period to be compared: the query has neither a time word nor a period"
            raise QueryError(Diagnostic("E341", message, hint="ask by month, or for a period"))
        if elapsed and grain is not None and grain not in DAY_GRAINS:
            message = f"{subject} is aligned to the elapsed part of a period, and an {grain} has none"
            raise QueryError(Diagnostic("E342", message, hint="ask by day or coarser"))
        if not _fits(shift, grain):
            what = f"by {grain}" if grain else "of a whole period, without a time word"
            message = f"{subject} looks back {_spoken(shift)}, which has no meaning {what}"
            raise QueryError(Diagnostic("E342", message, hint=_instead(shift, grain)))

    def _place(self, aggregation: Aggregation, ignored: frozenset[str]) -> tuple[Frame | None, Stretch | None]:
        """Where in time the rows lie that count: relative to each period, or at known edges."""
        asked = self.asked
        if self.frame == Frame() and self.cell is None:
            return None, Stretch(asked.period.start, asked.period.end) if asked.period else None
        if asked.several_grains:
            raise self._several_grains()
        if asked.grain is not None and self.cell is None and asked.grain_key not in ignored:
            return replace(self.frame, elapsed=False), None
        cell = self.cell or Cell(asked.period, None, asked.period, asked.now)
        return None, cell.stretch(self.frame, self._is_date(aggregation))

    def _several_grains(self) -> QueryError:
        words = [key.name for key in self.asked.keys if key.is_time]
        message = f"'{self.framed_by}' is about one period, and the query has several time words: {', '.join(words)}"
        return QueryError(Diagnostic("E340", message, hint="ask by one of them"))

    def _is_date(self, aggregation: Aggregation) -> bool:
        model = self.asked.context.model
        time = aggregation.time or model.datasets[aggregation.dataset].time
        found = model.dimensions[aggregation.dataset].get(time or "")
        return found is not None and found.type == "date"

    def _known(self, dataset: str, time: str | None) -> exp.Expr:
        """Whether the data of a clock had begun when the period that is compared with ended."""
        time = time or self.asked.context.model.datasets[dataset].time
        end: Edge | None = None
        if self.asked.grain is None or self.cell is not None:
            cell = self.cell or Cell(self.asked.period, None, self.asked.period, self.asked.now)
            for shift in self.frame.shifts:
                cell = cell.moved(shift)
            end = cell.whole.end if cell.whole else None
        key = (dataset, time, end) if end else (dataset, time, self.frame.shifts)
        if key not in self.found.knowns:
            name = self.found.name(f"{dataset}_had_begun", self.asked.keys)
            self.found.knowns[key] = WantedKnown(name, dataset, time, () if end else self.frame.shifts, end)
        return exp.Column(this=exp.to_identifier(self.found.knowns[key].name), table=exp.to_identifier(KNOWN))

    def _ignored(self, base: str) -> frozenset[str]:
        """The keys of the query that make no groups of a dataset's rows here."""
        ignored = ignored_keys(self.asked, base, self.ignore)
        if self.kept is not None:
            kept = ignored_keys(self.asked, base, self.kept)
            dimensions = (key.name for key, _ in self.asked.by if not key.is_time)
            ignored |= {name for name in dimensions if name not in kept}
        return ignored | {str(self.asked.grain_key)} if self.cell is not None else ignored


def leaf_column(name: str) -> exp.Expr:
    """The placeholder of a leaf in an output; `lower` puts the value in its place."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(LEAF))


def key_column(name: str) -> exp.Expr:
    """The placeholder of a key in an output."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(KEY))


def _nothing(_: str) -> exp.Expr:
    return exp.Null()


def _overlap(one: Period, other: Period | None) -> bool:
    return other is None or (one.start < other.end and other.start < one.end)


def _suffix(frame: Frame) -> str:
    """What a leaf's column is called besides, so that SQL can be read."""
    moved = "_before" * bool(frame.shifts) + "_elapsed" * frame.elapsed
    return moved + ("_in_window" if frame.window else "")


def _fits(shift: Shift, grain: str | None) -> bool:
    match shift:
        case StartOf(unit):
            return grain is not None and is_finer(grain, unit)
        case Back(Length(unit=unit)) if grain is None:
            return unit != "hour"
        case _:
            return grain is None or as_length(shift, grain) is not None


def _spoken(shift: Shift) -> str:
    match shift:
        case Back(length):
            return str(length)
        case PeriodsBack(count):
            return f"{count} periods"
        case StartOf(unit):
            return f"to the start of the {unit}"


def _instead(shift: Shift, grain: str | None) -> str:
    if isinstance(shift, StartOf):
        return "ask by a time word that is finer than that"
    return {
        None: "a period is compared with one that lies days, weeks, months, quarters or years before",
        "day": "days are compared over days, weeks, months, quarters or years",
        "week": "weeks are compared over weeks (a year counts as 52), never over months",
    }.get(grain, f"the offset must be a whole number of {grain}s")


def ignored_keys(asked: Asked, base: str, ignore: Iterable[str]) -> frozenset[str]:
    """The keys of a query that a list of dimensions names, as they are seen from a dataset."""
    model = asked.context.model
    named = [read_name(model, name) for name in ignore]
    return frozenset(key.name for key, asked_for in asked.by if any(_same(model, base, n, asked_for) for n in named))


def _same(model: Model, base: str, entry: Reference, reference: Reference) -> bool:
    """Whether two names mean one dimension: by the way that leads to it, or by its dataset where no way does."""
    if not (isinstance(entry, DimensionRef) and isinstance(reference, DimensionRef)):
        return entry == reference
    if entry.name != reference.name or entry.grain not in (None, reference.grain):
        return False
    if entry.qualifier == reference.qualifier:
        return True
    ways = [_way(model, base, found.qualifier) for found in (entry, reference)]
    if ways == [None, None]:
        called = [set(datasets_called(model, found.qualifier)) for found in (entry, reference)]
        return not called[0].isdisjoint(called[1])
    return ways[0] == ways[1]


def _way(model: Model, base: str, qualifier: str) -> Route | str | None:
    """The way to a qualifier, None where there is none, and its own name where it means several."""
    try:
        return find_route(model, base, qualifier)
    except QueryError:
        return qualifier
