"""The shipped project: every metric against hand-written SQL over a small generated data set."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from scheduler.demo import generate
from tests.oracles import Oracle, differences, load_oracles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semantic.layer import Layer

METRICS = Path(__file__).parent.parent / "metrics"
ORACLES = load_oracles(Path(__file__).parent / "oracle")
MONDAY_MORNING = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)  # 07:00 in Bangkok


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped YAML over a thousand users, and a copy of the data for the oracles."""
    folder = tmp_path_factory.mktemp("engagement")
    shutil.copytree(METRICS, folder / "metrics")
    generate(folder / ".metricast" / "engagement.duckdb", users=1_000)
    shutil.copy(folder / ".metricast" / "engagement.duckdb", folder / "oracle.duckdb")
    return folder


@pytest.fixture(scope="module")
def layer(project: Path) -> Iterator[Layer]:
    from semantic.layer import Layer

    with Layer(project) as layer:
        yield layer


@pytest.fixture(scope="module")
def data(project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(project / "oracle.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_the_layer_agrees_with_the_oracle(oracle: Oracle, layer: Layer, data: duckdb.DuckDBPyConnection) -> None:
    from semantic.query import Query

    given = layer.run(Query(**dict(oracle.parts)), as_of=MONDAY_MORNING).rows()
    assert differences(given, oracle.rows(data)) == []


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_no_oracle_is_vacuous(oracle: Oracle, data: duckdb.DuckDBPyConnection) -> None:
    columns = list(zip(*oracle.rows(data), strict=True))[len(oracle.by) :]
    empty = [metric for metric, values in zip(oracle.metrics, columns, strict=False) if not any(values)]
    assert empty == []


def test_every_metric_has_an_oracle(layer: Layer) -> None:
    assert {metric for oracle in ORACLES for metric in oracle.metrics} == set(layer.model.metrics)


def test_every_way_to_group_has_an_oracle() -> None:
    grouped = {name for oracle in ORACLES for name in oracle.by}
    assert grouped >= {"hour", "day", "week", "month", "quarter", "year"}
    assert grouped >= {"gender", "age_group", "segment", "campaign", "feature"}


def test_the_project_has_no_diagnostics(layer: Layer) -> None:
    assert layer.validate() == ()


def test_every_check_holds_and_looks_at_something(layer: Layer) -> None:
    results = layer.check(as_of=MONDAY_MORNING)
    assert len(results) >= 4
    assert [result.name for result in results if not result.passed or not result.rows] == []


def test_a_booking_of_an_unknown_kind_breaks_the_balance(project: Path, tmp_path: Path) -> None:
    from semantic.layer import Layer

    folder = shutil.copytree(METRICS.parent / "metrics", tmp_path / "metrics").parent
    (folder / ".metricast").mkdir()
    shutil.copy(project / "oracle.duckdb", folder / ".metricast" / "engagement.duckdb")
    with duckdb.connect(str(folder / ".metricast" / "engagement.duckdb")) as connection:
        connection.execute(
            "insert into points_ledger select 0, 1, booked, booked, 'gift', 7, null "
            "from (select timestamp '2026-10-15 03:00' as booked)"
        )
    with Layer(folder) as layer:
        broken = {result.name: [row.reason for row in result.broken] for result in layer.check(as_of=MONDAY_MORNING)}
    (off,) = broken["points_balance_by_month"]
    assert off.endswith("off by 7")
    assert broken["points_balance_by_booking"] == ["0 is expected, off by 7"]
    assert broken["points_bookings_are_known"] == ["they are not equal, off by 7"]
    assert broken["points_balance_is_not_negative"] == []


def test_medians_over_users_are_no_personal_data(layer: Layer) -> None:
    from semantic.query import Query

    result = layer.run(Query(("median_activities_per_user",), ("gender",), period="2025"), as_of=MONDAY_MORNING)
    assert len(result) > 1
    assert not any(column.personal for column in result.columns)


def test_every_metric_is_explained(layer: Layer) -> None:
    wanting = [
        metric.name
        for metric in layer.model.metrics.values()
        if not (metric.label and metric.description and metric.owner and metric.format and metric.tags)
    ]
    assert wanting == []


def test_every_name_that_people_see_is_explained(layer: Layer) -> None:
    wanting = [
        f"{dataset.name}.{name}"
        for dataset in layer.model.datasets.values()
        for name, dimension in dataset.dimensions.items()
        if dimension.label and not dimension.description
    ]
    assert wanting == []


def test_whoever_it_is_about_is_personal_everywhere(layer: Layer) -> None:
    open_ones = [
        f"{dataset}.{name}"
        for dataset, dimensions in layer.model.dimensions.items()
        for name, dimension in dimensions.items()
        if name in ("user_id", "birth_date") and not dimension.personal
    ]
    assert open_ones == []


def test_no_export_asks_for_personal_data(layer: Layer) -> None:
    from exporters import load_exports

    for export in load_exports(layer.model).values():
        for query in export.queries.values():
            assert query.purpose is None
            assert not [column.name for column in layer.compile(query, as_of=MONDAY_MORNING).columns if column.personal]


def test_what_people_see_has_a_folder(layer: Layer) -> None:
    dimensions = (found for dataset in layer.model.datasets.values() for found in dataset.dimensions.values())
    assert {
        thing.label for thing in (*layer.model.metrics.values(), *dimensions) if thing.label and not thing.folder
    } == set()
