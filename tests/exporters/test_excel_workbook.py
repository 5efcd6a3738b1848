"""A whole workbook: what stands where, how it is shown, that it is reproducible, and what is refused."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from exporters import deliver
from exporters.excel.layout import MAX_COLUMNS, MAX_ROWS, lay_out
from semantic.compile import Column
from semantic.errors import ExportError
from semantic.formats import Format
from tests.exporters.making import EXPORTS, deliver_result, dimension, make_delivery, make_result, metric

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2025, 3, 30, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    root = tmp_path_factory.mktemp("project")
    delivery = make_delivery(root)
    (destination,) = delivery.export.destinations
    return openpyxl.load_workbook(root / deliver(destination, delivery).files[0].path)


def about(book: Workbook) -> dict[str, list[Any]]:
    """The rows of the first sheet by their first cell."""
    return {str(row[0]): list(row[1:]) for row in book["About"].iter_rows(values_only=True) if row[0] is not None}


def formats(sheet: Worksheet, row: int) -> list[str]:
    return [cell.number_format for cell in sheet[row]]


def test_the_first_sheet_says_what_as_of_when_and_by_which_definitions(book: Workbook) -> None:
    said = about(book)
    assert book.sheetnames == ["About", "Trend", "Kinds", "Hours"]
    assert list(said)[:2] == ["Engagement to 2025-04-06", "Are people coming back?"]
    assert said["As of"][0] == "2025-04-07 02:00 (Europe/Berlin, UTC+02:00)"
    assert said["Period"][0] == "2025-01-06 to 2025-04-06 (last 13 weeks)"
    assert said["Owner"][0] == "Growth team"
    assert any(line.startswith("Rows of activity are those of the time of making") for line in said)
    assert said["Trend"][:2] == ["none", "2025-01-06 to 2025-04-06 (last 13 weeks)"]
    assert said["Kinds"][0] == "where amount > 2"
    assert said["Hours"][1] == "2025-03-30"
    assert [said[name][2] for name in ("Trend", "Kinds", "Hours")] == [14, 16, 23]
    assert all(len(said[name][3]) == 64 for name in ("Trend", "Kinds", "Hours"))
    assert said["Active users"] == [
        "Distinct users with at least one activity in the period.", "count_distinct(user_id) over activity",
        "growth", "integer",
    ]  # fmt: skip
    assert said["Login share"][1] == "logins / activities"


def test_what_a_metric_is_made_of_is_defined_too(tmp_path: Path) -> None:
    more = """
metrics:
  chosen: {dataset: activity, agg: count, filter: amount > 2, label: Choices}
  chosen_share: {type: ratio, numerator: chosen, denominator: {metric: activities, ignore: [activity_type]}}
  chosen_times: {type: derived, expr: chosen_share * chosen}
