"""Cron texts against the table in cron.yml, which was written by hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.cron import Problem, parse_cron
from scheduler.schedule import Timetable, read_zone

TABLE = yaml.load((Path(__file__).parent / "cron.yml").read_text(), yaml.BaseLoader)
HOUR = timedelta(hours=1)


def timetable(cron: str, zone: str) -> Timetable:
    problems: list[Problem] = []
    parsed, found = parse_cron(cron, problems.append), read_zone(zone, problems.append)
    assert not problems
    assert parsed is not None
    assert found is not None
    return Timetable(parsed, found)


def name(case: dict[str, Any]) -> str:
    return " ".join(case[key] for key in ("cron", "zone", "after") if key in case)


@pytest.mark.parametrize("case", TABLE["cases"], ids=name)
def test_next_and_previous(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case.get("zone", "UTC"))
    plan = timetable(case["cron"], zone.key)
    after = instant = datetime.fromisoformat(case["after"]).replace(tzinfo=zone)
    found = []
    for _ in case["next"]:
        following = plan.next_after(instant)
        assert following is not None
        found.append(f"{following.astimezone(zone):%Y-%m-%d %H:%M}")
        instant = following
    assert found == case["next"]
    if "before" in case:
        latest = plan.latest_until(after)
        assert latest is not None
        assert f"{latest.astimezone(zone):%Y-%m-%d %H:%M}" == case["before"]


@pytest.mark.parametrize("case", TABLE["nights"], ids=name)
def test_nights_of_daylight_saving(case: dict[str, Any]) -> None:
    plan = timetable(case["cron"], case["zone"])
    after, until = datetime.fromisoformat(case["after"]), datetime.fromisoformat(case["until"])
    assert plan.between(after, until) == tuple(datetime.fromisoformat(each) for each in case["at"])


@pytest.mark.parametrize("case", TABLE["refused"], ids=name)
def test_refused_texts(case: dict[str, Any]) -> None:
    problems: list[Problem] = []
    assert parse_cron(case["cron"], problems.append) is None
    assert [str(problem.offset + 1) for problem in problems] == case["at"]
    assert any(case["message"] in problem.message for problem in problems), problems
    assert "hint" not in case or any(case["hint"] in (problem.hint or "") for problem in problems), problems


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Asia/Bankok", "Asia/Bangkok"),
        ("europe/berlin", "Europe/Berlin"),
        ("", "IANA"),
        ("../etc/passwd", ""),
    ],
)
def test_unknown_zones(zone: str, hint: str) -> None:
    problems: list[Problem] = []
    assert read_zone(zone, problems.append) is None
    assert [hint in (problem.hint or "") for problem in problems] == [True]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Bangkok", "Australia/Lord_Howe"])
def test_once_per_wall_clock_day_of_a_year(zone: str) -> None:
    for cron in ("30 2 * * *", "0 0 * * *", "59 23 * * *", "15 1 * * *"):
        start = datetime(2025, 1, 1, tzinfo=ZoneInfo(zone))
        instants = timetable(cron, zone).between(start - timedelta(seconds=1), start.replace(year=2026) - HOUR / 60)
        days = [instant.astimezone(ZoneInfo(zone)).date() for instant in instants]
        assert len(days) == len(set(days)) == 365


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["*/7 * * * *", "30 2 * * *", "0 */6 * * 1-5", "15,45 1-3 * * *", "0 3 1,15 * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Africa/Casablanca"]),
    st.integers(0, 25 * 365 * 24 * 60).map(lambda n: datetime(2005, 1, 1, tzinfo=UTC) + n * HOUR / 60),
)
def test_next_previous_and_between_agree(cron: str, zone: str, instant: datetime) -> None:
    plan = timetable(cron, zone)
    following = plan.next_after(instant)
    assert following is not None
    assert following > instant
    assert plan.between(instant, following) == (following,)
    assert plan.latest_until(following) == following
    latest = plan.latest_until(instant)
    assert latest is not None
    assert plan.next_after(latest) == following
