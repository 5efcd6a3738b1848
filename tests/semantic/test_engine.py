"""The DuckDB engine through the layer: files, tables, limits, cancelling, and what is said when the target is wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from semantic import EngineError, Layer, Query, QueryError
from semantic.engines import Limits

AS_OF = datetime(2025, 6, 1, tzinfo=UTC)
Project = Callable[..., Path]

SALES = """
datasets:
  sales:
    table: {table}
    primary_key: id
    time: sold_on
    dimensions: {{sold_on: {{type: date}}, shop: {{}}}}
metrics:
  sales: {{dataset: sales, agg: count}}
  revenue: {{dataset: sales, agg: sum, expr: amount}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    def make(yaml: str, settings: str = "") -> Path:
        (tmp_path / "metrics").mkdir(exist_ok=True)
        (tmp_path / "metrics" / "a.yml").write_text(yaml, encoding="utf-8")
        if settings:
            (tmp_path / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
        return tmp_path

    return make


def _sales(where: Path, database: str = "shop.duckdb") -> None:
    with duckdb.connect(str(where / database)) as connection:
        connection.execute(
            "CREATE TABLE sales AS SELECT 1 AS id, DATE '2025-01-31' AS sold_on, 'a' AS shop, 1.50::DECIMAL(10, 2)"
            " AS amount UNION ALL SELECT 2, DATE '2025-02-01', NULL, 2.25"
        )


IN_FILE = "targets: {local: {engine: duckdb, database: shop.duckdb}}\n"


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
def test_globs_of_files_are_datasets(
    project: Project, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    for number in (1, 2):
        row = f"SELECT {number} AS id, DATE '2025-0{number}-01' AS sold_on, 'x' AS shop, 2 AS amount"
        duckdb.sql(f"COPY ({row}) TO '{tmp_path}/data/part{number}.{kind}' (FORMAT {kind})")
    root = project(SALES.format(table=f"data/part*.{kind}"))
    monkeypatch.chdir("/")
    with Layer(root) as layer:
        assert layer.query("sales", "month", as_of=AS_OF).rows() == [(date(2025, 1, 1), 1), (date(2025, 2, 1), 1)]
        assert str(tmp_path) not in layer.sql("sales")


def test_views_are_datasets(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("CREATE VIEW paid AS SELECT * FROM sales WHERE shop IS NOT NULL")
    with Layer(_with_settings(project, "main.paid")) as layer:
        assert layer.query("sales").rows() == [(1,)]


def _with_settings(project: Project, table: str) -> Path:
    return project(SALES.format(table=table), IN_FILE)


def test_money_stays_exact(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    with Layer(_with_settings(project, "sales")) as layer:
        result = layer.query("revenue", "shop", totals=True)
    assert [str(row[1]) for row in result.rows()] == ["1.50", "2.25", "3.75"]
    assert [row[2] for row in result.rows()] == [False, False, True]


def test_more_rows_than_the_limit_are_refused_not_cut(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    root = _with_settings(project, "sales")
    with Layer(root, limits=Limits(rows=1)) as layer:
        assert len(layer.query("sales")) == 1
        with pytest.raises(EngineError, match=r"E403.*more than 1 rows"):
            layer.query("sales", "shop")


SLOW = """
datasets:
  numbers: {sql: "SELECT a.range AS id, hash(a.range * b.range) AS h FROM range(1000000) a, range(1000000) b"}
metrics:
  odd: {dataset: numbers, agg: max, expr: h}
"""


def test_a_query_over_its_time_is_stopped(project: Project) -> None:
    with Layer(project(SLOW), limits=Limits(seconds=0.2)) as layer:
        with pytest.raises(EngineError, match=r"E404.*longer than 0.2 s"):
            layer.query("odd")
        assert layer.engine.execute("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_a_query_can_be_cancelled_from_another_thread(project: Project) -> None:
    with Layer(project(SLOW)) as layer:
        assert layer.engine.dialect == "duckdb"
        began = time.monotonic()
        stop = threading.Timer(0.3, layer.cancel)
        stop.start()
        with pytest.raises(EngineError, match=r"E405.*cancelled"):
            layer.query("odd")
        assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("table", "said"),
    [("sale", "E402.*'sale' does not exist.*\n.*did you mean 'sales'"), ("data/*.parquet", "E406.*No files found")],
)
def test_a_missing_table_is_named(project: Project, tmp_path: Path, table: str, said: str) -> None:
    _sales(tmp_path)
    with Layer(_with_settings(project, table)) as layer, pytest.raises(EngineError, match=said):
        layer.query("sales")


def test_a_missing_column_is_named(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    root = project(SALES.format(table="sales").replace("expr: amount", "expr: amonut"), IN_FILE)
    with Layer(root) as layer, pytest.raises(EngineError, match=r"E402.*'amonut'"):
        layer.query("revenue")


def test_a_database_that_is_not_there_is_named(project: Project) -> None:
    with (
        Layer(_with_settings(project, "sales")) as layer,
        pytest.raises(EngineError, match=r"E401.*shop\.duckdb does not"),
    ):
        layer.query("sales")


def test_a_file_that_is_no_database_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "shop.duckdb").write_text("no database " * 1000, encoding="utf-8")
    with Layer(_with_settings(project, "sales")) as layer, pytest.raises(EngineError, match=r"E401.*cannot be opened"):
        layer.query("sales")


def test_reading_leaves_the_database_as_it_was(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    before = (tmp_path / "shop.duckdb").read_bytes()
    with Layer(_with_settings(project, "sales")) as layer:
        layer.query("sales")
        with pytest.raises(EngineError, match="read-only"):
            layer.engine.execute("DELETE FROM sales")
    assert (tmp_path / "shop.duckdb").read_bytes() == before


def test_an_unknown_target_is_refused(project: Project) -> None:
    with pytest.raises(EngineError, match=r"E407.*\n.*targets: local"):
        Layer(project(SALES.format(table="sales")), target="production")


def test_results_tell_how_they_came_about(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    with Layer(_with_settings(project, "sales")) as layer:
        result = layer.run(Query(("sales",), ("month",), period="2025-01"), as_of=AS_OF)
        assert result.sql == layer.sql("sales", "month", period="2025-01", as_of=AS_OF)
    assert result.arrow().column_names == ["month", "sales"]
    assert (str(result.period), result.as_of, result.time_zone) == ("2025-01-01 .. 2025-01-31", AS_OF, "UTC")
    assert [(c.role, c.grain, c.label) for c in result.columns] == [
        ("time", "month", "Month"),
        ("metric", None, "Sales"),
    ]
    assert result.pandas().shape == (1, 2)


def test_a_query_that_asks_for_nothing_is_refused(project: Project) -> None:
    with Layer(project(SALES.format(table="sales"))) as layer, pytest.raises(QueryError, match=r"E304"):
        layer.query()


def test_two_layers_can_read_one_file_at_once(project: Project, tmp_path: Path) -> None:
    _sales(tmp_path)
    root = _with_settings(project, "sales")
    with Layer(root) as one, Layer(root) as other:
        assert one.query("sales").rows() == other.query("sales").rows() == [(2,)]
