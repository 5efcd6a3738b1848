"""Expressions of the language on DuckDB and on Spark, over the rows of `vocabulary.yml`."""

from __future__ import annotations

from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from semantic.dialects import DIALECTS
from semantic.expressions import Name, call
from semantic.parse import parse, parse_aggregates
from semantic.trees import column, named, select, table
from semantic.vocabulary import Kind
from tests.cases import same_value
from tests.spark.session import Spark, SparkFailed

CONTENT: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("vocabulary.yml").read_text(encoding="utf-8"))
KINDS: dict[str, Kind] = {"DATE": "date", "TIMESTAMP": "timestamp"}  # what a model would declare
TABLE, NUMBER = "nasty", "number"


@cache
def expressions() -> tuple[str, ...]:
    """Every expression by itself, in the order of the file."""
    return tuple(each.strip() for line in CONTENT["expressions"].splitlines() for each in line.split("; "))


@cache
def failures() -> tuple[str, ...]:
    """Every expression that no engine has a value for."""
    return tuple(each.strip() for line in CONTENT["failures"].splitlines() for each in line.split("; "))


def answering(text: str, spark: Spark) -> list[str]:
    """The engines that have rows for an expression, in the order of their names."""
    spark.load(tables())
    found = []
    try:
        spark.execute(_statement(text, "databricks"))
        found.append("spark")
    except SparkFailed:
        pass
    try:
        _database().execute(_statement(text, "duckdb")).fetchall()
        found.append("duckdb")
    except duckdb.Error:
        pass
    return found


def _statement(text: str, dialect: str) -> str:
    """A SELECT of one expression, of rows or of aggregates."""
    if "sum(" not in text:
        return _sql((text,), dialect)
    found = parse_aggregates(text)
    sums = [
        call(name, *(value.replace_names(lambda name: column(name.name)) for value in values))
        for name, values in found.aggregates
    ]
    return DIALECTS[dialect].emit(select([named(found.replace_aggregates(sums), "v")], table(TABLE)))


def differences(texts: tuple[str, ...], spark: Spark) -> list[str]:
    """Where Spark's values are not DuckDB's, a line for each expression."""
    spark.load(tables())
    ours = _database().execute(_sql(texts, "duckdb")).to_arrow_table().to_pylist()
    theirs = spark.execute(_sql(texts, "databricks")).to_pylist()
    assert len(ours) == len(theirs) == CONTENT["rows"]
    found = []
    for at, text in enumerate(texts):
        pairs = [(one[NUMBER], one[f"v{at}"], other[f"v{at}"]) for one, other in zip(ours, theirs, strict=True)]
        wrong = [f"{_row(number, text)}: {one!r}, {other!r}" for number, one, other in pairs if not _same(one, other)]
        if wrong:
            found.append(f"{text}: {len(wrong)} rows, such as {'; '.join(wrong[:3])}")
    return found


def _sql(texts: tuple[str, ...], dialect: str) -> str:
    values = [
        named(parse(text).replace_names(lambda name: column(name.name), _kind), f"v{at}")
        for at, text in enumerate(texts)
    ]
    return DIALECTS[dialect].emit(select([column(NUMBER), *values], table(TABLE)).order_by(NUMBER))


def _kind(name: Name) -> Kind | None:
    return KINDS.get(CONTENT["columns"][name.name]["type"])


@cache
def tables() -> dict[str, pa.Table]:
    return {TABLE: _database().execute(f"FROM {TABLE}").to_arrow_table()}


@cache
def _database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    columns = {NUMBER: "INTEGER", **{name: shape["type"] for name, shape in CONTENT["columns"].items()}}
    connection.execute(f"CREATE TABLE {TABLE} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", _rows())
    return connection


@cache
def _rows() -> list[tuple[Any, ...]]:
    count: int = CONTENT["rows"]
    values = [islice(cycle(shape["values"]), count) for shape in CONTENT["columns"].values()]
    return list(zip(range(count), *values, strict=True))


def _row(number: int, text: str) -> dict[str, Any]:
    """The values of the columns that an expression reads."""
    row = dict(zip((NUMBER, *CONTENT["columns"]), _rows()[number], strict=True))
    return {name.name: row[name.name] for name in parse(text).names}


def _same(one: Any, other: Any) -> bool:
    """Numbers by their value: a whole one may be a double here and an integer there."""
    if isinstance(one, float) or not isinstance(other, float):
        return same_value(one, other)
    return same_value(other, one)
