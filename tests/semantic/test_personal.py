"""Personal dimensions: what an answer shows without a purpose, what is refused, and what a purpose leaves behind."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from semantic import EngineError, Layer, MetricastError, QueryError, Result
from semantic.engines import Limits
from semantic.errors import Diagnostic
from semantic.privacy import without_quotes
from tests.cli_project import run

KEY = "a key of the tests, 32 bytes long"
SETTINGS = "name: shop\ntargets: {local: {engine: duckdb, database: shop.duckdb}}\n"
MODEL = """
datasets:
  users:
    table: users
    primary_key: user_id
    time: joined_on
    dimensions:
      user_id: {type: integer, personal: true}
      email: {type: string, personal: true}
      nick: {personal: true}
      alias: {expr: lower(written_name), personal: true}
      age: {type: integer, personal: true}
      height: {type: number, personal: true}
      share: {type: number, personal: true}
      weight: {type: number, personal: true}
      member: {type: boolean, personal: true, values: {false: Guest, true: Member}}
      born: {type: date, personal: true}
      seen_at: {type: timestamp, personal: true}
      seen_there: {type: timestamp, zone: Asia/Bangkok, personal: true}
      paid_at: {type: timestamptz, personal: true}
      left_at: {personal: true}
      rank: {type: string, personal: true, values: [silver, gold, bronze]}
      age_group: {expr: age, bins: [18, 40], personal: true}
      joined_on: {type: date}
      moment: {expr: "date_trunc('month', at)"}
      tier: {type: string, values: [silver, gold]}
      flag: {expr: member, values: [true, false]}
      said_height: {expr: height, values: ["2.50", "2.0", "-10.25"]}
      known_height: {expr: height, type: number, values: [2.5, 2, -10.25]}
  orders:
    table: orders
    primary_key: id
    time: ordered_on
    joins: {users: {on: user_id}, giver: {dataset: users, on: giver_id}}
    dimensions: {ordered_on: {type: date}, buyer: {type: string, personal: true}, shop: {}}
  ghosts: {table: ghosts, primary_key: id, dimensions: {email: {personal: true}}}
segments:
  of_us: {filter: users.email like '%@example.com'}
  of_us_or_gold: {filter: of_us or users.tier = 'gold'}
metrics:
  users: {dataset: users, agg: count}
  orders: {dataset: orders, agg: count}
  ghosts: {dataset: ghosts, agg: count}
  amount: {dataset: orders, agg: sum, expr: amount}
  largest: {dataset: orders, agg: max, expr: amount}
  emails: {dataset: users, agg: count_distinct, expr: email}
  pairs: {dataset: users, agg: count_distinct, expr: [email, tier]}
  ages: {dataset: users, agg: sum, expr: age}
  mean_age: {dataset: users, agg: avg, expr: age}
  ours: {dataset: users, agg: count, filter: email like '%@example.com'}
  share_of_all: {type: ratio, numerator: orders, denominator: {metric: orders, ignore: [users.email]}}
  mean_sum: {dataset: users, expr: sum(age) / count(*)}
  as_numbers: {dataset: users, agg: sum, expr: "cast(email as decimal(9, 2))"}
  joined: {dataset: users, agg: max, expr: at}
  joined_when: {dataset: users, agg: min, expr: moment}
  youngest: {dataset: users, agg: max, expr: born}
  smallest: {dataset: users, agg: min, expr: height}
  middle: {dataset: users, agg: median, expr: age}
  upper: {dataset: users, agg: percentile, p: 0.9, expr: age}
  first_email: {dataset: users, agg: first, expr: email}
  last_email: {dataset: users, agg: last, expr: email}
  buyers_birth: {dataset: orders, agg: max, expr: users.born}
  givers_birth: {dataset: orders, agg: min, expr: giver.born}
  last_name: {dataset: users, agg: max, expr: written_name}
  is_ann: {dataset: users, agg: max, expr: case when email = 'ann@example.com' then 1 else 0 end}
  span: {dataset: users, expr: max(age) - min(age)}
  shouted_apart: {dataset: users, agg: first, expr: Written_Name || '!'}
  born_at: {dataset: users, agg: max, expr: at, time: born}
  born_at_all: {dataset: users, expr: max(year(at)), time: born}
  born_when: {dataset: users, agg: min, expr: moment, time: born}
  per_user: {type: ratio, numerator: middle, denominator: users}
  next_year: {type: derived, expr: middle + 1}
  twice: {type: derived, expr: next_year * 2}
