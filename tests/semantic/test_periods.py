"""What is known of a zone's clock during a period."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from semantic.periods import Period, constant_offset


@pytest.mark.parametrize(
    ("start", "end", "zone", "hours"),
    [
        (date(2025, 1, 1), date(2025, 3, 30), "Europe/Berlin", 1),
        (date(2025, 3, 30), date(2025, 3, 31), "Europe/Berlin", None),
        (date(2025, 3, 31), date(2025, 10, 26), "Europe/Berlin", 2),
        (date(2025, 1, 1), date(2026, 1, 1), "Europe/Berlin", None),
        (date(2025, 1, 1), date(2026, 1, 1), "UTC", 0),
        (date(2025, 1, 1), date(2026, 1, 1), "Asia/Kathmandu", 5.75),
        (date(2025, 1, 1), date(2025, 2, 1), "America/New_York", -5),
        (date(2025, 3, 30), date(2025, 3, 31), "Asia/Beirut", 3),  # put forward at midnight: the day begins at 1
        (date(2025, 3, 29), date(2025, 3, 31), "Asia/Beirut", None),
        (date(2025, 10, 1), date(2025, 10, 26), "Asia/Beirut", None),  # put back over the midnight at the end
        (date(1919, 1, 1), date(1921, 1, 1), "Asia/Bangkok", None),
        (date(1, 1, 1), date(9999, 1, 1), "Asia/Bangkok", None),  # too long to look
    ],
)
def test_a_clock_that_does_not_change(start: date, end: date, zone: str, hours: float | None) -> None:
    wanted = None if hours is None else timedelta(hours=hours)
    assert constant_offset(Period(start, end), zone) == wanted
