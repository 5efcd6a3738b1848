"""What these tests know of the language and the compiler does not know yet.

Each part switches itself on as soon as the compiler has it. The commit that brings the last one deletes this file, and
every line that names it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from semantic.compile import compile_query
from semantic.load import load_texts
from semantic.query import Query

BINNED = "datasets: {f: {table: f, primary_key: i, dimensions: {d: {expr: v, bins: [10]}}}}"
# The tests that wait: beginnings of the names of cases (`file::query`).
WAITING = ("bins::with labels", "bins::without labels", "bins_in_order", "age::in bins")


@cache
def bins_are_ordered() -> bool:
    """Whether rows are ordered by something else than the text of the bins."""
    model = load_texts({"metrics/a.yml": BINNED}).model
    assert model is not None
    sql = compile_query(model, Query(by=("d",)), as_of=datetime(2025, 1, 1, tzinfo=UTC)).sql
    return not sql.endswith("ORDER BY\n  d")


def awaited(name: str) -> str | None:
    """What a case waits for; None if it waits for nothing."""
    return "order of bins" if name.startswith(WAITING) and not bins_are_ordered() else None
