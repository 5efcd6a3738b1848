"""The period that a comparison looks back at, and the part of it that has elapsed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction

from tests.reference.frames import (
    DAYS,
    Edge,
    Frame,
    at_day,
    earlier,
    label_of,
    moved,
    moved_day,
    period_of,
    periods_back,
    read,
    wall_of,
)
from tests.reference.model import BELOW_DAY, WORDS, Offset, Refused
from tests.reference.times import MONTHS, Clockwork

# How many periods of a grain a unit is; what is missing is no whole number of periods.
PERIODS = {
    "day": {"day": Fraction(1), "week": Fraction(7)},
    "week": {"day": Fraction(1, 7), "week": Fraction(1), "year": Fraction(52)},
    "month": {"month": Fraction(1), "quarter": Fraction(3), "year": Fraction(12)},
    "quarter": {"month": Fraction(1, 3), "quarter": Fraction(1), "year": Fraction(4)},
    "year": {"month": Fraction(1, 12), "quarter": Fraction(1, 4), "year": Fraction(1)},
}
PERIODS |= {"fiscal_quarter": PERIODS["quarter"], "fiscal_year": PERIODS["year"]}


def check_offset(offset: Offset, grain: str | None) -> None:
    if offset.count < 1:
        raise Refused("an offset goes back")
    if offset.kind == "start":
        _check_start(offset, grain)
    elif offset.kind == "unit" and grain is not None and grain not in WORDS:
        raise Refused(f"{grain} has no {offset.unit}s: say so many periods")
    elif offset.kind == "unit" and grain is None:
        if offset.unit == "hour":
            raise Refused("a period of days is not compared over hours")
    elif offset.kind == "unit" and grain not in BELOW_DAY and not (grain == "day" and offset.unit in MONTHS):
        assert grain is not None
        if (offset.count * PERIODS[grain].get(offset.unit, Fraction(1, 2 * offset.count))).denominator != 1:
            raise Refused(f"{offset.count} {offset.unit}s are no number of {grain}s")


def _check_start(offset: Offset, grain: str | None) -> None:
    if grain not in WORDS or WORDS.index(grain) >= WORDS.index(offset.unit):
        raise Refused(f"no {grain or 'period'} begins a {offset.unit}")


def counterpart(offset: Offset, grain: str | None, period: Frame, clock: Clockwork) -> Frame | None:
    """The whole period that one is compared with, if there is one."""
    check_offset(offset, grain)
    if grain is None:
        return _stretch_back(offset, period)
    if offset.kind in ("previous", "periods"):
        return periods_back(period, grain, offset.count, clock)
    assert period.start is not None
    start = period.start.moment
    if offset.kind == "start":
        first = clock.first_day(clock.day(start), offset.unit)
        return period_of(label_of(first, grain, clock), grain, clock)
    if grain in BELOW_DAY:
        label = label_of(start, grain, clock)
        return period_of(label_of(moved(label, offset.count, offset.unit, clock), grain, clock), grain, clock)
    if offset.unit not in PERIODS[grain]:  # months of days
        assert not isinstance(start, datetime)
        return period_of(moved_day(start, offset.count, offset.unit), grain, clock)
    return periods_back(period, grain, int(offset.count * PERIODS[grain][offset.unit]), clock)


def _stretch_back(offset: Offset, period: Frame) -> Frame:
    """Without a time word: the query's period, moved."""
    start, end = days_of(period)
    count, unit = _length_back(offset, period)
    if unit in DAYS or start.day == end.day == 1:
        return _between(moved_day(start, count, unit), moved_day(end, count, unit))
    last = moved_day(end - timedelta(days=1), count, unit)
    return _between(moved_day(start, count, unit), last + timedelta(days=1))


def _length_back(offset: Offset, period: Frame) -> tuple[int, str]:
    """How far the query's period is moved; relative to itself by its length, whole months in months."""
    if offset.kind == "unit":
        return offset.count, offset.unit
    start, end = days_of(period)
    if start.day == end.day == 1:
        return offset.count * ((end.year - start.year) * 12 + end.month - start.month), "month"
    return offset.count * (end - start).days, "day"


def months_back(offset: Offset, grain: str | None, period: Frame) -> int:
    """How many months lie between a period and the one that it is compared with; 0 if months are not counted."""
    if offset.kind == "start" or (grain is not None and grain not in MONTHS):
        return 0
    if grain is None:
        count, unit = _length_back(offset, period)
    else:
        count, unit = (offset.count, offset.unit) if offset.kind == "unit" else (offset.count, grain)
    return count * MONTHS.get(unit, 0)


def weeks_back(period: Frame, weeks: int) -> Frame:
    start, end = days_of(period)
    return _between(moved_day(start, weeks, "week"), moved_day(end, weeks, "week"))


def days_of(period: Frame) -> tuple[date, date]:
    if period.start is None or period.end is None:
        raise Refused("a comparison needs a period")
    assert period.start.day is not None
    assert period.end.day is not None
    return period.start.day, period.end.day


def _between(start: date, end: date) -> Frame:
    return Frame(at_day(start), at_day(end))


# -- elapsed -------------------------------------------------------------------------------------------------


def elapsed_part(base: Frame, clock: Clockwork) -> Frame:
    """What has gone by at as-of of a stretch that begins with a day."""
    now = Edge(clock.as_of, clock.now.date() + timedelta(days=1))
    assert base.end is not None
    return Frame(base.start, earlier(now, base.end, clock))


def same_part(part: Frame, period: Frame, other: Frame, months: int, clock: Clockwork) -> Frame:
    """The stretch of the other period that lies in it as `part` lies in the period.

    So many months earlier by the calendar; if months are not counted after as many days and as much time of the day.
    """
    assert part.start is not None
    assert part.end is not None
    assert other.end is not None
    if months:
        start, end = (_months_earlier(edge, months, clock) for edge in (part.start, part.end))
    else:
        start, end = _as_far_in(part, period, other, clock)
    return Frame(start, earlier(end, other.end, clock))


def _months_earlier(edge: Edge, months: int, clock: Clockwork) -> Edge:
    wall = wall_of(edge.moment, clock)
    day = None if edge.day is None else moved_day(edge.day, months, "month")
    return _edge(datetime.combine(moved_day(wall.date(), months, "month"), wall.time()), day, clock)


def _as_far_in(part: Frame, period: Frame, other: Frame, clock: Clockwork) -> tuple[Edge, Edge]:
    (first, _), (other_first, _) = days_of(period), days_of(other)
    assert part.start is not None
    assert part.start.day is not None
    assert part.end is not None
    start = other_first + (part.start.day - first)
    gone = wall_of(part.end.moment, clock) - wall_of(part.start.moment, clock)
    day = None if part.end.day is None else start + (part.end.day - part.start.day)
    return at_day(start), _edge(wall_of(start, clock) + gone, day, clock)


def _edge(wall: datetime, day: date | None, clock: Clockwork) -> Edge:
    """A time on the wall; midnight is the beginning of the day."""
    return Edge(wall.date() if wall.time() == time() else read(wall, clock), day)
