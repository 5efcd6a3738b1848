"""What is said to differ between two versions of a project: every question that has another answer, and no other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from semantic.comparing.compare import Changed, Difference, compare
from semantic.compile import compile_query
from semantic.load import load_texts
from semantic.model import Model
from semantic.query import Query

PROJECT = "time_zone: Asia/Bangkok\n"
MODEL = """
datasets:
  sales:
    table: sales
    primary_key: sale_id
    time: sold_at
    joins: {users: {on: user_id}, shops: {on: shop_id}}
    dimensions:
      sold_at: {type: timestamp, label: Sold at}
      channel: {label: Channel, type: string}
  users:
    table: people
    primary_key: user_id
    dimensions: {age_group: {expr: age, bins: [18, 65]}, born: {type: date}, gender: {}}
  shops: {table: shops, primary_key: shop_id, dimensions: {city: {}}}
  visits: {sql: "SELECT * FROM raw_visits", primary_key: id, time: at_time, joins: {users: {on: user_id}}}
segments:
  online: {filter: sales.channel = 'web'}
metrics:
  revenue: {dataset: sales, agg: sum, expr: amount, label: Revenue, format: number}
  web_revenue: {dataset: sales, agg: sum, expr: amount, filter: "online and amount > 0"}
  minors: {dataset: sales, agg: count, filter: "users.age_group = '< 18'"}
  visits: {dataset: visits, agg: count}
  revenue_per_visit: {type: ratio, numerator: revenue, denominator: visits}
  gender_share: {type: ratio, numerator: revenue, denominator: {metric: revenue, ignore: [gender]}}
