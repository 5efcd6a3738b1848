"""Result rows as text: a table for people, CSV and JSON for programs, Parquet for both.

CSV and JSON carry exact values: decimals are written digit for digit, dates as ISO text, instants as ISO text
with the offset of the result's time zone. NaN and infinity are `NaN`, `Infinity`, `-Infinity`, and null in JSON, which
has no form for them; a date that Python does not know is text, as `infinity` and `20000-01-01`.
"""

from __future__ import annotations

import errno
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pyarrow as pa

    from semantic import Result
    from semantic.compile import Column
    from semantic.formats import Format

SECONDS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
FORMATS = ("table", "csv", "json", "parquet")
NULL, TOTAL = "NULL", "(total)"
_STEERING = {"Cc", "Zl", "Zp"}
_INFINITE = {sign * (2**bits - 1) for sign in (1, -1) for bits in (31, 63)}  # what DuckDB calls infinity


def write_result(result: Result, style: str, stream: IO[bytes]) -> None:
    """Write the rows of `result` to `stream` as one of FORMATS, encoded as UTF-8 where it is text."""
    if style == "parquet":
        _write_parquet(result.arrow(), stream)
        return
    names = tuple(column.name for column in result.columns)
    rows, zone = _rows(result), ZoneInfo(result.time_zone)
    match style:
        case "csv":
            lines = csv_lines(names, rows, zone)
        case "json":
            lines = json_lines(names, rows, zone)
        case _:
            lines = result_table(result.columns, rows, zone)
    for line in lines:
        stream.write(line.encode("utf-8"))
    stream.flush()


def _write_parquet(table: pa.Table, stream: IO[bytes]) -> None:
    """Write the rows; a type that Parquet has not is refused."""
    import pyarrow as pa
    import pyarrow.parquet

    from semantic.errors import Diagnostic, ExportError

    try:
        pyarrow.parquet.write_table(table, stream)
    except pa.ArrowNotImplementedError as error:
        hint = "write csv or json, or leave that column out"
        raise ExportError(Diagnostic("E534", f"Parquet has no such type: {error}", hint=hint)) from None


def write_beside(result: Result, style: str, path: Path) -> None:
    """Write `result` to `path` so that a reader sees the old file or the whole new one, durably."""
    from exporters.staging import beside, place

    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file, so it cannot be replaced by one", str(path))
    with beside(path) as staged:
        with staged.open("wb") as stream:
            write_result(result, style, stream)
        place(staged, path, path.parent)


def _rows(result: Result) -> list[tuple[Any, ...]]:
    """Return the rows as Python values; what lies beyond Python's calendar is text."""
    columns = [_python_values(column) for column in result.arrow().columns]
    return list(zip(*columns, strict=True))


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    try:
        return column.to_pylist()  # type: ignore[no-any-return]
    except (OverflowError, ValueError):
        return [_python_value(value) for value in column]


def _python_value(value: pa.Scalar) -> Any:
    import pyarrow as pa

    try:
        return value.as_py()
    except (OverflowError, ValueError):
        if value.value in _INFINITE:
            return "infinity" if value.value > 0 else "-infinity"
        return value.cast(pa.string()).as_py()


# CSV ------------------------------------------------------------


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> Iterator[str]:
    """Yield RFC 4180 records, header first: CRLF, a NULL is an empty field, the empty text is `\"\"`.

    So in a single column a NULL is an empty line.
    """
    for row in (names, *rows):
        yield ",".join(_csv_field(value, zone) for value in row) + "\r\n"


def _csv_field(value: Any, zone: ZoneInfo) -> str:
    text = plain(value, zone)
    if text is None:
        return ""
    if text == "" or any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


# JSON ------------------------------------------------------------


def json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> Iterator[str]:
    """Yield one document `{"columns": [...], "rows": [[...], ...]}`, a row per line."""
    yield f'{{"columns": {json.dumps(list(names), ensure_ascii=False)}, "rows": ['
    separator = "\n"
    for row in rows:
        yield f"{separator}[{', '.join(_json_value(value, zone) for value in row)}]"
        separator = ",\n"
    yield "\n]}\n"