exports:
  people:
    queries:
      masked: {metrics: [orders], by: [users.email]}
      named: {metrics: [orders], by: [users.nick], purpose: "Complaint 7: who ordered"}
    to: [{excel: {path: drops/people.xlsx}}]
"""
COLUMNS = """
user_id INTEGER, email VARCHAR, nick VARCHAR, written_name VARCHAR, age INTEGER, height DECIMAL(10, 2),
share DECIMAL(12, 8), weight DOUBLE, member BOOLEAN, born DATE, seen_at TIMESTAMP, seen_there TIMESTAMP,
paid_at TIMESTAMPTZ, left_at TIMESTAMP, rank VARCHAR, tier VARCHAR, joined_on DATE
"""
ROWS = f"""
SET TimeZone = 'UTC';
CREATE TABLE users ({COLUMNS});
INSERT INTO users VALUES
    (1, 'ann@example.com', 'Ann é 日本 💥', 'ANN', 17, 2.50, 0.00000010, 0.1, true, '1990-01-31',
     '2025-01-31 10:00:00', '2025-01-31 10:00:00', '2025-01-31 10:00:00+07', '2025-01-31 10:00:00',
     'gold', 'gold', '2025-01-31'),
    (2, 'bob@example.com', 'Bob', 'Bob', 40, 2.00, 1, 1e22, false, '1990-06-01',
     '2025-02-28 23:59:59', '2025-02-28 23:59:59', '2025-02-28 23:59:59+00', '2025-02-28 00:00:00',
     'silver', 'silver', '2025-02-28'),
    (3, '', 'é', 'É', -3, -10.25, 0, 3, NULL, '2004-02-29', NULL, NULL, NULL, NULL, 'bronze', 'gold', NULL);
INSERT INTO users (user_id) VALUES (4);
CREATE TABLE orders (
    id INTEGER, user_id INTEGER, giver_id INTEGER, buyer VARCHAR, shop VARCHAR, amount INTEGER, ordered_on DATE);
INSERT INTO orders VALUES
    (1, 1, 2, 'ann@example.com', 'x', 5, '2025-01-05'),
    (2, 1, NULL, 'ann@example.com', 'y', 7, '2025-02-05'),
    (3, 2, 1, 'zoe@example.com', 'x', 1, '2025-01-06'),
    (4, 9, 3, NULL, 'x', 2, '2025-01-07'),
    (5, NULL, 4, 'bob@example.com', 'y', 3, '2025-02-07');
