"""What metricast adds to plain SQL on Spark, by Databricks' own connector, and how fast random queries are judged."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from semantic import Layer, Query
from semantic.engines.databricks import DatabricksEngine
from tests.bench.measure import Measurement, stopwatch
from tests.bench.questions import AS_OF, questions
from tests.judge import ON_DUCKDB, Bench, judge
from tests.spark import local_spark
from tests.spark.examples import on_spark
from tests.strategies import example_at
from tests.warehouse.handle import warehouse
from tests.warehouse.shipped import shipped_project

USERS, REPEATS, SEED, EXAMPLES = 2_000, 15, 1, 200


def spark() -> Iterator[Measurement]:
    """Yield each question through the layer beside its bare SQL, in turn on one session, then the random queries."""
    yield from _overhead()
    for bench in (ON_DUCKDB, on_spark(local_spark())):
        yield _judging(bench)


def _overhead() -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory(prefix="metricast-spark-") as name, warehouse(Path(name)) as handle:
        os.environ["SSL_CERT_FILE"] = str(handle.certificate)
        os.environ |= shipped_project(Path(name) / "project", handle, USERS)
        with Layer(Path(name) / "project", target="production") as layer:
            for question, query, _ in questions():
                plain, ours = _in_turn(_plain(layer, query), partial(layer.run, query, as_of=AS_OF))
                added = f"plain {min(plain) * 1e3:.0f} / {median(plain) * 1e3:.0f} ms"
                yield Measurement(f"Spark {question}", min(ours), median(ours), added)


def _plain(layer: Layer, query: Query) -> Callable[[], object]:
    """The same SQL on the same session, by the connector alone."""
    sql = layer.compile(query, as_of=AS_OF).sql
    assert isinstance(layer.engine, DatabricksEngine)
    engine = layer.engine

    def run() -> object:
        with engine._session().cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall_arrow()

    return run


def _in_turn(*calls: Callable[[], object]) -> tuple[list[float], ...]:
    """The times of each call, one after the other again and again, after a round that warms up."""
    times: tuple[list[float], ...] = tuple([] for _ in calls)
    for _ in range(REPEATS + 1):
        for call, found in zip(calls, times, strict=True):
            with stopwatch() as elapsed:
                call()
            found.append(elapsed())
    return tuple(found[1:] for found in times)


def _judging(bench: Bench) -> Measurement:
    judge(example_at(SEED, 0), bench)
    with stopwatch() as elapsed:
        wrong = sum(judge(example_at(SEED, number), bench).fault is not None for number in range(EXAMPLES))
    each = elapsed() / EXAMPLES
    return Measurement(f"judge a random query on {bench.name}", each, each, f"{60 / each:,.0f} a minute, {wrong} wrong")
