"""The time: the only place that reads it, and the only importer of APScheduler.

APScheduler is a ticker here: it says when to look. What is due, missed or done already is decided by the run
store.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

NextTime = Callable[[datetime], datetime | None]


class Clock(Protocol):
    """Where the present instant comes from."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is set: the test double of the system's."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """The instant that was set last."""
        return self.instant


class Ticker:
    """Calls back at the times of several schedules, from a thread of its own.

    Times that were missed (the machine was asleep) bring one late call; those during a call bring none.
    """

    def __init__(self) -> None:
        self._scheduler: Any = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def add(self, next_after: NextTime, call: Callable[[], None]) -> None:
        """Have `call` called at each of the instants that `next_after` gives."""
        self._scheduler.add_job(call, _Trigger(next_after))

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; a call in progress ends first."""
        self._scheduler.shutdown(wait=True)


class _Trigger(BaseTrigger):  # type: ignore[misc]
    """Our own schedules in APScheduler's terms; its cron has other weekdays and another daylight saving."""

    __slots__ = ("_next_after",)

    def __init__(self, next_after: NextTime) -> None:
        self._next_after = next_after

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return self._next_after(previous_fire_time or now)
