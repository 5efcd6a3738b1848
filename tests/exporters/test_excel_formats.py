"""Formats of metrics and labels of values in a delivered workbook: what stands in the cells, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from exporters import deliver
from exporters.excel.layout import TOTAL, UNKNOWN
from exporters.excel.reading import agrees
from exporters.excel.workbook import SheetOrder, stage_workbook
from semantic.errors import ExportError
from semantic.formats import Format
from tests.exporters.formats import formats_delivery
from tests.exporters.making import deliver_result, dimension, make_result, metric
from tests.semantic.test_formats import PATTERNS


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the delivered workbook; delivering it has verified every cell."""
    root = tmp_path_factory.mktemp("formats")
    delivery = formats_delivery(root)
    receipt = deliver(delivery.export.destinations[0], delivery)
    assert receipt.verified.startswith("read back with python-calamine")
    return root


@pytest.fixture(scope="module")
def book(root: Path) -> Workbook:
    return openpyxl.load_workbook(root / "formats.xlsx")


def rows(sheet: Worksheet) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(min_row=2, values_only=True))


def formats(sheet: Worksheet, row: int) -> list[str]:
    return [cell.number_format for cell in sheet[row]]


# --- what stands in the cells ------------------------------------------------------------


def test_money_is_a_number_under_the_format_of_its_currency(book: Workbook) -> None:
    sheet = book["Money"]
    assert rows(sheet) == [
        ("Männer", -1.005, -1.005, -1.005, -1.005, -1.005, 1),
        ("Frauen", 1234.567, 1234.567, 1234.567, 1234.567, 1234.567, 1),
        ("x", 1000000, 1000000, 1000000, 1000000, 500000, 2),
        ("(unknown)", None, None, None, None, None, 1),
        ("Total", 1001233.562, 1001233.562, 1001233.562, 1001233.562, 200246.7124, 5),
    ]
    expected = [
        "General", "[$EUR] #,##0.00", "[$JPY] #,##0", "[$KWD] #,##0.000", '#,##0.0,"k 千";[Red]-#,##0.0,"k 千"',
        "[$EUR] #,##0.000", "#,##0",
    ]  # fmt: skip
    assert [formats(sheet, row) for row in (2, 3, 4, 6)] == [expected] * 4


def test_a_duration_is_one_whatever_its_unit_and_text_where_it_is_negative(book: Workbook) -> None:
    sheet = book["Time"]
    found = {str(row[0]): row[1:6] for row in rows(sheet)}
    units = (
        timedelta(milliseconds=1),
        timedelta(seconds=1),
        timedelta(minutes=1),
        timedelta(hours=1),
        timedelta(days=1),
    )
    assert found["Frauen"] == tuple(5400 * unit for unit in units)
    assert found["Männer"] == ("-0:00:00.090000", "-0:01:30", "-1:30:00", "-90:00:00", "-2160:00:00")
    assert found["x"][1] == timedelta(seconds=90061)
    assert found["(unknown)"] == (None,) * 5
    assert found["Total"][1] == timedelta(seconds=5400 - 90 + 90061)
    assert formats(sheet, 3)[1:6] == ["[h]:mm:ss"] * 5
    assert formats(sheet, 2)[1:6] == ["General"] * 5


def test_percents_have_their_own_decimals(book: Workbook) -> None:
    sheet = book["Time"]
    assert [row[6:] for row in rows(sheet)] == [
        (1.5, 1.5), (0.12345, 0.12345), (-0.0005, -0.0005), (None, None), (0.4056125, 0.4056125),
    ]  # fmt: skip
    assert formats(sheet, 3)[6:] == ["0.00%", "0%"]


def test_labels_stand_instead_of_values_of_every_kind(book: Workbook) -> None:
    assert rows(book["Labels"]) == [
        ("Mitglied", "三", "one and a half", 1),
        ("Mitglied", "1st", "one and a half", 1),
        ("Gast", 2, "two", 1),
        ("(unknown)", 9, "(unknown)", 1),
        ("(unknown)", "(unknown)", 7.25, 1),
        ("Total", None, None, 5),
    ]
    assert rows(book["Member"]) == [("Gast", 1), ("Mitglied", 2), ("(unknown)", 2), ("Total", 5)]
    assert formats(book["Labels"], 4) == ["General", "0", "General", "#,##0"]


def test_a_group_that_is_not_known_beside_the_total(book: Workbook) -> None:
    assert rows(book["Masked"]) == [("(unknown)", 1), ("Total", 1)]
    unknown, total = (book["Masked"][f"A{row}"].font for row in (2, 3))
    assert [(font.italic, font.bold) for font in (unknown, total)] == [(True, False), (False, True)]


