"""An approximate number is about right on both engines, and need not be the same one."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from tests.spark import Spark

MOST = 100_000
STATEMENT = (
    "SELECT approx_count_distinct(number) AS numbers, approx_count_distinct(name) AS names FROM many WHERE number < {}"
)
TABLE = {"many": pa.table({"number": range(MOST), "name": [f"user {number}" for number in range(MOST)]})}


@pytest.mark.parametrize("count", [100, 1_000, 10_000, MOST])
def test_counts_are_within_their_error(count: int, spark: Spark) -> None:
    spark.load(TABLE)
    theirs = spark.execute(STATEMENT.format(count)).to_pylist()[0]
    connection = duckdb.connect()
    connection.register("many", TABLE["many"])
    ours = connection.execute(STATEMENT.format(count)).to_arrow_table().to_pylist()[0]
    for name in ("numbers", "names"):
        assert ours[name] == pytest.approx(count, rel=0.35)
        assert theirs[name] == pytest.approx(count, rel=0.15)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_are_counted_exactly(count: int, spark: Spark) -> None:
    spark.load(TABLE)
    assert spark.execute(STATEMENT.format(count)).to_pylist() == [{"numbers": count, "names": count}]