"""
ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "project.yml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "metrics" / "model.yml").write_text(MODEL, encoding="utf-8")
    change(tmp_path, ROWS)
    monkeypatch.setenv("METRICAST_MASK_KEY", KEY)
    return tmp_path


def change(shop: Path, statements: str) -> None:
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute(statements)


def ask(shop: Path, metrics: Sequence[str] = (), by: Sequence[str] = (), **parts: Any) -> Result:
    with Layer(shop) as layer:
        return layer.query(list(metrics), by=list(by), **parts)


def rows(shop: Path, metrics: str, by: str = "", **parts: Any) -> list[tuple[Any, ...]]:
    return list(ask(shop, metrics.split(), by.split(), **parts).rows())


def mask(text: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:20]


def masks(*texts: str) -> list[str]:
    """In the order of an answer."""
    return sorted(map(mask, texts))


def record(shop: Path) -> Path:
    return shop / ".metricast" / "personal_access.jsonl"


def accesses(shop: Path) -> list[dict[str, Any]]:
    path = record(shop)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


# --- what is shown ------------------------------------------------------------


@pytest.mark.parametrize(
    ("dimension", "texts"),
    [
        ("users.user_id", ("1", "2", "3", "4")),
        ("users.email", (ANN, BOB, "")),
        ("nick", ("Ann é 日本 💥", "Bob", "é")),
        ("alias", ("ann", "bob", "é")),
        ("age", ("17", "40", "-3")),
        ("height", ("2.5", "2", "-10.25")),
        ("share", ("0.0000001", "1", "0")),
        ("weight", ("0.1", "1e+22", "3")),
        ("member", ("true", "false")),
        ("born", ("1990-01-31", "1990-06-01", "2004-02-29")),
        ("born.year", ("1990-01-01", "2004-01-01")),
        ("born.month", ("1990-01-01", "1990-06-01", "2004-02-01")),
        ("seen_at", ("2025-01-31 10:00:00+00:00", "2025-02-28 23:59:59+00:00")),
        ("seen_at.day", ("2025-01-31", "2025-02-28")),
        ("seen_at.hour", ("2025-01-31 10:00:00+00:00", "2025-02-28 23:00:00+00:00")),
        ("seen_there", ("2025-01-31 03:00:00+00:00", "2025-02-28 16:59:59+00:00")),
        ("paid_at", ("2025-01-31 03:00:00+00:00", "2025-02-28 23:59:59+00:00")),
        ("left_at", ("2025-01-31 10:00:00", "2025-02-28 00:00:00")),
        ("rank", ("gold", "silver", "bronze")),
        ("age_group", ("< 18", ">= 40")),
    ],
)
def test_the_mask_is_that_of_the_text_of_the_value_in_order_of_the_masks(
    shop: Path, dimension: str, texts: tuple[str, ...]
) -> None:
    null = [] if dimension == "users.user_id" else [None]
    full = dimension if dimension.startswith("users.") else f"users.{dimension}"
    assert rows(shop, "", full) == [(each,) for each in [*masks(*texts), *null]]
    assert [row[0] for row in rows(shop, "users", full)] == [*masks(*texts), *null]


def test_groups_stay_what_they_were(shop: Path) -> None:
    named = rows(shop, "orders amount", "users.email shop", purpose="to compare")
    masked = rows(shop, "orders amount", "users.email shop")
    assert {(mask(email) if email is not None else None, *rest) for email, *rest in named} == set(masked)
    assert len(masked) == len(named) == 5


def test_equal_values_have_equal_masks_wherever_they_come_from(shop: Path) -> None:
    assert dict(rows(shop, "orders", "buyer")) == {mask(ANN): 2, mask(BOB): 1, mask("zoe@example.com"): 1, None: 1}
    assert dict(rows(shop, "orders", "users.email")) == {mask(ANN): 2, mask(BOB): 1, None: 2}
    assert dict(rows(shop, "orders", "giver.email")) == {mask(ANN): 1, mask(BOB): 1, mask(""): 1, None: 2}
    assert [row[:2] for row in rows(shop, "orders", "buyer users.email") if row[2] == 2] == [(mask(ANN), mask(ANN))]


def test_two_datasets_meet_in_a_masked_dimension(shop: Path) -> None:
    found = {email: (users, orders) for email, users, orders in rows(shop, "users orders", "users.email")}
    assert found == {mask(ANN): (1, 2), mask(BOB): (1, 1), mask(""): (1, 0), None: (1, 2)}


def test_another_key_gives_other_masks(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICAST_MASK_KEY", "another key of the tests")
    assert (mask(ANN, "another key of the tests"), 2) in rows(shop, "orders", "users.email")


def test_a_masked_dimension_is_ordered_by_its_mask_and_cut_by_it(shop: Path) -> None:
    expected = [*masks(ANN, BOB, ""), None]
    assert [row[0] for row in rows(shop, "users", "users.email", limit=2)] == expected[:2]
    totalled = rows(shop, "users", "users.email", limit=1, totals=True)
    assert totalled == [(expected[0], 1, False), (None, 4, True)]
    assert [row[0] for row in rows(shop, "users", "users.email", order=["users desc"], limit=3)] == expected[:3]
    assert [row[0] for row in rows(shop, "", "users.email", limit=1)] == expected[:1]


def test_a_limit_does_not_keep_a_masked_answer_within_the_rows_that_are_allowed(shop: Path) -> None:
    with (
        Layer(shop, limits=Limits(rows=2)) as layer,
        pytest.raises(EngineError, match=r"E403.*\n.*limit does not help"),
    ):
        layer.query(["users"], by=["users.email"], limit=1)


@pytest.mark.parametrize(
    "asked", [{"by": ["day"]}, {"period": "2025"}, {"where": "month = date '2025-01-01'"}], ids=str
)
def test_a_personal_date_is_no_clock_without_a_purpose(tmp_path: Path, asked: dict[str, Any]) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "births.yml").write_text(
        "datasets: {people: {table: people, primary_key: id, time: born, "
        "dimensions: {born: {type: date, personal: true}}}}\nmetrics: {births: {dataset: people, agg: count}}\n"
    )
    with Layer(tmp_path, environment={}) as layer:
        with pytest.raises(QueryError, match=r"E331.*people\.born"):
            layer.sql(["births"], **asked)
        assert "born" in layer.sql(["births"], **asked, purpose="a birthday card")


def test_other_dimensions_keep_their_order_before_and_behind_a_masked_one(shop: Path) -> None:
    tiers = rows(shop, "users", "tier users.email")
    gold = [("gold", each, 1) for each in masks(ANN, "")]
    assert tiers == [("silver", mask(BOB), 1), *gold, (None, None, 1)]
    months = rows(shop, "orders", "month users.email", period="2025-01..2025-02")
    combinations = [*masks(ANN, BOB), None]
    assert [row[:2] for row in months] == [
        (month, each) for month in (date(2025, 1, 1), date(2025, 2, 1)) for each in combinations
    ]
    turned = rows(shop, "orders", "users.email month", order=["month desc"], fill=False)
    assert [row[0] for row in turned] == [mask(ANN), None, *masks(ANN, BOB), None]


@pytest.mark.parametrize("dimension", ["flag", "said_height", "known_height", "tier", "joined_on"])
@pytest.mark.parametrize("direction", ["", " desc"])
def test_they_keep_it_whatever_their_values_are(shop: Path, dimension: str, direction: str) -> None:
    asked = {"by": [f"users.{dimension}", "users.email"], "order": [f"users.{dimension}{direction}"]}
    masked, named = ask(shop, ["users"], **asked), ask(shop, ["users"], **asked, purpose="to compare")
    assert [row[0] for row in masked.rows()] == [row[0] for row in named.rows()]


def test_an_explicit_order_by_a_metric_ends_with_the_masks(shop: Path) -> None:
    found = rows(shop, "orders", "users.email", order=["orders"])
    assert found == [(mask(BOB), 1), (mask(ANN), 2), (None, 2)]
    top = rows(shop, "amount", "buyer", order=["amount desc"], limit=2)
    assert top == [(mask(ANN), 12), (mask(BOB), 3)]


def test_having_and_ratios_work_over_masked_groups(shop: Path) -> None:
    assert rows(shop, "orders", "users.email", having="orders > 1") == [(mask(ANN), 2), (None, 2)]
    assert dict(rows(shop, "share_of_all", "users.email")) == {mask(ANN): 0.4, mask(BOB): 0.2, None: 0.4}


def test_a_masked_key_still_finds_its_partner(shop: Path) -> None:
    found = {row[:2]: row[2] for row in rows(shop, "orders", "users.user_id tier")}
    assert found == {(mask("1"), "gold"): 2, (mask("2"), "silver"): 1, (None, None): 2}


def test_every_way_to_the_rows_is_masked(shop: Path) -> None:
    result = ask(shop, ["users"], ["users.email", "users.born"])
    assert ANN not in str(result.rows())
    assert ANN not in str(result.arrow().to_pylist())
    assert ANN not in result.pandas().to_csv()
    assert {str(field.type) for field in result.arrow().schema if field.name != "users"} <= {"string", "large_string"}
    assert KEY not in result.sql


def test_the_key_stands_in_no_sql(shop: Path) -> None:
    with Layer(shop) as layer:
        assert KEY not in layer.sql(["users"], by=["users.email"])


# --- what is refused ------------------------------------------------------------


@pytest.mark.parametrize(
    ("metrics", "by", "parts"),
    [
        ("users", "", {"where": f"users.email = '{ANN}'"}),
        ("users", "", {"where": "users.email is not null"}),
        ("users", "tier", {"where": "tier = 'gold' or not (length(nick) > 3)"}),
        ("orders", "", {"where": "giver.email is null"}),
        ("orders", "", {"where": "buyer = 'x'"}),
        ("users", "", {"where": "year(users.born) > 1990"}),
        ("users", "", {"where": "of_us"}),
        ("orders", "", {"where": "of_us_or_gold and shop = 'x'"}),
        ("", "users.email", {"where": "age > 18"}),
        ("users", "users.email", {"order": ["users.email"]}),
        ("users", "users.email", {"order": ["users", "users.email desc"]}),
        ("users", "users.born.year", {"order": ["users.born.year"]}),
        ("orders", "giver.email", {"order": ["giver.email asc"]}),
        ("", "rank", {"order": ["rank"], "limit": 1}),
    ],
)
def test_where_and_order_name_nothing_personal_without_a_purpose(
    shop: Path, metrics: str, by: str, parts: dict[str, Any]
) -> None:
    with pytest.raises(QueryError, match="E331"):
        rows(shop, metrics, by, **parts)
    assert rows(shop, metrics, by, **parts, purpose="complaint 7") is not None
    assert len(accesses(shop)) == 1


PICKING = (
    *("youngest", "smallest", "middle", "upper", "first_email", "last_email", "buyers_birth", "givers_birth"),
    *("last_name", "is_ann", "span", "per_user", "next_year", "twice"),
    *("shouted_apart", "born_at", "born_at_all", "born_when"),
)


@pytest.mark.parametrize("metric", PICKING)
def test_what_picks_a_personal_value_is_refused_without_a_purpose(shop: Path, metric: str) -> None:
    for parts in ({}, {"by": ["tier"]}, {"where": "tier = 'gold'"}, {"totals": True}):
        with pytest.raises(QueryError, match="E332"):
            ask(shop, ["users", metric], **parts)
    assert len(rows(shop, metric, purpose="complaint 7")) == 1


def test_what_counts_sums_and_averages_is_not(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICAST_MASK_KEY")
    metrics = "users emails pairs ages mean_age ours mean_sum"
    assert rows(shop, metrics) == [(4, 3, 3, 54, 18.0, 2, 13.5)]
    assert rows(shop, "joined joined_when") == [(date(2025, 2, 28), date(2025, 1, 1))]
    assert rows(shop, "largest orders", "shop") == [("x", 5, 3), ("y", 7, 2)]
    assert rows(shop, "users", "month", period="2025-01") == [(date(2025, 1, 1), 1)]
    assert accesses(shop) == []


@pytest.mark.parametrize("purpose", ["", "   ", "\n"])
def test_a_purpose_has_words(shop: Path, purpose: str) -> None:
    with pytest.raises(QueryError, match="E333"):
        rows(shop, "users", "users.email", purpose=purpose)
    assert accesses(shop) == []


@pytest.mark.parametrize("key", [None, "", "fifteen bytes..", "ééééééé"])
def test_without_a_good_key_nothing_is_masked_nor_shown(
    shop: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is None:
        monkeypatch.delenv("METRICAST_MASK_KEY")
    else:
        monkeypatch.setenv("METRICAST_MASK_KEY", key)
    for metrics, by in (("users", "users.email"), ("", "users.born.year"), ("ghosts", "ghosts.email")):
        with pytest.raises(MetricastError, match=r"E334[\s\S]*METRICAST_MASK_KEY") as refused:
            rows(shop, metrics, by)
        assert not key or key not in str(refused.value)
    assert rows(shop, "users", "tier", where="tier is null") == [(None, 1)]
    assert (ANN, 1) in rows(shop, "users", "users.email", purpose="no key is needed for that")


@pytest.mark.parametrize("key", ["sixteen bytes...", "éééééééé"])
def test_sixteen_bytes_are_enough(shop: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("METRICAST_MASK_KEY", key)
    assert (mask(BOB, key), 1) in rows(shop, "users", "users.email")


# --- what errors say ------------------------------------------------------------


def test_the_engines_words_do_not_show_a_value(shop: Path) -> None:
    with pytest.raises(EngineError) as failed:
        rows(shop, "as_numbers")
    assert "@example.com" not in str(failed.value)
    with pytest.raises(EngineError) as failed:
        rows(shop, "as_numbers", "users.email")
    assert "@example.com" not in str(failed.value)


@pytest.mark.parametrize(
    ("aggregated", "shown"),
    [
        ("cast(age as decimal(2, 1))", "17"),
        ("cast(weight as decimal(9, 2))", "10000000000000000000000"),
        ("cast(nick as decimal(9, 2))", "O'Br"),
        ("cast(written_name as decimal(9, 2))", "secret"),
        ("date_diff('day', cast(nick as date), born)", "O'Br"),
    ],
)
def test_nor_any_other_value(shop: Path, aggregated: str, shown: str) -> None:
    change(
        shop, """UPDATE users SET nick = 'O''Brien "secret"', written_name = E'two\\nsecret lines' WHERE user_id = 1"""
    )
    text = MODEL.replace("exports:", f'  broken: {{dataset: users, agg: sum, expr: "{aggregated}"}}\nexports:', 1)
    text = text.replace("by: [users.nick], purpose", "by: [users.nick], totals: true, purpose").replace(
        "metrics: [orders], by: [users.nick]", "metrics: [broken]"
    )
    (shop / "metrics" / "model.yml").write_text(text, encoding="utf-8")
    for purpose in (None, "complaint 7"):
        with pytest.raises(EngineError, match="E406") as failed:
            rows(shop, "broken", "tier", purpose=purpose)
        assert [word for word in (shown, "secret", "Brien", "two") if word in str(failed.value)] == []
    assert run("export", "people", "--project", shop).exit_code == 1
    with sqlite3.connect(shop / ".metricast" / "runs.sqlite") as store:
        journal = "\n".join(store.iterdump())
    assert "E406" in journal
    assert [word for word in (shown + " ", "secret", "Brien", "two\\n") if word in journal] == []


WITH_VALUE = "the text 'ann@example.com', \"Ann\" or 1980 in shop-1.example.com:443"


@pytest.mark.parametrize("code", ["E401", "E402", "E407", "E408", "E409", "E430", "E431", "E432"])
def test_what_is_wrong_on_the_way_to_a_target_is_said_as_it_is(code: str) -> None:
    error = EngineError(Diagnostic(code, WITH_VALUE, hint="look at 'host'"))
    assert str(without_quotes(error)) == str(error)


@pytest.mark.parametrize("code", ["E406", "E413", "E499"])
def test_what_may_quote_rows_is_said_without_them(code: str) -> None:
    masked = str(without_quotes(EngineError(Diagnostic(code, WITH_VALUE, hint="did you mean 'ann'?"))))
    assert masked.startswith(f"{code}  the text '…'")
    assert [word for word in ("ann", "Ann", "1980") if word in masked] == []


def test_a_target_that_is_down_is_named_though_the_question_is_personal(shop: Path) -> None:
    (shop / "shop.duckdb").write_text("no database")
    done = run("query", "users", "--by", "users.email", "--project", shop)
    assert (done.exit_code, "E401  the database shop.duckdb cannot be opened" in done.stderr) == (1, True), done.stderr
    (shop / "shop.duckdb").unlink()
    done = run("query", "users", "--by", "users.email", "--project", shop)
    assert "E401  the database shop.duckdb does not exist\n    metricast demo makes" in done.stderr


def test_data_that_break_a_key_are_not_shown(shop: Path) -> None:
    text = MODEL.replace("giver: {dataset: users, on: giver_id}", "giver: {dataset: mails, on: buyer}")
    text = text.replace(
        "  ghosts: {table", "  mails: {table: users, primary_key: email, dimensions: {born: {}}}\n  ghosts: {table"
    )
    (shop / "metrics" / "model.yml").write_text(text, encoding="utf-8")
    change(shop, f"INSERT INTO users (user_id, email) VALUES (5, '{ANN}')")
    with pytest.raises(EngineError, match="E411") as refused:
        rows(shop, "orders", "mails.born", purpose="to see who is there twice")
    assert "@example.com" not in str(refused.value)


# --- what a purpose leaves behind ------------------------------------------------------------


def test_a_purpose_shows_the_values_and_is_recorded(shop: Path) -> None:
    began = datetime.now(UTC)
    text = 'Complaint 7: "who"\nordered twice, é?'
    as_of = datetime(2025, 6, 1, tzinfo=UTC)
    found = rows(shop, "orders amount", "users.email tier", purpose=text, where="shop = 'x'", as_of=as_of)
    assert found == [(ANN, "gold", 1, 5), (BOB, "silver", 1, 1), (None, None, 1, 2)]
    (access,) = accesses(shop)
    assert set(access) >= {"time", "user", "purpose", "metrics", "dimensions", "target"}
    assert (access["purpose"], access["metrics"], access["target"]) == (text, ["orders", "amount"], "local")
    assert "users.email" in access["dimensions"]
    assert access["user"]
    time = datetime.fromisoformat(access["time"])
    assert began - timedelta(seconds=1) <= time <= datetime.now(UTC) + timedelta(seconds=1)


def test_with_a_purpose_everything_has_its_own_order_again(shop: Path) -> None:
    assert rows(shop, "", "rank", purpose="p") == [("silver",), ("gold",), ("bronze",), (None,)]
    assert rows(shop, "", "users.age_group", purpose="p", limit=2) == [("< 18",), (">= 40",)]
    assert rows(shop, "users", "users.email", purpose="p", order=["users.email desc"], limit=1) == [(BOB, 1)]
    assert rows(shop, "youngest middle", purpose="p") == [(date(2004, 2, 29), 17.0)]
    assert rows(shop, "users", where=f"users.email = '{ANN}'", purpose="p") == [(1,)]
    assert [access["purpose"] for access in accesses(shop)] == ["p"] * 5


def test_what_stood_in_the_record_stays(shop: Path) -> None:
    record(shop).parent.mkdir()
    record(shop).write_text('{"purpose": "an older one"}\n', encoding="utf-8")
    rows(shop, "users", "users.email", purpose="a new one")
    assert [access["purpose"] for access in accesses(shop)] == ["an older one", "a new one"]


def test_a_masked_answer_is_no_access(shop: Path) -> None:
    rows(shop, "users", "users.email")
    assert not record(shop).exists()


def test_an_access_that_cannot_be_recorded_is_refused_before_a_row_is_fetched(shop: Path) -> None:
    record(shop).mkdir(parents=True)
    with pytest.raises(MetricastError, match="E335") as refused:
        rows(shop, "users", "users.email", purpose="complaint 7")
    assert "@example.com" not in str(refused.value)
    with pytest.raises(MetricastError, match="E335"):  # there is no such table: nothing was asked of the engine
        rows(shop, "ghosts", "ghosts.email", purpose="complaint 7")


# --- the command line, exports ------------------------------------------------------------


def test_the_command_line_masks_unless_it_is_told_why(shop: Path) -> None:
    asked = ("query", "orders", "--by", "users.email", "--format", "csv", "--project", shop)
    masked = run(*asked)
    assert masked.exit_code == 0, masked.stderr
    assert masked.stdout.splitlines()[1:] == [
        *(f"{each},{n}" for each, n in rows(shop, "orders", "users.email")[:2]),
        ",2",
    ]
    assert ANN not in masked.output
    assert accesses(shop) == []
    named = run(*asked, "--purpose", "complaint 7")
    assert named.stdout.splitlines() == ["users.email,orders", f"{ANN},2", f"{BOB},1", ",2"]
    assert [access["purpose"] for access in accesses(shop)] == ["complaint 7"]


def test_the_command_line_refuses_with_the_reason(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("query", "orders", "--where", "users.email is null", "--project", shop)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "E331" in refused.stderr
    assert "purpose" in refused.stderr
    monkeypatch.delenv("METRICAST_MASK_KEY")
    refused = run("query", "orders", "--by", "users.email", "--format", "table", "--project", shop)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "E334" in refused.stderr


def test_an_export_masks_each_query_that_states_no_purpose(shop: Path) -> None:
    done = run("export", "people", "--project", shop)
    assert done.exit_code == 0, done.output
    book = openpyxl.load_workbook(shop / "drops" / "people.xlsx")
    masked, named = (
        [row[0] for row in book[title].iter_rows(min_row=2, values_only=True)] for title in book.sheetnames[1:]
    )
    assert masked == [*masks(ANN, BOB), "(unknown)"]
    assert named == ["Ann é 日本 💥", "Bob", "(unknown)"]
    shown = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert not {text for text in shown if "@example.com" in text}
    filters = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert (filters["Masked"], filters["Named"]) == ("none", "personal data for: Complaint 7: who ordered")
    (access,) = accesses(shop)
    assert (access["purpose"], access["metrics"]) == ("Complaint 7: who ordered", ["orders"])
    assert ANN not in done.output


def test_the_journal_and_the_receipt_of_an_export_hold_nothing_personal(shop: Path) -> None:
    assert run("export", "people", "--project", shop).exit_code == 0
    with sqlite3.connect(shop / ".metricast" / "runs.sqlite") as store:
        journal = "\n".join(store.iterdump())
    assert "people.xlsx" in journal
    assert "content_hash" in journal
    values = (ANN, BOB, "Ann é", "Bob", mask(ANN), mask(BOB), KEY)
    assert [value for value in values if value in journal] == []


def test_an_export_whose_access_cannot_be_recorded_is_not_delivered(shop: Path) -> None:
    record(shop).mkdir(parents=True)
    refused = run("export", "people", "--project", shop)
    assert (refused.exit_code, "E335" in refused.stderr) == (1, True)
    assert not (shop / "drops").exists()


def test_an_export_without_a_key_is_not_delivered(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICAST_MASK_KEY")
    refused = run("export", "people", "--project", shop)
    assert (refused.exit_code, "E334" in refused.stderr) == (1, True)
    assert not (shop / "drops").exists()
    assert accesses(shop) == []


def test_an_export_may_not_filter_by_what_is_personal_without_a_purpose(shop: Path) -> None:
    text = MODEL.replace("masked: {metrics: [orders]", "masked: {where: of_us_or_gold, metrics: [orders]")
    (shop / "metrics" / "model.yml").write_text(text, encoding="utf-8")
    checked = run("validate", "--project", shop)
    assert (checked.exit_code, "E331" in checked.stdout) == (1, True)


def test_labels_are_told_of_values_and_not_of_masks(shop: Path) -> None:
    asked = ("query", "users", "--by", "users.member", "--project", shop)
    named = run(*asked, "--purpose", "complaint 7").stdout.splitlines()[2:]
    assert [line.split()[0] for line in named] == ["Guest", "Member", "NULL"]
    masked = run(*asked).stdout.splitlines()[2:]
    assert [line.split()[0] for line in masked] == [*masks("true", "false"), "NULL"]


PEOPLE = """
datasets:
  people:
    table: people
    primary_key: id
    time: born
    dimensions:
      id: {personal: true}
      born: {type: date, personal: true}
      email: {type: string, personal: true}
      lowmail: {expr: lower(email)}
      birthday: {expr: "date_trunc('day', at)", type: date}
      age_group: {expr: "age_years(born, as_of)", bins: [18], personal: false}
  orders: {table: orders, primary_key: id, joins: {buyer: {dataset: people, on: buyer_id}}}
  parcels:
    table: parcels
    primary_key: id
    joins: {buyer: {dataset: people, on: buyer_id}}
    dimensions: {buyer_id: {personal: false}}
