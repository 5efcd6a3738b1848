"""One metric's rows: the dataset, the lookups that its names need, and what every name means there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlglot import exp

from semantic.calendars import Days, calendar_words
from semantic.check_query import expression_mistake
from semantic.clocks import Clock, clock_of, comparable, overlap, to_local
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import (
    PARTS,
    Expression,
    ExpressionError,
    Name,
    call,
    date_literal,
    is_strict,
    text,
    timestamp_literal,
    wrap,
)
from semantic.frames import Stretch
from semantic.joins import Route, find_route
from semantic.kinds import kind_at, kind_of_expression
from semantic.model import Dataset, Dimension, Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, no_way, read_name
from semantic.parse import parse
from semantic.periods import Calendar, Period, constant_offset, is_below_day
from semantic.plan import Lookup
from semantic.row_values import binned, declared_kind, no_position
from semantic.seen import Seen
from semantic.trees import column
from semantic.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Context:
    """What a query is resolved in: nothing here is read from a clock or the environment later."""

    model: Model
    calendar: Calendar
    as_of: datetime

    def source(self, name: str) -> Dataset:
        """A dataset as it was known at as-of, where it says when its rows were recorded."""
        dataset = self.model.datasets[name]
        if dataset.recorded is None:
            return dataset
        clock = RowScope(self, name, dataset.recorded, f"dataset '{name}'").clock("'recorded'")
        return Seen(dataset, clock, self.as_of)


class Unreachable(Exception):
    """A dimension that cannot be looked up from a dataset; the caller knows which metric asked."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class RowScope:
    """The rows of one dataset, with everything that can be looked up from them.

    Where `period` is given, only rows matter whose own time lies in it.
    """

    context: Context
    dataset: str
    time: str | None
    shown_as: str
    period: Period | None = None
    lookups: dict[tuple[str, ...], Lookup] = field(default_factory=dict)

    def clock(self, wanted_by: str) -> Clock:
        """The rows' own time; refused where the dataset has none, naming what asked for it."""
        if self.time is None:
            message = f"{wanted_by} needs the time of the rows, and dataset '{self.dataset}' has no time dimension"
            raise self._refusal("E312", message, f"give it one: time: … in dataset '{self.dataset}'")
        dimension = self.context.model.dimensions[self.dataset].get(self.time)
        if dimension is not None and at_within(dimension) is not None:
            raise self._refusal("E312", f"the clock '{self.dataset}.{self.time}' is made of itself, by 'at'", None)
        found = self._clock_of(self.dataset, self.time, self.dataset)
        if found is None:
            raise self._refusal("E312", f"'{self.dataset}.{self.time}' is not a time dimension", None)
        project, zone = self.context.model.time_zone, self.context.calendar.time_zone
        if found.kind == "date" and zone != project:
            message = f"'{self.dataset}.{self.time}' holds business days of {project}: {wanted_by} cannot be in {zone}"
            raise self._refusal("E313", message, "ask without a time zone of your own")
        return found

    def _refuse_foreign_dates(self, at: Clock, first: Clock, last: Clock, wanted_by: str) -> None:
        """Business days have no other zone: compared with a time in one, they would hold for other rows."""
        project, zone = self.context.model.time_zone, self.context.calendar.time_zone
        if zone != project and "date" in (at.kind, first.kind, last.kind) and len({at.kind, first.kind, last.kind}) > 1:
            message = f"{wanted_by} compares business days of {project} with times: it cannot be in {zone}"
            raise self._refusal("E313", message, "ask without a time zone of your own")

    def _refusal(self, code: str, message: str, hint: str | None) -> QueryError:
        return QueryError(Diagnostic(code, f"{self.shown_as}: {message}", hint=hint))

    def key(self, reference: Reference) -> exp.Expr:
        """The value that a `by` entry groups by."""
        match reference:
            case TimeWord(grain):
                return self._at(self.clock(f"'{grain}'"), grain, f"{self.dataset}.{self.time}")
            case TimePart(part):
                return self._at(self.clock(f"'{part}'"), part, f"{self.dataset}.{self.time}")
            case DimensionRef(qualifier, name, grain):
                value, clock = self._look_up(qualifier, name)
                if grain:
                    return self._at(self._must_be_time(clock, f"{qualifier}.{name}"), grain, f"{qualifier}.{name}")
                return clock.instant() if clock else no_position(value)

    def moment(self) -> exp.Expr:
        """The second in which a row lies, naive UTC: fine enough for every edge of a frame."""
        clock = self.clock("a window of hours")
        if clock.kind == "date":
            message = f"'{self.dataset}.{self.time}' is a date: a window of hours has no meaning for it"
            raise self._refusal("E314", message, "take a window of days or more")
        return call("date_trunc", text("second"), to_local(clock, "UTC"))

    def at_least(self, period: Period, grain: str) -> exp.Expr:
        """The period of a grain that a row before the end of `period` lies in; what lies before it in its first one."""
        clock = self.clock("a window")
        before = next(iter(clock.within(Stretch(None, period.start))))
        label = date_literal(self.context.calendar.first_day(period.start, grain))
        within = replace(clock, offset=constant_offset(period, self.context.calendar.time_zone))
        return exp.Case().when(before, label).else_(within.at(grain))

    def began(self) -> Clock:
        """The first time of all rows."""
        clock = self.clock("a comparison")
        return replace(clock, value=exp.Min(this=clock.value))

    def condition(self, expression: Expression, shown_as: str) -> exp.Expr:
        """A condition over dimensions, time words and segments (`where`), bound to these rows."""
        names = [name for name in expression.names if not self._is_segment(name)]
        known = {name.parts: read_name(self.context.model, name) for name in names}

        def resolve(name: Name) -> exp.Expr:
            return self._segment(name) or self._local_value(known[name.parts])

        def kind_of(name: Name) -> Kind | None:
            return self._kind(known[name.parts]) if name.parts in known else "boolean"

        return self._bind(expression, resolve, kind_of, shown_as, "boolean")

    def row_value(self, expression: Expression, wanted: Kind | None = None) -> exp.Expr:
        """A metric's own expression: names are dimensions first, then columns."""
        return self._bind(expression, self._metric_name, self._metric_kind, f"dataset {self.dataset}", wanted)

    def row_condition(self, expression: Expression) -> exp.Expr:
        """A metric's own filter: as `row_value`, and a bare name may be a segment."""
        return self._bind(expression, self.row_meaning, self.row_kind, f"dataset {self.dataset}", "boolean")

    def row_meaning(self, name: Name) -> exp.Expr:
        """What a name in a metric's own expressions means: a segment, a dimension, a column."""
        return self._segment(name) or self._metric_name(name)

    def row_kind(self, name: Name) -> Kind | None:
        """The kind of value that a name in a metric's own expressions has, None where it is not known."""
        return "boolean" if self._is_segment(name) else self._metric_kind(name)

    def row_order(self, wanted_by: str) -> list[exp.Expr]:
        """What puts the rows in order of time: the clock, then the primary key."""
        keys = self.context.model.datasets[self.dataset].primary_key
        clock = self._clock_of(self.dataset, self.time or "", self.dataset)
        if clock is None:
            raise self._refusal("E312", f"{wanted_by} needs the time of the rows, and there is none", None)
        return [clock.value, *(column(key, self.dataset) for key in keys)]

    def lookup(self, join: str) -> Lookup:
        """What a join of the rows' own dataset looks up."""
        self._join((join,))
        return self.lookups[(join,)]

    def _is_segment(self, name: Name) -> bool:
        return not name.qualifier and name.name in self.context.model.segments

    def _segment(self, name: Name) -> exp.Expr | None:
        """The condition that a segment's name stands for, in parentheses."""
        if not self._is_segment(name):
            return None
        segment = self.context.model.segments[name.name]
        return exp.Paren(this=self.condition(parse(segment.filter), f"segment {name.name}"))

    def _bind(
        self,
        expression: Expression,
        resolve: Callable[[Name], exp.Expr],
        kind_of: Callable[[Name], Kind | None],
        shown_as: str,
        wanted: Kind | None,
    ) -> exp.Expr:
        try:
            kind_of_expression(expression, kind_of, wanted)
            return expression.replace_names(resolve, kind_of)
        except ExpressionError as error:
            raise QueryError(expression_mistake(error, expression.text, shown_as)) from None

    def _metric_name(self, name: Name) -> exp.Expr:
        if name.qualifier in ("", self.dataset):
            if not name.qualifier and name.name in ("at", "as_of"):
                return self._special(name.name, f"'{name}'")
            if name.name in self.context.model.dimensions[self.dataset]:
                return self._local_value(DimensionRef(self.dataset, name.name))
            return column(name.name, self.dataset)
        return self._local_value(read_name(self.context.model, name))

    def _metric_kind(self, name: Name) -> Kind | None:
        dimensions = self.context.model.dimensions[self.dataset]
        if name.qualifier in ("", self.dataset):
            if not name.qualifier and name.name in ("at", "as_of"):
                return self._special_kind(name.name, f"'{name}'")
            return declared_kind(dimensions.get(name.name))
        return self._kind(read_name(self.context.model, name))

    def _local_value(self, reference: Reference) -> exp.Expr:
        """A name's value in a condition: times are business-local."""
        match reference:
            case TimeWord(grain):
                return self._at(self.clock(f"'{grain}'"), grain, f"{self.dataset}.{self.time}", local=True)
            case TimePart():
                return self.key(reference)
            case DimensionRef(qualifier, name, grain):
                value, clock = self._look_up(qualifier, name)
                if grain:
                    known = self._must_be_time(clock, f"{qualifier}.{name}")
                    return self._at(known, grain, f"{qualifier}.{name}", local=True)
                return clock.local() if clock else value

    def _kind(self, reference: Reference) -> Kind | None:
        match reference:
            case TimeWord(grain):
                return kind_at(grain)
            case TimePart(part):
                return self._kind_at(part)
            case DimensionRef(qualifier, name, None):
                route = self._route(qualifier, name)
                return declared_kind(self.context.model.dimensions[route.dataset].get(name))
            case DimensionRef(grain=grain):
                return self._kind_at(str(grain))

    def _kind_at(self, word: str) -> Kind | None:
        found = calendar_words(self.context.model).get(word)
        return found.kind if found is not None else kind_at(word)

    def _at(self, clock: Clock, grain: str, shown_as: str, local: bool = False) -> exp.Expr:
        if (word := calendar_words(self.context.model).get(grain)) is not None:
            return column(word.name, self._look_up_day(word.days, clock, shown_as))
        if clock.kind == "date" and is_below_day(grain):
            message = f"'{shown_as}' is a date: it has no {grain}"
            raise QueryError(Diagnostic("E314", message, hint="ask for day or coarser"))
        if grain in PARTS:
            return clock.part(grain)
        return clock.local_at(grain) if local else clock.at(grain)

    def _look_up_day(self, days: Days, clock: Clock, shown_as: str) -> str:
        """The alias of a calendar's row of the local day of a time, adding the lookup."""
        path = (days.name, shown_as)
        if path not in self.lookups:
            alias = self._free(days.name)
            source = self.context.model.datasets[self.dataset]
            self.lookups[path] = Lookup(path, alias, source, self.dataset, (clock.at("day"),), days, by_day=True)
        return self.lookups[path].alias

    def _free(self, alias: str) -> str:
        """A name that no row has yet."""
        taken = {self.dataset.lower(), *(lookup.alias.lower() for lookup in self.lookups.values())}
        while alias.lower() in taken:
            alias += "_joined"
        return alias

    def _must_be_time(self, clock: Clock | None, shown_as: str) -> Clock:
        if clock is None:
            hint = "only dimensions of type date, timestamp or timestamptz have grains"
            raise QueryError(Diagnostic("E315", f"'{shown_as}' is not a time, so it has no grain", hint=hint))
        return clock

    def _route(self, qualifier: str, name: str) -> Route:
        route = find_route(self.context.model, self.dataset, qualifier, f"{qualifier}.{name}")
        if route is None:
            raise Unreachable(*no_way(self.context.model, self.dataset, qualifier))
        return route

    def _look_up(self, qualifier: str, name: str) -> tuple[exp.Expr, Clock | None]:
        route = self._route(qualifier, name)
        if name not in self.context.model.dimensions[route.dataset]:
            raise Unreachable(f"'{qualifier}' of dataset '{self.dataset}' is '{route.dataset}', which has no '{name}'")
        alias = self._join(route.path)
        dimension = self.context.model.dimensions[route.dataset][name]
        clock = self._clock_of(route.dataset, name, alias)
        value = clock.value if clock else self._dimension_value(route.dataset, name, alias)
        return (binned(value, dimension.bins) if dimension.bins else value), clock

    def _clock_of(self, dataset: str, name: str, alias: str) -> Clock | None:
        dimension = self.context.model.dimensions[dataset].get(name)
        if dimension is None:
            return None
        found = clock_of(self._dimension_value(dataset, name, alias), dimension, self.context.calendar)
        if found is None or self.period is None or not self._is_own_clock(name, alias):
            return found
        return replace(found, offset=constant_offset(self.period, self.context.calendar.time_zone))

    def _is_own_clock(self, name: str, alias: str) -> bool:
        return (name, alias) == (self.time, self.dataset)

    def _dimension_value(self, dataset: str, name: str, alias: str) -> exp.Expr:
        """A dimension's row expression over the columns of the row called `alias`."""
        dimension = self.context.model.dimensions[dataset][name]
        if dimension.expr is None:
            return column(name, alias)
        return self._of_row(parse(dimension.expr), dataset, alias, f"dimension {dataset}.{name}")

    def _of_row(self, expression: Expression, dataset: str, alias: str, shown_as: str) -> exp.Expr:
        """An expression over the columns of the row called `alias`; NULL where that row was not found."""

        def resolve(found: Name) -> exp.Expr:
            if not found.qualifier and found.name in ("at", "as_of"):
                return self._special(found.name, shown_as)
            return column(found.name, alias)

        def kind_of(found: Name) -> Kind | None:
            if not found.qualifier and found.name in ("at", "as_of"):
                return self._special_kind(found.name, shown_as)
            return declared_kind(self.context.model.dimensions[dataset].get(found.name))

        try:
            value = wrap(expression.replace_names(resolve, kind_of))
        except ExpressionError as error:
            raise QueryError(expression_mistake(error, expression.text, shown_as)) from None
        if alias == self.dataset or _is_strict(expression):
            return value
        key = column(self.context.model.datasets[dataset].primary_key[0], alias)
        found_one = exp.Not(this=exp.Is(this=key, expression=exp.Null()))
        return exp.Case().when(found_one, value)  # no partner gives NULL, whatever the expression makes of NULLs

    def _special(self, name: str, wanted_by: str) -> exp.Expr:
        if name == "as_of":
            return timestamp_literal(self.context.calendar.local(self.context.as_of))
        return self.clock(wanted_by).local()

    def _special_kind(self, name: str, wanted_by: str) -> Kind:
        return "timestamp" if name == "as_of" or self.clock(wanted_by).kind != "date" else "date"

    def _join(self, path: tuple[str, ...]) -> str:
        """The alias of the row at the end of a chain of joins, adding the lookups on the way."""
        if not path:
            return self.dataset
        if path not in self.lookups:
            parent = self._join(path[:-1])
            self.lookups[path] = self._lookup(parent, path)
        return self.lookups[path].alias

    def _lookup(self, parent: str, path: tuple[str, ...]) -> Lookup:
        model = self.context.model
        owner = self.dataset if len(path) == 1 else self.lookups[path[:-1]].dataset.name
        join = model.datasets[owner].joins[path[-1]]
        target = self.context.source(join.dataset or path[-1])
        alias = self._free("_".join(path))
        shown_as = f"join {owner}.{path[-1]}"
        keys = tuple(
            column(key, parent) if isinstance(key, str) else self._of_row(key, owner, parent, shown_as)
            for key in join.keys
        )
        if join.as_of is None or target.validity is None:
            return Lookup(path, alias, model.datasets[owner], parent, keys, target)
        at = self._clock_of(owner, join.as_of, parent)
        first, last = (self._clock_of(target.name, name, alias) for name in (target.validity.from_, target.validity.to))
        if at is None or first is None or last is None:
            raise QueryError(Diagnostic("E315", f"join '{path[-1]}' of '{owner}' needs times for as_of and validity"))
        self._refuse_foreign_dates(at, first, last, f"the join '{path[-1]}'")
        from_at, valid_from = comparable(at, first)
        to_at, valid_to = comparable(at, last)
        # plain comparisons only: with an OR in the condition DuckDB gives up the hash join on the key
        open_end = exp.Coalesce(this=valid_to, expressions=[call("forever", text(last.kind))])
        begun, not_over = exp.LTE(this=valid_from, expression=from_at), exp.LT(this=to_at, expression=open_end)
        holds: tuple[exp.Expr, ...] = (begun, not_over)
        if self.period is not None and self._is_own_clock(join.as_of, parent):
            holds += overlap(at, first, last, open_end, self.period)
        return Lookup(path, alias, model.datasets[owner], parent, keys, target, holds)


def at_within(dimension: Dimension) -> Name | None:
    """Where a dimension reads the clock of the row, if it does. Raises ExpressionError."""
    names = parse(dimension.expr).names if dimension.expr is not None else ()
    return next((name for name in names if name.parts == ("at",)), None)


def _is_strict(expression: Expression) -> bool:
    """Whether an expression is NULL wherever its columns are, as those of a row that was not found."""
    own_columns = [name for name in expression.names if name.qualifier or name.name not in ("at", "as_of")]
    return bool(own_columns) and all(map(is_strict, expression.tree.walk()))
