"""Workbooks, streamed to a file: equal sheets give equal bytes, whenever and wherever they are written."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.cell import Cell as WorkbookCell
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import WorkbookAlreadySaved
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from exporters.excel import looks
from exporters.excel.cells import MAX_TEXT, CellValue, escape, fits
from exporters.excel.looks import MAX_HEIGHT, Look
from semantic.errors import Diagnostic, ExportError

_FIRST_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_EDITED_AS_TEXT = tuple("=+-@\t\r\n'0123456789")  # what Excel would read as something else once somebody edits it


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, how it looks, and under which number format."""

    value: CellValue
    look: Look = looks.BODY
    number_format: str = "General"
    align: Literal["right"] | None = None
    wrap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells from the left edge on; without a height of its own, it has the usual one."""

    cells: Sequence[Cell] = ()
    height: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A sheet that is ready to be written; `rows` gives rows from the top on.

    `header` is the number of the header row if there is one: it stays in sight and is repeated in print; `filtered` the
    last row that a filter may hide.
    """

    title: str
    widths: tuple[float, ...]
    rows: Iterable[Row]
    header: int | None = None
    filtered: int | None = None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What the file says about itself; `as_of` stands for the time of making: nothing in here looks at a clock."""

    title: str
    author: str
    as_of: datetime


def write_workbook(path: Path, pages: Sequence[Page], about: About) -> None:
    """Write the pages. Raises ExportError for text that no cell holds, OSError as the file system says."""
    workbook = Workbook(write_only=True)
    _describe(workbook, about)
    try:
        for page in pages:
            _write_page(workbook, page, about)
        with _TimelessZip(path, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(workbook, archive).save()
    except BaseException:
        _remove_drafts(workbook)
        raise


class _TimelessZip(zipfile.ZipFile):
    """A zip archive whose entries were all made on the first day that zip knows."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add an entry."""
        super().writestr(_timeless(str(zinfo_or_arcname)), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a file, without holding it in memory."""
        with Path(filename).open("rb") as source, self.open(_timeless(str(arcname)), "w", force_zip64=True) as entry:
            shutil.copyfileobj(source, entry, 1 << 20)


def _timeless(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DAY_OF_ZIP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _describe(workbook: Workbook, about: About) -> None:
    made = about.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties = workbook.properties
    properties.title, properties.creator = _plain(about.title), _plain(about.author)
    properties.created = properties.modified = made


def _plain(text: str) -> str:
    """Text for places that know no escapes."""
    return "".join(character if character.isprintable() else " " for character in text)


def _remove_drafts(workbook: Workbook) -> None:
    """Sheets grow in temporary files that openpyxl removes when it has saved them, or when the process ends."""
    for sheet in workbook.worksheets:
        with suppress(OSError, StopIteration, WorkbookAlreadySaved):
            sheet.close()
        writer = getattr(sheet, "_writer", None)
        if writer is not None and Path(writer.out).exists():
            writer.cleanup()


def _write_page(workbook: Workbook, page: Page, about: About) -> None:
    sheet: Worksheet = workbook.create_sheet(page.title)
    _set_up(sheet, page)
    _set_up_print(sheet, about)
    wardrobe = _Wardrobe(sheet)
    for number, row in enumerate(page.rows, 1):
        if row.height is not None:
            sheet.row_dimensions[number].height = min(row.height, MAX_HEIGHT)
        sheet.append([wardrobe.dress(cell, number, column) for column, cell in enumerate(row.cells, 1)])
    if page.header is not None:
        last = page.filtered or page.header
        sheet.auto_filter.ref = f"A{page.header}:{get_column_letter(len(page.widths))}{last}"


def _set_up(sheet: Worksheet, page: Page) -> None:
    for number, width in enumerate(page.widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = looks.ROW_HEIGHT, True
    for cells in page.merged:
        sheet.merged_cells.add(cells)
    sheet.sheet_view.showGridLines = False
    if page.header is not None:
        sheet.freeze_panes = f"A{page.header + 1}"
        sheet.print_title_rows = f"{page.header}:{page.header}"


def _set_up_print(sheet: Worksheet, about: About) -> None:
    """Landscape A4, as wide as the page, with a running head and foot."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.75, bottom=0.6, header=0.3, footer=0.3)
    head, foot = HeaderFooterItem(), HeaderFooterItem()
    head.left.text, head.right.text = _plain(about.title)[:80].replace("&", "&&"), "&A"
    foot.right.text = "&P / &N"
    sheet.oddHeader, sheet.oddFooter = head, foot


class _Wardrobe:
    """Dressed cells of one sheet, used again for every row: dressing a cell takes longer than writing it."""

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._cells: dict[tuple[Any, ...], WorkbookCell] = {}

    def dress(self, cell: Cell, row: int, column: int) -> WorkbookCell:
        """The cell as openpyxl writes it."""
        text = escape(cell.value) if isinstance(cell.value, str) else None
        guarded = text is not None and text.startswith(_EDITED_AS_TEXT)
        key = (column, cell.look, cell.number_format, cell.align, cell.wrap, guarded)
        dressed = self._cells.get(key)
        if dressed is None:
            dressed = self._cells[key] = _dressed(self._sheet, cell, guarded)
        dressed.value = cell.value if text is None else text
        if text is not None:
            _refuse_long(text, self._sheet.title, row, column)
            dressed.data_type = "s"
        return dressed


def _dressed(sheet: Worksheet, cell: Cell, guarded: bool) -> WorkbookCell:
    dressed = WriteOnlyCell(sheet)
    cell.look.dress(dressed, cell.align, cell.wrap)
    dressed.number_format = cell.number_format
    if guarded:
        dressed.quotePrefix = True
    return dressed


def _refuse_long(text: str, sheet: str, row: int, column: int) -> None:
    if not fits(text):
        place = f"{get_column_letter(column)}{row} of sheet '{sheet}'"
        message = f"{place} would hold {len(text):,} characters; a cell holds {MAX_TEXT:,}"
        raise ExportError(Diagnostic("E533", message, hint="leave the column out, or shorten it with substring(…)"))
