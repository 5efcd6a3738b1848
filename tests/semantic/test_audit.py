"""What the data are like: every check fires with the exact number of rows, and is silent on good data."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from semantic import Layer
from semantic.audit import Audit, Extent, audit
from semantic.columns import read_schema
from semantic.load import load_texts
from semantic.model import Model

AS_OF = datetime(2025, 6, 30, 12, tzinfo=UTC)
MODEL = """
datasets:
  orders:
    table: orders
    primary_key: id
    time: ordered_at
    joins:
      users: {on: user_id}
      tiers: {on: user_id, as_of: ordered_at}
  users: {table: users, primary_key: user_id, dimensions: {name: {}}}
  tiers:
    table: tiers
    primary_key: [user_id, since]
    validity: {from: since, to: until}
metrics:
  orders: {dataset: orders, agg: count}
"""
TABLES = """
CREATE TABLE users AS FROM (VALUES (1, 'a'), (2, 'b')) t(user_id, name);
CREATE TABLE tiers AS FROM (VALUES
    (1, TIMESTAMP '2025-01-01', TIMESTAMP '2025-02-01'), (1, TIMESTAMP '2025-02-01', NULL),
    (2, TIMESTAMP '2025-01-01', NULL)) t(user_id, since, until);
CREATE TABLE orders AS FROM (VALUES
    (1, 1, TIMESTAMP '2025-01-10 10:00'), (2, 1, TIMESTAMP '2025-03-01'), (3, 2, TIMESTAMP '2025-06-30 20:00'))
    t(id, user_id, ordered_at);
