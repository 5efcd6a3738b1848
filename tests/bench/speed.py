"""The times of compiling and of starting the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from semantic.compile import compile_query
from semantic.model import Model
from tests.bench.measure import Measurement, measure
from tests.bench.questions import AS_OF, questions

COMPILES, STARTS = 50, 10


def compiling(model: Model) -> Iterator[Measurement]:
    """Yield the time that each question takes to become SQL in a warm process."""
    for name, query, _ in questions():
        yield measure(f"compile {name}", partial(compile_query, model, query, as_of=AS_OF), repeats=COMPILES)


def starting(project: Path) -> Iterator[Measurement]:
    """Yield the time of whole processes."""
    metricast = str(Path(sys.executable).parent / "metricast")
    shipped = ["--project", str(project)]
    for what, command in (
        ("python -c pass", [sys.executable, "-c", "pass"]),
        ("metricast sql --help", [metricast, "sql", "--help"]),
        ("metricast sql", [metricast, "sql", "active_users", "--by", "week,gender", *shipped]),
        ("metricast query", [metricast, "query", "active_users", "--by", "month", "--period", "2026", *shipped]),
    ):
        call = partial(subprocess.run, command, check=True, capture_output=True)
        yield measure(what, call, repeats=STARTS, note="whole process")
