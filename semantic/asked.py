"""A query whose names are understood; what is wrong with it by itself is refused here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from semantic.calendars import calendar_words
from semantic.check_query import check_query
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import TIME_WORDS, Expression
from semantic.frames import Now, Stretch
from semantic.metric_types import Metric, Simple
from semantic.model import Dimension, Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, dimensions_of, names_within, read_name
from semantic.parse import parse
from semantic.periods import Period, parse_period
from semantic.plan import Key
from semantic.privacy import check_purpose, refuse_clocks, refuse_conditions, refuse_picking, refuse_top, uses_at
from semantic.query import Query
from semantic.scans import Context
from semantic.value_order import compares_as_text, ordered_values


@dataclass(frozen=True, slots=True)
class Asked:
    """A query whose names are understood, and the period as days.

    `total_of` is the grain of the query whose total this is, empty if that has none.
    """

    query: Query
    context: Context
    by: tuple[tuple[Key, Reference], ...]
    where: Expression | None
    period: Period | None
    total_of: str | None = None
    is_total: bool = False
    span: Stretch | None = None
    gap: Stretch | None = None

    @property
    def own_span(self) -> Stretch | None:
        """The rows that count where nothing else is said: those of the period."""
        if self.span is not None or self.period is None:
            return self.span
        return Stretch(self.period.start, self.period.end)

    @property
    def now(self) -> Now:
        """The query's instant."""
        return Now(self.context.as_of, self.context.calendar)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The columns that group."""
        return tuple(key for key, _ in self.by)

    @property
    def grain(self) -> str | None:
        """The grain of the only time word."""
        words = [key.grain for key in self.keys if key.is_time]
        return words[0] if len(words) == 1 else None

    @property
    def grain_key(self) -> str | None:
        """The name of the key of the only time word."""
        return next((key.name for key in self.keys if key.is_time), None) if self.grain else None

    @property
    def several_grains(self) -> bool:
        """Whether periods are combinations of several time words."""
        return sum(key.is_time for key in self.keys) > 1


def understand(query: Query, model: Model, as_of: datetime) -> Asked:
    """Give the query's names, period and zone their meaning."""
    if as_of.tzinfo is None:
        hint = "give it a time zone: datetime(…, tzinfo=…)"
        raise QueryError(Diagnostic("E324", f"as-of {as_of} is no instant: it has no time zone", hint=hint))
    mistakes = [*check_query(query, model)]
    calendar = replace(model.calendar, time_zone=_zone(query.time_zone) or model.time_zone)
    try:
        period = parse_period(query.period, calendar, as_of) if query.period is not None else None
    except QueryError as error:
        mistakes += error.diagnostics
    if mistakes:
        raise QueryError(*mistakes)
    by = _with_top(query, tuple((name, read_name(model, name)) for name in query.by), model)
    where = parse(query.where) if query.where is not None else None
    _check_privacy(query, model, by, where)
    return Asked(query, Context(model, calendar, as_of), by, where, period)


def _with_top(query: Query, by: tuple[tuple[str, Reference], ...], model: Model) -> tuple[tuple[Key, Reference], ...]:
    """The keys; that of `top` with what comes last in it."""
    top = read_name(model, query.top.dimension) if query.top is not None else None
    last = query.top.other if query.top is not None else None
    keys = ((_key(model, name, reference), reference) for name, reference in by)
    return tuple((replace(key, last=last) if reference == top else key, reference) for key, reference in keys)


def _check_privacy(query: Query, model: Model, by: tuple[tuple[Key, Reference], ...], where: Expression | None) -> None:
    """Personal data are masked, or asked for with a purpose. Raises QueryError."""
    check_purpose(query.purpose)
    if query.purpose is not None or not model.holds_personal:
        return
    ordered = {entry.strip().partition(" ")[0] for entry in query.order}
    refuse_conditions(model, where, [reference for key, reference in by if key.name in ordered])
    refuse_top(model, [reference for key, reference in by if key.last is not None])
    leaves = [leaf for name in query.read_metrics for leaf in metrics_within(model, model.metrics[name])]
    refuse_picking(model, leaves)
    words = [str(key.name) for key, reference in by if isinstance(reference, TimeWord | TimePart)]
    words += [str(name) for name in where.names if not name.qualifier and name.name in TIME_WORDS] if where else []
    words += ["period"] if query.period is not None else []
    named = [reference for _, reference in by]
    named += [read_name(model, name) for name in names_within(model, where)] if where else []
    words += [str(reference) for reference in named if uses_at(model, reference)]
    if words:
        refuse_clocks(model, leaves, words[0])


def _zone(name: str | None) -> str | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key if name is not None else None
    except (ValueError, OSError, LookupError):
        hint = "write an IANA name such as Europe/Berlin"
        raise QueryError(Diagnostic("E321", f"unknown time zone '{name}'", hint=hint)) from None


def _key(model: Model, name: str, reference: Reference) -> Key:
    match reference:
        case TimeWord(grain):
            return Key(name, grain)
        case DimensionRef(grain=None):
            return _dimension_key(name, dimensions_of(model, reference))
        case TimePart(part) if (word := calendar_words(model).get(part)) is not None and word.is_period:
            return Key(name, calendar=word.days.name)
        case DimensionRef() | TimePart():
            return Key(name)


def _dimension_key(name: str, found: tuple[Dimension, ...]) -> Key:
    """A dimension's column, with the order of its values where all that the name can mean agree on one."""
    orders = {(ordered_values(dimension), compares_as_text(dimension)) for dimension in found}
    return Key(name, None, *orders.pop()) if len(orders) == 1 else Key(name)


def metrics_within(model: Model, metric: Metric) -> Iterable[Simple]:
    """The simple metrics that a metric is made of, each once."""
    seen: dict[str, Metric] = {}
    waiting = [metric]
    while waiting:
        found = waiting.pop()
        if found.name not in seen:
            seen[found.name] = found
            waiting.extend(model.metrics[each.metric] for each in found.references() if each.metric in model.metrics)
    return [found for found in seen.values() if isinstance(found, Simple)]
