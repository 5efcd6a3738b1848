"""Read a workbook back with a reader that shares no code with its writer, and compare it with the results.

The comparison starts from the results' own values and not from the cells that were laid out: a wrong conversion shows
here. What `cells.py` promises is checked from the other side.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice, zip_longest
from pathlib import Path
from zoneinfo import ZoneInfo

from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineWorkbook

from exporters.excel.layout import TOTAL, UNKNOWN, Sheet, SheetColumn
from exporters.excel.writing import Page
from exporters.values import Value, rows_of
from semantic.errors import Diagnostic, ExportError

_NAMED = 5  # differences that a message names
_MILLISECOND = timedelta(milliseconds=1)
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def verify_workbook(path: Path, about: Page, sheets: Sequence[Sheet]) -> str:
    """How it was found that the file holds what it should; raises ExportError (E521) where it does not."""
    try:
        workbook = CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise _refusal([f"it cannot be opened: {error}"]) from error
    titles = [about.title, *(sheet.title for sheet in sheets)]
    if workbook.sheet_names != titles:
        raise _refusal([f"its sheets are {workbook.sheet_names}, not {titles}"])
    checks = chain(
        _compare(about.title, ([cell.value for cell in row.cells] for row in about.rows), ZoneInfo("UTC"), workbook),
        *(_compare(sheet.title, _expected(sheet), sheet.zone, workbook) for sheet in sheets),
    )
    if differences := list(islice(checks, _NAMED)):
        raise _refusal(differences)
    cells = sum((len(sheet.result) + 1) * len(sheet.columns) for sheet in sheets)
    return f"read back with python-calamine: {cells:,} cells on {len(sheets)} sheets equal the results"


def agrees(value: Value, cell: object, zone: ZoneInfo) -> bool:
    """Whether a cell as read shows this value, in the form and type that it should have."""
    try:
        return _agrees(value, cell, zone)
    except (ValueError, ArithmeticError):  # text that should be a number or a time, and cannot be read as one
        return False


def _agrees(value: Value, cell: object, zone: ZoneInfo) -> bool:
    match value:
        case None:
            return cell == ""
        case bool():
            return cell is value
        case int():
            long = abs(value) > 999_999_999_999_999
            return _is_exact_text(value, cell) if long else _is_number(value, cell, Decimal(0))
        case Decimal():
            digits = len(str(int(abs(value))))
            return _is_exact_text(value, cell) if digits > 15 else _is_number(value, cell, Decimal("5.1e-15"))
        case float():
            return _is_double(value, cell)
        case datetime():
            return _is_moment(value, cell, zone)
        case date():
            return cell == value if value >= date(1900, 3, 1) else cell == str(value)
        case time():
            return isinstance(cell, str) and time.fromisoformat(cell) == value
        case timedelta():
            return _is_duration(value, cell)
        case str():
            return isinstance(cell, str) and cell == _NO_XML.sub("\ufffd", value)


def _compare(title: str, rows: Iterable[Sequence[Value]], zone: ZoneInfo, workbook: CalamineWorkbook) -> Iterator[str]:
    found = workbook.get_sheet_by_name(title).iter_rows()
    for number, (row, cells) in enumerate(zip_longest(rows, found), 1):
        for column, (value, cell) in enumerate(zip_longest(row or (), cells or (), fillvalue=""), 1):
            if not agrees(value, cell, zone):
                place = f"'{title}'!{get_column_letter(column)}{number}"
                yield f"{place} should show {value!r} and shows {cell!r}"


def _expected(sheet: Sheet) -> Iterator[list[Value]]:
    """What each row of the sheet has to show, from the result itself."""
    yield [column.header for column in sheet.columns]
    for row in rows_of(sheet.result.arrow()):
        total = sheet.marker is not None and row[sheet.marker] is True
        yield [_expected_value(column, row[column.source], total, sheet.zone) for column in sheet.columns]


def _expected_value(column: SheetColumn, value: Value, total: bool, zone: ZoneInfo) -> Value:
    if column.offsets:
        return _offset(value, zone) if isinstance(value, datetime) else None
    if column.role == "marker":
        return TOTAL if value is True else None
    if value is not None or column.role in ("metric", "flag"):
        return column.told(value)
    if total:
        return TOTAL if column.source == 0 else None
    return UNKNOWN


def _offset(value: datetime, zone: ZoneInfo) -> str | None:
    local = _local(value, zone)
    if local is None:
        return None
    minutes, seconds = divmod(abs(local - value.replace(tzinfo=None)).seconds, 60)
    sign = "-" if local < value.replace(tzinfo=None) else "+"
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _is_number(value: int | Decimal, cell: object, tolerance: Decimal) -> bool:
    return isinstance(cell, float) and abs(Decimal(cell) - value) <= abs(Decimal(value)) * tolerance


def _is_exact_text(value: int | Decimal, cell: object) -> bool:
    return isinstance(cell, str) and Decimal(cell) == value


def _is_double(value: float, cell: object) -> bool:
    return cell == value if isinstance(cell, float) else isinstance(cell, str) and _is_odd(value, float(cell))


def _is_odd(value: float, read: float) -> bool:
    return math.isnan(read) if math.isnan(value) else read == value


def _is_moment(value: datetime, cell: object, zone: ZoneInfo) -> bool:
    local = _local(value, zone)
    if local is None or local < datetime(1900, 3, 1):
        return isinstance(cell, str) and datetime.fromisoformat(cell) == (local or value)
    if not isinstance(cell, date):
        return False
    shown = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    return timedelta() <= local - shown < _MILLISECOND


def _local(value: datetime, zone: ZoneInfo) -> datetime | None:
    """The naive time on the project's clock; None where the calendar ends before it."""
    try:
        return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    except OverflowError:
        return None


def _is_duration(value: timedelta, cell: object) -> bool:
    if isinstance(cell, timedelta):
        return timedelta() <= value - cell < _MILLISECOND
    if not isinstance(cell, str):
        return False
    hours, minutes, seconds = cell.removeprefix("-").split(":")
    size = timedelta(hours=int(hours), minutes=int(minutes), microseconds=int(Decimal(seconds) * 1_000_000))
    return value == (-size if cell.startswith("-") else size)


def _refusal(differences: Sequence[str]) -> ExportError:
    message = "the workbook that was written does not hold the results: " + "; ".join(differences)
    return ExportError(Diagnostic("E521", message, hint="nothing was delivered; what stood there before still does"))
