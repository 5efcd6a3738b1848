"""Hand-computed comparisons of the naive evaluator: counterparts, data that begin late, and what has elapsed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.reference import (
    Comparison,
    Cumulative,
    Derived,
    Metric,
    Offset,
    Part,
    Ratio,
    Refused,
    Rolling,
    Share,
    ToDate,
)
from tests.reference.counterparts import counterpart
from tests.reference.frames import Frame, at_day, period_of
from tests.reference.sample import ask, column, day, model, utc, visit
from tests.reference.times import Clockwork

PREVIOUS, YEAR, MONTH = Offset("previous"), Offset("unit", 1, "year"), Offset("unit", 1, "month")
WEEK, DAY = Offset("unit", 1, "week"), Offset("unit", 1, "day")
MORE: tuple[Metric, ...] = (
    Comparison("old", "n", PREVIOUS, "value"),
    Comparison("diff", "n", PREVIOUS, "difference"),
    Comparison("change", "n", PREVIOUS),
    Comparison("old0", "n0", PREVIOUS, "value"),
    Comparison("old_points", "points", PREVIOUS, "value"),
    Comparison("old_points0", "points0", PREVIOUS, "value"),
    Comparison("old_both", "both", PREVIOUS, "value"),
    Comparison("old_days", "on_days", PREVIOUS, "value"),
    Comparison("old_share", "of_all_kinds", PREVIOUS, "value"),
    Comparison("a_year", "n", YEAR, "value"),
    Comparison("a_month", "n", MONTH, "value"),
    Comparison("a_week", "n", WEEK, "value"),
    Comparison("a_day", "n", DAY, "value"),
    Comparison("an_hour", "n", Offset("unit", 1, "hour"), "value"),
    Comparison("first_of_month", "n", Offset("start", 1, "month"), "value"),
    Rolling("week_n", "n", (7, "day")),
    Cumulative("all_n", "n"),
    ToDate("mtd", "n", "month"),
    Comparison("old_week", "week_n", PREVIOUS, "value"),
    Comparison("old_all", "all_n", PREVIOUS, "value"),
    Comparison("two_back", "old", PREVIOUS, "value"),
    Comparison("elapsed", "n", MONTH, "value", "elapsed"),
    Comparison("elapsed_diff", "n", MONTH, "difference", "elapsed"),
    Comparison("elapsed_days", "on_days", MONTH, "value", "elapsed"),
    Comparison("elapsed_year", "n", YEAR, "value", "elapsed"),
    Comparison("elapsed_week_n", "week_n", MONTH, "value", "elapsed"),
    Comparison("elapsed_all", "all_n", MONTH, "value", "elapsed"),
    Comparison("elapsed_mtd", "mtd", PREVIOUS, "difference", "elapsed"),
)
UTC_CLOCK = Clockwork(ZoneInfo("UTC"), "monday", utc("2025-06-15 12:00"))
BERLIN = replace(UTC_CLOCK, zone=ZoneInfo("Europe/Berlin"))


def first_of(month: int, year: int = 2025) -> date:
    return date(year, month, 1)


# -- counterparts --------------------------------------------------------------------------------------------


def start(offset: Offset, grain: str, label: date, clock: Clockwork = UTC_CLOCK) -> Any:
    found = counterpart(offset, grain, period_of(label, grain, clock), clock)
    assert found is not None
    assert found.start is not None
    return found.start.moment


@pytest.mark.parametrize(
    ("offset", "grain", "label", "expected"),
    [
        (Offset("previous"), "day", "2025-03-01", "2025-02-28"),
        (Offset("periods", 3), "month", "2025-01-01", "2024-10-01"),
        (Offset("unit", 14, "day"), "day", "2025-03-15", "2025-03-01"),
        (Offset("unit", 1, "month"), "day", "2025-03-31", "2025-02-28"),
        (Offset("unit", 1, "month"), "day", "2024-03-31", "2024-02-29"),
        (Offset("unit", 1, "quarter"), "day", "2025-05-31", "2025-02-28"),
        (Offset("unit", 1, "year"), "day", "2024-02-29", "2023-02-28"),
        (Offset("unit", 14, "day"), "week", "2025-03-17", "2025-03-03"),
        (Offset("unit", 1, "year"), "week", "2025-03-17", "2024-03-18"),
        (Offset("unit", 2, "quarter"), "month", "2025-03-01", "2024-09-01"),
        (Offset("unit", 1, "year"), "month", "2025-03-01", "2024-03-01"),
        (Offset("unit", 6, "month"), "quarter", "2025-04-01", "2024-10-01"),
        (Offset("unit", 1, "year"), "quarter", "2025-04-01", "2024-04-01"),
        (Offset("unit", 12, "month"), "year", "2025-01-01", "2024-01-01"),
        (Offset("unit", 8, "quarter"), "year", "2025-01-01", "2023-01-01"),
        (Offset("start", 1, "month"), "day", "2025-03-17", "2025-03-01"),
        (Offset("start", 1, "month"), "week", "2025-03-17", "2025-02-24"),
        (Offset("start", 1, "year"), "week", "2025-03-17", "2024-12-30"),
        (Offset("start", 1, "year"), "quarter", "2025-07-01", "2025-01-01"),
        (Offset("start", 1, "week"), "day", "2025-03-19", "2025-03-17"),
    ],
)
def test_counterparts(offset: Offset, grain: str, label: str, expected: str) -> None:
    assert start(offset, grain, date.fromisoformat(label)) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("offset", "label", "expected"),
    [
        (Offset("previous"), "2025-03-30 01:00", "2025-03-30 00:00"),  # 03:00 follows 01:00
        (Offset("unit", 1, "hour"), "2025-10-26 01:00", "2025-10-26 00:00"),  # the two 02:00
        (Offset("unit", 1, "day"), "2025-03-30 10:00", "2025-03-29 11:00"),  # 12:00 on both days
        (Offset("unit", 1, "day"), "2025-03-31 00:00", "2025-03-30 01:00"),  # 02:00 is skipped: 03:00
        (Offset("unit", 1, "day"), "2025-10-27 01:00", "2025-10-26 01:00"),  # of two the later
        (Offset("unit", 1, "month"), "2025-03-31 10:00", "2025-02-28 11:00"),
        (Offset("start", 1, "day"), "2025-03-30 10:00", "2025-03-29 23:00"),
        (Offset("start", 1, "month"), "2025-03-30 10:00", "2025-02-28 23:00"),
    ],
)
def test_counterparts_of_hours(offset: Offset, label: str, expected: str) -> None:
    assert start(offset, "hour", utc(label), BERLIN) == utc(expected)


@pytest.mark.parametrize(
    ("offset", "period", "expected"),
    [
        (Offset("previous"), ("2025-03-01", "2025-04-01"), ("2025-02-01", "2025-03-01")),
        (Offset("periods", 2), ("2025-01-01", "2025-04-01"), ("2024-07-01", "2024-10-01")),
        (Offset("previous"), ("2025-03-10", "2025-03-17"), ("2025-03-03", "2025-03-10")),
        (Offset("unit", 1, "week"), ("2025-03-01", "2025-04-01"), ("2025-02-22", "2025-03-25")),
        (Offset("unit", 1, "month"), ("2025-03-01", "2025-04-01"), ("2025-02-01", "2025-03-01")),
        (Offset("unit", 1, "month"), ("2025-03-10", "2025-04-01"), ("2025-02-10", "2025-03-01")),
        (Offset("unit", 1, "month"), ("2025-03-30", "2025-04-01"), ("2025-02-28", "2025-03-01")),
        (Offset("unit", 1, "year"), ("2024-02-29", "2024-03-01"), ("2023-02-28", "2023-03-01")),
    ],
)
def test_counterparts_without_a_time_word(offset: Offset, period: tuple[str, str], expected: tuple[str, str]) -> None:
    ends = [at_day(date.fromisoformat(text)) for text in (*period, *expected)]
    assert counterpart(offset, None, Frame(ends[0], ends[1]), UTC_CLOCK) == Frame(ends[2], ends[3])


@pytest.mark.parametrize(
    ("offset", "grain"),
    [
        (Offset("unit", 1, "hour"), "day"),
        (Offset("unit", 24, "hour"), None),
        (Offset("unit", 8, "day"), "week"),
        (Offset("unit", 1, "month"), "week"),
        (Offset("unit", 4, "quarter"), "week"),
        (Offset("unit", 30, "day"), "month"),
        (Offset("unit", 4, "week"), "month"),
        (Offset("unit", 2, "month"), "quarter"),
        (Offset("unit", 6, "month"), "year"),
        (Offset("unit", 2, "quarter"), "year"),
        (Offset("start", 1, "month"), "month"),
        (Offset("start", 1, "month"), "quarter"),
        (Offset("start", 1, "week"), "week"),
        (Offset("start", 1, "month"), None),
        (Offset("periods", 0), "month"),
    ],
)
def test_offsets_that_are_no_number_of_periods_are_refused(offset: Offset, grain: str | None) -> None:
    compared = Comparison("compared", "n", offset)
    with pytest.raises(Refused):
        ask(model(visit("2025-03-01 10:00"), more=(compared,)), "compared", grain or "", "2025-03")


# -- values --------------------------------------------------------------------------------------------------


def test_value_difference_and_change() -> None:
    rows = model(*map(visit, ("2025-01-05 10:00", "2025-02-05 10:00", "2025-02-06 10:00")), more=MORE)
    shown = ask(rows, "n old diff change", "month", "2025-01..2025-04")
    assert shown == [
        (first_of(1), 1, None, None, None),
        (first_of(2), 2, 1, 1, 1.0),
        (first_of(3), 0, 2, -2, -1.0),
        (first_of(4), 0, 0, 0, None),
    ]


def test_a_month_clamps_to_the_end_of_a_shorter_one() -> None:
    rows = model(visit("2025-02-28 10:00"), more=MORE)
    assert column(ask(rows, "a_month", "day", "2025-03-27..2025-03-31")) == [None, 1, 1, 1, 1]


def test_weeks_compare_over_fifty_two_weeks() -> None:
    rows = model(visit("2024-03-18 00:00"), visit("2024-03-25 00:00"), more=MORE)
    assert column(ask(rows, "a_year", "week", "2025-03-17..2025-03-23")) == [1]


def test_before_the_data_begin_there_is_nothing_though_it_counts() -> None:
    rows = model(visit("2025-02-10 10:00", points=None), more=MORE)
    shown = ask(rows, "old old0 old_points old_points0", "month", "2025-02..2025-04")
    assert [row[1:] for row in shown] == [(None, None, None, None), (1, 1, None, 0), (0, 0, None, 0)]
    assert ask(model(more=MORE), "old old0 old_points0", "month", "2025-02") == [(first_of(2), None, None, None)]


def test_the_data_begin_with_the_first_row_before_all_filters() -> None:
    rows = model(visit("2025-01-10 10:00", kind="b"), visit("2025-03-10 10:00"), more=MORE)
    of_a = ("=", ("name", "visits.kind"), ("lit", "a"))
    assert column(ask(rows, "old", "month", "2025-01..2025-03", where=of_a)) == [None, 0, 0]
    begin = model(visit("2025-02-01 00:00"), more=MORE)
    assert column(ask(begin, "old", "month", "2025-02..2025-03")) == [None, 1]  # January ends as the data begin


def test_one_leaf_without_data_is_null_in_arithmetic() -> None:
    rows = model(visit("2025-01-10 10:00"), days=(day("2025-02-10"),), more=MORE)
    assert column(ask(rows, "old_both", "month", "2025-02..2025-03")) == [None, 1]
    lenient = Derived("lenient", ("coalesce", ("name", "on_days"), ("name", "n")), empty=7)
    derived = Comparison("old_lenient", "lenient", PREVIOUS, "value")
    asked = replace(rows, metrics={**rows.metrics, "lenient": lenient, "old_lenient": derived})
    assert column(ask(asked, "old_lenient", "month", "2025-02..2025-03")) == [1, 1]


def test_windows_before_the_data_are_tested_by_their_end() -> None:
    rows = model(visit("2025-03-10 10:00"), more=MORE)
    shown = ask(rows, "old_week old_all", "day", "2025-03-10..2025-03-18")
    assert column(shown, 1) == [None, 1, 1, 1, 1, 1, 1, 1, 0]
    assert column(shown, 2) == [None, 1, 1, 1, 1, 1, 1, 1, 1]


def test_the_counterpart_is_whole() -> None:
    rows = model(*map(visit, ("2025-02-01 10:00", "2025-02-20 10:00", "2025-03-05 10:00")), more=MORE)
    assert ask(rows, "n old", "month", "2025-03-04..2025-03-10") == [(first_of(3), 1, 2)]
    assert ask(rows, "old", "month", "2025-03", as_of="2025-03-02 12:00") == [(first_of(3), 2)]


def test_a_window_of_a_counterpart_in_progress_ends_with_the_day_of_as_of() -> None:
    rows = model(*map(visit, ("2025-06-10 10:00", "2025-06-20 10:00", "2025-07-05 10:00")), more=MORE)
    shown = ask(rows, "n old old_all", "month", "2025-07", fill=False)  # July begins after as-of
    assert shown == [(first_of(7), 1, 2, 1)]


def test_comparisons_make_groups_where_either_side_has_rows() -> None:
    rows = model(visit("2025-01-05 10:00", kind="a"), visit("2025-02-05 10:00", kind="b"), more=MORE)
    parts: dict[str, Any] = {"by": "month visits.kind", "period": "2025-02", "fill": False}
    assert ask(rows, "old", **parts) == [(first_of(2), "a", 1)]
    assert ask(rows, "diff", **parts) == [(first_of(2), "a", -1), (first_of(2), "b", 1)]
    shown = ask(rows, "diff", "month visits.kind", fill=False)
    assert [row[:2] for row in shown] == [(first_of(1), "a"), (first_of(2), "a"), (first_of(2), "b")]


def test_comparison_of_a_share_ignores_dimensions_in_the_counterpart() -> None:
    rows = model(visit("2025-01-05 10:00", kind="a"), visit("2025-01-06 10:00", kind="b"), more=MORE)
    shown = ask(rows, "old_share", "month visits.kind", "2025-02")
    assert shown == [(first_of(2), "a", 0.5), (first_of(2), "b", 0.5)]


def test_a_comparison_of_a_comparison_goes_back_twice() -> None:
    rows = model(visit("2025-01-05 10:00"), more=MORE)
    assert column(ask(rows, "two_back", "month", "2025-01..2025-04")) == [None, None, 1, 0]


def test_a_null_time_has_nothing_before() -> None:
    rows = model(visit("2025-01-05 10:00"), visit(None), more=MORE)
    assert ask(rows, "n old diff", "month") == [(first_of(1), 1, None, None), (None, 1, None, None)]
    assert ask(rows, "old", "month") == [(first_of(1), None)]


def test_the_start_of_the_month() -> None:
    rows = model(visit("2025-03-01 10:00"), visit("2025-03-01 11:00"), visit("2025-03-03 11:00"), more=MORE)
    assert column(ask(rows, "first_of_month", "day", "2025-03-01..2025-03-03")) == [2, 2, 2]
    assert column(ask(rows, "first_of_month", "week", "2025-03-10..2025-03-16")) == [2]  # 24 February to 2 March


def test_hours_compare_by_elapsed_hours() -> None:
    rows = model(visit("2025-03-30 00:10"), visit("2025-03-29 11:10"), more=MORE, time_zone="Europe/Berlin")
    shown = {row[0]: row[1:] for row in ask(rows, "an_hour a_day", "hour", "2025-03-30")}
    assert shown[utc("2025-03-30 01:00")] == (1, None)  # 03:00 follows 01:00
    assert shown[utc("2025-03-30 10:00")] == (0, 1)  # 12:00 and 12:00
    assert len(shown) == 23


def test_without_a_time_word_the_period_moves() -> None:
    rows = model(*map(visit, ("2025-01-05 10:00", "2025-02-05 10:00", "2025-02-06 10:00")), more=MORE)
    assert ask(rows, "old a_month a_week", period="2025-02") == [(1, 1, 2)]
    assert ask(rows, "old a_month a_week", "visits.kind", period="2025-03") == [("a", 2, 2, 0)]
    with pytest.raises(Refused):
        ask(rows, "old")


# -- elapsed -------------------------------------------------------------------------------------------------


def test_a_month_in_progress_compares_with_the_same_part() -> None:
    times = "2025-05-01 10:00", "2025-05-15 11:59", "2025-05-15 12:00", "2025-06-15 11:59", "2025-06-15 12:00"
    rows = model(*map(visit, times), more=MORE)
    shown = ask(rows, "n a_month elapsed elapsed_diff", "month", "2025-05..2025-06")
    assert shown == [(first_of(5), 3, None, None, None), (first_of(6), 2, 3, 2, -1)]


def test_days_know_no_part_of_a_day() -> None:
    rows = model(days=(day("2025-05-15"), day("2025-05-16")), more=MORE)
    for as_of in ("2025-06-15 00:00", "2025-06-15 12:00"):
        assert column(ask(rows, "elapsed_days", "month", "2025-06", as_of=as_of)) == [1]


def test_what_has_elapsed_ends_on_the_last_day_of_a_shorter_month() -> None:
    times = "2025-02-27 10:00", "2025-02-28 23:00", "2025-03-01 10:00", "2025-03-30 10:00"
    rows = model(*map(visit, times), more=MORE)
    shown = ask(rows, "elapsed elapsed_diff", "month", "2025-03", as_of="2025-03-31 12:00")
    assert shown == [(first_of(3), 1, 2 - 1)]


def test_what_has_elapsed_begins_and_ends_with_the_query() -> None:
    times = "2025-05-09 10:00", "2025-05-10 10:00", "2025-05-12 23:00", "2025-05-13 00:00"
    rows = model(*map(visit, times), more=MORE)
    assert column(ask(rows, "elapsed", "month", "2025-06-10..2025-06-12")) == [2]
    assert column(ask(rows, "elapsed", "month", "2025-06-10..2025-06-30")) == [3]


def test_what_has_elapsed_without_a_time_word() -> None:
    """A year before is the same day, also in a leap year."""
    rows = model(*map(visit, ("2024-06-14 11:59", "2024-06-15 11:59", "2024-06-15 12:00")), more=MORE)
    assert ask(rows, "elapsed_year a_year", period="2025") == [(2, 3)]


def test_windows_end_with_what_has_elapsed() -> None:
    times = "2025-05-08 11:59", "2025-05-08 12:00", "2025-05-15 11:59", "2025-05-15 12:00"
    rows = model(*map(visit, times), more=MORE)
    assert ask(rows, "elapsed_week_n elapsed_all", "month", "2025-06") == [(first_of(6), 2, 3)]
    now = model(*map(visit, (*times, "2025-06-01 10:00", "2025-06-15 12:30")), more=MORE)
    assert ask(now, "elapsed_mtd", "month", "2025-06") == [(first_of(6), 1 - 3)]


def test_groups_of_what_has_elapsed_are_those_of_the_whole() -> None:
    rows = model(visit("2025-05-20 10:00", kind="b"), visit("2025-06-20 10:00", kind="c"), more=MORE)
    shown = ask(rows, "elapsed_diff", "month visits.kind", "2025-06", fill=False)
    assert shown == [(first_of(6), "b", 0), (first_of(6), "c", 0)]
    assert column(ask(rows, "elapsed", "month", "2025-06")) == [0]


def test_elapsed_goes_by_the_wall() -> None:
    """Berlin at 12:00 on 30 March, a day of 23 hours, compares with 12:00 a week before."""
    rows = model(visit("2025-03-23 10:30"), visit("2025-03-23 11:00"), time_zone="Europe/Berlin")
    elapsed = Comparison("elapsed", "n", WEEK, "value", "elapsed")
    asked = replace(rows, metrics={**rows.metrics, "elapsed": elapsed})
    assert column(ask(asked, "elapsed", "day", "2025-03-30", as_of="2025-03-30 10:00")) == [1]


def test_elapsed_hours_are_refused() -> None:
    elapsed = Comparison("elapsed", "n", PREVIOUS, align="elapsed")
    with pytest.raises(Refused):
        ask(model(visit("2025-03-23 10:30"), more=(elapsed,)), "elapsed", "hour", "today")


# -- totals --------------------------------------------------------------------------------------------------


def test_in_totals_only_fixed_offsets_have_a_meaning() -> None:
    rows = model(*map(visit, ("2025-01-05 10:00", "2025-02-05 10:00", "2025-03-05 10:00")), more=MORE)
    shown = ask(rows, "old old0 a_month first_of_month", "day", "2025-03", totals=True)
    assert shown[-1] == (None, None, None, 1, None, True)
    assert ask(rows, "a_month", "month", totals=True)[-1] == (None, None, True)
    assert ask(rows, "old a_month", "visits.kind", "2025-03", totals=True)[-1] == (None, 1, 1, True)
    assert ask(rows, "an_hour", "hour", "2025-03-05", totals=True)[-1] == (None, None, True)


def test_in_totals_of_weeks_a_year_is_fifty_two_weeks() -> None:
    rows = model(visit("2024-03-18 10:00"), visit("2024-03-24 10:00"), visit("2024-03-25 10:00"), more=MORE)
    shown = ask(rows, "a_year", "week", "2025-03-17..2025-03-23", totals=True)
    assert shown == [(date(2025, 3, 17), 2, False), (None, 2, True)]


def test_several_time_words_are_refused() -> None:
    rows = model(visit("2025-03-05 10:00"), more=MORE)
    for name in ("old", "change", "elapsed"):
        with pytest.raises(Refused):
            ask(rows, name, "day month")


def test_a_share_and_a_ratio_may_hold_comparisons() -> None:
    more = Share("part", "old"), Ratio("index", Part("n"), Part("old"))
    rows = model(visit("2025-01-05 10:00"), visit("2025-01-06 10:00", kind="b"), more=(*MORE, *more))
    shown = ask(rows, "part index", "month visits.kind", "2025-02")
    assert shown == [(first_of(2), "a", 0.5, 0.0), (first_of(2), "b", 0.5, 0.0)]


def test_the_local_hour_of_half_hours() -> None:
    """In Lord Howe the clock goes back half an hour, so that 01:30 to 02:00 comes twice."""
    howe = replace(UTC_CLOCK, zone=ZoneInfo("Australia/Lord_Howe"))
    label = datetime.fromisoformat("2025-04-05T14:30+00:00")
    period = period_of(label, "hour", howe)
    assert [edge.moment for edge in (period.start, period.end) if edge] == [
        utc("2025-04-05 15:00"),
        utc("2025-04-05 15:30"),
    ]
    assert start(PREVIOUS, "hour", label, howe) == utc("2025-04-05 14:00")
