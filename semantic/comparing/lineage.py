"""What a metric is made of: metrics, rows, dimensions and segments; and by what its rows can be grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from semantic.asked import metrics_within
from semantic.calendars import calendar_words
from semantic.comparing.canonical import Version
from semantic.errors import QueryError
from semantic.expressions import Name
from semantic.joins import find_route
from semantic.metric_types import Simple
from semantic.model import Model
from semantic.names import DimensionRef, read_name
from semantic.parse import parse
from semantic.plan import Plan
from semantic.query import Query

TIME_WORDS = ("day", "week", "fiscal_year")  # the zone decides about days, settings of their own about the others
Thing = tuple[Literal["dimension", "segment"], str]  # ("dimension", "users.gender"), ("segment", "adults")


@dataclass(frozen=True, slots=True)
class Base:
    """The rows that a leaf is counted from: a dataset, and the metric's own clock if it names one."""

    dataset: str
    time: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """The ways down from the metrics of one version of a project; what is found out is kept."""

    model: Model
    _version: Version
    _counts: Version
    _reach: dict[str, frozenset[str]] = field(default_factory=dict)
    _dimensions_of: dict[tuple[str, str], str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model) -> Lineage:
        """The lineage of a checked model."""
        return cls(model, Version(model), Version(_with_counts(model)))

    def leaves(self, metric: str) -> tuple[Simple, ...]:
        """The simple metrics that a metric is made of."""
        return tuple(metrics_within(self.model, self.model.metrics[metric]))

    def bases(self, metric: str) -> frozenset[Base]:
        """What the leaves of a metric are counted from."""
        return frozenset(Base(leaf.dataset, leaf.time) for leaf in self.leaves(metric))

    def made_of(self, metric: str) -> frozenset[str]:
        """The names of a metric and of all metrics that it is made of."""
        return _spread(metric, lambda name: (found.metric for found in self.model.metrics[name].references()))

    def reach(self, dataset: str) -> frozenset[str]:
        """The datasets that any chain of joins leads to from one, itself included."""
        if dataset not in self._reach:
            joins = {name: found.joins for name, found in self.model.datasets.items()}
            self._reach[dataset] = _spread(
                dataset, lambda name: (join.dataset or key for key, join in joins[name].items())
            )
        return self._reach[dataset]

    def cuts(self, base: Base) -> tuple[str, ...]:
        """All that rows may be grouped by, as a query names it; not every one of them is answered."""
        if base.dataset not in self.model.datasets:
            return ()
        words = (*self._time_words, *calendar_words(self.model))
        return tuple(dict.fromkeys((*words, *self._dimensions(base.dataset))))

    @property
    def _time_words(self) -> tuple[str, ...]:
        """Without a start of its own a fiscal year is any year."""
        return TIME_WORDS[: 3 if self.model.project.fiscal_year_start != "january" else 2]

    def _dimensions(self, dataset: str) -> Iterator[str]:
        reached = sorted(self.reach(dataset))
        roles = {
            (key, join.dataset or key) for owner in reached for key, join in self.model.datasets[owner].joins.items()
        }
        for qualifier, target in (*((name, name) for name in reached), *sorted(roles)):
            for name, dimension in self.model.dimensions[target].items():
                yield f"{qualifier}.{name}"
                if dimension.is_time:
                    yield from (f"{qualifier}.{name}.{grain}" for grain in self._time_words)

    def plan(self, metric: str, *cuts: str) -> Plan | None:
        """The plan of a metric by cuts, None where it is refused."""
        return self._version.plan(_query(metric, cuts))

    def meaning(self, metric: str, *cuts: str) -> str | None:
        """What a metric by cuts computes; None where it is refused."""
        return self._version.meaning(_query(metric, cuts))

    def refusal(self, metric: str) -> str:
        """Why a metric is refused even without cuts; empty where it is not."""
        return self._version.refusal(_query(metric, ()))

    def rows(self, base: Base, *cuts: str) -> Plan | None:
        """The plan that counts the rows of a base by cuts, None where there is no way to."""
        name = _count_name(base)
        return self._counts.plan(_query(name, cuts)) if name in self._counts.model.metrics else None

    def meaning_of_rows(self, base: Base, *cuts: str) -> str | None:
        """What `rows` computes."""
        name = _count_name(base)
        return self._counts.meaning(_query(name, cuts)) if name in self._counts.model.metrics else None

    def ingredients(self, metric: str, cuts: Iterable[str]) -> frozenset[Thing]:
        """The dimensions and segments behind a metric's expressions and clocks, and behind what it is cut by."""
        found: set[Thing] = set()
        for leaf in self.leaves(metric):
            clock = leaf.time or self.model.datasets[leaf.dataset].time
            if clock:
                found.add(("dimension", f"{leaf.dataset}.{clock}"))
            names = [name for path, text in leaf.texts for read in leaf.read(path, text) for name in read.names]
            found.update(thing for name in names for thing in self._named(leaf.dataset, name))
            found.update(thing for cut in cuts for thing in self._dimension(leaf.dataset, cut))
        return frozenset(found)

    def _named(self, dataset: str, name: Name) -> Iterator[Thing]:
        """What a name in a metric's own expression stands for; none for a column."""
        if name.qualifier not in ("", dataset):
            yield from self._dimension(dataset, str(name))
        elif not name.qualifier and name.name in self.model.segments:
            yield from self._segment(dataset, name.name)
        elif name.name in self.model.dimensions[dataset]:
            yield "dimension", f"{dataset}.{name.name}"

    def _segment(self, dataset: str, segment: str) -> Iterator[Thing]:
        yield "segment", segment
        for name in parse(self.model.segments[segment].filter).names:
            within = not name.qualifier and name.name in self.model.segments
            yield from self._segment(dataset, name.name) if within else self._dimension(dataset, str(name))

    def _dimension(self, dataset: str, name: str) -> Iterator[Thing]:
        """The dimension that a name in a query means from a dataset; none for a time word, or where there is no way."""
        if (dataset, name) not in self._dimensions_of:
            try:
                found = read_name(self.model, name)
                route = find_route(self.model, dataset, found.qualifier) if isinstance(found, DimensionRef) else None
            except QueryError:
                route = None  # this version does not know the name, or knows several ways
            of = f"{route.dataset}.{found.name}" if route is not None and isinstance(found, DimensionRef) else None
            self._dimensions_of[dataset, name] = of
        of = self._dimensions_of[dataset, name]
        if of is not None:
            yield "dimension", of


def _spread(start: str, next_ones: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """All that can be reached from a name, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        new = set(next_ones(waiting.pop())) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)


def _query(metric: str, cuts: tuple[str, ...]) -> Query:
    return Query((metric,), cuts, fill=False)


def _count_name(base: Base) -> str:
    return f"rows${base.dataset}${base.time or ''}"


def _with_counts(model: Model) -> Model:
    """The model with a count of the rows of every dataset, and on each of the clocks that its metrics name."""
    leaves = (leaf for metric in model.metrics.values() for leaf in metrics_within(model, metric))
    bases = {*map(Base, model.datasets), *(Base(leaf.dataset, leaf.time) for leaf in leaves)}
    counts = {
        _count_name(base): Simple(name=_count_name(base), dataset=base.dataset, time=base.time, agg="count")
        for base in bases
    }
    return replace(model, metrics=counts)
