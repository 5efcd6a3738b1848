"""What is defined otherwise in another version of a project, key by key, and which keys are only words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from sqlglot.errors import SqlglotError

from semantic.described import Described
from semantic.expressions import ExpressionError
from semantic.model import Model
from semantic.parse import parse, parse_aggregates
from semantic.scan_select import parse_dataset_sql

WORDS = frozenset((*Described.model_fields, "owner", "format", "thresholds", "values", "hierarchies"))
Kind = Literal["metric", "segment", "dataset", "dimension", "setting"]
_SPLIT = ("joins", "via")  # mappings whose entries are told apart


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A key that differs, with what it said before and says now; None where it was left out."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Altered:
    """Something that is defined otherwise, and the keys that are not alike; without keys it is new, or gone."""

    kind: Kind
    name: str
    keys: tuple[KeyChange, ...] = ()


def altered_things(old: Model, new: Model) -> Iterator[Altered]:
    """Everything that is not as it was, words included: what both versions define, with keys; the rest without."""
    for change in changed_keys(old.project, new.project):
        hidden = change.key == "targets"  # where queries run may hold what is nobody's business
        yield Altered("setting", change.key, (KeyChange(change.key, None, None) if hidden else change,))
    before, after = _things(old), _things(new)
    for thing in dict.fromkeys((*after, *before)):
        if thing not in before or thing not in after:
            yield Altered(*thing)
        elif keys := changed_keys(before[thing], after[thing], ("name", "dimensions")):
            yield Altered(*thing, keys)


def _things(model: Model) -> dict[tuple[Kind, str], BaseModel]:
    """All that a project defines: a dataset's dimensions apart from it, those that need no listing included."""
    found: dict[tuple[Kind, str], BaseModel] = {}
    found |= {("dataset", name): dataset for name, dataset in model.datasets.items()}
    for dataset, dimensions in model.dimensions.items():
        found |= {("dimension", f"{dataset}.{name}"): dimension for name, dimension in dimensions.items()}
    found |= {("segment", name): segment for name, segment in model.segments.items()}
    return found | {("metric", name): metric for name, metric in model.metrics.items()}


def meaning(value: Any) -> Any:
    """What is left of a definition without the words for people, whatever the depth."""
    match value:
        case BaseModel():
            fields = type(value).model_fields
            return {name: meaning(getattr(value, name)) for name in fields if name not in WORDS}
        case Mapping():
            return {key: meaning(held) for key, held in value.items()}
        case tuple():
            return tuple(map(meaning, value))
        case _:
            return value


def changed_keys(old: BaseModel, new: BaseModel, leave_out: tuple[str, ...] = ()) -> tuple[KeyChange, ...]:
    """Every key that is not as it was, in the order in which the new shape has them."""
    before, after = (dict(_flat(shape, leave_out)) for shape in (old, new))
    return tuple(
        KeyChange(key, _written(before.get(key)), _written(after.get(key)))
        for key in dict.fromkeys((*after, *before))
        if before.get(key) != after.get(key)
    )


def is_word(change: KeyChange) -> bool:
    """Whether a change cannot change a number: words for people, spaces, another spelling of one expression."""
    return change.key in WORDS or _same(change.key, change.old, change.new)


def _flat(shape: BaseModel, leave_out: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, info in type(shape).model_fields.items():
        value = getattr(shape, name)
        if name in leave_out:
            continue
        if name in _SPLIT:
            yield from ((f"{name}.{key}", held) for key, held in value.items())
        else:
            yield info.alias or name, value


def _written(value: Any) -> str | None:
    """A value as it would be written in YAML; text as it is, a list without its brackets."""
    match value:
        case tuple() if value:
            return ", ".join(str(_written(each)) for each in value)
        case None | "" | ():
            return None
        case BaseModel():
            return _written(dict(_flat(value, ())))
        case Mapping():
            held = {key: text for key, each in value.items() if (text := _nested(each)) is not None}
            return f"{{{', '.join(f'{key}: {text}' for key, text in held.items())}}}" if held else None
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _nested(value: Any) -> str | None:
    text = _written(value)
    return f"[{text}]" if isinstance(value, tuple) and text is not None else text


def _same(key: str, old: str | None, new: str | None) -> bool:
    """Whether two texts are read as one expression."""
    if old is None or new is None:
        return False
    match key:
        case "expr" | "filter":
            return bool(_tree(old) == _tree(new))
        case "sql":
            return bool(_sql_tree(old) == _sql_tree(new))
        case _:
            return old == new


def _tree(text: str) -> Any:
    for read in (parse, parse_aggregates):
        try:
            return read(text).tree
        except ExpressionError:
            continue
    return text


def _sql_tree(text: str) -> Any:
    try:
        return parse_dataset_sql(text)
    except (SqlglotError, ValueError):
        return text
