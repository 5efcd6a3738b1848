"""What may be odd about a dataset's rows: conditions that can be counted, for which the language has an answer.

None of them makes a number wrong: a key without a partner counts under NULL, a row without a time is in no period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlglot import exp

from semantic.clocks import Clock
from semantic.columns import Schema
from semantic.errors import Span, listing
from semantic.expressions import call, date_literal, timestamp_literal
from semantic.guards import present
from semantic.joins import key_columns
from semantic.mentions import join_owner, mentions
from semantic.metric_types import Simple
from semantic.model import Dataset, Model
from semantic.places import dimension_place, key_place, value_place
from semantic.plan import Lookup
from semantic.scans import Context, RowScope
from semantic.trees import column

FIRST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class Example:
    """Values that may be shown of the rows concerned, under a name; none where they may not be shown."""

    name: str
    values: tuple[exp.Expr, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition on a dataset's rows, joined with what `lookup` finds, and what to say of those that meet it."""

    code: str
    condition: exp.Expr
    says: str
    span: Span
    example: Example | None = None
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a dataset, as far as the target has what the model says about them."""

    dataset: Dataset
    schema: Schema
    context: Context

    @property
    def model(self) -> Model:
        """The model that the dataset is of."""
        return self.context.model

    @property
    def has_key(self) -> bool:
        """Whether there is a primary key, and the target has its columns."""
        return bool(self.dataset.primary_key) and self.schema.has(self.dataset.name, self.dataset.primary_key)

    def clocks(self) -> Iterator[tuple[str, Clock, str]]:
        """The times by which rows are counted or looked up: names, values, and what happens to rows without one."""
        metrics = [m for m in self.model.metrics.values() if isinstance(m, Simple) and m.dataset == self.dataset.name]
        uses = {
            **{join.as_of: f"'{name}' is not looked up" for name, join in self.dataset.joins.items() if join.as_of},
            **{metric.time: f"in no period of '{metric.name}'" for metric in metrics if metric.time},
            **({self.dataset.time: "in no period"} if self.dataset.time else {}),
        }
        for name, without in uses.items():
            clock = self.clock(name)
            if clock is not None:
                yield name, clock, without

    def clock(self, name: str | None) -> Clock | None:
        """A time dimension, None where the target has no such time."""
        if not name or not self._is_fit(name):
            return None
        scope = RowScope(self.context, self.dataset.name, name, f"dataset '{self.dataset.name}'")
        return scope.clock("the check of the data")

    def _is_fit(self, name: str) -> bool:
        listed = name in self.dataset.dimensions or self.schema.has(self.dataset.name, [name])
        return listed and (self.dataset.name, name) not in self.schema.unfit

    def lookups(self) -> Iterator[tuple[str, Lookup]]:
        """What is looked up from the rows: the joins whose both ends the target has."""
        for name, join in self.dataset.joins.items():
            target = Rows(self.model.datasets[join.dataset or name], self.schema, self.context)
            validity = target.dataset.validity
            times = (validity.from_, validity.to) if validity is not None else ()
            ends = target.has_key and all(map(target._is_fit, times)) and (not join.as_of or self._is_fit(join.as_of))
            if ends and (self.dataset.name, join_owner(name)) not in self.schema.unfit:
                scope = RowScope(self.context, self.dataset.name, self.dataset.time, f"join '{name}'")
                yield name, scope.lookup(name)

    def example(self) -> Example | None:
        """What may be shown of the primary key."""
        keys = [key for key in self.dataset.primary_key if self.may_show([key])]
        return Example(", ".join(keys), tuple(column(key, self.dataset.name) for key in keys)) if keys else None

    def may_show(self, keys: Iterable[str]) -> bool:
        """Whether values of key columns may be shown: whole numbers and dates, and nothing personal."""
        table = self.schema.tables[self.dataset.name]
        found = {key.lower(): table.type_of(key) for key in keys}
        shown = all(each is not None and each.kind in ("integer", "date") for each in found.values())
        return shown and self.personal.isdisjoint(found)

    @property
    def personal(self) -> frozenset[str]:
        """The columns, in lower case, that a personal dimension shows something of."""
        personal = {name for name, each in self.model.dimensions[self.dataset.name].items() if each.personal}
        return self.columns_of(*personal)

    def columns_of(self, *owners: str) -> frozenset[str]:
        """The columns, in lower case, that dimensions or joins are made of."""
        found = mentions(self.model, self.dataset)
        return frozenset(each.column.lower() for each in found if each.owner in owners)


def doubts(rows: Rows) -> Iterator[Doubt]:
    """All that may be odd about a dataset's rows."""
    yield from _null_keys(rows)
    yield from _never_valid(rows)
    for name, clock, without in rows.clocks():
        yield from _odd_times(rows, name, clock, without)
    lookups = dict(rows.lookups())
    yield from _incomplete_lookups(rows, lookups)
    for name, lookup in lookups.items():
        yield _orphans(rows, name, lookup)


