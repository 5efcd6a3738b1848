"""YAML text → values that know where they stand in the file.

Composed nodes are read instead of loaded objects, because loading forgets positions, keeps the last of two equal
keys, reads `no` as false, `12:30:00` as 45000 and `1.10` as 1.1. A plain scalar is the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from semantic.errors import Diagnostic, Report, Span, nearest, suggest
from semantic.yaml_mistakes import explain_syntax_error

if TYPE_CHECKING:
    import yaml

_NULLS = ("", "~", "null")
_DEEPEST = 50


class Shape(BaseModel):
    """Base of everything that is read from YAML; a key without a value is null where null is allowed, else absent."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        takes_null = {
            info.alias or name: NoneType in get_args(info.annotation) for name, info in cls.model_fields.items()
        }
        return {key: held for key, held in value.items() if held is not None or takes_null.get(key, True)}


Read = TypeVar("Read", bound=Shape)
Exact = Annotated[Decimal, Field(max_digits=38)]


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file and its lines."""

    file: str
    text: str
    lines: tuple[str, ...]

    def span(self, line: int, column: int, length: int = 1) -> Span:
        """The span at a line and column that count from 0."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Span(self.file, line + 1, column + 1, max(1, min(length, len(text) - column)), text)

    def span_at(self, index: int, length: int) -> Span:
        """The span that starts at a character of the text."""
        before = self.text[:index]
        line = before.count("\n")
        return self.span(line, index - (before.rfind("\n") + 1), length)


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML file: plain data in `value`, and the places of everything in it."""

    source: Source
    value: Any
    start: int
    end: int
    keys: Mapping[str, Span] = field(default_factory=dict)
    children: Mapping[str | int, Node] = field(default_factory=dict)
    repeated: tuple[Node, ...] = ()  # below keys that stood there already

    @property
    def span(self) -> Span:
        """From the value's first character to the end of its first line at most."""
        return self.source.span_at(self.start, max(1, self.end - self.start))

    @property
    def text(self) -> str:
        """The value as it is written."""
        return self.source.text[self.start : self.end]

    def all_repeated(self) -> Iterator[Node]:
        """The values below keys that stood there already, at any depth."""
        yield from self.repeated
        for child in self.children.values():
            yield from child.all_repeated()

    def child(self, *path: str | int) -> Node:
        """The node at a path, or the deepest one on the way there."""
        node = self
        for step in path:
            if step not in node.children:
                return node
            node = node.children[step]
        return node

    def with_key(self, *path: str | int, key: str) -> Node:
        """This node with another key at the end of a path, at the same place with the same value."""
        first, *rest = path
        if first not in self.children:
            return self
        renamed = {first: key} if not rest else {}
        below = {first: self.children[first].with_key(*rest, key=key)} if rest else {}
        children = {renamed.get(name, name): below.get(name, child) for name, child in self.children.items()}
        keys = {str(renamed.get(name, name)): span for name, span in self.keys.items()}
        held = [child.value for child in children.values()]
        value = held if isinstance(self.value, list) else dict(zip(children, held, strict=True))
        return replace(self, value=value, keys=keys, children=children)

    def key_span(self, key: str) -> Span:
        """Where a key of this mapping is written."""
        return self.keys.get(key, self.span)

    def locate(self, start: int, end: int) -> Span:
        """The place in the file of the characters [start, end) of this scalar's text."""
        raw, text = self.text, str(self.value)
        at = raw.find(text)
        if at >= 0:
            return self.source.span_at(self.start + at + start, end - start)
        word = text[start:end]
        nth = text[:start].count(word)
        index = -1
        for _ in range(nth + 1):
            index = raw.find(word, index + 1)
        return self.source.span_at(self.start + index, end - start) if index >= 0 else self.span


@dataclass(frozen=True, slots=True)
class Documents:
    """All YAML files of a project, read but not yet understood."""

    nodes: tuple[Node, ...]

    def section(self, key: str) -> tuple[Node, ...]:
        """The values of one top-level key (`exports`), one per file that has it."""
        return tuple(node.children[key] for node in self.nodes if key in node.children)

    def entries(self, key: str) -> Iterator[tuple[str, Node, Span]]:
        """Every named entry below a top-level key: its name, its value, where its name stands."""
        for section in self.section(key):
            if not isinstance(section.value, dict):
                continue  # reported where sections are checked
            for name, node in section.children.items():
                yield str(name), node, section.key_span(str(name))


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What the YAML of a project says and where: all of it, and its entries by name: `datasets.users`, `project.0`."""

    documents: Documents = field(default_factory=lambda: Documents(()))
    nodes: Mapping[str, Node] = field(default_factory=dict)


class WrittenLater:
    """The same for a model that was not read from YAML just now: it is read when somebody asks."""

    def __init__(self, read: Callable[[], Written | WrittenLater]) -> None:
        self._written = cache(read)

    @property
    def documents(self) -> Documents:
        """All files of the project."""
        return self._written().documents

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The entries by name."""
        return self._written().nodes


