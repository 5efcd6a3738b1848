"""What a query takes for granted about the data it reads, checked on the data before it runs.

A lookup by a key that is not unique would multiply rows, overlapping validity as well, and a DATE read as a UTC
timestamp would slip into another day: numbers that are wrong and look right. Each is checked once per connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from semantic.dialects import DIALECTS
from semantic.engines.base import Engine
from semantic.errors import Diagnostic, EngineError
from semantic.expressions import Expression
from semantic.joins import key_columns
from semantic.model import Dataset, Dimension, Model, Validity
from semantic.parse import parse
from semantic.plan import Lookup, Plan
from semantic.scan_select import source_of
from semantic.trees import column, named, select, subquery

_TIME_TYPES = {
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "timestamptz": ("TIMESTAMP WITH TIME ZONE",),
}
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DOUBLE|FLOAT|REAL)\b")
_TEXTS = re.compile(r"(VARCHAR|TEXT|CHAR|ENUM|UUID)\b")


@dataclass(frozen=True, slots=True)
class Guard:
    """A query that counts what is wrong in a column `wrong`, and what to say if that is not 0."""

    query: exp.Select
    message: str
    hint: str


def check_guards(engine: Engine, plan: Plan, model: Model, passed: set[tuple[str, str]]) -> None:
    """Check every dataset of a plan; `passed` holds the checks that need not be repeated. Raises EngineError."""
    scans = (*plan.scans, *plan.broadcasts)
    lookups = [lookup for scan in scans for lookup in scan.lookups]
    read = {scan.dataset.name for scan in scans} | {lookup.dataset.name for lookup in lookups}
    for name in sorted(read):
        if ("types", name) not in passed:
            _check_types(engine, model, model.datasets[name])
            passed.add(("types", name))
    for lookup in lookups:
        way = f"{lookup.owner.name}.{lookup.path[-1]}"
        if ("way", way) not in passed:
            _check_key_types(engine, lookup)
            passed.add(("way", way))
        if ("key", lookup.dataset.name) not in passed:
            _check(engine, key_guard(lookup.dataset))
            passed.add(("key", lookup.dataset.name))


def key_guard(dataset: Dataset) -> Guard:
    """That at most one row answers a lookup."""
    keys = key_columns(dataset)
    if dataset.validity is not None:
        message = f"dataset '{dataset.name}' has {{count:,}} rows whose validity overlaps the next one of the same key"
        hint = f"looking them up would multiply rows; mend {dataset.validity.from_} and {dataset.validity.to}"
        return Guard(_overlaps(dataset, dataset.validity), message, hint)
    repeated = select(map(column, keys), source_of(dataset, dataset.name)).where(*_complete(keys), copy=False)
    repeated.set("group", exp.Group(expressions=[column(key) for key in keys]))
    repeated.set("having", exp.Having(this=exp.GT(this=_count(), expression=exp.Literal.number(1))))
    message = f"dataset '{dataset.name}' has {{count:,}} keys ({', '.join(keys)}) that stand on more than one row"
    hint = "looking them up would multiply rows; mend the data or the primary_key"
    return Guard(select([named(_count(), "wrong")], subquery(repeated, "repeated")), message, hint)


def _check(engine: Engine, guard: Guard) -> None:
    found = engine.execute(DIALECTS[engine.dialect].emit(guard.query)).to_pylist()[0]["wrong"]
    if found:
        raise EngineError(Diagnostic("E411", guard.message.format(count=found), hint=guard.hint))


def _check_types(engine: Engine, model: Model, dataset: Dataset) -> None:
    """What is declared with a type is of that type in the data."""
    declared = {name: dim for name, dim in model.dimensions[dataset.name].items() if _is_checked(dim)}
    if not declared:
        return
    values = [named(_value(name, dimension), name) for name, dimension in declared.items()]
    types = engine.column_types(DIALECTS[engine.dialect].emit(select(values, source_of(dataset, dataset.name))))
    for name, dimension in declared.items():
        if not _is_of_type(types[name], str(dimension.type)):
            message = f"'{dataset.name}.{name}' is declared as {dimension.type}, but in the data it is {types[name]}"
            hint = f"declare its type under dimensions of dataset '{dataset.name}'"
            raise EngineError(Diagnostic("E410", message, hint=hint))


def _is_of_type(found: str, declared: str) -> bool:
    match declared:
        case "integer" | "number":
            return _family(found) == "number"
        case "string":
            return _family(found) == "text"
        case "boolean":
            return found == "BOOLEAN"
        case _:
            return found in _TIME_TYPES[declared]


def _family(found: str) -> str:
    """What kind of column can be a key of what other: numbers among themselves, texts among themselves."""
    if _NUMBERS.match(found):
        return "number"
    if _TEXTS.match(found):
        return "text"
    return "time" if found.startswith(("DATE", "TIMESTAMP")) else found


def _check_key_types(engine: Engine, lookup: Lookup) -> None:
    """The columns on both sides of a lookup are alike: the engine would read '1' and '01' as one number."""
    join, keys = lookup.owner.joins[lookup.path[-1]], key_columns(lookup.dataset)
    ours = _types_of(engine, lookup.owner, map(key_value, join.keys))
    theirs = _types_of(engine, lookup.dataset, map(column, keys))
    for on, key, our, their in zip(join.on, keys, ours, theirs, strict=True):
        if _family(our) != _family(their):
            there = f"'{lookup.dataset.name}.{key}', which is {their}"
            message = f"'{on}' of dataset '{lookup.owner.name}' is {our} and is looked up in {there}"
            raise EngineError(Diagnostic("E412", message, hint="give both the same type, in the data or by sql:"))


def key_value(key: str | Expression) -> exp.Expr:
    """An entry of a join's `on`, over the bare columns of its dataset."""
    return column(key) if isinstance(key, str) else key.replace_names(lambda name: column(name.name))


