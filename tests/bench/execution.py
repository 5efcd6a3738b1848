"""A query of the layer beside SQL written by hand: equal rows first, then the ratio of their times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from scheduler.demo import generate
from scheduler.shipped import copy_project
from semantic import Layer
from tests.bench.measure import Measurement, stopwatch
from tests.bench.questions import AS_OF, one_off, questions

REPEATS = 11
USERS, PACE = 100_000, 23  # visits in percent of the demo's: two million activities


def execution(folder: Path) -> Iterator[Measurement]:
    """Yield the time of each question's SQL, with its ratio to the hand-written one, run in turn on one connection."""
    copy_project(folder)
    database = folder / ".metricast" / "engagement.duckdb"
    counts = generate(database, users=USERS, pace=PACE)
    yield Measurement("data to ask", 0, 0, f"{counts.users:,} users, {counts.activity_log:,} activities")
    with Layer(folder) as layer, duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, query, by_hand in questions():
            ours = layer.compile(query, as_of=AS_OF).sql
            rows = _fetch(connection, ours)
            others = [by_hand, *filter(None, [one_off(name)])]
            for theirs in others:
                assert_equal_rows(name, rows, _fetch(connection, theirs))
            mine, *times = _in_turn(connection, ours, *others)
            ratio, *once = [f"{min(mine) / min(theirs):.2f} x" for theirs in times]
            note = f"{len(rows)} rows; {ratio} hand-written SQL, limit 1.05"
            note += "".join(f"; {each} what is right for this period alone" for each in once)
            yield Measurement(f"query {name}", min(mine), median(mine), note)


def _in_turn(connection: duckdb.DuckDBPyConnection, *statements: str) -> tuple[list[float], ...]:
    """The times of each statement, one after the other again and again, so that all meet the same machine."""
    times: tuple[list[float], ...] = tuple([] for _ in statements)
    for _ in range(REPEATS):
        for statement, found in zip(statements, times, strict=True):
            with stopwatch() as elapsed:
                _fetch(connection, statement)
            found.append(elapsed())
    return times


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def assert_equal_rows(name: str, ours: list[Any], theirs: list[Any]) -> None:
    """Raise AssertionError unless both have the same rows in the same order, doubles at nine digits."""
    assert len(ours) == len(theirs), f"{name}: {len(ours)} rows, by hand {len(theirs)}"
    for mine, yours in zip(ours, theirs, strict=True):
        assert all(_equal(a, b) for a, b in zip(mine, yours, strict=True)), f"{name}: {mine} is not {yours}"


def _equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) or isinstance(theirs, float):
        return ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return bool(ours == theirs)
