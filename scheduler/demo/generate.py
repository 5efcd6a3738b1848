"""Generate the demonstration data: a pure function of the seed, the number of users and the dates.

The SQL beside this file does the work. It is written by user range, so that more users than fit in memory can
be generated range after range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

DEFAULT_START = date(2023, 1, 1)
DEFAULT_END = date(2026, 10, 31)

_ONCE = ("draws.sql", "schema.sql", "calendar.sql", "campaigns.sql")
_PER_RANGE = ("users.sql", "exposures.sql", "sessions.sql", "activities.sql", "points.sql", "segments.sql")
_USERS_PER_RANGE = 20_000


@dataclass(frozen=True, slots=True)
class GeneratedCounts:
    """Rows written, by table."""

    users: int
    activity_log: int
    points_ledger: int
    user_segments: int
    campaigns: int
    campaign_exposures: int


def generate(
    database: Path,
    *,
    users: int = 20_000,
    seed: int = 1,
    start: date = DEFAULT_START,
    end: date = DEFAULT_END,
) -> GeneratedCounts:
    """Write `database` anew, with business days from `start` to `end`, both included.

    The file is built beside and put in place by a rename: whoever reads the old one keeps it, and a run that
    is killed changes nothing.
    """
    if users < 1 or start > end:
        raise ValueError(f"nothing to generate: {users} users from {start} to {end}")
    database.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{database.name}.", dir=database.parent) as folder:
        fresh = Path(folder) / database.name
        counts = _build(fresh, users, {"seed": seed, "start": start, "end": end})
        fresh.replace(database)
    return counts


def _build(fresh: Path, users: int, parameters: Mapping[str, int | date]) -> GeneratedCounts:
    with duckdb.connect(str(fresh)) as connection:
        connection.execute("set enable_progress_bar = false")
        for name in _ONCE:
            _run(connection, name, parameters)
        for first in range(1, users + 1, _USERS_PER_RANGE):
            last = min(first + _USERS_PER_RANGE - 1, users)
            for name in _PER_RANGE:
                _run(connection, name, {**parameters, "first_user": first, "last_user": last})
        return GeneratedCounts(*(_count(connection, field.name) for field in fields(GeneratedCounts)))


def _run(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, int | date]) -> None:
    script = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for statement in connection.extract_statements(script):
        connection.execute(statement, {key: parameters[key] for key in statement.named_parameters})


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.table(table).shape[0]
