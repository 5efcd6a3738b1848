"""Oracles over whole projects: a folder of SQL files, each with the query that must give the same rows.

A file is a query in comments, one part of it a line, and then hand-written SQL over the project's own data:

    -- metrics: [active_users]
    -- by: [month]
    -- period: 2024
    select …

The SQL gives the columns of the query's result, in the order that the query has without an `order`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import yaml

from semantic.query import Query
from tests.cases import same_value

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

Row = tuple[Any, ...]
PARTS = {field.name for field in fields(Query)}


@dataclass(frozen=True, slots=True)
class Oracle:
    """A query and the SQL that answers it by another way."""

    name: str
    parts: tuple[tuple[str, Any], ...]
    sql: str

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(dict(self.parts)["metrics"])

    @property
    def by(self) -> tuple[str, ...]:
        return tuple(dict(self.parts).get("by", ()))

    def rows(self, connection: duckdb.DuckDBPyConnection) -> list[Row]:
        return connection.execute(self.sql).fetchall()


def load_oracles(folder: Path) -> tuple[Oracle, ...]:
    """All oracles of a folder, by name. Raises ValueError for a file without a query, or no files."""
    oracles = tuple(_read(path) for path in sorted(folder.glob("*.sql")))
    if not oracles:
        raise ValueError(f"no oracles in {folder}")
    return oracles


def _read(path: Path) -> Oracle:
    lines = path.read_text(encoding="utf-8").splitlines()
    head = [line.removeprefix("-- ") for line in takewhile(lambda line: line.startswith("-- "), lines)]
    parts = yaml.safe_load("\n".join(head))
    if not isinstance(parts, dict) or "metrics" not in parts or not set(parts) <= PARTS:
        raise ValueError(f"{path.name} does not begin with a query in comments")
    query = tuple((key, _part(key, value)) for key, value in parts.items())
    return Oracle(path.stem, query, "\n".join(lines))


def _part(key: str, value: Any) -> Any:
    if key == "period":
        return str(value)
    return tuple(value) if isinstance(value, list) else value


def differences(given: list[Row], expected: list[Row]) -> list[str]:
    """What is not the same, a line each, the first few; empty when all rows are equal, in order."""
    if not expected:
        return ["the oracle gives no rows"]
    pairs = zip(given, expected, strict=False)
    wrong = [f"{left} is given, {right} expected" for left, right in pairs if not _same_row(left, right)]
    if len(given) != len(expected):
        wrong.insert(0, f"{len(given)} rows are given, {len(expected)} expected")
    return wrong[:6]


def _same_row(given: Row, expected: Row) -> bool:
    return len(given) == len(expected) and all(map(same_value, given, expected))
