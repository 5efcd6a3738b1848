"""Frames: the stretch of time whose rows a metric aggregates, other than the period in which its value is shown.

`28 days` ending with the period, all time up to its end, from the start of the month, the period before: a frame is a
way from a period of the query's grain to two edges, first moved, then widened.
"""

from __future__ import annotations

import calendar as months
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from semantic.expressions import GRAINS
from semantic.periods import DAY_GRAINS, MONTHS, Calendar, Period, step

UNITS = ("hour", "day", "week", "month", "quarter", "year")
_LENGTH = re.compile(rf"([1-9]\d{{0,4}}) ({'|'.join(UNITS)})s?", re.ASCII)
_PERIODS = re.compile(r"(?:previous period|([1-9]\d{0,4}) periods?)", re.ASCII)
_START = re.compile(rf"start of (?:the )?({'|'.join(DAY_GRAINS[1:])})")

Edge = date | datetime  # the beginning of a business day, or an instant (naive UTC)


@dataclass(frozen=True, slots=True)
class Length:
    """A stretch of calendar time: `28 days`."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''}"

    @property
    def days(self) -> int:
        """How many days it has; 0 where months, or hours, are counted."""
        return self.count * {"day": 1, "week": 7}.get(self.unit, 0)

    @property
    def months(self) -> int:
        """How many months it has; 0 where days, or hours, are counted."""
        return self.count * MONTHS.get(self.unit, 0)


@dataclass(frozen=True, slots=True)
class Rolling:
    """A length that ends with the period."""

    length: Length


@dataclass(frozen=True, slots=True)
class Cumulative:
    """All time up to the period's end."""


@dataclass(frozen=True, slots=True)
class ToDate:
    """From the start of the week, month, … in which the period ends."""

    grain: str


@dataclass(frozen=True, slots=True)
class Trailing:
    """The periods of the query's grain that end with this one."""

    count: int


@dataclass(frozen=True, slots=True)
class Back:
    """So much calendar time before."""

    length: Length


@dataclass(frozen=True, slots=True)
class PeriodsBack:
    """So many periods of the query's own grain before."""

    count: int


@dataclass(frozen=True, slots=True)
class StartOf:
    """The period in which the week, month, … of this one begins."""

    grain: str


@dataclass(frozen=True, slots=True)
class Own:
    """The period itself, of the one in progress what has begun of it in days."""


Window = Rolling | Cumulative | ToDate | Trailing | Own
Shift = Back | PeriodsBack | StartOf


@dataclass(frozen=True, slots=True)
class Frame:
    """The way from a period to the rows that count in it: moved by each of `shifts`, then widened by `window`.

    `elapsed`: of the period in progress only as much as has passed, and as much of the one that it is compared with.
    """

    shifts: tuple[Shift, ...] = ()
    window: Window | None = None
    elapsed: bool = False

    def moved(self, shift: Shift) -> Frame:
        """The frame that begins with another move."""
        return replace(self, shifts=(*self.shifts, shift))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time from `start` up to, not including, `end`; None: without that edge."""

    start: Edge | None = None
    end: Edge | None = None


def read_length(text: str) -> Length | None:
    """`28 days`; None for what is no length."""
    found = _LENGTH.fullmatch(" ".join(text.lower().split()))
    return Length(int(found[1]), found[2]) if found else None


def read_shift(text: str) -> Shift | None:
    """`1 month`, `previous period`, `3 periods`, `start of year`; None for anything else."""
    words = " ".join(text.lower().split())
    if found := _PERIODS.fullmatch(words):
        return PeriodsBack(int(found[1] or 1))
    if found := _START.fullmatch(words):
        return StartOf(found[1])
    length = read_length(words)
    return Back(length) if length else None


def months_before(day: date, count: int) -> date:
    """The same day of an earlier month, or its last one where it is shorter."""
    at = day.year * 12 + day.month - 1 - count
    year, month = at // 12, at % 12 + 1
    return date(year, month, min(day.day, months.monthrange(year, month)[1]))


def before(edge: Edge, length: Length, zone: str) -> Edge:
    """The edge that lies a length before another. An hour is 60 minutes; all else is counted on the wall clock."""
    if length.unit == "hour":
        return (edge if isinstance(edge, datetime) else instant_of(edge, zone)) - timedelta(hours=length.count)
    if not isinstance(edge, datetime):
        return _days_before(edge, length)
    wall = wall_of(edge, zone)
    return instant_of(datetime.combine(_days_before(wall.date(), length), wall.time()), zone)


def _days_before(day: date, length: Length) -> date:
    return months_before(day, length.months) if length.months else day - timedelta(days=length.days)


def wall_of(instant: datetime, zone: str) -> datetime:
    """What the zone's clock shows at an instant (naive UTC)."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant_of(wall: Edge, zone: str) -> datetime:
    """The instant (naive UTC) at which the zone's clock shows a time; of two the later.

    A time that the clock skips is read as if it had not been put forward yet, so it lies after that.
    """
    local = wall if isinstance(wall, datetime) else datetime(wall.year, wall.month, wall.day)
    both = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(both).replace(tzinfo=None)


