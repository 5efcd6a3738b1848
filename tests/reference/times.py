"""Zones, grains, periods and spines, by counting days and half hours one after the other."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.reference.calendars import NO_CALENDARS, Calendars
from tests.reference.model import BELOW_DAY, PARTS, WORDS, Dimension, Refused, Value

Moment = date | datetime  # a business day, or an instant (timezone-aware UTC)
WEEKDAYS = tuple(name.lower() for name in calendar.day_name)
MONTHS_OF_YEAR = tuple(name.lower() for name in calendar.month_name[1:])
SPINE_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What time means in one query."""

    zone: ZoneInfo
    week_start: str
    as_of: datetime  # UTC
    fiscal_year_start: str = "january"
    calendars: Calendars = NO_CALENDARS

    @property
    def now(self) -> datetime:
        """The query's instant on the wall of the business."""
        return on_wall(self.as_of, self.zone)

    def first_day(self, day: date, grain: str) -> date:
        """Of the period of this grain that holds a day."""
        return truncate(day, grain, self.week_start, MONTHS_OF_YEAR.index(self.fiscal_year_start) + 1)

    def label(self, day: date, grain: str) -> date | None:
        """The first day of the period in which a day lies; a calendar need not have one."""
        has = self.calendars.has_period(grain)
        return self.calendars.label(day, grain) if has else self.first_day(day, grain)

    def end(self, label: date, grain: str) -> date:
        """The day after the last one of the period that begins here."""
        has = self.calendars.has_period(grain)
        return self.calendars.span(label, grain)[1] if has else after(label, grain)

    def is_word(self, name: str) -> bool:
        """Whether it is a grain, of the language or of a calendar."""
        return name in WORDS or self.calendars.has_period(name)

    def day(self, moment: Moment) -> date:
        return on_wall(moment, self.zone).date() if isinstance(moment, datetime) else moment

    def wall(self, moment: Moment) -> Moment:
        return on_wall(moment, self.zone) if isinstance(moment, datetime) else moment

    def grain(self, moment: Moment | None, grain: str) -> Moment | None:
        """The first day of the period, or for hours and below the instant at which it begins."""
        if moment is None:
            return None
        if grain not in BELOW_DAY:
            return self.label(self.day(moment), grain)
        assert isinstance(moment, datetime)
        return moment - _since_start(on_wall(moment, self.zone), grain)

    def value(self, moment: Moment | None, name: str) -> Value:
        """A time at a grain, or a part of it, or what a calendar says of its day."""
        if moment is None:
            return None
        if self.calendars.has_dimension(name):
            return self.calendars.value(self.day(moment), name)
        if name not in PARTS:
            return self.grain(moment, name)
        if name == "hour_of_day":
            assert isinstance(moment, datetime)
            return on_wall(moment, self.zone).hour
        return part_of(self.day(moment), name)

    def started(self, label: Moment) -> bool:
        """Whether a period with this label starts at or before as-of."""
        return label <= self.as_of if isinstance(label, datetime) else label <= self.now.date()


def on_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _since_start(wall: datetime, grain: str) -> timedelta:
    past = timedelta(microseconds=wall.microsecond)
    if grain in ("minute", "hour"):
        past += timedelta(seconds=wall.second)
    return past + timedelta(minutes=wall.minute) if grain == "hour" else past


def moment_of(value: Value, dimension: Dimension) -> Moment | None:
    """A raw time value as a business day or an instant."""
    if value is None:
        return None
    if dimension.type == "date":
        assert type(value) is date
        return value
    assert isinstance(value, datetime)
    if dimension.type == "timestamptz":
        return value.astimezone(UTC)
    return instant_at(value, ZoneInfo(dimension.zone))


def instant_at(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a time on the wall: of one shown twice the later, of one skipped the one after the gap."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def wall_start(wall: datetime, grain: str) -> datetime:
    """The start of the hour, minute or second on the wall."""
    return wall - _since_start(wall, grain)


def truncate(day: date, grain: str, week_start: str, fiscal_month: int = 1) -> date:
    match grain:
        case "day":
            return day
        case "week":
            return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_start)) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "fiscal_quarter" | "fiscal_year":
            first = day.replace(day=1)
            while (first.month - fiscal_month) % (3 if grain == "fiscal_quarter" else 12):
                first = (first - timedelta(days=1)).replace(day=1)
            return first
    return day.replace(month=1, day=1)


def part_of(day: date, part: str) -> int:
    """A number that comes again: of the day in its week, month or year, or of what it lies in in the year."""
    _, week, weekday = day.isocalendar()
    return {
        "day_of_week": weekday,
        "day_of_month": day.day,
        "day_of_year": (day - date(day.year, 1, 1)).days + 1,
        "week_of_year": week,
        "month_of_year": day.month,
        "quarter_of_year": (day.month + 2) // 3,
    }[part]


MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}


