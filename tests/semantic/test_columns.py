"""Tables, columns and types that the YAML names, against those that the target has."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from semantic import EngineError, Layer
from semantic.columns import Schema, read_schema
from semantic.load import load_texts
from semantic.model import Model

TABLES = """
CREATE TABLE users (user_id INT, name TEXT, born DATE, active BOOLEAN);
CREATE TABLE segments (user_id INT, valid_from TIMESTAMP, valid_to TIMESTAMP, segment TEXT);
CREATE TABLE orders (id INT, user_id INT, code TEXT,
    ordered_at TIMESTAMP, born_at TIMESTAMPTZ, amount DECIMAL(10, 2), "größe, cm" DOUBLE);
"""
MODEL = """
datasets:
  orders:
    table: orders
    primary_key: id
    time: ordered_at
    joins:
      users: {on: user_id}
      segments: {on: user_id, as_of: ordered_at}
    dimensions:
      code: {}
      big: {expr: amount > 100}
  users:
    table: users
    primary_key: [user_id]
    dimensions:
      name: {}
      age: {expr: "age_years(born, at)"}
  segments:
    sql: |
      select user_id, valid_from,
             valid_to, segment
      from segments
    primary_key: [user_id, valid_from]
    validity: {from: valid_from, to: valid_to}
    dimensions: {segment: {}}
metrics:
  orders: {dataset: orders, agg: count, filter: "users.age > 17 and not big and (code = 'a' or adults)"}
  revenue: {dataset: orders, agg: sum, expr: amount}
  volume: {dataset: orders, agg: avg, expr: '"größe, cm" * orders.amount'}
  per_user: {dataset: orders, expr: sum(amount) / count_distinct(user_id)}
segments:
  adults: {filter: users.age >= 18}
