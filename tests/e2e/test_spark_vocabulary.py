"""Every function and operator gives on Spark, in the Databricks dialect, what it gives on DuckDB."""

from __future__ import annotations

import re

import pytest

from semantic.vocabulary import VOCABULARY
from tests.spark import Spark
from tests.spark.vocabulary import differences, expressions

AT_ONCE = 25


@pytest.mark.parametrize("first", range(0, len(expressions()), AT_ONCE))
def test_expressions_mean_the_same(first: int, spark: Spark) -> None:
    assert differences(expressions()[first : first + AT_ONCE], spark) == []


def test_every_function_is_tried() -> None:
    tried = set(re.findall(r"\b([a-z_]+)\(", " ".join(expressions())))
    assert set(VOCABULARY) <= tried
