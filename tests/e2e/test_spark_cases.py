"""Every case once more: the SQL of the Databricks dialect, run on Spark, gives the expected rows."""

from __future__ import annotations

import pytest

from tests.cases import Case, Expected, load_cases
from tests.spark import Spark
from tests.spark.cases import check_on_spark

CASES = [case for case in load_cases() if isinstance(case.outcome, Expected)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_spark_agrees(case: Case, spark: Spark) -> None:
    assert check_on_spark(case, spark) == []
