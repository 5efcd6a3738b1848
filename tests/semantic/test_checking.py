"""Checks row by row: exact arithmetic, tolerances, what has no value, and what is no number."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from semantic import EngineError, Layer, QueryError
from semantic.checking.judge import broken_rows, shown
from semantic.checking.shape import Check
from tests.cli_project import MODEL, ROWS, make_project

NOW = datetime(2025, 3, 1, tzinfo=UTC)
CHECKS = """
checks:
  spend_is_positive: {metric: spend, expect: {min: 0}}
  events_by_month: {metric: events, expect: {min: 2}, by: [month]}
  few_users: {metric: active_users, expect: {max: 1}, severity: warning}
  text: {metric: latest, expect: zero}
"""
LATEST = "  latest: {dataset: events, agg: max, expr: kind}\n"


def _reasons(check: dict[str, Any], *rows: tuple[Any, ...]) -> list[str]:
    shape = Check.model_validate({"name": "x", **check})
    return [row.reason for row in broken_rows(shape, rows)]


def _balance(*flows: str, **more: Any) -> dict[str, Any]:
    return {"opening": "o", "flows": list(flows), "closing": "c", **more}


def test_a_balance_adds_and_takes_off() -> None:
    assert _reasons(_balance("a", "-b"), (10, 5, 3, 12)) == []
    assert _reasons(_balance("a", "-b"), (10, 5, 3, 18)) == ["12 is expected, off by 6"]


@pytest.mark.parametrize(
    ("row", "reasons"),
    [
        ((None, 5, 5), []),
        ((5, None, 5), []),
        ((5, -5, None), []),
        ((None, None, None), []),
        ((5, None, None), ["5 is expected, off by -5"]),
        ((None, None, 1), ["0 is expected, off by 1"]),
    ],
)
def test_no_value_counts_as_nothing_in_a_balance(row: tuple[Any, ...], reasons: list[str]) -> None:
    assert _reasons(_balance("a"), row) == reasons


def test_balances_are_exact_beyond_what_a_double_holds() -> None:
    large = 10**37
    assert _reasons(_balance("a"), (large, 1, large + 1)) == []
    assert _reasons(_balance("a"), (large, 1, large)) == [f"{large + 1} is expected, off by -1"]
    cents = Decimal("99999999999999999999999999999999999.99")
    assert _reasons(_balance("a"), (cents, Decimal("0.01"), Decimal(10**35))) == []
    assert _reasons(_balance("a"), (1e300, 1e-300, 1e300)) != []


def test_doubles_are_the_decimals_that_they_are_written_as() -> None:
    assert _reasons(_balance("a"), (0.1, 0.2, 0.3)) == []
    assert _reasons({"metric": "m", "expect": {"max": "0.1"}}, (0.1,), (0.10000000000000002,)) == [
        "it is more than 0.1"
    ]


def test_a_tolerance_is_to_both_sides_and_includes_its_end() -> None:
    check = _balance("a", tolerance="0.5")
    rows = [(1, 1, Decimal(text)) for text in ("1.5", "2.5", "1.49", "2.51")]
    assert _reasons(check, *rows) == ["2 is expected, off by -0.51", "2 is expected, off by 0.51"]
    assert _reasons({"metric": "m", "expect": {"min": 1, "max": 2}, "tolerance": "0.5"}, (0.5,), (2.5,)) == []
    assert _reasons({"metric": "m", "expect": "zero", "tolerance": 1}, (-1,), (1,), (2,)) == ["it is not 0"]


def test_bounds() -> None:
    check = {"metric": "m", "expect": {"min": 0, "max": 1}}
    assert _reasons(check, (0,), (1,), (Decimal("-0.1"),), (2,)) == ["it is less than 0", "it is more than 1"]
    assert _reasons({"metric": "m", "expect": "zero"}, (0,), (-1,), (0.0,)) == ["it is not 0"]


def test_a_value_that_is_none_does_not_hold() -> None:
    check = {"metric": "m", "expect": {"min": 0}}
    assert _reasons(check, (None,), (math.nan,), (math.inf,)) == ["it has no value", "it is not a number"]
    assert _reasons(_balance("a"), (1, math.nan, 1)) != []
    assert _reasons(_balance("a"), (math.inf, 1, math.inf)) == []
    assert _reasons(_balance("a"), (math.inf, -math.inf, 0)) != []


def test_equal_metrics() -> None:
    check = {"metric": "m", "expect": {"equal": "n"}, "by": ["month"]}
    rows = [(date(2025, 1, 1), *pair) for pair in ((1, 1.0), (None, None), (1, None), (2, 5))]
    assert _reasons(check, *rows) == ["one has no value", "they are not equal, off by -3"]


def test_a_broken_row_has_its_dimensions_and_numbers() -> None:
    shape = Check.model_validate({"name": "x", "metric": "m", "expect": "zero", "by": ["day", "gender"]})
    (row,) = broken_rows(shape, [(date(2025, 1, 1), None, 3)])
    assert (row.dimensions, row.numbers) == ((("day", date(2025, 1, 1)), ("gender", None)), (("m", 3),))


@pytest.mark.parametrize("value", ["1", True, date(2025, 1, 1)])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(QueryError, match="E347"):
        _reasons({"metric": "m", "expect": "zero"}, (value,))


def test_numbers_are_shown_with_all_their_digits() -> None:
    numbers = map(Decimal, ("1.500", "100", "1E+3", "1E+300", "NaN", "0.0", "-0.001"))
    assert [shown(number) for number in numbers] == ["1.5", "100", "1000", "1E+300", "NaN", "0", "-0.001"]


def test_from_python(tmp_path: Path) -> None:
    with Layer(make_project(tmp_path, MODEL + LATEST + CHECKS, ROWS)) as layer:
        found = layer.check(as_of=NOW)
        assert [(each.name, each.rows, len(each.broken), each.passed, each.is_error) for each in found] == [
            ("spend_is_positive", 1, 0, True, False),
            ("events_by_month", 2, 1, False, True),
            ("few_users", 1, 1, False, False),
            ("text", 0, 0, False, True),
        ]
        assert [each.code for each in found[-1].mistakes] == ["E347"]
        assert [each.name for each in layer.check("few_users", as_of=NOW)] == ["few_users"]
        with pytest.raises(QueryError, match=r"E348.*\n.*few_users"):
            layer.check(["fwe_users"])


def test_checks_are_kept_with_the_model(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", MODEL + LATEST + CHECKS, ROWS)
    environment = {"METRICAST_CACHE": str(tmp_path / "cache")}
    first, second = (Layer(folder, environment=environment).model.checks for _ in range(2))
    assert list(tmp_path.glob("cache/*.model"))
    assert first == second
    assert len(first) == 4


def test_a_target_that_is_not_there_is_no_failing_check(tmp_path: Path) -> None:
    folder = make_project(tmp_path, MODEL + LATEST + CHECKS, ROWS)
    (folder / ".metricast" / "tiny.duckdb").unlink()
    with Layer(folder) as layer, pytest.raises(EngineError, match="E401"):
        layer.check(as_of=NOW)


def test_defaults_of_a_file_go_to_its_checks(tmp_path: Path) -> None:
    checks = "defaults: {checks: {owner: growth, by: [month]}}\n" + MODEL + LATEST + CHECKS
    with Layer(make_project(tmp_path, checks, ROWS)) as layer:
        found = layer.model.checks.values()
        assert {(each.owner, each.by) for each in found} == {("growth", ("month",))}
