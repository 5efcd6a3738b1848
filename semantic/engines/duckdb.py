"""DuckDB: a file opened read-only, or a database in memory over files; results as Arrow."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from semantic.engines.base import ColumnType, Limits, Tags, TypeKind, too_many_rows
from semantic.errors import Diagnostic, EngineError, listing, suggest
from semantic.model import Target

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 100_000
_KINDS: tuple[tuple[re.Pattern[str], TypeKind], ...] = (
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?"), "integer"),
    (re.compile(r"DECIMAL\(.*\)|DOUBLE|FLOAT|REAL"), "number"),
    (re.compile(r"VARCHAR|TEXT|CHAR|ENUM\(.*\)"), "text"),
    (re.compile(r"UUID"), "uuid"),
    (re.compile(r"BOOLEAN"), "boolean"),
    (re.compile(r"DATE"), "date"),
    (re.compile(r"TIMESTAMP(_NTZ|_S|_MS|_NS)?"), "timestamp"),
    (re.compile(r"TIMESTAMP WITH TIME ZONE"), "timestamptz"),
)


@dataclass(slots=True)
class DuckDBEngine:
    """One connection. Sessions run in UTC, so that no result depends on the machine's time zone."""

    connection: duckdb.DuckDBPyConnection
    limits: Limits = field(default_factory=Limits)
    stopped: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, target: Target, root: Path | None, limits: Limits) -> DuckDBEngine:
        """Open the target's file read-only, or a database in memory. Raises EngineError."""
        path = _path(target, root)
        if path is not None and not path.exists():
            message = f"the database {target.database} does not exist"
            raise EngineError(
                Diagnostic("E401", message, hint="metricast demo makes the demo's; or mend the target in project.yml")
            )
        try:
            connection = duckdb.connect(str(path) if path else ":memory:", read_only=path is not None)
        except duckdb.Error as error:
            raise EngineError(_cannot_open(target, str(error))) from None
        return cls(_prepared(connection, root), limits)

    @property
    def dialect(self) -> str:
        """DuckDB's own."""
        return "duckdb"

    def execute(self, sql: str, tags: Tags | None = None) -> pa.Table:
        """Run one query within the limits. DuckDB keeps no record that tags could stand in."""
        self.stopped.clear()
        alarm = threading.Timer(self.limits.seconds, self.connection.interrupt) if self.limits.seconds else None
        if alarm:
            alarm.start()
        try:
            return self._fetch(sql)
        except duckdb.Error as error:
            raise EngineError(self._explain(error)) from None
        finally:
            if alarm:
                alarm.cancel()

    def column_types(self, sql: str) -> dict[str, ColumnType]:
        """By DESCRIBE."""
        return {str(row[0]): column_type(str(row[1])) for row in self._told("DESCRIBE", sql)}

    def explain(self, sql: str) -> None:
        """By EXPLAIN."""
        self._told("EXPLAIN", sql)

    def cancel(self) -> None:
        """Interrupt the running query."""
        self.stopped.set()
        self.connection.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _told(self, what: str, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(f"{what} {sql}").fetchall()
        except duckdb.Error as error:
            raise EngineError(self._explain(error)) from None

    def _fetch(self, sql: str) -> pa.Table:
        import pyarrow as pa

        reader = self.connection.execute(sql).to_arrow_reader(_BATCH)
        batches, count = [], 0
        for batch in reader:
            count += batch.num_rows
            if self.limits.rows is not None and count > self.limits.rows:
                raise EngineError(too_many_rows(self.limits.rows))
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)

    def _explain(self, error: duckdb.Error) -> Diagnostic:
        text = str(error).strip()
        first = text.splitlines()[0] if text else type(error).__name__
        if isinstance(error, duckdb.InterruptException):
            if self.stopped.is_set() or self.limits.seconds is None:
                return Diagnostic("E405", "the query was cancelled")
            message = f"the query took longer than {self.limits.seconds:g} s and was stopped"
            return Diagnostic("E404", message, hint="ask for a shorter period or fewer columns, or allow more time")
        if isinstance(error, duckdb.CatalogException) and (
            missing := re.search(r"Table with name (\S+) does not exist", text)
        ):
            name, known = missing[1].strip('"'), self._tables()
            hint = suggest(name, known) or (f"tables: {listing(known)}" if known else "it has no tables at all")
            return Diagnostic("E402", f"the table '{name}' does not exist in the target", hint=hint)
        if isinstance(error, duckdb.BinderException) and (
            column := re.search(r'(?:does not have a column named|Referenced column) "([^"]+)"', text)
        ):
            near = re.search(r"Candidate bindings: (.*)", text)
            names = re.findall(r'"([^"]+)"', near[1]) if near else []
            like = suggest(column[1], names) or (f"columns: {listing(names)}" if names else None)
            return Diagnostic("E402", f"there is no column '{column[1]}'", hint=like)
        return Diagnostic("E406", f"DuckDB refused the query: {first}")

    def _tables(self) -> list[str]:
        rows: list[Any] = self.connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return sorted(str(row[0]) for row in rows)


def column_type(words: str) -> ColumnType:
    """A type in DuckDB's words."""
    return ColumnType(words, next((kind for pattern, kind in _KINDS if pattern.fullmatch(words)), "other"))


def _path(target: Target, root: Path | None) -> Path | None:
    if target.database is None or target.database == ":memory:":
        return None
    return (root or Path()) / target.database


def _prepared(connection: duckdb.DuckDBPyConnection, root: Path | None) -> duckdb.DuckDBPyConnection:
    """Make a session independent of the machine: UTC, files relative to the project, nothing fetched."""
    if root is not None:
        if "," in str(root):
            message = f"the project folder's path holds a comma: {root}"
            raise EngineError(Diagnostic("E401", message, hint="DuckDB reads it as a list of folders; rename it"))
        connection.execute("SET file_search_path = $1", [str(root)])
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


def _cannot_open(target: Target, reason: str) -> Diagnostic:
    if "lock" in reason.lower():
        hint = "another process is writing it; publish by building a new file and renaming it"
        return Diagnostic("E401", f"the database {target.database} is being written by another process", hint=hint)
    return Diagnostic("E401", f"the database {target.database} cannot be opened: {reason.splitlines()[0]}")
