"""The one path from a query to SQL: resolve → passes → lower → dialect. Pure: no I/O, no clock, no environment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from semantic.asked import Asked
from semantic.calendars import CalendarWord, calendar_words
from semantic.dataset_sql import check_sources
from semantic.described import Described
from semantic.dialects import DIALECTS
from semantic.errors import Diagnostic, QueryError, listing
from semantic.expressions import PARTS
from semantic.formats import Format, Thresholds
from semantic.lower import lower
from semantic.model import Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, dimensions_of, read_name
from semantic.passes import PASSES
from semantic.periods import Period
from semantic.plan import Plan
from semantic.query import Query
from semantic.resolve import resolve
from semantic.trees import IS_COMPLETE, IS_TOTAL
from semantic.value_order import labels_of

Role = Literal["dimension", "time", "metric", "marker"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result: its name as asked for, and what people want to know about it.

    `labels` are what people read instead of values (`formats.label_of`); a `personal` column is masked where no purpose
    was stated.
    """

    name: str
    role: Role
    label: str
    description: str = ""
    format: Format | None = None
    thresholds: Thresholds | None = None
    grain: str | None = None
    labels: Mapping[object, str] = field(default_factory=dict)
    personal: bool = False

    @property
    def marks_total(self) -> bool:
        """Whether this says which row is the total."""
        return self.role == "marker" and self.name == IS_TOTAL


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as SQL, with everything that was settled on the way."""

    sql: str
    columns: tuple[Column, ...]
    query: Query
    plan: Plan
    as_of: datetime
    time_zone: str
    period: Period | None
    notes: tuple[str, ...] = ()

    @property
    def masked(self) -> tuple[int, ...]:
        """The columns whose values are masked: their order and the limit are those of the masks, so not in the SQL."""
        return tuple(at for at, column in enumerate(self.columns) if column.personal and self.query.purpose is None)

    @property
    def as_now(self) -> tuple[str, ...]:
        """The datasets whose rows are as they are now, for people: as-of hides none that were recorded later."""
        scans = self.plan.all_scans
        used = [dataset for scan in scans for dataset in (scan.dataset, *(lookup.dataset for lookup in scan.lookups))]
        return tuple(sorted({each.label or each.name for each in used if each.recorded is None}))

    @property
    def sql_hash(self) -> str:
        """SHA-256 of the SQL, hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def compile_query(model: Model, query: Query, *, as_of: datetime, dialect: str = "duckdb") -> Compiled:
    """Compile a query as of an aware instant. Raises QueryError, with the reason, where it has no correct answer."""
    found = DIALECTS.get(dialect)
    if found is None:
        raise QueryError(Diagnostic("E323", f"unknown dialect '{dialect}'", hint=f"known: {listing(DIALECTS)}"))
    plan, asked = plan_query(model, query, as_of)
    if not found.reads_duckdb:
        check_sources(model, plan, dialect)
    columns = tuple(_columns(asked))
    hides = query.purpose is None and any(column.personal for column in columns)
    whole = replace(plan, limit=None) if hides else plan
    sql = found.emit(lower(whole, totals_nothing=found.totals_nothing))
    zone = asked.context.calendar.time_zone
    return Compiled(sql, columns, query, plan, as_of, zone, asked.period, tuple(_notes(asked)))


def plan_query(model: Model, query: Query, as_of: datetime) -> tuple[Plan, Asked]:
    """The plan that is lowered to SQL: resolved and rewritten. Raises QueryError."""
    plan, asked = resolve(query, model, as_of)
    for rewrite in PASSES:
        plan = rewrite(plan, asked)
    return plan, asked


def _notes(asked: Asked) -> Iterator[str]:
    """What whoever asks should know: names that go away."""
    for name, thing in dict(_asked_things(asked)).items():
        if thing.deprecated is not None:
            note = f" ({thing.deprecated.note})" if thing.deprecated.note else ""
            yield f"'{name}' is deprecated: use '{thing.deprecated.use}' instead{note}"


def _asked_things(asked: Asked) -> Iterator[tuple[str, Described]]:
    """What a query names: metrics, dimensions, and in its condition segments too."""
    model = asked.context.model
    yield from ((name, model.metrics[name]) for name in asked.query.read_metrics)
    known: list[tuple[str, Reference | Described]] = [(key.name, reference) for key, reference in asked.by]
    for word in asked.where.names if asked.where is not None else ():
        segment = None if word.qualifier else model.segments.get(word.name)
        known.append((str(word), segment or read_name(model, word)))
    for name, meant in known:
        if isinstance(meant, DimensionRef):
            yield from ((name, found) for found in dimensions_of(model, meant)[:1])
        elif isinstance(meant, Described):
            yield name, meant


def _columns(asked: Asked) -> list[Column]:
    columns = [_dimension_column(asked, at) for at in range(len(asked.by))]
    for name in asked.query.metrics:
        metric = asked.context.model.metrics[name]
        label = metric.label or spoken(name)
        columns.append(Column(name, "metric", label, metric.description, metric.format, metric.thresholds))
    if asked.query.is_complete:
        columns.append(Column(IS_COMPLETE, "marker", "Complete", "Whether all data of the period are there."))
    return columns + ([Column(IS_TOTAL, "marker", "Total")] if asked.query.totals else [])


def _dimension_column(asked: Asked, at: int) -> Column:
    key, reference = asked.by[at]
    match reference:
        case TimeWord(grain):
            return Column(key.name, "time", spoken(grain), grain=grain)
        case TimePart(part):
            word = calendar_words(asked.context.model).get(part)
            return _calendar_column(key.name, word) if word else Column(key.name, "dimension", spoken(part))
        case DimensionRef(grain=str(grain)) if grain in calendar_words(asked.context.model):
            return _calendar_column(key.name, calendar_words(asked.context.model)[grain])
        case DimensionRef(name=name, grain=grain):
            found = dimensions_of(asked.context.model, reference)
            one = found[0] if len(set(map(id, found))) == 1 else None
            label, description = (one.label or spoken(name), one.description) if one else (spoken(name), "")
            labels = labels_of(one) if one and not grain else {}
            grain = None if grain in PARTS else grain
            role: Role = "time" if grain else "dimension"
            personal = any(dimension.personal for dimension in found)
            return Column(key.name, role, label, description, grain=grain, labels=labels, personal=personal)


def _calendar_column(name: str, word: CalendarWord) -> Column:
    label = word.meaning.label or spoken(word.name)
    return Column(name, "time" if word.is_period else "dimension", label, word.meaning.description)


def spoken(name: str) -> str:
    """A name as a heading: `new_users` → `New users`."""
    return name.replace("_", " ").strip().capitalize()
