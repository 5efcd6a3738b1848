"""Every kind of value through a real workbook: delivered, which verifies it, and looked at by two readers."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from exporters import deliver
from exporters.excel.cells import MAX_TEXT
from semantic import Result
from semantic.compile import Column
from semantic.errors import ExportError
from tests.exporters.making import deliver_result, dimension, make_result, metric

NASTY = (
    "=1+1", "=cmd|'/c calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "'quoted", "#N/A", "#DIV/0!", "TRUE",
    "1", "1e5", "00123", "2025-01-01", "1-2", "a\r\nb", "a\rb", "\x00", "a\x01b\x1f", "_x0041_", "_x005F_x0041_",
    "_x000D_", "_xZZZZ_", "__x0041_", "   ", "\t", "\n", " lead", "trail ", "\ufffe", "a\uffff", "<&>\"'", "]]>",
    "😀" * 9, "\u202eabc", "é", "日本語", "\u2028", "\x7f", "\x85", "&L&P", "", "(unknown)", "Total",
)  # fmt: skip
CHARACTERS = st.characters(codec="utf-8") | st.sampled_from("=+-@\t\r\n\x00\x0b_x0041F'\ufffe\uffff \"<&>")
TEXT = st.text(CHARACTERS, max_size=30) | st.sampled_from(NASTY)
HOSTILE = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOKYO, BERLIN = "Asia/Tokyo", "Europe/Berlin"


def written(root: Path, result: Result, **options: Any) -> Path:
    """The workbook of a result; delivering it has verified every cell."""
    made = deliver_result(root, result, **options)
    return root / deliver(made.destination, made.delivery).files[0].path


def read(path: Path, sheet: int = 1) -> list[list[Any]]:
    """The cells of a sheet below its header, by the reader that decodes what Excel decodes."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(sheet).to_python(skip_empty_area=False)[1:]


def show(
    root: Path, value: Any, kind: pa.DataType | None = None, zone: str = "UTC", column: Column | None = None
) -> Any:
    """What one value becomes."""
    (row,) = read(written(root, make_result([column or metric()], [pa.array([value], kind)], zone))) or [[""]]
    return row[0]


def texts(path: Path) -> list[str]:
    """The types of all cells of a workbook that hold something."""
    book = openpyxl.load_workbook(path)
    return [cell.data_type for tab in book for row in tab.iter_rows() for cell in row if cell.value is not None]


@HOSTILE
@given(st.lists(TEXT, min_size=1, max_size=8))
def test_text_of_any_kind_stays_that_text(values: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), make_result([metric()], [values]))
        found = [row[0] for row in read(path)]
        expected = [value.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for value in values]
        assert found + [""] * (len(values) - len(found)) == expected
        assert "f" not in texts(path)
        assert "e" not in texts(path)


@HOSTILE
@given(TEXT, TEXT, st.text("\ud800\udfff", max_size=2))
def test_headers_and_titles_of_any_kind_stay_text(label: str, title: str, broken: str) -> None:
    with TemporaryDirectory() as folder:
        columns = [metric(label=label + broken), metric("other", label=label)]
        plain = title.replace("{", "(") + broken
        path = written(Path(folder), make_result(columns, [[1], [2]]), title=plain)
        assert set(texts(path)) <= {"s", "n"}
        headers = [cell.value for cell in openpyxl.load_workbook(path).worksheets[1][1]]
        assert len(headers) == 2


@pytest.mark.parametrize("value", NASTY)
def test_text_that_excel_would_read_as_something_else_is_guarded(tmp_path: Path, value: str) -> None:
    path = written(tmp_path, make_result([metric()], [[value]]))
    cell = openpyxl.load_workbook(path).worksheets[1]["A2"]
    guarded = value.startswith(tuple("=+-@\t\n'0123456789")) and not value.isspace()
    assert bool(cell.quotePrefix) == guarded


