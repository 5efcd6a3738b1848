"""A query of the layer beside SQL written by hand: equal rows first, then the ratio of their times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import duckdb

from semantic import Layer, Query
from tests.bench.measure import Measurement, measure
from tests.bench.questions import AS_OF, questions

REPEATS = 5


def execution(layer: Layer) -> Iterator[Measurement]:
    """Yield the time of each question by the layer, with its ratio to the hand-written SQL."""
    root = layer.model.root
    assert root is not None
    with duckdb.connect(str(root / ".metricast" / "engagement.duckdb"), read_only=True) as connection:
        for name, query, written in questions():
            ours, theirs = _ask(layer, query), _fetch(connection, written)
            assert_equal_rows(name, ours, theirs)
            by_hand = measure(name, partial(_fetch, connection, written), repeats=REPEATS)
            layered = measure(f"query {name}", partial(_ask, layer, query), repeats=REPEATS)
            note = f"{len(ours)} rows; {layered.middle / by_hand.middle:.2f} x hand-written SQL"
            yield Measurement(layered.what, layered.best, layered.middle, note)


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def _ask(layer: Layer, query: Query) -> list[Any]:
    return layer.run(query, as_of=AS_OF).rows()


def assert_equal_rows(name: str, ours: list[Any], theirs: list[Any]) -> None:
    """Raise AssertionError unless both have the same rows in the same order, doubles at nine digits."""
    assert len(ours) == len(theirs), f"{name}: {len(ours)} rows, by hand {len(theirs)}"
    for mine, yours in zip(ours, theirs, strict=True):
        assert all(_equal(a, b) for a, b in zip(mine, yours, strict=True)), f"{name}: {mine} is not {yours}"


def _equal(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) or isinstance(theirs, float):
        return ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return bool(ours == theirs)
