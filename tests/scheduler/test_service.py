"""The service on a simulated clock: what it queues at start, when time passes, and when things go wrong."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from exporters.base import CatchUp
from scheduler import store as store_module
from scheduler.clock import SimulatedClock
from scheduler.cron import parse_cron
from scheduler.run import new_worker
from scheduler.runs import Lease, RunState
from scheduler.schedule import Timetable, check_schedules
from scheduler.service import Service, due_times, open_project, serve
from scheduler.store import Store
from semantic.errors import ModelError, ScheduleError
from tests.scheduler.shop import FILES, commits, make_shop, open_shop

SUNDAY = datetime(2025, 3, 2, 12, tzinfo=UTC)
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


@pytest.fixture
def store(shop: Path) -> Iterator[Store]:
    with Store.of_project(shop) as opened:
        yield opened


def weekly(schedule: str) -> str:
    return FILES["exports/weekly.yml"].replace('{cron: "0 7 * * mon"}', schedule)


def service(shop: Path, store: Store, now: datetime) -> tuple[Service, SimulatedClock]:
    clock = SimulatedClock(now)
    return Service(lambda: open_shop(shop), new_worker(store, clock)), clock


def turn(shop: Path, store: Store, now: datetime) -> list[str]:
    """Start a service at an instant, have it look and work once, and return the dates delivered so far."""
    started, _ = service(shop, store, now)
    started.look()
    started.work()
    return [path.removeprefix("drops/weekly_").removesuffix(".txt") for path in commits(shop)]


def test_a_run_comes_due_once(shop: Path, store: Store) -> None:
    started, clock = service(shop, store, SUNDAY)
    for instant in (SUNDAY, SUNDAY + 17 * HOUR, SUNDAY + 18 * HOUR, SUNDAY + 18 * HOUR, SUNDAY + 19 * HOUR):
        clock.instant = instant
        started.look()
        started.work()
    assert commits(shop) == ["drops/weekly_2025-03-03.txt"]
    (report,) = store.recent(9)
    assert report.run.logical_time == SUNDAY + 18 * HOUR


@pytest.mark.parametrize(
    ("catch_up", "delivered"),
    [("none", []), ("latest", ["2025-03-17"]), ("all", ["2025-03-03", "2025-03-10", "2025-03-17"])],
)
def test_catch_up_of_what_was_missed_since_registration(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, catch_up: str, delivered: list[str]
) -> None:
    shop = make_shop(tmp_path, weekly=weekly(f'{{cron: "0 7 * * mon", catch_up: {catch_up}}}'))
    with Store.of_project(shop) as store:
        assert turn(shop, store, SUNDAY - 10 * WEEK) == []
        store.come_due("weekly", SUNDAY, lambda since: ())
        with caplog.at_level(logging.WARNING):
            assert turn(shop, store, SUNDAY + 3 * WEEK - HOUR) == delivered
        assert turn(shop, store, SUNDAY + 3 * WEEK) == delivered
    missed = 3 - len(delivered)
    assert (f"weekly: {missed} missed times are let go (catch_up: {catch_up})" in caplog.text) == bool(missed)


def test_a_new_export_does_not_catch_up(shop: Path, store: Store) -> None:
    assert turn(shop, store, SUNDAY) == []
    assert store.recent(9) == ()


def test_a_run_by_hand_does_not_hide_what_was_missed(shop: Path, store: Store) -> None:
    turn(shop, store, SUNDAY)
    store.enqueue("weekly", SUNDAY + WEEK, SUNDAY + WEEK)
    assert turn(shop, store, SUNDAY + WEEK + HOUR) == ["2025-03-03", "2025-03-09"]


def test_what_was_queued_before_a_stop_is_carried_out_after_it(shop: Path, store: Store) -> None:
    turn(shop, store, SUNDAY)
    started, _ = service(shop, store, SUNDAY + WEEK)
    started.look()
    started.stop()
    started.work()
    assert commits(shop) == []
    assert turn(shop, store, SUNDAY + WEEK) == ["2025-03-03"]


@pytest.mark.parametrize(
    ("zone", "noon_before", "cron", "expected"),
    [
        ("Europe/Berlin", "2025-03-29T12:00", "30 2 * * *", ["2025-03-30T01:00", "2025-03-31T00:30"]),
        ("Europe/Berlin", "2025-10-25T12:00", "30 2 * * *", ["2025-10-26T00:30", "2025-10-27T01:30"]),
        ("America/New_York", "2025-03-08T12:00", "30 2 * * *", ["2025-03-09T07:00", "2025-03-10T06:30"]),
        ("America/New_York", "2025-11-01T12:00", "30 1 * * *", ["2025-11-02T05:30", "2025-11-03T06:30"]),
    ],
)
def test_nights_of_daylight_saving(tmp_path: Path, zone: str, noon_before: str, cron: str, expected: list[str]) -> None:
    shop = make_shop(tmp_path, weekly=weekly(f'{{cron: "{cron}", timezone: {zone}, catch_up: none}}'))
    start = datetime.fromisoformat(noon_before).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    with Store.of_project(shop) as store:
        started, clock = service(shop, store, start)
        for half_hours in range(2 * 47):
            clock.instant = start + half_hours * HOUR / 2
            started.look()
        times = [f"{run.logical_time:%Y-%m-%dT%H:%M}" for run in store.waiting()]
    assert times == expected


@pytest.mark.parametrize(
    ("catch_up", "late", "expected"),
    [
        ("none", timedelta(seconds=59), 1),
        ("none", timedelta(seconds=60), 0),
        ("latest", timedelta(seconds=59), 1),
        ("latest", 3 * WEEK, 1),
        ("all", 3 * WEEK, 4),
    ],
)
def test_a_moment_late_is_not_missed(catch_up: CatchUp, late: timedelta, expected: int) -> None:
    cron = parse_cron("0 7 * * mon", lambda problem: pytest.fail(problem.message))
    assert cron is not None
    monday = datetime(2025, 3, 3, 7, tzinfo=UTC)
    timetable = Timetable(cron, ZoneInfo("UTC"))
    due = due_times(timetable, catch_up, monday - HOUR, monday + late, timedelta(minutes=1))
    assert len(due) == expected


def test_all_that_is_noticed_in_time_runs_whatever_was_missed() -> None:
    cron = parse_cron("* * * * *", lambda problem: pytest.fail(problem.message))
    assert cron is not None
    minutes = [SUNDAY + n * HOUR / 60 for n in range(6)]
    timetable = Timetable(cron, ZoneInfo("UTC"))
    cases: tuple[tuple[CatchUp, int], ...] = (("none", 2), ("latest", 2), ("all", 5))
    for catch_up, count in cases:
        due = due_times(timetable, catch_up, minutes[0], minutes[5], timedelta(minutes=2))
        assert list(due) == minutes[6 - count :]


def test_the_dead_are_taken_over(shop: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    monday = SUNDAY + 18 * HOUR
    run = store.enqueue("weekly", monday, monday)
    assert store.claim(run, Lease("elsewhere:1", monday + timedelta(minutes=1)), monday)
    assert turn(shop, store, monday + timedelta(seconds=59)) == []
    assert turn(shop, store, monday + timedelta(seconds=61)) == ["2025-03-03"]
    assert "weekly as of 2025-03-03T06:00:00Z  #1  its process died; now queued" in caplog.text
    assert store.report(run).run.attempt == 2


def test_a_broken_project_fails_the_run_and_the_service_goes_on(shop: Path, store: Store) -> None:
    turn(shop, store, SUNDAY)
    started, clock = service(shop, store, SUNDAY)
    make_shop(shop, weekly="exports: {weekly: {quieries: {}}}")
    clock.instant = SUNDAY + WEEK
    started.look()
    started.work()
    (report,) = store.recent(9)
    assert report.run.state is RunState.FAILED
    assert "metrics/exports/weekly.yml:1:20  E104 unknown key 'quieries'" in (report.run.error or "")
    make_shop(shop)
    clock.instant = SUNDAY + 2 * WEEK
    started.look()
    started.work()
    assert commits(shop) == ["drops/weekly_2025-03-10.txt"]


def test_an_export_that_is_gone_fails_its_run(shop: Path, store: Store) -> None:
    started, _ = service(shop, store, SUNDAY)
    store.enqueue("weekley", SUNDAY, SUNDAY)
    started.work()
    (report,) = store.recent(9)
    assert "E604  the project has no export 'weekley' any more" in (report.run.error or "")
    assert "did you mean 'weekly'?" in (report.run.error or "")


def test_a_missing_database_fails_the_run_and_the_next_one_finds_it(shop: Path, store: Store) -> None:
    make_shop(shop, project=FILES["project.yml"].replace("duckdb", "duckdb, database: data/shop.duckdb"))
    monday = SUNDAY + 18 * HOUR
    store.enqueue("weekly", monday, monday)
    assert turn(shop, store, monday) == []
    (report,) = store.recent(9)
    assert report.run.state is RunState.FAILED
    assert "shop.duckdb" in (report.run.error or "")
    assert "E614" not in (report.run.error or "")
    (shop / "data").mkdir()
    duckdb.connect(shop / "data" / "shop.duckdb").close()
    store.enqueue("weekly", monday + WEEK, monday)
    assert turn(shop, store, monday) == ["2025-03-10"]


def test_a_database_that_is_being_written_fails_the_run(shop: Path, store: Store) -> None:
    make_shop(shop, project=FILES["project.yml"].replace("duckdb", "duckdb, database: shop.duckdb"))
    store.enqueue("weekly", SUNDAY, SUNDAY)
    writing = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    command = [sys.executable, "-c", writing, str(shop / "shop.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        assert turn(shop, store, SUNDAY) == []
        writer.kill()
    (report,) = store.recent(9)
    assert report.run.state is RunState.FAILED
    assert "shop.duckdb is being written by another process" in (report.run.error or "")
    assert "E614" not in (report.run.error or "")


def test_a_locked_store_does_not_end_the_service(
    shop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store_module, "_BUSY_SECONDS", 0.05)
    with Store.of_project(shop) as store:
        turn(shop, store, SUNDAY)
        started, _ = service(shop, store, SUNDAY + WEEK)
        with closing(sqlite3.connect(store.path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            started.look()
            started.work()
        assert "E610" in caplog.text
        started.look()
        started.work()
        assert commits(shop) == ["drops/weekly_2025-03-03.txt"]


def test_mistakes_in_schedules_stand_at_their_place(tmp_path: Path) -> None:
    schedule = '{cron: "0 25 * * monday", timezone: Europe/Berln}'
    shop = make_shop(tmp_path, weekly=weekly(schedule))
    with open_project(shop) as (layer, _):
        found = check_schedules(layer.model)
    line = weekly(schedule).splitlines()[3]
    assert [(each.code, each.span and each.span.line, each.span and each.span.column) for each in found] == [
        ("E601", 4, line.index("25") + 1),
        ("E601", 4, line.index("monday") + 1),
        ("E602", 4, line.index("Europe/Berln") + 1),
    ]
    assert "did you mean 'Europe/Berlin'?" in found[2].render()
    with pytest.raises(ModelError, match="hour 25 is not between 0 and 23"):
        serve(shop)


def test_a_project_without_schedules_is_not_served(tmp_path: Path) -> None:
    shop = make_shop(tmp_path, weekly=FILES["exports/weekly.yml"].replace("schedule:", "# schedule:"))
    with pytest.raises(ScheduleError, match="E603"):
        serve(shop)


def test_the_log_goes_to_stderr_and_handlers_are_left_as_they_were(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = list(logging.getLogger("metricast.scheduler").handlers)
    with pytest.raises(ScheduleError):
        serve(make_shop(tmp_path, weekly="exports:\n"))
    assert logging.getLogger("metricast.scheduler").handlers == before
    assert capfd.readouterr().out == ""


def test_the_time_is_read_in_one_place() -> None:
    package = Path(store_module.__file__).parent
    reads = ("datetime.now(", "utcnow(", "time.time(", "date.today(", "apscheduler")
    mine = ("cron", "journal", "run", "runs", "schedule", "schema", "service", "stop", "store")
    assert not [name for name in mine if any(word in (package / f"{name}.py").read_text() for word in reads)]