FORMS: list[tuple[Any, pa.DataType | None, Any]] = [
    (None, pa.int64(), ""),
    (True, None, True),
    (0, None, 0.0),
    (-7, None, -7.0),
    (999_999_999_999_999, None, 999_999_999_999_999.0),
    (-(10**15), None, "-1000000000000000"),
    (9_007_199_254_740_993, None, "9007199254740993"),
    (10**37, pa.decimal128(38, 0), "1" + "0" * 37),
    (Decimal("12.50"), None, 12.5),
    (Decimal(3), pa.decimal128(38, 0), 3.0),
    (Decimal("0.123456789012345678"), None, 0.123456789012346),
    (Decimal("999999999999999.99"), None, 1e15),
    (Decimal("1000000000000000.50"), None, "1000000000000000.50"),
    (0.1 + 0.2, None, 0.3),
    (1 / 3, None, 0.333333333333),
    (-0.0, None, 0.0),
    (1e300, None, 1e300),
    (1.7e308, None, "1.7e+308"),
    (5e-324, None, "5e-324"),
    (math.nan, None, "NaN"),
    (math.inf, None, "Infinity"),
    (-math.inf, None, "-Infinity"),
    (date(2025, 3, 1), None, date(2025, 3, 1)),
    (date(1900, 3, 1), None, date(1900, 3, 1)),
    (date(1900, 2, 28), None, "1900-02-28"),
    (date(1, 1, 1), None, "0001-01-01"),
    (date(9999, 12, 31), None, date(9999, 12, 31)),
    (datetime(2025, 1, 1, 23, 59, 59, 999_999), None, datetime(2025, 1, 1, 23, 59, 59, 999_000)),
    (datetime(1815, 12, 10, 1), None, "1815-12-10 01:00:00"),
    (time(7, 30), pa.time64("us"), "07:30:00"),
    (timedelta(hours=30, seconds=1), None, timedelta(hours=30, seconds=1)),
    (timedelta(0), None, timedelta(0)),
    (-timedelta(hours=25, microseconds=1), None, "-25:00:00.000001"),
    (pa.MonthDayNano([0, 1, 3_600_000_000_000]), None, timedelta(hours=25)),
    (pa.MonthDayNano([0, -1, 0]), None, "-24:00:00"),
    (pa.MonthDayNano([1, 0, 0]), None, "P1M"),
    (["a", None], None, '["a", null]'),
    ({"a": 1}, None, '{"a": 1}'),
    (b"\x00\xff", None, "00ff"),
]


@pytest.mark.parametrize(("value", "kind", "cell"), FORMS, ids=lambda value: repr(value)[:30])
def test_every_kind_has_its_form(tmp_path: Path, value: Any, kind: pa.DataType | None, cell: Any) -> None:
    found = show(tmp_path, value, kind)
    assert found == cell
    assert type(found) is type(cell)


def test_a_uuid_is_text(tmp_path: Path) -> None:
    storage = pa.array([uuid.UUID(int=7).bytes], pa.binary(16))
    result = make_result([metric()], [pa.ExtensionArray.from_storage(pa.uuid(), storage)])
    assert read(written(tmp_path, result)) == [["00000000-0000-0000-0000-000000000007"]]


def test_an_instant_is_shown_on_the_projects_clock(tmp_path: Path) -> None:
    instant = datetime(2025, 1, 1, 15, 30, tzinfo=UTC)
    assert show(tmp_path, instant, pa.timestamp("us", TOKYO), TOKYO) == datetime(2025, 1, 2, 0, 30)


def test_the_two_hours_of_a_night_in_autumn_stay_two(tmp_path: Path) -> None:
    night = [datetime(2025, 10, 26, hour, tzinfo=UTC) for hour in (0, 1)]
    result = make_result([metric(name="at", label="At")], [pa.array(night, pa.timestamp("us", BERLIN))], BERLIN)
    path = written(tmp_path, result)
    same = datetime(2025, 10, 26, 2)
    assert read(path) == [[same, "+02:00"], [same, "+01:00"]]
    assert [cell.value for cell in openpyxl.load_workbook(path).worksheets[1][1]] == ["At", "At (UTC offset)"]


def test_without_daylight_saving_there_is_no_column_of_offsets(tmp_path: Path) -> None:
    result = make_result([metric()], [pa.array([datetime(2025, 7, 1, tzinfo=UTC)], pa.timestamp("us", TOKYO))], TOKYO)
    assert len(read(written(tmp_path, result))[0]) == 1


@pytest.mark.parametrize("instant", [datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1850, 1, 1, tzinfo=UTC)])
def test_instants_at_the_ends_of_the_calendar_are_text(tmp_path: Path, instant: datetime) -> None:
    assert isinstance(show(tmp_path, instant, pa.timestamp("us", TOKYO), TOKYO), str)


@pytest.mark.parametrize("value", [None, float("nan")])
def test_an_empty_group_is_unknown_and_an_empty_metric_blank(tmp_path: Path, value: Any) -> None:
    columns = [dimension(), metric()]
    (row,) = read(written(tmp_path, make_result(columns, [pa.array([None], pa.string()), pa.array([1])])))
    assert row == ["(unknown)", 1.0]


@pytest.mark.parametrize("text", ["x" * (MAX_TEXT + 1), "😀" * (MAX_TEXT // 2 + 1), "\x01" * (MAX_TEXT // 7 + 1)])
def test_text_that_no_cell_holds_is_refused_and_never_cut(tmp_path: Path, text: str) -> None:
    with pytest.raises(ExportError, match=r"E533  B2 of sheet 'Made' would hold"):
        written(tmp_path, make_result([dimension(), metric()], [["a"], [text]]))
    assert list(tmp_path.iterdir()) == []


def test_text_that_just_fits_is_whole(tmp_path: Path) -> None:
    for text in ("x" * MAX_TEXT, "😀" * (MAX_TEXT // 2)):
        assert show(tmp_path, text) == text
