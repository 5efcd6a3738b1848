"""Where things stand in the YAML, for diagnostics."""

from __future__ import annotations

from semantic.errors import Span
from semantic.model import Dataset, Model


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
