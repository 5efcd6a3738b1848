"""Schedules: cron text in a time zone, and the logical times (UTC instants) at which it comes due.

Daylight saving, for the wall-clock times that a day has not or has twice:

- a text that names its hours comes due once per wall-clock time: one that is skipped comes due at the end of
  the gap (02:30 at 03:00 in Berlin's spring night), one that is repeated only the first time;
- a text with `*` for the hour follows elapsed time: nothing for a skipped hour, both of the repeated ones.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from exporters.base import Export, Schedule
from exporters.definitions import read_schedules
from scheduler.cron import Cron, OnProblem, Problem, parse_cron
from semantic.errors import Diagnostic, Report, suggest
from semantic.model import Model
from semantic.source import Node

_DAY = timedelta(days=1)
_HORIZONS = (2, 40, 400, 4_000, 20_000)  # days; 29 February on a given weekday may be 40 years away


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule that has been read: when an export comes due. Instants are aware, and returned in UTC."""

    cron: Cron
    zone: ZoneInfo

    def between(self, after: datetime, until: datetime) -> tuple[datetime, ...]:
        """The logical times in `(after, until]`, ascending."""
        days = _days(after.astimezone(self.zone).date() - _DAY, until.astimezone(self.zone).date() + _DAY)
        instants = {instant for day in days for instant in self._on(day) if after < instant <= until}
        return tuple(sorted(instants))

    def next_after(self, instant: datetime) -> datetime | None:
        """The first logical time later than `instant`; None only if there is none in half a century."""
        for horizon in _HORIZONS:
            if found := self.between(instant, instant + horizon * _DAY):
                return found[0]
        return None

    def latest_until(self, instant: datetime) -> datetime | None:
        """The last logical time that is not later than `instant`."""
        for horizon in _HORIZONS:
            if found := self.between(instant - horizon * _DAY, instant):
                return found[-1]
        return None

    def _on(self, day: date) -> Iterator[datetime]:
        if self.cron.on_day(day):
            for time in self.cron.times():
                yield from _instants(datetime.combine(day, time), self.zone, self.cron.every_hour)


def read_zone(name: str, report: OnProblem) -> ZoneInfo | None:
    """The IANA zone of that name, or None after the mistake has been reported."""
    zones = available_timezones()
    if name in zones:
        return ZoneInfo(name)
    hint = suggest(name, sorted(zones)) or "an IANA name such as 'Asia/Bangkok'"
    report(Problem(f"unknown time zone '{name}'", 0, max(len(name), 1), hint))
    return None


def read_timetable(export: Export, report: Report) -> Timetable | None:
    """The timetable of an export; None if it has no schedule, or after every mistake has been reported."""
    return _read(export.schedule, export.node, report) if export.schedule else None


def check_schedules(model: Model) -> tuple[Diagnostic, ...]:
    """Every mistake in the schedules of a project, also of exports in which something else is wrong."""
    mistakes: list[Diagnostic] = []
    for node, schedule in read_schedules(model):
        _read(schedule, node, mistakes.append)
    return tuple(mistakes)


def _read(schedule: Schedule, export: Node, report: Report) -> Timetable | None:
    written = export.child("schedule")
    cron = parse_cron(schedule.cron, _at(written.child("cron"), "E601", report))
    zone = read_zone(schedule.time_zone, _at(written.child("timezone"), "E602", report))
    return Timetable(cron, zone) if cron and zone else None


def _at(node: Node, code: str, report: Report) -> OnProblem:
    """Report the problems of a text where they stand in the YAML."""

    def diagnose(problem: Problem) -> None:
        whole = not isinstance(node.value, str) or not node.value
        span = node.span if whole else node.locate(problem.offset, problem.offset + problem.length)
        report(Diagnostic(code, problem.message, span, problem.hint))

    return diagnose


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _instants(wall: datetime, zone: ZoneInfo, elapsed: bool) -> tuple[datetime, ...]:
    """The instants at which a wall-clock time comes due, by the policy above."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return (first,)
    if first < second:
        return (first, second) if elapsed else (first,)
    return () if elapsed else (_end_of_gap(second, first, zone),)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant in `(before, after]` at which the zone's offset changes."""
    old = before.astimezone(zone).utcoffset()
    seconds = range(int((after - before).total_seconds()))
    index = bisect_left(
        seconds, True, key=lambda n: (before + timedelta(seconds=n)).astimezone(zone).utcoffset() != old
    )
    return before + timedelta(seconds=index)
