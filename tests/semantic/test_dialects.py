"""What an emitter of DuckDB's mends, where Spark has no value to compare with."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from semantic.dialects import DIALECTS
from semantic.expressions import cast, text
from semantic.parse import parse
from semantic.trees import select


@pytest.mark.parametrize(
    ("value", "kind", "digits", "expected"),
    [
        ("127", "tinyint", 1, 130),
        ("32767", "smallint", 1, 32770),
        ("2147483647", "integer", 3, 2147484000),
        ("9223372036854775807", "bigint", 2, 9223372036854775800),
        ("-9223372036854775808", "bigint", 18, -9000000000000000000),
        ("18446744073709551615", "ubigint", 1, 18446744073709551620),
        ("12345.67", "decimal(9, 2)", 2, Decimal(12300)),
        ("-15.5", "double", 1, -20),
        ("-inf", "double", 1, float("-inf")),
    ],
)
def test_rounding_before_the_point_does_not_overflow(value: str, kind: str, digits: int, expected: object) -> None:
    tree = parse(f"round(x, -{digits})").replace_names(lambda _: cast(text(value), kind))
    row = duckdb.execute(DIALECTS["duckdb"].emit(select([tree]))).fetchone()
    assert row == (expected,)
