"""Hand-computed windows of the naive evaluator: rolling, cumulative and to date, and where they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.reference import (
    Comparison,
    Cumulative,
    Derived,
    Metric,
    Offset,
    Part,
    Per,
    Rank,
    Ratio,
    Refused,
    Rolling,
    SemiAdditive,
    Share,
    Simple,
    ToDate,
)
from tests.reference.sample import ask, column, day, model, utc, visit

WEEK = Rolling("week_n", "n", (7, "day"))
MORE: tuple[Metric, ...] = (
    WEEK,
    Rolling("week_people", "people", (1, "week")),
    Rolling("week_points", "points", (7, "day")),
    Rolling("week_each", "each", (7, "day")),
    Rolling("month_n", "n", (1, "month")),
    Rolling("quarter_n", "n", (1, "quarter")),
    Rolling("hours_n", "n", (24, "hour")),
    Rolling("day_n", "n", (1, "day")),
    Rolling("week_both", "both", (7, "day")),
    Rolling("week_on_days", "on_days", (7, "day")),
    Rolling("hours_on_days", "on_days", (24, "hour")),
    Cumulative("all_n", "n"),
    Cumulative("all_people", "people"),
    ToDate("mtd", "n", "month"),
    ToDate("wtd", "n", "week"),
    ToDate("ytd", "n", "year"),
    ToDate("qtd", "n", "quarter"),
    Ratio("n_of_week", Part("n"), Part("week_n")),
)


def first_of(month: int) -> date:
    return date(2025, month, 1)


def days_of_march(*days: int) -> list[date]:
    return [date(2025, 3, each) for each in days]


def test_seven_days_are_seven_days() -> None:
    rows = model(visit("2025-03-01 00:00"), visit("2025-03-08 00:00"), more=MORE)
    shown = ask(rows, "week_n", "day", "2025-03-01..2025-03-15")
    assert column(shown) == [1] * 7 + [1] * 7 + [0]  # the first is in the windows of seven days, then the second


def test_people_of_a_window_are_counted_once() -> None:
    twice = model(visit("2025-03-03 10:00"), visit("2025-03-04 10:00"), visit("2025-03-05 10:00", 2), more=MORE)
    shown = ask(twice, "people week_people week_points week_each", "day", "2025-03-04..2025-03-06")
    assert [row[1:] for row in shown] == [(1, 1, 2, 1.0), (1, 2, 3, 1.0), (0, 2, 3, 1.0)]


def test_the_period_does_not_limit_what_is_looked_back_at() -> None:
    early = model(visit("2025-02-27 10:00"), more=MORE)
    assert ask(early, "n week_n all_n", "day", "2025-03-05..2025-03-06") == [
        (date(2025, 3, 5), 0, 1, 1),
        (date(2025, 3, 6), 0, 0, 1),
    ]


def test_where_filters_what_is_looked_back_at() -> None:
    two = model(visit("2025-03-01 10:00"), visit("2025-03-02 10:00", kind="b"), more=MORE)
    parts: dict[str, Any] = {"by": "day", "period": "2025-03-03"}
    assert column(ask(two, "week_n", where=("=", ("name", "visits.kind"), ("lit", "b")), **parts)) == [1]
    assert column(ask(two, "week_n", where=(">=", ("name", "day"), ("lit", date(2025, 3, 3))), **parts)) == [0]


def test_months_begin_on_the_same_day_or_the_last_of_a_short_month() -> None:
    two = model(visit("2025-02-27 10:00"), visit("2025-02-28 10:00"), more=MORE)
    ends = ask(two, "month_n", "day", "2025-03-28..2025-03-31")  # ends on the 29th, 30th, 31st and 1 April
    assert column(ends) == [1, 1, 1, 0]
    assert column(ask(two, "month_n", "day", "2025-03-27")) == [1]  # from 28 February
    assert column(ask(two, "month_n quarter_n", "month", "2025-02..2025-04"), 1) == [2, 0, 0]
    assert column(ask(two, "month_n quarter_n", "month", "2025-02..2025-05")) == [2, 2, 2, 0]


def test_a_period_that_the_query_cuts_ends_there() -> None:
    three = model(visit("2025-03-01 10:00"), visit("2025-03-12 10:00"), visit("2025-03-20 10:00"), more=MORE)
    assert ask(three, "week_n all_n mtd", "month", "2025-02-15..2025-03-15") == [
        (first_of(2), 0, 0, 0),
        (first_of(3), 1, 2, 2),
    ]


def test_a_period_in_progress_ends_with_the_day_of_as_of() -> None:
    three = model(visit("2025-06-09 10:00"), visit("2025-06-15 23:00"), visit("2025-06-16 00:00"), more=MORE)
    assert ask(three, "n week_n all_n mtd", "month", "2025-06") == [(first_of(6), 3, 2, 2, 2)]
    bangkok = replace(three, time_zone="Asia/Bangkok")  # 23:00 is on the 16th there
    assert ask(bangkok, "week_n all_n", "month", "2025-06") == [(first_of(6), 1, 1)]
    assert ask(bangkok, "week_n all_n", "month", "2025-06", as_of="2025-06-15 17:00") == [(first_of(6), 2, 3)]


def test_hours_in_progress_are_not_cut() -> None:
    now = model(visit("2025-06-15 12:10"), visit("2025-06-15 12:50"), more=MORE)
    assert ask(now, "all_n", "hour", "today", as_of="2025-06-15 12:30")[-1] == (utc("2025-06-15 12:00"), 2)


def test_periods_after_as_of_are_cut_by_nothing_and_shown_only_where_others_are() -> None:
    later = model(visit("2025-06-10 10:00"), visit("2025-08-10 10:00"), more=MORE)
    assert ask(later, "all_n", "month") == [(first_of(6), 1)]
    assert ask(later, "n all_n", "month") == [(first_of(6), 1, 1), (first_of(8), 1, 2)]
    assert ask(later, "all_n", "month", "2025-06..2025-08") == [(first_of(6), 1)]
    assert ask(later, "n all_n", "month", "2025-06..2025-08", fill=False) == [(first_of(6), 1, 1), (first_of(8), 1, 2)]


def test_without_a_time_word_windows_end_with_the_period_or_with_as_of() -> None:
    rows = model(
        visit("2025-01-05 10:00"), visit("2025-06-14 10:00"), visit("2025-06-20 10:00"), visit(None), more=MORE
    )
    assert ask(rows, "n week_n all_n ytd") == [(4, 1, 2, 2)]
    assert ask(rows, "n week_n all_n ytd", period="2025") == [(3, 1, 2, 2)]
    assert ask(rows, "n week_n all_n ytd", period="2025-01") == [(1, 0, 1, 1)]
    assert ask(rows, "n week_n all_n ytd", period="2026") == [(0, 0, 3, 0)]  # begins after as-of


def test_to_date_begins_with_the_unit_that_holds_the_last_day() -> None:
    days = ("2025-01-28 10:00", "2025-01-30 10:00", "2025-02-01 10:00", "2025-02-04 10:00")
    rows = model(*map(visit, days), more=MORE)
    [week] = ask(rows, "mtd wtd qtd ytd", "week", "2025-01-27..2025-02-02")
    assert week == (date(2025, 1, 27), 1, 3, 3, 3)  # the month to date: of February alone
    assert column(ask(rows, "mtd", "day", "2025-01-30..2025-02-02")) == [2, 2, 1, 1]
    assert ask(rows, "wtd", "month", "2025-01..2025-02") == [(first_of(1), 2), (first_of(2), 0)]


def test_weeks_to_date_begin_where_the_project_says() -> None:
    rows = model(visit("2025-03-02 10:00"), more=MORE)  # a Sunday
    assert column(ask(rows, "wtd", "day", "2025-03-02..2025-03-03")) == [1, 0]
    assert column(ask(replace(rows, week_start="sunday"), "wtd", "day", "2025-03-02..2025-03-03")) == [1, 1]


def test_hours_are_elapsed_hours_and_days_are_those_of_the_wall() -> None:
    """On 30 March 2025 Berlin's day has 23 hours, on 26 October 25."""
    spring = model(visit("2025-03-29 22:30"), visit("2025-03-29 23:30"), more=MORE, time_zone="Europe/Berlin")
    assert ask(spring, "hours_n day_n", "day", "2025-03-30") == [(date(2025, 3, 30), 2, 1)]
    autumn = model(visit("2025-10-25 22:30"), visit("2025-10-25 23:30"), more=MORE, time_zone="Europe/Berlin")
    assert ask(autumn, "hours_n day_n", "day", "2025-10-26", as_of="2025-12-01 00:00") == [(date(2025, 10, 26), 1, 2)]


