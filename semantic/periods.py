"""Calendar arithmetic in plain Python: grains, periods as people write them, and the instants at which days begin."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from semantic.errors import Diagnostic, QueryError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
YearMonth = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
YEAR_MONTHS: tuple[YearMonth, ...] = get_args(YearMonth)
DAY_GRAINS = ("day", "week", "month", "quarter", "fiscal_quarter", "year", "fiscal_year")
MONTHS = {"month": 1, "quarter": 3, "fiscal_quarter": 3, "year": 12, "fiscal_year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """Business days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __str__(self) -> str:
        return f"{self.start} .. {self.end - timedelta(days=1)}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """What turns instants into business days and periods: the time zone, and where weeks and fiscal years start."""

    time_zone: str
    week_start: str
    fiscal_year_start: YearMonth = "january"

    def offset(self, grain: str) -> int:
        """Days from Monday to the week's first day, or months from January to where a fiscal grain's periods start."""
        if grain == "week":
            return WEEKDAYS.index(self.week_start)
        months = YEAR_MONTHS.index(self.fiscal_year_start) if grain.startswith("fiscal_") else 0
        return months % MONTHS.get(grain, 1)

    def local(self, instant: datetime) -> datetime:
        """The naive business-local time of an instant."""
        return instant.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)

    def first_day(self, day: date, grain: str) -> date:
        """The first day of the period of a grain that contains `day`."""
        if grain == "week":
            return day - timedelta(days=(day.weekday() - self.offset(grain)) % 7)
        if grain in MONTHS:
            month, offset = day.year * 12 + day.month - 1, self.offset(grain)
            month = (month - offset) // MONTHS[grain] * MONTHS[grain] + offset
            return date(month // 12, month % 12 + 1, 1)
        return day

    def span(self, day: date, grain: str) -> Period:
        """The whole period of a grain that contains `day`."""
        start = self.first_day(day, grain)
        return Period(start, step(start, grain, 1))


def is_below_day(word: str) -> bool:
    """Whether a grain, or a part of a time, is one that a business day does not have."""
    return word in ("second", "minute", "hour", "hour_of_day")


def step(day: date, grain: str, count: int) -> date:
    """`count` periods of a grain after a period's first day."""
    if grain in MONTHS:
        months = day.year * 12 + day.month - 1 + count * MONTHS[grain]
        return date(months // 12, months % 12 + 1, day.day)
    return day + timedelta(days=count * (7 if grain == "week" else 1))


def as_interval(grain: str, count: int = 1) -> tuple[int, str]:
    """So many periods of a grain in a unit that SQL has for intervals."""
    if grain == "week":
        return 7 * count, "day"
    is_other = grain == "quarter" or grain.startswith("fiscal_")
    return (MONTHS[grain] * count, "month") if is_other else (count, grain)


def grains_between(period: Period, grain: str) -> int:
    """About how many periods of a grain lie within a period; never too few."""
    days = (period.end - period.start).days
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    length = seconds.get(grain, 86400 * 28 * MONTHS.get(grain, 1))
    return days * 86400 // length + 2


def parse_period(text: str, calendar: Calendar, as_of: datetime) -> Period:
    """A period as people write it; LANGUAGE.md lists the forms. Raises QueryError."""
    period = _parse(text, calendar, as_of)
    if period.start.year == 1:
        raise _refuse(text, "it begins where the calendar does, and in other zones before that")
    return period


def _parse(text: str, calendar: Calendar, as_of: datetime) -> Period:
    written = " ".join(text.strip().split())
    if ".." in written:
        first, _, last = written.partition("..")
        period = Period(_one(first, calendar, text).start, _one(last, calendar, text).end)
        if period.start >= period.end:
            raise _refuse(text, "it ends before it begins")
        return period
    today = calendar.local(as_of).date()
    relative = _relative(written.lower(), calendar, today)
    return relative or _one(written, calendar, text)


def _relative(written: str, calendar: Calendar, today: date) -> Period | None:
    grains = "|".join(DAY_GRAINS)
    if written in ("today", "yesterday"):
        day = today - timedelta(days=written == "yesterday")
        return Period(day, day + timedelta(days=1))
    if found := re.fullmatch(rf"this ({grains})", written):
        return calendar.span(today, found[1])
    if found := re.fullmatch(rf"last (?:(\d{{1,5}}) )?({grains})s?", written):
        count = int(found[1] or 1)
        end = calendar.first_day(today, found[2])
        try:
            return Period(step(end, found[2], -count), end) if count else None
        except (ValueError, OverflowError):
            return None
    return None


def _one(written: str, calendar: Calendar, whole: str) -> Period:
    written = written.strip()
    for pattern, read in _FORMS:
        if found := re.fullmatch(pattern, written, re.ASCII):
            try:
                return read(found, calendar)
            except QueryError:
                raise
            except (ValueError, OverflowError) as error:
                raise _refuse(whole, f"'{written}' is not in the calendar ({error})") from None
    raise _refuse(whole, f"{'it' if written == whole else repr(written)} is none of the known forms")


def _week(found: re.Match[str], calendar: Calendar) -> Period:
    if calendar.week_start != "monday":
        raise _refuse(found[0], f"ISO weeks start on Monday, the project's on {calendar.week_start.capitalize()}")
    start = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    return Period(start, step(start, "week", 1))


def _quarter(found: re.Match[str], calendar: Calendar) -> Period:
    return calendar.span(date(int(found[1]), int(found[2]) * 3 - 2, 1), "quarter")


def _fiscal_year(found: re.Match[str], calendar: Calendar) -> Period:
    """The fiscal year that ends in a year."""
    year = int(found[1]) - (calendar.offset("fiscal_year") > 0)
    return calendar.span(date(year, calendar.offset("fiscal_year") + 1, 1), "fiscal_year")


def _fiscal_quarter(found: re.Match[str], calendar: Calendar) -> Period:
    start = step(_fiscal_year(found, calendar).start, "fiscal_quarter", int(found[2]) - 1)
    return calendar.span(start, "fiscal_quarter")


_FORMS: tuple[tuple[str, Callable[[re.Match[str], Calendar], Period]], ...] = (
    (r"(\d{4})", lambda found, calendar: calendar.span(date(int(found[1]), 1, 1), "year")),
    (r"(\d{4})-[Qq]([1-4])", _quarter),
    (r"[Ff][Yy](\d{4})", _fiscal_year),
    (r"[Ff][Yy](\d{4})-[Qq]([1-4])", _fiscal_quarter),
    (
        r"(\d{4})-(\d{2})",
        lambda found, calendar: calendar.span(date(int(found[1]), int(found[2]), 1), "month"),
    ),
    (r"(\d{4})-[Ww](\d{2})", _week),
    (r"(\d{4}-\d{2}-\d{2})", lambda found, calendar: calendar.span(date.fromisoformat(found[1]), "day")),
)


def _refuse(text: str, reason: str) -> QueryError:
    forms = (
        "write 2025, 2025-Q1, FY2025, FY2025-Q1, 2025-03, 2025-W07, 2025-03-14, 2025-01..2025-03, last 13 weeks, "
        "this month or today"
    )
    return QueryError(Diagnostic("E320", f"the period '{text}' cannot be read: {reason}", hint=forms))


@lru_cache(maxsize=1024)
def midnight(day: date, zone: str) -> datetime | None:
    """The instant (naive UTC) at which a local day begins.

    None where the clock goes back over that midnight, so that the day does not begin at one instant.
    """
    local = datetime(day.year, day.month, day.day)
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if second > first and (second - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() < day:
        return None
    return first.replace(tzinfo=None)


@lru_cache(maxsize=1024)
def constant_offset(period: Period, zone: str) -> timedelta | None:
    """How far a zone's clock is ahead of UTC throughout a period of local days, None where that changes.

    Also None for more than fifty years, which would take long: the clock is looked at once a day. No zone's clock was
    ever changed and changed back between two looks.
    """
    if period.end - period.start > timedelta(days=50 * 366):
        return None
    start, end = midnight(period.start, zone), midnight(period.end, zone)
    if start is None or end is None:
        return None
    looks = chain((start + timedelta(days=day) for day in range((end - start).days)), [end - timedelta.resolution])
    offset = _offset(start, zone)
    return offset if all(_offset(look, zone) == offset for look in looks) else None


def _offset(utc: datetime, zone: str) -> timedelta:
    return utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


@lru_cache(maxsize=64)
def hour_step(zone: str) -> int:
    """Minutes after which local hours of a zone may begin: 60, or 30 or 15 where its offsets are that odd."""
    offsets = {int(offset.total_seconds()) // 60 % 60 for offset in _offsets(zone)}
    if len(offsets) == 1:
        return 60
    return 30 if offsets <= {0, 30} else 15


@lru_cache(maxsize=64)
def has_odd_hours(zone: str) -> bool:
    """Whether since 1990 a zone's clock was moved by part of an hour, so that some hours have no 60 minutes."""
    months = (datetime(at // 12, at % 12 + 1, 1) for at in range(1990 * 12, 2040 * 12))
    return len({_offset(month, zone) % timedelta(hours=1) for month in months}) > 1


def is_steady(zone: str) -> bool:
    """Whether a zone's clock has never been put forward or back, so that every local time is one moment."""
    return len(_offsets(zone)) == 1


@lru_cache(maxsize=64)
def _offsets(zone: str) -> frozenset[timedelta]:
    """The offsets that a zone had, or will have, at the beginning of a month."""
    months = (datetime(at // 12, at % 12 + 1, 1) for at in range(1971 * 12, 2040 * 12))
    return frozenset(_offset(month, zone) for month in months)