def test_the_first_sheet_says_how_metrics_are_shown(book: Workbook) -> None:
    said = {str(row[0]): row for row in book["About"].iter_rows(values_only=True) if row[0]}
    expected = {
        "Umsatz (euros)": "currency EUR", "Yen": "currency JPY", "Seconds": "duration in seconds", "Calls": None,
        "Minutes": "duration in minutes", "Part": "percent", "Thousands": 'custom #,##0.0,"k 千";[Red]-#,##0.0,"k 千"',
    }  # fmt: skip
    assert {name: said[name][4] for name in expected} == expected
    assert said["Umsatz (euros)"][3] == "Müller"


def test_columns_are_wide_enough_for_what_is_shown(book: Workbook) -> None:
    widths = [book["Time"].column_dimensions[letter].width for letter in "ABCDEF"]
    assert widths[5] >= len("2287704:00:00") + 1  # days: 95,371 of them, in hours
    assert book["Money"].column_dimensions["B"].width >= len("EUR 1,001,233.56") + 1


# --- other readers ------------------------------------------------------------


def test_another_reader_finds_the_same_values(root: Path) -> None:
    sheet = CalamineWorkbook.from_path(root / "formats.xlsx").get_sheet_by_name("Time").to_python()
    frauen = next(row for row in sheet if row[0] == "Frauen")
    assert frauen[1:4] == [timedelta(seconds=5.4), timedelta(minutes=90), timedelta(hours=90)]
    assert frauen[6] == 0.12345


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_that_is_allowed_is_delivered(tmp_path: Path, pattern: str) -> None:
    column = metric(format=Format(type="custom", pattern=pattern))
    made = deliver_result(tmp_path, make_result([column], [pa.array([1234.5, -0.25, None, 0])]))
    assert "equal the results" in deliver(made.destination, made.delivery).verified
    sheet = openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"]
    assert [cell.number_format for cell in sheet["A"][1:]] == [pattern, pattern, "General", pattern]
    assert [cell.value for cell in sheet["A"][1:]] == [1234.5, -0.25, None, 0]


@pytest.mark.parametrize(
    ("value", "unit", "cell"),
    [
        (Decimal("1.5"), "seconds", timedelta(seconds=1.5)),
        (Decimal("-0.001"), "seconds", "-0:00:00.001000"),
        (0, "days", timedelta(0)),
        (-1, "milliseconds", "-0:00:00.001000"),
        (1e-7, "seconds", timedelta(0)),
        (1e12, "seconds", 1e12),
        (-999_999_999.5, "days", -999_999_999.5),
        (float("nan"), "hours", "NaN"),
        (float("-inf"), "hours", "-Infinity"),
        (10**18, "milliseconds", "1000000000000000000"),
    ],
)
def test_odd_durations_stay_what_they_are(tmp_path: Path, value: Any, unit: Any, cell: Any) -> None:
    column = metric(format=Format(type="duration", unit=unit))
    made = deliver_result(tmp_path, make_result([column], [[value]]))
    deliver(made.destination, made.delivery)
    found = CalamineWorkbook.from_path(tmp_path / "made.xlsx").get_sheet_by_index(1).to_python()[1][0]
    assert found == cell


# --- verification ------------------------------------------------------------


LABELS: dict[object, str] = {"f": "Frauen", Decimal(1): "eins", True: "ja"}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("A2", "f"),
        ("A2", "Männer"),
        ("A3", "Frauen"),
        ("B2", 2),
        ("B2", timedelta(seconds=61)),
        ("B3", None),
        ("B3", -60),
    ],
)
def test_a_wrong_label_or_duration_is_found(tmp_path: Path, cell: str, value: Any) -> None:
    columns = [dimension(labels=LABELS), metric(format=Format(type="duration", unit="minutes"))]
    delivery = deliver_result(tmp_path, make_result(columns, [["f", "x"], [1, -1]])).delivery
    with stage_workbook(delivery, "a.xlsx", "Made", [SheetOrder("made", "Made")]) as staged:
        (written,) = tmp_path.glob(".metricast-*/a.xlsx")
        changed = openpyxl.load_workbook(written)
        changed["Made"][cell] = value
        changed.save(written)
        with pytest.raises(ExportError, match=rf"E521 .*'Made'!{cell} should show"):
            staged.verify()


def test_a_label_may_be_what_stands_for_the_total_or_for_the_unknown(tmp_path: Path) -> None:
    labels: dict[object, str] = {"a": str(TOTAL), "b": str(UNKNOWN), "c": "=1+1"}
    made = deliver_result(tmp_path, make_result([dimension(labels=labels), metric()], [["a", "b", "c"], [1, 2, 3]]))
    deliver(made.destination, made.delivery)
    cells = openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"]["A"][1:]
    assert [(cell.value, cell.data_type, bool(cell.font.bold)) for cell in cells] == [
        ("Total", "s", False), ("(unknown)", "s", False), ("=1+1", "s", False),
    ]  # fmt: skip


def test_the_comparison_knows_durations(tmp_path: Path) -> None:
    check: Callable[..., bool] = agrees
    assert check(timedelta(minutes=-90), "-1:30:00", None)
    assert not check(timedelta(minutes=-90), "1:30:00", None)
    assert not check(timedelta(minutes=-90), timedelta(minutes=90), None)