def test_windows_of_days_at_hours_go_by_the_wall() -> None:
    """The hour 11:00 of 30 March ends at 10:00 UTC, a day before it was 12:00 at 11:00 UTC."""
    rows = model(visit("2025-03-29 10:30"), visit("2025-03-29 11:30"), more=MORE, time_zone="Europe/Berlin")
    shown = {row[0]: row[1:] for row in ask(rows, "day_n hours_n", "hour", "2025-03-30")}
    assert shown[utc("2025-03-30 09:00")] == (1, 2)
    assert shown[utc("2025-03-30 10:00")] == (0, 1)


def test_a_time_that_the_clock_skips_or_shows_twice_is_the_later_one() -> None:
    """A day before 02:30 of 31 March is skipped, and read as 03:30; before 02:30 of 27 October it was twice."""
    rows = model(visit("2025-03-30 00:59"), visit("2025-03-30 01:29"), visit("2025-03-30 01:30"), more=MORE)
    berlin = replace(rows, time_zone="Europe/Berlin")
    shown = {row[0]: row[1] for row in ask(berlin, "day_n", "minute", "2025-03-31")}
    assert shown[utc("2025-03-31 00:29")] == 1
    twice = model(visit("2025-10-26 00:31"), visit("2025-10-26 01:31"), more=MORE, time_zone="Europe/Berlin")
    shown = {row[0]: row[1] for row in ask(twice, "day_n", "minute", "2025-10-27", as_of="2025-12-01 00:00")}
    assert shown[utc("2025-10-27 01:29")] == 1