def after(start: date, grain: str, count: int = 1) -> date:
    """The start of the period `count` periods after the one that starts here (before, if negative)."""
    if grain in ("day", "week"):
        return start + timedelta(days=count * (7 if grain == "week" else 1))
    months = start.year * 12 + start.month - 1 + count * MONTHS[grain]
    return date(months // 12, months % 12 + 1, 1)


# -- periods -------------------------------------------------------------------------------------------------

Period = tuple[date, date]  # [start, end)
GRAINS_OF_DAYS = "|".join(WORDS[WORDS.index("day") :])


def parse_period(text: str, clockwork: Clockwork) -> Period:
    today = clockwork.now.date()
    if ".." in text:
        first, last = text.split("..")
        period = _named_period(first, clockwork)[0], _named_period(last, clockwork)[1]
        if period[0] >= period[1]:
            raise Refused(f"the period {text} ends before it starts")
        return period
    if text in ("today", "yesterday"):
        end = today + timedelta(days=1 if text == "today" else 0)
        return end - timedelta(days=1), end
    if match := re.fullmatch(rf"last (\d+) ({GRAINS_OF_DAYS})s?", text):
        end = clockwork.first_day(today, match[2])
        return after(end, match[2], -int(match[1])), end
    if match := re.fullmatch(rf"this ({GRAINS_OF_DAYS})", text):
        start = clockwork.first_day(today, match[1])
        return start, after(start, match[1])
    return _named_period(text, clockwork)


def _named_period(text: str, clockwork: Clockwork) -> Period:
    try:
        start, grain = _named_start(text, clockwork)
    except ValueError as error:
        raise Refused(f"no such period: {text}") from error
    return start, after(start, grain)


def _named_start(text: str, clockwork: Clockwork) -> tuple[date, str]:
    if match := re.fullmatch(r"FY(\d{4})(?:-Q([1-4]))?", text):
        start = _fiscal_year(int(match[1]), clockwork)
        return (
            (after(start, "fiscal_quarter", int(match[2]) - 1), "fiscal_quarter")
            if match[2]
            else (start, "fiscal_year")
        )
    if match := re.fullmatch(r"(\d{4})", text):
        return date(int(text), 1, 1), "year"
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        return date(int(match[1]), int(match[2]) * 3 - 2, 1), "quarter"
    if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
        return date(int(match[1]), int(match[2]), 1), "month"
    if match := re.fullmatch(r"(\d{4})-W(\d{2})", text):
        return date.fromisocalendar(int(match[1]), int(match[2]), 1), "week"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text), "day"
    raise ValueError(text)


def _fiscal_year(year: int, clockwork: Clockwork) -> date:
    """The first day of the fiscal year whose last day lies in this year."""
    start = clockwork.first_day(date(year, 1, 1), "fiscal_year")
    return start if (after(start, "fiscal_year") - timedelta(days=1)).year == year else after(start, "fiscal_year")


# -- spines --------------------------------------------------------------------------------------------------

Labels = tuple[Moment | None, ...]  # one label for each time word of the query


def spine(words: tuple[str, ...], period: Period | None, seen: set[Labels], clock: Clockwork) -> list[Labels]:
    """Every combination of the words' periods over the period's days, or over what was seen."""
    known = [labels for labels in seen if None not in labels]
    if period is None and not known:
        return []
    if any(word in BELOW_DAY for word in words):
        moments = _instants(words, period, known, clock)
    else:
        moments = _days(words, period, known, clock)
    labels = {tuple(clock.grain(moment, word) for word in words) for moment in moments}
    return [each for each in labels if all(label is not None and clock.started(label) for label in each)]


def _days(words: tuple[str, ...], period: Period | None, known: list[Labels], clock: Clockwork) -> Iterator[Moment]:
    if period is None:
        common = [_common_days(words, labels, clock) for labels in known]
        period = min(start for start, _ in common), max(end for _, end in common)
    for offset in range((period[1] - period[0]).days):
        yield period[0] + timedelta(days=offset)


def _common_days(words: tuple[str, ...], labels: Labels, clock: Clockwork) -> Period:
    """The days that lie in all periods of one group."""
    days = [label for label in labels if isinstance(label, date)]
    return max(days), min(clock.end(day, word) for day, word in zip(days, words, strict=True))


def _instants(words: tuple[str, ...], period: Period | None, known: list[Labels], clock: Clockwork) -> Iterator[Moment]:
    """Instants close enough to meet every hour, minute or second of the range, at least once each."""
    finest = min((word for word in words if word in BELOW_DAY), key=WORDS.index)
    if period is not None:
        yield from _instants_of_days(period, finest, clock)
        return
    coarsest = max((word for word in words if word in BELOW_DAY), key=WORDS.index)
    seen = [label for labels in known for label in labels if isinstance(label, datetime)]
    step = STEPS[finest]
    instant, end = min(seen) - timedelta(hours=2), max(seen) + timedelta(hours=2)
    while instant <= end:
        label = clock.grain(instant, coarsest)
        assert isinstance(label, datetime)
        if min(seen) <= label <= max(seen):
            yield instant
        instant += step


STEPS = {"hour": timedelta(minutes=30), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}


def _instants_of_days(period: Period, finest: str, clock: Clockwork) -> Iterator[Moment]:
    step = STEPS[finest]
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in period)
    if (end - start) / (step if finest != "hour" else timedelta(hours=1)) > SPINE_LIMIT:
        raise Refused("too many periods to fill")
    instant = start - timedelta(days=1)
    while instant < end + timedelta(days=1):
        if period[0] <= clock.day(instant) < period[1]:
            yield instant
        instant += step