def moved_period(period: Period, length: Length) -> Period:
    """A whole period moved back; whole months stay whole months, else each of its days is moved."""
    if not length.months:
        return Period(_days_before(period.start, length), _days_before(period.end, length))
    if period.start.day == period.end.day == 1:
        return Period(months_before(period.start, length.months), months_before(period.end, length.months))
    last = months_before(period.end - timedelta(days=1), length.months)
    return Period(months_before(period.start, length.months), last + timedelta(days=1))


def own_length(period: Period, count: int) -> Length:
    """A number of times the length of a period: in months where it consists of whole ones."""
    if period.start.day == period.end.day == 1:
        whole = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
        return Length(whole * count, "month")
    return Length((period.end - period.start).days * count, "day")


def first_edge(window: Window | None, start: Edge | None, end: Edge, calendar: Calendar, grain: str) -> Edge | None:
    """Where a window begins that ends at `end`, given where the period begins; None: it has no beginning."""
    match window:
        case None | Own():
            return start
        case Cumulative():
            return None
        case Rolling(length):
            return before(end, length, calendar.time_zone)
        case ToDate(unit):
            return calendar.first_day(_last_day(end, calendar.time_zone), unit)
        case Trailing(count):
            return step(calendar.first_day(_as_day(start, calendar.time_zone), grain), grain, 1 - count)


def _last_day(end: Edge, zone: str) -> date:
    """The business day of the last moment before an edge."""
    if isinstance(end, datetime):
        return wall_of(end - timedelta.resolution, zone).date()
    return end - timedelta(days=1)


def _as_day(edge: Edge | None, zone: str) -> date:
    if isinstance(edge, datetime):
        return wall_of(edge, zone).date()
    return edge or date.min


def as_length(shift: Shift, grain: str) -> Length | None:
    """How far a shift goes back, as it is counted from a period of a grain; None where that is no whole number of them.

    Weeks have no place in a month or a year: a year before a week is 52 weeks.
    """
    match shift:
        case PeriodsBack(count):
            return Length(count, grain)
        case StartOf():
            return None
        case Back(Length(count, unit) as length):
            if grain == "week":
                weeks = {"week": count, "year": 52 * count}.get(unit, count / 7 if unit == "day" else 0.5)
                return Length(int(weeks), "week") if weeks == int(weeks) else None
            if grain in MONTHS:
                return length if length.months and length.months % MONTHS[grain] == 0 else None
            return None if grain == "day" and unit == "hour" else length


_WITHIN = {  # the grains of which a period consists
    "minute": ("second",),
    "hour": ("second", "minute"),
    "day": ("second", "minute", "hour"),
    "week": ("second", "minute", "hour", "day"),
    "month": ("second", "minute", "hour", "day"),
    "quarter": ("second", "minute", "hour", "day", "month"),
    "fiscal_quarter": ("second", "minute", "hour", "day", "month"),
    "year": ("second", "minute", "hour", "day", "month", "quarter"),
    "fiscal_year": ("second", "minute", "hour", "day", "month", "fiscal_quarter"),
}


def nests(inner: str, outer: str) -> bool:
    """Whether every period of a grain consists of whole periods of another one."""
    return inner in _WITHIN.get(outer, ())


def is_instant(frame: Frame, grain: str) -> bool:
    """Whether frames of a grain's periods can begin or end within a day."""
    lengths = [shift.length for shift in frame.shifts if isinstance(shift, Back)]
    if isinstance(frame.window, Rolling):
        lengths.append(frame.window.length)
    return grain not in DAY_GRAINS or any(length.unit == "hour" for length in lengths)


def is_finer(grain: str, unit: str) -> bool:
    """Whether a grain comes before a unit in the order from seconds to years."""
    return GRAINS.index(grain) < GRAINS.index(unit)


