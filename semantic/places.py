"""Where things stand in the YAML, for diagnostics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from semantic.errors import Diagnostic, Span
from semantic.model import Dataset, Model
from semantic.source import Node


def value_place(model: Model, at: str, *path: str | int) -> Span:
    """The value at a path below a named entry (`datasets.users`, `metrics.aov`)."""
    node = model.nodes.get(at)
    return node.child(*path).span if node else Span(at, 1, 1)


def key_place(model: Model, at: str, *path: str) -> Span:
    """The key at a path below a named entry."""
    node = model.nodes.get(at)
    return node.child(*path[:-1]).key_span(path[-1]) if node else Span(at, 1, 1)


def name_place(model: Model, at: str) -> Span:
    """Where a named entry's name stands."""
    section, _, name = at.partition(".")
    for found, _, span in model.documents.entries(section):
        if found == name:
            return span
    return Span(at, 1, 1)


def within(model: Model, start: int, end: int, at: str, *path: str | int) -> Span:
    """The characters [start, end) of the text at a path; all of it where they are not known."""
    node = model.nodes.get(at)
    if node is None:
        return Span(at, 1, 1)
    found = node.child(*path)
    return found.locate(start, end) if end > start and isinstance(found.value, str) else found.span


def dimension_place(model: Model, dataset: Dataset, name: str) -> Span:
    """Where a dimension is declared: its type, else its name, else the first key that makes a dimension of a column."""
    at = f"datasets.{dataset.name}"
    if name in dataset.dimensions:
        typed = dataset.dimensions[name].type is not None
        return value_place(model, at, "dimensions", name, "type") if typed else key_place(model, at, "dimensions", name)
    if name == dataset.time:
        return value_place(model, at, "time")
    if dataset.validity is not None and name in (dataset.validity.from_, dataset.validity.to):
        return value_place(model, at, "validity", "from" if name == dataset.validity.from_ else "to")
    return value_place(model, at, "primary_key")


def place_in_query(query: Node, mistake: Diagnostic, named: Iterable[Node], otherwise: Span) -> Span:
    """Where in the YAML a mistake of a query is: in its condition, at a word that it quotes in one of some nodes."""
    condition = query.children.get(mistake.span.file) if mistake.span else None
    if condition is not None and mistake.span is not None:
        lines = str(condition.value).split("\n")[: mistake.span.line - 1]
        start = sum(len(line) + 1 for line in lines) + mistake.span.column - 1
        return condition.locate(start, start + mistake.span.length)
    scalars = [scalar for node in named for scalar in _scalars(node)]
    for word in re.findall(r"'([^']+)'", mistake.message):
        for scalar in scalars:
            if found := re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", str(scalar.value)):
                return scalar.locate(*found.span())
    return otherwise


def _scalars(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children.values():
        yield from _scalars(child)