"""


def _model(text: str) -> Model:
    loaded = load_texts({"a.yml": text, "project.yml": "time_zone: Asia/Bangkok\n"})
    assert loaded.model is not None, loaded.diagnostics
    return loaded.model


def _audit(*statements: str, model: str = MODEL, tables: str = TABLES) -> Audit:
    with Layer(_model(model)) as layer:
        for statement in (*tables.split(";")[:-1], *statements):
            layer.engine.execute(f"{statement}; SELECT 1")
        return audit(layer.engine, layer.model, read_schema(layer.engine, layer.model), AS_OF)


def _said(found: Audit) -> list[str]:
    return [f"{each.diagnostic.code} {each.rows}/{each.of} {each.severity}" for each in found.findings]


def _only(found: Audit) -> str:
    (finding,) = found.findings
    return f"{_said(found)[0]} {finding.diagnostic.message}; {finding.diagnostic.hint}"


def test_good_data_are_not_talked_about() -> None:
    assert _audit().findings == ()


def test_first_and_last_are_business_local() -> None:
    assert _audit().extents == (
        Extent("orders", 3, datetime(2025, 1, 10, 17), datetime(2025, 7, 1, 3)),
        Extent("users", 2),
        Extent("tiers", 3),
    )


def test_tables_without_rows_have_nothing_odd() -> None:
    found = _audit(*(f"DELETE FROM {table}" for table in ("orders", "users", "tiers")))
    assert found.findings == ()
    assert found.extents[0] == Extent("orders", 0)


# --- mistakes ------------------------------------------------------------


def test_a_key_on_several_rows_is_a_mistake_wherever_it_is() -> None:
    rows = "INSERT INTO orders SELECT 1, 1, '2025-03-01' FROM range(2) UNION ALL SELECT 3, 1, '2025-03-01'"
    assert _only(_audit(rows)) == (
        "E411 5/6 mistake dataset 'orders' has keys (id) that stand on more than one row: 2; 5 of 6 rows (83.3%); "
        "such as id 1, 3; looking them up would multiply rows; mend the data or the primary_key"
    )


def test_the_whole_of_a_composite_key_counts() -> None:
    model = MODEL.replace("primary_key: id", "primary_key: [user_id, id]")
    assert _audit("INSERT INTO orders VALUES (1, 2, '2025-03-01')", model=model).findings == ()
    found = _only(_audit("INSERT INTO orders VALUES (2, 1, '2025-03-01')", model=model))
    assert "2/4 mistake dataset 'orders' has keys (user_id, id) that stand on more than one row: 1" in found
    assert "such as user_id, id (1, 2);" in found


def test_overlapping_validities_are_a_mistake() -> None:
    found = _audit("INSERT INTO tiers VALUES (1, '2025-01-15', '2025-01-16'), (2, '2025-03-01', '2025-04-01')")
    assert _only(found).startswith(
        "E411 2/5 mistake dataset 'tiers' has rows whose validity overlaps the next one of the same key: 2; "
        "2 of 5 rows (40.0%); such as user_id 1, 2; looking them up"
    )


def test_twins_of_a_validity_are_a_repeated_key_too() -> None:
    found = _audit("INSERT INTO tiers VALUES (2, '2025-01-01', NULL)")
    assert _said(found) == ["E411 2/4 mistake", "E411 1/4 mistake"]


def test_rows_that_cannot_be_read_are_a_mistake_of_their_dataset_alone() -> None:
    model = MODEL.replace(
        "time: ordered_at\n", "time: sold_on\n    dimensions: {sold_on: {expr: cast(text as date), type: date}}\n"
    )
    model = model.replace(", as_of: ordered_at", ", as_of: sold_on")
    bad = ("ALTER TABLE orders ADD COLUMN text TEXT", "UPDATE orders SET text = 'soon'")
    found = _audit(*bad, "INSERT INTO users VALUES (2, 'c')", model=model)
    assert _said(found) == ["E413 0/0 mistake", "E411 2/3 mistake"]
    assert "the rows of dataset 'orders' cannot be read" in found.findings[0].diagnostic.message
    assert [extent.dataset for extent in found.extents] == ["users", "tiers"]


# --- findings ------------------------------------------------------------


def test_rows_without_a_key() -> None:
    found = _audit("INSERT INTO users VALUES (NULL, 'c'), (NULL, 'd')")
    message = "2 of 4 rows of 'users' (50.0%): user_id is NULL, and no lookup finds a row without its key"
    assert _only(found) == f"E420 2/4 finding {message}; None"


def test_keys_without_a_partner() -> None:
    found = _audit("INSERT INTO orders VALUES (4, 7, '2025-03-01'), (5, 9, '2025-03-01'), (6, 7, '2025-03-01')")
    assert _said(found) == ["E421 3/6 finding", "E421 3/6 finding"]
    users, tiers = (each.diagnostic for each in found.findings)
    assert users.message == "3 of 6 rows of 'orders' (50.0%): no row of 'users' has this user_id"
    assert users.hint == "such as user_id 7, 9"
    assert users.span is not None
    assert users.span.text.strip() == "users: {on: user_id}"
    assert tiers.message.endswith("no row of 'tiers' has this user_id and is valid at ordered_at")


def test_times_without_a_valid_row() -> None:
    found = _audit("INSERT INTO orders VALUES (4, 1, '2024-12-31 23:59'), (5, 1, '2025-01-01'), (6, 2, NULL)")
    assert _said(found) == ["E424 1/6 finding", "E421 1/6 finding"]
    assert "no row of 'tiers' has this user_id and is valid at ordered_at" in found.findings[1].diagnostic.message


def test_a_doubled_partner_makes_no_orphan() -> None:
    assert _said(_audit("INSERT INTO users VALUES (1, 'again')")) == ["E411 2/3 mistake"]


def test_null_join_keys_are_told_once_for_all_joins_on_them() -> None:
    found = _only(_audit("INSERT INTO orders VALUES (4, NULL, '2025-03-01'), (5, NULL, '2025-03-02')"))
    assert found == (
        "E422 2/5 finding 2 of 5 rows of 'orders' (40.0%): user_id is NULL: no lookup by users, tiers; such as id 4, 5"
    )


@pytest.mark.parametrize(
    "row", ["(2, '2024-06-01', '2024-06-01')", "(2, '2024-06-01', '2024-05-01')", "(2, NULL, NULL)"]
)
def test_rows_that_are_never_valid(row: str) -> None:
    found = _audit(f"INSERT INTO tiers VALUES {row}")
    assert found.findings[-1].diagnostic.hint == "such as user_id 2"
    assert _said(found) in (["E423 1/4 finding"], ["E420 1/4 finding", "E423 1/4 finding"])


def test_rows_without_a_clock_value() -> None:
    found = _audit("INSERT INTO orders VALUES (4, 1, NULL)")
    assert _only(found) == (
        "E424 1/4 finding 1 of 4 rows of 'orders' (25.0%): ordered_at is NULL: in no period; such as id 4"
    )


def test_times_far_away_are_counted_and_left_out_of_the_extent() -> None:
    open_ended = MODEL.replace("      tiers: {on: user_id, as_of: ordered_at}\n", "")
    times = ("1899-12-31 23:59:59", "-infinity", "2025-07-01 12:00:01", "9999-12-31", "infinity")
    usual = ("1900-01-01", "2025-07-01 12:00:00")
    rows = ", ".join(f"({at + 4}, 1, TIMESTAMP '{time}')" for at, time in enumerate((*times, *usual)))
    found = _audit(f"INSERT INTO orders VALUES {rows}", model=open_ended)
    assert [(each.diagnostic.message, each.diagnostic.hint) for each in found.findings] == [
        ("2 of 10 rows of 'orders' (20.0%): ordered_at lies before 1900", "such as id 4, 5"),
        (
            "3 of 10 rows of 'orders' (30.0%): ordered_at lies in the future, after 2025-07-01 19:00",
            "such as id 6, 7, 8",
        ),
    ]
    first, last = found.extents[0].first, found.extents[0].last
    assert last == datetime(2025, 7, 1, 19)
    assert first is not None
    assert first.year == 1900


ZONES = {
    "timestamp, zone: Asia/Tokyo": ("TIMESTAMP", "2025-07-01 21:00", "2025-07-01 21:00:01", datetime(2025, 7, 1, 19)),
    "timestamptz": ("TIMESTAMPTZ", "2025-07-01 12:00:00+00", "2025-07-01 12:00:01+00", datetime(2025, 7, 1, 19)),
    "date": ("DATE", "2025-07-01", "2025-07-02", date(2025, 7, 1)),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZONES)
def test_a_time_is_compared_in_its_own_terms(kind: str) -> None:
    stored, latest, later, shown = ZONES[kind]
    model = "datasets: {{orders: {{table: orders, primary_key: id, time: t, dimensions: {{t: {{type: {}}}}}}}}}\n"
    rows = f"CREATE TABLE orders AS FROM (VALUES (1, {stored} '{latest}'), (2, {stored} '{later}')) t(id, t);"
    found = _audit(model=model.format(kind), tables=rows)
    assert _said(found) == ["E425 1/2 finding"], found.findings
    assert found.findings[0].diagnostic.hint == "such as id 2"
    assert (found.extents[0].first, found.extents[0].last) == (shown, shown)


def test_other_clocks_are_looked_at_too() -> None:
    paid = "metrics:\n  paid: {dataset: orders, agg: count, time: paid_at}\n"
    model = MODEL.replace("metrics:\n", paid).replace(
        "joins:\n", "dimensions: {paid_at: {type: timestamp}}\n    joins:\n"
    )
    found = _only(_audit("ALTER TABLE orders ADD COLUMN paid_at TIMESTAMP", model=model))
    assert found.startswith(
        "E424 3/3 finding 3 of 3 rows of 'orders' (100.0%): paid_at is NULL: in no period of 'paid'"
    )


# --- names, kinds and shapes of keys ------------------------------------------------------------


def test_text_and_personal_keys_are_not_shown() -> None:
    rows = "INSERT INTO orders VALUES (4, 7, '2025-03-01'), (4, 7, '2025-03-01')"
    model = MODEL.replace("as_of: ordered_at}\n", "as_of: ordered_at}\n    dimensions: {user_id: {personal: true}}\n")
    hints = [each.diagnostic.hint for each in _audit(rows, model=model).findings]
    assert hints == ["such as id 4; looking them up would multiply rows; mend the data or the primary_key", None, None]
    text = TABLES.replace("(1, 'a'), (2, 'b')", "('1', 'a'), ('2', 'b')").replace("(1, 1,", "(1, '1',")
    text = text.replace("(2, 1,", "(2, '1',").replace("(3, 2,", "(3, '2',")
    model = MODEL.replace("      tiers: {on: user_id, as_of: ordered_at}\n", "")
    found = _audit("INSERT INTO orders VALUES (4, 'Ann', '2025-03-01')", model=model, tables=text)
    assert _only(found) == "E421 1/4 finding 1 of 4 rows of 'orders' (25.0%): no row of 'users' has this user_id; None"


ODD = """
datasets:
  lines:
    table: '"Größe & Co"'
    primary_key: [order, "größe, cm"]
    joins: {parts: {on: [a b, order]}}
  parts:
    sql: 'select 1 as "select", date ''2025-01-01'' as "from"'
    primary_key: [select, from]
