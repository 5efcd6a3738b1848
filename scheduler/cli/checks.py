"""`metricast validate --data`: whether the data are as the model says, found out without adding up any numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semantic import Diagnostic, Layer, Query

ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)
CANCELLED, NO_CLOCK = "E405", {"E312", "E314"}


def check_data(layer: Layer) -> tuple[Diagnostic, ...]:
    """Ask for no rows of every metric by every dimension that it can be cut by.

    The target then finds missing tables and columns and types that do not fit, and the layer checks the keys and
    validities of everything that is looked up.
    """
    found: dict[Diagnostic, None] = {}
    for query in _queries(layer):
        found.update(dict.fromkeys(_check(layer, query)))
    return tuple(found)


def _check(layer: Layer, query: Query, *, whole: bool = True) -> Iterator[Diagnostic]:
    """Yield what is found out by a query. One that is refused as a whole is asked dimension by dimension."""
    from semantic import EngineError, QueryError

    try:
        layer.run(query, as_of=ANY_TIME)
    except EngineError as error:
        if any(each.code == CANCELLED for each in error.diagnostics):
            raise
        yield from error.diagnostics
    except QueryError as error:
        if whole:
            for part in _parts(query):
                yield from _check(layer, part, whole=False)
        else:
            yield from (each for each in error.diagnostics if each.code not in NO_CLOCK)


def _parts(query: Query) -> Iterator[Query]:
    """Yield a query without its dimensions, and with each of them alone."""
    if query.metrics:
        yield replace(query, by=())
    for name in query.by:
        yield replace(query, by=(name,))


def _queries(layer: Layer) -> Iterator[Query]:
    """Yield, for every dataset, its dimensions alone, and for every metric, all that it can be cut by."""
    from semantic import Query

    for dataset, dimensions in layer.model.dimensions.items():
        if dimensions:
            yield Query(by=tuple(f"{dataset}.{name}" for name in dimensions), limit=0)
    for metric in layer.model.metrics:
        yield Query((metric,), layer.explain(metric).reachable, limit=0)