def _types_of(engine: Engine, dataset: Dataset, values: Iterable[exp.Expr]) -> list[str]:
    """The engine's types of values over a dataset's rows."""
    query = select([named(value, f"value_{at}") for at, value in enumerate(values)], source_of(dataset, dataset.name))
    return list(engine.column_types(DIALECTS[engine.dialect].emit(query)).values())


def _is_checked(dimension: Dimension) -> bool:
    """Whether a type is declared, of something that can be computed from the row alone."""
    if dimension.type is None or dimension.bins is not None:
        return False
    return dimension.expr is None or all(name.name not in ("at", "as_of") for name in parse(dimension.expr).names)


def _value(name: str, dimension: Dimension) -> exp.Expr:
    if dimension.expr is None:
        return column(name)
    return parse(dimension.expr).replace_names(lambda found: column(found.name))


def _overlaps(dataset: Dataset, validity: Validity) -> exp.Select:
    """Rows that are valid at some time, and still when the next one of their key begins."""
    keys = key_columns(dataset)
    start, end = column(validity.from_), column(validity.to)
    window = exp.Window(
        this=exp.Lead(this=start.copy()),
        partition_by=[column(key) for key in keys],
        order=exp.Order(expressions=[exp.Ordered(this=start.copy()), exp.Ordered(this=end.copy())]),
    )
    rows = select([named(end.copy(), "ends"), named(window, "next_starts")], source_of(dataset, dataset.name)).where(
        *_complete(keys), _open_or(end, exp.LT(this=start, expression=end.copy())), copy=False
    )
    still = _open_or(column("ends"), exp.GT(this=column("ends"), expression=column("next_starts")))
    found = select([named(_count(), "wrong")], subquery(rows, "valid"))
    return found.where(exp.Not(this=exp.Is(this=column("next_starts"), expression=exp.Null())), still, copy=False)


def _open_or(end: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Or(this=exp.Is(this=end.copy(), expression=exp.Null()), expression=condition))


def _complete(keys: tuple[str, ...]) -> list[exp.Expr]:
    return [exp.Not(this=exp.Is(this=column(key), expression=exp.Null())) for key in keys]


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())