def read_yaml(file: str, text: str, report: Report) -> Node | None:
    """Read one file; syntax errors, duplicate keys and anchors that are missing are reported."""
    import yaml  # not needed where a kept model answers

    source = Source(file, text, tuple(text.splitlines()))
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except RecursionError:
        report(Diagnostic("E101", "the YAML is nested too deeply", source.span(0, 0)))
        return None
    except yaml.MarkedYAMLError as error:
        report(_syntax_error(source, error))
        return None
    except yaml.reader.ReaderError as error:
        place = source.span_at(getattr(error, "position", 0), 1)
        report(Diagnostic("E101", f"the file holds a character that YAML forbids: {error.reason}", place))
        return None
    if root is None:
        return Node(source, {}, 0, 0)
    return _convert(source, root, report, frozenset())


def _syntax_error(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    found = explain_syntax_error(source.lines, error)
    return Diagnostic("E101", found.message, source.span(found.line, found.column), found.hint)


def _convert(source: Source, node: Any, report: Report, above: frozenset[int]) -> Node:
    (start, end), text = _ends(node), source.text
    if len(above) > _DEEPEST:
        report(Diagnostic("E101", "the YAML is nested too deeply", source.span_at(start, 1)))
        return Node(source, None, start, end)
    if id(node) in above:
        report(Diagnostic("E101", "an alias that holds itself", source.span_at(start, 1)))
        return Node(source, None, start, end)
    if text[start : start + 1] == "!" and text[start : start + 2] != "!!":
        hint = "put text that starts with ! between quotes"
        report(Diagnostic("E101", "'!' is a tag of YAML, and means nothing here", source.span_at(start, 1), hint))
    inside = above | {id(node)}
    if node.id == "mapping":
        return _convert_mapping(source, node, report, inside)
    if node.id == "sequence":
        items = [_convert(source, item, report, inside) for item in node.value]
        return Node(source, [item.value for item in items], start, end, {}, dict(enumerate(items)))
    return Node(source, _scalar(node), start, end)


def _convert_mapping(source: Source, node: Any, report: Report, above: frozenset[int]) -> Node:
    keys: dict[str, Span] = {}
    children: dict[str | int, Node] = {}
    repeated: list[Node] = []
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        span = source.span(mark.line, mark.column, key_node.end_mark.column - mark.column)
        if key_node.id == "mapping":
            report(Diagnostic("E102", "a mapping cannot be a key", span, "put text with {{ … }} between quotes"))
            return Node(source, source.text[slice(*_ends(node))], *_ends(node))
        key = str(key_node.value) if key_node.id == "scalar" else ""
        if not key:
            report(Diagnostic("E102", "a key must be a word", span))
        elif key in keys:
            report(Diagnostic("E103", f"the key '{key}' stands here twice", span, f"first in line {keys[key].line}"))
            repeated.append(_convert(source, value_node, report, above))
        else:
            keys[key] = span
            children[key] = _convert(source, value_node, report, above)
    value = {key: child.value for key, child in children.items()}
    return Node(source, value, *_ends(node), keys, children, tuple(repeated))


def _ends(node: Any) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _scalar(node: Any) -> Any:
    """Text as it is written, None for a plain null; shapes make numbers and truth values of it where they want them."""
    return None if not node.style and str(node.value).lower() in _NULLS else str(node.value)


def read_shape(node: Node, shape: type[Read], report: Report, what: str = "", **given: Any) -> Read | None:
    """Read a node into a pydantic shape; every mistake becomes a diagnostic at its own line and column.

    `what` names the thing for people (`metric 'aov'`); `given` are fields that the YAML does not carry, such as the
    entry's name.
    """
    value = {} if node.value is None else node.value
    if not isinstance(value, dict):
        report(Diagnostic("E106", f"{what or 'this'} must be a mapping of keys to values", node.span))
        return None
    wrong = [key for key in given if key in value]
    for key in wrong:
        report(_unknown_key(node, shape, (key,), what, set(given)))
    try:
        read = shape.model_validate({**value, **given})
    except ValidationError as error:
        for mistake in _apart(node, shape, error, set(given)):
            report(_diagnose(node, shape, mistake, what, set(given)))
        return None
    return None if wrong else read


def _apart(node: Node, shape: type[BaseModel], error: ValidationError, hidden: set[str]) -> Iterator[Any]:
    """The mistakes that are not the consequence of another one: of a value within, or of a misspelt key."""
    mistakes = error.errors(include_url=False)
    places = [tuple(mistake["loc"]) for mistake in mistakes]
    unknown = [place for mistake, place in zip(mistakes, places, strict=True) if mistake["type"] == "extra_forbidden"]
    meant = {(*place[:-1], meant_key(node, shape, place, hidden)) for place in unknown}
    for mistake, place in zip(mistakes, places, strict=True):
        is_within = any(place == other[: len(place)] and place != other for other in places)
        if not is_within and not (mistake["type"] == "missing" and place in meant):
            yield mistake


def _diagnose(node: Node, shape: type[BaseModel], mistake: Any, what: str, hidden: set[str]) -> Diagnostic:
    path = tuple(mistake["loc"])
    if mistake["type"] == "extra_forbidden":
        return _unknown_key(node, shape, path, what, hidden)
    of = f" of {what}" if what else ""
    if mistake["type"] == "missing":
        owner = node.child(*path[:-1])
        return Diagnostic("E105", f"the key '{path[-1]}'{of} is missing", owner.span)
    written = ".".join(str(step) for step in path)
    if mistake["type"] == "value_error" or not written:
        message = str(mistake["msg"]).removeprefix("Value error, ")
        return Diagnostic("E106", message, node.child(*path).span)
    place = node.child(*path)
    meant = suggest(str(place.value), _choices(mistake))
    return Diagnostic("E106", f"'{written}'{of} should be {_expected(mistake)}", place.span, meant)


_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number of at most 38 digits",
    "finite": "a finite number",
    "bool": "true or false",
    "dict": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "tuple": "a list",
    "list": "a list",
    "too": "a list that is not empty",
}


