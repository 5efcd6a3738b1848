"""The SQL text of a few queries in both dialects, as a person reads it; METRICAST_WRITE_GOLDEN=1 writes it anew."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from scheduler.demo import generate
from semantic import Layer, Query
from semantic.compile import compile_query
from semantic.dialects import DIALECTS
from semantic.load import load_project

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
QUERIES: dict[str, dict[str, Any]] = yaml.safe_load((GOLDEN / "queries.yml").read_text(encoding="utf-8"))
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = load_project(ROOT).model


def _sql(name: str, dialect: str) -> str:
    assert MODEL is not None
    asked: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in QUERIES[name].items()}
    return compile_query(MODEL, Query(**asked), as_of=AS_OF, dialect=dialect).sql + "\n"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_the_sql_is_as_kept(name: str, dialect: str) -> None:
    path = GOLDEN / dialect / f"{name}.sql"
    if os.environ.get("METRICAST_WRITE_GOLDEN"):
        path.write_text(_sql(name, dialect), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == _sql(name, dialect)


def test_nothing_is_kept_that_is_not_asked() -> None:
    kept = {path.relative_to(GOLDEN) for path in GOLDEN.rglob("*.sql")}
    assert kept == {Path(dialect) / f"{name}.sql" for dialect in DIALECTS for name in QUERIES}


def test_the_kept_sql_runs_on_duckdb(tmp_path: Path) -> None:
    generate(tmp_path / "demo.duckdb", users=200)
    with duckdb.connect(str(tmp_path / "demo.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in QUERIES:
            sql = (GOLDEN / "duckdb" / f"{name}.sql").read_text(encoding="utf-8")
            assert connection.execute(sql).to_arrow_table().num_rows, name


def test_one_metric_by_month_without_fill_is_one_select() -> None:
    assert _sql("one_metric_by_month", "duckdb").count("SELECT") == 1


def test_metrics_of_one_dataset_share_one_scan() -> None:
    sql = _sql("filters_side_by_side", "duckdb")
    assert sql.count("FROM points_ledger") == sql.count("SELECT") == 1


def test_two_datasets_are_two_aggregates_and_one_regroup() -> None:
    assert MODEL is not None
    query = Query(("new_users", "active_users"), ("month",), fill=False)
    sql = compile_query(MODEL, query, as_of=AS_OF).sql
    assert sql.count("GROUP BY") == 3


def test_sql_can_be_had_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "a.yml").write_text(
        "datasets: {users: {table: users}}\nmetrics: {people: {dataset: users, agg: count}}\n", encoding="utf-8"
    )
    (tmp_path / "metrics" / "project.yml").write_text(
        "targets: {local: {engine: duckdb, database: gone.duckdb}}\n", encoding="utf-8"
    )
    assert Layer(tmp_path).sql("people", dialect="databricks") == "SELECT\n  COUNT(*) AS people\nFROM users"
