"""The cases of tests/cases on Spark: the same rows as on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from semantic.errors import MetricastError
from tests.case_files import Case, Expected, Table
from tests.cases import answer_of, compile_case, database, differences
from tests.spark.session import Spark, SparkFailed

if TYPE_CHECKING:
    import pyarrow as pa


def check_on_spark(case: Case, spark: Spark) -> list[str]:
    """What disagrees with the expected rows; empty when all is well, and for a query that is refused."""
    if not isinstance(case.outcome, Expected):
        return []
    try:
        sql = compile_case(case, "databricks").sql
    except MetricastError as error:
        return [f"refused: {error}"]
    try:
        spark.load(arrow_tables(case.tables))
        given = answer_of(spark.execute(sql))
    except SparkFailed as error:
        return [f"{error}\n{sql}"]
    return [f"{line}\n{sql}" for line in differences("Spark", given, case.outcome.answer)]


@lru_cache(maxsize=2)
def arrow_tables(tables: tuple[Table, ...]) -> Mapping[str, pa.Table]:
    """The tables with the values and types that DuckDB makes of them."""
    connection = database(tables, ())
    return {table.name: connection.execute(f"FROM {table.name}").to_arrow_table() for table in tables}