def _json_value(value: Any, zone: ZoneInfo) -> str:
    text = plain(value, zone)
    if text is None or _is_odd(value):
        return "null"
    if isinstance(value, bool | int | float | Decimal):
        return text
    return json.dumps(text, ensure_ascii=False)


def plain(value: Any, zone: ZoneInfo) -> str | None:
    """Return the exact text of a value, or None for NULL."""
    match value:
        case None:
            return None
        case float() | Decimal() if _is_odd(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return (value if value.tzinfo is None else value.astimezone(zone)).isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _is_odd(value: Any) -> bool:
    """Whether a value is a number that is not finite."""
    return isinstance(value, float | Decimal) and not math.isfinite(value)


# The table ------------------------------------------------------------


def result_table(columns: Sequence[Column], rows: Sequence[Sequence[Any]], zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines of a table for people: numbers to the right, formatted as the metric says."""
    cells = [list(_shown_row(columns, row, zone)) for row in rows]
    numeric = [column.role == "metric" for column in columns]
    return text_table([column.name for column in columns], cells, numeric)


def _shown_row(columns: Sequence[Column], row: Sequence[Any], zone: ZoneInfo) -> Iterator[str]:
    """Yield the cells of a row; the total says so in its first dimension, where its value is NULL."""
    from semantic.formats import label_of

    is_total = any(column.marks_total and value for column, value in zip(columns, row, strict=True))
    for number, (column, value) in enumerate(zip(columns, row, strict=True)):
        if is_total and column.role in ("dimension", "time"):
            yield TOTAL if number == 0 else ""
        else:
            yield label_of(column.labels, value) or shown(value, column.format, zone)


def text_table(names: Sequence[str], cells: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> Iterator[str]:
    """Yield the lines of a table of texts; columns marked in `numeric` are aligned to the right."""
    grid = [[one_line(cell) for cell in row] for row in (names, *cells)]
    widths = [max(_width(row[index]) for row in grid) for index in range(len(names))]
    right = [*numeric, *[False] * (len(names) - len(numeric))]
    for number, row in enumerate(grid):
        padded = [_pad(cell, width, to) for cell, width, to in zip(row, widths, right, strict=True)]
        yield "  ".join(padded).rstrip() + "\n"
        if number == 0:
            yield "  ".join("-" * width for width in widths) + "\n"


def shown(value: Any, style: Format | None, zone: ZoneInfo) -> str:
    """Return a value as a person wants to read it."""
    text = plain(value, zone)
    if text is None:
        return NULL
    match value:
        case float() | Decimal() if _is_odd(value):
            return text
        case bool():
            return text
        case int() | float() | Decimal():
            return _shown_number(value, style)
        case datetime():
            return (value if value.tzinfo is None else value.astimezone(zone)).isoformat(sep=" ")
        case _:
            return str(value)


def _shown_number(value: Any, style: Format | None) -> str:
    from semantic.formats import Format

    style = style or Format(type="custom", pattern="General")
    match style.type:
        case "integer" | "number":
            return f"{value:,.{style.digits}f}"
        case "percent":
            return f"{value:.{style.digits}%}"
        case "currency":
            return f"{value:,.{style.digits}f} {style.currency}"
        case "duration":
            return _shown_duration(value, style.unit)
        case _:  # a pattern is Excel's; here its value is shown as it is
            return f"{value:.12g}" if isinstance(value, float) else str(plain(value, ZoneInfo("UTC")))


def _shown_duration(value: Any, unit: str) -> str:
    """Return a duration as hours, minutes and seconds, `26:03:00`."""
    seconds = round(Decimal(str(value)) * Decimal(str(SECONDS[unit])))
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{rest:02}"


def one_line(text: str) -> str:
    """Show control characters and line ends as escapes: data must not steer the terminal."""
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in _STEERING else c for c in text)


def _width(text: str) -> int:
    """Return the columns that a text of one line takes on a terminal."""
    if text.isascii():
        return len(text)
    from exporters.excel.pages import display_width

    return display_width(text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
