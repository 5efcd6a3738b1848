"""Hand-computed values of the naive evaluator: per grain and entity, shares, ranks and moving averages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.reference import (
    Comparison,
    Cumulative,
    Metric,
    MovingAverage,
    Offset,
    Part,
    Per,
    Rank,
    Ratio,
    Refused,
    Rolling,
    Share,
    ToDate,
)
from tests.reference.sample import ask, column, day, model, utc, visit

MORE: tuple[Metric, ...] = (
    Rolling("week_n", "n", (7, "day")),
    ToDate("mtd", "n", "month"),
    Cumulative("all_n", "n"),
    Per("a_day", "n", "avg", grain="day"),
    Per("points_a_day", "points", "avg", grain="day"),
    Per("people_a_day", "people", "max", grain="day"),
    Per("sum_of_days", "people", "sum", grain="day"),
    Per("an_hour", "n", "max", grain="hour"),
    Per("hours", "n", "avg", grain="hour"),
    Per("a_week", "n", "avg", grain="week"),
    Per("a_month", "n", "avg", grain="month"),
    Per("week_n_a_day", "week_n", "max", grain="day"),
    Per("mtd_a_day", "mtd", "sum", grain="day"),
    Per("days_a_day", "on_days", "avg", grain="day"),
    Per("both_a_day", "both", "avg", grain="day"),
    Per("busiest_day", "a_day", "max", grain="month"),
    Per("a_person", "n", "avg", entity="visits.who"),
    Per("median_points", "points", "median", entity="visits.who"),
    Per("spread", "n", "stddev", entity="visits.who"),
    Per("a_land", "n", "avg", entity="land"),
    Per("share_a_person", "of_all_kinds", "avg", entity="visits.who"),
    Per("day_of_a_person", "a_day", "max", entity="visits.who"),
    Per("day_of_persons", "a_person", "max", grain="day"),
    Rolling("week_a_day", "a_day", (7, "day")),
    Rolling("week_a_person", "a_person", (7, "day")),
    Cumulative("all_a_day", "a_day"),
    Comparison("old_a_day", "a_day", Offset("previous"), "value"),
    Share("part", "n"),
    Share("part_of_land", "n", ("users.land",)),
    Share("part_of_window", "week_n"),
    Rank("place", "n"),
    Rank("place_up", "points", order="asc"),
    Rank("place_in_land", "n", ("users.land",)),
    Rank("place_of_window", "week_n"),
    MovingAverage("smooth", "n", 3),
    MovingAverage("smooth_points", "points", 3),
    MovingAverage("smooth_window", "week_n", 2),
    Comparison("old_smooth", "smooth", Offset("previous"), "value"),
    Ratio("place_twice", Part("place"), Part("place")),
)


def first_of(month: int) -> date:
    return date(2025, month, 1)


def times(*texts: str, **more: Any) -> list[Any]:
    return [visit(text, **more) for text in texts]


# -- per grain -----------------------------------------------------------------------------------------------


def test_days_without_rows_count_and_sums_of_nothing_do_not() -> None:
    rows = model(*times("2025-03-30 10:00", "2025-04-01 10:00", "2025-04-01 11:00", "2025-04-09 10:00"), more=MORE)
    shown = ask(rows, "a_day points_a_day people_a_day sum_of_days", "month", "2025-04")
    assert shown == [(first_of(4), 3 / 30, 1.5, 1, 2)]


def test_days_before_the_data_and_after_as_of_do_not_count() -> None:
    rows = model(*times("2025-06-11 10:00", "2025-06-15 23:00", "2025-06-16 10:00"), more=MORE)
    assert ask(rows, "n a_day", "month", "2025-06") == [(first_of(6), 3, 2 / 5)]
    assert ask(rows, "n a_day", "month", "2025-06-14..2025-06-20") == [(first_of(6), 2, 1 / 2)]
    assert ask(rows, "a_day", "month", "2025-05") == [(first_of(5), None)]


def test_hours_after_as_of_do_not_count() -> None:
    rows = model(*times("2025-06-15 10:10", "2025-06-15 10:20", "2025-06-15 13:00"), more=MORE)
    assert ask(rows, "hours an_hour", "day", "today", as_of="2025-06-15 12:30") == [(date(2025, 6, 15), 2 / 3, 2)]


def test_days_of_a_period_after_as_of_all_count() -> None:
    rows = model(*times("2025-06-01 10:00", "2025-07-01 10:00"), more=MORE)
    assert ask(rows, "n a_day", "month", "2025-07", fill=False) == [(first_of(7), 1, 1 / 31)]
    assert ask(rows, "a_day", "month", "2025-07") == []


def test_the_hours_of_a_day_across_daylight_saving() -> None:
    berlin = model(*times("2025-03-20 10:00", "2025-03-30 10:00"), more=MORE, time_zone="Europe/Berlin")
    assert ask(berlin, "hours", "day", "2025-03-30..2025-03-31") == [
        (date(2025, 3, 30), 1 / 23),
        (date(2025, 3, 31), 0),
    ]


def test_without_a_time_word_any_grain() -> None:
    rows = model(*times("2025-06-01 10:00", "2025-06-09 10:00", "2025-06-30 10:00"), visit(None), more=MORE)
    assert ask(rows, "a_day a_week a_month") == [(2 / 15, 2 / 3, 2.0)]
    assert ask(rows, "a_day a_week a_month", period="2025-05-30..2025-06-03") == [(1 / 3, 1 / 2, 1.0)]


def test_a_null_time_has_no_days() -> None:
    rows = model(*times("2025-06-01 10:00"), visit(None), more=MORE)
    assert ask(rows, "a_day", "day") == [(first_of(6), 1.0)]
    assert ask(rows, "n a_day", "day") == [(first_of(6), 1, 1.0), (None, 1, None)]


def test_windows_per_day_end_with_the_day() -> None:
    rows = model(*times("2025-02-27 10:00", "2025-03-02 10:00", "2025-03-04 10:00"), more=MORE)
    shown = ask(rows, "week_n_a_day mtd_a_day", period="2025-03-01..2025-03-05")
    assert shown == [(3, 0 + 1 + 1 + 2 + 2)]


def test_per_day_within_windows_and_comparisons() -> None:
    rows = model(*times("2025-03-01 10:00", "2025-03-02 10:00", "2025-03-09 10:00"), more=MORE)
    shown = ask(rows, "week_a_day all_a_day", "day", "2025-03-03..2025-03-09")
    assert shown[0][1:] == (2 / 3, 2 / 3)
    assert shown[-1][1:] == (1 / 7, 3 / 9)
    assert column(ask(rows, "old_a_day", "month", "2025-03..2025-04")) == [None, 3 / 31]


def test_per_day_and_then_per_month() -> None:
    rows = model(*times("2025-03-31 10:00", "2025-04-01 10:00", "2025-04-02 10:00"), more=MORE)
    assert ask(rows, "busiest_day", "year", "2025") == [(first_of(1), 1.0)]
    assert ask(rows, "busiest_day", "month", "2025-04") == [(first_of(4), 2 / 30)]


def test_clocks_of_days_have_no_hours() -> None:
    days = (day("2025-03-01"), day("2025-03-01"))
    rows = model(*times("2025-03-02 10:00"), days=days, more=(*MORE, Per("bad", "on_days", "avg", grain="hour")))
    assert ask(rows, "days_a_day both_a_day", "month", "2025-03-01..2025-03-02") == [(first_of(3), 1.0, 1.5)]
    with pytest.raises(Refused):
        ask(rows, "bad", "month", "2025-03")


@pytest.mark.parametrize(
    ("metric", "by"), [("a_week", "month"), ("a_month", "week"), ("a_day", "hour"), ("a_day", "day month")]
)
def test_grains_that_do_not_nest_are_refused(metric: str, by: str) -> None:
    with pytest.raises(Refused):
        ask(model(*times("2025-03-02 10:00"), more=MORE), metric, by, "2025-03")


# -- per entity ----------------------------------------------------------------------------------------------

PEOPLE = (
    *times("2025-03-01 10:00", "2025-03-01 11:00", "2025-03-02 10:00", points=2),
    visit("2025-03-01 10:00", 2, "b", 5),
    visit("2025-03-02 10:00", 3, "a", None),
    visit("2025-03-02 10:00", None, "a", 100),
)


def test_each_person_counts_once_and_the_nameless_do_not() -> None:
    rows = model(*PEOPLE, more=MORE)
    assert ask(rows, "a_person median_points a_land") == [(5 / 3, 5.5, 2.5)]
    assert ask(rows, "spread") == [((4 / 3) ** 0.5,)]
    assert ask(rows, "a_person", "day") == [(date(2025, 3, 1), 1.5), (date(2025, 3, 2), 1.0)]


def test_people_make_the_groups_of_their_rows() -> None:
    rows = model(*PEOPLE, visit("2025-03-05 10:00", None, "c"), visit(None, 1, "a"), more=MORE)
    assert ask(rows, "a_person", "visits.kind") == [("a", 2.5), ("b", 1.0), ("c", None)]
    assert ask(rows, "a_person", "day", fill=False)[-1] == (None, 1.0)
    assert ask(rows, "a_person", "day week", "2025-03-01") == [(date(2025, 3, 1), date(2025, 2, 24), 1.5)]


def test_a_person_has_the_denominator_of_all_kinds() -> None:
    two = model(*PEOPLE[:4], visit("2025-03-01 12:00", 2, "a"), more=MORE)
    assert ask(two, "share_a_person", "visits.kind") == [("a", 0.75), ("b", 0.25)]


def test_people_within_days_and_days_within_people() -> None:
    rows = model(*PEOPLE, more=MORE)
    assert ask(rows, "day_of_a_person day_of_persons", period="2025-03-01..2025-03-03") == [(1.0, 1.5)]


def test_people_of_a_window() -> None:
    rows = model(*PEOPLE, more=MORE)
    assert column(ask(rows, "week_a_person", "day", "2025-03-07..2025-03-09")) == [5 / 3, 1.0, None]


def test_every_leaf_must_reach_the_entity() -> None:
    bad = Per("bad", "both", "avg", entity="visits.who"), Per("worse", "n", "avg", entity="day")
    for metric in bad:
        with pytest.raises(Refused):
            ask(model(*PEOPLE, more=bad), metric.name)


# -- share ---------------------------------------------------------------------------------------------------


def test_shares_of_all_but_the_time_words() -> None:
    rows = model(*PEOPLE, more=MORE)
    assert ask(rows, "part", "visits.kind") == [("a", 5 / 6), ("b", 1 / 6)]
    days = ask(rows, "part", "day visits.kind")
    assert column(days) == [2 / 3, 1 / 3, 1.0, 0.0]
    assert ask(rows, "part") == [(1.0,)]
    assert ask(rows, "part", "day", "2025-03-02..2025-03-03") == [(date(2025, 3, 2), 1.0), (date(2025, 3, 3), None)]
    assert ask(rows, "part", "day month", "2025-03-02") == [(date(2025, 3, 2), first_of(3), 1.0)]


def test_shares_within_a_dimension() -> None:
    rows = model(*PEOPLE, more=MORE)
    shown = ask(rows, "part_of_land part", "users.land visits.kind")
    assert shown == [
        ("de", "a", 1.0, 1 / 6),
        ("th", "a", 3 / 4, 3 / 6),
        ("th", "b", 1 / 4, 1 / 6),
        (None, "a", 1.0, 1 / 6),
    ]
    assert ask(rows, "part_of_land", "users.land") == [("de", 1.0), ("th", 1.0), (None, 1.0)]


def test_shares_make_no_groups_beyond_their_own_and_are_one_in_total() -> None:
    rows = model(*PEOPLE, more=MORE)
    only_b = ("=", ("name", "visits.kind"), ("lit", "b"))
    assert ask(rows, "part", "visits.kind", where=only_b, totals=True) == [("b", 1.0, False), (None, 1.0, True)]
    shown = ask(rows, "part_of_window", "day visits.kind", "2025-03-08", fill=False)
    assert shown == [(date(2025, 3, 8), "a", 1.0)]


def test_shares_with_ignore_count_all() -> None:
    part = Share("s", "of_all_kinds")
    rows = model(*PEOPLE, more=(part,))
    assert ask(rows, "s", "visits.kind") == [("a", 5 / 6), ("b", 1 / 6)]


# -- rank ----------------------------------------------------------------------------------------------------


def test_ranks_leave_gaps_after_ties_and_null_has_none() -> None:
    kinds = ("a", 3), ("b", 3), ("c", 5), ("d", None), ("e", 1)
    rows = model(*(visit("2025-03-01 10:00", kind=kind, points=n) for kind, n in kinds), more=MORE)
    points = replace(rows, metrics={**rows.metrics, "down": Rank("down", "points")})
    shown = ask(points, "down place_up place", "visits.kind")
    assert shown == [("a", 2, 2, 1), ("b", 2, 2, 1), ("c", 1, 4, 1), ("d", None, None, 1), ("e", 4, 1, 1)]


def test_ranks_are_of_groups_with_rows_before_having_and_limit() -> None:
    rows = model(*PEOPLE, more=MORE)
    shown = ask(rows, "place", "day visits.kind", having=(">", ("name", "place"), ("lit", 1)), limit=1, totals=True)
    assert shown == [(date(2025, 3, 1), "b", 2, False), (None, None, None, True)]
    assert column(ask(rows, "place", "day visits.kind")) == [1, 2, 1, None]
    assert column(ask(rows, "place", "day visits.kind", fill=False)) == [1, 2, 1]


def test_ranks_within_a_dimension_and_of_time() -> None:
    rows = model(*PEOPLE, more=MORE)
    shown = ask(rows, "place_in_land", "users.land visits.kind")
    assert column(shown) == [1, 1, 2, 1]
    assert column(ask(rows, "place", "day", "2025-03-01..2025-03-03")) == [1, 1, None]
    shown = ask(rows, "place_of_window place_twice", "day visits.kind", "2025-03-07..2025-03-08")
    assert column(shown, 2) == [1, 2, 1, None]


# -- moving average ------------------------------------------------------------------------------------------


def test_moving_averages_look_before_the_period_and_count_empty_periods() -> None:
    rows = model(*times("2025-02-26 10:00", "2025-02-27 10:00", "2025-02-28 10:00", "2025-03-03 10:00"), more=MORE)
    shown = ask(rows, "smooth smooth_points", "day", "2025-03-01..2025-03-05")
    assert column(shown, 1) == [2 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3]
    assert column(shown) == [1.0] * 5


def test_moving_averages_leave_out_what_is_before_the_data() -> None:
    rows = model(*times("2025-03-01 10:00", "2025-03-02 10:00", "2025-03-02 10:00"), more=MORE)
    assert column(ask(rows, "smooth", "day", "2025-02-28..2025-03-04")) == [None, 1.0, 1.5, 1.0, 2 / 3]


def test_averaged_periods_are_whole_up_to_the_end_of_the_own_one() -> None:
    rows = model(*times("2025-01-05 10:00", "2025-02-05 10:00", "2025-02-20 10:00", "2025-03-20 10:00"), more=MORE)
    shown = ask(rows, "n smooth", "month", "2025-02-15..2025-03-15")
    assert shown == [(first_of(2), 1, 1.5), (first_of(3), 0, 1.0)]


def test_averages_end_with_the_day_of_as_of() -> None:
    rows = model(*times("2025-03-05 10:00", "2025-03-20 10:00", "2025-04-05 10:00"), more=MORE)
    shown = ask(rows, "n smooth", "month", as_of="2025-03-10 12:00")
    assert shown == [(first_of(3), 2, 1.0), (first_of(4), 1, 1.5)]
    assert column(ask(rows, "smooth", "month", as_of="2025-03-10 12:00")) == [1.0]


def test_moving_averages_of_windows_and_their_counterparts() -> None:
    rows = model(*times("2025-03-01 10:00", "2025-03-08 10:00", "2025-03-08 10:00"), more=MORE)
    shown = ask(rows, "smooth_window old_smooth", "day", "2025-03-07..2025-03-09")
    assert column(shown, 1) == [1.0, 1.5, 2.0]
    assert column(shown) == [0.0, 0.0, 2 / 3]


def test_moving_averages_make_the_groups_of_their_periods() -> None:
    rows = model(*times("2025-03-01 10:00"), visit("2025-03-06 10:00", kind="b"), visit(None), more=MORE)
    shown = ask(rows, "smooth", "day visits.kind", "2025-03-03..2025-03-06", fill=False)
    assert shown == [(date(2025, 3, 3), "a", 1 / 3), (date(2025, 3, 6), "b", 1 / 3)]
    assert ask(rows, "n smooth", "month")[-1] == (None, 1, None)


def test_moving_averages_need_one_time_word_and_have_no_total() -> None:
    rows = model(*times("2025-03-01 10:00"), more=MORE)
    assert ask(rows, "smooth", "day", totals=True)[-1] == (None, None, True)
    for by in ("", "visits.kind", "day month"):
        with pytest.raises(Refused):
            ask(rows, "smooth", by)


def test_moving_averages_of_hours() -> None:
    rows = model(*times("2025-03-30 00:10", "2025-03-30 01:10"), more=MORE, time_zone="Europe/Berlin")
    shown = {row[0]: row[1] for row in ask(rows, "smooth", "hour", "2025-03-30")}
    assert shown[utc("2025-03-30 02:00")] == 2 / 3
    assert Decimal(str(shown[utc("2025-03-30 03:00")])) == Decimal(str(1 / 3))
