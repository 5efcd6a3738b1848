"""What a workbook will look like, before a byte of it is written: sheets, columns, formats, limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from exporters.excel.cells import CellValue, offset_text, to_cell
from exporters.values import Value, rows_of
from semantic.errors import Diagnostic, ExportError
from semantic.formats import Format, label_of

if TYPE_CHECKING:
    from semantic.compile import Column
    from semantic.result import Result

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_GROUPS = ("dimension", "time")
_LONGEST = 999_999_999  # of any unit, which Python holds; longer durations stay numbers
_DATE_FORMATS = {"year": "yyyy", "month": "yyyy-mm"}
_TIME_FORMATS = {"hour": "yyyy-mm-dd hh:mm", "minute": "yyyy-mm-dd hh:mm"}


class Word(str):
    """Text that stands for the lack of a value, and not for a value that happens to be the same text."""

    __slots__ = ()


UNKNOWN, TOTAL = Word("(unknown)"), Word("Total")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a sheet: where its values stand in the result; `offsets` shows their UTC offsets instead."""

    header: str
    source: int
    role: str
    grain: str | None
    number_format: str
    offsets: bool = False
    labels: Mapping[object, str] = field(default_factory=dict)
    unit: timedelta | None = None

    def told(self, value: Value) -> Value:
        """What people are told instead of a value: its label, or the duration that a number counts."""
        if self.unit is not None and isinstance(value, int | float | Decimal):
            return self.unit * float(value) if abs(float(value)) < _LONGEST else value
        label = label_of(self.labels, value)
        return value if label is None else label

    def format_of(self, value: CellValue) -> str:
        """The number format under which a value of this column is shown."""
        match value:
            case datetime():
                return _TIME_FORMATS.get(self.grain or "", "yyyy-mm-dd hh:mm:ss")
            case date() if self.grain == "quarter":
                return f'yyyy"-Q{(value.month + 2) // 3}"'
            case date():
                return _DATE_FORMATS.get(self.grain or "", "yyyy-mm-dd")
            case timedelta():
                return "[h]:mm:ss"
            case bool() | str() | None:
                return "General"
            case int() | float():
                return self.number_format


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A result as a sheet. `marker` is where the mark of the total row stands in the result's rows, if it has one."""

    title: str
    query: str
    result: Result
    columns: tuple[SheetColumn, ...]
    marker: int | None

    @property
    def zone(self) -> ZoneInfo:
        """The clock on which instants are shown."""
        return ZoneInfo(self.result.time_zone)

    def rows(self) -> Iterator[tuple[bool, list[CellValue]]]:
        """For every row of the result: whether it is the total, and its cells."""
        zone = self.zone
        for row in rows_of(self.result.arrow()):
            total = self.marker is not None and row[self.marker] is True
            yield total, [_shown(column, row[column.source], total, zone) for column in self.columns]


def lay_out(title: str, query: str, result: Result) -> Sheet:
    """The sheet of a result; raises ExportError for more than a sheet holds: nothing is ever cut."""
    markers = [index for index, column in enumerate(result.columns) if column.marks_total]
    has_dimensions = any(column.role in _GROUPS for column in result.columns)
    first = [] if has_dimensions else markers  # where nothing stands before the metrics that could say Total
    order = [*first, *(index for index in range(len(result.columns)) if index not in markers)]
    columns = [shown for index in order for shown in _sheet_columns(index, result.columns[index], result)]
    _check_size(query, len(result), len(columns))
    return Sheet(title, query, result, tuple(_with_headers(columns, result)), markers[0] if markers else None)


def moves(zone: ZoneInfo, first: int, last: int) -> bool:
    """Whether the clock of a zone is put back or forward in these years."""
    days = (date(first, 1, 1) + timedelta(days=n) for n in range((date(last, 12, 31) - date(first, 1, 1)).days + 1))
    return len({datetime.combine(day, time(12), zone).utcoffset() for day in days}) > 1


def _shown(column: SheetColumn, value: Value, total: bool, zone: ZoneInfo) -> CellValue:
    if column.offsets:
        return offset_text(value, zone)
    if column.role == "marker":
        return TOTAL if total else None
    if value is None and column.role in _GROUPS:
        return (TOTAL if column.source == 0 else None) if total else UNKNOWN
    return to_cell(column.told(value), zone)


def _sheet_columns(index: int, column: Column, result: Result) -> Iterator[SheetColumn]:
    values = result.arrow().column(index)
    unit = timedelta(**{column.format.unit: 1}) if column.format and column.format.type == "duration" else None
    style = _number_format(column, values.type)
    shown = SheetColumn(
        column.label, index, _role(column), column.grain, style, offsets=False, labels=column.labels, unit=unit
    )
    yield shown
    if _needs_offsets(values, ZoneInfo(result.time_zone), result.as_of.year):
        yield replace(shown, offsets=True)


def _role(column: Column) -> str:
    """What a column is to a sheet: the mark of the total is said in words, another mark is a value."""
    return "flag" if column.role == "marker" and not column.marks_total else column.role


def _number_format(column: Column, kind: pa.DataType) -> str:
    whole = pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0)
    if column.role == "metric":
        return number_format(column.format or Format(type="integer" if whole else "number"))
    return "0" if whole else "General"


def number_format(style: Format) -> str:
    """A metric's format as Excel writes it.

    >>> number_format(Format(type="percent", decimals=2))
    '0.00%'
    """
    digits = f".{'0' * style.digits}" if style.digits else ""
    match style.type:
        case "percent":
            return f"0{digits}%"
        case "currency":
            return f"[${style.currency}] #,##0{digits}"
        case "duration":
            return "#,##0.00"
        case "custom":
            return style.pattern or "General"
        case _:
            return f"#,##0{digits}"


def _needs_offsets(values: pa.ChunkedArray, zone: ZoneInfo, year: int) -> bool:
    if not pa.types.is_timestamp(values.type) or values.type.tz is None:
        return False
    ends = pc.min_max(pc.year(values)).as_py()
    first, last = min(ends["min"] or year, year), max(ends["max"] or year, year)
    return moves(zone, max(first - 1, 1900), min(last + 1, 2100))


def _check_size(query: str, rows: int, columns: int) -> None:
    if rows >= MAX_ROWS:
        message = f"query '{query}' has {rows:,} rows; a sheet holds {MAX_ROWS - 1:,} below its header"
        raise ExportError(Diagnostic("E532", message, hint="ask for less: a period, a coarser grain, a limit"))
    if columns > MAX_COLUMNS:
        message = f"query '{query}' has {columns:,} columns; a sheet holds {MAX_COLUMNS:,}"
        raise ExportError(Diagnostic("E532", message))


def _with_headers(columns: Sequence[SheetColumn], result: Result) -> Iterator[SheetColumn]:
    """Every column with a header of its own: the label, with the name beside it where two labels are the same."""
    labels = Counter(column.header.casefold() for column in columns if not column.offsets)
    for column in columns:
        same = labels[column.header.casefold()] > 1
        header = f"{column.header} ({result.columns[column.source].name})" if same else column.header
        yield replace(column, header=f"{header} (UTC offset)" if column.offsets else header)
