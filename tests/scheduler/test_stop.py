"""Ctrl-C during an export: either nothing is delivered, or it says that it was; no run is left running."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduler.run import run_export
from scheduler.runs import RunReport, RunState
from scheduler.stop import Stop
from scheduler.store import Store
from tests.scheduler.shop import MEMO, MONDAY, MemoOptions, commits, make_shop, open_shop
from tests.scheduler.test_run import MEMO_FILE, SLOW_SALES

TWO = MEMO.model_copy(update={"path": "drops/two.txt"})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


@pytest.fixture
def store(shop: Path) -> Iterator[Store]:
    with Store.of_project(shop) as opened:
        yield opened


def stopped_when(shop: Path, store: Store, ready: Callable[[], bool], hold: str, *options: MemoOptions) -> RunReport:
    """Run the export, ask it to stop as soon as it is `ready`, then let go of what it is held up by."""
    stop, over = Stop(), threading.Event()
    with open_shop(shop, *options) as (layer, exports):

        def ask() -> None:
            while not ready():
                time.sleep(0.01)
            stop.ask()
            (shop / hold).unlink(missing_ok=True)
            while not over.wait(0.05):
                layer.cancel()

        asking = threading.Thread(target=ask)
        asking.start()
        report = run_export(layer, exports["weekly"], logical_time=MONDAY, store=store, stop=stop)
        over.set()
        asking.join()
    return report


def test_a_query_that_is_stopped_delivers_nothing(shop: Path, store: Store) -> None:
    make_shop(shop, sales=SLOW_SALES)

    def querying() -> bool:
        return any(step.name == "querying" for report in store.recent(1) for step in store.steps(report.run))

    report = stopped_when(shop, store, querying, "nothing")
    assert (report.run.state, report.run.error) == (RunState.FAILED, "E615  stopped on request")
    assert commits(shop) == []


def test_what_is_only_staged_is_not_delivered(shop: Path, store: Store) -> None:
    (shop / "hold").touch()
    report = stopped_when(shop, store, (shop / "waiting").exists, "hold")
    assert (report.run.state, report.run.error) == (RunState.FAILED, "E615  stopped on request")
    assert report.deliveries == ()
    assert commits(shop) == []
    assert not list((shop / "drops").iterdir())


def test_what_is_visible_already_is_recorded(shop: Path, store: Store) -> None:
    (shop / "hold-recording").touch()
    report = stopped_when(shop, store, (shop / "waiting").exists, "hold-recording")
    assert (report.run.state, report.run.error) == (RunState.SUCCEEDED, None)
    assert [each.destination for each in report.deliveries] == commits(shop) == [MEMO_FILE]


def test_the_second_destination_is_left_out(shop: Path, store: Store) -> None:
    (shop / "hold-recording").touch()
    report = stopped_when(shop, store, (shop / "waiting").exists, "hold-recording", MEMO, TWO)
    assert (report.run.state, report.run.error) == (RunState.FAILED, "E615  stopped on request")
    assert [each.destination for each in report.deliveries] == commits(shop) == [MEMO_FILE]


# --- Ctrl-C ------------------------------------------------------------

EXPORT = """
import sys
from contextlib import contextmanager
from pathlib import Path
from exporters import definitions
from scheduler.cli import cli
from tests.scheduler.shop import MEMO, with_memos

load = definitions.load_exports
definitions.load_exports = lambda model: {name: with_memos(each, MEMO) for name, each in load(model).items()}
cli(["export", "weekly", "--as-of", "2025-03-03 07:00", "--project", sys.argv[1]])
"""


def interrupted(shop: Path, ready: Callable[[], bool], hold: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", EXPORT, str(shop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while not ready():
            time.sleep(0.02)
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        time.sleep(0.3)
        (shop / hold).unlink(missing_ok=True)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals")
@pytest.mark.parametrize(
    ("hold", "expected", "words", "state"),
    [
        ("hold", (130, ""), "nothing was delivered", RunState.FAILED),
        ("hold-recording", (0, f"{MEMO_FILE}\n"), "too late to stop", RunState.SUCCEEDED),
    ],
)
def test_ctrl_c_tells_the_truth(
    shop: Path, store: Store, *, hold: str, expected: tuple[int, str], words: str, state: RunState
) -> None:
    (shop / hold).touch()
    code, stdout, stderr = interrupted(shop, (shop / "waiting").exists, hold)
    assert (code, stdout) == expected, stderr
    assert words in stderr
    assert "Traceback" not in stderr
    (report,) = store.recent(1)
    assert report.run.state is state
    assert (shop / MEMO_FILE).exists() == (state is RunState.SUCCEEDED)


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals")
def test_ctrl_c_stops_the_query_of_an_export(shop: Path, store: Store) -> None:
    make_shop(shop, sales=SLOW_SALES)

    def querying() -> bool:
        return any(step.name == "querying" for report in store.recent(1) for step in store.steps(report.run))

    began = time.monotonic()
    code, stdout, stderr = interrupted(shop, querying, "nothing")
    assert (code, stdout) == (130, ""), stderr
    assert time.monotonic() - began < 20
    (report,) = store.recent(1)
    assert report.run.state is RunState.FAILED
