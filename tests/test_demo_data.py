"""The demonstration data is as lifelike as it promises to be."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from scheduler.demo import DEFAULT_END, DEFAULT_START, GeneratedCounts, generate

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = ("users", "activity_log", "points_ledger", "user_segments", "campaigns", "campaign_exposures")
WITHOUT_EFFECT = "New-year quiz 2025"
STAYS = """
    create temp view stays as
    select *,
           row_number() over in_time as stay,
           lead(valid_from) over in_time as next_from
    from user_segments window in_time as (partition by user_id order by valid_from)
"""
DAY_WITHOUT_DATA = date(2025, 6, 17)


class Data:
    """The demonstration as it is shipped."""

    def __init__(self, counts: GeneratedCounts, connection: duckdb.DuckDBPyConnection) -> None:
        self.counts = counts
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        ((value,),) = self.rows(sql)
        return value


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    database = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    counts = generate(database)
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("create temp macro bangkok(utc_time) as utc_time + interval 7 hours")
        connection.execute(STAYS)
        yield Data(counts, connection)


# --- size and shape ------------------------------------------------------------------------------------


def test_the_size_is_as_promised(demo: Data) -> None:
    assert demo.counts.users == 20_000
    assert 1_400_000 < demo.counts.activity_log < 1_600_000


def test_the_counts_are_those_of_the_tables(demo: Data) -> None:
    counted = [demo.value(f"select count(*) from {table}") for table in TABLES]
    assert counted == [getattr(demo.counts, table) for table in TABLES]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("users", "user_id"),
        ("activity_log", "activity_id"),
        ("points_ledger", "entry_id"),
        ("user_segments", "(user_id, valid_from)"),
        ("campaigns", "campaign_id"),
        ("campaign_exposures", "(campaign_id, user_id)"),
    ],
)
def test_keys_are_unique(demo: Data, table: str, key: str) -> None:
    assert demo.value(f"select count(*) - count(distinct {key}) from {table}") == 0


def test_every_row_lies_between_the_dates(demo: Data) -> None:
    clocks = {
        "users": "registered_at",
        "activity_log": "occurred_at",
        "points_ledger": "occurred_at",
        "user_segments": "valid_from",
        "campaign_exposures": "assigned_at",
    }
    for table, clock in clocks.items():
        days = demo.rows(f"select min(bangkok({clock}))::date, max(bangkok({clock}))::date from {table}")
        assert DEFAULT_START <= days[0][0] <= days[0][1] <= DEFAULT_END, table


# --- how people live -----------------------------------------------------------------------------------


def test_there_is_growth(demo: Data) -> None:
    years = demo.rows(
        """
        select count(distinct user_id), count(*)
        from activity_log where bangkok(occurred_at) < '2026-01-01'
        group by year(bangkok(occurred_at)) order by all
        """
    )
    assert all(later[0] > 1.2 * earlier[0] for earlier, later in pairwise(years))
    assert all(later[1] > 1.2 * earlier[1] for earlier, later in pairwise(years))


def test_weekends_are_busier(demo: Data) -> None:
    days = dict(demo.rows("select isodow(bangkok(occurred_at)), count(*) from activity_log group by all"))
    assert days[6] == max(days.values())
    assert days[6] > 1.4 * days[2]


def test_the_end_of_the_year_is_busier(demo: Data) -> None:
    months = dict(demo.rows("select strftime(bangkok(occurred_at), '%Y-%m'), count(*) from activity_log group by all"))
    for year in (2023, 2024, 2025):
        assert months[f"{year}-12"] > 1.3 * months[f"{year}-09"]
        assert months.get(f"{year + 1}-02", 0) < 0.8 * months[f"{year}-12"]


def test_evenings_are_busier_than_nights(demo: Data) -> None:
    hours = dict(demo.rows("select hour(bangkok(occurred_at)), count(*) from activity_log group by all"))
    assert set(hours) == set(range(24))
    assert hours[20] > 5 * hours[3]


def test_some_never_return_and_some_do(demo: Data) -> None:
    days = dict(
        demo.rows(
            """
            select least(days, 100), count(*)
            from (select count(distinct bangkok(occurred_at)::date) as days
                  from activity_log semi join users using (user_id) group by user_id)
            group by all
            """
        )
    )
    assert 0.2 < days[1] / demo.counts.users < 0.4
    assert days[100] / demo.counts.users > 0.03


def test_every_user_signs_up_once(demo: Data) -> None:
    once = """
        select count(*) from users join activity_log using (user_id)
        where activity_type = 'sign_up' and occurred_at = registered_at
    """
    assert demo.value(once) == demo.counts.users
    assert demo.value("select count(*) from activity_log where activity_type = 'sign_up'") == demo.counts.users
    before = "select count(*) from users join activity_log using (user_id) where occurred_at < registered_at"
    assert demo.value(before) == 0


def test_a_feature_is_launched_later(demo: Data) -> None:
    first = "select min(bangkok(occurred_at))::date from activity_log where feature = 'games'"
    assert date(2024, 7, 1) <= demo.value(first) <= date(2024, 7, 3)


def test_campaigns_work_and_one_does_not(demo: Data) -> None:
    """The difference to the hold-out, in standard errors."""
    rows = demo.rows(
        """
        with outcomes as (
            select *, exists (
                select 1 from activity_log
                where activity_log.user_id = campaign_exposures.user_id
                  and occurred_at >= assigned_at and occurred_at < assigned_at + interval 14 days) as came
            from campaign_exposures
        )
        select campaign_name, avg(came::int) filter (exposure_group = 'treatment') as treated,
               avg(came::int) filter (exposure_group = 'holdout') as held_out,
               sqrt(treated * (1 - treated) / count(*) filter (exposure_group = 'treatment')
                    + held_out * (1 - held_out) / count(*) filter (exposure_group = 'holdout'))
        from outcomes join campaigns using (campaign_id) group by campaign_name
        """
    )
    lifts = {name: (treated - held_out) / error for name, treated, held_out, error in rows}
    assert len(lifts) == 9
    assert math.fabs(lifts.pop(WITHOUT_EFFECT)) < 1.5
    assert min(lifts.values()) > 2


def test_the_campaign_without_effect_has_visits_all_the_same(demo: Data) -> None:
    visits = f"""
        select count(*) from activity_log join campaigns using (campaign_id)
        where campaign_name = '{WITHOUT_EFFECT}'
    """
    assert demo.value(visits) > 1_000


def test_the_held_out_follow_no_link(demo: Data) -> None:
    links = """
        select count(*) from activity_log join campaign_exposures using (user_id, campaign_id)
        where exposure_group = 'holdout'
    """
    assert demo.value(links) == 0


# --- what is wrong in it, on purpose -------------------------------------------------------------------


def test_some_do_not_say_who_they_are(demo: Data) -> None:
    gender, birth = demo.rows("select avg((gender is null)::int), avg((birth_date is null)::int) from users")[0]
    assert 0.08 < gender < 0.16
    assert 0.04 < birth < 0.10


def test_some_activities_are_of_nobody_known(demo: Data) -> None:
    nobody, unknown = demo.rows(
        """
        select count(*) filter (user_id is null),
               count(*) filter (user_id is not null and user_id not in (select user_id from users))
        from activity_log
        """
    )[0]
    assert 0.001 < nobody / demo.counts.activity_log < 0.004
    assert 0.002 < unknown / demo.counts.activity_log < 0.008


@pytest.mark.parametrize("table", ["activity_log", "points_ledger"])
def test_some_rows_arrive_days_late(demo: Data, table: str) -> None:
    late, earliest = demo.rows(
        f"""
        select avg((loaded_at >= occurred_at + interval 1 day)::int),
               min(loaded_at - occurred_at) > interval 0 days
        from {table}
        """
    )[0]
    assert 0.005 < late < 0.02
    assert earliest


def test_one_day_has_no_data(demo: Data) -> None:
    for table, clock in (
        ("activity_log", "occurred_at"),
        ("points_ledger", "occurred_at"),
        ("users", "registered_at"),
    ):
        days = {day for (day,) in demo.rows(f"select distinct bangkok({clock})::date from {table}")}
        assert DAY_WITHOUT_DATA not in days
    days = {day for (day,) in demo.rows("select distinct bangkok(occurred_at)::date from activity_log")}
    assert len(days) == (DEFAULT_END - DEFAULT_START).days  # all but the one


def test_there_is_a_leap_day(demo: Data) -> None:
    assert demo.value("select count(*) from activity_log where bangkok(occurred_at)::date = '2024-02-29'") > 300
    assert demo.value("select count(*) from users where strftime(birth_date, '%m-%d') = '02-29'") > 5


def test_there_is_activity_around_local_midnight(demo: Data) -> None:
    first, last = demo.rows(
        """
        select count(*) filter (bangkok(occurred_at)::time = '00:00:00'),
               count(*) filter (bangkok(occurred_at)::time = '23:59:59.999999')
        from activity_log
        """
    )[0]
    assert first > 1_000
    assert last > 1_000


# --- points and segments -------------------------------------------------------------------------------


def test_the_ledger_has_all_kinds_of_bookings(demo: Data) -> None:
    kinds = demo.rows(
        "select entry_type, min(points) > 0, max(points) < 0 from points_ledger group by all order by all"
    )
    assert kinds == [
        ("adjust", False, False),
        ("earn", True, False),
        ("expire", False, True),
        ("redeem", False, True),
    ]


def test_no_balance_is_ever_negative(demo: Data) -> None:
    lowest = """
        select min(balance) from
            (select sum(points) over (partition by user_id order by occurred_at, entry_id) as balance
             from points_ledger)
    """
    assert demo.value(lowest) == 0


def test_bookings_are_of_known_users_and_after_registering(demo: Data) -> None:
    strange = """
        select count(*) from points_ledger left join users using (user_id)
        where registered_at is null or occurred_at < registered_at
    """
    assert demo.value(strange) == 0


def test_no_two_segments_are_valid_at_once(demo: Data) -> None:
    overlapping = """
        select count(*) from stays
        where valid_to <= valid_from or (next_from is not null and (valid_to is null or valid_to > next_from))
    """
    assert demo.value(overlapping) == 0


def test_some_are_in_no_segment_for_a_while(demo: Data) -> None:
    """Those who get their first one in the night after, and those with a gap."""
    late = "select avg((valid_from > registered_at)::int) from stays join users using (user_id) where stay = 1"
    assert 0.05 < demo.value(late) < 0.12
    gaps = "select count(*) from stays where next_from - valid_to = interval 10 days"
    assert demo.value(gaps) > 100


def test_all_segments_are_lived_in(demo: Data) -> None:
    now = dict(demo.rows("select segment, count(*) from user_segments where valid_to is null group by all"))
    assert set(now) == {"new", "occasional", "regular", "champion", "dormant"}
    assert min(now.values()) > 300
