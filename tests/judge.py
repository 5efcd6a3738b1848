"""Runs a random example through the compiler and an engine, and says where it differs from the naive evaluator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import duckdb
import pyarrow as pa

from semantic.compile import Compiled, compile_query
from semantic.errors import MetricastError, QueryError
from semantic.load import load_texts
from semantic.model import Model
from semantic.query import Query
from tests.reference import Answer, Comparison, Expr, Refused, Row, Value, evaluate
from tests.strategies import Example
from tests.strategies.over import closure, is_exact, is_well_nested, leaves

TOLERANCE = 1e-9
Exact = Callable[[Value], bool]  # whether a number that is expected to be exact must come as an exact type


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fault` says in a word what is wrong; None when both agree."""

    fault: str | None
    detail: str = ""


AGREED = Verdict(None)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the SQL of one dialect is run: statements over an example's tables, and the errors that they may raise."""

    name: str
    dialect: str
    run: Callable[[Example, Sequence[str]], list[Answer]]
    errors: tuple[type[Exception], ...]


class Rejected(Exception):
    """The example's YAML is not taken by the loader."""


def judge(example: Example, bench: Bench | None = None) -> Verdict:
    """What is wrong with the answer that a bench gives, by default that of DuckDB."""
    bench = bench or ON_DUCKDB
    try:
        expected: Answer | Refused = evaluate(example.model, example.query, example.as_of)
    except Refused as refusal:
        expected = refusal
    try:
        compiled = compile_example(example, dialect=bench.dialect)
    except Rejected as error:
        well = all(is_well_nested(example.model, name) for name in example.model.metrics)
        return Verdict("model", str(error)) if well else AGREED
    except QueryError as error:
        agreed = isinstance(expected, Refused)
        return AGREED if agreed else Verdict("refused", f"{error}\nexpected {_shown(expected)}")
    except MetricastError as error:
        return Verdict("error", f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 (a crash is a finding like any other)
        return Verdict("crash", f"{type(error).__name__}: {error}")
    if not all(is_well_nested(example.model, name) for name in example.model.metrics):
        return Verdict("nested", "a metric holds what it must not")
    if isinstance(expected, Refused):
        return Verdict("accepted", f"should be refused: {expected}\n{compiled.sql}")
    return _judge_answer(example, compiled, expected, bench)


def load(example: Example) -> Model:
    loaded = load_texts(example.texts())
    if loaded.model is None:
        raise Rejected("\n".join(diagnostic.render() for diagnostic in loaded.diagnostics))
    return loaded.model


def compile_example(example: Example, query: Query | None = None, dialect: str = "duckdb") -> Compiled:
    asked = query or Query(**example.query_parts())
    return compile_query(load(example), asked, as_of=example.as_of, dialect=dialect)


def _judge_answer(example: Example, compiled: Compiled, expected: Answer, bench: Bench) -> Verdict:
    try:
        given = bench.run(example, [compiled.sql])[0]
    except bench.errors as error:
        return Verdict("engine", f"{type(error).__name__}: {error}\n{compiled.sql}")
    announced = tuple(column.name for column in compiled.columns)
    if not announced == given.columns == expected.columns:
        return Verdict("columns", f"announced {announced}, given {given.columns}, expected {expected.columns}")
    exact = [_exactness(example, column) for column in expected.columns]
    if agree(given.rows, expected.rows, exact):
        return AGREED
    shown = f"given {_shown(given)}\nexpected {_shown(expected)}\n{compiled.sql}"
    unordered = agree(sorted(given.rows, key=repr), sorted(expected.rows, key=repr), exact)
    return Verdict("order" if unordered else "rows", shown)


def _exactness(example: Example, column: str) -> Exact:
    """Arithmetic of metrics and aggregates may come as doubles where exact numbers would do, and so may `empty`."""
    model = example.model
    if column not in model.metrics:
        return lambda value: True
    made_of = list(closure(model, [column]))
    if not is_exact(model, column) or any(_may_be_double(each.expr or ()) for each in leaves(model, [column])):
        return lambda value: False
    if any(isinstance(each, Comparison) and each.as_ != "value" for each in made_of):
        return lambda value: all(each.empty is None for each in made_of)
    return lambda value: value not in [each.empty for each in made_of]


def _may_be_double(expr: Expr) -> bool:
    """The evaluator's numbers have no static type: 0 for a double that is missing may come as 0.0.

    Whether `ceil` of a whole number is a double is the engine's.
    """
    doubles = expr[:1] in (("/",), ("ceil",), ("floor",), ("round",)) or "double" in expr
    if expr[:1] == ("name",):
        return str(expr[1]).split(".")[-1] == "weight"
    return doubles or any(_may_be_double(part) for part in expr if isinstance(part, tuple))


def _shown(answer: Answer | Refused) -> str:
    if isinstance(answer, Refused):
        return f"refusal: {answer}"
    lines = [" | ".join(map(_cell, row)) for row in answer.rows[:40]]
    return "\n  ".join([" | ".join(answer.columns), *lines, *(["…"] if len(answer.rows) > 40 else [])])


def _cell(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


# -- executing -----------------------------------------------------------------------------------------------


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    connection.execute("SET TimeZone='UTC'")
    return connection


def execute_all(example: Example, statements: Sequence[str]) -> list[Answer]:
    """The rows of statements over the example's tables, on DuckDB."""
    return [answer_of(table) for table in _query(example, statements)]


def arrow_tables(example: Example) -> dict[str, pa.Table]:
    """The example's tables, with the types that DuckDB gives their values."""
    names = list(dict.fromkeys(name for name, _, _ in example.tables()))
    return dict(zip(names, _query(example, [f"FROM {name}" for name in names]), strict=True))


def _query(example: Example, statements: Sequence[str]) -> list[pa.Table]:
    connection = _connection()
    connection.execute("BEGIN")
    try:
        for name, columns, rows in example.tables():
            _create(connection, name, columns, rows)
        return [connection.execute(sql).to_arrow_table() for sql in statements]
    finally:
        connection.execute("ROLLBACK")


def answer_of(table: pa.Table) -> Answer:
    """The rows of a result as Python's values."""
    columns = [column.to_pylist() for column in table.columns]
    return Answer(tuple(table.column_names), tuple(zip(*columns, strict=True)))


def _create(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE {table} ({declared})")
    if rows:
        marks = ", ".join(f"({', '.join('?' * len(columns))})" for _ in rows)
        connection.execute(f"INSERT INTO {table} VALUES {marks}", [row[column] for row in rows for column in columns])


ON_DUCKDB = Bench("duckdb", "duckdb", execute_all, (duckdb.Error,))


# -- comparing -----------------------------------------------------------------------------------------------


def agree(given: Sequence[Sequence[Value]], expected: Sequence[Sequence[Value]], exact: Sequence[Exact]) -> bool:
    if len(given) != len(expected):
        return False
    return all(all(map(same, *rows, exact)) for rows in zip(given, expected, strict=True))


def same(given: Value, expected: Value, exact: Exact) -> bool:
    """Equal in kind and value: doubles nearly, days are days, instants are instants, the rest exactly."""
    match expected:
        case None | bool() | str():
            return type(given) is type(expected) and given == expected
        case int() | Decimal() | float():
            return _same_number(given, expected, exact(expected))
        case datetime():
            return isinstance(given, datetime) and _instant(given) == _instant(expected)
        case date():
            return type(given) is date and given == expected


def _same_number(given: Value, expected: Decimal | float, exact: bool) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | Decimal | float):
        return False
    if isinstance(expected, float) or (isinstance(given, float) and not exact):
        return math.isclose(given, expected, rel_tol=TOLERANCE, abs_tol=1e-12)
    return not isinstance(given, float) and given == expected


def _instant(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