metrics:
  births: {dataset: people, agg: count}
  orders: {dataset: orders, agg: count}
  parcels: {dataset: parcels, agg: count}
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "people.yml").write_text(PEOPLE)
    return tmp_path


def test_a_column_that_leads_to_a_personal_key_is_personal(people: Path) -> None:
    with Layer(people, environment={}) as layer:
        personal = {name: layer.model.dimensions[name]["buyer_id"].personal for name in ("orders", "parcels")}
        with pytest.raises(QueryError, match="E331"):
            layer.sql("orders", where="orders.buyer_id = 1")
    assert personal == {"orders": True, "parcels": False}


@pytest.mark.parametrize("asked", [{"by": "people.birthday"}, {"where": "birthday = '1990-05-01'"}], ids=str)
def test_a_dimension_made_of_a_personal_time_is_no_way_around(people: Path, asked: dict[str, Any]) -> None:
    with Layer(people, environment={}) as layer:
        with pytest.raises(QueryError, match=r"E331.*people\.born"):
            layer.sql("births", **asked)
        assert "born" in layer.sql("births", **asked, purpose="a birthday card")
        assert layer.sql("births", by="age_group")


def test_what_is_made_of_personal_columns_is_told_until_somebody_says(people: Path) -> None:
    told = run("validate", "--project", str(people), "--format", "json")
    found = [each["message"] for each in json.loads(told.stdout) if each["code"] == "E224"]
    assert len(found) == 1
    assert "people.lowmail" in found[0]