"""


def _model(text: str) -> Model:
    loaded = load_texts({"a.yml": text})
    assert loaded.model is not None, loaded.diagnostics
    return loaded.model


def _schema(text: str, tables: str = TABLES) -> Schema:
    with Layer(_model(text)) as layer:
        for statement in tables.split(";"):
            layer.engine.execute(statement + "; SELECT 1")
        return read_schema(layer.engine, layer.model)


def _said(schema: Schema, line: str = "") -> list[str]:
    """Code, marked words, message and hint of every mistake; each stands in a line that holds `line`."""
    found = []
    for each in schema.mistakes:
        assert each.span is not None
        assert line in each.span.text
        words = each.span.text[each.span.column - 1 :][: each.span.length]
        found.append(f"{each.code} [{words}] {each.message}; {each.hint}")
    return found


def test_what_is_there_is_no_mistake() -> None:
    schema = _schema(MODEL)
    assert (schema.mistakes, schema.unfit) == ((), frozenset())
    assert set(schema.tables) == {"orders", "users", "segments"}
    assert schema.has("orders", ["ID", "größe, CM"])
    assert not schema.has("orders", ["id", "idd"])


@pytest.mark.parametrize(
    ("old", "new", "table", "word", "hint"),
    [
        ("primary_key: id", "primary_key: idd", "orders", "idd", "did you mean 'id'?"),
        ("[user_id]", "[usr]", "users", "usr", "did you mean 'user_id'?"),
        ("[user_id]", "[xyz]", "users", "xyz", "columns: user_id, name, born, active"),
        ("time: ordered_at", "time: orderd_at", "orders", "orderd_at", "did you mean 'ordered_at'?"),
        ("{on: user_id}", "{on: userid}", "orders", "userid", "did you mean 'user_id'?"),
        ("{on: user_id}", "{on: [useridd]}", "orders", "useridd", "did you mean 'user_id'?"),
        ("code: {}", "cote: {}", "orders", "cote", "did you mean 'code'?"),
        ("(born, at)", "(borne, at)", "users", "borne", "did you mean 'born'?"),
        ("not big", "not bigg", "orders", "bigg", "did you mean 'big'?"),
        ("or adults", "or adultes", "orders", "adultes", "did you mean 'adults'?"),
        ("sum, expr: amount", "sum, expr: (1 + amonut)", "orders", "amonut", "did you mean 'amount'?"),
        ("sum(amount)", "sum(amount + amonut)", "orders", "amonut", "did you mean 'amount'?"),
    ],
)
def test_a_missing_column_is_shown_where_it_is_named(old: str, new: str, table: str, word: str, hint: str) -> None:
    assert old in MODEL
    said = _said(_schema(MODEL.replace(old, new, 1).replace("as_of: ordered_at", f"as_of: {_clock(new)}")), new)
    assert said == [f"E402 [{word}] the table '{table}' has no column '{word}'; {hint}"]


def _clock(new: str) -> str:
    return new.removeprefix("time: ") if new.startswith("time: ") else "ordered_at"


def test_a_name_with_its_dataset_is_marked_whole() -> None:
    (said,) = _said(_schema(MODEL.replace("code = 'a'", "orders.colour = 'a'")))
    assert said.startswith("E402 [orders.colour] the table 'orders' has no column 'colour'")


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        MODEL.replace("code: {}", "cote: {}").replace("(born,", "(borne,").replace("sum, expr: amount", "sum, expr: a")
    )
    text = text.replace("table: users", "table: userss")
    assert [each.split("]")[0] for each in _said(_schema(text))] == ["E402 [cote", "E402 [userss", "E402 [a"]


def test_a_missing_table_is_shown_at_its_name() -> None:
    (said,) = _said(_schema(MODEL.replace("table: orders", "table: ordres")))
    assert said == "E402 [ordres] the table 'ordres' does not exist in the target; did you mean 'orders'?"
    (said,) = _said(_schema(MODEL.replace("table: orders", "table: shop.orders")))
    assert said.startswith("E402 [shop.orders] the table 'shop.orders' does not exist in the target")


def test_a_target_without_tables_says_so() -> None:
    said = _said(_schema(MODEL, ""))
    assert len(said) == 3
    assert said[0].endswith("it has no tables at all")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from segments", "from segmens", "E402 [segmens] the table 'segmens' does not exist"),
        ("segment\n", "segmnt\n", "E402 [segmnt] there is no column 'segmnt'; did you mean 'segment'?"),
        ("{segment: {}}", "{segmnt: {}}", "E402 [segmnt] the SQL of dataset 'segments' has no column 'segmnt'"),
        ("to: valid_to", "to: until", "E402 [until] the SQL of dataset 'segments' has no column 'until'"),
    ],
)
def test_mistakes_in_a_dataset_by_sql(old: str, new: str, said: str) -> None:
    found = _said(_schema(MODEL.replace(old, new, 1)), new.strip())
    assert found[0].startswith(said), found


def test_columns_that_a_star_leaves_out_are_columns() -> None:
    assert _schema(MODEL.replace("primary_key: id", "primary_key: rowid")).mistakes == ()
    assert _said(_schema(MODEL.replace("primary_key: id", "primary_key: orders")))[0].startswith("E402 [orders]")


def test_dimensions_come_before_columns_and_segments_before_both() -> None:
    text = MODEL.replace("not big", "not wide").replace("big: {expr", "wide: {expr")
    assert _schema(text).mistakes == ()


def test_files_are_tables(tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT 1 AS id, 2 AS amount) TO '{tmp_path}/sales.csv'")
    text = "datasets: {{sales: {{table: {path}, primary_key: idd}}}}\nmetrics: {{m: {{dataset: sales, agg: count}}}}\n"
    (said,) = _said(_schema(text.format(path=f"{tmp_path}/*.csv"), ""))
    assert said.startswith("E402 [idd]")
    (said,) = _said(_schema(text.format(path=f"{tmp_path}/*.json"), ""))
    assert "No files found" in said


# --- types ------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sum, expr: amount", "sum, expr: code", "E217 [code] a number is expected here, and this is text; in"),
        ("sum, expr: amount", "sum, expr: users.name", "E217 [users.name] a number is expected"),
        ("sum, expr: amount", "median, expr: born_at", "E217 [born_at] a number is expected here, and this is a time"),
        ("sum(amount)", "sum(code)", "E217 [code] a number is expected here, and this is text"),
        ("code = 'a'", "code = 5", "E217 [5] text and a number cannot be compared; in the target code is VARCHAR"),
        ("code = 'a'", "users.born = 5", "E217"),
        ("amount > 100", "code + 1 > 100", "E217 [code] a number is expected"),
        ("(born, at)", "(name, at)", "E217 [name] a date is expected here, and this is text"),
    ],
)  # fmt: skip
def test_the_types_of_the_target_must_fit_where_none_is_declared(old: str, new: str, said: str) -> None:
    text = MODEL.replace("dimensions:\n      name", "dimensions:\n      born: {}\n      name")
    assert old in text
    (found,) = _said(_schema(text.replace(old, new, 1)), new)
    assert found.startswith(said), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "name: {}",
            "name: {type: integer}",
            "E410 [integer] 'users.name' is declared as integer, but in the data it is VARCHAR; declare name: {type: ",
        ),
        ("name: {}", "name: {type: date}", "E410 [date] 'users.name' is declared as date"),
        ("code: {}", "born_at: {type: timestamp}", "E410 [timestamp] 'orders.born_at' is declared as timestamp"),
        ("name: {}", "name: {type: string, expr: user_id}", "E217 [user_id] text is expected here"),
        ("name: {}", "name: {type: date, expr: born_at}", "E402 [born_at]"),
        ("sum, expr: amount", "sum, expr: amount, time: born_at", "E410 [born_at]"),
    ],
)
def test_declared_types_are_those_of_the_target(old: str, new: str, said: str) -> None:
    assert old in MODEL
    text = MODEL.replace(old, new, 1)
    if "time: born_at" in new:
        text = text.replace("code: {}", "code: {}\n      born_at: {type: timestamp}")
        (found,) = _said(_schema(text))
        assert found.startswith("E410 [timestamp] 'orders.born_at'")
    else:
        (found,) = _said(_schema(text), new)
        assert found.startswith(said), found


def test_a_clock_that_nobody_declared_is_a_timestamp() -> None:
    tables = TABLES.replace("ordered_at TIMESTAMP", "ordered_at DATE")
    (said,) = _said(_schema(MODEL, tables), "time: ordered_at")
    assert said.startswith("E410 [ordered_at] 'orders.ordered_at' is declared as timestamp, but in the data it is DATE")
    assert "ordered_at: {type: date}" in said


def test_keys_are_of_one_type_on_both_sides() -> None:
    tables = TABLES.replace("TABLE users (user_id INT", "TABLE users (user_id TEXT")
    schema = _schema(MODEL, tables)
    (said,) = _said(schema, "users: {on: user_id}")
    assert said.startswith("E412 [user_id] ")
    assert "INTEGER" in said
    assert "VARCHAR" in said
    assert schema.unfit == {("orders", "joins.users")}


def test_what_the_target_does_not_take_is_shown_at_its_dimension() -> None:
    text = MODEL.replace("code: {}", "code: {type: string, expr: lower(tags)}\n      ok: {type: integer, expr: id}")
    (said,) = _said(_schema(text, TABLES.replace("code TEXT", "code TEXT, tags INT[]")), "lower(tags)")
    assert said.startswith("E406 [string] DuckDB refused the query")


def test_a_target_that_is_down_is_no_mistake_of_the_yaml(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "a.yml").write_text(MODEL, encoding="utf-8")
    settings = "targets: {local: {engine: duckdb, database: shop.duckdb}}\n"
    (tmp_path / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
    with Layer(tmp_path) as layer, pytest.raises(EngineError, match="E401"):
        read_schema(layer.engine, layer.model)


def test_names_are_read_in_any_case() -> None:
    text = MODEL.replace("primary_key: id", "primary_key: ID").replace("sum, expr: amount", "sum, expr: Amount")
    assert _schema(text).mistakes == ()


def test_an_entry_of_on_may_be_an_odd_name() -> None:
    text = MODEL.replace("users: {on: user_id}", "users: {on: user id}")
    assert _schema(text, TABLES.replace("id INT, user_id", 'id INT, "user id" INT, user_id')).mistakes == ()
    (said,) = _said(_schema(text), "users: {on: user id}")
    assert said.startswith("E402 [user id] the table 'orders' has no column 'user id'")