@dataclass(frozen=True, slots=True)
class Now:
    """The query's instant and what it takes to read a clock."""

    as_of: datetime
    calendar: Calendar

    @property
    def today(self) -> date:
        """The business day of as-of."""
        return self.calendar.local(self.as_of).date()

    @property
    def tomorrow(self) -> date:
        """The day after."""
        return self.today + timedelta(days=1)

    @property
    def instant(self) -> datetime:
        """As-of as naive UTC."""
        return self.as_of.astimezone(UTC).replace(tzinfo=None)

    def is_in(self, period: Period) -> bool:
        """Whether as-of lies in a period."""
        return period.start <= self.today < period.end


@dataclass(frozen=True, slots=True)
class Cell:
    """A period whose frames are known when the query is compiled.

    `whole` is the period, None for all time; `grain` that of the query where there is one; `bounds` the query's period.
    """

    whole: Period | None
    grain: str | None
    bounds: Period | None
    now: Now

    def moved(self, shift: Shift) -> Cell:
        """The period that lies a shift before, whole; all of time stays what it is. The shift is known to fit."""
        return Cell(self.whole and self._moved(self.whole, shift), self.grain, None, self.now)

    def _moved(self, period: Period, shift: Shift) -> Period:
        calendar = self.now.calendar
        match shift, self.grain:
            case StartOf(unit), grain:
                return calendar.span(calendar.first_day(period.start, unit), str(grain))
            case PeriodsBack(count), None:
                return moved_period(period, own_length(period, count))
            case Back(length), None:
                return moved_period(period, length)
            case _, grain:
                length = as_length(shift, str(grain)) or Length(0, "day")
                return calendar.span(_days_before(period.start, length), str(grain))

    def stretch(self, frame: Frame, is_date: bool) -> Stretch:
        """The rows that count in a frame of this period; on a clock of business days in whole ones."""
        start, end = self._moved_edges(frame, is_date)
        calendar = self.now.calendar
        return Stretch(first_edge(frame.window, start, end, calendar, self.grain or "day"), end)

    def _moved_edges(self, frame: Frame, is_date: bool) -> tuple[Edge | None, Edge]:
        if frame.elapsed and self.whole is not None and self.now.is_in(self.whole):
            return self._elapsed(self.whole, frame.shifts, is_date)
        found = self
        for shift in frame.shifts:
            found = found.moved(shift)
        return found.edges(cut=frame.window is not None)

    def edges(self, cut: bool) -> tuple[date | None, date]:
        """Where the period begins and ends within the query's; `cut`: not after as-of's day, if that lies in it."""
        if self.whole is None:
            return None, self.now.tomorrow
        bounds = self.bounds or self.whole
        end = min(self.whole.end, bounds.end)
        if cut and self.now.is_in(self.whole):
            end = min(end, self.now.tomorrow)
        return max(self.whole.start, bounds.start), end

    def _elapsed(self, whole: Period, shifts: tuple[Shift, ...], is_date: bool) -> tuple[Edge, Edge]:
        """As much of the period as has passed, or of the one that lies all shifts before."""
        zone, bounds, found = self.now.calendar.time_zone, self.bounds or whole, self
        start = max(whole.start, bounds.start)
        passed = _midnight(self.now.tomorrow) if is_date else wall_of(self.now.instant, zone)
        wall = min(passed, _midnight(min(whole.end, bounds.end)))
        for shift in shifts:
            found, earlier = found.moved(shift), found
            start, wall = _moved_part(start, wall, earlier, found, shift)
        return start, wall.date() if wall.time() == time.min else instant_of(wall, zone)


def _moved_part(start: date, end: datetime, now: Cell, then: Cell, shift: Shift) -> tuple[date, datetime]:
    """The same part of an earlier period: between the same dates if that is months before, else as many days of it."""
    if now.whole is None or then.whole is None:
        raise TypeError("all of time has no part that has passed")
    length = _length_back(shift, now)
    if length is not None and length.months and now.grain not in ("day", "week"):
        first = max(months_before(start, length.months), then.whole.start)
        last = datetime.combine(months_before(end.date(), length.months), end.time())
    else:
        first = then.whole.start + (start - now.whole.start)
        last = _midnight(first) + (end - _midnight(start))
    return first, min(last, _midnight(then.whole.end))


def _length_back(shift: Shift, cell: Cell) -> Length | None:
    if cell.grain is not None:
        return as_length(shift, cell.grain)
    if isinstance(shift, PeriodsBack) and cell.whole is not None:
        return own_length(cell.whole, shift.count)
    return shift.length if isinstance(shift, Back) else None


def _midnight(edge: Edge) -> datetime:
    return datetime(edge.year, edge.month, edge.day)
