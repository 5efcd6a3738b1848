"""The sample data at any size: how long they take to make, how much memory, and to ask five shipped metrics of them.

Every step is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from scheduler.shipped import copy_project
from tests.bench.measure import Measurement, stopwatch

ACTIVITIES_PER_USER = 100
TARGET = "  large: {engine: duckdb, database: large/engagement.duckdb}\n"
QUESTIONS = (
    ("active_users", "--by", "month"),
    ("activities_per_active_user", "--by", "week", "--period", "2026"),
    ("new_user_share", "--by", "age_group", "--period", "2026-Q3", "--totals"),
    ("points_earned", "--by", "month,segment", "--period", "2025"),
    ("response_lift", "--by", "campaign"),
)


def scale(users: int) -> Iterator[Measurement]:
    """Yield one line for making the data of that many users, and one for each question, each done once."""
    with tempfile.TemporaryDirectory(prefix="metricast-scale-") as name:
        project = Path(name)
        copy_project(project)
        with (project / "metrics" / "project.yml").open("a", encoding="utf-8") as settings:
            settings.write(TARGET)
        pace = ("--users", str(users), "--activities-per-user", str(ACTIVITIES_PER_USER))
        seconds, peak = _run("demo-data", str(project / "large"), *pace)
        made = f"{_size(project / 'large')}; peak {peak / 1e9:.2f} GB"
        yield Measurement(f"demo-data --users {users:,}", seconds, seconds, made)
        for question in QUESTIONS:
            options = ("--as-of", "2026-11-01", "--target", "large", "--project", name, "--output", f"{name}/rows.csv")
            seconds, peak = _run("query", *question, *options, "--format", "csv")
            yield Measurement(f"query {' '.join(question)}", seconds, seconds, f"peak {peak / 1e9:.2f} GB")


def _run(*arguments: str) -> tuple[float, int]:
    """Return the seconds and the peak bytes of memory of one command, which must succeed; stderr is shown."""
    with stopwatch() as elapsed:
        process = subprocess.Popen([sys.executable, "-m", "scheduler.cli", *arguments], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return elapsed(), usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _size(folder: Path) -> str:
    """Return the rows by table and the bytes of all files, in words."""
    with duckdb.connect(str(folder / "engagement.duckdb"), read_only=True) as connection:
        rows = {table: connection.view(table).shape[0] for table in ("users", "activity_log", "points_ledger")}
    files = tuple(folder.rglob("*.parquet"))
    size = sum(path.stat().st_size for path in files)
    counted = ", ".join(f"{count:,} {table}" for table, count in rows.items())
    return f"{counted}; {size / 1e9:.2f} GB in {len(files)} files"
