"""The run store on real SQLite files, with the time given by hand."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scheduler import store as store_module
from scheduler.runs import Lease, LeaseLost, RecordedDelivery, Run, RunState
from scheduler.schema import MIGRATIONS, migrate
from scheduler.store import MAX_DEATHS, Store, recent_runs
from semantic.errors import ScheduleError

MONDAY = datetime(2025, 3, 3, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.of_project(tmp_path) as opened:
        yield opened


def lease(now: datetime = MONDAY, owner: str = "here:1") -> Lease:
    return Lease(owner, now + MINUTE)


def claimed(store: Store, logical_time: datetime = MONDAY) -> Run:
    run = store.claim(store.enqueue("weekly", logical_time, MONDAY), lease(), MONDAY)
    assert run is not None
    return run


def delivery(entry: str = "memo a.txt") -> RecordedDelivery:
    return RecordedDelivery(entry, "a.txt", MONDAY, '{"rows": 1}')


def test_one_run_per_export_and_logical_time(store: Store) -> None:
    first = store.enqueue("weekly", MONDAY, MONDAY)
    assert store.enqueue("weekly", MONDAY.astimezone(ZoneInfo("Asia/Bangkok")), MONDAY + MINUTE) == first
    assert store.enqueue("weekly", MONDAY + MINUTE, MONDAY).id != first.id
    assert store.enqueue("daily", MONDAY, MONDAY).id != first.id
    assert len(store.waiting()) == 3


def test_instants_are_utc_iso_text(store: Store) -> None:
    store.enqueue("weekly", datetime(2025, 3, 3, 7, tzinfo=ZoneInfo("Europe/Berlin")), MONDAY + MINUTE)
    row = sqlite3.connect(store.path).execute("SELECT logical_time, queued_at FROM runs").fetchone()
    assert row == ("2025-03-03T06:00:00.000000Z", "2025-03-03T06:01:00.000000Z")


def test_a_new_export_counts_from_its_registration(store: Store) -> None:
    asked: list[datetime] = []

    def choose(since: datetime) -> tuple[datetime, ...]:
        asked.append(since)
        return (since,)

    minutes = [0, 2, 1, 3]  # the clock was set back once
    runs = [store.come_due("weekly", MONDAY + n * MINUTE, choose)[0] for n in minutes]
    assert asked == [MONDAY, MONDAY, MONDAY + 2 * MINUTE, MONDAY + 2 * MINUTE]
    assert [run.logical_time for run in runs] == asked


def test_a_failing_choice_changes_nothing(store: Store) -> None:
    def fail(since: datetime) -> tuple[datetime, ...]:
        raise ValueError("no idea")

    with pytest.raises(ValueError, match="no idea"):
        store.come_due("weekly", MONDAY, fail)
    assert store.come_due("weekly", MONDAY + MINUTE, lambda since: (since,))[0].logical_time == MONDAY + MINUTE


def test_several_calls_as_one_are_undone_together(store: Store) -> None:
    def queue_and_fail() -> None:
        with store.as_one():
            store.enqueue("weekly", MONDAY, MONDAY)
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        queue_and_fail()
    assert store.waiting() == ()


def test_a_run_is_claimed_once(store: Store) -> None:
    run = store.enqueue("weekly", MONDAY, MONDAY)
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda n: store.claim(run, lease(owner=f"here:{n}"), MONDAY), range(8)))
    winners = [claim for claim in claims if claim]
    assert [(each.state, each.attempt, each.started_at) for each in winners] == [(RunState.RUNNING, 1, MONDAY)]
    assert store.waiting() == ()


def test_the_life_of_a_run_is_recorded(store: Store) -> None:
    run = claimed(store)
    store.note(run, "queried", "trend: 4 rows", MONDAY)
    store.begin_delivery(run, "memo a.txt", MONDAY)
    assert store.report(run).run.state is RunState.DELIVERING
    store.record_delivery(run, delivery())
    store.succeed(run, MONDAY + MINUTE)
    report = store.report(run)
    assert (report.run.state, report.run.ended_at, report.run.lease) == (RunState.SUCCEEDED, MONDAY + MINUTE, None)
    assert report.deliveries == (delivery(),)
    names = [step.name for step in store.steps(run)]
    assert names == ["queued", "claimed", "queried", "delivering", "delivered", "succeeded"]


def test_nothing_is_written_without_the_lease(store: Store) -> None:
    dead = claimed(store)
    assert store.requeue_dead(MONDAY + MINUTE) == ()
    store.renew(dead, MONDAY + 2 * MINUTE)
    assert store.requeue_dead(MONDAY + 2 * MINUTE) == ()
    (requeued,) = store.requeue_dead(MONDAY + 3 * MINUTE)
    assert (requeued.state, requeued.lease) == (RunState.QUEUED, None)
    assert_refused(store, dead)
    living = store.claim(requeued, lease(MONDAY + 3 * MINUTE), MONDAY + 3 * MINUTE)
    assert living is not None
    assert living.attempt == 2
    assert_refused(store, dead)
    store.succeed(living, MONDAY + 3 * MINUTE)
    assert_refused(store, living)
    assert "abandoned" in [step.name for step in store.steps(dead)]


def assert_refused(store: Store, run: Run) -> None:
    """Whatever an attempt writes without its lease is refused."""
    writes: tuple[Callable[[], None], ...] = (
        lambda: store.renew(run, MONDAY),
        lambda: store.note(run, "queried", "", MONDAY),
        lambda: store.begin_delivery(run, "memo a.txt", MONDAY),
        lambda: store.record_delivery(run, delivery()),
        lambda: store.succeed(run, MONDAY),
        lambda: store.fail(run, "no", MONDAY),
    )
    for write in writes:
        with pytest.raises(LeaseLost, match=f"attempt {run.attempt} of weekly as of 2025-03-03T06:00:00Z"):
            write()


def test_a_run_that_kills_its_process_again_and_again_is_given_up(store: Store) -> None:
    now = MONDAY
    run = store.enqueue("weekly", MONDAY, now)
    for _ in range(MAX_DEATHS):
        assert run.state is RunState.QUEUED
        assert store.claim(run, lease(now), now)
        now += 2 * MINUTE
        (run,) = store.requeue_dead(now)
    assert run.state is RunState.FAILED
    assert "E613" in (run.error or "")
    assert store.waiting() == ()


def test_a_run_that_is_over_is_reopened_once(store: Store) -> None:
    run = claimed(store)
    store.record_delivery(run, delivery())
    store.fail(run, "E520  no room", MONDAY)
    seen = store.report(run).run
    assert seen.error == "E520  no room"
    store.reopen(seen, MONDAY, deliver_again=False)
    second = store.claim(seen, lease(), MONDAY)
    assert second is not None
    assert (second.attempt, second.error, second.ended_at) == (2, None, None)
    store.fail(second, "E520  no room", MONDAY)
    store.reopen(seen, MONDAY, deliver_again=False)
    assert store.waiting() == ()
    assert store.report(run).deliveries == (delivery(),)


def test_delivering_again_keeps_the_old_receipt_on_record(store: Store) -> None:
    run = claimed(store)
    store.record_delivery(run, delivery())
    store.succeed(run, MONDAY)
    store.reopen(run, MONDAY, deliver_again=True)
    assert store.report(run).deliveries == ()
    second = store.claim(run, lease(), MONDAY)
    assert second is not None
    store.record_delivery(second, delivery())
    assert store.report(run).deliveries == (delivery(),)
    assert sqlite3.connect(store.path).execute("SELECT count(*) FROM deliveries").fetchone() == (2,)


def test_recent_runs_come_newest_first(store: Store) -> None:
    for hours in (2, 0, 1):
        store.enqueue("weekly", MONDAY + timedelta(hours=hours), MONDAY)
    times = [report.run.logical_time - MONDAY for report in recent_runs(store, limit=2)]
    assert times == [timedelta(hours=2), timedelta(hours=1)]


def test_a_store_outlives_its_process_and_is_shared(store: Store) -> None:
    run = claimed(store)
    with Store(store.path) as other:
        assert other.report(run).run == run
        assert other.claim(run, lease(), MONDAY) is None


def test_a_locked_store_is_a_readable_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_BUSY_SECONDS", 0.05)
    with Store(store.path) as impatient:
        holder = sqlite3.connect(store.path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ScheduleError, match=r"E610 .*runs\.sqlite cannot be used: database is locked"):
            impatient.enqueue("weekly", MONDAY, MONDAY)
        holder.execute("ROLLBACK")
        assert impatient.enqueue("weekly", MONDAY, MONDAY).state is RunState.QUEUED


def test_what_is_no_store_is_a_readable_error(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_text("these are not the pages of a database, however long they may be" * 99)
    with pytest.raises(ScheduleError, match="file is not a database"):
        Store(tmp_path / "runs.sqlite")
    (tmp_path / ".metricast").write_text("a file where the folder should be")
    with pytest.raises(ScheduleError, match="E610"):
        Store.of_project(tmp_path)


def test_a_newer_store_is_refused_and_left_alone(store: Store) -> None:
    with sqlite3.connect(store.path) as database:
        database.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(ScheduleError, match=r"E611 .*schema version 99"):
        Store(store.path)
    assert sqlite3.connect(store.path).execute("SELECT version FROM schema_version").fetchone() == (99,)


def test_migrations_are_applied_in_order_and_whole(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)
    migrate(database)
    added = ("ALTER TABLE runs ADD COLUMN target TEXT", "INSERT INTO exports VALUES ('weekly', '')")
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, (*MIGRATIONS, added, ("ALTER TABLE nowhere ADD COLUMN oops",)))
    assert database.execute("SELECT count(*) FROM exports").fetchone() == (0,)
    migrate(database, (*MIGRATIONS, added))
    migrate(database, (*MIGRATIONS, added))
    assert database.execute("SELECT version, target FROM schema_version, runs").fetchall() == []
    assert database.execute("SELECT version FROM schema_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_a_fresh_store_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    def open_one(number: int) -> int:
        with Store.of_project(tmp_path) as opened:
            return opened.enqueue("weekly", MONDAY, MONDAY).id

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(open_one, range(16))) == {1}
