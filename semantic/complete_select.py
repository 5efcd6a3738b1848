"""Completeness as SQL: how far the data of each dataset reach, and which periods end before that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlglot import exp

from semantic.clocks import Clock, to_local
from semantic.expressions import call, cast, date_literal, text, timestamp_literal
from semantic.frames import Frame, Now, Stretch
from semantic.framing import whole_end
from semantic.periods import DAY_GRAINS
from semantic.plan import Completeness, Frames, Key, Reached
from semantic.scan_select import source_of
from semantic.trees import column, interval, named, select, where


@dataclass(slots=True)
class Edges:
    """The columns that say how far the data of each dataset reach, and when those of first times begin."""

    reached: list[exp.Expr] = field(default_factory=list)
    begun: list[exp.Expr] = field(default_factory=list)


def reached_select(reached: Reached, completeness: Completeness, name: str) -> exp.Select:
    """One row, with the day up to which the data are there, or the instant (naive UTC) below day; NULL without data.

    What lies before the query's period says nothing about the periods in it.
    """
    now, period = completeness.now, completeness.period
    found = _less_lag(reached, now) if _has_hours(reached, completeness) else _less_days(reached)
    if _has_hours(reached, completeness) and not completeness.below_day:
        found = Clock(found, "timestamp", "UTC", now.calendar).at("day")
    rows = select([named(found, name)], source_of(reached.dataset, reached.dataset.name))
    known = Stretch(period.start if period else None, now.instant + timedelta.resolution)
    return where(rows, reached.clock.within(known))


def _has_hours(reached: Reached, completeness: Completeness) -> bool:
    return completeness.below_day or (reached.lag is not None and reached.lag.unit == "hour")


def _less_days(reached: Reached) -> exp.Expr:
    """The day of the largest time, less a lag of days."""
    clock, lag = reached.clock, reached.lag
    is_ordered = clock.kind != "timestamp" or clock.zone in ("UTC", clock.calendar.time_zone)
    latest = replace(clock, value=exp.Max(this=clock.value)) if is_ordered else _latest_utc(clock)
    day = latest.at("day")
    return day if lag is None else cast(exp.Paren(this=exp.Sub(this=day, expression=interval(lag.days, "day"))), "date")


def _less_lag(reached: Reached, now: Now) -> exp.Expr:
    """The largest time as an instant (naive UTC), less a lag. Days are those on the wall."""
    lag, zone = reached.lag, now.calendar.time_zone
    found = to_local(_latest_utc(reached.clock), "UTC")
    if lag is None:
        return found
    if lag.unit == "hour":
        return exp.Paren(this=exp.Sub(this=found, expression=interval(lag.count, "hour")))
    return _to_zone(exp.Sub(this=_to_zone(found, "UTC", zone), expression=interval(lag.days, "day")), zone, "UTC")


def _latest_utc(clock: Clock) -> Clock:
    """The largest time. What a zone's clock said in a night in which it was changed is in no order as it stands."""
    calendar = clock.calendar
    if clock.kind == "date":  # a day is its first moment
        midnight = cast(exp.Max(this=clock.value), "timestamp")
        return Clock(midnight, "timestamp", calendar.time_zone, calendar)
    if clock.kind == "timestamptz" or clock.zone == "UTC":
        return replace(clock, value=exp.Max(this=clock.value))
    return Clock(exp.Max(this=to_local(clock, "UTC")), "timestamp", "UTC", calendar)


def _to_zone(value: exp.Expr, source: str, zone: str) -> exp.Expr:
    return call("to_zone", value, text(source), text(zone))


def is_complete(completeness: Completeness, source: str, edges: Edges, flag: exp.Expr | None) -> exp.Expr:
    """Whether the period of a row of `source` is complete; NULL where it has none.

    `flag` is the column that marks the total.
    """
    keys, period = completeness.keys, completeness.period
    if not keys:
        return _of_period(completeness, edges)
    reaches = (_reaches(_end(completeness, source), each) for each in edges.reached)
    follows = (_follows(_start(completeness, source), each) for each in edges.begun)
    found = _known([*_uncut(completeness, source), *reaches, *follows])
    if period is not None:
        return found if flag is None else exp.Case().when(flag, _of_period(completeness, edges)).else_(found)
    known = [exp.Not(this=exp.Is(this=column(key.name, source), expression=exp.Null())) for key in keys]
    return exp.Case().when(exp.and_(*known, copy=False), found)


def _of_period(completeness: Completeness, edges: Edges) -> exp.Expr:
    """Whether the query's own period is complete."""
    if completeness.period is None:
        return exp.Null()
    start, end = completeness.period.start, completeness.period.end
    if not completeness.below_day:
        reaches = [_reaches(date_literal(end), each) for each in edges.reached]
        return _known([*reaches, *(_follows(date_literal(start), each) for each in edges.begun)])
    zone = completeness.now.calendar.time_zone
    reaches = [_reaches(_midnight(end), _to_zone(each.copy(), "UTC", zone)) for each in edges.reached]
    return _known([*reaches, *(_follows(_midnight(start), _to_zone(each.copy(), "UTC", zone)) for each in edges.begun)])


def _midnight(day: date) -> exp.Expr:
    return timestamp_literal(datetime(day.year, day.month, day.day))


def _known(conditions: list[exp.Expr]) -> exp.Expr:
    """Whether all hold; without any data they do not."""
    return exp.Coalesce(this=exp.and_(*conditions, copy=False), expressions=[exp.false()])


def _reaches(end: exp.Expr, reached: exp.Expr) -> exp.Expr:
    return exp.LTE(this=end, expression=reached.copy())


def _follows(start: exp.Expr, begun: exp.Expr) -> exp.Expr:
    """Whether a period begins after the data: of the one in which they do nobody knows what was first before them."""
    return exp.GT(this=start, expression=begun.copy())


def _start(completeness: Completeness, source: str) -> exp.Expr:
    """Where the period of a row begins; of several the part that they share."""
    starts = [column(key.name, source) for key in completeness.cutting]
    start = starts[0] if len(starts) == 1 else call("greatest", *starts)
    return call("utc", start) if completeness.below_day else start


def _end(completeness: Completeness, source: str) -> exp.Expr:
    """Where the period of a row ends; of several the part that they share."""
    ends = [_end_of(completeness, key, source) for key in completeness.cutting]
    return ends[0] if len(ends) == 1 else call("least", *ends)


def _end_of(completeness: Completeness, key: Key, source: str) -> exp.Expr:
    found = whole_end(Frames(key, Frame(), None, completeness.now))
    for each in list(found.find_all(exp.Column)):
        each.set("table", exp.to_identifier(source))
    return found


def _uncut(completeness: Completeness, source: str) -> list[exp.Expr]:
    """What holds for periods that the query's period does not cut; nothing where it cannot."""
    period, calendar = completeness.period, completeness.now.calendar
    grains = [str(key.grain) for key in completeness.keys]
    if period is None or not all(grain in DAY_GRAINS for grain in grains):
        return []
    found: list[exp.Expr] = []
    if all(calendar.first_day(period.start, grain) != period.start for grain in grains):
        found.append(exp.GTE(this=_start(completeness, source), expression=date_literal(period.start)))
    if all(calendar.first_day(period.end, grain) != period.end for grain in grains):
        found.append(exp.LTE(this=_end(completeness, source), expression=date_literal(period.end)))
    return found
