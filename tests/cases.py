"""The cases: tables and a query beside the rows it must give, and an oracle that computes them on its own.

`load_cases()` reads `tests/cases/*.yml`, `run_case(case)` returns what disagrees. The shape of a file:

    name: the file's name
    why: the decision or invariant it holds
    as_of: 2025-06-15T00:00:00Z           # the default of its queries
    project: {time_zone: UTC}             # optional: settings of project.yml
    model: {datasets: …, metrics: …}      # as in semantic/LANGUAGE.md
    tables:
      users: {columns: {user_id: VARCHAR}, rows: [[a], [b]]}
    queries:
      - name: unique in the file
        query: {metrics: […], by: […], where: …}
        expect: {columns: […], rows: [[…]]}     # in order
        oracle: SELECT …                        # DuckDB SQL over the tables, written by hand
      - name: another
        query: {…}
        refused: {names: [words, that, the, message, contains]}
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import sqlglot
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from semantic.compile import Compiled
    from semantic.model import Model

FOLDER = Path(__file__).parent / "cases"
FILE_KEYS = {"name", "why", "as_of", "project", "model", "tables", "queries"}
QUERY_KEYS = {"name", "query", "as_of", "expect", "oracle", "refused"}
PARTS = {
    "metrics", "by", "where", "having", "period", "order", "limit", "totals", "fill", "time_zone",
}  # fmt: skip
TOLERANCE = 1e-9

Row = tuple[Any, ...]


class CaseError(ValueError):
    """A case file that could pass without testing anything."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in order, with the columns' names where they matter."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    answer: Answer
    oracle: str


