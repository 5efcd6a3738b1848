"""Data that break what the model declares are refused before they make a wrong number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from semantic import EngineError, Layer, QueryError

MODEL = """
datasets:
  orders:
    table: orders
    primary_key: id
    time: ordered_at
    joins: {users: {on: user_id}, segments: {on: user_id, as_of: ordered_at}}
  users: {table: users, primary_key: user_id, dimensions: {gender: {}}}
  segments:
    table: segments
    primary_key: [user_id, valid_from]
    validity: {from: valid_from, to: valid_to}
    dimensions: {segment: {}}
metrics:
  orders: {dataset: orders, agg: count}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "a.yml").write_text(MODEL, encoding="utf-8")
    settings = "time_zone: Asia/Bangkok\ntargets: {local: {engine: duckdb, database: shop.duckdb}}\n"
    (tmp_path / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
    _run(
        tmp_path,
        "CREATE TABLE orders AS SELECT 1 AS id, 1 AS user_id, TIMESTAMP '2025-01-01 18:00:00' AS ordered_at",
        "CREATE TABLE users AS SELECT 1 AS user_id, 'f' AS gender",
        "CREATE TABLE segments (user_id INT, valid_from TIMESTAMP, valid_to TIMESTAMP, segment TEXT)",
        "INSERT INTO segments VALUES (1, '2024-01-01', '2025-01-01', 'old'), (1, '2025-01-01', NULL, 'new')",
    )
    return tmp_path


def _run(project: Path, *statements: str) -> None:
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def test_sound_data_pass(project: Path) -> None:
    with Layer(project) as layer:
        assert layer.query("orders", ["gender", "segment"]).rows() == [("f", "new", 1)]


def test_keys_are_looked_at_among_the_rows_that_were_known(project: Path) -> None:
    known = MODEL.replace("dimensions: {gender: {}}", "recorded: t, dimensions: {gender: {}, t: {type: timestamp}}")
    (project / "metrics" / "a.yml").write_text(known, encoding="utf-8")
    _run(
        project,
        "ALTER TABLE users ADD COLUMN t TIMESTAMP",
        "INSERT INTO users VALUES (1, 'm', '2025-03-01')",
    )
    before, after = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
    with Layer(project) as layer:
        assert layer.query("orders", "gender", as_of=before).rows() == [("f", 1)]
        with pytest.raises(EngineError, match=r"E411.*'users' has keys"):
            layer.query("orders", "gender", as_of=after)
        assert layer.query("orders", "gender", as_of=before).rows() == [("f", 1)]


def test_a_key_on_two_rows_is_refused_where_it_is_looked_up(project: Path) -> None:
    _run(project, "INSERT INTO users VALUES (1, 'm'), (NULL, 'x'), (NULL, 'y')")
    with Layer(project) as layer:
        assert layer.query("orders").rows() == [(1,)]
        with pytest.raises(EngineError, match=r"E411.*'users' has keys \(user_id\)"):
            layer.query("orders", "gender")


def test_rows_without_a_key_are_no_partner_and_no_fault(project: Path) -> None:
    _run(project, "INSERT INTO users VALUES (NULL, 'x'), (NULL, 'y')")
    with Layer(project) as layer:
        assert layer.query("orders", "gender").rows() == [("f", 1)]


@pytest.mark.parametrize(
    "row",
    [
        "(1, '2024-06-01', '2024-07-01', 'within')",
        "(1, '2025-02-01', NULL, 'second open end')",
        "(1, '2025-01-01', NULL, 'twin')",
    ],
)
def test_overlapping_validity_is_refused(project: Path, row: str) -> None:
    _run(project, f"INSERT INTO segments VALUES {row}")
    with Layer(project) as layer, pytest.raises(EngineError, match=r"E411.*'segments'.*overlaps"):
        layer.query("orders", "segment")


def test_an_empty_validity_overlaps_nothing(project: Path) -> None:
    _run(project, "INSERT INTO segments VALUES (1, '2024-06-01', '2024-06-01', 'never')")
    with Layer(project) as layer:
        assert layer.query("orders", "segment").rows() == [("new", 1)]


@pytest.mark.parametrize("kind", ["DATE", "VARCHAR", "TIMESTAMPTZ"])
def test_a_clock_of_another_type_is_refused(project: Path, kind: str) -> None:
    _run(project, f"ALTER TABLE orders ALTER ordered_at TYPE {kind}")
    with (
        Layer(project) as layer,
        pytest.raises(EngineError, match=r"E410.*'orders.ordered_at' is declared as timestamp"),
    ):
        layer.query("orders", "day")


@pytest.mark.parametrize("kind", ["VARCHAR", "DATE"])
def test_a_key_of_another_kind_is_refused(project: Path, kind: str) -> None:
    _run(project, "DROP TABLE users", f"CREATE TABLE users (user_id {kind}, gender TEXT)")
    with Layer(project) as layer, pytest.raises(EngineError, match=rf"E412.*INTEGER.*'users.user_id', which is {kind}"):
        layer.query("orders", "gender")


def test_a_key_of_another_width_is_found(project: Path) -> None:
    _run(project, "ALTER TABLE users ALTER user_id TYPE BIGINT")
    with Layer(project) as layer:
        assert layer.query("orders", "gender").rows() == [("f", 1)]


@pytest.mark.parametrize("declared", ["integer", "boolean", "date"])
def test_a_declared_type_that_is_not_that_of_the_data_is_refused(project: Path, declared: str) -> None:
    text = MODEL.replace("gender: {}", f"gender: {{type: {declared}}}")
    (project / "metrics" / "a.yml").write_text(text, encoding="utf-8")
    with Layer(project) as layer, pytest.raises(EngineError, match=r"E410.*'users.gender' is declared as"):
        layer.query("orders", "gender")


def test_an_instant_without_a_zone_is_refused(project: Path) -> None:
    with Layer(project) as layer, pytest.raises(QueryError, match="E324"):
        layer.query("orders", as_of=datetime(2025, 1, 1))


def test_days_of_validity_have_no_other_zone(project: Path) -> None:
    _run(project, "ALTER TABLE segments ALTER valid_from TYPE DATE", "ALTER TABLE segments ALTER valid_to TYPE DATE")
    dates = "dimensions: {segment: {}, valid_from: {type: date}, valid_to: {type: date}}"
    text = MODEL.replace("dimensions: {segment: {}}", dates)
    (project / "metrics" / "a.yml").write_text(text, encoding="utf-8")
    with Layer(project) as layer:
        assert layer.query("orders", "segment").rows() == [("new", 1)]
        with pytest.raises(QueryError, match="E313"):
            layer.query("orders", "segment", time_zone="UTC")