def test_equal_numbers_have_equal_masks_whatever_their_type(people: Path) -> None:
    with duckdb.connect(str(people / "p.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT 1 AS id, 2.50::DECIMAL(5, 2) AS a, 2.5::DECIMAL(18, 4) AS b, 2.5::DOUBLE AS c"
        )
        connection.execute("ALTER TABLE t ADD COLUMN mood ENUM ('sad', 'glad') DEFAULT 'glad'")
        connection.execute("ALTER TABLE t ADD COLUMN far DATE DEFAULT 'infinity'")
    (people / "metrics" / "project.yml").write_text("targets: {local: {engine: duckdb, database: p.duckdb}}")
    (people / "metrics" / "t.yml").write_text(
        "datasets: {t: {table: t, primary_key: id, dimensions: {a: {personal: true}, b: {personal: true}, "
        "c: {personal: true}, mood: {values: [glad, sad]}, far: {}}}}\nmetrics: {n: {dataset: t, agg: count}}"
    )
    with Layer(people, environment={"METRICAST_MASK_KEY": KEY}) as layer:
        row = layer.query("n", by=["t.a", "t.b", "t.c", "t.mood", "t.far"]).rows()[0]
    expected = hmac.new(KEY.encode(), b"2.5", hashlib.sha256).hexdigest()[:20]
    assert row[:4] == (expected, expected, expected, "glad")
