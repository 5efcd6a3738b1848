"""Random models, rows and queries on Spark against the naive evaluator; `make fuzz ENGINE=spark` runs many more."""

from __future__ import annotations

import pytest

from tests.fuzz import as_case, smallest
from tests.judge import judge
from tests.spark import Spark
from tests.spark.examples import on_spark
from tests.strategies import example_at

SEED, COMPARED, AT_ONCE = 20, 300, 50
# 287: without a period, a `per` over a rolling metric is shown for as long as the window lasts after the last row; the
# evaluator ends with the last row. Not settled in the compiler yet, on either engine.
KNOWN_GAPS = frozenset({287})


@pytest.mark.parametrize("first", range(0, COMPARED, AT_ONCE))
def test_spark_agrees_with_the_evaluator(first: int, spark: Spark) -> None:
    bench = on_spark(spark)
    for number in (each for each in range(first, first + AT_ONCE) if each not in KNOWN_GAPS):
        example = example_at(SEED, number)
        verdict = judge(example, bench)
        if verdict.fault is not None:
            small = smallest(example, verdict, bench)
            case = as_case(small, "from_random", "Spark and the evaluator disagree.")
            pytest.fail(f"example {number} of seed {SEED}: {verdict.fault}\n{case}\n{judge(small, bench).detail}")
