"""`make bench`: compiling, starting, generating and querying, in one table of best and middle times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from scheduler.demo import generate
from scheduler.output import text_table
from scheduler.shipped import copy_project
from semantic import Layer
from tests.bench.execution import execution
from tests.bench.measure import Measurement, stopwatch
from tests.bench.speed import compiling, starting

NAMES = ("what", "best", "middle", "note")


def main() -> None:
    """Measure everything and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [line.cells() for line in _measure(Path(folder))]
    print("".join(text_table(NAMES, rows, [False, True, True, False])), end="")


def _measure(folder: Path) -> Iterator[Measurement]:
    copy_project(folder)
    yield _generation(folder / ".metricast" / "engagement.duckdb")
    with Layer(folder) as layer:
        yield from compiling(layer.model)
        yield from execution(layer)
    yield from starting(folder)


def _generation(database: Path) -> Measurement:
    with stopwatch() as elapsed:
        counts = generate(database)
    return Measurement("generate the sample data", elapsed(), elapsed(), f"{counts.activity_log:,} activities")


if __name__ == "__main__":
    main()
