"""Whether the data are as the model takes them to be, dataset by dataset, with the number of rows concerned.

What breaks a declaration is a mistake: a key that stands on two rows, validities that overlap. What the language has an
answer for is a finding: the numbers are right as they are defined, and the data are worth a look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlglot import exp

from semantic.clocks import Clock
from semantic.columns import Schema
from semantic.dialects import DIALECTS
from semantic.doubts import Doubt, Example, Rows, doubts, usual_times
from semantic.engines.base import Engine
from semantic.errors import Diagnostic, EngineError, Span, in_order
from semantic.expressions import cast
from semantic.guards import CONCERNED, Guard, overlap_guard, unique_guard
from semantic.model import Model
from semantic.places import name_place, value_place
from semantic.privacy import without_quotes
from semantic.scan_select import lookup_condition, source_of
from semantic.scans import Context
from semantic.trees import column, left_join, named, select, subquery, where

Severity = Literal["mistake", "finding"]
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a dataset's rows: what to say of it, how grave it is, how many of how many rows it concerns."""

    diagnostic: Diagnostic
    severity: Severity
    rows: int
    of: int


@dataclass(frozen=True, slots=True)
class Extent:
    """A dataset's rows, and the business-local times of the first and last of them by its clock, odd ones aside."""

    dataset: str
    rows: int
    first: date | datetime | None = None
    last: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What the data are like."""

    findings: tuple[Finding, ...]
    extents: tuple[Extent, ...]


def audit(engine: Engine, model: Model, schema: Schema, as_of: datetime) -> Audit:
    """Look at the rows of every dataset that `schema` has. Raises EngineError where the target is down."""
    context = Context(model, model.calendar, as_of)
    findings: list[Finding] = []
    extents: list[Extent] = []
    for name in schema.tables:
        rows = Rows(model.datasets[name], schema, context)
        try:
            extent, found = _look(engine, rows)
        except EngineError as error:
            findings.append(_unreadable(model, name, error))
        else:
            extents.append(extent)
            findings += found
    return Audit(tuple(findings), tuple(extents))


def _look(engine: Engine, rows: Rows) -> tuple[Extent, list[Finding]]:
    """One dataset: a scan for all that can be seen in a row alone, one for each key and for each join."""
    asked = tuple(doubts(rows))
    alone = [doubt for doubt in asked if doubt.lookup is None]
    extent, counts = _scan(engine, rows, alone)
    counted = [*zip(alone, counts, strict=True)]
    counted += [(doubt, _count(engine, _rows_of(rows, doubt))) for doubt in asked if doubt.lookup is not None]
    found = [found for guard, place in _guards(rows) for found in _broken(engine, rows, guard, place, extent.rows)]
    found += [_finding(engine, rows, doubt, count, extent.rows) for doubt, count in counted if count]
    ordered = in_order(each.diagnostic for each in found)
    return extent, sorted(found, key=lambda each: ordered.index(each.diagnostic))


def _unreadable(model: Model, name: str, error: EngineError) -> Finding:
    """Rows on which the target fails, as text that is cast to a time does; no value is quoted. Other errors go on."""
    first = without_quotes(error).diagnostics[0]
    if first.code != "E406":
        raise error
    message = f"the rows of dataset '{name}' cannot be read: {first.message}"
    return Finding(Diagnostic("E413", message, name_place(model, f"datasets.{name}"), first.hint), "mistake", 0, 0)


# Rows that can be counted ------------------------------------------------------------


def _scan(engine: Engine, rows: Rows, asked: list[Doubt]) -> tuple[Extent, list[int]]:
    """How many rows there are, from when to when, and how many of them meet each condition."""
    counts = [exp.Filter(this=_all_rows(), expression=exp.Where(this=doubt.condition.copy())) for doubt in asked]
    values = [_all_rows(), *_first_and_last(rows), *counts]
    query = select([named(value, f"value_{at}") for at, value in enumerate(values)], _source(rows))
    total, first, last, *found = _ask(engine, query)[0]
    return Extent(rows.dataset.name, total, first, last), found


def _first_and_last(rows: Rows) -> list[exp.Expr]:
    name = rows.dataset.time or ""
    clock = rows.clock(name)
    if clock is None or not rows.personal.isdisjoint(rows.columns_of(name)):
        return [exp.Null(), exp.Null()]
    limits = usual_times(clock, rows.context.as_of)
    begun = exp.GTE(this=clock.value.copy(), expression=limits.first)
    done = exp.LTE(this=clock.value.copy(), expression=limits.last)
    value = exp.Case().when(exp.and_(begun, done, copy=False), clock.value.copy())
    return [_shown_time(replace(clock, value=kind(this=value.copy()))) for kind in (exp.Min, exp.Max)]


def _shown_time(clock: Clock) -> exp.Expr:
    return clock.local() if clock.kind == "date" else cast(clock.local(), "timestamp")


def _rows_of(rows: Rows, doubt: Doubt) -> exp.Select:
    """The rows that meet a condition; what is selected comes later."""
    query = select([], _source(rows))
    if doubt.lookup is not None:
        left_join(query, source_of(doubt.lookup.dataset, doubt.lookup.alias), lookup_condition(doubt.lookup))
    return where(query, [doubt.condition])


def _finding(engine: Engine, rows: Rows, doubt: Doubt, count: int, total: int) -> Finding:
    message = f"{count:,} of {total:,} rows of '{rows.dataset.name}' ({_share(count, total)}): {doubt.says}"
    hint = _examples(engine, _rows_of(rows, doubt), doubt.example) if doubt.example else None
    return Finding(Diagnostic(doubt.code, message, doubt.span, hint), "finding", count, total)


# Declarations that the rows break ------------------------------------------------------------


def _guards(rows: Rows) -> Iterator[tuple[Guard, Span]]:
    """What must not be, of the keys and the validity that the target has."""
    dataset, at = rows.dataset, f"datasets.{rows.dataset.name}"
    if not rows.has_key:
        return
    yield unique_guard(dataset), value_place(rows.model, at, "primary_key")
    validity = dataset.validity
    if validity is not None and rows.clock(validity.from_) and rows.clock(validity.to):
        yield overlap_guard(dataset, validity), value_place(rows.model, at, "validity")


def _broken(engine: Engine, rows: Rows, guard: Guard, place: Span, total: int) -> Iterator[Finding]:
    concerned = cast(exp.Sum(this=column(CONCERNED)), "bigint")
    values = [named(_all_rows(), "faults"), named(concerned, "concerned")]
    faults, count = _ask(engine, select(values, subquery(guard.faults.copy(), "faults")))[0]
    if not faults:
        return
    found = guard.diagnostic(faults, place)
    message = f"{found.message}; {count:,} of {total:,} rows ({_share(count, total)})"
    if rows.may_show(guard.keys):
        example = Example(", ".join(guard.keys), tuple(map(column, guard.keys)))
        shown = _examples(engine, select([], subquery(guard.faults.copy(), "faults")), example)
        found = replace(found, hint=f"{shown}; {found.hint}")
    yield Finding(replace(found, message=message), "mistake", count, total)


# Asking ------------------------------------------------------------


def _examples(engine: Engine, query: exp.Select, example: Example) -> str:
    """The first few of the values in the rows of a query whose columns are not chosen yet."""
    places = [exp.Literal.number(at + 1) for at in range(len(example.values))]
    query.set("expressions", [named(value.copy(), f"value_{at}") for at, value in enumerate(example.values)])
    query.set("distinct", exp.Distinct())
    query.set("order", exp.Order(expressions=[exp.Ordered(this=place) for place in places]))
    query.set("limit", exp.Limit(expression=exp.Literal.number(_EXAMPLES)))
    found = [tuple(map(str, row)) for row in _ask(engine, query)]
    return f"such as {example.name} " + ", ".join(row[0] if len(row) == 1 else f"({', '.join(row)})" for row in found)


def _count(engine: Engine, query: exp.Select) -> int:
    query.set("expressions", [named(_all_rows(), "found")])
    return int(_ask(engine, query)[0][0])


def _ask(engine: Engine, query: exp.Select) -> list[tuple[Any, ...]]:
    """The rows of a query. The tree is consumed."""
    answer = engine.execute(DIALECTS[engine.dialect].emit(query))
    return [tuple(row.values()) for row in answer.to_pylist()]


def _source(rows: Rows) -> exp.Expr:
    return source_of(rows.dataset, rows.dataset.name)


def _all_rows() -> exp.Expr:
    return exp.Count(this=exp.Star())


def _share(part: int, whole: int) -> str:
    """A share that does not round to none or to all."""
    share = part / whole
    if share < 0.001:
        return "< 0.1%"
    return "> 99.9%" if 0.999 < share < 1 else f"{share:.1%}"
