"""The circumstances of one random example, and the values that are likely to break something in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from tests.reference.times import MONTHS_OF_YEAR, WEEKDAYS, truncate

T = TypeVar("T")

# Lord Howe saves half an hour of daylight; Kathmandu is a quarter of an hour off.
DAYLIGHT_SAVING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
PROJECT_ZONES = ("UTC", "Asia/Bangkok", "Asia/Kathmandu", *DAYLIGHT_SAVING)
TEXTS = (
    "a", "b", "B", "", " b ", "ä", "a\u0308", "o'b", 'say "hi"', "50%", "a_b", "b\\s", "日本", "💥", "null", "-1",
    "ß", "\u00a0b", "a%\\", "${b}",
)  # fmt: skip
LEAPS = (datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2025, 2, 28, 22, tzinfo=UTC))
DAY_ZERO = (ZoneInfo("UTC"), datetime(2024, 1, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BACK = tuple(timedelta(days=days) for days in (1, 7, 20, 28, 31, 45, 60, 91, 364, 366))
CLOSE = (
    0 * HOUR,
    HOUR / 2,
    HOUR,
    HOUR * 3 / 2,
    HOUR * 5 / 3,
    2 * HOUR,
    timedelta(seconds=1),
    timedelta(microseconds=1),
)


@dataclass(frozen=True, slots=True)
class World:
    """One example's random source, zone, week and the instants around which things happen.

    A narrow world happens within a night, so that hours can be filled, a tiny one within minutes; a close one within
    about three months, or in months that are a common length apart; any other within a year and a half.
    """

    rng: Random
    zone: str
    week_start: str
    fiscal_year_start: str
    texts: tuple[str, ...]
    anchors: tuple[datetime, ...]
    narrow: bool
    close: bool = False
    tiny: bool = False
    drawn: list[datetime] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Between `least` and `most` different options, in random order."""
        return self.rng.sample(options, min(len(options), self.rng.randint(least, most)))

    def maybe(self, probability: float, value: T) -> T | None:
        return value if self.chance(probability) else None

    # -- values ------------------------------------------------------------------------------------------

    def text(self) -> str:
        return self.pick(self.texts)

    def integer(self) -> int:
        return self.rng.randint(-3, 9)

    def large(self) -> int:
        """Beyond what a double holds exactly."""
        return self.pick((2**53 + 1, 1, -(2**53) - 3, 10**15 + 7))

    def money(self) -> Decimal:
        return Decimal(self.rng.randint(-300, 2000)).scaleb(-2)

    def double(self) -> float:
        return self.rng.randint(-8, 20) / 4

    def boolean(self) -> bool:
        return self.chance(0.5)

    def instant(self) -> datetime:
        """Often one that was drawn before, so that things happen at the same time."""
        if len(self.drawn) > 3 and self.chance(0.5):
            return self.pick(self.drawn)
        self.drawn.append(self._new_instant())
        return self.drawn[-1]

    def _new_instant(self) -> datetime:
        if self.tiny:
            return self.pick(self.anchors) + timedelta(seconds=self.pick((0, 1, self.rng.randint(-300, 300))))
        offset = self.pick(CLOSE) * self.pick((1, -1))
        if self.close and self.chance(0.6):
            offset += timedelta(minutes=self.rng.randint(-60 * 24 * 20, 60 * 24 * 20))
        elif self.chance(0.4):
            most = 8 if self.narrow else 72
            offset += timedelta(minutes=self.rng.randint(-60 * most, 60 * most))
        return self.pick(self.anchors) + offset

    def wall(self, zone: str) -> datetime:
        """A naive time in a zone. It is never one that the clock skips; one that it shows twice means the later."""
        return self.instant().astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    def day(self) -> date:
        return self.instant().astimezone(ZoneInfo(self.zone)).date()

    def birthday(self) -> date:
        """Often a leap day, or the day of something that happens."""
        happening = self.day() + self.pick((0, 0, 1, -1)) * DAY
        if self.chance(0.7 if (happening.month, happening.day) in ((2, 28), (2, 29), (3, 1)) else 0.1):
            return date(self.pick((1960, 2000, 2004)), 2, 29)
        return happening.replace(year=happening.year - self.pick((17, 18, 24, 35)), day=min(happening.day, 28))


def world(rng: Random) -> World:
    narrow = rng.random() < 0.35
    close, tiny = not narrow and rng.random() < 0.7, narrow and rng.random() < 0.15
    zone = rng.choice((*DAYLIGHT_SAVING, *DAYLIGHT_SAVING, "UTC", "Asia/Kathmandu") if narrow else PROJECT_ZONES)
    week_start = rng.choice(("monday", "monday", "sunday", *WEEKDAYS))
    texts = tuple(rng.sample(TEXTS, 5))
    anchors = _anchors(rng, zone, week_start)
    if narrow:
        anchors = (rng.choice((*transitions(zone), anchors[0])),)
    if close:
        anchors = (anchors[0], *(anchors[0] - back for back in rng.sample(BACK, rng.randint(1, 3))))
    fiscal = rng.choice(("january", *MONTHS_OF_YEAR))
    return World(rng, zone, week_start, fiscal, texts, anchors, narrow, close, tiny)


def _anchors(rng: Random, zone: str, week_start: str) -> tuple[datetime, ...]:
    near = ZoneInfo(zone)
    days = [date(2023, 12, 30) + DAY * rng.randrange(500) for _ in range(3)]
    starts = [truncate(day, rng.choice(("day", "week", "month", "quarter", "year")), week_start) for day in days]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=near).astimezone(UTC) for day in starts]
    special = [*transitions(rng.choice((zone, "Europe/Berlin"))), *LEAPS]
    anchors = [*midnights, rng.choice(special), rng.choice(special)]
    rng.shuffle(anchors)
    return tuple(anchors[: rng.randint(2, 5)])


@cache
def transitions(zone: str) -> tuple[datetime, ...]:
    """The instants of 2024 at which the offset of a zone changes."""
    near = ZoneInfo(zone)
    found = []
    instant = datetime(2024, 1, 1, tzinfo=UTC)
    while instant.year == 2024:
        later = instant + HOUR / 2
        if instant.astimezone(near).utcoffset() != later.astimezone(near).utcoffset():
            found.append(later)
        instant = later
    return tuple(found)