"""


def test_odd_names_and_composite_keys() -> None:
    rows = "(DATE '2025-01-01', 1, 1), ('2025-01-02', 1, 1), ('2025-01-02', 1, NULL), (NULL, 1, 1)"
    tables = f'CREATE TABLE "Größe & Co" AS FROM (VALUES {rows}) t("order", "größe, cm", "a b");'
    found = _audit(model=ODD, tables=tables)
    assert _said(found) == ["E411 2/4 mistake", "E420 1/4 finding", "E421 1/4 finding", "E422 2/4 finding"]
    hints = [each.diagnostic.hint or "" for each in found.findings]
    assert hints[0].startswith("such as order, größe, cm (2025-01-02, 1);")
    assert hints[2] == "such as a b, order (1, 2025-01-02)"


def test_joins_on_expressions() -> None:
    model = MODEL.replace("{on: user_id}", "{on: 'nullif(user_id, 2) + 1'}").replace(
        "      tiers: {on: user_id, as_of: ordered_at}\n", ""
    )
    found = _audit("INSERT INTO orders VALUES (4, 6, '2025-03-01')", model=model)
    assert _said(found) == ["E421 1/4 finding", "E422 1/4 finding"]
    assert found.findings[0].diagnostic.hint == "such as nullif(user_id, 2) + 1 7"


def test_a_dataset_that_leads_to_itself() -> None:
    model = """