def test_clocks_of_days_have_windows_of_days_alone() -> None:
    days = model(visit("2025-03-06 10:00"), days=(day("2025-03-01"), day("2025-03-08")), more=MORE)
    assert column(ask(days, "week_on_days week_both", "day", "2025-03-07..2025-03-08"), 1) == [1, 1]
    assert column(ask(days, "week_on_days week_both", "day", "2025-03-07..2025-03-08")) == [2, 2]
    with pytest.raises(Refused):
        ask(days, "hours_on_days", "day", "2025-03-07")


def test_windows_make_groups_in_the_periods_that_are_shown() -> None:
    rows = model(visit("2025-03-01 10:00", kind="a"), visit("2025-03-04 10:00", kind="b"), more=MORE)
    shown = ask(rows, "week_n", "day visits.kind", fill=False)
    assert shown == [(each, "a", 1) for each in days_of_march(1, 2, 3)] + [
        (date(2025, 3, 4), "a", 1),
        (date(2025, 3, 4), "b", 1),
    ]
    under = ask(rows, "week_n", "day visits.kind", "2025-03-08..2025-03-12", fill=False)
    assert under == [(each, "b", 1) for each in days_of_march(8, 9, 10)]
    filled = ask(rows, "week_n", "day visits.kind", "2025-03-10..2025-03-11")
    assert filled == [(date(2025, 3, 10), "b", 1), (date(2025, 3, 11), "b", 0)]


def test_a_window_without_a_time_word_makes_the_groups_of_its_stretch() -> None:
    rows = model(visit("2025-03-01 10:00", kind="a"), visit("2025-03-30 10:00", kind="b"), more=MORE)
    assert ask(rows, "week_n", "visits.kind", "2025-03") == [("b", 1)]
    assert ask(rows, "week_n n", "visits.kind", "2025-03") == [("a", 0, 1), ("b", 1, 1)]
    assert ask(rows, "all_n", "visits.kind", "2025-04") == [("a", 1), ("b", 1)]


def test_a_null_time_has_no_windows() -> None:
    rows = model(visit("2025-03-01 10:00"), visit(None, points=5), more=MORE)
    assert ask(rows, "week_n all_n", "day") == [(date(2025, 3, 1), 1, 1)]
    assert ask(rows, "n week_n week_points", "day") == [(date(2025, 3, 1), 1, 1, 1), (None, 1, 0, None)]


