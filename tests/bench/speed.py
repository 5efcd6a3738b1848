"""The times of compiling, of loading and of starting the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from semantic import Layer, Query
from semantic.compile import compile_query
from semantic.load import load_project
from semantic.model import Model
from tests.bench.large import write_large_project
from tests.bench.measure import Measurement, measure
from tests.bench.questions import AS_OF, questions

COMPILES, LOADS, STARTS = 200, 5, 15
WARM = {  # name and limit in ms: a query whose filter is another one each time
    "(a) one metric by day, limit 1 ms": (Query(("activities",), ("day",), period="2026"), "province"),
    "(b) by month and a joined dimension, limit 1.5": (
        Query(("active_users",), ("month", "gender"), period="2026"),
        "province",
    ),
    "(c) two datasets by segment, limit 3": (
        Query(("active_users", "points_earned"), ("segment",), period="2026"),
        "signup_channel",
    ),
    "(d) a ratio over two datasets by month and gender, limit 3": (
        Query(("new_user_share",), ("month", "gender"), period="2026"),
        "province",
    ),
}


def compiling(model: Model) -> Iterator[Measurement]:
    """Yield the time that each question takes to become SQL in a warm process."""
    for name, (query, dimension) in WARM.items():
        yield measure(f"compile {name}", _compile(model, query, f"users.{dimension}"), repeats=COMPILES)
    for name, query, _ in questions():
        yield measure(f"compile {name}", partial(compile_query, model, query, as_of=AS_OF), repeats=COMPILES)


def _compile(model: Model, query: Query, dimension: str) -> Callable[[], object]:
    """Compile with another filter value at each call, so that no parsed text is met again."""
    numbers = count()
    return lambda: compile_query(model, replace(query, where=f"{dimension} = 'value {next(numbers)}'"), as_of=AS_OF)


def loading() -> Iterator[Measurement]:
    """Yield the time to load 1,000 metrics over 50 datasets, and to compile among many and among few."""
    query = Query(("metric_0_3",), ("day", "dataset_1.colour"), period="2026")
    with TemporaryDirectory() as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        write_large_project(small, areas=2)
        write_large_project(large)
        yield measure("load 1,000 metrics, limit 800 ms", partial(load_project, large), repeats=LOADS)
        shelf = {"METRICAST_CACHE": str(Path(folder) / "cache")}
        models = {number: Layer(root, environment=shelf).model for number, root in ((40, small), (1000, large))}
        open_kept = partial(Layer, large, environment=shelf)
        yield measure("the same, kept, limit 150 ms", open_kept, repeats=LOADS * 5)
        for number, model in models.items():
            what = f"compile a sum by day and colour among {number:,} metrics"
            yield measure(what, _compile(model, query, "dataset_0.size"), repeats=COMPILES)


def starting(project: Path) -> Iterator[Measurement]:
    """Yield the time of whole processes, as of an installed package: its modules are compiled, its project is known."""
    metricast = str(Path(sys.executable).parent / "metricast")
    shipped = ["--project", str(project)]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for what, command in (
        ("python -c pass", [sys.executable, "-c", "pass"]),
        ("metricast sql --help", [metricast, "sql", "--help"]),
        ("metricast sql, limit 300 ms", [metricast, "sql", "active_users", "--by", "week,gender", *shipped]),
        ("metricast query", [metricast, "query", "active_users", "--by", "month", "--period", "2026", *shipped]),
    ):
        call = partial(subprocess.run, command, check=True, capture_output=True, env=environment)
        call()
        yield measure(what, call, repeats=STARTS, note="whole process")
