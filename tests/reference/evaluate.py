"""A query's answer, counted row by row: leaves → combine → fill → having → order → limit → total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.reference import completeness, expressions
from tests.reference.asked import Asked, Leaf
from tests.reference.calendars import NO_CALENDARS, Calendars
from tests.reference.cells import Cells
from tests.reference.lookup import (
    Ambiguous,
    Field,
    Reader,
    Word,
    canonical,
    has_hours,
    names_in_segments,
    path_to,
    resolve,
    resolve_own,
    uses_at,
)
from tests.reference.model import Answer, Dataset, Dimension, Expr, Model, Query, Refused, Row, Simple, Value
from tests.reference.nesting import check_nesting, check_query
from tests.reference.rows import Group
from tests.reference.times import Clockwork, Labels, spine

Line = tuple[Value, ...]


def evaluate(model: Model, query: Query, as_of: datetime) -> Answer:
    """The columns and rows of a query. Raises Refused."""
    clock = clockwork(model, query, as_of)
    run = Run(known_then(model, clock), query, clock)
    run.check()
    rows = run.rows()
    marks = (("is_complete",) if query.is_complete else ()) + (("is_total",) if query.totals else ())
    columns = (*query.by, *query.metrics, *marks)
    if query.totals:
        total = run.total()
        rows = [(*row, False) for row in rows] + [(*(None for _ in query.by), *total, True)]
    return Answer(columns, tuple(rows))


def known_then(model: Model, clock: Clockwork) -> Model:
    """The model with the rows that were recorded up to as-of, and those of which nobody knows when."""
    reader = Reader(model, clock)

    def is_known(dataset: Dataset, row: Row) -> bool:
        at = reader.clock_of(dataset, row, dataset.recorded) if dataset.recorded else None
        return at is None or clock.started(at)

    datasets = {
        name: replace(dataset, rows=tuple(row for row in dataset.rows if is_known(dataset, row)))
        for name, dataset in model.datasets.items()
    }
    return replace(model, datasets=datasets)


def clockwork(model: Model, query: Query, as_of: datetime) -> Clockwork:
    try:
        zone = ZoneInfo(query.time_zone or model.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused(f"no such time zone: {query.time_zone}") from error
    calendars = Calendars(model.calendars.values()) if model.calendars else NO_CALENDARS
    return Clockwork(zone, model.week_start, as_of.astimezone(UTC), model.fiscal_year_start, calendars)


class Run:
    """One query over one model."""

    def __init__(self, model: Model, query: Query, clock: Clockwork) -> None:
        self.model, self.query, self.clock = model, query, clock
        self.asked = Asked(model, query, clock)
        self.cells = Cells(self.asked)
        self.dimensions = self.asked.dimensions
        self._clocks: completeness.Clocks = set()

    def total(self) -> tuple[Value, ...]:
        """The metrics as if nothing were in `by`."""
        whole = Asked(self.model, replace(self.query, by=()), self.clock)
        values = Cells(whole, total_of=self.asked.words).values(())
        return (*values, completeness.of_period(self.asked, self._clocks)) if self.query.is_complete else values

    # -- refusals --------------------------------------------------------------------------------------------

    def check(self) -> None:
        query = self.query
        self._check_words()
        for name in query.metrics:
            check_nesting(self.asked, name)
        uses = list(self.asked.uses(query.metrics))
        if query.by and uses and all(use.leaf.ignore for use in uses):
            raise Refused("every metric ignores a dimension: nothing makes groups")
        for name, ignore in self.asked.ranked(query.metrics):
            if query.by and all(leaf.ignore for leaf in self.asked.leaves([name], ignore)):
                raise Refused(f"nothing in {name} makes groups, so they have no ranks")
        for use in uses:
            self._check_leaf(use.leaf, framed=use.framed)
        for name in query.metrics:
            check_query(self.asked, name, self.asked.words[0] if self.asked.words else None)
        if query.is_complete or query.complete_only:
            self._clocks = completeness.clocks_of(self.asked, None if query.metrics else self._root())
            completeness.check(self.asked, self._clocks)

    def _check_words(self) -> None:
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

    def _check_leaf(self, leaf: Leaf, *, framed: bool) -> None:
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
        if words or at or framed or self.asked.period:
            self._check_clock(dataset, metric, words)

    def _check_clock(self, dataset: Dataset, metric: Simple, words: list[str]) -> None:
        clock = metric.time or dataset.time
        if clock is None:
            raise Refused(f"{metric.name} has no time dimension")
        dimension = dataset.dimension(clock)
        if dimension is not None and dimension.type == "date":
            if any(map(has_hours, words)):
                raise Refused(f"{metric.name} counts days: it has no hour")
            if self.clock.zone.key != self.model.time_zone:
                raise Refused(f"the days of {metric.name} are days in {self.model.time_zone}")

    # -- rows ------------------------------------------------------------------------------------------------

    def rows(self) -> list[Line]:
        query = self.query
        if not query.metrics:
            rows = list(self._combinations())
        else:
            self.cells.answer = list(self._filled(self._groups()))
            rows = [(*group, *self.cells.values(group)) for group in self.cells.answer]
        if query.having is not None:
            rows = [row for row in rows if self._having(query.having, row)]
        if query.complete_only:
            rows = [row for row in rows if self._is_complete(row)]
        if query.is_complete:
            rows = [(*row, self._is_complete(row)) for row in rows]
        return self._ordered(rows)[: query.limit]

    def _is_complete(self, row: Line) -> bool | None:
        return completeness.of_group(self.asked, self._clocks, row[: len(self.query.by)])

    def _having(self, having: Expr, row: Line) -> bool:
        known = dict(zip(self.query.metrics, row[len(self.query.by) :], strict=True))
        return expressions.evaluate(having, known.__getitem__) is True

    def _groups(self) -> set[Group]:
        """The groups in which a leaf that ignores nothing has a row; without dimensions the one group."""
        if not self.query.by:
            return {()}
        own = {group for leaf in self._leaves(own=True) for group in self.cells.rows.own(leaf)}
        return {group for group in own | set(self._within_reach(own)) if self.cells.makes(group)}

    def _within_reach(self, own: set[Group]) -> Iterator[Group]:
        """The groups that leaves with other frames than the cell's own might make: of periods that are shown."""
        framed = self._leaves(own=False)
        if not framed:
            return
        rests = {entry.rest for leaf in self._leaves() for entry in self.cells.rows.entries(leaf)}
        labels = {self._labels(group) for group in own} | set(self._spine())
        for label in labels:
            if None not in label:
                yield from (self._placed(label, rest) for rest in rests)

    def _leaves(self, *, own: bool | None = None) -> list[Leaf]:
        """The leaves that make groups: all of them, those over the cell's own stretch, or the others."""
        uses = self.asked.uses(self.query.metrics)
        wanted = [use for use in uses if own is None or (use.own if own else use.framed)]
        return [use.leaf for use in wanted if not use.leaf.ignore]

    def _spine(self) -> list[Labels]:
        """The periods that are shown whatever lies in them."""
        if not self.asked.words:
            return [()]
        entries = [entry for leaf in self._leaves() for entry in self.cells.rows.entries(leaf)]
        seen = {self._labels(entry.group) for entry in entries}
        return spine(self.asked.words, self.asked.period, seen, self.clock)

    def _labels(self, group: Group) -> Any:
        return tuple(group[place] for place in self.asked.places)

    def _rest(self, group: Group) -> Group:
        return tuple(value for place, value in enumerate(group) if place not in self.asked.places)

    def _placed(self, labels: Labels, rest: Group) -> Group:
        """A group of time words and the other dimensions, each at its place."""
        words, others = iter(labels), iter(rest)
        return tuple(next(words if place in self.asked.places else others) for place in range(len(self.query.by)))

    def _filled(self, groups: set[Group]) -> set[Group]:
        if not self.asked.words or not self.query.fill:
            return groups
        rests = {self._rest(group) for group in groups} if len(self.asked.words) < len(self.query.by) else {()}
        return groups | {self._placed(labels, rest) for labels in self._spine() for rest in rests}

    def _combinations(self) -> set[Group]:
        """Without metrics: the combinations in the rows of the dataset that can look all the others up."""
        root = self._root()
        references = [resolve(self.model, root, name) for name in self.dimensions]
        return {
            tuple(self.asked.reader.group_value(subject, reference) for reference in references)
            for subject in self.cells.rows.of_dataset(root, root.time)
            if self.cells.rows.passes(subject) and self.cells.rows.is_in_period(subject)
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

    def _ordered(self, rows: list[Line]) -> list[Line]:
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
        leaves = [leaf for leaf in self.asked.leaves(self.query.metrics) if full not in leaf.ignore]
        root = self.model.datasets[leaves[0].metric.dataset] if leaves else self._root()
        found = resolve(self.model, root, full)
        return found.dimension if isinstance(found, Field) and not found.grain else None


def _ordered_by(place: int, listed: Sequence[Value], rows: list[Line], *, down: bool) -> list[Line]:
    """The listed values in their order, then the others ascending, or both the other way round; NULLs are last."""
    known = [row for row in rows if row[place] is not None]
    first = [row for row in known if row[place] in listed]
    first.sort(key=lambda row: listed.index(row[place]), reverse=down)
    others = [row for row in known if row[place] not in listed]
    others.sort(key=itemgetter(place), reverse=down)
    return [*first, *others, *(row for row in rows if row[place] is None)]
