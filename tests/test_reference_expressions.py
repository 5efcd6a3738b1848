"""Hand-computed values of the naive evaluator's expressions, and their text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.reference import Expr, Value, to_sql
from tests.reference.expressions import evaluate as evaluate_expression

JAN, MAR = date(2025, 1, 1), date(2025, 3, 1)
at = datetime.fromisoformat
NO_NAMES: dict[str, Value] = {}
LIT = {name: ("lit", value) for name, value in {"null": None, "yes": True, "no": False, "x": "x"}.items()}


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        (("and", LIT["null"], LIT["no"]), False),
        (("and", LIT["null"], LIT["yes"]), None),
        (("or", LIT["null"], LIT["yes"]), True),
        (("not", LIT["null"]), None),
        (("in", LIT["x"], ("lit", "y"), LIT["null"]), None),
        (("not in", LIT["x"], LIT["x"], LIT["null"]), False),
        (("between", ("lit", 5), LIT["null"], ("lit", 4)), False),
        (("is distinct from", LIT["x"], LIT["null"]), True),
        (("greatest", LIT["null"], ("lit", 2)), 2),
        (("mod", ("lit", -7), ("lit", 3)), -1),
        (("/", ("lit", 7), ("lit", 2)), 3.5),
        (("/", ("lit", 7), ("lit", 0)), None),
        (("round", ("lit", Decimal("-2.5"))), -3),
        (("floor", ("lit", Decimal("-2.5"))), -3),
        (("ceil", ("lit", Decimal("-2.5"))), -2),
        (("like", ("lit", "a%b"), ("lit", "a_b")), True),
        (("substring", ("lit", "abcd"), ("lit", 2), ("lit", 2)), "bc"),
        (("date_trunc", ("lit", "quarter"), ("lit", MAR)), JAN),
        (("date_diff", ("lit", "week"), ("lit", date(2025, 3, 2)), ("lit", date(2025, 3, 3))), 1),
        (("date_diff", ("lit", "year"), ("lit", date(2024, 12, 31)), ("lit", JAN)), 1),
        (("date_diff", ("lit", "hour"), ("lit", at("2025-01-01 00:59")), ("lit", at("2025-01-01 01:00"))), 1),
        (("age_years", ("lit", date(2000, 2, 29)), ("lit", date(2025, 2, 28))), 24),
        (("iso_weekday", ("lit", date(2025, 3, 2))), 7),
        (("cast", ("lit", Decimal("2.345")), "decimal(10, 2)"), Decimal("2.35")),
        (("case", ((LIT["null"], ("lit", 1)),), ("lit", 2)), 2),
    ],
)
def test_expression_values(expr: Expr, value: Any) -> None:
    assert evaluate_expression(expr, NO_NAMES.__getitem__) == value


def test_expressions_print_as_the_vocabulary() -> None:
    gender: Expr = ("name", "gender")
    expr: Expr = ("and", ("in", gender, ("lit", "o'b"), ("lit", None)), ("is not null", gender))
    assert to_sql(expr) == "((gender in ('o''b', null)) and (gender is not null))"
    case: Expr = ("case", ((("<", ("name", "a"), ("lit", Decimal("1.50"))), ("lit", MAR)),), ("lit", None))
    assert to_sql(case) == "case when (a < 1.50) then date '2025-03-01' else null end"