"""


def model(text: str = MODEL, project: str = PROJECT) -> Model:
    loaded = load_texts({"metrics/project.yml": project, "metrics/m.yml": text})
    assert loaded.model is not None, [found.render() for found in loaded.diagnostics]
    return loaded.model


def edited(*pairs: tuple[str, str], project: str = PROJECT) -> Difference:
    """The difference that replacements in the model make; each is made exactly once."""
    text = MODEL
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return compare(model(), model(text, project))


def cuts(found: Difference) -> dict[str, tuple[str, ...] | str]:
    """For each changed metric where it differs."""
    return {each.name: "everything" if each.cuts.everything else each.cuts.changed for each in found.changed}


def causes(found: Changed) -> set[str]:
    return {f"{each.kind} {each.name} {' '.join(change.key for change in each.keys)}".strip() for each in found.causes}


def one(found: Difference, name: str) -> Changed:
    return next(each for each in found.changed if each.name == name)


# --- nothing that matters ------------------------------------------------------------


def test_equal_versions_do_not_differ() -> None:
    assert compare(model(), model()) == Difference((), (), (), (), (), ())


def test_layout_order_and_files_mean_nothing() -> None:
    data, metrics = MODEL.split("segments:\n")
    segments, metrics = metrics.split("metrics:\n")
    lines = "".join(f"{line}\n" for line in reversed(metrics.strip("\n").split("\n")))
    files = {
        "metrics/a/data.yml": f"# moved\n{data}",
        "metrics/b.yml": f"segments:\n{segments}",
        "metrics/c.yml": f"metrics:\n{lines}",
        "metrics/project.yml": PROJECT,
    }
    moved = load_texts(files).model
    assert moved is not None
    assert compare(model(), moved) == Difference((), (), (), (), (), ())


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "keys"),
    [
        ("label: Revenue", "label: Turnover", "metric", "revenue", ["label"]),
        ("format: number", "format: {currency: EUR}", "metric", "revenue", ["format"]),
        ("format: number", "format: number, synonyms: [sales], folder: Money, hidden: true", "metric", "revenue", None),
        ("label: Channel", "label: Channel, values: [web, shop]", "dimension", "sales.channel", ["values"]),
        ("label: Channel, type: string", "label: Channel", "dimension", "sales.channel", ["type"]),
        ("online and amount > 0", "online  and  amount>0", "metric", "web_revenue", ["filter"]),
        ("sales.channel = 'web'", "sales.channel  =  'web'", "segment", "online", ["filter"]),
        ("SELECT * FROM raw_visits", "select * /* all */ from raw_visits", "dataset", "visits", ["sql"]),
        ("table: shops,", "table: shops, description: Where.,", "dataset", "shops", ["description"]),
    ],
)
def test_words_and_spelling_are_no_meaning(old: str, new: str, kind: str, name: str, keys: list[str] | None) -> None:
    found = edited((old, new))
    assert not found.is_in_meaning
    (said,) = found.reworded
    assert (said.kind, said.name) == (kind, name)
    assert keys is None or [change.key for change in said.keys] == keys


def test_spaces_within_a_text_are_meaning() -> None:
    found = edited(("sales.channel = 'web'", "sales.channel = 'we  b'"))
    assert cuts(found) == {"web_revenue": "everything"}
    assert causes(found.changed[0]) == {"segment online filter"}


def test_what_is_added_changes_nothing() -> None:
    found = edited(
        (
            "visits: {dataset: visits, agg: count}",
            "visits: {dataset: visits, agg: count}\n  new: {dataset: visits, agg: count}",
        ),
        ("gender: {}", "gender: {}, height: {}"),
    )
    assert [(each.kind, each.name) for each in found.added] == [("dimension", "users.height"), ("metric", "new")]
    assert not found.is_in_meaning


# --- what a metric is made of ------------------------------------------------------------


def test_an_own_definition_changes_the_metric_and_those_over_it() -> None:
    found = edited(("expr: amount, label", "expr: amount - discount, label"))
    assert cuts(found) == {"revenue": "everything", "revenue_per_visit": "everything", "gender_share": "everything"}
    own = one(found, "revenue")
    assert (own.old, own.new) == ("sum(amount) over sales", "sum(amount - discount) over sales")
    assert [(change.key, change.old, change.new) for change in own.keys] == [("expr", "amount", "amount - discount")]
    assert own.causes == ()
    assert causes(one(found, "revenue_per_visit")) == {"metric revenue expr"}
    assert one(found, "revenue_per_visit").keys == ()


def test_a_dimension_changes_the_cuts_by_it_and_the_filters_that_name_it() -> None:
    found = edited(("bins: [18, 65]", "bins: [16, 65]"))
    assert cuts(found).pop("minors") == "everything"
    assert {where for name, where in cuts(found).items() if name != "minors"} == {("users.age_group",)}
    assert set(cuts(found)) == set(model().metrics)
    assert all(causes(each) == {"dimension users.age_group bins"} for each in found.changed)
    assert [each.name for each in found.altered] == ["users.age_group"]


def test_a_looked_up_table_changes_the_cuts_that_need_it() -> None:
    found = edited(("table: people", "table: people_2"))
    assert one(found, "revenue").cuts.changed == ("users.age_group", "users.born", "users.gender", "users.user_id")
    assert cuts(found)["minors"] == "everything"
    assert all(causes(each) == {"dataset users table"} for each in found.changed)


def test_the_table_of_the_rows_changes_everything() -> None:
    found = edited(("table: sales", "table: sales_2"))
    assert "visits" not in cuts(found)
    assert cuts(found)["revenue"] == cuts(found)["revenue_per_visit"] == "everything"


def test_a_table_by_template_is_compared_as_it_is_written() -> None:
    found = edited(("table: shops", 'table: "{{ target.name }}_shops"'))
    assert one(found, "revenue").cuts.changed == ("shops.city", "shops.shop_id")


def test_another_clock_changes_the_time_words() -> None:
    found = edited(("time: at_time", "time: left_at"))
    assert one(found, "visits").cuts.changed == ("day",)
    assert one(found, "visits").cuts.lost == ("visits.at_time",)
    assert causes(one(found, "visits")) >= {"dataset visits time"}


def test_a_join_that_goes_takes_its_cuts_along() -> None:
    found = edited((", shops: {on: shop_id}", ""))
    assert one(found, "revenue").cuts.lost == ("sales.shop_id", "shops.city", "shops.shop_id")
    assert not one(found, "revenue").cuts.changed
    assert "dataset sales joins.shops" in causes(one(found, "revenue"))
    assert "visits" not in cuts(found)
    assert ("dimension", "sales.shop_id") in [(each.kind, each.name) for each in found.removed]


def test_another_key_of_a_join_changes_what_is_looked_up_through_it() -> None:
    found = edited(("shops: {on: shop_id}", "shops: {on: branch_id}"))
    assert one(found, "revenue").cuts.changed == ("shops.city", "shops.shop_id")
    assert one(found, "revenue").cuts.lost == ("sales.shop_id",)


def test_a_second_way_makes_cuts_ambiguous() -> None:
    text = MODEL.replace("users.age_group = '< 18'", "channel = 'toys'")
    found = compare(
        model(text), model(text.replace("dimensions: {city", "joins: {users: {on: owner_id}}, dimensions: {city"))
    )
    lost = one(found, "revenue").cuts.lost
    assert "users.gender" in lost
    assert "visits" not in cuts(found)
    assert causes(one(found, "revenue")) >= {"dataset shops joins.users"}


def test_ignoring_a_dimension_changes_the_cuts_by_it_alone() -> None:
    found = edited(("ignore: [gender]", "ignore: [age_group]"))
    assert cuts(found) == {"gender_share": ("users.age_group", "users.gender")}
    assert [change.key for change in found.changed[0].keys] == ["denominator"]


def test_the_first_day_of_the_week_changes_weeks_alone() -> None:
    found = edited(project=f"{PROJECT}week_start: sunday\n")
    assert one(found, "visits").cuts.changed == ("week", "users.born.week", "visits.at_time.week")
    assert causes(one(found, "visits")) == {"setting week_start week_start"}


def test_the_time_zone_changes_days_but_no_dates() -> None:
    found = edited(project="time_zone: Asia/Tokyo\n")
    assert one(found, "visits").cuts.changed == ("day", "visits.at_time.day")
    assert {each.name for each in found.altered} == {"time_zone"}


def test_a_setting_without_effect_is_no_meaning() -> None:
    found = edited(project=f"{PROJECT}name: shop\ntargets: {{other: {{engine: duckdb, database: secret.db}}}}\n")
    assert not found.is_in_meaning
    assert [each.name for each in found.reworded] == ["name", "targets"]
    assert "secret" not in str(found)


def test_becoming_personal_changes_the_cut() -> None:
    found = edited(("gender: {}", "gender: {personal: true}"))
    assert one(found, "revenue").cuts.changed == ("users.gender",)
    assert causes(one(found, "revenue")) == {"dimension users.gender personal"}


def test_a_metric_that_is_refused_now_says_why() -> None:
    last = MODEL.replace("agg: sum, expr: amount, label: Revenue", "agg: max, expr: channel")
    last = last[: last.index("  revenue_per_visit")]
    found = compare(model(last), model(last.replace("type: string", "type: string, personal: true")))
    assert one(found, "revenue").cuts.everything
    assert "single person" in one(found, "revenue").refusal


# --- names ------------------------------------------------------------


def test_a_renamed_metric_is_the_same_one() -> None:
    found = edited(
        ("visits: {dataset: visits, agg: count}", "site_visits: {dataset: visits, agg: count}"),
        ("denominator: visits", "denominator: site_visits"),
    )
    assert [(each.old, each.new) for each in found.renamed] == [("visits", "site_visits")]
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert found.is_in_meaning  # who asks for the old name is refused


def test_what_is_renamed_and_changed_is_removed_and_added() -> None:
    found = edited(
        ("visits: {dataset: visits, agg: count}", "site_visits: {dataset: visits, agg: count, time: left_at}"),
        ("denominator: visits", "denominator: site_visits"),
        ("time: at_time,", "time: at_time, dimensions: {left_at: {type: timestamp}},"),
    )
    assert found.renamed == ()  # the totals are the same, the weeks are not
    assert [each.name for each in found.removed] == ["visits"]


def test_of_equal_metrics_the_likest_name_is_the_renamed_one() -> None:
    old = "a_long_name: {dataset: visits, agg: count}\n  quite_another: {dataset: visits, agg: count}"
    new = "another: {dataset: visits, agg: count}\n  a_long_names: {dataset: visits, agg: count}"
    text = MODEL.rstrip()
    found = compare(model(f"{text}\n  {old}\n"), model(f"{text}\n  {new}\n"))
    assert {(each.old, each.new) for each in found.renamed} == {
        ("a_long_name", "a_long_names"),
        ("quite_another", "another"),
    }


def test_a_renamed_dataset_leaves_its_metrics_as_they_are_but_for_the_cuts() -> None:
    text = MODEL.replace("  visits: {sql:", "  calls: {sql:").replace("dataset: visits", "dataset: calls")
    found = one(compare(model(), model(text)), "visits")
    assert not found.cuts.everything
    assert set(found.cuts.lost) >= {"visits.at_time", "visits.id"}


def test_odd_names_are_compared_like_others() -> None:
    old = r"""