def _null_keys(rows: Rows) -> Iterator[Doubt]:
    if rows.has_key:
        keys, place = rows.dataset.primary_key, value_place(rows.model, f"datasets.{rows.dataset.name}", "primary_key")
        missing = _any_null(column(key, rows.dataset.name) for key in keys)
        yield Doubt("E420", missing, f"{_either(keys)} is NULL, and no lookup finds a row without its key", place)


def _never_valid(rows: Rows) -> Iterator[Doubt]:
    validity = rows.dataset.validity
    if validity is None:
        return
    first, last = rows.clock(validity.from_), rows.clock(validity.to)
    if first is not None and last is not None and first.kind == last.kind:
        empty = exp.GTE(this=first.value.copy(), expression=last.value.copy())
        condition = exp.or_(_is_null(first.value), empty, copy=False)
        says = f"{validity.from_} is NULL or not before {validity.to}: never valid"
        place = value_place(rows.model, f"datasets.{rows.dataset.name}", "validity")
        yield Doubt("E423", condition, says, place, rows.example())


def _odd_times(rows: Rows, name: str, clock: Clock, without: str) -> Iterator[Doubt]:
    limits, place = usual_times(clock, rows.context.as_of), dimension_place(rows.model, rows.dataset, name)
    if name == rows.dataset.time:
        place = value_place(rows.model, f"datasets.{rows.dataset.name}", "time")
    yield Doubt("E424", _is_null(clock.value), f"{name} is NULL: {without}", place, rows.example())
    early = exp.LT(this=clock.value.copy(), expression=limits.first)
    yield Doubt("E425", early, f"{name} lies before {FIRST_YEAR}", place, rows.example())
    late = exp.GT(this=clock.value.copy(), expression=limits.last)
    yield Doubt("E425", late, f"{name} lies in the future, after {limits.until}", place, rows.example())


@dataclass(frozen=True, slots=True)
class UsualTimes:
    """The bounds of a clock's values that are not odd, both included; the upper one as people read it."""

    first: exp.Expr
    last: exp.Expr
    until: str


def usual_times(clock: Clock, as_of: datetime) -> UsualTimes:
    """From 1900 to a day after the instant, in the clock's own terms."""
    latest = as_of + timedelta(days=1)
    local = clock.calendar.local(latest)
    if clock.kind == "date":
        return UsualTimes(date_literal(date(FIRST_YEAR, 1, 1)), date_literal(local.date()), f"{local:%Y-%m-%d}")
    zone = ZoneInfo(clock.zone) if clock.kind == "timestamp" else UTC
    bounds = (datetime(FIRST_YEAR, 1, 1), latest.astimezone(zone).replace(tzinfo=None))
    first, last = map(timestamp_literal, bounds)
    if clock.kind == "timestamptz":
        first, last = call("instant", first), call("instant", last)
    return UsualTimes(first, last, f"{local:%Y-%m-%d %H:%M}")


def _incomplete_lookups(rows: Rows, lookups: dict[str, Lookup]) -> Iterator[Doubt]:
    """Rows with a NULL in what is looked up, told once for all joins on the same columns."""
    same: dict[tuple[str, ...], list[str]] = {}
    for name in lookups:
        same.setdefault(rows.dataset.joins[name].on, []).append(name)
    for on, names in same.items():
        missing = _any_null(lookups[names[0]].keys)
        says = f"{_either(on)} is NULL: no lookup by {listing(names)}"
        place = value_place(rows.model, f"datasets.{rows.dataset.name}", "joins", names[0], "on")
        yield Doubt("E422", missing, says, place, rows.example())


def _orphans(rows: Rows, name: str, lookup: Lookup) -> Doubt:
    """Rows whose key is complete and finds no partner, or none that is valid at their time."""
    join, keys = rows.dataset.joins[name], key_columns(lookup.dataset)
    complete = [present(value) for value in lookup.keys]
    says = f"no row of '{lookup.dataset.name}' has this {', '.join(join.on)}"
    at = rows.clock(join.as_of)
    if at is not None:
        complete.append(present(at.value))
        says = f"{says} and is valid at {join.as_of}"
    alone = exp.and_(*complete, _is_null(column(keys[0], lookup.alias)), copy=False)
    target = Rows(lookup.dataset, rows.schema, rows.context)
    shown = target.may_show(keys) and rows.personal.isdisjoint(rows.columns_of(join_owner(name)))
    example = Example(", ".join(join.on), lookup.keys) if shown else None
    place = key_place(rows.model, f"datasets.{rows.dataset.name}", "joins", name)
    return Doubt("E421", alone, says, place, example, lookup)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _any_null(values: Iterable[exp.Expr]) -> exp.Expr:
    return exp.or_(*map(_is_null, values), copy=False)


def _is_null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value.copy(), expression=exp.Null())
