"""Metrics over time beside SQL written by hand: equal rows first, then both in turn; and compiling."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import yaml

from scheduler.demo import generate
from scheduler.shipped import copy_project
from semantic import Layer, MetricastError, Query
from tests.bench.execution import PACE, USERS, assert_equal_rows
from tests.bench.measure import measure, stopwatch
from tests.bench.questions import AS_OF, FOLDER

COLUMNS = ("question", "ours ms", "by hand ms", "ratio", "compile ms", "note")
REPEATS, COMPILES, PATIENCE = 7, 20, 3.0  # SQL that takes longer than so many seconds is run once
_QUESTIONS: dict[str, Any] = yaml.safe_load((FOLDER / "time_metrics.yml").read_text(encoding="utf-8"))
Line = tuple[str, str, str, str, str, str]


def time_metrics(database: Path | None) -> Iterator[Line]:
    """Yield one line for each question, asked of the sample data in a database, or else of two million activities."""
    with tempfile.TemporaryDirectory(prefix="metricast-time-") as name:
        root = Path(name)
        copy_project(root)
        if database is None:
            database = root / ".metricast" / "engagement.duckdb"
            generate(database, users=USERS, pace=PACE)
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for question, parts in _QUESTIONS.items():
                yield _line(connection, root, question, parts)


def _line(connection: duckdb.DuckDBPyConnection, root: Path, question: str, parts: dict[str, Any]) -> Line:
    by_hand = (FOLDER / "sql" / "time" / f"{question}.sql").read_text(encoding="utf-8")
    others = {path.parent.name: path.read_text(encoding="utf-8") for path in _others(question)}
    statements = {"by hand": by_hand, **others}
    compiling, problem = "", ""
    try:
        ours, seconds = _compiled(root, parts)
    except MetricastError as error:
        problem = f"; refused: {' '.join(str(error).split())[:120]}"
    else:
        statements, compiling = {"ours": ours, **statements}, _milliseconds(seconds)
    count, times = _race(connection, question, statements)
    ratio = f"{times['ours'] / times['by hand']:.2f} x" if "ours" in times else ""
    note = "".join(f"; {other} {_milliseconds(times[other])} ms" for other in others)
    mine = _milliseconds(times["ours"]) if "ours" in times else ""
    return question, mine, _milliseconds(times["by hand"]), ratio, compiling, f"{count} rows{note}{problem}"


def _others(question: str) -> list[Path]:
    return sorted((FOLDER / "sql" / "time").glob(f"*/{question}.sql"))


def _compiled(root: Path, parts: dict[str, Any]) -> tuple[str, float]:
    """The question's SQL, and the seconds of compiling it in a warm process."""
    overlay = yaml.safe_dump({"metrics": parts["metrics"]}, sort_keys=False)
    (root / "metrics" / "time_metrics.yml").write_text(overlay, encoding="utf-8")
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in parts["query"].items()
    }
    query = Query(**fields)
    with Layer(root) as layer:
        taken = measure("compile", lambda: layer.compile(query, as_of=AS_OF), repeats=COMPILES)
        return layer.compile(query, as_of=AS_OF).sql, taken.best


def _race(
    connection: duckdb.DuckDBPyConnection, question: str, statements: dict[str, str]
) -> tuple[int, dict[str, float]]:
    """The number of rows, which must be equal, and the best seconds of each statement, run in turn."""
    rows: dict[str, list[Any]] = {}
    best: dict[str, float] = {}
    for name, sql in statements.items():
        best[name], rows[name] = _run(connection, sql)
    for name, found in rows.items():
        assert_equal_rows(f"{question}, {name}", found, rows["by hand"])
    patient = [name for name, seconds in best.items() if seconds <= PATIENCE]
    for _ in range(REPEATS):
        for name in patient:
            best[name] = min(best[name], _run(connection, statements[name])[0])
    return len(rows["by hand"]), best


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, list[Any]]:
    with stopwatch() as elapsed:
        rows = connection.execute(sql).fetchall()
    return elapsed(), rows


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
