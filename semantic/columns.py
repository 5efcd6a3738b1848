"""Tables, columns and types that the YAML takes for granted, against those that the target has.

Nothing is read but the names and the types of columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.column_types import Found, key_type_mistakes, kind_mistakes, type_mistakes, types_of
from semantic.dialects import DIALECTS
from semantic.engines.base import ColumnType, Engine
from semantic.errors import Diagnostic, EngineError, in_order, listing, suggest
from semantic.joins import key_columns
from semantic.mentions import Mention, join_owner, mentions
from semantic.model import Dataset, Model
from semantic.places import dimension_place, value_place, within
from semantic.scan_select import parse_dataset_sql, source_of
from semantic.trees import column, select

_REFUSED = ("E402", "E406", "E431")  # what was asked is wrong; all other codes are about the target itself


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a dataset's table or SQL, and their types."""

    types: Mapping[str, ColumnType]

    def type_of(self, name: str) -> ColumnType | None:
        """A column's type; engines do not tell upper from lower case."""
        return next((found for column, found in self.types.items() if column.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Schema:
    """What the target has for the datasets, and what it has not although the YAML takes it for granted.

    `tables` are those that can be read. `unfit` are the pairs of dataset and dimension, or of dataset and `join_owner`,
    that cannot be computed or are not of the type that they must have.
    """

    tables: Mapping[str, Table]
    unfit: frozenset[tuple[str, str]]
    mistakes: tuple[Diagnostic, ...]

    def has(self, dataset: str, names: Iterable[str]) -> bool:
        """Whether a dataset can be read and has all of these columns."""
        table = self.tables.get(dataset)
        return table is not None and all(table.type_of(name) is not None for name in names)


def read_schema(engine: Engine, model: Model) -> Schema:
    """Read the columns of every dataset and find what does not fit. Raises EngineError where the target is down."""
    tables: dict[str, Table] = {}
    found: list[Found] = []
    for dataset in model.datasets.values():
        named = tuple(mentions(model, dataset))
        try:
            table = _read_table(engine, dataset, named)
        except EngineError as error:
            found.append(Found(dataset.name, "", _unreadable(model, dataset, _refusal(error))))
            continue
        tables[dataset.name] = table
        found += _missing(dataset, table, named)
    found += kind_mistakes(model, {name: table.types for name, table in tables.items()})
    found += _unlike(engine, model, Schema(tables, _owners(found), ()))
    return Schema(tables, _owners(found), in_order(each.diagnostic for each in found))


def _owners(found: Iterable[Found]) -> frozenset[tuple[str, str]]:
    return frozenset((each.dataset, each.owner) for each in found)


def _refusal(error: EngineError) -> Diagnostic:
    """What the target refused; the error goes on where it did not get to that."""
    first = error.diagnostics[0]
    if first.code not in _REFUSED:
        raise error
    return first


# Tables and columns ------------------------------------------------------------


def _read_table(engine: Engine, dataset: Dataset, named: Iterable[Mention]) -> Table:
    """The columns, and those of the mentioned ones that `*` leaves out, such as DuckDB's `rowid`."""
    query = select([exp.Star()], source_of(dataset, dataset.name))
    table = Table(engine.column_types(DIALECTS[engine.dialect].emit(query)))
    hidden: dict[str, ColumnType] = {}
    for name in {mention.column for mention in named if table.type_of(mention.column) is None}:
        try:
            hidden[name] = types_of(engine, dataset, [column(name, dataset.name)])[0]
        except EngineError as error:
            _refusal(error)  # there is no such column
    return Table({**table.types, **hidden})


def _unreadable(model: Model, dataset: Dataset, refusal: Diagnostic) -> Diagnostic:
    """A dataset whose table or SQL the target does not take, at the word that it does not know."""
    at = f"datasets.{dataset.name}"
    if dataset.sql is None:
        return replace(refusal, span=value_place(model, at, "table"))
    word = re.search(r"'([^']+)'", refusal.message)
    unknown = word[1].split(".")[-1].lower() if word else ""
    for found in parse_dataset_sql(dataset.sql).find_all(exp.Identifier):
        if str(found.this).lower() == unknown and "start" in found.meta:
            return replace(refusal, span=within(model, found.meta["start"], found.meta["end"] + 1, at, "sql"))
    return replace(refusal, span=value_place(model, at, "sql"))


def _missing(dataset: Dataset, table: Table, named: Iterable[Mention]) -> Iterator[Found]:
    where = f"the table '{dataset.table}'" if dataset.table is not None else f"the SQL of dataset '{dataset.name}'"
    for mention in named:
        if table.type_of(mention.column) is None:
            hint = suggest(mention.column, (*mention.others, *table.types)) or f"columns: {listing(table.types)}"
            message = f"{where} has no column '{mention.column}'"
            yield Found(dataset.name, mention.owner, Diagnostic("E402", message, mention.span, hint))


# Types ------------------------------------------------------------


def _unlike(engine: Engine, model: Model, schema: Schema) -> Iterator[Found]:
    """Dimensions that are not of their declared type, and joins whose columns are unlike their partners."""
    for name in schema.tables:
        dataset = model.datasets[name]
        sound = [each for each in model.dimensions[name] if (name, each) not in schema.unfit]
        known = [each for each in sound if each in dataset.dimensions or schema.has(name, [each])]
        yield from _mistyped(engine, model, dataset, known)
        for join in dataset.joins:
            target = model.datasets[dataset.joins[join].dataset or join]
            if (name, join_owner(join)) not in schema.unfit and schema.has(target.name, key_columns(target)):
                yield from _unlike_keys(engine, model, dataset, join)


def _mistyped(engine: Engine, model: Model, dataset: Dataset, names: list[str]) -> Iterator[Found]:
    """All dimensions at once; one by one where the target does not take them all."""
    try:
        yield from type_mistakes(engine, model, dataset, names)
    except EngineError as error:
        refusal = _refusal(error)
        if len(names) > 1:
            for name in names:
                yield from _mistyped(engine, model, dataset, [name])
        else:
            span = dimension_place(model, dataset, names[0])
            yield Found(dataset.name, names[0], replace(refusal, span=span))


def _unlike_keys(engine: Engine, model: Model, dataset: Dataset, join: str) -> Iterator[Found]:
    try:
        yield from key_type_mistakes(engine, model, dataset, join)
    except EngineError as error:
        span = value_place(model, f"datasets.{dataset.name}", "joins", join, "on")
        yield Found(dataset.name, join_owner(join), replace(_refusal(error), span=span))
