"""A query's answer, counted row by row: leaves → combine → fill → having → order → limit → total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.reference import expressions
from tests.reference.aggregates import Combination, aggregate
from tests.reference.lookup import (
    Ambiguous,
    Field,
    Reader,
    Subject,
    Word,
    canonical,
    names_in_segments,
    path_to,
    resolve,
    resolve_own,
    uses_at,
)
from tests.reference.model import (
    BELOW_DAY,
    WORDS,
    Answer,
    Dataset,
    Derived,
    Dimension,
    Expr,
    Metric,
    Model,
    Query,
    Ratio,
    Refused,
    Simple,
    Value,
)
from tests.reference.times import Clockwork, Period, parse_period, spine

Group = tuple[Value, ...]
Cells = tuple[Value, ...]
Tables = dict["Leaf", dict[Group, list[Subject]]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A simple metric, and the dimensions of this query that are ignored for it."""

    metric: Simple
    ignore: frozenset[str] = frozenset()


def evaluate(model: Model, query: Query, as_of: datetime) -> Answer:
    """The columns and rows of a query. Raises Refused."""
    run = Run(model, query, _clockwork(model, query, as_of))
    run.check()
    rows = run.rows()
    columns = (*query.by, *query.metrics, *(("is_total",) if query.totals else ()))
    if query.totals:
        total = Run(model, replace(query, by=()), run.clock).values(())
        rows = [(*row, False) for row in rows] + [(*(None for _ in query.by), *total, True)]
    return Answer(columns, tuple(rows))


