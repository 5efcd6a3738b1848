"""How a value is shown: what a format may say, what it is by default, what is refused; thresholds and labels."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from exporters.excel.layout import number_format
from semantic import Query
from semantic.compile import Column, compile_query
from semantic.formats import Format, Thresholds, label_of
from semantic.load import Loaded, load_texts

DATASET = "datasets: {d: {table: t, dimensions: {kind: {type: string}}}}\n"


def load(key: str, more: str = "") -> Loaded:
    text = f"{DATASET}metrics:\n  m: {{dataset: d, agg: count, {key}}}\n  n: {{dataset: d, agg: count}}\n{more}"
    return load_texts({"a.yml": text})


def columns(key: str, *names: str, more: str = "") -> tuple[Column, ...]:
    model = load(key, more).model
    assert model is not None, load(key, more).diagnostics
    return compile_query(model, Query(names), as_of=datetime(2025, 1, 1, tzinfo=UTC)).columns


def mistake(key: str) -> tuple[str, str, str]:
    """The code, the words under the caret, the whole message."""
    (found,) = load(key).diagnostics
    assert found.span is not None
    start = found.span.column - 1
    return found.code, found.span.text[start : start + found.span.length], found.render()


# --- what a format says ------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown", "digits", "in_excel"),
    [
        ("integer", "integer", 0, "#,##0"),
        ("number", "number", 2, "#,##0.00"),
        ("percent", "percent", 1, "0.0%"),
        ("duration", "duration in seconds", 0, "#,##0.00"),
        ("{type: percent}", "percent", 1, "0.0%"),
        ("{type: percent, decimals: 0}", "percent", 0, "0%"),
        ("{type: percent, decimals: 9}", "percent", 9, "0.000000000%"),
        ("{type: number, decimals: 0}", "number", 0, "#,##0"),
        ("{currency: EUR}", "currency EUR", 2, "[$EUR] #,##0.00"),
        ("{currency: JPY}", "currency JPY", 0, "[$JPY] #,##0"),
        ("{currency: KWD}", "currency KWD", 3, "[$KWD] #,##0.000"),
        ("{type: currency, currency: EUR, decimals: 0}", "currency EUR", 0, "[$EUR] #,##0"),
        ("{currency: JPY, decimals: 1}", "currency JPY", 1, "[$JPY] #,##0.0"),
        ("{unit: minutes}", "duration in minutes", 0, "#,##0.00"),
        ("{type: duration, unit: days}", "duration in days", 0, "#,##0.00"),
        ("""{pattern: '0.0,"k"'}""", 'custom 0.0,"k"', 0, '0.0,"k"'),
        ("{type: custom, pattern: '0 \"日本 %\"'}", 'custom 0 "日本 %"', 0, '0 "日本 %"'),
    ],
)
def test_a_format_is_a_word_or_a_mapping(written: str, shown: str, digits: int, in_excel: str) -> None:
    (column,) = columns(f"format: {written}", "m")
    assert column.format is not None
    assert (str(column.format), column.format.digits, number_format(column.format)) == (shown, digits, in_excel)


def test_a_metric_made_of_others_has_its_own_format_or_none() -> None:
    more = "  r: {type: ratio, numerator: m, denominator: n, format: {type: percent, decimals: 2}}\n"
    more += (
        "  s: {type: ratio, numerator: m, denominator: n}\n  e: {type: derived, expr: m * 2, format: {unit: hours}}\n"
    )
    found = columns("format: {currency: EUR}", "m", "r", "s", "e", more=more)
    assert [column.format and str(column.format) for column in found] == [
        "currency EUR", "percent", None, "duration in hours",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "at", "words"),
    [
        ("percnt", "percnt", "did you mean 'percent'?"),
        ("[percent]", "[percent]", "a mapping of keys to values"),
        ("{decimals: 2}", "{decimals: 2}", "a format needs a 'type'"),
        ("{percent: 2}", "{percent: 2}", "a format needs a 'type'"),
        ("currency", "currency", "format: {currency: EUR}"),
        ("custom", "custom", "format: {pattern: '0.0"),
        ("{pattern: ''}", "{pattern: ''}", "needs a pattern"),
        ("{currency: eur}", "eur", "'eur' is no currency: write its ISO 4217 code"),
        ("{currency: 978}", "978", "'978' is no currency"),
        ("{currency: €}", "€", "'€' is no currency"),
        ("{unit: weeks}", "weeks", "one of milliseconds, seconds, minutes"),
        ("{type: percent, decimals: -1}", "-1", "greater than or equal to 0"),
        ("{type: percent, decimals: 10}", "10", "less than or equal to 9"),
        ("{type: percent, decimals: 1.5}", "1.5", "a whole number"),
        ("{type: duration, decimals: 1}", "{type: duration, decimals: 1}", "the format duration has no decimals"),
        ("{pattern: '0', decimals: 1}", "{pattern: '0', decimals: 1}", "the format custom has no decimals"),
        ("{currency: EUR, unit: hours}", "{currency: EUR, unit: hours}", "'unit' belongs to the format duration"),
        (
            "{type: percent, currency: EUR}",
            "{type: percent, currency: EUR}",
            "'currency' belongs to the format currency",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(written: str, at: str, words: str) -> None:
    code, marked, said = mistake(f"format: {written}")
    assert (code, marked) == ("E106", at)
    assert words in said


def test_a_misspelt_key_is_told_what_was_meant() -> None:
    code, marked, said = mistake("format: {type: percent, decimal: 1}")
    assert (code, marked) == ("E104", "decimal")
    assert "did you mean 'decimals'?" in said


PATTERNS = (
    *("0", "#", "?", "General", "0.0", "#,##0.00", "0.0%", "0.00E+00", "# ?/?", "* 0", "_-0", "\\y0", '"y"0', "0_)"),
    *("0;-0", "0;-0;0", '0;-0;0;"-"', "#,##0 €", "0\u00a0%", '#,##0 "ปี 年"', "[Red]0", "[Color 5]0;[Blue]-0"),
    *('[=1]"one";[<-0.5]0.0;0', "[>=1000]0,;0", "[$€-407] 0", "[$-409]0", "[$CHF] #'##0", '0.0,"k"', "(0)", "+0;-0"),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_those_of_numbers(pattern: str) -> None:
    assert str(Format(type="custom", pattern=pattern)) == f"custom {pattern}"


DATES = ("yyyy-mm-dd", "d", "h:mm", "[h]", "[h]:mm", "[mm]", "[ss]", "mm:ss", "[$-409]d", "[Red]h", "0;d", "B1yy", "e")
BROKEN = (
    *('"x', "0[", "[x]0", "[Rot]0", "0;0;0;0;0", ";;;", '"only words"', "@", "\\", "0\\", "_", "0*", "x0", "0 kg"),
    *("0\n", "0\x00", "0\x9f", "0" * 201, "[=x]0", "[>>1]0", "\ud800 0", " "),
)


@pytest.mark.parametrize("pattern", [*DATES, *BROKEN], ids=ascii)
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match="this is no pattern for numbers"):
        Format(type="custom", pattern=pattern)


# --- thresholds ------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "higher"), [("0.3", "0.1", True), ("2", "5", False), ("0", "-1", True), ("1e-9", "0", True)]
)
def test_thresholds_say_which_way_is_better(good: str, bad: str, higher: bool) -> None:
    (column,) = columns(f"thresholds: {{good: {good}, bad: {bad}}}", "m")
    assert column.thresholds is not None
    assert (column.thresholds.good, column.thresholds.bad) == (Decimal(good), Decimal(bad))
    assert column.thresholds.higher_is_better is higher


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        ("{good: 1, bad: 1}", "E106", "are the same number"),
        ("{good: 1, bad: 1.00}", "E106", "are the same number"),
        ("{good: 0, bad: -0}", "E106", "are the same number"),
        ("{good: 1}", "E105", "the key 'bad' of metric 'm' is missing"),
        ("{good: 1, bad: x}", "E106", "a number"),
        ("{good: 1, bad: nan}", "E106", "a finite number"),
        ("{good: 1, bad: 10%}", "E106", "a number"),
        ("0.3", "E106", "a mapping"),
        ("{godo: 1, bad: 2}", "E104", "did you mean 'good'?"),
    ],
)
def test_thresholds_are_two_different_numbers(written: str, code: str, words: str) -> None:
    found = mistake(f"thresholds: {written}")
    assert found[0] == code
    assert words in found[2]


def test_thresholds_keep_every_digit() -> None:
    assert Thresholds(good=Decimal("0.1"), bad=Decimal("0.1000000000000000000001")).higher_is_better is False


# --- labels ------------------------------------------------------------


LABELS: dict[object, str] = {"f": "Frau", True: "wahr", Decimal("1.5"): "anderthalb", "None": "nichts"}


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("f", "Frau"), ("F", None), (None, None), ("None", "nichts"), (True, "wahr"), (False, None),
        (Decimal("1.50"), "anderthalb"), (1.5, "anderthalb"), (Decimal("1.51"), None), (float("nan"), None),
        (date(2025, 1, 1), None), ("", None),
    ],
)  # fmt: skip
def test_a_label_is_that_of_an_equal_value(value: Any, label: str | None) -> None:
    assert label_of(LABELS, value) == label


@pytest.mark.parametrize(
    ("dimension", "value", "label"),
    [
        ("{type: number, values: {1: one, 2.50: two and a half, -3: minus}}", Decimal("1.00"), "one"),
        ("{type: number, values: {1: one, 2.50: two and a half, -3: minus}}", 2.5, "two and a half"),
        ("{type: number, values: {1: one, 2.50: two and a half, -3: minus}}", -3, "minus"),
        ("{type: integer, values: {1e3: thousand}}", 1000, "thousand"),
        ("{type: boolean, values: {TRUE: ja, False: nein}}", True, "ja"),
        ("{type: boolean, values: {TRUE: ja, False: nein}}", False, "nein"),
        ("{type: string, values: {1: one}}", "1", "one"),
        ("{type: string, values: {'1.0': one}}", "1", None),
        ("{values: {true: ja}}", True, "ja"),
        ("{values: {1.50: anderthalb}}", Decimal("1.50"), "anderthalb"),
        ("{values: {1.5: anderthalb}}", Decimal("1.50"), None),
        ("{values: {x: }}", "x", None),
        ("{values: [x]}", "x", None),
        ("{bins: {edges: [1], labels: [few, many]}}", "few", None),
    ],
)
def test_labels_go_by_the_type_of_the_dimension(dimension: str, value: Any, label: str | None) -> None:
    text = (
        f"datasets: {{d: {{table: t, dimensions: {{a: {dimension}}}}}}}\nmetrics: {{m: {{dataset: d, agg: count}}}}\n"
    )
    model = load_texts({"a.yml": text}).model
    assert model is not None
    first, _ = compile_query(model, Query(("m",), ("a",)), as_of=datetime(2025, 1, 1, tzinfo=UTC)).columns
    assert label_of(first.labels, value) == label
