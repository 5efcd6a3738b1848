"""Real processes: killed in mid-run, racing for one run, told to stop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduler.runs import RunState
from scheduler.store import Store
from tests.scheduler.shop import MONDAY, commits, make_shop

ROOT = Path(__file__).parents[2]
MEMO_FILE = "drops/weekly_2025-03-03.txt"
Start = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process; those that still live in the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(what: str, shop: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.scheduler.process", what, str(shop)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def wait_for(what: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def queued_shop(root: Path, hold: str = "hold") -> Path:
    """A shop whose weekly run is queued already, and whose deliveries get no further than `hold`."""
    make_shop(root)
    (root / hold).touch()
    with Store.of_project(root) as store:
        store.enqueue("weekly", MONDAY, MONDAY)
    return root


@pytest.mark.parametrize(("hold", "renames"), [("hold", 1), ("hold-recording", 2)])
def test_a_killed_run_is_taken_over(tmp_path: Path, start: Start, hold: str, renames: int) -> None:
    """Killed before its file is visible, or after that and before it is recorded: one file, one receipt."""
    shop = queued_shop(tmp_path, hold)
    victim = start("serve", shop)
    wait_for((shop / "waiting").exists)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    with Store.of_project(shop) as store:
        (report,) = store.recent(9)
        assert (report.run.state, report.run.attempt, report.deliveries) == (RunState.DELIVERING, 1, ())
        (shop / hold).unlink()
        heir = start("serve", shop)
        wait_for(lambda: store.report(report.run).run.state.is_over)
        heir.send_signal(signal.SIGTERM)
        assert heir.wait(10) == 0
        (report,) = store.recent(9)
        names = [step.name for step in store.steps(report.run)]
    assert (report.run.state, report.run.attempt) == (RunState.SUCCEEDED, 2)
    assert [delivery.destination for delivery in report.deliveries] == [MEMO_FILE]
    assert commits(shop) == [MEMO_FILE] * renames
    assert [path.name for path in (shop / "drops").glob("[!.]*")] == [Path(MEMO_FILE).name]
    assert names == [
        *("queued", "claimed", "querying", "queried", "delivering", "abandoned"),
        *("claimed", "querying", "queried", "delivering", "delivered", "succeeded"),
    ]


def test_three_processes_race_for_one_run_and_deliver_once(tmp_path: Path, start: Start) -> None:
    shop = make_shop(tmp_path)
    (shop / "hold").touch()
    racers = [start("export", shop) for _ in range(3)]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    wait_for(lambda: sum(racer.poll() is not None for racer in racers) == 2)
    (shop / "hold").unlink()
    said = sorted(racer.communicate(timeout=10)[0].strip() for racer in racers)
    assert said[0] == "delivered"
    assert set(said[1:]) <= {"running", "delivering"}
    assert commits(shop) == [MEMO_FILE]
    with Store.of_project(shop) as store:
        (report,) = store.recent(9)
    assert (report.run.state, report.run.attempt, len(report.deliveries)) == (RunState.SUCCEEDED, 1, 1)


def test_services_share_a_project_renew_their_lease_and_stop_gracefully(tmp_path: Path, start: Start) -> None:
    shop = queued_shop(tmp_path)
    services = [start("serve", shop) for _ in range(2)]
    wait_for((shop / "waiting").exists)
    time.sleep(2.0)  # longer than a lease holds by itself
    for service in services:
        service.send_signal(signal.SIGTERM)
    wait_for(lambda: sum(service.poll() is not None for service in services) == 1)
    (shop / "hold").unlink()
    logs = [service.communicate(timeout=10)[1] for service in services]
    assert [service.returncode for service in services] == [0, 0]
    assert commits(shop) == [MEMO_FILE]
    (log,) = (log for log in logs if "delivered" in log)
    assert "SIGTERM: stopping after the run in progress" in log
    assert log.index("SIGTERM") < log.index("succeeded")
    assert re.search(r"Z  weekly as of 2025-03-03T06:00:00Z  #1  queried trend: 4 rows, SQL [0-9a-f]{12}\n", log)


def test_a_second_signal_stops_at_once(tmp_path: Path, start: Start) -> None:
    shop = queued_shop(tmp_path)
    service = start("serve", shop)
    wait_for((shop / "waiting").exists)
    service.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert service.poll() is None
    service.send_signal(signal.SIGINT)
    assert service.wait(5) == -signal.SIGINT
