"""The tables of the run store, one migration after the other.

A store is brought up to date when it is opened. Migrations are only ever appended.
"""

import sqlite3

from semantic.errors import Diagnostic, ScheduleError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Every logical time up to `considered_until` has been queued or let go.
        """
        CREATE TABLE exports (
            name TEXT PRIMARY KEY,
            considered_until TEXT NOT NULL
        )
        """,
        # Deliveries of attempts before `valid_from_attempt` no longer count: the run was asked for again.
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            export TEXT NOT NULL,
            logical_time TEXT NOT NULL,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 0,
            valid_from_attempt INTEGER NOT NULL DEFAULT 0,
            deaths INTEGER NOT NULL DEFAULT 0,
            queued_at TEXT NOT NULL,
            started_at TEXT,
            ended_at TEXT,
            lease_owner TEXT,
            lease_until TEXT,
            error TEXT,
            UNIQUE (export, logical_time)
        )
        """,
        "CREATE INDEX runs_by_state ON runs (state, logical_time)",
        """
        CREATE TABLE steps (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            at TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            name TEXT NOT NULL,
            detail TEXT NOT NULL
        )
        """,
        "CREATE INDEX steps_by_run ON steps (run_id)",
        """
        CREATE TABLE deliveries (
            run_id INTEGER NOT NULL REFERENCES runs (id),
            attempt INTEGER NOT NULL,
            entry TEXT NOT NULL,
            destination TEXT NOT NULL,
            delivered_at TEXT NOT NULL,
            receipt TEXT NOT NULL,
            PRIMARY KEY (run_id, entry, attempt)
        )
        """,
    ),
)


def migrate(database: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Bring the tables up to date, in one transaction. Raises ScheduleError for a newer store."""
    if _version(database) == len(migrations):
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        _apply(database, migrations)
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _apply(database: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...]) -> None:
    version = _version(database)
    if version > len(migrations):
        message = f"the run store has schema version {version}, this metricast knows {len(migrations)}"
        raise ScheduleError(Diagnostic("E611", message, hint="it was written by a newer metricast: upgrade"))
    database.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    for statements in migrations[version:]:
        for statement in statements:
            database.execute(statement)
    database.execute("DELETE FROM schema_version")
    database.execute("INSERT INTO schema_version VALUES (?)", (len(migrations),))


def _version(database: sqlite3.Connection) -> int:
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
    return int(database.execute("SELECT version FROM schema_version").fetchone()[0]) if found else 0