def test_fill_evaluates_windows_between_the_first_and_the_last_row() -> None:
    rows = model(visit("2025-03-01 10:00"), visit("2025-03-10 10:00"), more=MORE)
    assert column(ask(rows, "week_n", "day")) == [1] * 7 + [0, 0, 1]


def test_totals_take_windows_at_the_end_of_the_period() -> None:
    rows = model(visit("2025-03-01 10:00"), visit("2025-03-28 10:00", 2), more=MORE)
    shown = ask(rows, "week_n all_people n_of_week", "day", "2025-03-01..2025-03-30", totals=True)
    assert shown[-1] == (None, 1, 2, 2.0, True)


def test_an_ignored_time_word_means_the_whole_period() -> None:
    part = Ratio("part", Part("n"), Part("all_n", ("month",)))
    rows = model(visit("2025-03-01 10:00"), visit("2025-04-28 10:00"), more=(*MORE, part))
    assert column(ask(rows, "part", "month", "2025-03..2025-04")) == [0.5, 0.5]


INSIDE: tuple[Metric, ...] = (
    Rolling("bad", "all_n", (7, "day")),
    Cumulative("bad", "week_n"),
    ToDate("bad", "n_of_week", "month"),
    Cumulative("bad", "compared"),
    Cumulative("bad", "ranked"),
    Cumulative("bad", "shared"),
    Comparison("bad", "ranked", Offset("previous")),
    Share("bad", "ranked"),
    Share("bad", "shared"),
    Per("bad", "compared", "avg", grain="day"),
    Per("bad", "shared", "avg", grain="day"),
    Per("bad", "week_n", "avg", entity="users.who"),
    Per("bad", "derived", "avg", entity="users.who"),
    Per("bad", "n", "avg"),
    Per("bad", "n", "avg", grain="day", entity="users.who"),
    SemiAdditive("bad", "people", "last"),
    SemiAdditive("bad", "each", "last"),
)


@pytest.mark.parametrize("bad", INSIDE, ids=lambda bad: f"{type(bad).__name__}({getattr(bad, 'metric', '')})")
def test_what_must_not_stand_inside_is_refused(bad: Metric) -> None:
    others = Comparison("compared", "n", Offset("previous")), Rank("ranked", "n"), Share("shared", "week_n")
    derived = Derived("derived", ("+", ("name", "n"), ("name", "week_n")))
    rows = model(visit("2025-03-01 10:00"), more=(*MORE, *others, derived, bad))
    assert ask(rows, "compared ranked shared derived", "month")
    with pytest.raises(Refused):
        ask(rows, "bad", "month")


@pytest.mark.parametrize(
    ("metrics", "by", "period"),
    [
        ("week_n", "day month", None),
        ("all_n", "week month", "2025"),
        ("week_on_days", "hour", None),
        ("none", "", None),
    ],
)
def test_refusals(metrics: str, by: str, period: str | None) -> None:
    rows = model(visit("2025-03-01 10:00"), days=(day("2025-03-01"),), more=(*MORE, Cumulative("none", "nothing")))
    with pytest.raises(Refused):
        ask(rows, metrics, by, period)


def test_windows_need_a_clock_and_know_days_in_their_own_zone_alone() -> None:
    rows = model(visit("2025-03-01 10:00"), days=(day("2025-03-01"),), more=(*MORE, Cumulative("all_days", "on_days")))
    assert ask(rows, "on_days", time_zone="Asia/Bangkok") == [(1,)]
    with pytest.raises(Refused):
        ask(rows, "all_days", time_zone="Asia/Bangkok")
    timeless = replace(rows, datasets={**rows.datasets, "visits": replace(rows.datasets["visits"], time=None)})
    assert ask(timeless, "n") == [(1,)]
    with pytest.raises(Refused):
        ask(timeless, "all_n")


def test_empty_is_shown_where_a_window_is_null() -> None:
    zero = Rolling("zero", "points", (7, "day"), empty=0), Simple("other", "visits", "sum", ("name", "points"))
    rows = model(visit("2025-03-01 10:00"), more=(*MORE, *zero))
    assert ask(rows, "week_points zero", "day", "2025-03-20") == [(date(2025, 3, 20), None, 0)]
