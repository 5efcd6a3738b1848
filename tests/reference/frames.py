"""Stretches of time: where they begin and end, which rows lie in them, and the periods of a grain within one."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from tests.reference.model import BELOW_DAY, Refused
from tests.reference.times import MONTHS, Clockwork, Moment, instant_at, on_wall

DAYS = {"day": 1, "week": 7}
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a stretch begins or ends: a day or an instant; `day` is what it is for clocks that know days alone."""

    moment: Moment
    day: date | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Half-open; None is unbounded."""

    start: Edge | None = None
    end: Edge | None = None


def at_day(day: date) -> Edge:
    return Edge(day, day)


def at_instant(instant: datetime) -> Edge:
    return Edge(instant, None)


ALWAYS = Frame()
NOWHERE = Frame(at_day(date.min), at_day(date.min))


# -- moments -------------------------------------------------------------------------------------------------


def read(wall: datetime, clock: Clockwork) -> datetime:
    """The instant of a time on the wall of the business."""
    return instant_at(wall, clock.zone)


def instant_of(moment: Moment, clock: Clockwork) -> datetime:
    """The first instant of a day; an instant as it is."""
    if isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=clock.zone).astimezone(UTC)


def wall_of(moment: Moment, clock: Clockwork) -> datetime:
    """The time on the wall; of a day its midnight."""
    if isinstance(moment, datetime):
        return on_wall(moment, clock.zone)
    return datetime(moment.year, moment.month, moment.day)


def is_before(a: Moment, b: Moment, clock: Clockwork) -> bool:
    if isinstance(a, datetime) == isinstance(b, datetime):
        return a < b
    return instant_of(a, clock) < instant_of(b, clock)


def moved_day(day: date, count: int, unit: str) -> date:
    """So many units earlier, at the last day of a month that is too short."""
    if unit in DAYS:
        return day - timedelta(days=count * DAYS[unit])
    months = day.year * 12 + day.month - 1 - count * MONTHS[unit]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def moved(moment: Moment, count: int, unit: str, clock: Clockwork) -> Moment:
    """So many units earlier: elapsed hours; else days of the calendar, at the same time on the wall."""
    if unit == "hour":
        return instant_of(moment, clock) - timedelta(hours=count)
    if not isinstance(moment, datetime):
        return moved_day(moment, count, unit)
    wall = on_wall(moment, clock.zone)
    return read(datetime.combine(moved_day(wall.date(), count, unit), wall.time()), clock)


def moved_edge(edge: Edge, count: int, unit: str, clock: Clockwork) -> Edge:
    day = None if edge.day is None or unit == "hour" else moved_day(edge.day, count, unit)
    return Edge(moved(edge.moment, count, unit, clock), day)


def start_of(edge: Edge, unit: str, clock: Clockwork) -> Edge | None:
    """The first day of the unit's period that holds the last moment before this; a calendar need not have one."""
    last = edge.moment - (MICROSECOND if isinstance(edge.moment, datetime) else timedelta(days=1))
    first = clock.label(clock.day(last), unit)
    day = None if edge.day is None else clock.label(edge.day - timedelta(days=1), unit)
    return None if first is None or (day is None and edge.day is not None) else Edge(first, day)


# -- stretches -----------------------------------------------------------------------------------------------


def earlier(a: Edge, b: Edge, clock: Clockwork) -> Edge:
    days = None if a.day is None or b.day is None else min(a.day, b.day)
    return Edge(b.moment if is_before(b.moment, a.moment, clock) else a.moment, days)


def later(a: Edge, b: Edge, clock: Clockwork) -> Edge:
    days = None if a.day is None or b.day is None else max(a.day, b.day)
    return Edge(b.moment if is_before(a.moment, b.moment, clock) else a.moment, days)


def cut(frame: Frame, end: Edge | None, clock: Clockwork) -> Frame:
    """What lies before this end."""
    ends = [edge for edge in (frame.end, end) if edge is not None]
    return Frame(frame.start, earlier(ends[0], ends[-1], clock) if ends else None)


