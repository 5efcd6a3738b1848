"""What the naive evaluator takes a period to be, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.reference import Refused
from tests.reference.times import Clockwork, parse_period

# In Bangkok it is Thursday, 20 March 2025, half past one in the morning.
CLOCK = Clockwork(ZoneInfo("Asia/Bangkok"), "monday", datetime(2025, 3, 19, 18, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-Q4", "2025-10-01", "2026-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2025-W07", "2025-02-10", "2025-02-17"),
        ("2025-W01", "2024-12-30", "2025-01-06"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2025-03-14", "2025-03-14", "2025-03-15"),
        ("2025-01..2025-03", "2025-01-01", "2025-04-01"),
        ("2025-01-31..2025-02", "2025-01-31", "2025-03-01"),
        ("last 2 months", "2025-01-01", "2025-03-01"),
        ("last 13 weeks", "2024-12-16", "2025-03-17"),
        ("last 1 quarter", "2024-10-01", "2025-01-01"),
        ("last 3 days", "2025-03-17", "2025-03-20"),
        ("this week", "2025-03-17", "2025-03-24"),
        ("this year", "2025-01-01", "2026-01-01"),
        ("yesterday", "2025-03-19", "2025-03-20"),
        ("today", "2025-03-20", "2025-03-21"),
    ],
)
def test_bounds(text: str, start: str, end: str) -> None:
    assert parse_period(text, CLOCK) == (date.fromisoformat(start), date.fromisoformat(end))


def test_weeks_start_where_the_project_says() -> None:
    friday = Clockwork(CLOCK.zone, "friday", CLOCK.as_of)
    assert parse_period("last 1 week", friday) == (date(2025, 3, 7), date(2025, 3, 14))
    assert parse_period("this week", friday) == (date(2025, 3, 14), date(2025, 3, 21))


@pytest.mark.parametrize("text", ["2025-13", "2025-Q5", "2025-W53", "2025-02-29", "2025-03..2025-01", "soon"])
def test_impossible_periods_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse_period(text, CLOCK)
