"""Frames as SQL: for every period that is shown, where the rows lie that count in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from semantic.clocks import day_trunc
from semantic.expressions import call, cast, date_literal, text
from semantic.frames import Cumulative, Length, Own, Rolling, Shift, StartOf, ToDate, Trailing, as_length, is_instant
from semantic.periods import DAY_GRAINS, Calendar, as_interval
from semantic.plan import Frames
from semantic.trees import column, interval, named, select, table

LABEL, STARTS, ENDS = "compared_with", "starts", "ends"


def frames_select(frames: Frames, periods: str) -> exp.Select:
    """One row for each period of the CTE `periods`: the period, and the one it is compared with, or the edges."""
    made = _Framing(frames)
    key = column(frames.key.name)
    if frames.frame.window is None:
        return select([key, named(made.label(), LABEL)], table(periods))
    starts = made.starts()
    edges = [named(starts, STARTS)] if starts is not None else []
    return select([key, *edges, named(made.ends(), ENDS)], table(periods))


def holds(frames: Frames, name: str, part: exp.Expr) -> exp.Expr:
    """Whether a part of the rows lies in the frame of a period; `name` is the CTE of the frames."""
    if frames.frame.window is None:
        return exp.EQ(this=part, expression=column(LABEL, name))
    before = exp.LT(this=part, expression=column(ENDS, name))
    if isinstance(frames.frame.window, Cumulative):
        return before
    return exp.and_(exp.GTE(this=part.copy(), expression=column(STARTS, name)), before, copy=False)


def whole_end(frames: Frames) -> exp.Expr:
    """Where the period ends that another one is compared with: a business day, or an instant below day."""
    return _Framing(frames).whole_end()


@dataclass(frozen=True, slots=True)
class _Framing:
    """The edges of the frame of a period, as expressions over its key."""

    frames: Frames

    @property
    def _grain(self) -> str:
        return str(self.frames.key.grain)

    @property
    def _calendar(self) -> Calendar:
        return self.frames.now.calendar

    @property
    def _below_day(self) -> bool:
        return self._grain not in DAY_GRAINS

    @property
    def _is_instant(self) -> bool:
        return self.frames.by_instant or is_instant(self.frames.frame, self._grain)

    def label(self) -> exp.Expr:
        """The period that is compared with: its first day, or the instant at which it begins."""
        found: exp.Expr = column(self.frames.key.name)
        for shift in self.frames.frame.shifts:
            found = self._moved(found, shift)
        return found

    def whole_end(self) -> exp.Expr:
        """Its end: the next one's first day, or the instant at which that begins (naive UTC)."""
        if self._below_day:
            return _later(call("utc", self.label()), 1, self._grain)
        return cast(_later(self.label(), 1, self._grain).this, "date")

    def ends(self) -> exp.Expr:
        """Where the frame ends: a business day, or an instant where frames have hours (naive UTC)."""
        if self._below_day:
            return self.whole_end()
        day = self._cut(self.whole_end())
        return self._instant(day) if self._is_instant else day

    def starts(self) -> exp.Expr | None:
        """Where it begins, None for the beginning of all time."""
        match self.frames.frame.window:
            case Rolling(length):
                return self._before(self.ends(), length)
            case ToDate(grain):
                return self._unit_start(grain)
            case Trailing(count):
                return self._before_label(count - 1)
            case Own():
                return self._before_label(0)  # what lies before the query's period is no row of the scan
            case _:
                return None

    def _before_label(self, count: int) -> exp.Expr:
        """Where the period begins that lies so many before."""
        if self._below_day:
            return _earlier(call("utc", self.label()), count, self._grain)
        start = _earlier(self.label(), count, self._grain)
        start = cast(start.this, "date") if count else start
        return self._instant(start) if self._is_instant else start

    def _unit_start(self, grain: str) -> exp.Expr:
        """The first day of the unit in which the frame ends."""
        if not self._is_instant:
            return day_trunc(grain, _earlier(self.ends(), 1, "day"), self._calendar)
        last = self._local(_earlier(self.ends(), 1, "second"))
        return self._instant(day_trunc(grain, last, self._calendar))

    def _before(self, end: exp.Expr, length: Length) -> exp.Expr:
        if not self._is_instant:
            return cast(_earlier(end, length.count, length.unit), "date")
        if length.unit == "hour":
            return _earlier(end, length.count, length.unit)
        if not self._below_day:
            return self._instant(cast(_earlier(self._cut(self.whole_end()), length.count, length.unit), "date"))
        return self._to_utc(_earlier(self._local(end), length.count, length.unit))

    def _cut(self, end: exp.Expr) -> exp.Expr:
        """The end of a period: not after the query's, and of the one in progress not after as-of's day."""
        period, now, calendar = self.frames.period, self.frames.now, self._calendar
        current = calendar.span(now.today, self._grain)
        if now.tomorrow < current.end and (period is None or current.start < period.end):
            is_current = exp.EQ(this=self.label(), expression=date_literal(current.start))
            end = exp.Case().when(is_current, date_literal(now.tomorrow)).else_(end)
        if period is None or self.frames.frame.shifts or calendar.first_day(period.end, self._grain) == period.end:
            return end
        return call("least", end, date_literal(period.end))

    def _moved(self, label: exp.Expr, shift: Shift) -> exp.Expr:
        """The period that lies a shift before."""
        if isinstance(shift, StartOf):
            return self._first_of(label, shift.grain)
        length = as_length(shift, self._grain) or Length(0, "day")
        if not self._below_day:
            return cast(_earlier(label, length.count, length.unit), "date")
        utc = call("utc", label)
        if length.unit in ("hour", "minute", "second"):
            return self._hour(_earlier(utc, length.count, length.unit))
        return self._hour(self._to_utc(_earlier(self._local(utc), length.count, length.unit)))

    def _first_of(self, label: exp.Expr, unit: str) -> exp.Expr:
        """The period in which a coarser one begins."""
        if self._below_day:
            first = day_trunc(unit, self._local(call("utc", label)), self._calendar)
            return self._hour(self._instant(first))
        return day_trunc(self._grain, day_trunc(unit, label, self._calendar), self._calendar)

    def _hour(self, utc: exp.Expr) -> exp.Expr:
        """The hour, minute or second in which a moment lies, as it is shown."""
        return call("hour_start", text(self._grain), utc, text(self._calendar.time_zone))

    def _instant(self, day: exp.Expr) -> exp.Expr:
        """The instant at which a business day begins."""
        return self._to_utc(cast(day, "timestamp"))

    def _to_utc(self, local: exp.Expr) -> exp.Expr:
        return call("to_zone", local, text(self._calendar.time_zone), text("UTC"))

    def _local(self, utc: exp.Expr) -> exp.Expr:
        return call("to_zone", utc, text("UTC"), text(self._calendar.time_zone))


def _earlier(value: exp.Expr, count: int, unit: str) -> exp.Expr:
    return exp.Paren(this=exp.Sub(this=value, expression=_length(count, unit))) if count else value


def _later(value: exp.Expr, count: int, unit: str) -> exp.Expr:
    return exp.Paren(this=exp.Add(this=value, expression=_length(count, unit)))


def _length(count: int, unit: str) -> exp.Expr:
    """SQL knows no quarters as lengths."""
    return interval(*as_interval(unit, count))
