"""In which order the naive evaluator puts rows, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.reference import (
    Bins,
    Dataset,
    Dimension,
    Join,
    Metric,
    Model,
    Part,
    Query,
    Ratio,
    Row,
    Simple,
    Value,
    evaluate,
)

AS_OF = datetime(2025, 3, 20, 12, tzinfo=UTC)
JAN, FEB = date(2025, 1, 1), date(2025, 2, 1)
NAMED = ("low", "Mid", "high")


def row(place: int, tier: str | None, size: int | None, day: date = JAN, user: int | None = None) -> Row:
    price = None if size is None else Decimal(size) / 2
    return {"id": place, "tier": tier, "size": size, "price": price, "day": day, "user_id": user}


SALES = Dataset(
    "sales",
    {
        "id": "BIGINT",
        "tier": "VARCHAR",
        "size": "BIGINT",
        "price": "DECIMAL(12,2)",
        "day": "DATE",
        "user_id": "BIGINT",
    },
    (
        row(1, "gold", 10, user=1),
        row(2, "bronze", 9, user=2),
        row(3, "silver", 5, FEB, user=3),
        row(4, "zinc", 1),
        row(5, "Gold", 4, FEB),
        row(6, None, None, FEB, user=9),
    ),
    ("id",),
    "day",
    (Join("users", "users", ("user_id",)),),
    (
        Dimension("tier", values=("silver", "gold", "lead", "bronze")),
        Dimension("size", "integer", values=(9, 1)),
        Dimension("price", "number", values=(Decimal("2.50"), Decimal(5))),
        Dimension("band", expr=("name", "size"), bins=Bins((5, 10))),
        Dimension("named", expr=("name", "size"), bins=Bins((5, 10), NAMED)),
        Dimension("big", "boolean", (">", ("name", "size"), ("lit", 4)), values=(True,)),
        Dimension("day", "date"),
    ),
)
USERS = Dataset(
    "users",
    {"user_id": "BIGINT", "rank": "VARCHAR"},
    ({"user_id": 1, "rank": "a"}, {"user_id": 2, "rank": "b"}, {"user_id": 3, "rank": "c"}),
    ("user_id",),
    dimensions=(Dimension("rank", values=("b",), labels=("Best",)),),
)
METRICS: dict[str, Metric] = {
    "n": Simple("n", "sales", "count"),
    "sum": Simple("sum", "sales", "sum", ("name", "size")),
    "people": Simple("people", "users", "count"),
    "share": Ratio("share", Part("people", ("sales.tier",)), Part("n")),
}
MODEL = Model({"sales": SALES, "users": USERS}, METRICS)


def first(metrics: str, by: str, order: str = "", **parts: Any) -> list[Value]:
    """The first column of the answer."""
    asked = tuple(item.strip() for item in order.split(",") if item)
    query = Query(tuple(metrics.split()), tuple(by.split()), order=asked, **parts)
    return [cells[0] for cells in evaluate(MODEL, query, AS_OF).rows]


def test_listed_values_then_the_others_then_null() -> None:
    assert first("n", "tier") == ["silver", "gold", "bronze", "Gold", "zinc", None]
    assert first("n", "tier", "tier desc") == ["bronze", "gold", "silver", "zinc", "Gold", None]
    assert first("", "tier") == first("n", "tier", "n desc") == first("n", "tier")


def test_a_limit_keeps_the_first_and_the_total_is_last() -> None:
    assert first("n", "tier", limit=2) == ["silver", "gold"]
    assert first("n", "tier", "tier desc", limit=1, totals=True) == ["bronze", None]


def test_ties_of_a_metric() -> None:
    assert first("n", "tier", "n") == ["silver", "gold", "bronze", "Gold", "zinc", None]
    assert first("sum", "tier", "sum desc") == ["gold", "bronze", "silver", "Gold", "zinc", None]


def test_numbers_and_booleans() -> None:
    assert first("n", "sales.size") == [9, 1, 4, 5, 10, None]
    assert first("n", "sales.size", "sales.size desc") == [1, 9, 10, 5, 4, None]
    assert first("n", "price") == [Decimal(value) for value in ("2.5", "5", "0.5", "2", "4.5")] + [None]
    assert first("n", "big") == first("n", "big", "big desc") == [True, False, None]


def test_bins_come_in_their_own_order() -> None:
    assert first("n", "band") == ["< 5", "5 - < 10", ">= 10", None]
    assert first("n", "named") == ["low", "Mid", "high", None]
    assert first("n", "named", "named desc") == ["high", "Mid", "low", None]


def test_looked_up_and_of_two_datasets() -> None:
    assert first("n", "users.rank") == first("people n", "rank") == ["b", "a", "c", None]
    buyer = replace(
        MODEL, datasets={**MODEL.datasets, "sales": replace(SALES, joins=(Join("buyer", "users", ("user_id",)),))}
    )
    rows = evaluate(buyer, Query(("n",), ("buyer.rank",), order=("buyer.rank desc",)), AS_OF).rows
    assert [cells[0] for cells in rows] == ["b", "c", "a", None]


def test_a_leaf_that_ignores_the_dimension_does_not_say_what_it_is() -> None:
    """`people` comes first and has no tier at all."""
    assert first("share", "tier", limit=2) == ["silver", "gold"]


def test_a_time_keeps_the_order_of_time() -> None:
    assert first("n", "month tier", fill=False) == [JAN, JAN, JAN, FEB, FEB, FEB]
    assert first("n", "tier sales.day.month")[:2] == ["silver", "gold"]
