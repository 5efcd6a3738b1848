"""The answer to a query: Arrow, with what the columns mean and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from semantic.compile import Column, Compiled
from semantic.masked_order import in_order
from semantic.periods import Period
from semantic.privacy import masked
from semantic.query import Query

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Result:
    """Rows as asked for. Instants carry the business time zone; days, weeks and months are dates."""

    table: pa.Table
    compiled: Compiled

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return self.table

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as tuples of Python values, None for NULL; dates that Python does not know are text."""
        columns = [_values(column) for column in self.table.columns]
        return list(zip(*columns, strict=True)) if columns else []

    def pandas(self) -> Any:
        """The rows as a pandas DataFrame; needs pandas to be installed."""
        return self.table.to_pandas()

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def columns(self) -> tuple[Column, ...]:
        """What each column is."""
        return self.compiled.columns

    @property
    def sql(self) -> str:
        """The SQL that gave these rows."""
        return self.compiled.sql

    @property
    def sql_hash(self) -> str:
        """SHA-256 of the SQL, hexadecimal."""
        return self.compiled.sql_hash

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever asked should know, such as names that go away."""
        return self.compiled.notes

    @property
    def query(self) -> Query:
        """What was asked."""
        return self.compiled.query

    @property
    def as_of(self) -> datetime:
        """The instant at which it was asked."""
        return self.compiled.as_of

    @property
    def time_zone(self) -> str:
        """The business time zone of the answer."""
        return self.compiled.time_zone

    @property
    def period(self) -> Period | None:
        """The period as business days, if one was asked for."""
        return self.compiled.period


def _values(column: pa.ChunkedArray) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        return [_value(value) for value in column]


def _value(value: Any) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return "infinity" if value.value > 0 else "-infinity"


def make_result(table: pa.Table, compiled: Compiled, key: bytes = b"") -> Result:
    """Name the columns as asked for, mask what is to be masked with a key, show instants in the business time zone."""
    import pyarrow as pa

    table = table.rename_columns([column.name for column in compiled.columns])
    if compiled.masked:
        hidden = frozenset(compiled.columns[at].name for at in compiled.masked)
        table = in_order(masked(table, compiled.masked, key), compiled.plan, hidden)
    fields = [
        pa.field(column.name, _shown(field.type, compiled.time_zone))
        for column, field in zip(compiled.columns, table.schema, strict=True)
    ]
    return Result(table.cast(pa.schema(fields)), compiled)


def _shown(kind: Any, zone: str) -> Any:
    import pyarrow as pa

    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, tz=zone)
    return kind
