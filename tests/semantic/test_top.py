"""The first values of a dimension beside what else a query says: personal data, names that go away, other doors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exporters.definitions import load_exports
from exporters.excel.about import filters_text
from semantic import Layer, MetricastError, ModelError, Query, QueryError, Top
from semantic.comparing.canonical import Version
from semantic.compile import compile_query
from semantic.load import load_texts
from semantic.model import Model
from semantic.privacy import reads_personal
from tests.cli_project import make_project, run

AS_OF = datetime(2025, 3, 1, tzinfo=UTC)
MODEL = """
datasets:
  sales:
    table: sales
    primary_key: id
    time: sold_on
    joins: {users: {on: user_id}}
    dimensions: {sold_on: {type: date}, city: {type: string}}
  users:
    table: users
    primary_key: user_id
    time: joined_on
    dimensions:
      joined_on: {type: date}
      email: {type: string, personal: true}
      tier: {type: string, values: [silver, gold]}
metrics:
  orders: {dataset: sales, agg: count}
  revenue: {dataset: sales, agg: sum, expr: amount}
  turnover: {dataset: sales, agg: sum, expr: amount, deprecated: revenue}
  people: {dataset: users, agg: count}
  last_email: {dataset: users, agg: last, expr: email}
"""
ROWS = """
CREATE TABLE users (user_id INTEGER, email VARCHAR, tier VARCHAR, joined_on DATE);
INSERT INTO users VALUES (1, 'ann', 'gold', '2025-01-01'), (2, 'bob', 'silver', NULL), (3, 'cem', NULL, NULL);
CREATE TABLE sales AS FROM (VALUES
    (1, 1, 'Bonn', 30, DATE '2025-01-05'), (2, 2, 'Cork', 20, DATE '2025-01-06'), (3, 3, 'Bonn', 10, DATE '2025-01-06'),
    (4, 2, 'Aber', 15, DATE '2025-02-01'), (5, 9, 'Lima', 1, DATE '2025-02-01')) t(id, user_id, city, amount, sold_on);