@dataclass(frozen=True, slots=True)
class Refused:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One query of one file."""

    id: str
    why: str
    texts: tuple[tuple[str, str], ...]  # path -> YAML, as the loader of projects takes it
    tables: tuple[Table, ...]
    query: tuple[tuple[str, Any], ...]
    as_of: datetime
    outcome: Expected | Refused


# --- reading -------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML with exact decimals, and an error where a key stands twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise CaseError(f"{node.start_mark}: '{key}' stands twice")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(str(node.value)))


@cache
def load_cases() -> tuple[Case, ...]:
    """All queries of all files; raises CaseError for a file that is wrong or tests nothing."""
    paths = sorted(FOLDER.glob("*.yml"))
    _require(bool(paths), f"no cases in {FOLDER}")
    return tuple(case for path in paths for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    text = path.read_text(encoding="utf-8")
    content = yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    _check_file(content, path.stem)
    tables = tuple(_table(name, shape) for name, shape in content["tables"].items())
    texts = _texts(yaml.compose(text, yaml.SafeLoader))
    for entry in content["queries"]:
        yield _case(content, entry, texts, tables)


def _texts(root: yaml.Node) -> tuple[tuple[str, str], ...]:
    """The model and the settings as text again: PyYAML would read the key `on` as true."""
    parts = {key.value: yaml.serialize(value) for key, value in root.value}
    settings = f"name: cases\n{parts.get('project', '')}"
    return ("metrics/project.yml", settings), ("metrics/model.yml", parts["model"])


def _table(name: str, shape: dict[str, Any]) -> Table:
    _require(set(shape) == {"columns", "rows"}, f"table '{name}' takes columns and rows")
    _require(bool(shape["columns"]), f"table '{name}' has no columns")
    columns = tuple(shape["columns"].items())
    rows = tuple(tuple(row) for row in shape["rows"])
    _require(all(len(row) == len(columns) for row in rows), f"table '{name}' has a row of another length")
    return Table(name, columns, rows)


def _case(
    content: dict[str, Any],
    entry: dict[str, Any],
    texts: tuple[tuple[str, str], ...],
    tables: tuple[Table, ...],
) -> Case:
    as_of = entry.get("as_of", content["as_of"])
    case_id = f"{content['name']}::{entry['name']}"
    _require(isinstance(as_of, datetime) and as_of.tzinfo is not None, f"{case_id}: as_of needs a zone")
    query = tuple((key, _part(key, value)) for key, value in entry["query"].items())
    return Case(case_id, content["why"], texts, tables, query, as_of, _outcome(entry, case_id))


def _part(key: str, value: Any) -> Any:
    if key == "period":
        return str(value)
    return tuple(value) if isinstance(value, list) else value


def _outcome(entry: dict[str, Any], case_id: str) -> Expected | Refused:
    if "refused" in entry:
        _require(set(entry["refused"]) == {"names"}, f"{case_id}: refused takes names")
        _require(bool(entry["refused"]["names"]), f"{case_id}: a refusal names something")
        return Refused(tuple(entry["refused"]["names"]))
    expect = entry["expect"]
    _require(set(expect) == {"columns", "rows"}, f"{case_id}: expect takes columns and rows")
    columns, rows = tuple(expect["columns"]), tuple(tuple(row) for row in expect["rows"])
    _require(bool(columns), f"{case_id}: no columns")
    _require(all(len(row) == len(columns) for row in rows), f"{case_id}: a row of another length")
    return Expected(Answer(columns, rows), entry["oracle"])


# --- what makes a file worth having --------------------------------------------------------------------


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise CaseError(message)


def _check_file(content: dict[str, Any], stem: str) -> None:
    _require(
        set(content) | {"project"} == FILE_KEYS, f"{stem}: keys are {sorted(set(content) ^ FILE_KEYS)} off"
    )
    _require(content["name"] == stem, f"{stem}: its name is '{content['name']}'")
    _require(bool(str(content["why"]).strip()), f"{stem}: says not why")
    _require(bool(content["tables"]) and bool(content["queries"]), f"{stem}: empty")
    names = [entry["name"] for entry in content["queries"]]
    _require(len(set(names)) == len(names), f"{stem}: two queries of one name")
    for entry in content["queries"]:
        _check_entry(entry, f"{stem}::{entry['name']}")
    _check_use(content, stem)


def _check_entry(entry: dict[str, Any], case_id: str) -> None:
    _require(set(entry) <= QUERY_KEYS, f"{case_id}: unknown {sorted(set(entry) - QUERY_KEYS)}")
    _require(set(entry["query"]) <= PARTS, f"{case_id}: unknown {sorted(set(entry['query']) - PARTS)}")
    outcome = set(entry) & {"expect", "oracle", "refused"}
    _require(outcome in ({"expect", "oracle"}, {"refused"}), f"{case_id}: expect and oracle, or refused")


def _check_use(content: dict[str, Any], stem: str) -> None:
    """Every table feeds the model and every metric is asked for, or is part of another."""
    model = content["model"]
    declared = str(model["datasets"])
    for table in content["tables"]:
        _require(table in declared, f"{stem}: table '{table}' is unused")
    metrics: dict[str, Any] = model.get("metrics", {})
    asked = str([entry["query"] for entry in content["queries"]])
    for name in metrics:
        others = str([shape for other, shape in metrics.items() if other != name])
        _require(name in asked or name in others, f"{stem}: metric '{name}' is unused")


# --- running -------------------------------------------------------------------------------------------


def run_case(case: Case) -> list[str]:
    """What disagrees: the oracle with the expectation, or the compiler with it. Empty when all is well."""
    return check_oracle(case) or check_compiled(case)


def check_oracle(case: Case) -> list[str]:
    """The hand-written SQL gives the expected rows; a refusal has none."""
    match case.outcome:
        case Refused():
            return []
        case Expected(answer, oracle):
            given = _execute(case.tables, oracle)
            return _differences("oracle", Answer(answer.columns, given.rows), answer)


def check_compiled(case: Case) -> list[str]:
    """The compiled SQL gives the expected rows on DuckDB and is well-formed for Databricks."""
    from semantic.errors import MetricastError, QueryError

    try:
        compiled = _compile(case, "duckdb")
        other = _compile(case, "databricks")
    except QueryError as error:
        return _judge_refusal(case.outcome, str(error))
    except MetricastError as error:
        return [f"{type(error).__name__}: {error}"]
    if isinstance(case.outcome, Refused):
        return [f"not refused: {compiled.sql}"]
    sqlglot.parse_one(other.sql, dialect="databricks")
    return _judge_rows(case, compiled, case.outcome.answer)


def _compile(case: Case, dialect: str) -> Compiled:
    from semantic.compile import compile_query
    from semantic.query import Query

    known = {field.name for field in fields(Query)}
    _require(known >= PARTS, f"a query lacks {sorted(PARTS - known)}")
    return compile_query(_model(case), Query(**dict(case.query)), as_of=case.as_of, dialect=dialect)


def _model(case: Case) -> Model:
    from semantic.errors import ModelError
    from semantic.load import load_texts

    loaded = load_texts(dict(case.texts))
    if loaded.model is None:
        raise ModelError(loaded.diagnostics)
    return loaded.model


def _judge_refusal(outcome: Expected | Refused, message: str) -> list[str]:
    match outcome:
        case Expected():
            return [f"refused: {message}"]
        case Refused(names):
            return [f"the refusal does not name '{name}': {message}" for name in names if name not in message]


def _judge_rows(case: Case, compiled: Compiled, answer: Answer) -> list[str]:
    try:
        given = _execute(case.tables, compiled.sql)
    except duckdb.Error as error:
        return [f"{type(error).__name__}: {error}\n{compiled.sql}"]
    described = tuple(column.name for column in compiled.columns)
    if described != given.columns:
        return [f"columns {described} are announced, {given.columns} come"]
    return [f"{line}\n{compiled.sql}" for line in _differences("compiled", given, answer)]


def _execute(tables: Sequence[Table], sql: str) -> Answer:
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in tables:
            _create(connection, table)
        result = connection.execute(sql).to_arrow_table()
    columns = [column.to_pylist() for column in result.columns]
    return Answer(tuple(result.column_names), tuple(zip(*columns, strict=True)))


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    if "." in table.name:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.name.split('.')[0]}")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in table.columns)
    connection.execute(f"CREATE TABLE {table.name} ({columns})")
    if table.rows:
        marks = ", ".join("?" for _ in table.columns)
        connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", table.rows)


# --- comparing -----------------------------------------------------------------------------------------


def _differences(who: str, given: Answer, expected: Answer) -> list[str]:
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
    """Doubles within 1e-9, all else exactly; 2 equals Decimal('2'), an instant equals itself in UTC."""
    match given, expected:
        case (None, None):
            return True
        case (bool(), _) | (_, bool()):
            return given is expected
        case float(), int() | Decimal() | float():
            return math.isclose(given, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
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
