"""Generate the demonstration data: a pure function of the seed, the number of users and the dates.

The SQL beside this file does the work. It is written by user range, so that more users than fit in memory can
be generated range after range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

DEFAULT_START = date(2023, 1, 1)
DEFAULT_END = date(2026, 10, 31)

ONCE = ("draws.sql", "schema.sql", "calendar.sql", "campaigns.sql")
PER_RANGE = ("users.sql", "exposures.sql", "sessions.sql", "activities.sql", "points.sql", "segments.sql")
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


TABLES = tuple(field.name for field in fields(GeneratedCounts))


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the rows depend on, besides the users: business days, both included, and `pace`, visits in percent."""

    seed: int = 1
    start: date = DEFAULT_START
    end: date = DEFAULT_END
    pace: int = 100


def generate(
    database: Path,
    *,
    users: int = 20_000,
    seed: int = 1,
    start: date = DEFAULT_START,
    end: date = DEFAULT_END,
    pace: int = 100,
) -> GeneratedCounts:
    """Write `database` anew, with business days from `start` to `end`, both included; `pace` is visits in percent.

    The file is built beside and put in place by a rename: whoever reads the old one keeps it, and a run that
    is killed changes nothing.
    """
    if users < 1 or start > end:
        raise ValueError(f"nothing to generate: {users} users from {start} to {end}")
    database.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{database.name}.", dir=database.parent) as folder:
        fresh = Path(folder) / database.name
        counts = _build(fresh, users, Parameters(seed, start, end, pace))
        fresh.replace(database)
    return counts


def _build(fresh: Path, users: int, parameters: Parameters) -> GeneratedCounts:
    with duckdb.connect(str(fresh)) as connection:
        connection.execute("set enable_progress_bar = false")
        make_tables(connection, parameters)
        for first in range(1, users + 1, _USERS_PER_RANGE):
            add_users(connection, parameters, first, min(first + _USERS_PER_RANGE - 1, users))
        return GeneratedCounts(*(_count(connection, table) for table in TABLES))


def make_tables(connection: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Make the tables, empty but for the campaigns, and what the ranges need besides."""
    for name in ONCE:
        _run(connection, name, asdict(parameters))


def add_users(connection: duckdb.DuckDBPyConnection, parameters: Parameters, first: int, last: int) -> None:
    """Add the rows of the users `first` to `last` to every table but the campaigns."""
    for name in PER_RANGE:
        _run(connection, name, {**asdict(parameters), "first_user": first, "last_user": last})


def _run(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, int | date]) -> None:
    for statement in connection.extract_statements(script(name)):
        connection.execute(statement, {key: parameters[key] for key in statement.named_parameters})


def script(name: str) -> str:
    """Return the text of one of the SQL files."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.table(table).shape[0]