"""
CITY = Top("city", 1, "revenue")
TIER = Top("tier", 2, "revenue")


def model(text: str = MODEL) -> Model:
    loaded = load_texts({"metrics/model.yml": text})
    assert loaded.model is not None, [found.render() for found in loaded.diagnostics]
    return loaded.model


def refusal(query: Query) -> str:
    with pytest.raises(QueryError) as caught:
        compile_query(model(), query, as_of=AS_OF)
    return str(caught.value)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("METRICAST_MASK_KEY", "a key of the tests, 32 bytes long")
    return make_project(tmp_path, MODEL, ROWS)


def rows(shop: Path, metrics: Sequence[str], by: Sequence[str], **parts: Any) -> list[tuple[Any, ...]]:
    with Layer(shop) as layer:
        return list(layer.query(metrics, by=by, as_of=AS_OF, **parts).rows())


# --- personal data ------------------------------------------------------------------------------------------


def test_people_are_not_ranked_without_a_purpose() -> None:
    query = Query(("orders",), ("users.email",), top=Top("email", 1, "orders"))
    assert "E331" in refusal(query)
    assert "top would say something about single people" in refusal(query)
    assert compile_query(model(), replace(query, purpose="to thank them"), as_of=AS_OF).masked == ()


def test_nobody_is_picked_out_to_rank_by_him() -> None:
    query = Query(("people",), ("tier",), top=Top("tier", 1, "last_email"))
    assert "E332" in refusal(query)
    assert "last_email" in refusal(query)


def test_a_purpose_is_recorded_with_the_metric_that_ranks(shop: Path) -> None:
    assert rows(shop, ["orders"], ["tier"], top=TIER, purpose="stock") == [("silver", 2), ("gold", 1), ("Other", 2)]
    record = shop / ".metricast" / "personal_access.jsonl"
    assert json.loads(record.read_text(encoding="utf-8"))["metrics"] == ["orders", "revenue"]


def test_personal_data_behind_the_ranking_are_known() -> None:
    found = compile_query(model(), Query(("orders",), ("city",), top=CITY), as_of=AS_OF)
    assert not reads_personal(found.plan, model())
    found = compile_query(model(), Query(("people",), ("tier",), top=TIER), as_of=AS_OF)
    assert {scan.dataset.name for scan in found.plan.all_scans} == {"users", "sales"}
    assert reads_personal(found.plan, model())


def test_the_others_are_last_where_other_values_are_masked(shop: Path) -> None:
    """Masked values are put in order after they have arrived, by the same rule."""
    top = Top("tier", 1, "revenue", order="asc", other="a")
    found = rows(shop, ["orders"], ["users.tier", "users.email"], top=top)
    assert [tier for tier, _, _ in found] == [None, None, "a", "a"]
    asked = rows(shop, ["orders"], ["users.tier", "users.email"], top=top, order=["users.tier"], limit=3)
    assert [tier for tier, _, _ in asked] == ["a", "a", None]


# --- what is said of it -------------------------------------------------------------------------------------


def test_a_name_that_goes_away_is_noted() -> None:
    found = compile_query(model(), Query(("orders",), ("city",), top=Top("city", 1, "turnover")), as_of=AS_OF)
    assert found.notes == ("'turnover' is deprecated: use 'revenue' instead",)


def test_the_workbook_says_what_has_rows_of_its_own() -> None:
    query = Query(("orders",), ("city",), top=CITY)
    assert filters_text(query) == "the first 1 of city by revenue, all else as Other"
    assert filters_text(replace(query, top=replace(CITY, order="asc"))).startswith("the last 1 of city")


def test_a_changed_ranking_is_another_question_and_a_renamed_metric_is_not() -> None:
    query = Query(("orders",), ("city",), limit=5, top=CITY)
    before = Version(model())
    renamed = Version(model(MODEL.replace("  revenue:", "  income:").replace("deprecated: revenue", "label: Old")))
    assert renamed.meaning(replace(query, top=replace(CITY, by="income"))) == before.meaning(query)
    filtered = Version(
        model(MODEL.replace("revenue: {dataset: sales,", "revenue: {dataset: sales, filter: amount > 1,"))
    )
    meanings = {before.meaning(replace(query, top=top)) for top in (CITY, replace(CITY, n=2), replace(CITY, other="x"))}
    assert len({*meanings, before.meaning(replace(query, top=None)), filtered.meaning(query)}) == 5
    assert None not in meanings


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "said"),
    [
        (Top("city", 0, "revenue"), "E355  the top 0 of 'city' are none"),
        (Top("city", 1, "revenue", order="up"), "E355  'up' is no direction of top"),
        (Top("city", 1, "revenue", other=" "), "E355  the others of top have no name"),
        (Top("tier", 1, "revenue"), "E355  top of 'tier', which the query is not cut by"),
        (Top("sold_on.month", 1, "revenue"), "E356  top needs a dimension of texts, and 'sold_on.month' is none"),
        (Top("cities", 1, "revenue"), "E302  unknown dimension 'cities'"),
        (Top("city", 1, "income"), "E303  unknown metric 'income'"),
        (Top("city", 1, "people"), "E316  top by 'people': metric 'people' cannot be cut by 'city'"),
    ],
)
def test_what_has_no_meaning_is_refused(top: Top, said: str) -> None:
    assert said in refusal(Query(("orders",), ("city", "sold_on.month"), top=top))


def test_a_mistake_in_a_query_of_an_export_is_at_its_place() -> None:
    query = "{metrics: [orders], by: [city], top: {dimension: city, n: 1, by: revenu}}"
    exports = f"exports:\n  a:\n    queries:\n      q: {query}\n    to: [excel: {{path: a.xlsx}}]\n"
    with pytest.raises(ModelError) as caught:
        load_exports(model(MODEL + exports))
    (found,) = caught.value.diagnostics
    assert (found.code, found.span and found.span.length) == ("E303", len("revenu"))
    right = load_exports(model(MODEL + exports.replace("revenu}", "revenue, other: Rest}")))
    assert right["a"].queries["q"].top == Top("city", 1, "revenue", other="Rest")
    with pytest.raises(MetricastError, match="n"):
        load_exports(model(MODEL + exports.replace("n: 1", "n: 0")))


# --- the command line ---------------------------------------------------------------------------------------


def ask(shop: Path, *arguments: str) -> str:
    result = run("query", "orders", "--by", "city", *arguments, "--format", "csv", "--project", shop)
    return result.stdout if result.exit_code == 0 else result.stderr


def test_the_command_line_asks_for_the_first_and_for_the_last(shop: Path) -> None:
    assert ask(shop, "--top", "city:1:revenue") == "city,orders\nBonn,2\nOther,3\n"
    assert ask(shop, "--top", "city: 2 : revenue ASC", "--other", "A rest") == "city,orders\nAber,1\nLima,1\nA rest,3\n"
    assert "LIMIT 1" in run("sql", "orders", "--by", "city", "--top", "city:1:revenue", "--project", shop).stdout


@pytest.mark.parametrize("text", ["city", "city:2", "city:two:revenue", ":2:revenue", "city:2:", "city:-1:revenue"])
def test_what_the_command_line_cannot_read_is_said(shop: Path, text: str) -> None:
    assert f"cannot read '{text}'; write DIMENSION:N:METRIC" in ask(shop, "--top", text)


def test_others_without_first_ones_are_refused(shop: Path) -> None:
    assert "add --top DIMENSION:N:METRIC" in ask(shop, "--other", "Rest")
