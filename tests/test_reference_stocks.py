"""Hand-computed semi-additive metrics of the naive evaluator: stocks of parts that move between groups."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.reference import (
    Comparison,
    Cumulative,
    Metric,
    MovingAverage,
    Offset,
    Per,
    Refused,
    Rolling,
    SemiAdditive,
    Share,
)
from tests.reference.sample import ask, column, day, model, visit

KEYS = ("visits.who",)
MORE: tuple[Metric, ...] = (
    *(SemiAdditive(f"all_{agg}", "points", agg) for agg in ("last", "first", "min", "max", "avg")),
    *(SemiAdditive(f"key_{agg}", "points", agg, KEYS) for agg in ("last", "first", "min", "max", "avg")),
    SemiAdditive("counted", "n", "last", KEYS),
    SemiAdditive("carried", "points", "last", KEYS, carry_forward=True),
    SemiAdditive("last_zero", "points", "last", empty=0),
    SemiAdditive("day_last", "points_on_days", "last"),
    SemiAdditive("by_land", "points", "last", ("users.land",)),
    Rolling("last_of_week", "key_last", (7, "day")),
    Rolling("carried_week", "carried", (7, "day")),
    Cumulative("ever", "key_last"),
    Comparison("old", "key_last", Offset("previous"), "value"),
    Per("mean_of_days", "key_last", "avg", grain="day"),
    Share("part", "key_last"),
    MovingAverage("smooth", "key_last", 2),
)


def first_of(month: int) -> date:
    return date(2025, month, 1)


# On 1 March 1 has 10 in a and 2 has 20 in a; on 5 March 1 has 30 and has moved to b; on 9 March 1 has 5 in b.
STOCK = (
    visit("2025-03-01 10:00", 1, "a", 10),
    visit("2025-03-01 10:00", 2, "a", 20),
    visit("2025-03-05 10:00", 1, "b", 30),
    visit("2025-03-09 10:00", 1, "b", 5),
)


def asked(metrics: str, by: str = "", period: str | None = "2025-03", **parts: Any) -> list[tuple[Any, ...]]:
    return ask(model(*STOCK, more=MORE), metrics, by, period, **parts)


def test_without_keys_the_whole_dataset_has_one_last_moment() -> None:
    assert asked("all_last all_first all_min all_max all_avg") == [(5, 30, 5, 30, 65 / 3)]


def test_each_key_has_its_own_last_moment() -> None:
    assert asked("key_last key_first key_min key_max key_avg") == [(25, 30, 25, 50, 35.0)]
    assert asked("counted by_land") == [(2, 5)]


def test_what_moves_between_groups_is_counted_where_it_is_last() -> None:
    assert asked("key_last", "visits.kind") == [("a", 20), ("b", 5)]
    assert asked("key_last", "visits.kind", "2025-03-01..2025-03-05") == [("a", 20), ("b", 30)]
    assert asked("key_first", "visits.kind") == [("a", 30)]
    assert asked("all_last", "visits.kind") == [("b", 5)]
    assert asked("key_first all_last", "visits.kind") == [("a", 30, None), ("b", None, 5)]


def test_means_and_extremes_are_of_the_group_and_means_over_all_moments_of_a_key() -> None:
    assert asked("key_avg key_min key_max", "visits.kind") == [("a", 10 / 3 + 20, 30, 30), ("b", 35 / 3, 5, 30)]
    assert asked("all_avg", "visits.kind") == [("a", 10.0), ("b", 35 / 3)]


def test_stocks_end_with_the_cell() -> None:
    rows = asked("key_last key_avg", "week", "2025-02-24..2025-03-16")
    assert [row[1:] for row in rows] == [(30, 30.0), (5, 17.5), (None, None)]
    assert asked("key_last", "month", "2025-03-02..2025-03-08") == [(first_of(3), 30)]
    assert asked("key_last n", "month", as_of="2025-03-05 01:00") == [(first_of(3), 50, 4)]
    assert asked("key_last n", as_of="2025-03-05 01:00") == [(50, 4)]
    assert asked("key_last n", period=None, as_of="2025-03-04 01:00") == [(30, 4)]


def test_carried_forward_however_old() -> None:
    assert asked("carried key_last", "month", "2025-03..2025-05") == [
        (first_of(3), 25, 25),
        (first_of(4), 25, None),
        (first_of(5), 25, None),
    ]
    assert asked("carried", "day visits.kind", "2025-03-07", fill=False) == [
        (date(2025, 3, 7), "a", 20),
        (date(2025, 3, 7), "b", 30),
    ]


def test_nothing_is_null_and_not_zero() -> None:
    assert asked("counted key_last last_zero", period="2025-01") == [(None, None, 0)]


def test_where_is_for_the_rows_that_are_taken() -> None:
    where = ("=", ("name", "visits.kind"), ("lit", "a"))
    found = asked("key_last key_first key_min key_max key_avg", where=where)
    assert found == [(20, 30, 30, 30, 10 / 3 + 20)]
    assert found == [row[1:] for row in asked("key_last key_first key_min key_max key_avg", "visits.kind")][:1]
    assert asked("carried", period="2025-04", where=where) == [(20,)]


def test_rows_without_a_time_are_not_looked_at() -> None:
    rows = model(*STOCK, visit(None, 3, "c", 7), more=MORE)
    assert ask(rows, "key_last", "visits.kind") == [("a", 20), ("b", 5)]
    assert ask(rows, "n key_last", "month")[-1] == (None, 1, None)


def test_null_is_a_key_and_a_null_value_is_skipped() -> None:
    more = visit("2025-03-02 10:00", None, "a", 7), visit("2025-03-03 10:00", 2, "a", None)
    rows = model(*STOCK, *more, more=MORE)
    assert ask(rows, "key_last key_min counted", period="2025-03") == [(12, 5 + 20 + 7, 3)]
    assert ask(rows, "key_avg", period="2025-03") == [(45 / 3 + 20 / 2 + 7,)]


def test_windows_of_stocks() -> None:
    rows = asked("last_of_week carried_week ever", "day", "2025-03-08..2025-03-10")
    assert [row[1:] for row in rows] == [(30, 50, 50), (5, 25, 25), (5, 25, 25)]
    assert asked("old", "month", "2025-03..2025-04") == [(first_of(3), None), (first_of(4), 25)]
    assert asked("mean_of_days", "month") == [(first_of(3), (30 + 30 + 5) / 3)]
    assert column(asked("smooth", "day", "2025-03-01..2025-03-03")) == [30.0, 30.0, None]


def test_shares_of_stocks() -> None:
    assert asked("part", "visits.kind") == [("a", 0.8), ("b", 0.2)]


def test_totals_are_the_stock_at_the_end_of_the_period() -> None:
    assert asked("key_last all_last", "week visits.kind", totals=True)[-1] == (None, None, 25, 5, True)


def test_stocks_of_days() -> None:
    days = day("2025-03-01", 4), day("2025-03-01", 6), day("2025-02-01", 1)
    assert ask(model(days=days, more=MORE), "day_last", "month") == [(first_of(2), 1), (first_of(3), 10)]


def test_unreachable_keys_are_refused() -> None:
    bad = SemiAdditive("bad", "points_on_days", "last", ("users.land",))
    with pytest.raises(Refused):
        ask(model(*STOCK, more=(bad,)), "bad")
    with pytest.raises(Refused):
        asked("key_last", "day month")
