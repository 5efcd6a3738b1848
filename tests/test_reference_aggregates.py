"""Hand-computed values of the naive evaluator's aggregates, of arithmetic of them, and of segments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.reference import Dataset, Dimension, Expr, Join, Metric, Model, Query, Refused, Simple, evaluate, to_sql
from tests.reference.aggregates import aggregate

JAN, FEB, MAR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
AMOUNT: Expr = ("name", "amount")
ALL_ROWS: Expr = ("agg", "count", None)
TOTAL: Expr = ("agg", "sum", AMOUNT)
IS_F: Expr = ("=", ("name", "gender"), ("lit", "f"))
FEMALE, OTHERS, ON_APP = ("segment", "female"), ("segment", "others"), ("segment", "on_app")
USERS = Dataset(
    "users",
    {"user_id": "BIGINT", "gender": "VARCHAR"},
    ({"user_id": 1, "gender": "f"}, {"user_id": 2, "gender": "m"}, {"user_id": 3, "gender": "d"}),
    ("user_id",),
    dimensions=(Dimension("gender"),),
)
COLUMNS = dict.fromkeys(("line", "user_id", "amount"), "BIGINT")
COLUMNS |= dict.fromkeys(("order", "feature", "gender"), "VARCHAR")
SEGMENTS: dict[str, Expr] = {
    "female": IS_F,
    "on_app": ("=", ("name", "feature"), ("lit", "app")),
    "others": ("not", ("or", FEMALE, ON_APP)),
}


def sale(order: str, line: int, day: date | None, amount: int | None, *, user: int | None = None, **more: Any) -> Any:
    row = {"order": order, "line": line, "sold_on": day, "amount": amount, "user_id": user, "feature": None}
    return {**row, "paid_on": None, "gender": "x", **more}


def answer(metrics: Mapping[str, Metric], rows: tuple[Any, ...], by: str = "", **parts: Any) -> list[tuple[Any, ...]]:
    """The rows of a query for all of the metrics, over sales whose key is line and order, in this order."""
    sales = Dataset(
        "sales",
        {**COLUMNS, "sold_on": "DATE", "paid_on": "DATE"},
        rows,
        ("line", "order"),
        "sold_on",
        (Join("users", "users", ("user_id",)),),
        (Dimension("sold_on", "date"), Dimension("paid_on", "date"), Dimension("feature")),
    )
    model = Model({"sales": sales, "users": USERS}, metrics, segments=SEGMENTS)
    query = Query(tuple(metrics), tuple(by.split()), **parts)
    return list(evaluate(model, query, datetime(2025, 6, 1, tzinfo=UTC)).rows)


def one(agg: str | None, expr: Expr | None = AMOUNT, **more: Any) -> dict[str, Metric]:
    return {"m": Simple("m", "sales", agg, expr, **more)}


@pytest.mark.parametrize(
    ("agg", "values", "expected"),
    [
        ("variance", [1, 3, None, 5], 4.0),
        ("variance", [2, 4, 4, 4, 5, 5, 7, 9], 32 / 7),
        ("variance", [10**8 + 1, 10**8 + 2, 10**8 + 3], 1.0),
        ("variance", [Decimal("0.5"), Decimal("0.25")], 0.03125),
        ("variance", [7, 7, 7], 0.0),
        ("variance", [7, None], None),
        ("variance", [None, None], None),
        ("stddev", [1, 3, 5], 2.0),
        ("stddev", [1, 3], math.sqrt(2)),
        ("stddev", [7], None),
        ("stddev", [], None),
        ("approx_count_distinct", [1, 1, None, 2], 2),
        ("approx_count_distinct", [None], 0),
        ("count_distinct", [(1, "a"), None, (1, "a"), (1, "b")], 2),
    ],
)
def test_aggregates_of_values(agg: str, values: list[Any], expected: Any) -> None:
    assert aggregate(agg, values) == expected


@pytest.mark.parametrize(
    ("p", "values", "expected"),
    [
        ("0", [40, 10, 30, 20], 10.0),
        ("0.25", [40, 10, None, 30, 20], 17.5),
        ("0.5", [40, 10, 30, 20], 25.0),
        ("0.9", [40, 10, 30, 20], 37.0),
        ("1", [40, 10, 30, 20], 40.0),
        ("0.9", [5, None], 5.0),
        ("0.9", [Decimal("0.10"), Decimal("0.20")], 0.19),
        ("0.5", [-2.5, 2.0], -0.25),
        ("0.5", [None], None),
    ],
)
def test_percentiles_lie_between_the_nearest_values(p: str, values: list[Any], expected: Any) -> None:
    assert aggregate("percentile", values, Decimal(p)) == expected


def test_first_and_last_follow_the_clock_then_the_key_as_declared() -> None:
    rows = (
        sale("b", 2, MAR, 1),
        sale("a", 10, MAR, 2),
        sale("B", 10, MAR, 3),
        sale("z", 1, JAN, 4),
        sale("a", 1, JAN, 5),
        sale("z", 99, None, 6),
    )
    assert answer({**one("first"), "n": Simple("n", "sales", "last", AMOUNT)}, rows) == [(5, 2)]
    assert answer(one("first"), rows[::-1]) == [(5,)]


def test_first_and_last_may_be_null() -> None:
    rows = sale("a", 1, JAN, None, feature="x"), sale("a", 2, FEB, 7, feature="x"), sale("a", 3, None, 8, feature="y")
    assert answer(one("first"), rows, "feature") == [("x", None), ("y", None)]
    assert answer(one("first", empty=0), rows, "feature") == [("x", 0), ("y", 0)]
    assert answer(one("last"), rows, "feature") == [("x", 7), ("y", None)]
    assert answer(one("last"), rows, "month") == [(JAN, None), (FEB, 7), (None, None)]


def test_first_and_last_look_at_rows_that_pass_the_filter_on_the_metrics_own_clock() -> None:
    rows = sale("a", 1, JAN, 1, paid_on=MAR), sale("a", 2, FEB, 2, paid_on=FEB), sale("a", 3, MAR, 30, paid_on=MAR)
    small: Expr = ("<", AMOUNT, ("lit", 10))
    assert answer(one("last", filter=small), rows) == [(2,)]
    assert answer(one("last", filter=small, time="paid_on"), rows) == [(1,)]
    assert answer(one("last", time="paid_on"), rows) == [(30,)]
    assert answer(one("last", time="paid_on"), rows, period="2025-02") == [(2,)]


def test_first_of_what_is_looked_up_and_in_empty_cells() -> None:
    rows = sale("a", 1, JAN, 1, user=2), sale("a", 2, MAR, 2, user=9)
    gender: Expr = ("name", "users.gender")
    assert answer(one("last", gender), rows, "month") == [(JAN, "m"), (FEB, None), (MAR, None)]


def test_combinations_with_a_null_are_not_counted() -> None:
    pairs: Expr = ("list", ("name", "feature"), ("name", "users.gender"))
    rows = (
        sale("a", 1, JAN, 1, user=1, feature="x"),
        sale("a", 2, JAN, 1, user=1, feature="x"),
        sale("a", 3, JAN, 1, user=2, feature="x"),
        sale("a", 4, JAN, 1, user=9, feature="x"),
        sale("a", 5, JAN, 1, user=1),
        sale("a", 6, MAR, 1),
    )
    assert answer(one("count_distinct", pairs), rows, "month") == [(JAN, 2), (FEB, 0), (MAR, 0)]


def test_arithmetic_of_aggregates() -> None:
    rows = sale("a", 1, JAN, 10, user=1), sale("a", 2, JAN, 20, user=1), sale("a", 3, MAR, None, user=2)
    per_user = one(None, ("/", TOTAL, ("agg", "count_distinct", ("name", "user_id"))))
    assert answer(per_user, rows, "month") == [(JAN, 30.0), (FEB, None), (MAR, None)]
    assert answer(per_user, rows, "month", totals=True)[-1] == (None, 15.0, True)
    known: Expr = ("-", ("+", ALL_ROWS, ("lit", 1)), ("agg", "count", AMOUNT))
    assert answer(one(None, known), rows, "month") == [(JAN, 1), (FEB, 1), (MAR, 2)]


def test_arithmetic_beside_another_dataset_has_zeros_for_counts_alone() -> None:
    rows = sale("a", 1, JAN, 10, user=1), sale("a", 2, JAN, 20, user=9)
    metrics = {
        "n": Simple("n", "sales", None, ("+", ALL_ROWS, ("lit", 1))),
        "sum": Simple("sum", "sales", None, ("*", TOTAL, ("lit", 2))),
        "people": Simple("people", "users", "count"),
    }
    assert answer(metrics, rows, "gender") == [("d", 1, None, 1), ("f", 2, 20, 1), ("m", 1, None, 1), (None, 2, 40, 0)]


def test_the_filter_and_time_of_arithmetic_apply_to_every_aggregate() -> None:
    rows = sale("a", 1, JAN, 10, paid_on=MAR), sale("a", 2, JAN, 3, paid_on=MAR), sale("a", 3, FEB, 4, paid_on=FEB)
    expr: Expr = ("-", TOTAL, ALL_ROWS)
    assert answer(one(None, expr, filter=("<", AMOUNT, ("lit", 10))), rows, "month") == [(JAN, 2), (FEB, 3)]
    assert answer(one(None, expr, time="paid_on"), rows, "month") == [(FEB, 3), (MAR, 11)]


def test_arithmetic_prints_as_the_vocabulary() -> None:
    expr: Expr = ("/", ("agg", "sum", ("*", AMOUNT, ("lit", 2))), ALL_ROWS)
    assert to_sql(expr) == "(sum((amount * 2)) / count(*))"
    assert to_sql(("and", FEMALE, ("not", ON_APP))) == "(female and (not on_app))"


THREE = (
    sale("a", 1, JAN, 1, user=1, feature="app"),
    sale("a", 2, JAN, 2, user=2, feature="web"),
    sale("a", 3, JAN, 4, user=2),
    sale("a", 4, JAN, 8, user=9, feature="app"),
)


@pytest.mark.parametrize(
    ("where", "total"),
    [
        (FEMALE, 1),
        (("not", FEMALE), 6),
        (("is null", FEMALE), 8),
        (OTHERS, 2),
        (("is null", OTHERS), 4),
        (("not", OTHERS), 9),
        (("and", ("not", FEMALE), ("is null", ("name", "feature"))), 4),
        (("case", ((FEMALE, ("lit", True)),), ON_APP), 9),
    ],
)
def test_a_segment_is_its_condition(where: Expr, total: int) -> None:
    assert answer(one("sum"), THREE, where=where) == [(total,)]
    assert answer(one("sum", filter=where), THREE) == [(total,)]
    assert answer(one(None, ("+", TOTAL, ("lit", 0)), filter=where), THREE) == [(total,)]


def test_names_in_a_segment_mean_what_they_mean_in_where() -> None:
    """`gender` is a column of sales too, which a filter sees first; but no dimension."""
    assert answer(one("sum", filter=FEMALE), THREE) == [(1,)]
    assert answer(one("sum", filter=IS_F), THREE) == [(None,)]


def test_segments_that_a_dataset_cannot_reach_are_refused() -> None:
    people = {"people": Simple("people", "users", "count")}
    on_app = {"people": Simple("people", "users", "count", filter=ON_APP)}
    assert answer(people, THREE, where=FEMALE) == [(1,)]
    with pytest.raises(Refused):
        answer(people, THREE, where=OTHERS)
    with pytest.raises(Refused):
        answer(on_app, THREE)
    with pytest.raises(Refused):
        answer(people, THREE, where=("segment", "nothing"))
    with pytest.raises(Refused):
        answer(people, THREE, "female")
    assert answer({}, THREE, "feature gender", where=FEMALE) == [("app", "f")]