datasets:
  people: {table: people, primary_key: id, joins: {manager: {dataset: people, on: manager_id}}}
"""
    rows = "CREATE TABLE people AS FROM (VALUES (1, NULL), (2, 1), (3, 9)) t(id, manager_id);"
    found = _audit(model=model, tables=rows)
    assert _said(found) == ["E421 1/3 finding", "E422 1/3 finding"]


# --- beside mistakes ------------------------------------------------------------


def test_what_is_sound_is_checked_beside_what_is_not() -> None:
    model = MODEL.replace("{on: user_id}\n", "{on: usr_id}\n")
    found = _audit("INSERT INTO orders VALUES (3, 9, '1800-01-01')", "DROP TABLE users", model=model)
    assert _said(found) == ["E411 2/4 mistake", "E425 1/4 finding", "E421 1/4 finding"]
    assert [extent.dataset for extent in found.extents] == ["orders", "tiers"]


def test_a_clock_of_another_type_is_not_compared() -> None:
    found = _audit("ALTER TABLE orders ALTER ordered_at TYPE TEXT")
    assert found.findings == ()
    assert found.extents[0] == Extent("orders", 3)


def test_small_and_large_shares_are_not_rounded_away() -> None:
    found = _audit(
        "INSERT INTO orders SELECT 10 + range, 1, '2025-03-01' FROM range(5000)",
        "INSERT INTO orders VALUES (4, NULL, '2025-03-01')",
    )
    assert "1 of 5,004 rows of 'orders' (< 0.1%)" in _only(found)


def test_first_and_last_of_a_personal_clock_are_not_shown() -> None:
    personal = "dimensions: {ordered_at: {type: timestamp, personal: true}}\n    joins:\n"
    found = _audit(model=MODEL.replace("joins:\n", personal))
    assert found.extents[0] == Extent("orders", 3)
