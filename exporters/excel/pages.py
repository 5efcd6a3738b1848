"""Sheets of results as pages: header, rows, total, widths that fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from math import ceil
from typing import Literal

from exporters.excel import looks
from exporters.excel.cells import CellValue
from exporters.excel.layout import Sheet, SheetColumn, Word
from exporters.excel.looks import LINE, ROW_HEIGHT
from exporters.excel.writing import Cell, Page, Row

_SAMPLE = 300  # rows that widths are measured on
_NARROWEST, _WIDEST = 10.0, 46.0
_NUMBER_FORMAT = re.compile(r"(\[\$(?P<currency>[A-Z]{3})\] )?#?,?#*0(\.(?P<digits>0+))?(?P<percent>%)?")
_SHORT = 16  # a header of no more characters stays on one line
_FILTER_ARROW, _PADDING = 3.0, 3.0  # what the button of a filter and the indent take away


def result_page(sheet: Sheet) -> Page:
    """The page of a result: a header that stays in sight, the rows, and the total last, out of the filter's reach."""
    widths = _widths(sheet)
    totals = sheet.marker is not None
    return Page(
        title=sheet.title,
        widths=tuple(widths),
        rows=_rows(sheet, widths),
        header=1,
        filtered=len(sheet.result) + (0 if totals else 1),
    )


def row_height(cells: Sequence[Cell], widths: Sequence[float]) -> float:
    """High enough for the cell with the most lines; a generous guess, as only Excel knows its typeface."""
    heights = [_wrapped_lines(cell, width) * LINE * cell.look.scale for cell, width in zip(cells, widths, strict=False)]
    return max([height + ROW_HEIGHT - LINE for height in heights], default=ROW_HEIGHT)


def _wrapped_lines(cell: Cell, width: float) -> int:
    if not (cell.wrap and isinstance(cell.value, str)):
        return 1
    return sum(max(1, ceil(_prose_width(line) * cell.look.scale / width)) for line in cell.value.split("\n"))


def _prose_width(line: str) -> float:
    """The width of a line that wraps: widths count digits, and the letters of prose are narrower than those."""
    return display_width(line) * (0.92 if " " in line else 1.05) + 1


def display_width(text: str) -> int:
    """How many columns of a typewriter the widest line of a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    return max((sum(map(_character_width, line)) for line in text.splitlines()), default=0)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _rows(sheet: Sheet, widths: Sequence[float]) -> Iterator[Row]:
    lines = max(_header_lines(column.header, width) for column, width in zip(sheet.columns, widths, strict=True))
    yield Row([_header_cell(column) for column in sheet.columns], lines * LINE + 9)
    for total, values in sheet.rows():
        columns = zip(sheet.columns, values, widths, strict=True)
        cells = [_cell(column, value, total, width) for column, value, width in columns]
        yield Row(cells, row_height(cells, widths) if any(cell.wrap for cell in cells) else None)


def _header_cell(column: SheetColumn) -> Cell:
    return Cell(column.header, looks.HEADER, align=_align(column), wrap=True)


def _cell(column: SheetColumn, value: CellValue, total: bool, width: float) -> Cell:
    look = looks.SUM if total else looks.MISSING if isinstance(value, Word) else looks.BODY
    wrap = isinstance(value, str) and ("\n" in value or display_width(value) > width - 2)
    return Cell(value, look, column.format_of(value), _align(column), wrap)


def _align(column: SheetColumn) -> Literal["right"] | None:
    return "right" if column.role == "metric" else None


def _widths(sheet: Sheet) -> list[float]:
    widest = [_header_width(column) for column in sheet.columns]
    for _, values in islice(sheet.rows(), _SAMPLE):
        for index, (column, value) in enumerate(zip(sheet.columns, values, strict=True)):
            widest[index] = max(widest[index], display_width(_displayed(column, value)) + _PADDING)
    return [min(max(width, _NARROWEST), _WIDEST) for width in widest]


def _header_width(column: SheetColumn) -> float:
    """Wide enough for the whole if it is short, else for two lines and the longest word."""
    whole = display_width(column.header)
    words = [display_width(word) for word in column.header.split()]
    return _FILTER_ARROW + _PADDING + (whole if whole <= _SHORT else max([*words, whole / 2 + 1]))


def _header_lines(text: str, width: float) -> int:
    """How many lines a wrapped header takes, word by word."""
    lines, used = 1, 0
    for word in text.split():
        length = display_width(word)
        if used and used + 1 + length > width - _FILTER_ARROW - 1:
            lines, used = lines + 1, length
        else:
            used += length + (1 if used else 0)
    return lines


def _displayed(column: SheetColumn, value: CellValue) -> str:
    """About what is seen of a value."""
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value)
        case datetime():
            return "2025-01-01 00:00:00"
        case date():
            return "2025-01-01"
        case timedelta():
            return f"{value // timedelta(hours=1)}:00:00"
        case int() | float():
            return _displayed_number(column.number_format, value)


def _displayed_number(number_format: str, value: float) -> str:
    known = _NUMBER_FORMAT.fullmatch(number_format)
    if known is None:
        return f"{value:.10g}"
    digits = len(known["digits"] or "")
    number = f"{value:.{digits}%}" if known["percent"] else f"{value:,.{digits}f}"
    return f"{known['currency']} {number}" if known["currency"] else number
