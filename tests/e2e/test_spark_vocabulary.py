"""Every function and operator gives on Spark, in the Databricks dialect, what it gives on DuckDB."""

from __future__ import annotations

import re

import pytest

from semantic.vocabulary import VOCABULARY
from tests.spark import Spark
from tests.spark.vocabulary import answering, differences, expressions, failures

AT_ONCE = 25


@pytest.mark.parametrize("first", range(0, len(expressions()), AT_ONCE))
def test_expressions_mean_the_same(first: int, spark: Spark) -> None:
    assert differences(expressions()[first : first + AT_ONCE], spark) == []


@pytest.mark.parametrize("text", failures())
def test_what_does_not_fit_is_an_error(text: str, spark: Spark) -> None:
    assert answering(text, spark) == []


def test_every_function_is_tried() -> None:
    tried = set(re.findall(r"\b([a-z_]+)\(", " ".join(expressions())))
    assert set(VOCABULARY) <= tried
