"""The contract of an engine: SQL in, Arrow out, within limits, and it can be stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from semantic.errors import Diagnostic

if TYPE_CHECKING:
    import pyarrow as pa


TypeKind = Literal["integer", "number", "text", "uuid", "boolean", "date", "timestamp", "timestamptz", "other"]
Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a column is: its type in the engine's own words, and what that is on any engine.

    A `timestamp` is naive, a `timestamptz` an instant; `other` is what the language has no word for.
    """

    words: str
    kind: TypeKind

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost: rows of the result (more is an error, never a cut) and seconds of running."""

    rows: int | None = None
    seconds: float | None = None


class Engine(Protocol):
    """A connection to one target. One query at a time; `cancel` may be called from another thread."""

    @property
    def dialect(self) -> str:
        """The SQL dialect that this engine runs."""

    def execute(self, sql: str, tags: Tags | None = None) -> pa.Table:
        """Run one query. Raises EngineError: over a limit, cancelled, a missing table, data that do not cast.

        `tags` say in the engine's own records what the query is for, where it keeps any. They hold no data.
        """

    def column_types(self, sql: str) -> dict[str, ColumnType]:
        """The columns of a query and their types, without running it."""

    def explain(self, sql: str) -> None:
        """Let the engine plan a query without running it. Raises EngineError where it would not take it."""

    def cancel(self) -> None:
        """Stop the query that is running; it raises EngineError in its own thread."""

    def close(self) -> None:
        """Give the connection back."""


def too_many_rows(limit: int) -> Diagnostic:
    """What to say of a result that is over the limit."""
    hint = "take a coarser grain, a filter, a limit, or raise the row limit"
    return Diagnostic("E403", f"the result has more than {limit:,} rows", hint=hint)