def _choices(mistake: Any) -> list[str]:
    """The words that a field can hold, if it is one of some words."""
    expected = mistake["ctx"]["expected"] if mistake["type"] == "literal_error" else ""
    return re.findall(r"'([^']*)'", expected)


def _expected(mistake: Any) -> str:
    """What a field should hold, in words for people."""
    if choices := _choices(mistake):
        return f"one of {', '.join(choices)}"
    known = _EXPECTED.get(str(mistake["type"]).split("_", 1)[0])
    return known or str(mistake["msg"]).removeprefix("Input should be ")


def _unknown_key(
    node: Node, shape: type[BaseModel], path: tuple[str | int, ...], what: str, hidden: set[str]
) -> Diagnostic:
    owner, key, meant = node.child(*path[:-1]), str(path[-1]), meant_key(node, shape, path, hidden)
    known = [name for name in _known_keys(shape, path[:-1]) if name not in hidden]
    hint = f"did you mean '{meant}'?" if meant else f"known keys: {', '.join(known)}" if known else None
    if key == "<<":
        return Diagnostic(
            "E104",
            "merge keys (<<) are not read",
            owner.key_span(key),
            "write what the entries of a file share under defaults:, at its top",
        )
    if ":" in key and key.partition(":")[0] in known:
        hint = f"write a space after the colon: {key.replace(':', ': ', 1)}"
    return Diagnostic("E104", f"unknown key '{key}'" + (f" in {what}" if what else ""), owner.key_span(key), hint)


def meant_key(node: Node, shape: type[BaseModel], path: tuple[str | int, ...], hidden: Collection[str]) -> str | None:
    """The key that was probably meant by the unknown one at a path; none that stands there as well."""
    present = node.child(*path[:-1]).keys
    return nearest(str(path[-1]), [k for k in _known_keys(shape, path[:-1]) if k not in hidden and k not in present])


def _known_keys(shape: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    found: Any = shape
    for step in path:
        model = _model_in(found)
        if model is not None and isinstance(step, str):
            names = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
            found = names.get(step)
        elif model is None:
            found = get_args(found)[-1] if get_args(found) else None
    model = _model_in(found)
    return list(field_names(model)) if model else []


def field_names(shape: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a shape as they are written."""
    return tuple(info.alias or name for name, info in shape.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The shape that an annotation such as `Bins | None` stands for; None for containers of shapes."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    bare = [get_args(arg)[0] if get_origin(arg) is Annotated else arg for arg in get_args(annotation)]
    plain = [arg for arg in bare if isinstance(arg, type) and issubclass(arg, BaseModel)]
    origin = getattr(annotation, "__origin__", None)
    return plain[0] if plain and origin not in (dict, tuple, list, Mapping) else None
