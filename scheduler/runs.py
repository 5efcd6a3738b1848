"""The life of a run, as data.

    due ─▶ queued ─▶ running ─▶ delivering ─▶ succeeded
                        └──────────┴────────▶ failed

There is one run per (export, logical time). Whoever carries it out holds its lease; each new attempt has a
higher number, and whatever an older attempt still writes is refused (the number is the fencing token).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from semantic.errors import Diagnostic, ScheduleError


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DELIVERING = "delivering"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Will nothing happen to it any more by itself?"""
        return self in (RunState.SUCCEEDED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to carry out a run: whose it is, and until when it holds unless it is renewed."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an export for one logical time. Instants are aware, in UTC.

    `attempt` is 0 before the first claim; `lease` is there exactly while someone carries the run out; `error`
    is the readable reason of a failed run.
    """

    id: int
    export: str
    logical_time: datetime
    state: RunState
    attempt: int
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    lease: Lease | None
    error: str | None

    def __str__(self) -> str:
        return f"{self.export} as of {self.logical_time:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a run."""

    at: datetime
    attempt: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordedDelivery:
    """A delivery that is durable, of one entry of the export's `to:`; `receipt` is JSON text."""

    entry: str
    destination: str
    delivered_at: datetime
    receipt: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run and its deliveries so far; `carried_out` is false when this call found nothing left to do."""

    run: Run
    deliveries: tuple[RecordedDelivery, ...]
    carried_out: bool = False


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a lease holds without renewal, how often it is renewed, how often the service looks round, and
    how late a logical time may be noticed without having been missed."""

    lease: timedelta = timedelta(seconds=60)
    renewal: timedelta = timedelta(seconds=15)
    look: timedelta = timedelta(seconds=5)
    grace: timedelta = timedelta(seconds=60)


class LeaseLost(ScheduleError):
    """Another attempt has taken the run over; this one must stop and write nothing more."""

    def __init__(self, run: Run) -> None:
        super().__init__(Diagnostic("E612", f"attempt {run.attempt} of {run} has lost its lease"))