"""
    query = "{metrics: [chosen_times, activities]}"
    exports = f"exports: {{a: {{queries: {{q: {query}}}, to: [excel: {{path: a.xlsx}}]}}}}{more}"
    delivery = make_delivery(tmp_path, exports)
    deliver(delivery.export.destinations[0], delivery)
    said = about(openpyxl.load_workbook(tmp_path / "a.xlsx"))
    start = list(said).index("Metric")
    assert list(said)[start : start + 6] == [
        "Metric", "Chosen times", "Activities", "made of", "Chosen share", "Choices (chosen)",
    ]  # fmt: skip
    assert said["Chosen share"][1] == "chosen / activities ignoring activity_type"
    assert said["Choices (chosen)"][1].endswith("over activity where amount > 2")


def test_filters_are_said_in_full(tmp_path: Path) -> None:
    query = "{metrics: [spend], by: [week], where: amount > 1, having: spend > 5, order: [spend desc], limit: 3}"
    delivery = make_delivery(tmp_path, f"exports: {{a: {{queries: {{q: {query}}}, to: [excel: {{path: a.xlsx}}]}}}}")
    deliver(delivery.export.destinations[0], delivery)
    said = about(openpyxl.load_workbook(tmp_path / "a.xlsx"))["Q"]
    assert said[:2] == ["where amount > 1\nhaving spend > 5\nthe first 3 rows, by spend desc", "all"]


def test_the_header_stays_in_sight_and_is_repeated_in_print(book: Workbook) -> None:
    sheet = book["Trend"]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    header = sheet["A1"]
    assert [cell.value for cell in sheet[1]] == ["Week", "Active users", "Activities", "Login share", "Spend"]
    assert header.font.bold
    assert header.alignment.wrap_text
    assert header.fill.fgColor.rgb == "FF1F4E79"
    assert all(dimension.width >= 10 for dimension in sheet.column_dimensions.values())


def test_numbers_and_dates_are_shown_by_metric_and_grain(book: Workbook) -> None:
    assert formats(book["Trend"], 2) == ["yyyy-mm-dd", "#,##0", "#,##0", "0.0%", "#,##0.00"]
    assert formats(book["Kinds"], 2) == ["General", "yyyy-mm", "#,##0", "#,##0.00"]
    assert formats(book["Hours"], 2) == ["yyyy-mm-dd hh:mm", "General", "#,##0"]


@pytest.mark.parametrize(
    ("grain", "number_format"),
    [
        ("year", "yyyy"), ("quarter", 'yyyy"-Q1"'), ("month", "yyyy-mm"), ("week", "yyyy-mm-dd"), ("day", "yyyy-mm-dd"),
        ("hour", "yyyy-mm-dd hh:mm"), ("minute", "yyyy-mm-dd hh:mm"), ("second", "yyyy-mm-dd hh:mm:ss"),
    ],
)  # fmt: skip
def test_every_grain_has_its_format(tmp_path: Path, grain: str, number_format: str) -> None:
    column = dimension(role="time", grain=grain)
    values = [AT] if grain in {"hour", "minute", "second"} else [AT.date()]
    made = deliver_result(tmp_path, make_result([column], [values]))
    deliver(made.destination, made.delivery)
    assert formats(openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"], 2) == [number_format]


@pytest.mark.parametrize(
    ("column", "array", "number_format"),
    [
        (metric(), [1], "#,##0"),
        (metric(), [1.5], "#,##0.00"),
        (metric(format=Format(type="integer")), [1.5], "#,##0"),
        (metric(), pa.array([7], pa.decimal128(38, 0)), "#,##0"),
        (dimension("year_of_birth"), [1984], "0"),
        (dimension(), ["a"], "General"),
    ],
)
def test_without_a_format_the_type_decides(tmp_path: Path, column: Any, array: Any, number_format: str) -> None:
    made = deliver_result(tmp_path, make_result([column], [array]))
    deliver(made.destination, made.delivery)
    assert formats(openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"], 2) == [number_format]


def test_the_total_stands_last_is_marked_and_out_of_the_filters_reach(book: Workbook) -> None:
    sheet = book["Trend"]
    assert sheet.max_row == 15
    last = sheet[15]
    assert last[0].value == "Total"
    assert all(cell.font.bold and cell.fill.fgColor.rgb == "FFEAF1F8" for cell in last)
    assert not sheet["A14"].font.bold
    assert sheet.auto_filter.ref == "A1:E14"
    assert book["Kinds"].auto_filter.ref == "A1:D17"
    assert "is_total" not in [cell.value for cell in sheet[1]]


def test_without_dimensions_the_total_is_named_in_a_first_column(tmp_path: Path) -> None:
    query = "{metrics: [activities], totals: true}"
    delivery = make_delivery(tmp_path, f"exports: {{a: {{queries: {{q: {query}}}, to: [excel: {{path: a.xlsx}}]}}}}")
    deliver(delivery.export.destinations[0], delivery)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    rows = list(book["Q"].iter_rows(values_only=True))
    assert rows == [("Total", "Activities"), (None, 800), ("Total", 800)]
    assert [book["Q"][f"A{row}"].font.bold for row in (2, 3)] == [False, True]
    assert any(line.startswith("The row Total is computed from all rows") for line in about(book))


def test_which_periods_are_complete_is_said_in_a_column_and_on_the_first_sheet(tmp_path: Path) -> None:
    parts = "metrics: [activities], by: [month], period: 2025-03..2025-04, is_complete: true, totals: true"
    only = "{metrics: [activities], by: [month], period: 2025-02..2025-04, complete_only: true}"
    queries = f"{{q: {{{parts}}}, only: {only}}}"
    delivery = make_delivery(tmp_path, f"exports: {{a: {{queries: {queries}, to: [excel: {{path: a.xlsx}}]}}}}")
    deliver(delivery.export.destinations[0], delivery)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    rows = [(row[0], row[-1]) for row in book["Q"].iter_rows(values_only=True)]
    assert rows == [
        ("Month", "Complete"),
        (datetime(2025, 3, 1), True),
        (datetime(2025, 4, 1), False),
        ("Total", False),
    ]
    assert [row[0] for row in book["Only"].iter_rows(values_only=True, min_row=2)] == [
        datetime(2025, 2, 1),
        datetime(2025, 3, 1),
    ]
    assert about(book)["Only"][0] == "complete periods alone"
    assert any(line.startswith("Complete says whether the period") for line in about(book))


def test_groups_called_total_or_unknown_are_told_from_those_by_their_look(tmp_path: Path) -> None:
    columns = [dimension(), metric(), Column("is_total", "marker", "Total")]
    groups, marks = ["Total", "(unknown)", None, None], [False, False, False, True]
    made = deliver_result(tmp_path, make_result(columns, [groups, [1, 2, 3, 6], marks]))
    deliver(made.destination, made.delivery)
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == ["Total", "(unknown)", "(unknown)", "Total"]
    assert [(cell.font.italic, cell.font.bold) for cell in cells] == [
        (False, False), (False, False), (True, False), (False, True),
    ]  # fmt: skip


def test_equal_headers_are_told_apart(tmp_path: Path) -> None:
    columns = [dimension("first", label="Date"), dimension("second", label="DATE"), metric("n", label="N")]
    made = deliver_result(tmp_path, make_result(columns, [["a"], ["b"], [1]]))
    deliver(made.destination, made.delivery)
    header = next(openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"].iter_rows(values_only=True))
    assert header == ("Date (first)", "DATE (second)", "N")


def test_sheets_are_those_asked_for_in_that_order(tmp_path: Path) -> None:
    sheets = "[{query: hours}, {query: trend, title: 'Of {{ run.date }}'}, {query: hours, title: About}]"
    delivery = make_delivery(tmp_path, EXPORTS.replace('title: "Engagement', f'sheets: {sheets}, title: "Engagement'))
    receipt = deliver(delivery.export.destinations[0], delivery)
    assert openpyxl.load_workbook(tmp_path / receipt.files[0].path).sheetnames == [
        "About", "Hours", "Of 2025-04-07", "About (2)",
    ]  # fmt: skip
    assert [query.name for query in receipt.queries] == ["hours", "trend"]


def test_a_result_without_rows_is_a_sheet_with_a_header(tmp_path: Path) -> None:
    made = deliver_result(
        tmp_path, make_result([dimension(), metric()], [pa.array([], pa.string()), pa.array([], pa.int64())])
    )
    receipt = deliver(made.destination, made.delivery)
    assert receipt.queries[0].rows == 0
    sheet = openpyxl.load_workbook(tmp_path / "made.xlsx")["Made"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["group", "value"]]
    assert sheet.auto_filter.ref == "A1:B1"


def test_equal_input_gives_equal_bytes_in_every_process(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from exporters import deliver; from tests.exporters.making import *\n"
        "delivery = make_delivery(Path(sys.argv[1]))\n"
        "print(deliver(delivery.export.destinations[0], delivery).to_json())"
    )
    receipts = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT, check=True, capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(receipts) == 1
    entries = zipfile.ZipFile(tmp_path / "1" / "drops" / "weekly_2025-04-07.xlsx").infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_the_file_says_who_made_it_and_as_of_when(book: Workbook) -> None:
    properties = book.properties
    assert (properties.title, properties.creator) == ("Engagement to 2025-04-06", "Growth team")
    assert properties.created == properties.modified == datetime(2025, 4, 7)


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path) -> None:
    numbers = pa.array(range(MAX_ROWS), pa.int32())
    with pytest.raises(
        ExportError, match="E532  query 'made' has 1,048,576 rows; a sheet holds 1,048,575 below its header"
    ):
        lay_out("Made", "made", make_result([metric()], [numbers]))
    assert lay_out("Made", "made", make_result([metric()], [numbers[1:]])).columns


def test_more_columns_than_a_sheet_holds_are_refused(tmp_path: Path) -> None:
    columns = [metric(f"c{number}") for number in range(MAX_COLUMNS + 1)]
    with pytest.raises(ExportError, match="E532  query 'made' has 16,385 columns"):
        lay_out("Made", "made", make_result(columns, [[1]] * len(columns)))


def test_a_refusal_leaves_the_older_workbook(tmp_path: Path) -> None:
    (tmp_path / "made.xlsx").write_text("older")
    made = deliver_result(tmp_path, make_result([metric()], [["x" * 40_000]]))
    with pytest.raises(ExportError):
        deliver(made.destination, made.delivery)
    assert (tmp_path / "made.xlsx").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["made.xlsx"]


def test_results_of_another_query_or_time_are_no_delivery(tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path)
    with pytest.raises(ValueError, match="not those of the queries"):
        dataclasses.replace(delivery, results={"trend": delivery.results["trend"]})
    with pytest.raises(ValueError, match="have its as_of"):
        dataclasses.replace(delivery, as_of=AT)
    with pytest.raises(ValueError, match="time zone"):
        dataclasses.replace(delivery, as_of=datetime(2025, 1, 1))
