"""Statements on Databricks: sent once, watched, stopped on time or on request, fetched in pieces as Arrow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from semantic.engines.base import ColumnType, Limits, Tags, too_many_rows
from semantic.engines.databricks.address import Address
from semantic.engines.databricks.connect import Patience, Workspace, expected, require_connector
from semantic.engines.databricks.login import Login, find_login
from semantic.engines.databricks.refusals import explain_refusal, quoted, timed_out
from semantic.engines.databricks.trouble import trouble_of
from semantic.engines.databricks.types import column_type
from semantic.errors import Diagnostic, EngineError
from semantic.model import Target

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 100_000  # rows
_BUFFER = 8 * 1024 * 1024  # bytes of one answer; the connector holds its text as well, four times as long
_FIRST_LOOK, _LAST_LOOK = 0.02, 1.0  # seconds between two looks whether a statement is done
_UTC = ("UTC", "Etc/UTC", "Z")
_PROBE = "SELECT current_timezone(), typeof(coalesce(1, '2'))"  # with ANSI rules the text becomes a number
_ANSI = ("int", "bigint")
_PLAN_FAILED = "Error occurred during query planning"
_TAG = 128  # characters of a tag's value
_RUNTIME = "a warehouse does; a cluster needs a runtime that is newer"
_ENTERED = {"E402": "E401", "E406": "E401"}  # nothing of a query: its catalog or its schema is wrong
_LOST = "it is not sent again, for it may have run"


@dataclass(slots=True)
class DatabricksEngine:
    """One session, opened with the first statement. `cancel` is heard between two looks at the statement."""

    target: Target
    login: Login = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    stopped: threading.Event = field(default_factory=threading.Event)
    secrets: set[str] = field(default_factory=set, repr=False)
    _connection: Any = field(default=None, repr=False)

    @classmethod
    def open(
        cls, target: Target, environment: Mapping[str, str], limits: Limits, patience: Patience | None = None
    ) -> DatabricksEngine:
        """Find the connector, the address and the login; nothing is sent yet. Raises EngineError."""
        require_connector()
        Address.of(target)
        return cls(target, find_login(target, environment), limits, patience or Patience())

    @property
    def address(self) -> Address:
        """Where the target is."""
        return Address.of(self.target)

    @property
    def dialect(self) -> str:
        """Databricks' own."""
        return "databricks"

    def execute(self, sql: str, tags: Tags | None = None) -> pa.Table:
        """Run one query within the limits."""
        with self._statement(sql, tags or {}, self.limits.rows) as (cursor, watch):
            cursor.get_async_execution_result()
            return self._fetched(cursor, watch)

    def column_types(self, sql: str) -> dict[str, ColumnType]:
        """By DESCRIBE QUERY."""
        return {str(row[0]): column_type(str(row[1])) for row in self._rows(f"DESCRIBE QUERY {sql}")}

    def explain(self, sql: str) -> None:
        """By EXPLAIN, which tells of a mistake in its answer."""
        said = "\n".join(str(row[0]) for row in self._rows(f"EXPLAIN {sql}"))
        if said.startswith(_PLAN_FAILED):
            show = partial(self._names, self._connection)
            refusal = explain_refusal(said.removeprefix(_PLAN_FAILED).lstrip(": \n"), None, show)
            raise EngineError(self._masked(refusal))

    def cancel(self) -> None:
        """Stop the running statement, there too."""
        self.stopped.set()

    def close(self) -> None:
        """End the session."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # One statement ------------------------------------------------------------

    @contextmanager
    def _statement(self, sql: str, tags: Tags, rows: int | None = None) -> Iterator[tuple[Any, _Watch]]:
        """A statement that is done and has an answer. All errors come out as EngineError, without secrets."""
        self.stopped.clear()
        begun = False
        try:
            with _closing(self._begin(sql, tags, rows)) as cursor:
                begun = True
                watch = _Watch(cursor, self.stopped, self.limits.seconds)
                watch.wait()
                yield cursor, watch
        except EngineError as error:
            raise EngineError(*map(self._masked, error.diagnostics)) from None
        except expected() as error:
            raise EngineError(self._masked(self._explained(error, begun))) from None

    def _begin(self, sql: str, tags: Tags, rows: int | None) -> Any:
        """Send a statement; a session that has expired is replaced by a new one first."""
        limit = None if rows is None else rows + 1  # one more shows that there are more
        for may_expire in (self._connection is not None, False):
            cursor = self._session().cursor(_BATCH, _BUFFER, limit)
            try:
                cursor.execute_async(self._commented(sql, tags), query_tags=self._tags(tags))
            except expected() as error:
                if not may_expire or "SessionHandle" not in str(error):
                    raise
                self._drop()
            else:
                break
        return cursor

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self._statement(sql, {}) as (cursor, _):
            return _rows_of(cursor)

    def _fetched(self, cursor: Any, watch: _Watch) -> pa.Table:
        """The answer, piece by piece: no more of it than the limit is ever held."""
        import pyarrow as pa

        pieces, count = [], 0
        while True:
            piece = cursor.fetchmany_arrow(_BATCH)
            if not isinstance(piece, pa.Table):
                raise EngineError(Diagnostic("E401", "Databricks answered in rows, not in Arrow", hint=_RUNTIME))
            count += piece.num_rows
            if self.limits.rows is not None and count > self.limits.rows:
                watch.stop()
                raise EngineError(too_many_rows(self.limits.rows))
            pieces.append(piece)
            if piece.num_rows < _BATCH:
                return pa.concat_tables(pieces)
            watch.look()

    def _tags(self, tags: Tags) -> dict[str, str] | None:
        if not tags or not self.address.is_warehouse:
            return None
        return {"application": "metricast", **{name: value[:_TAG] for name, value in tags.items()}}

    def _commented(self, sql: str, tags: Tags) -> str:
        """A cluster keeps no tags, but the text."""
        if not tags or self.address.is_warehouse:
            return sql
        said = " ".join(f"{name}={value[:_TAG]}" for name, value in tags.items())
        return f"/* metricast {said.replace('*/', '')} */\n{sql}"

    # The session ------------------------------------------------------------

    def _session(self) -> Any:
        if self._connection is None:
            workspace = Workspace(self.address, self.login, self.patience, self.stopped, self.secrets)
            connection = workspace.connect(self.limits)
            try:
                self._set_up(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        """Let go of a session that is gone; the connector would wait for an answer to its farewell."""
        if self._connection is not None:
            self._connection.session.is_open = False
        self._connection = None

    def _set_up(self, connection: Any) -> None:
        """Make sure of UTC and of ANSI rules, and enter the target's catalog and schema."""
        zone, ansi = self._asked(connection, _PROBE)[0]
        if zone not in _UTC or ansi not in _ANSI:
            found = f"the time zone {zone}" if zone not in _UTC else "ANSI mode off"
            message = f"the session has {found}, and will not have it otherwise"
            raise EngineError(Diagnostic("E432", message, hint="numbers would differ: let sessions set both"))
        for statement in _entering(self.target.catalog, self.target.schema_):
            try:
                self._asked(connection, statement)
            except expected() as error:
                if not _is_refusal(error):
                    raise
                refusal = explain_refusal(str(error), None, partial(self._names, connection))
                raise EngineError(replace(refusal, code=_ENTERED.get(refusal.code, refusal.code))) from None

    def _asked(self, connection: Any, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a statement that takes no time, but may have to wait for a warehouse."""
        with _closing(connection.cursor()) as cursor:
            cursor.execute_async(sql)
            _Watch(cursor, self.stopped, None).wait()
            return _rows_of(cursor)

    # What went wrong ------------------------------------------------------------

    def _explained(self, error: Exception, begun: bool) -> Diagnostic:
        if _is_refusal(error):
            return explain_refusal(str(error), self.limits.seconds, partial(self._names, self._connection))
        self._drop()
        found = trouble_of(error, self.address.site, self.address.http_path, with_words=not begun).diagnostic
        if not begun:
            return found
        return replace(found, message=f"the connection was lost while the query ran: {found.message}", hint=_LOST)

    def _names(self, connection: Any, show: str) -> list[str]:
        """The names that SHOW tells, for a hint: none where it is refused too."""
        try:
            rows = self._asked(connection, show)
        except expected():
            return []
        return sorted(str(row[1] if show.startswith("SHOW TABLES") else row[0]) for row in rows)

    def _masked(self, found: Diagnostic) -> Diagnostic:
        message, hint = found.message, found.hint
        for secret in sorted(self.secrets, key=len, reverse=True):
            message, hint = message.replace(secret, "***"), hint and hint.replace(secret, "***")
        return replace(found, message=message, hint=hint)


@dataclass(frozen=True, slots=True)
class _Watch:
    """A statement that runs, until it is done, the time is over, or somebody wants it stopped."""

    cursor: Any
    stopped: threading.Event
    seconds: float | None
    began: float = field(default_factory=time.monotonic)

    def wait(self) -> None:
        """Return when there is an answer. Raises EngineError."""
        from databricks.sql.backend.types import CommandState

        pause = _FIRST_LOOK
        while (state := self.cursor.get_query_state()) in (CommandState.PENDING, CommandState.RUNNING):
            self.look()
            self.stopped.wait(pause if self._left is None else min(pause, self._left))
            pause = min(pause * 1.2, _LAST_LOOK)
        if state is CommandState.FAILED:  # without an error, so the warehouse's own limit was over
            raise EngineError(timed_out(None))
        if state is not CommandState.SUCCEEDED:
            raise EngineError(Diagnostic("E405", f"the query was {state.value.lower()} in Databricks"))

    def look(self) -> None:
        """Stop the statement if it is to be stopped. Raises EngineError then."""
        if self.stopped.is_set():
            self.stop()
            raise EngineError(Diagnostic("E405", "the query was cancelled"))
        if self._left is not None and self._left <= 0:
            self.stop()
            raise EngineError(timed_out(self.seconds))

    def stop(self) -> None:
        """Ask Databricks to stop."""
        self.cursor.cancel()

    @property
    def _left(self) -> float | None:
        return None if self.seconds is None else max(0.0, self.began + self.seconds - time.monotonic())


def _rows_of(cursor: Any) -> list[tuple[Any, ...]]:
    cursor.get_async_execution_result()
    return [tuple(row) for row in cursor.fetchall()]


@contextmanager
def _closing(cursor: Any) -> Iterator[Any]:
    try:
        yield cursor
    finally:
        cursor.close()


def _entering(catalog: str | None, schema: str | None) -> Iterator[str]:
    if schema is not None:
        yield f"USE {'.'.join(quoted(name) for name in (catalog, schema) if name is not None)}"
    elif catalog is not None:
        yield f"SET CATALOG {quoted(catalog)}"


def _is_refusal(error: Exception) -> bool:
    """Whether a statement got there and was refused."""
    from databricks.sql.exc import DatabaseError, RequestError

    return isinstance(error, DatabaseError) and not isinstance(error, RequestError)
