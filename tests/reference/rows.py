"""The rows that a leaf aggregates: those of a group in the query's period, or those within any stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.reference import expressions
from tests.reference.aggregates import Combination, aggregate
from tests.reference.asked import Asked, Leaf
from tests.reference.frames import Edge, Frame, holds, is_reached
from tests.reference.lookup import Reader, Subject, resolve
from tests.reference.model import Dataset, Expr, Simple, Value
from tests.reference.times import Moment

Group = tuple[Value, ...]
Table = dict[Group, list["Entry"]]
Entities = tuple[tuple[str, Value], ...]  # dimensions, and the values that rows must have there


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that passes filter; `group` has the dimensions that its leaf keeps, `rest` no time words."""

    subject: Subject
    day: date | None
    group: Group
    rest: Group
    passes: bool  # whether it passes `where`

    @property
    def at(self) -> Moment | None:
        return self.subject.at


class Rows:
    """The rows of one query's leaves."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.reader, self.clock = asked, asked.reader, asked.clock
        self._entries: dict[Leaf, list[Entry]] = {}
        self._tables: dict[tuple[Leaf, bool], Table] = {}
        self._firsts: dict[tuple[str, str | None], Moment | None] = {}
        self._values: dict[tuple[int, str], Value] = {}

    # -- rows ------------------------------------------------------------------------------------------------

    def of_dataset(self, dataset: Dataset, clock: str | None) -> Iterator[Subject]:
        """The rows of a dataset."""
        for row in dataset.rows:
            yield Subject(dataset, row, self.reader.clock_of(dataset, row, clock) if clock else None)

    def passes(self, subject: Subject) -> bool:
        """Whether a row passes `where`."""
        where = self.asked.query.where
        return where is None or self.reader.condition(subject, where) is True

    def is_in_period(self, subject: Subject) -> bool:
        period = self.asked.period
        return not period or (subject.at is not None and period[0] <= self.clock.day(subject.at) < period[1])

    def entries(self, leaf: Leaf) -> list[Entry]:
        """A leaf's rows that pass `where`."""
        return [entry for entry in self.all_entries(leaf) if entry.passes]

    def all_entries(self, leaf: Leaf) -> list[Entry]:
        """A leaf's rows, whether they pass `where` or not."""
        if leaf not in self._entries:
            metric, dimensions = leaf.metric, self.asked.dimensions
            dataset = self.asked.model.datasets[metric.dataset]
            names = [dimensions[place] for place in self.asked.kept(leaf)]
            self._entries[leaf] = [
                self._entry(subject, names)
                for subject in self.of_dataset(dataset, metric.time or dataset.time)
                if metric.filter is None or self.reader.own(subject, metric.filter) is True
            ]
        return self._entries[leaf]

    def _entry(self, subject: Subject, names: Sequence[str]) -> Entry:
        values = [(name, self.dimension(subject, name)) for name in names]
        day = None if subject.at is None else self.clock.day(subject.at)
        rest = tuple(value for name, value in values if not self.clock.is_word(name))
        return Entry(subject, day, tuple(value for _, value in values), rest, self.passes(subject))

    def dimension(self, subject: Subject, name: str) -> Value:
        return self.reader.group_value(subject, resolve(self.asked.model, subject.dataset, name))

    # -- the rows of a cell ----------------------------------------------------------------------------------

    def own(self, leaf: Leaf) -> Table:
        """A leaf's rows by group: exactly the rows that pass filter, where and period."""
        if (leaf, True) not in self._tables:
            table = self._tables[leaf, True] = {}
            for entry in self.entries(leaf):
                if self.is_in_period(entry.subject):
                    table.setdefault(entry.group, []).append(entry)
        return self._tables[leaf, True]

    def timed(self, leaf: Leaf) -> Table:
        """A leaf's rows that have a time, by the dimensions other than time words."""
        if (leaf, False) not in self._tables:
            table = self._tables[leaf, False] = {}
            for entry in self.entries(leaf):
                if entry.at is not None:
                    table.setdefault(entry.rest, []).append(entry)
        return self._tables[leaf, False]

    def rest(self, leaf: Leaf, group: Group) -> Group:
        places = [place for place in self.asked.kept(leaf) if place not in self.asked.places]
        return tuple(group[place] for place in places)

    def select(self, leaf: Leaf, group: Group, frame: Frame | None, entities: Entities) -> list[Entry]:
        """The rows of a group; without a frame those of its own period."""
        if frame is None:
            found = self.own(leaf).get(tuple(group[place] for place in self.asked.kept(leaf)), [])
        else:
            found = within(self.timed(leaf).get(self.rest(leaf, group), []), frame)
        for name, wanted in entities:
            found = [entry for entry in found if self.dimension(entry.subject, name) == wanted]
        return found

    # -- the first row of the data ---------------------------------------------------------------------------

    def first(self, metric: Simple) -> Moment | None:
        """The first time on the metric's clock, of all rows of its dataset."""
        key = metric.dataset, metric.time
        if key not in self._firsts:
            dataset = self.asked.model.datasets[metric.dataset]
            clock = metric.time or dataset.time
            times = [self.reader.clock_of(dataset, row, clock) for row in dataset.rows] if clock else []
            self._firsts[key] = min((at for at in times if at is not None), default=None)
        return self._firsts[key]

    def is_before_data(self, metric: Simple, end: Edge) -> bool:
        """Whether what ends here ends at or before the first row of the metric's data."""
        first = self.first(metric)
        return first is None or is_reached(end, first, self.clock.day(first))

    # -- aggregates ------------------------------------------------------------------------------------------

    def aggregate(self, metric: Simple, entries: Sequence[Entry]) -> Value:
        return aggregated(self.reader, metric, [entry.subject for entry in entries])


def within(entries: Sequence[Entry], frame: Frame) -> list[Entry]:
    return [
        entry
        for entry in entries
        if entry.at is not None and entry.day is not None and holds(frame, entry.at, entry.day)
    ]


def aggregated(reader: Reader, metric: Simple, subjects: Sequence[Subject]) -> Value:
    expr = metric.expr or ("lit", 1)
    match metric.agg:
        case None:
            nameless: dict[str, Value] = {}
            values = expressions.replaced(expr, "agg", lambda part: _inner(reader, part, subjects))
            return expressions.evaluate(values, nameless.__getitem__)
        case "first" | "last":
            return _at_the_end(reader, metric.agg, expr, subjects)
    return aggregate(metric.agg, [_measured(reader, subject, expr) for subject in subjects], metric.p)


def _inner(reader: Reader, call: Expr, subjects: Sequence[Subject]) -> Value:
    """The value of one aggregate within arithmetic."""
    _, agg, expr = call
    inner: Any = ("lit", 1) if expr is None else expr
    return aggregate(str(agg), [reader.own(subject, inner) for subject in subjects])


def _measured(reader: Reader, subject: Subject, expr: Expr) -> Value | Combination:
    """The value on a row; of a list the combination, NULL where one of its parts is."""
    if expr[0] != "list":
        return reader.own(subject, expr)
    parts: Any = expr[1:]
    values = tuple(reader.own(subject, part) for part in parts)
    return None if None in values else values


def _at_the_end(reader: Reader, agg: str, expr: Expr, subjects: Sequence[Subject]) -> Value:
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
    return reader.own(chosen, expr)
