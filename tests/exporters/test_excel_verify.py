"""Verification finds what is wrong with a workbook: every kind of damage to a cell, a row, a sheet, the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from exporters.excel.workbook import SheetOrder, stage_workbook
from semantic import Result
from semantic.errors import ExportError
from tests.exporters.making import deliver_result, dimension, make_result, metric

BERLIN = "Europe/Berlin"
COLUMNS = [
    dimension("name"), metric("count"), metric("share"), metric("money"), dimension("day", grain="day", role="time"),
    dimension("at", grain="hour", role="time"), metric("flag"), metric("long"), metric("none"),
]  # fmt: skip


def result() -> Result:
    night = [datetime(2025, 10, 26, 0, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC)]
    arrays = [
        ["a", None], [1, 2], [0.25, 1 / 3], [Decimal("1.10"), Decimal("2.20")], [date(2025, 1, 1), date(2025, 1, 2)],
        pa.array(night, pa.timestamp("us", BERLIN)), [True, False], [10**17, 10**17 + 1],
        pa.array([None, None], pa.int64()),
    ]  # fmt: skip
    return make_result(COLUMNS, arrays, BERLIN)


def verify_after(root: Path, damage: Callable[[Path], None]) -> str:
    """Stage a workbook, damage it, and verify it."""
    delivery = deliver_result(root, result()).delivery
    with stage_workbook(delivery, "a.xlsx", "Made", [SheetOrder("made", "Made")]) as staged:
        (written,) = root.glob(".metricast-*/a.xlsx")
        damage(written)
        return staged.verify()


def edit(change: Callable[[Worksheet], None], sheet: str = "Made") -> Callable[[Path], None]:
    def edited(path: Path) -> None:
        book = openpyxl.load_workbook(path)
        change(book[sheet])
        book.save(path)

    return edited


def test_an_undamaged_workbook_is_verified(tmp_path: Path) -> None:
    assert (
        verify_after(tmp_path, lambda _: None)
        == "read back with python-calamine: 30 cells on 1 sheets equal the results"
    )


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("A1", "nmae"), ("A2", "b"), ("A2", 1), ("A2", None), ("A3", None), ("A3", "unknown"), ("B2", 2), ("B2", "1"),
        ("B2", None), ("B2", 1.0000001), ("B2", "=1"), ("C2", "=1/4"), ("C3", 0.33333333333), ("C2", "x"), ("D2", 1.11),
        ("D2", "x"), ("E2", date(2025, 1, 2)), ("E2", "2025-01-01"), ("E2", 45658.5), ("F2", datetime(2025, 10, 26, 3)),
        ("F2", "x"), ("G3", "+02:00"), ("H2", 1), ("H2", "TRUE"), ("I2", 10**17), ("I2", "x"),
        ("I3", "100000000000000000"), ("J2", 0), ("J2", "x"), ("K2", "more"), ("A4", "more"),
    ],
)  # fmt: skip
def test_a_changed_cell_is_found(tmp_path: Path, cell: str, value: Any) -> None:
    def change(sheet: Worksheet) -> None:
        sheet[cell] = value

    with pytest.raises(ExportError, match=rf"E521 .*'Made'!{cell} should show"):
        verify_after(tmp_path, edit(change))
    assert list(tmp_path.iterdir()) == []


def swap_rows(sheet: Worksheet) -> None:
    for column in "ABCDEFGHIJ":
        sheet[f"{column}2"].value, sheet[f"{column}3"].value = sheet[f"{column}3"].value, sheet[f"{column}2"].value


@pytest.mark.parametrize("change", [lambda sheet: sheet.delete_rows(3), lambda sheet: sheet.delete_rows(2), swap_rows])
def test_rows_that_are_missing_or_moved_are_found(tmp_path: Path, change: Callable[[Worksheet], None]) -> None:
    with pytest.raises(ExportError, match="E521"):
        verify_after(tmp_path, edit(change))


def rename(sheet: Worksheet) -> None:
    sheet.title = "Other"


def change_about(sheet: Worksheet) -> None:
    sheet["B3"] = "2024-01-01 00:00 (UTC)"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "damage", [edit(rename), edit(change_about, "About"), truncate, lambda path: path.write_bytes(b"")]
)
def test_a_damaged_book_is_found(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with pytest.raises(ExportError, match="E521"):
        verify_after(tmp_path, damage)


def test_a_long_list_of_differences_is_cut_short_in_the_message(tmp_path: Path) -> None:
    def wipe(sheet: Worksheet) -> None:
        sheet.delete_rows(1, 3)

    with pytest.raises(ExportError) as caught:
        verify_after(tmp_path, edit(wipe))
    assert caught.value.diagnostics[0].message.count("should show") == 5
