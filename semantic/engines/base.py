"""The contract of an engine: SQL in, Arrow out, within limits, and it can be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


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

    def execute(self, sql: str) -> pa.Table:
        """Run one query. Raises EngineError: over a limit, cancelled, a missing table, data that do not cast."""

    def column_types(self, sql: str) -> dict[str, str]:
        """The columns of a query and their types in the engine's words, without running it."""

    def cancel(self) -> None:
        """Stop the query that is running; it raises EngineError in its own thread."""

    def close(self) -> None:
        """Give the connection back."""