datasets:
  größe: {table: '"an odd name"', primary_key: id, dimensions: {naïve: {expr: "\"it's\""}}}
metrics: {zähler: {dataset: größe, agg: count, filter: "naïve = 'it''s “so”'"}}
"""
    assert not compare(model(old), model(old)).is_in_meaning
    found = compare(model(old), model(old.replace("“so”", "“so“")))
    assert cuts(found) == {"zähler": "everything"}


# --- it agrees with the compiler ------------------------------------------------------------

# with two ways to the users, of which one counts
WIDE = MODEL.replace("dimensions: {city: {}}", "joins: {users: {on: owner_id}}, dimensions: {city: {}}").replace(
    "    joins: {users: {on: user_id}, shops", "    via: {users: users}\n    joins: {users: {on: user_id}, shops"
)
EDITS = [
    ("expr: amount, label", "expr: amount - discount, label"),
    ("bins: [18, 65]", "bins: [16, 65]"),
    ("table: people", "table: people_2"),
    ("shops: {on: shop_id}", "shops: {on: branch_id}"),
    ("time: at_time", "time: left_at"),
    ("ignore: [gender]", "ignore: [users.gender, channel]"),
    ("label: Channel, type: string", "expr: lower(kanal), type: string"),
    ("born: {type: date}", "born: {type: timestamp}"),
    ("city: {}}}", "city: {}, shop_id: {label: Shop}, owner_id: {expr: upper(owner_id)}}}"),
    ("table: people", "table: people\n    recorded: born"),
    ("via: {users: users}", "via: {users: shops.users}"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit[1][:30])
def test_a_metric_has_changed_where_its_sql_has(edit: tuple[str, str]) -> None:
    """Slow and plain: every metric by everything, compiled in both versions."""
    assert edit[0] in WIDE
    old, new = model(WIDE), model(WIDE.replace(*edit))
    found = {each.name: each.cuts for each in compare(old, new).changed}
    for name in old.metrics:
        differing = {cut for cut in _all_cuts(old) if _sql(old, name, cut) not in (None, _sql(new, name, cut))}
        said = found.get(name)
        if _sql(old, name) != _sql(new, name):
            assert said is not None
            assert said.everything
        else:
            told = set() if said is None else {*said.changed, *said.lost}
            assert {cut for cut in differing if not _is_implied(cut, told)} == {cut for cut in told if cut in differing}
            assert told <= differing


def _all_cuts(of: Model) -> list[str]:
    names = [f"{dataset}.{name}" for dataset, found in of.dimensions.items() for name in found]
    return ["day", "week", *names, *(f"{name}.{grain}" for name in names for grain in ("day", "week"))]


def _is_implied(cut: str, told: set[str]) -> bool:
    name, _, grain = cut.rpartition(".")
    return (grain in ("day", "week") and name in told) or (grain == "week" and f"{name}.day".lstrip(".") in told)


def _sql(of: Model, metric: str, *by: str) -> str | None:
    from semantic.errors import QueryError

    try:
        return compile_query(of, Query((metric,), by, fill=False), as_of=datetime(2000, 1, 1, tzinfo=UTC)).sql
    except QueryError:
        return None


def test_another_column_of_a_calendar_changes_what_it_says_and_the_filters_that_name_it() -> None:
    text = """
    calendars:
      shop: {table: days, date: day, periods: {shop_month: m}, dimensions: {is_open: {column: o, type: boolean}}}
    datasets: {sales: {table: sales, primary_key: id, time: sold_at}}
    metrics:
      sales: {dataset: sales, agg: count}
      sales_of_open_days: {dataset: sales, agg: count, filter: sales.sold_at.is_open}
    """
    old = model(text)
    for before, after in (("column: o,", "column: p,"), ("shop_month: m", "shop_month: n"), ("date: day", "date: on")):
        found = compare(old, model(text.replace(before, after)))
        assert [each.name for each in found.changed] == ["sales", "sales_of_open_days"]
        assert set(one(found, "sales").cuts.changed) == {"is_open", "shop_month"}
        assert one(found, "sales_of_open_days").cuts.everything
        assert all([cause.name for cause in each.causes] == ["shop"] for each in found.changed)
    assert not compare(old, model(text)).is_any
