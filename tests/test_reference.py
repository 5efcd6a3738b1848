"""Three-row checks of the naive evaluator, computed by hand: one for each decision its features touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from tests.reference import (
    Bins,
    Dataset,
    Derived,
    Dimension,
    Expr,
    Join,
    Metric,
    Model,
    Part,
    Query,
    Ratio,
    Refused,
    Row,
    Simple,
    evaluate,
)

AS_OF = datetime(2025, 3, 20, 12, tzinfo=UTC)
JAN, FEB, MAR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
GENDER_F: Expr = ("=", ("name", "gender"), ("lit", "f"))


def user(user_id: int, gender: str | None, born: date | None = None) -> Row:
    return {"user_id": user_id, "gender": gender, "born": born, "registered": None}


def act(user_id: int | None, at: datetime | None, kind: str | None = None, points: int | None = None) -> Row:
    return {"id": 0, "user_id": user_id, "at_": at, "kind": kind, "points": points}


USERS = Dataset(
    name="users",
    columns={"user_id": "BIGINT", "gender": "VARCHAR", "born": "DATE", "registered": "DATE"},
    rows=(user(1, "f", date(2000, 2, 29)), user(2, "m"), user(3, None)),
    primary_key=("user_id",),
    time="registered",
    dimensions=(
        Dimension("gender"),
        Dimension("registered", "date"),
        Dimension("known", expr=("coalesce", ("name", "gender"), ("lit", "unknown"))),
        Dimension("age", "integer", ("age_years", ("name", "born"), ("name", "at"))),
        Dimension("age_group", expr=("age_years", ("name", "born"), ("name", "at")), bins=Bins((18, 25))),
        Dimension("age_today", "integer", ("age_years", ("name", "born"), ("name", "as_of"))),
    ),
)
ACTIVITY = Dataset(
    name="activity",
    columns={"id": "BIGINT", "user_id": "BIGINT", "at_": "TIMESTAMP", "kind": "VARCHAR", "points": "BIGINT"},
    rows=(),
    primary_key=("id",),
    time="at_",
    joins=(Join("users", "users", ("user_id",)),),
    dimensions=(Dimension("kind"), Dimension("at_", "timestamp")),
)
METRICS: tuple[Metric, ...] = (
    Simple("n", "activity", "count"),
    Simple("n_users", "activity", "count_distinct", ("name", "user_id")),
    Simple("points", "activity", "sum", ("name", "points")),
    Simple("points0", "activity", "sum", ("name", "points"), empty=0),
    Simple("logins", "activity", "count", filter=("=", ("name", "kind"), ("lit", "login"))),
    Simple("logins_f", "activity", "count", filter=("=", ("name", "users.gender"), ("lit", "f"))),
    Simple("registered_users", "users", "count"),
    Ratio("share", Part("logins"), Part("n")),
    Ratio("of_all", Part("n"), Part("n_users", ("activity.kind",))),
    Derived("diff", ("-", ("name", "n"), ("name", "logins"))),
)


def model(*rows: Row, **changes: Any) -> Model:
    activity = replace(ACTIVITY, rows=rows)
    datasets = {"users": USERS, "activity": activity}
    return replace(Model(datasets, {metric.name: metric for metric in METRICS}), **changes)


def answer(model: Model, metrics: str = "", by: str = "", **parts: Any) -> list[tuple[Any, ...]]:
    as_of = parts.pop("as_of", AS_OF)
    query = Query(tuple(metrics.split()), tuple(by.split()), **parts)
    return list(evaluate(model, query, as_of).rows)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return at(text).replace(tzinfo=UTC)


THREE = model(
    act(1, at("2025-01-05 10:00"), "login", 5),
    act(9, at("2025-03-05 10:00"), "buy", None),
    act(None, at("2025-03-06 10:00"), "login", 2),
)


def test_looked_up_dimensions_keep_orphans_and_null_keys() -> None:
    assert answer(THREE, "n points", "gender") == [("f", 1, 5), (None, 2, 2)]


def test_an_expression_does_not_rescue_a_lookup_without_a_partner() -> None:
    assert answer(THREE, "n", "users.known") == [("f", 1), (None, 2)]


def test_a_group_exists_when_a_requested_leaf_has_a_row_there() -> None:
    assert answer(THREE, "logins", "kind") == [("login", 2)]
    assert answer(THREE, "logins n", "kind") == [("buy", 0, 1), ("login", 2, 2)]


def test_without_dimensions_there_is_one_row() -> None:
    assert answer(model(), "n points share points0") == [(0, None, None, 0)]
    assert answer(model(), "n", "kind") == []


def test_missing_counts_are_zero_before_ratio_and_derived() -> None:
    assert answer(THREE, "diff share", "kind") == [("buy", 1, 0.0), ("login", 0, 1.0)]


def test_empty_is_shown_where_the_metric_is_null() -> None:
    assert answer(THREE, "points points0", "kind") == [("buy", None, 0), ("login", 7, 7)]


def test_division_by_zero_is_null() -> None:
    ratio = Ratio("r", Part("n"), Part("logins"))
    with_ratio = replace(THREE, metrics={**THREE.metrics, "r": ratio})
    assert answer(with_ratio, "r", "kind") == [("buy", None), ("login", 1.0)]


def test_ignored_dimensions_make_no_group_and_take_their_value_in_each() -> None:
    assert answer(THREE, "of_all", "kind") == [("buy", 0.5), ("login", 1.0)]
    assert answer(THREE, "of_all", "kind", where=("=", ("name", "kind"), ("lit", "buy"))) == [("buy", 1.0)]


def test_ignoring_a_time_dimension_ignores_it_at_every_grain() -> None:
    of_all = Ratio("r", Part("n"), Part("n", ("users.registered",)))
    user_1 = {**user(1, "f"), "registered": FEB}
    datasets = {**THREE.datasets, "users": replace(USERS, rows=(user_1,))}
    asked = replace(THREE, datasets=datasets, metrics={**THREE.metrics, "r": of_all})
    assert answer(asked, "r", "users.registered.month") == [(FEB, 1 / 3), (None, 2 / 3)]


def test_another_name_for_the_same_dimension_is_ignored_as_well() -> None:
    reader = replace(ACTIVITY, joins=(Join("reader", "users", ("user_id",)),), rows=THREE.datasets["activity"].rows)
    of_all = Ratio("r", Part("n"), Part("n", ("reader.gender",)))
    asked = replace(THREE, datasets={"users": USERS, "activity": reader}, metrics={**THREE.metrics, "r": of_all})
    assert answer(asked, "r", "users.gender") == answer(asked, "r", "reader.gender") == [("f", 1 / 3), (None, 2 / 3)]


def test_a_query_in_which_nothing_makes_groups_is_refused() -> None:
    nothing = Ratio("nothing", Part("n", ("activity.kind",)), Part("n_users", ("activity.kind",)))
    asked = replace(THREE, metrics={**THREE.metrics, "nothing": nothing})
    assert answer(asked, "nothing") == [(1.5,)]
    with pytest.raises(Refused):
        answer(asked, "nothing", "kind")


def test_period_clips_days_of_the_business_zone() -> None:
    rows = act(1, at("2025-02-28 16:59:59")), act(1, at("2025-02-28 17:00")), act(1, None)
    bangkok = model(*rows, time_zone="Asia/Bangkok")
    assert answer(bangkok, "n", period="2025-03") == [(1,)]
    assert answer(bangkok, "n", "day", fill=False) == [(date(2025, 2, 28), 1), (MAR, 1), (None, 1)]


def test_fill_runs_from_first_to_last_observed() -> None:
    assert answer(THREE, "n points", "month") == [(JAN, 1, 5), (FEB, 0, None), (MAR, 2, 2)]
    assert answer(THREE, "n", "month", fill=False) == [(JAN, 1), (MAR, 2)]


def test_fill_takes_the_bounds_of_the_period_up_to_as_of() -> None:
    rows = answer(THREE, "n", "month", period="2025-02..2025-06")
    assert rows == [(FEB, 0), (MAR, 2)]
    assert answer(model(), "n", "month", period="2025-02..2025-06") == [(FEB, 0), (MAR, 0)]
    assert answer(model(), "n", "month") == []


def test_fill_crosses_the_spine_with_combinations_seen() -> None:
    rows = answer(THREE, "n", "month kind", period="2025-02..2025-03")
    assert rows == [(FEB, "buy", 0), (FEB, "login", 0), (MAR, "buy", 1), (MAR, "login", 1)]


def test_groups_after_as_of_stay_and_rows_without_a_time_form_a_group() -> None:
    later = model(act(1, at("2025-05-01 00:00"), "a"), act(1, None, "b"), act(1, at("2025-03-02 00:00"), "a"))
    may = date(2025, 5, 1)
    assert answer(later, "n", "month") == [(MAR, 1), (may, 1), (None, 1)]
    rows = answer(later, "n", "month kind")
    assert rows == [(MAR, "a", 1), (MAR, "b", 0), (may, "a", 1), (None, "b", 1)]


def test_filled_cells_are_evaluated() -> None:
    rows = answer(THREE, "of_all", "month kind", period="2025-01..2025-03")
    shares = [0.0, 1.0, None, None, 1.0, 1.0]
    assert rows == [
        (month, kind, share)
        for (month, kind), share in zip(product((JAN, FEB, MAR), ("buy", "login")), shares, strict=True)
    ]


def test_several_time_words_fill_what_occurs_in_the_calendar() -> None:
    rows = answer(THREE, "n", "week month", period="2025-02-24..2025-03-03")
    assert rows == [(date(2025, 2, 24), FEB, 0), (date(2025, 2, 24), MAR, 0), (date(2025, 3, 3), MAR, 0)]
    assert [row[:2] for row in answer(THREE, "n", "year month")] == [(JAN, m) for m in (JAN, FEB, MAR)]


def test_week_start_moves_weeks() -> None:
    sunday = model(act(1, at("2025-03-02 10:00")), week_start="sunday")
    assert answer(sunday, "n", "week") == [(date(2025, 3, 2), 1)]
    assert answer(replace(sunday, week_start="monday"), "n", "week") == [(date(2025, 2, 24), 1)]


def test_totals_are_recomputed_and_last() -> None:
    parts: dict[str, Any] = {"totals": True, "limit": 1, "having": (">", ("name", "n"), ("lit", 1))}
    rows = answer(THREE, "n n_users share", "kind", **parts)
    assert rows == [("login", 2, 1, 1.0, False), (None, 3, 2, 2 / 3, True)]
    assert answer(model(), "n points", "kind", totals=True) == [(None, 0, None, True)]


def test_order_puts_null_last_either_way_and_ends_with_the_dimensions() -> None:
    rows = answer(THREE, "points", "kind", order=("points desc",))
    assert rows == [("login", 7), ("buy", None)]
    assert answer(THREE, "n", "gender", order=("gender desc",)) == [("f", 1), (None, 2)]
    three = model(act(1, None, "é"), act(1, None, "z"), act(1, None, "Z"))
    assert [row[0] for row in answer(three, "n", "kind", order=("n desc",))] == ["Z", "z", "é"]


def test_hours_across_daylight_saving_stay_two() -> None:
    night = [at(f"2025-10-26 0{hour}:30") for hour in (0, 1, 2)]  # 02:30, 02:30 again, 03:30 in Berlin
    berlin = model(*(act(1, moment) for moment in night), time_zone="Europe/Berlin")
    rows = answer(berlin, "n", "hour", as_of=utc("2025-11-01 00:00"))
    assert rows == [(utc(f"2025-10-26 0{hour}:00"), 1) for hour in (0, 1, 2)]
    day = answer(berlin, "n", "hour", period="2025-10-26", as_of=utc("2025-11-01 00:00"))
    assert [len(day), sum(row[1] for row in day)] == [25, 3]


def test_half_hour_daylight_saving_keeps_local_hour_and_offset_apart() -> None:
    night = [at(f"2025-04-05 {time}") for time in ("14:45", "15:15", "15:30")]  # 01:45+11, 01:45+10:30, 02:00
    howe = model(*(act(1, moment) for moment in night), time_zone="Australia/Lord_Howe")
    rows = answer(howe, "n", "hour", as_of=utc("2025-11-01 00:00"))
    assert rows == [(utc(f"2025-04-05 {time}"), 1) for time in ("14:00", "14:30", "15:30")]
    spring = model(act(1, at("2025-10-04 15:30")), time_zone="Australia/Lord_Howe")  # 02:30+11, the first one
    assert answer(spring, "n", "hour", as_of=utc("2025-11-01 00:00")) == [(utc("2025-10-04 15:00"), 1)]


def test_naive_timestamps_are_read_in_their_zone() -> None:
    new_york = replace(ACTIVITY, dimensions=(Dimension("at_", "timestamp", zone="America/New_York"),))
    three = model()
    moved = replace(new_york, rows=(act(1, at("2025-02-28 20:00")),))
    asked = replace(three, datasets={"users": USERS, "activity": moved})
    assert answer(asked, "n", "day") == [(MAR, 1)]
    assert answer(asked, "n", "at_") == [(utc("2025-03-01 01:00"), 1)]


def test_conditions_see_business_local_time() -> None:
    berlin = model(act(1, at("2025-02-28 23:30")), time_zone="Europe/Berlin")
    on_first: Expr = (">=", ("name", "at_"), ("lit", "2025-03-01"))
    assert answer(berlin, "n", where=on_first) == [(1,)]
    assert answer(berlin, "n", where=("=", ("name", "month"), ("lit", MAR))) == [(1,)]
    assert answer(berlin, "n", where=("=", ("hour", ("name", "at_")), ("lit", 0))) == [(1,)]


def test_age_at_the_event_and_today() -> None:
    leap = model(act(1, at("2025-02-28 12:00")), act(1, at("2025-03-01 12:00")), act(2, None))
    assert answer(leap, "n", "users.age") == [(24, 1), (25, 1), (None, 1)]
    assert answer(leap, "n", "users.age_group") == [("18 - < 25", 1), (">= 25", 1), (None, 1)]
    assert answer(leap, "n", "users.age_today", as_of=utc("2026-02-28 12:00")) == [(25, 2), (None, 1)]


def test_filters_reach_looked_up_dimensions_and_unknown_is_not_true() -> None:
    assert answer(THREE, "logins_f") == [(1,)]
    assert answer(THREE, "n", where=GENDER_F) == [(1,)]
    assert answer(THREE, "n", where=("not", GENDER_F)) == [(0,)]


def history(*rows: tuple[int, str, str | None, str], **changes: Any) -> Model:
    columns = {"user_id": "BIGINT", "since": "TIMESTAMP", "until": "TIMESTAMP", "segment": "VARCHAR"}
    segments = Dataset(
        "segments",
        columns,
        tuple({"user_id": u, "since": at(a), "until": at(b) if b else None, "segment": s} for u, a, b, s in rows),
        ("user_id", "since"),
        dimensions=(Dimension("segment"),),
        validity=("since", "until"),
    )
    joins = (Join("segments", "segments", ("user_id",), as_of="at_"),)
    times = "2025-01-01 00:00", "2025-01-10 00:00", "2025-01-20 00:00"
    activity = replace(ACTIVITY, joins=joins, rows=tuple(act(1, at(time)) for time in times))
    return replace(model(**changes), datasets={"activity": activity, "segments": segments})


def test_validity_is_half_open_and_open_ended() -> None:
    first = "2025-01-01"
    three = history((1, first, "2025-01-10", "a"), (1, "2025-01-12", None, "b"), (2, first, None, "c"))
    assert answer(three, "n", "segment") == [("a", 1), ("b", 1), (None, 1)]


def test_two_paths_are_refused_until_via_settles_them() -> None:
    author = Join("author", "users", ("author_id",))
    row = {**act(1, None), "author_id": 2}
    two = replace(ACTIVITY, joins=(replace(author, name="reader", on=("user_id",)), author), rows=(row,))
    asked = replace(THREE, datasets={"users": USERS, "activity": two})
    with pytest.raises(Refused):
        answer(asked, "n", "users.gender")
    assert answer(asked, "n", "author.gender reader.gender") == [("m", "f", 1)]
    settled = replace(asked, datasets={"users": USERS, "activity": replace(two, via={"users": "author"})})
    assert answer(settled, "n", "users.gender") == [("m", 1)]


def test_composite_keys_with_a_null_component_find_nothing() -> None:
    lines = Dataset(
        "lines",
        {"a": "BIGINT", "b": "BIGINT", "name": "VARCHAR"},
        ({"a": 1, "b": 1, "name": "x"},),
        ("a", "b"),
        dimensions=(Dimension("name"),),
    )
    facts = Dataset(
        "facts",
        {"id": "BIGINT", "a": "BIGINT", "b": "BIGINT"},
        ({"id": 1, "a": 1, "b": 1}, {"id": 2, "a": 1, "b": None}),
        ("id",),
        joins=(Join("lines", "lines", ("a", "b")),),
    )
    two = Model({"lines": lines, "facts": facts}, {"n": Simple("n", "facts", "count")})
    assert answer(two, "n", "lines.name") == [("x", 1), (None, 1)]


def test_metrics_keep_their_own_clock() -> None:
    users = replace(USERS, rows=({**user(1, "f"), "registered": FEB}, user(2, "m")))
    both = replace(THREE, datasets={**THREE.datasets, "users": users})
    rows = answer(both, "n registered_users", "month")
    assert rows == [(JAN, 1, 0), (FEB, 0, 1), (MAR, 2, 0), (None, 0, 1)]
    assert answer(both, "n registered_users", "gender") == [("f", 1, 1), ("m", 0, 1), (None, 2, 0)]


@pytest.mark.parametrize(
    ("metrics", "by", "parts"),
    [
        ("nothing", "", {}),
        ("n", "nothing", {}),
        ("n", "user_id", {}),
        ("registered_users", "kind", {}),
        ("registered_users", "", {"where": ("=", ("name", "kind"), ("lit", "a"))}),
        ("n registered_users", "kind", {}),
        ("registered_users", "hour", {}),
        ("registered_users", "month", {"time_zone": "Asia/Bangkok"}),
        ("n", "users.registered.hour", {}),
        ("n", "", {"having": (">", ("name", "points"), ("lit", 1))}),
        ("n", "", {"order": ("points",)}),
        ("n", "", {"time_zone": "Mars/Olympus"}),
        ("n", "second", {"period": "2020..2024"}),
        ("", "", {}),
    ],
)
def test_refusals(metrics: str, by: str, parts: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        answer(THREE, metrics, by, **parts)


def test_a_metric_without_a_clock_refuses_period_and_time_words() -> None:
    timeless = replace(THREE, datasets={"users": USERS, "activity": replace(ACTIVITY, time=None)})
    assert answer(timeless, "n") == [(0,)]
    for parts in ({"period": "2025"}, {"by": "month"}, {"by": "users.age"}):
        with pytest.raises(Refused):
            answer(timeless, "n", **parts)


def test_without_metrics_the_combinations_of_one_dataset() -> None:
    assert answer(THREE, "", "kind gender") == [("buy", None), ("login", "f"), ("login", None)]
    assert answer(THREE, "", "gender") == [("f",), ("m",), (None,)]
    reader = replace(ACTIVITY, joins=(Join("reader", "users", ("user_id",)),), rows=THREE.datasets["activity"].rows)
    assert answer(replace(THREE, datasets={"users": USERS, "activity": reader}), "", "reader.gender") == [
        ("f",),
        (None,),
    ]
