"""Which keys of a query a list of dimensions means, seen from one dataset."""

from __future__ import annotations

from collections.abc import Iterable

from semantic.asked import Asked
from semantic.errors import QueryError
from semantic.joins import Route, find_route
from semantic.model import Model
from semantic.names import DimensionRef, Reference, datasets_called, read_name


def ignored_keys(asked: Asked, base: str, ignore: Iterable[str]) -> frozenset[str]:
    """The keys of a query that a list of dimensions names, as they are seen from a dataset."""
    model = asked.context.model
    named = [read_name(model, name) for name in ignore]
    return frozenset(key.name for key, asked_for in asked.by if any(_same(model, base, n, asked_for) for n in named))


def _same(model: Model, base: str, entry: Reference, reference: Reference) -> bool:
    """Whether two names mean one dimension: by the way that leads to it, or by its dataset where no way does."""
    if not (isinstance(entry, DimensionRef) and isinstance(reference, DimensionRef)):
        return entry == reference
    if entry.name != reference.name or entry.grain not in (None, reference.grain):
        return False
    if entry.qualifier == reference.qualifier:
        return True
    ways = [_way(model, base, found.qualifier) for found in (entry, reference)]
    if ways == [None, None]:
        called = [set(datasets_called(model, found.qualifier)) for found in (entry, reference)]
        return not called[0].isdisjoint(called[1])
    return ways[0] == ways[1]


def _way(model: Model, base: str, qualifier: str) -> Route | str | None:
    """The way to a qualifier, None where there is none, and its own name where it means several."""
    try:
        return find_route(model, base, qualifier)
    except QueryError:
        return qualifier
