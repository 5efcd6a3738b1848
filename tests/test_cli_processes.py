"""The command line as a real process: streams, locales, terminals, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli_project import make_project


@pytest.fixture
def process(tiny: Path) -> list[str]:
    return [sys.executable, "-m", "scheduler.cli", "--project", str(tiny)]


def said(stderr: bytes) -> str:
    """What was printed to stderr, apart from the progress of a slow machine."""
    return stderr.decode().replace("querying …\n", "")


def test_stdout_holds_the_rows_alone_whatever_the_locale(process: list[str]) -> None:
    done = subprocess.run(
        [*process, "query", "events", "--by", "kind", "--format", "csv"],
        capture_output=True, check=False, env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (done.returncode, said(done.stderr)) == (0, "")
    assert done.stdout == b'kind,events\r\n"a, ""b""",1\r\nlogin,2\r\n'


@pytest.mark.parametrize("command", [["list"], ["explain", "ไทย"], ["sql", "ไทย"]], ids=lambda value: value[0])
def test_every_script_is_written_whatever_the_locale(tmp_path: Path, command: list[str]) -> None:
    model = """
datasets: {days: {table: days, primary_key: day_id, dimensions: {kind: {label: ประเภท}}}}
metrics: {ไทย: {dataset: days, agg: count, filter: "kind = 'ไทย'", label: ผู้ใช้}}
"""
    folder = make_project(tmp_path, model, "CREATE TABLE days AS SELECT 1 day_id, 'ไทย' kind")
    done = subprocess.run(
        [sys.executable, "-m", "scheduler.cli", "--project", str(folder), *command],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ไทย" in done.stdout.decode()


def test_no_colours_off_a_terminal(process: list[str]) -> None:
    for arguments in (["list"], ["query", "event"]):
        done = subprocess.run([*process, *arguments], capture_output=True, check=False)
        assert b"\x1b[" not in done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_a_reader_that_leaves_early_is_no_error(process: list[str], style: str) -> None:
    query = ["query", "events", "--by", "minute", "--period", "2025-01", "--format", style]
    with subprocess.Popen([*process, *query], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert said(running.stderr.read()) == ""
        assert running.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX signals")
def test_ctrl_c_ends_with_130_and_no_traceback() -> None:
    script = (
        "import time; from scheduler.cli import cli; from scheduler.cli.console import working\n"
        "cli.commands['list'].callback = lambda **_: working('sleeping', lambda: time.sleep(60))\n"
        "cli(['list'])"
    )
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "sleeping …\n".encode()
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.stderr.read().strip() == b"stopped"
        assert running.wait(timeout=10) == 130
        assert time.monotonic() - began < 5
