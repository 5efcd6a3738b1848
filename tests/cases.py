"""Judging the compiler by the cases: `load_cases()` reads `tests/cases/*.yml`, `run_case(case)` says what disagrees."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import sqlglot

from semantic.compile import Compiled, compile_query
from semantic.errors import MetricastError, QueryError
from semantic.load import load_texts
from semantic.query import Query, Top
from tests.case_files import (
    BROKEN_FILE,
    Answer,
    Case,
    CaseError,
    Expected,
    Refused,
    Row,
    Table,
    Unloadable,
    load_cases,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from semantic.model import Model

__all__ = [
    "Case",
    "Expected",
    "Refused",
    "answer_of",
    "check_compiled",
    "check_oracle",
    "compile_case",
    "database",
    "differences",
    "load_cases",
    "query_of",
    "run_case",
]

TOLERANCE = 1e-9


def run_case(case: Case) -> list[str]:
    """What disagrees: the oracle with the expectation, or the compiler with it. Empty when all is well."""
    return check_oracle(case) or check_compiled(case)


def check_oracle(case: Case) -> list[str]:
    """The hand-written SQL gives the expected rows; a refusal has none."""
    match case.outcome:
        case Refused() | Unloadable():
            return []
        case Expected(answer, oracle):
            given = _execute(case, oracle)
            return differences("oracle", Answer(answer.columns, given.rows), answer)


def check_compiled(case: Case) -> list[str]:
    """The compiled SQL gives the expected rows on DuckDB and is well-formed for Databricks; or a refusal."""
    match case.outcome:
        case Unloadable() as unloadable:
            return _judge_loading(case, unloadable)
        case outcome:
            return _judge_query(case, outcome)


def _judge_loading(case: Case, unloadable: Unloadable) -> list[str]:
    """A diagnostic with the code and the words, and none about the model without what is broken."""
    loaded = load_texts(dict(case.texts))
    if loaded.model is not None:
        return ["not refused: the model loads"]
    problems = loaded.diagnostics
    shown = "\n".join(found.render() for found in problems)
    if any(found.span is None or found.span.file != BROKEN_FILE for found in problems):
        return [f"the model itself does not load: {shown}"]
    coded = [found.render() for found in problems if unloadable.code in (None, found.code)]
    if any(all(name in text for name in unloadable.names) for text in coded):
        return []
    return [f"no diagnostic {unloadable.code or ''} names {unloadable.names}: {shown}"]


def _judge_query(case: Case, outcome: Expected | Refused) -> list[str]:
    try:
        compiled = compile_case(case, "duckdb")
        other = compile_case(case, "databricks")
    except QueryError as error:
        return _judge_refusal(outcome, str(error))
    except MetricastError as error:
        return [f"{type(error).__name__}: {error}"]
    if isinstance(outcome, Refused):
        return [f"not refused: {compiled.sql}"]
    sqlglot.parse_one(other.sql, dialect="databricks")
    return _judge_rows(case, compiled, outcome.answer)


def compile_case(case: Case, dialect: str) -> Compiled:
    """The case's query in a dialect. Raises MetricastError."""
    return compile_query(_model(case), query_of(case), as_of=case.as_of, dialect=dialect)


def query_of(case: Case) -> Query:
    """What a case asks."""
    parts = dict(case.query)
    return Query(**{**parts, "top": Top(**parts["top"])} if "top" in parts else parts)


def _model(case: Case) -> Model:
    loaded = load_texts(dict(case.texts))
    if loaded.model is None:
        problems = "\n".join(diagnostic.render() for diagnostic in loaded.diagnostics)
        raise CaseError(f"{case.id}: {problems}")
    return loaded.model


def _judge_refusal(outcome: Expected | Refused, message: str) -> list[str]:
    match outcome:
        case Expected():
            return [f"refused: {message}"]
        case Refused(names):
            return [f"the refusal does not name '{name}': {message}" for name in names if name not in message]


def _judge_rows(case: Case, compiled: Compiled, answer: Answer) -> list[str]:
    try:
        given = _execute(case, compiled.sql)
    except duckdb.Error as error:
        return [f"{type(error).__name__}: {error}\n{compiled.sql}"]
    described = tuple(column.name for column in compiled.columns)
    if described != given.columns:
        return [f"columns {described} are announced, {given.columns} come"]
    return [f"{line}\n{compiled.sql}" for line in differences("compiled", given, answer)]


def _execute(case: Case, sql: str) -> Answer:
    return answer_of(database(case.tables, case.views).execute(sql).to_arrow_table())


def answer_of(result: pa.Table) -> Answer:
    """The rows of a result as Python's values."""
    columns = [column.to_pylist() for column in result.columns]
    return Answer(tuple(result.column_names), tuple(zip(*columns, strict=True)))


@lru_cache(maxsize=4)
def database(tables: tuple[Table, ...], views: tuple[tuple[str, str], ...]) -> duckdb.DuckDBPyConnection:
    """The tables of one file in memory; its queries, which only read, share it."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for table in tables:
        _create(connection, table)
    for name, select in views:
        connection.execute(f"CREATE VIEW {name} AS {select}")
    return connection


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    if "." in table.name:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.name.split('.')[0]}")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")
    if table.rows:
        marks = ", ".join("?" for _ in table.columns)
        connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", table.rows)


# --- comparing -----------------------------------------------------------------------------------------


def differences(who: str, given: Answer, expected: Answer) -> list[str]:
    """What is not as expected; `who` gave it. Empty when all is."""
    if given.columns != expected.columns:
        return [f"{who} gives columns {given.columns}, expected {expected.columns}"]
    if len(given.rows) != len(expected.rows) or not all(map(_same_row, given.rows, expected.rows)):
        return [f"{who} gives\n  {_show(given.rows)}\nexpected\n  {_show(expected.rows)}"]
    return []


def _show(rows: tuple[Row, ...]) -> str:
    return "\n  ".join(" | ".join(map(str, row)) for row in rows) or "(no rows)"


def _same_row(given: Row, expected: Row) -> bool:
    return len(given) == len(expected) and all(map(same_value, given, expected))


def same_value(given: Any, expected: Any) -> bool:
    """Doubles within 1e-9, NaN as NaN, all else exactly; 2 equals Decimal('2'), an instant equals itself in UTC."""
    match given, expected:
        case (None, None):
            return True
        case (bool(), _) | (_, bool()):
            return given is expected
        case float(), int() | Decimal() | float():
            both_nan = math.isnan(given) and math.isnan(expected)
            return both_nan or math.isclose(given, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        case int() | Decimal(), int() | Decimal():
            return Decimal(given) == Decimal(expected)
        case datetime(), datetime():
            return _instant(given) == _instant(expected)
        case (datetime(), date()) | (date(), datetime()):
            return False
        case _:
            return type(given) is type(expected) and bool(given == expected)


def _instant(value: datetime) -> datetime:
    """Engine sessions run in UTC, so a value without a zone is in it."""
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
