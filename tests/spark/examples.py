"""Random examples on Spark."""

from __future__ import annotations

from collections.abc import Sequence

from tests.judge import Bench, answer_of, arrow_tables
from tests.reference import Answer
from tests.spark.session import Spark, SparkFailed
from tests.strategies import Example


def on_spark(spark: Spark) -> Bench:
    """Spark as a bench for the SQL of the Databricks dialect."""

    def run(example: Example, statements: Sequence[str]) -> list[Answer]:
        spark.load(arrow_tables(example))
        return [answer_of(spark.execute(sql)) for sql in statements]

    return Bench("spark", "databricks", run, (SparkFailed,))
