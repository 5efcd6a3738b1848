"""The values of a result as every exporter sees them, and the hash of them.

Arrow hands out more types than there are kinds of value. Here they become None, bool, int, float, Decimal, str, date,
datetime (naive: as it is; aware: an instant), time and timedelta; everything else becomes text: a UUID as usual, bytes
as hexadecimal digits, lists and structs as JSON, a time beyond the calendar as `infinity` or a count of its unit.

An interval without months is a timedelta (its days have 24 hours); one with months, whose length nobody knows, or of
more days than a timedelta holds, is ISO 8601 text: `P1Y2M3DT4H5M6.5S`, each part with a minus of its own if negative.

Doubles are rounded to 12 significant digits, so that the order in which a sum was added up does not show.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from semantic.result import Result

Value = None | bool | int | float | Decimal | str | date | datetime | time | timedelta
BATCH = 10_000  # rows held as Python objects at a time
_WIDE = Context(prec=100)  # wider than any SQL decimal
_INFINITE = {sign * (2**bits - 1) for sign in (1, -1) for bits in (31, 63)}  # what DuckDB calls infinity
_CELLS = (bool, int, Decimal, str, date, time, timedelta)  # a datetime is a date


def rows_of(table: pa.Table) -> Iterator[tuple[Value, ...]]:
    """The rows of a table, in order, without holding them all as Python objects."""
    for batch in _microseconds(table).to_batches(max_chunksize=BATCH):
        columns = [map(plain, _as_python(column)) for column in batch.columns]
        yield from zip(*columns, strict=True)


def plain(value: Any) -> Value:
    """One of the kinds of value above."""
    if isinstance(value, float):
        return round_double(value)
    if value is None or isinstance(value, _CELLS):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return _interval(*value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    return str(value)


def _interval(months: int, days: int, nanoseconds: int) -> timedelta | str:
    """What Arrow calls a MonthDayNano.

    >>> _interval(-14, 3, 0)
    'P-1Y-2M3D'
    """
    if not months:
        with suppress(OverflowError):
            return timedelta(days, microseconds=nanoseconds // 1000)
    date = "".join(f"{count}{unit}" for count, unit in (*_split(months, 12, "YM"), (days, "D")) if count)
    minutes, seconds = _parted(nanoseconds, 60_000_000_000)
    parts = [f"{count}{unit}" for count, unit in _split(minutes, 60, "HM") if count]
    if seconds:
        parts.append(f"{(Decimal(seconds) / 1_000_000_000).normalize():f}S")
    return f"P{date}" + (f"T{''.join(parts)}" if parts else "")


def _split(count: int, size: int, units: str) -> tuple[tuple[int, str], tuple[int, str]]:
    larger, smaller = _parted(count, size)
    return (larger, units[0]), (smaller, units[1])


def _parted(count: int, size: int) -> tuple[int, int]:
    """Whole parts of a size and the rest, both with the sign of the count."""
    sign = -1 if count < 0 else 1
    whole, rest = divmod(abs(count), size)
    return sign * whole, sign * rest


def round_double(value: float) -> float:
    """The double at 12 significant digits; there is one zero. NaN and infinities stay.

    >>> round_double(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.12g}") + 0.0 if math.isfinite(value) else value


def content_hash(result: Result) -> str:
    """SHA-256 (hex) over column names and values; instants in UTC, numbers by value and not by type.

    Equal for equal values whatever the engine: 2, 2.00 and 2.0 are one number, as are doubles equal at 12 digits.
    """
    digest = hashlib.sha256(repr([column.name for column in result.columns]).encode())
    for row in rows_of(result.arrow()):
        digest.update(repr([_canonical(value) for value in row]).encode(errors="surrogatepass"))
    return digest.hexdigest()


def _canonical(value: Value) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal) or (isinstance(value, float) and math.isfinite(value)):
        return ("number", _digits(value))
    if isinstance(value, datetime) and value.tzinfo:
        return ("instant", value.astimezone(UTC).isoformat())
    return value if value is None or isinstance(value, str) else (type(value).__name__, str(value))


def _digits(value: float | Decimal) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return f"{number.normalize(_WIDE):E}" if number else "0"


def _json_value(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _as_python(column: pa.Array) -> list[Any]:
    """The values of a column; times after the year 9999, which Python does not know, as text."""
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (OverflowError, ValueError):
        return [_as_python_or_text(value) for value in column]


def _as_python_or_text(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        if value.value in _INFINITE:
            return "infinity" if value.value > 0 else "-infinity"
        return f"{value.value} {getattr(value.type, 'unit', 'days')} from 1970-01-01"


def _microseconds(table: pa.Table) -> pa.Table:
    """The table with instants in UTC, and times at microseconds, which is what Python's own types hold."""
    for index, field in enumerate(table.schema):
        kind = _plainer(field.type)
        if kind != field.type:
            table = table.set_column(index, field.name, table.column(index).cast(kind, safe=False))
    return table


def _plainer(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.timestamp("us" if kind.unit == "ns" else kind.unit, kind.tz and "UTC")
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    return pa.time64("us") if pa.types.is_time64(kind) else kind
