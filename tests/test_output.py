"""Rows as text: what is written must be exact, and readable again by someone else's reader."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.output import csv_lines, json_lines, result_table, shown, text_table
from semantic.compile import Column
from semantic.formats import Format, FormatType

BANGKOK = ZoneInfo("Asia/Bangkok")
NIGHT = datetime(2025, 3, 31, 18, 30, tzinfo=UTC)

VALUES: list[tuple[Any, str, str]] = [
    (None, "", "null"),
    ("", '""', '""'),
    ("NULL", "NULL", '"NULL"'),
    (True, "true", "true"),
    (0, "0", "0"),
    (2**70, "1180591620717411303424", "1180591620717411303424"),
    (Decimal(12), "12", "12"),
    (Decimal("1E+3"), "1000", "1000"),
    (Decimal("12.30"), "12.30", "12.30"),
    (Decimal("0.00000001"), "0.00000001", "0.00000001"),
    (0.1, "0.1", "0.1"),
    (1e300, "1e+300", "1e+300"),
    (float("nan"), "NaN", "null"),
    (float("inf"), "Infinity", "null"),
    (float("-inf"), "-Infinity", "null"),
    (Decimal("NaN"), "NaN", "null"),
    (date(2025, 3, 31), "2025-03-31", '"2025-03-31"'),
    (NIGHT, "2025-04-01T01:30:00+07:00", '"2025-04-01T01:30:00+07:00"'),
    ('say "hi", please', '"say ""hi"", please"', '"say \\"hi\\", please"'),
    ("two\nlines", '"two\nlines"', '"two\\nlines"'),
    ("ไทย ü", "ไทย ü", '"ไทย ü"'),
    ("=1+1", "=1+1", '"=1+1"'),
]


@pytest.mark.parametrize(("value", "in_csv", "in_json"), VALUES, ids=[repr(value) for value, _, _ in VALUES])
def test_a_value_is_written_exactly(value: Any, in_csv: str, in_json: str) -> None:
    assert list(csv_lines(["a", "b"], [(value, 1)], BANGKOK))[1] == f"{in_csv},1\r\n"
    assert f"[{in_json}, 1]" in "".join(json_lines(["a", "b"], [(value, 1)], BANGKOK))


def test_json_is_one_document_with_names_and_rows() -> None:
    document = json.loads("".join(json_lines(["week", "n"], [(date(2025, 1, 6), 3), (None, None)], BANGKOK)))
    assert document == {"columns": ["week", "n"], "rows": [["2025-01-06", 3], [None, None]]}
    assert json.loads("".join(json_lines(["n"], [], BANGKOK))) == {"columns": ["n"], "rows": []}


def test_a_lone_null_is_not_the_empty_text() -> None:
    assert list(csv_lines(["n"], [(None,), ("",)], BANGKOK)) == ["n\r\n", "\r\n", '""\r\n']


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, st.integers()), max_size=5))
def test_csv_comes_back_through_another_reader(rows: list[tuple[str, str, int]]) -> None:
    written = "".join(csv_lines(["a", "b", "n"], rows, BANGKOK))
    back = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert back == [["a", "b", "n"], *([a, b, str(n)] for a, b, n in rows)]


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT, st.floats(), st.decimals(allow_nan=False, allow_infinity=False)), max_size=5))
def test_json_comes_back_through_another_reader(rows: list[tuple[str, float, Decimal]]) -> None:
    read = json.loads("".join(json_lines(["t", "f", "d"], rows, BANGKOK)), parse_float=Decimal, parse_int=Decimal)
    for (text, _, exact), back in zip(rows, read["rows"], strict=True):
        assert (back[0], back[2]) == (text, exact)


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (1234567, "integer", "1,234,567"),
        (Decimal(1234567), "integer", "1,234,567"),
        (1234.567, "number", "1,234.57"),
        (0.12345, "percent", "12.3%"),
        (0.1 + 0.2, None, "0.3"),
        (Decimal("0.10"), None, "0.10"),
        (None, "percent", "NULL"),
        (float("nan"), "percent", "NaN"),
        (False, None, "false"),
        (NIGHT, None, "2025-04-01 01:30:00+07:00"),
    ],
)
def test_a_cell_reads_well(value: Any, style: FormatType | None, text: str) -> None:
    assert shown(value, Format(type=style) if style else None, BANGKOK) == text


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (1234.567, {"currency": "EUR"}, "1,234.57 EUR"),
        (Decimal("-0.004"), {"currency": "EUR"}, "-0.00 EUR"),
        (1234.567, {"currency": "JPY"}, "1,235 JPY"),
        (1234.5678, {"currency": "KWD"}, "1,234.568 KWD"),
        (5, {"currency": "EUR", "decimals": 0}, "5 EUR"),
        (float("nan"), {"currency": "EUR"}, "NaN"),
        (None, {"currency": "EUR"}, "NULL"),
        (0.12345, {"type": "percent", "decimals": 2}, "12.35%"),
        (-0.5, {"type": "percent", "decimals": 0}, "-50%"),
        (90061, {"type": "duration"}, "25:01:01"),
        (Decimal("90.6"), {"unit": "seconds"}, "0:01:31"),
        (-90, {"unit": "seconds"}, "-0:01:30"),
        (-0.4, {"unit": "seconds"}, "0:00:00"),
        (90_061, {"unit": "milliseconds"}, "0:01:30"),
        (90.5, {"unit": "minutes"}, "1:30:30"),
        (Decimal("-1.5"), {"unit": "hours"}, "-1:30:00"),
        (100, {"unit": "days"}, "2400:00:00"),
        (10**12, {"unit": "days"}, "24000000000000:00:00"),
        (None, {"unit": "days"}, "NULL"),
        (float("inf"), {"unit": "days"}, "Infinity"),
        (1234567.25, {"pattern": '0.0,"k"'}, "1234567.25"),
        (Decimal("1.50"), {"pattern": "0%"}, "1.50"),
        (10**20, {"pattern": "0"}, "100000000000000000000"),
        ("gold", {"type": "percent"}, "gold"),
        (True, {"unit": "hours"}, "true"),
        (date(2025, 1, 31), {"currency": "EUR"}, "2025-01-31"),
        (1.5, {"type": "integer", "decimals": 1}, "1.5"),
    ],
)
def test_every_format_reads_well(value: Any, style: dict[str, Any], text: str) -> None:
    assert shown(value, Format.model_validate(style), BANGKOK) == text


def test_labels_stand_for_values_and_neither_for_null_nor_for_the_total() -> None:
    columns = [
        Column("rate", "dimension", "Rate", labels={Decimal("1.5"): "anderthalb"}),
        Column("member", "dimension", "Member", labels={True: "日本\x1b", False: "nein"}),
        Column("kind", "dimension", "Kind", labels={"None": "none", "x": "X", "": "empty"}),
        Column("calls", "metric", "Calls", format=Format(type="currency", currency="EUR")),
        Column("is_total", "marker", "Total"),
    ]
    rows: list[tuple[Any, ...]] = [
        (Decimal("1.50"), True, "x", 1, False), (1.5, False, "None", 10, False), (2, None, None, None, False),
        (None, True, "", 1000, False), (None, None, None, 1011, True),
    ]  # fmt: skip
    assert "".join(result_table(columns, rows, BANGKOK)).splitlines() == [
        "rate        member    kind          calls  is_total",
        "----------  --------  -----  ------------  --------",
        "anderthalb  日本\\x1b  X          1.00 EUR  false",
        "anderthalb  nein      none      10.00 EUR  false",
        "2           NULL      NULL           NULL  false",
        "NULL        日本\\x1b  empty  1,000.00 EUR  false",
        "(total)                      1,011.00 EUR  true",
    ]


def test_a_table_lines_up_and_does_not_steer_the_terminal() -> None:
    lines = list(text_table(["who", "n"], [["จํา", "1"], ["a\x1b[31m", "10"], ["日本", "100"]], [False, True]))
    assert lines == [
        "who          n\n",
        "---------  ---\n",
        "จํา" + " " * 7 + "    1\n",
        "a\\x1b[31m   10\n",
        "日本       100\n",
    ]
