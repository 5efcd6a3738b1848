"""Time dimensions as SQL: business-local values, periods of a grain, and the rows within a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlglot import exp

from semantic.expressions import call, date_literal, text, timestamp_literal
from semantic.frames import Edge, Stretch, wall_of
from semantic.model import Dimension
from semantic.periods import DAY_GRAINS, Calendar, Period, midnight

TimeKind = Literal["date", "timestamp", "timestamptz"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time column of a row, and how to read it.

    A `date` is a business day and never converted; a `timestamp` is naive in `zone`; a `timestamptz` is an instant.
    `offset` is how far the business time zone is ahead of UTC wherever the value matters, None where that changes:
    adding it is far faster than asking for each row what the zone's clock said.
    """

    value: exp.Expr
    kind: TimeKind
    zone: str
    calendar: Calendar
    offset: timedelta | None = None

    def local(self) -> exp.Expr:
        """The business-local time, naive; a date stays a date."""
        if self.kind == "date":
            return self.value.copy()
        return to_local(self, self.calendar.time_zone)

    def local_at(self, grain: str) -> exp.Expr:
        """The first moment of the local period of a grain: a DATE from `day` up, else a naive timestamp."""
        if grain in DAY_GRAINS:
            return self.at(grain)
        return call("date_trunc", text(grain), self.local())

    def at(self, grain: str) -> exp.Expr:
        """The period of a grain that this time lies in: its first day, or the instant at which its hour … begins."""
        if grain in DAY_GRAINS:
            return day_trunc(grain, self.local(), self.calendar)
        whole_hours = self.offset is not None and not self.offset % timedelta(hours=1)
        zone = "UTC" if whole_hours else self.calendar.time_zone
        return call("hour_start", text(grain), to_local(self, "UTC"), text(zone))

    def part(self, part: str) -> exp.Expr:
        """A number that the business-local time has: `month_of_year`."""
        return call(part, self.local())

    def instant(self) -> exp.Expr:
        """The value as it is shown: an instant, or a date."""
        if self.kind == "timestamp":
            return call("instant", to_local(self, "UTC"))
        return self.value.copy()

    def within(self, stretch: Stretch) -> Iterator[exp.Expr]:
        """`start <= time` and `time < end`, on the bare column wherever that is exact."""
        if stretch.start is not None:
            value, start = self._sides(stretch.start)
            yield exp.GTE(this=value, expression=start)
        if stretch.end is not None:
            value, end = self._sides(stretch.end)
            yield exp.LT(this=value, expression=end)

    def begin(self, day: date) -> exp.Expr | None:
        """The moment at which a local day begins, in the column's own terms; None where no one moment there is it."""
        if self.kind == "date":
            return date_literal(day)
        raw = self._raw_bound(day)
        if raw is None:
            return None
        literal = timestamp_literal(raw)
        return call("instant", literal) if self.kind == "timestamptz" else literal

    def _sides(self, edge: Edge) -> tuple[exp.Expr, exp.Expr]:
        """What is compared with an edge, and that edge. A business day lies before an instant within it."""
        if isinstance(edge, datetime):
            if self.kind == "date":
                wall = wall_of(edge, self.calendar.time_zone)
                return self.value.copy(), date_literal(wall.date() + timedelta(days=wall.time() > time.min))
            if self.kind == "timestamptz":
                return self.value.copy(), call("instant", timestamp_literal(edge))
            return to_local(self, "UTC"), timestamp_literal(edge)
        begins = self.begin(edge)
        if begins is not None:
            return self.value.copy(), begins
        return self.local(), timestamp_literal(datetime(edge.year, edge.month, edge.day))

    def _raw_bound(self, day: date) -> datetime | None:
        """The local midnight in the column's own terms, where the column is comparable with one moment."""
        if self.kind == "timestamp" and self.zone == self.calendar.time_zone:
            return datetime(day.year, day.month, day.day)
        if self.kind == "timestamptz" or self.zone == "UTC":
            return midnight(day, self.calendar.time_zone)
        return None


def clock_of(value: exp.Expr, dimension: Dimension, calendar: Calendar) -> Clock | None:
    """The clock that a dimension is, or None where it is not a time."""
    if dimension.type not in ("date", "timestamp", "timestamptz"):
        return None
    return Clock(value, dimension.type, dimension.zone, calendar)


def day_trunc(grain: str, value: exp.Expr, calendar: Calendar) -> exp.Expr:
    """The first day of the period of a grain of `day` or coarser, as a DATE."""
    return call("day_trunc", text(grain), value, exp.Literal.number(calendar.offset(grain)))


def to_local(clock: Clock, zone: str) -> exp.Expr:
    """A clock's naive time in a zone."""
    source = "" if clock.kind == "timestamptz" else clock.zone
    if source == zone:
        return clock.value.copy()
    if source == "UTC" and zone == clock.calendar.time_zone and clock.offset is not None:
        return call("later", clock.value.copy(), text(str(clock.offset // timedelta(seconds=1))))
    return call("to_zone", clock.value.copy(), text(source), text(zone))


def overlap(at: Clock, first: Clock, last: Clock, open_end: exp.Expr, period: Period) -> tuple[exp.Expr, ...]:
    """What holds for a validity if a time of a period lies in it: it begins before the end, and ends after the start.

    Nothing where that cannot be said in the terms in which the time is compared.
    """
    start, end = at.begin(period.start), at.begin(period.end)
    alike = {(clock.kind, clock.zone) for clock in (at, first, last)}
    if start is None or end is None or len(alike) > 1:
        return ()
    return exp.LT(this=first.value.copy(), expression=end), exp.GT(this=open_end.copy(), expression=start)


def comparable(one: Clock, other: Clock) -> tuple[exp.Expr, exp.Expr]:
    """Two clocks in common terms: as they are if alike, local if one is a date, else in UTC."""
    if (one.kind, one.zone) == (other.kind, other.zone):
        return one.value.copy(), other.value.copy()
    if "date" in (one.kind, other.kind):
        return one.local(), other.local()
    return to_local(one, "UTC"), to_local(other, "UTC")


def first_instant(day: date, zone: str) -> datetime:
    """The first instant (naive UTC) of a local day."""
    begins = midnight(day, zone)
    if begins is not None:
        return begins
    return (
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    )


def last_second(day: date, zone: str) -> datetime:
    """The last whole second (naive UTC) before a local day begins."""
    return first_instant(day, zone) - timedelta(seconds=1)