def _clockwork(model: Model, query: Query, as_of: datetime) -> Clockwork:
    try:
        zone = ZoneInfo(query.time_zone or model.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(f"no such time zone: {query.time_zone}") from error
    return Clockwork(zone, model.week_start, as_of.astimezone(UTC))


class Run:
    """One query over one model."""

    def __init__(self, model: Model, query: Query, clock: Clockwork) -> None:
        self.model, self.query, self.clock = model, query, clock
        self.reader = Reader(model, clock)
        self.period: Period | None = parse_period(query.period, clock) if query.period else None
        self.dimensions = [canonical(model, name) for name in query.by]
        self._tables: Tables = {}
        self._leaves: dict[tuple[Simple, frozenset[str]], Leaf] = {}

    # -- what is asked for -----------------------------------------------------------------------------------

    def metric(self, name: str) -> Metric:
        if name not in self.model.metrics:
            raise Refused(f"no metric {name}")
        return self.model.metrics[name]

    def leaves(self, names: Iterable[str], ignore: frozenset[str] = frozenset()) -> Iterator[Leaf]:
        for name in names:
            match self.metric(name):
                case Simple() as simple:
                    yield self._leaf(simple, ignore)
                case Ratio(numerator=numerator, denominator=denominator):
                    for part in (numerator, denominator):
                        yield from self.leaves([part.metric], ignore | self._ignored(part.ignore))
                case Derived(expr=expr):
                    yield from self.leaves(expressions.names(expr), ignore)

    def _leaf(self, metric: Simple, ignore: frozenset[str]) -> Leaf:
        if (metric, ignore) not in self._leaves:
            asked = [name for name in self.dimensions if self._is_ignored(metric, name, ignore)]
            self._leaves[metric, ignore] = Leaf(metric, frozenset(asked))
        return self._leaves[metric, ignore]

    def _is_ignored(self, metric: Simple, name: str, ignore: frozenset[str]) -> bool:
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

    def _ignored(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(canonical(self.model, name) for name in names)

    def kept(self, leaf: Leaf) -> list[int]:
        """The places in `by` that count for a leaf."""
        return [place for place, name in enumerate(self.dimensions) if name not in leaf.ignore]

    # -- refusals --------------------------------------------------------------------------------------------

    def check(self) -> None:
        query = self.query
        if not query.metrics and not query.by:
            raise Refused("nothing is asked for")
        asked = {*query.metrics, *query.by}
        if len(asked) < len(query.metrics) + len(query.by):
            raise Refused("something is asked for twice")
        for order in query.order:
            if order.removesuffix(" desc").removesuffix(" asc") not in asked:
                raise Refused(f"ordered by {order}, which is not asked for")
        if query.having and not set(expressions.names(query.having)) <= set(query.metrics):
            raise Refused("having over a metric that is not asked for")
        leaves = list(self.leaves(query.metrics))
        if query.by and leaves and all(leaf.ignore for leaf in leaves):
            raise Refused("every metric ignores a dimension: nothing makes groups")
        for leaf in leaves:
            self._check_leaf(leaf)

    def _check_leaf(self, leaf: Leaf) -> None:
        metric, query = leaf.metric, self.query
        dataset = self.model.datasets[metric.dataset]
        asked = [name for name in self.dimensions if name not in leaf.ignore]
        conditions = [*expressions.names(query.where or ()), *names_in_segments(self.model, query.where or ())]
        conditions += names_in_segments(self.model, metric.filter or ())
        references = [resolve(self.model, dataset, name) for name in (*asked, *conditions)]
        for expr in (metric.expr, metric.filter):
            own = [resolve_own(self.model, dataset, name) for name in expressions.names(expr or ())]
            references += [reference for reference in own if reference]
        words = [reference.grain for reference in references if isinstance(reference, Word)]
        at = any(isinstance(reference, Field) and uses_at(reference.dimension) for reference in references)
        if words or at or self.period:
            self._check_clock(dataset, metric, words)

    def _check_clock(self, dataset: Dataset, metric: Simple, words: list[str]) -> None:
        clock = metric.time or dataset.time
        if clock is None:
            raise Refused(f"{metric.name} has no time dimension")
        dimension = dataset.dimension(clock)
        if dimension is not None and dimension.type == "date":
            if any(word in BELOW_DAY for word in words):
                raise Refused(f"{metric.name} counts days: it has no hour")
            if self.clock.zone.key != self.model.time_zone:
                raise Refused(f"the days of {metric.name} are days in {self.model.time_zone}")

    # -- leaves ----------------------------------------------------------------------------------------------

    def _table(self, leaf: Leaf) -> dict[Group, list[Subject]]:
        """A leaf's rows by group: exactly the rows that pass filter, where and period."""
        if leaf not in self._tables:
            table: dict[Group, list[Subject]] = {}
            dataset = self.model.datasets[leaf.metric.dataset]
            places, asked = self.kept(leaf), self.dimensions
            references = [resolve(self.model, dataset, asked[place]) for place in places]
            for subject in self._subjects(leaf.metric):
                group = tuple(self.reader.group_value(subject, reference) for reference in references)
                table.setdefault(group, []).append(subject)
            self._tables[leaf] = table
        return self._tables[leaf]

    def _subjects(self, metric: Simple) -> Iterator[Subject]:
        dataset = self.model.datasets[metric.dataset]
        for subject in self._rows_of(dataset, metric.time or dataset.time):
            if metric.filter is None or self.reader.own(subject, metric.filter) is True:
                yield subject

    def _rows_of(self, dataset: Dataset, clock: str | None) -> Iterator[Subject]:
        """The rows of a dataset that pass `where` and the period."""
        for row in dataset.rows:
            at = self.reader.clock_of(dataset, row, clock) if clock else None
            subject = Subject(dataset, row, at)
            if self.period and (at is None or not self.period[0] <= self.clock.day(at) < self.period[1]):
                continue
            if self.query.where is None or self.reader.condition(subject, self.query.where) is True:
                yield subject

    # -- aggregates ------------------------------------------------------------------------------------------

    def _aggregate(self, metric: Simple, subjects: Sequence[Subject]) -> Value:
        expr = metric.expr or ("lit", 1)
        match metric.agg:
            case None:
                nameless: dict[str, Value] = {}
                values = expressions.replaced(expr, "agg", lambda part: self._inner(part, subjects))
                return expressions.evaluate(values, nameless.__getitem__)
            case "first" | "last":
                return self._at_the_end(metric.agg, expr, subjects)
        return aggregate(metric.agg, [self._measured(subject, expr) for subject in subjects], metric.p)

    def _inner(self, call: Expr, subjects: Sequence[Subject]) -> Value:
        """The value of one aggregate within arithmetic."""
        _, agg, expr = call
        inner: Any = ("lit", 1) if expr is None else expr
        return aggregate(str(agg), [self.reader.own(subject, inner) for subject in subjects])

    def _measured(self, subject: Subject, expr: Expr) -> Value | Combination:
        """The value on a row; of a list the combination, NULL where one of its parts is."""
        if expr[0] != "list":
            return self.reader.own(subject, expr)
        parts: Any = expr[1:]
        values = tuple(self.reader.own(subject, part) for part in parts)
        return None if None in values else values

    def _at_the_end(self, agg: str, expr: Expr, subjects: Sequence[Subject]) -> Value:
        """The value on the row with the smallest or largest clock, then key; rows without a time have no place.

        A NULL in a key is larger than all else.
        """

        def place(subject: Subject) -> Any:
            key = subject.dataset.primary_key
            return subject.at, tuple((subject.row[column] is None, subject.row[column]) for column in key)

        timed = [subject for subject in subjects if subject.at is not None]
        if not timed:
            return None
        chosen = min(timed, key=place) if agg == "first" else max(timed, key=place)
        return self.reader.own(chosen, expr)

    # -- cells -----------------------------------------------------------------------------------------------

    def values(self, group: Group) -> tuple[Value, ...]:
        return tuple(self._value(name, group, frozenset()) for name in self.query.metrics)

    def _value(self, name: str, group: Group, ignore: frozenset[str]) -> Value:
        metric = self.metric(name)
        value: Value
        match metric:
            case Simple():
                leaf = self._leaf(metric, ignore)
                place = tuple(group[index] for index in self.kept(leaf))
                value = self._aggregate(metric, self._table(leaf).get(place, []))
            case Ratio(numerator=top, denominator=bottom):
                parts = (self._value(part.metric, group, ignore | self._ignored(part.ignore)) for part in (top, bottom))
                value = expressions.divide(*parts)
            case Derived(expr=expr):
                value = expressions.evaluate(expr, lambda part: self._value(part, group, ignore))
        return metric.empty if value is None else value

    # -- rows ------------------------------------------------------------------------------------------------

    def rows(self) -> list[tuple[Value, ...]]:
        query = self.query
        if not query.metrics:
            rows = list(self._combinations())
        else:
            rows = [(*group, *self.values(group)) for group in self._filled(self._groups())]
        if query.having is not None:
            rows = [row for row in rows if self._having(query.having, row)]
        return self._ordered(rows)[: query.limit]

    def _having(self, having: Expr, row: tuple[Value, ...]) -> bool:
        known = dict(zip(self.query.metrics, row[len(self.query.by) :], strict=True))
        return expressions.evaluate(having, known.__getitem__) is True

    def _groups(self) -> set[Group]:
        """The groups in which a leaf that ignores nothing has a row; without dimensions the one group."""
        if not self.query.by:
            return {()}
        leaves = [leaf for leaf in self.leaves(self.query.metrics) if not leaf.ignore]
        return {group for leaf in leaves for group in self._table(leaf)}

    def _filled(self, groups: set[Group]) -> set[Group]:
        places = [place for place, name in enumerate(self.query.by) if name in WORDS]
        if not places or not self.query.fill:
            return groups
        others = [place for place in range(len(self.query.by)) if place not in places]
        words = tuple(self.query.by[place] for place in places)
        seen: Any = {tuple(group[place] for place in places) for group in groups}
        combinations = {tuple(group[place] for place in others) for group in groups} if others else {()}
        filled = set(groups)
        for labels in spine(words, self.period, seen, self.clock):
            for combination in combinations:
                cells = dict(zip((*places, *others), (*labels, *combination), strict=True))
                filled.add(tuple(cells[place] for place in range(len(self.query.by))))
        return filled

    def _combinations(self) -> set[Group]:
        """Without metrics: the combinations in the rows of the dataset that can look all the others up."""
        root = self._root()
        references = [resolve(self.model, root, name) for name in self.dimensions]
        return {
            tuple(self.reader.group_value(subject, reference) for reference in references)
            for subject in self._rows_of(root, root.time)
        }

    def _root(self) -> Dataset:
        roots = [dataset for dataset in self._datasets_asked() if self._reaches_all(dataset)]
        if len(roots) != 1:
            raise Refused(f"{len(roots)} datasets reach all dimensions")
        found = [resolve(self.model, roots[0], name) for name in self._named()]
        at = any(isinstance(reference, Field) and uses_at(reference.dimension) for reference in found)
        if (self.query.period or at) and roots[0].time is None:
            raise Refused(f"{roots[0].name} has no time dimension")
        return roots[0]

    def _named(self) -> list[str]:
        where = self.query.where or ()
        return [*self.dimensions, *expressions.names(where), *names_in_segments(self.model, where)]

    def _datasets_asked(self) -> list[Dataset]:
        """The datasets the names begin with; for the name of a join, those that have it."""
        names = {name.split(".")[0] for name in self.dimensions}
        roles = names - set(self.model.datasets)
        return [
            dataset
            for dataset in self.model.datasets.values()
            if dataset.name in names or any(join.name in roles for join in dataset.joins)
        ]

    def _reaches_all(self, dataset: Dataset) -> bool:
        try:
            for name in self._named():
                path_to(self.model, dataset, canonical(self.model, name).split(".")[0])
        except Ambiguous:
            raise
        except Refused:
            return False
        return True

    def _ordered(self, rows: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
        """By the order asked for, then all dimensions ascending."""
        columns = [*self.query.by, *self.query.metrics]
        for item in reversed((*self.query.order, *self.query.by)):
            name = item.removesuffix(" desc").removesuffix(" asc")
            listed = self._listed(name) if name in self.query.by else ()
            rows = _ordered_by(columns.index(name), listed, rows, down=item.endswith(" desc"))
        return rows

    def _listed(self, name: str) -> Sequence[Value]:
        """What comes first where rows are ordered by a dimension: the values that it lists, or its bins."""
        dimension = self._dimension(name)
        if dimension is None:
            return ()
        return dimension.bins.names if dimension.bins else dimension.values

    def _dimension(self, name: str) -> Dimension | None:
        """The dimension that a name of `by` means; none for a time word or a grain."""
        full = canonical(self.model, name)
        leaves = [leaf for leaf in self.leaves(self.query.metrics) if full not in leaf.ignore]
        root = self.model.datasets[leaves[0].metric.dataset] if leaves else self._root()
        found = resolve(self.model, root, full)
        return found.dimension if isinstance(found, Field) and not found.grain else None


def _ordered_by(place: int, listed: Sequence[Value], rows: list[Cells], *, down: bool) -> list[Cells]:
    """The listed values in their order, then the others ascending, or both the other way round; NULLs are last."""
    known = [row for row in rows if row[place] is not None]
    first = [row for row in known if row[place] in listed]
    first.sort(key=lambda row: listed.index(row[place]), reverse=down)
    others = [row for row in known if row[place] not in listed]
    others.sort(key=itemgetter(place), reverse=down)
    return [*first, *others, *(row for row in rows if row[place] is None)]
