"""The types that columns have in the target, against what the model declares and takes for so.

A DATE read as a UTC timestamp would slip into another day, and a text looked up by a number would be cast: numbers that
are wrong and look right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.check_kinds import dimension_kind_mistakes, row_kind_mistakes
from semantic.dialects import DIALECTS
from semantic.engines.base import ColumnType, Engine, TypeKind
from semantic.errors import Diagnostic, listing
from semantic.expressions import Expression
from semantic.joins import key_columns
from semantic.mentions import join_owner
from semantic.metric_types import Simple
from semantic.model import Dataset, Dimension, Model, ValueType
from semantic.parse import parse
from semantic.places import dimension_place, value_place
from semantic.scan_select import source_of
from semantic.trees import column, named, select

_FAMILIES: Mapping[TypeKind, str] = {
    "integer": "number",
    "number": "number",
    "text": "text",
    "uuid": "text",
    "boolean": "boolean",
    "date": "time",
    "timestamp": "time",
    "timestamptz": "time",
}
_VALUE_TYPES: Mapping[TypeKind, ValueType] = {
    "integer": "number",
    "number": "number",
    "text": "string",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong with a dataset in the target, and with which of its dimensions or joins, if with one."""

    dataset: str
    owner: str
    diagnostic: Diagnostic


def types_of(engine: Engine, dataset: Dataset, values: Iterable[exp.Expr]) -> list[ColumnType]:
    """The engine's types of values over a dataset's rows. Raises EngineError."""
    query = select([named(value, f"value_{at}") for at, value in enumerate(values)], source_of(dataset, dataset.name))
    return list(engine.column_types(DIALECTS[engine.dialect].emit(query)).values())


def type_mistakes(engine: Engine, model: Model, dataset: Dataset, names: Iterable[str]) -> Iterator[Found]:
    """Those of a dataset's dimensions that are declared with a type and are of another one. Raises EngineError."""
    dimensions = model.dimensions[dataset.name]
    declared = {name: dimensions[name] for name in names if _is_checked(dimensions[name])}
    if not declared:
        return
    types = types_of(engine, dataset, [_value(name, dimension) for name, dimension in declared.items()])
    for found, (name, dimension) in zip(types, declared.items(), strict=True):
        if not _is_of_type(found, str(dimension.type)):
            message = f"'{dataset.name}.{name}' is declared as {dimension.type}, but in the data it is {found}"
            span = dimension_place(model, dataset, name)
            yield Found(dataset.name, name, Diagnostic("E410", message, span, _hint(found, name, dimension)))


def _hint(found: ColumnType, name: str, dimension: Dimension) -> str:
    fitting, otherwise = value_type(found), f"make it {dimension.type} by expr: or sql:"
    return f"declare {name}: {{type: {fitting}}} under dimensions, or {otherwise}" if fitting else otherwise


def key_type_mistakes(engine: Engine, model: Model, dataset: Dataset, join: str) -> Iterator[Found]:
    """Columns of a join that are unlike their partners: the engine would read '1' and '01' as one number."""
    on, target = dataset.joins[join], model.datasets[dataset.joins[join].dataset or join]
    ours = types_of(engine, dataset, map(_key_value, on.keys))
    theirs = types_of(engine, target, map(column, key_columns(target)))
    for text, key, our, their in zip(on.on, key_columns(target), ours, theirs, strict=True):
        if family(our) != family(their):
            there = f"'{target.name}.{key}', which is {their}"
            message = f"'{text}' of dataset '{dataset.name}' is {our} and is looked up in {there}"
            span = value_place(model, f"datasets.{dataset.name}", "joins", join, "on")
            hint = "give both the same type, in the data or by sql:"
            yield Found(dataset.name, join_owner(join), Diagnostic("E412", message, span, hint))


def _key_value(key: str | Expression) -> exp.Expr:
    """An entry of a join's `on`, over the bare columns of its dataset."""
    return column(key) if isinstance(key, str) else key.replace_names(lambda name: column(name.name))


def family(found: ColumnType) -> str:
    """What kind of column can be a key of what other: numbers among themselves, texts among themselves."""
    return _FAMILIES.get(found.kind, found.words)


def value_type(found: ColumnType) -> ValueType | None:
    """The type of the language that a column's type certainly is."""
    return _VALUE_TYPES.get(found.kind)


# Undeclared types ------------------------------------------------------------


def kind_mistakes(model: Model, types: Mapping[str, Mapping[str, ColumnType]]) -> Iterator[Found]:
    """What does not fit together once columns that nobody declared have the types of the target, by dataset."""
    typed = replace(
        model, datasets={name: _typed(model.datasets[name], types.get(name, {})) for name in model.datasets}
    )
    for name, found in types.items():
        for dimension in model.datasets[name].dimensions:
            for mistake in dimension_kind_mistakes(typed, name, dimension):
                yield Found(name, dimension, _with_types(mistake, found))
    for metric in typed.metrics.values():
        if isinstance(metric, Simple):
            for mistake in row_kind_mistakes(typed, metric):
                yield Found(metric.dataset, "", _with_types(mistake, types.get(metric.dataset, {})))


def _typed(dataset: Dataset, types: Mapping[str, ColumnType]) -> Dataset:
    dimensions = dict(dataset.dimensions)
    for name, found in types.items():
        listed = dimensions.get(name, Dimension())
        if listed.type is None and listed.expr is None and listed.bins is None:
            dimensions[name] = listed.model_copy(update={"type": value_type(found)})
    return dataset.model_copy(update={"dimensions": dimensions})


def _with_types(mistake: Diagnostic, types: Mapping[str, ColumnType]) -> Diagnostic:
    """A mistake with the types of the columns that stand in its words, or else in its line."""
    span, known = mistake.span, {name.lower(): found for name, found in types.items()}
    if mistake.hint or span is None:
        return mistake
    for text in (span.text[span.column - 1 :][: span.length], span.text):
        words = (word for word in re.findall(r"(?<![\w.])\w+(?![\w.(])", text) if word.lower() in known)
        if found := dict.fromkeys(f"{word} is {known[word.lower()]}" for word in words):
            return replace(mistake, hint=f"in the target {listing(found)}")
    return mistake


def _is_of_type(found: ColumnType, declared: str) -> bool:
    match declared:
        case "integer" | "number":
            return family(found) == "number"
        case "string":
            return family(found) == "text"
        case _:
            return found.kind == declared


def _is_checked(dimension: Dimension) -> bool:
    """Whether a type is declared, of something that can be computed from the row alone."""
    if dimension.type is None or dimension.bins is not None:
        return False
    return dimension.expr is None or all(name.name not in ("at", "as_of") for name in parse(dimension.expr).names)


def _value(name: str, dimension: Dimension) -> exp.Expr:
    if dimension.expr is None:
        return column(name)
    return parse(dimension.expr).replace_names(lambda found: column(found.name))