def common(a: Frame, b: Frame, clock: Clockwork) -> Frame:
    starts = [edge for edge in (a.start, b.start) if edge is not None]
    return cut(Frame(later(starts[0], starts[-1], clock) if starts else None, a.end), b.end, clock)


def is_reached(edge: Edge, at: Moment, day: date) -> bool:
    """Whether a row's time, on this day, is not before the edge."""
    if not isinstance(at, datetime):
        if edge.day is None:
            raise Refused("days have no hours")
        return at >= edge.day
    return at >= edge.moment if isinstance(edge.moment, datetime) else day >= edge.moment


def holds(frame: Frame, at: Moment, day: date) -> bool:
    if frame.start is not None and not is_reached(frame.start, at, day):
        return False
    return frame.end is None or not is_reached(frame.end, at, day)


def holds_now(frame: Frame, clock: Clockwork) -> bool:
    """Whether as-of lies in it."""
    return holds(frame, clock.as_of, clock.now.date())


# -- periods of a grain --------------------------------------------------------------------------------------


@cache
def period_of(label: Moment, grain: str, clock: Clockwork) -> Frame:
    """The stretch of the period with this label: all moments that have it."""
    if not isinstance(label, datetime):
        return Frame(at_day(label), at_day(clock.end(label, grain)))
    step = {"hour": timedelta(minutes=15), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}[grain]
    start = label
    while clock.grain(start, grain) != label:
        start += step
    end = start
    while clock.grain(end, grain) == label:
        end += step
    return Frame(at_instant(start), at_instant(end))


def label_of(moment: Moment, grain: str, clock: Clockwork) -> Moment:
    """The label of the period of this grain that holds a moment."""
    label = clock.grain(instant_of(moment, clock) if grain in BELOW_DAY else moment, grain)
    assert label is not None
    return label


def beginning(moment: Moment, grain: str, clock: Clockwork) -> Edge | None:
    """Where the period begins that holds a moment; of a calendar, which need not have one, the moment's day."""
    if clock.calendars.has_period(grain):
        return at_day(clock.day(moment))
    return period_of(label_of(moment, grain, clock), grain, clock).start


def periods_back(period: Frame, grain: str, count: int, clock: Clockwork) -> Frame | None:
    """The period of the grain so many before this one; a calendar need not have one."""
    if clock.calendars.has_period(grain):
        assert period.start is not None
        label = clock.calendars.back(clock.day(period.start.moment), grain, count)
        return None if label is None else period_of(label, grain, clock)
    for _ in range(count):
        assert period.start is not None
        start = period.start.moment
        last = start - (MICROSECOND if isinstance(start, datetime) else timedelta(days=1))
        period = period_of(label_of(last, grain, clock), grain, clock)
    return period


def periods_in(frame: Frame, grain: str, clock: Clockwork) -> Iterator[Frame]:
    """The periods of the grain that share a moment with a bounded stretch."""
    assert frame.start is not None
    assert frame.end is not None
    start, end = frame.start.moment, frame.end.moment
    if clock.calendars.has_period(grain):
        for first, last in clock.calendars.spans(grain):
            if is_before(first, end, clock) and is_before(start, last, clock):
                yield Frame(at_day(first), at_day(last))
        return
    while is_before(start, end, clock):
        period = period_of(label_of(start, grain, clock), grain, clock)
        yield period
        assert period.end is not None
        start = period.end.moment


def end_of(period: Frame, grain: str | None, limit: Frame, clock: Clockwork) -> Edge | None:
    """Where windows end: the period's end, not after the query's, nor after as-of's day if as-of lies in it."""
    end = cut(period, limit.end, clock)
    if grain not in BELOW_DAY and holds_now(period, clock):
        end = cut(end, at_day(clock.now.date() + timedelta(days=1)), clock)
    return end.end
