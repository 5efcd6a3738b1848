"""`make bench`: compiling, starting, generating and querying, in one table of best and middle times.

`make bench ARGS="--scale 1000000"` makes sample data of that many users instead, in minutes, and asks them; of several
numbers, the peaks of memory show that it does not grow with the users. `make bench ARGS=--spark` measures what
metricast adds to plain SQL on Spark (`make e2e` installs it). `make bench ARGS=--time` asks metrics over time, of two
million activities, or, `--time large/engagement.duckdb`, of what `metricast demo-data large` has made.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scheduler.demo import generate
from scheduler.output import text_table
from scheduler.shipped import copy_project
from semantic import Layer
from tests.bench.execution import execution
from tests.bench.measure import Measurement, stopwatch
from tests.bench.scale import scale
from tests.bench.speed import compiling, loading, starting

NAMES = ("what", "best", "middle", "note")


def main() -> None:
    """Measure everything, or the sizes asked for, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--scale", type=int, nargs="+", metavar="USERS", help="only make and ask data of that size")
    parser.add_argument("--spark", action="store_true", help="only measure what is run on Spark")
    over_time = "only ask metrics over time, of two million activities or of the sample data in DATABASE"
    parser.add_argument("--time", type=Path, nargs="?", const=Path(), metavar="DATABASE", help=over_time)
    options = parser.parse_args()
    if options.time is not None:
        _over_time(None if options.time == Path() else options.time)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [line.cells() for line in _lines(options, Path(folder))]
    print("".join(text_table(NAMES, rows, [False, True, True, False])), end="")


def _over_time(database: Path | None) -> None:
    from tests.bench.time_metrics import COLUMNS, time_metrics

    print("".join(text_table(COLUMNS, list(time_metrics(database)), [False, True, True, True, True, False])), end="")


def _lines(options: argparse.Namespace, folder: Path) -> Iterator[Measurement]:
    if options.spark:
        from tests.bench.spark import spark

        return spark()
    if options.scale:
        return (line for users in options.scale for line in scale(users))
    return _measure(folder)


def _measure(folder: Path) -> Iterator[Measurement]:
    copy_project(folder)
    yield _generation(folder / ".metricast" / "engagement.duckdb")
    with Layer(folder) as layer:
        yield from compiling(layer.model)
    with tempfile.TemporaryDirectory() as large:
        yield from execution(Path(large))
    yield from loading()
    yield from starting(folder)


def _generation(database: Path) -> Measurement:
    with stopwatch() as elapsed:
        counts = generate(database)
    return Measurement("generate the sample data", elapsed(), elapsed(), f"{counts.activity_log:,} activities")


if __name__ == "__main__":
    main()
