"""The run store: SQLite in `.metricast/runs.sqlite`, safe to share between threads and processes.

Every method is one transaction, and `as_one` makes one of several. The time is given by the caller; instants are kept
as UTC ISO text of equal width, so that text order is time order. Errors of SQLite come out as ScheduleError (E610).
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from scheduler.runs import Lease, LeaseLost, RecordedDelivery, Run, RunReport, RunState, Step
from scheduler.schema import migrate
from semantic.errors import Diagnostic, ScheduleError

MAX_DEATHS = 3
_BUSY_SECONDS = 10.0
_QUEUED = (RunState.QUEUED.value,)
_ACTIVE = (RunState.RUNNING.value, RunState.DELIVERING.value)

Choose = Callable[[datetime], tuple[datetime, ...]]


class Store:
    """What is due, what runs, what became of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._errors():
            self._database = _connect(path)

    @classmethod
    def of_project(cls, project: Path) -> "Store":
        """The store of a project folder."""
        return cls(project / ".metricast" / "runs.sqlite")

    def close(self) -> None:
        """Close the connection; the store cannot be used afterwards."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """Several calls as one transaction: nobody comes in between, and an error undoes them all."""
        with self._transaction():
            yield

    def come_due(self, export: str, now: datetime, choose: Choose) -> tuple[Run, ...]:
        """Queue the logical times that `choose` names for the time since the export was last looked at.

        An export that is new to the store is registered: its times count from `now`.
        """
        with self._transaction() as database:
            known = "SELECT considered_until FROM exports WHERE name = ?"
            row = database.execute(known, (export,)).fetchone()
            since = _read_time(row["considered_until"]) if row else now
            database.execute(
                "INSERT INTO exports VALUES (:name, :until)"
                " ON CONFLICT (name) DO UPDATE SET considered_until = max(considered_until, :until)",
                {"name": export, "until": _time(now)},
            )
            return tuple(self._enqueue(export, time, now) for time in choose(since))

    def enqueue(self, export: str, logical_time: datetime, now: datetime) -> Run:
        """The run of that export and logical time, queued if there was none."""
        with self._transaction():
            return self._enqueue(export, logical_time, now)

    def reopen(self, run: Run, now: datetime, *, deliver_again: bool) -> None:
        """Queue a run that is over once more, unless somebody else has done so since `run` was read."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE runs SET state = 'queued', deaths = 0, queued_at = ?,"
                " valid_from_attempt = CASE WHEN ? THEN attempt + 1 ELSE valid_from_attempt END"
                " WHERE id = ? AND attempt = ? AND state IN ('succeeded', 'failed')",
                (_time(now), deliver_again, run.id, run.attempt),
            )
            if changed.rowcount:
                self._note(run.id, run.attempt, now, "reopened", "deliver again" if deliver_again else "")

    def claim(self, run: Run, lease: Lease, now: datetime) -> Run | None:
        """Take a queued run, as a new attempt; None if it is no longer queued."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = ?, ended_at = NULL,"
                " lease_owner = ?, lease_until = ?, error = NULL WHERE id = ? AND state = 'queued'",
                (_time(now), lease.owner, _time(lease.until), run.id),
            )
            if not changed.rowcount:
                return None
            claimed = self._run(run.id)
            self._note(run.id, claimed.attempt, now, "claimed", lease.owner)
            return claimed

    def renew(self, run: Run, until: datetime) -> None:
        """Hold the lease longer. Raises LeaseLost."""
        with self._held(run) as database:
            database.execute("UPDATE runs SET lease_until = ? WHERE id = ?", (_time(until), run.id))

    def note(self, run: Run, name: str, detail: str, now: datetime) -> None:
        """Record a step of the run. Raises LeaseLost."""
        with self._held(run):
            self._note(run.id, run.attempt, now, name, detail)

    def begin_delivery(self, run: Run, destination: str, now: datetime) -> None:
        """Record that the delivery to a destination begins. Raises LeaseLost."""
        with self._held(run) as database:
            database.execute("UPDATE runs SET state = 'delivering' WHERE id = ?", (run.id,))
            self._note(run.id, run.attempt, now, "delivering", destination)

    def record_delivery(self, run: Run, delivery: RecordedDelivery) -> None:
        """Record a delivery that is durable. Raises LeaseLost."""
        at = delivery.delivered_at
        with self._held(run) as database:
            database.execute(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?)",
                (run.id, run.attempt, delivery.entry, delivery.destination, _time(at), delivery.receipt),
            )
            self._note(run.id, run.attempt, at, "delivered", delivery.destination)

    def succeed(self, run: Run, now: datetime) -> None:
        """End the run well. Raises LeaseLost."""
        self._end(run, RunState.SUCCEEDED, None, now)

    def fail(self, run: Run, error: str, now: datetime) -> None:
        """End the run with a readable reason. Raises LeaseLost."""
        self._end(run, RunState.FAILED, error, now)

    def requeue_dead(self, now: datetime) -> tuple[Run, ...]:
        """Give up leases that ran out: the runs are queued again, or fail after MAX_DEATHS dead attempts."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT * FROM runs WHERE state IN (?, ?) AND lease_until < ?", (*_ACTIVE, _time(now))
            ).fetchall()
            return tuple(self._bury(_read_run(row), row["deaths"] + 1, now) for row in rows)

    def waiting(self) -> tuple[Run, ...]:
        """The queued runs, oldest logical time first."""
        with self._transaction() as database:
            rows = database.execute("SELECT * FROM runs WHERE state = ? ORDER BY logical_time, id", _QUEUED)
            return tuple(map(_read_run, rows.fetchall()))

    def report(self, run: Run, *, carried_out: bool = False) -> RunReport:
        """The run as it is now, with the deliveries that count."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT entry, destination, delivered_at, receipt FROM deliveries JOIN runs ON id = run_id"
                " WHERE run_id = ? AND deliveries.attempt >= valid_from_attempt"
                " ORDER BY delivered_at, entry",
                (run.id,),
            ).fetchall()
            deliveries = (
                RecordedDelivery(row["entry"], row["destination"], _read_time(row["delivered_at"]), row["receipt"])
                for row in rows
            )
            return RunReport(self._run(run.id), tuple(deliveries), carried_out)

    def steps(self, run: Run) -> tuple[Step, ...]:
        """What happened to the run, in order."""
        with self._transaction() as database:
            rows = database.execute("SELECT * FROM steps WHERE run_id = ? ORDER BY rowid", (run.id,)).fetchall()
            return tuple(Step(_read_time(row["at"]), row["attempt"], row["name"], row["detail"]) for row in rows)

    def recent(self, limit: int) -> tuple[RunReport, ...]:
        """The latest runs, newest logical time first."""
        with self._transaction() as database:
            rows = database.execute("SELECT * FROM runs ORDER BY logical_time DESC, id DESC LIMIT ?", (limit,))
            return tuple(self.report(_read_run(row)) for row in rows.fetchall())

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            if self._database.in_transaction:
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            message = f"the run store {self.path} cannot be used: {error}"
            hint = "look at the folder's permissions and at the disk"
            raise ScheduleError(Diagnostic("E610", message, hint=hint)) from error

    def _enqueue(self, export: str, logical_time: datetime, now: datetime) -> Run:
        key = (export, _time(logical_time))
        added = self._database.execute(
            "INSERT INTO runs (export, logical_time, state, queued_at) VALUES (?, ?, 'queued', ?)"
            " ON CONFLICT (export, logical_time) DO NOTHING",
            (*key, _time(now)),
        )
        row = self._database.execute("SELECT * FROM runs WHERE export = ? AND logical_time = ?", key).fetchone()
        if added.rowcount:
            self._note(row["id"], 0, now, "queued", "")
        return _read_run(row)

    @contextmanager
    def _held(self, run: Run) -> Iterator[sqlite3.Connection]:
        """A transaction on behalf of an attempt that still holds its lease."""
        with self._transaction() as database:
            held = database.execute(
                "SELECT 1 FROM runs WHERE id = ? AND attempt = ? AND state IN (?, ?)",
                (run.id, run.attempt, *_ACTIVE),
            )
            if held.fetchone() is None:
                raise LeaseLost(run)
            yield database

    def _end(self, run: Run, state: RunState, error: str | None, now: datetime) -> None:
        with self._held(run) as database:
            database.execute(
                "UPDATE runs SET state = ?, error = ?, ended_at = ?, lease_owner = NULL, lease_until = NULL"
                " WHERE id = ?",
                (state.value, error, _time(now), run.id),
            )
            self._note(run.id, run.attempt, now, state.value, error or "")

    def _bury(self, run: Run, deaths: int, now: datetime) -> Run:
        owner = run.lease.owner if run.lease else "nobody"
        self._note(run.id, run.attempt, now, "abandoned", f"{owner} died while {run.state}")
        if deaths < MAX_DEATHS:
            self._database.execute(
                "UPDATE runs SET state = 'queued', deaths = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?",
                (deaths, run.id),
            )
        else:
            self._end(run, RunState.FAILED, f"E613  given up after {deaths} attempts whose process died", now)
        return self._run(run.id)

    def _note(self, run_id: int, attempt: int, now: datetime, name: str, detail: str) -> None:
        self._database.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?)", (run_id, _time(now), attempt, name, detail))

    def _run(self, run_id: int) -> Run:
        return _read_run(self._database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone())


def recent_runs(store: Store, limit: int = 20) -> tuple[RunReport, ...]:
    """The latest runs with their deliveries, newest logical time first."""
    return store.recent(limit)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA foreign_keys = ON")
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _read_run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        export=row["export"],
        logical_time=_read_time(row["logical_time"]),
        state=RunState(row["state"]),
        attempt=row["attempt"],
        queued_at=_read_time(row["queued_at"]),
        started_at=_read_time(row["started_at"]) if row["started_at"] else None,
        ended_at=_read_time(row["ended_at"]) if row["ended_at"] else None,
        lease=Lease(row["lease_owner"], _read_time(row["lease_until"])) if row["lease_owner"] else None,
        error=row["error"],
    )
