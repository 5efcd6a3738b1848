"""`metricast validate --data`: whether the data are as the model says, found out without adding up any numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semantic import Diagnostic, Layer, Query

ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)


def check_data(layer: Layer) -> tuple[Diagnostic, ...]:
    """Ask for no rows of every metric by every dimension that it can be cut by.

    The target then finds missing tables and columns and types that do not fit, and the layer checks the keys and
    validities of everything that is looked up.
    """
    from semantic import EngineError

    found: dict[Diagnostic, None] = {}
    for query in _queries(layer):
        try:
            layer.run(query, as_of=ANY_TIME)
        except EngineError as error:
            found.update(dict.fromkeys(error.diagnostics))
    return tuple(found)


def _queries(layer: Layer) -> Iterator[Query]:
    """Yield, for every dataset, its dimensions alone, and for every metric, all that it can be cut by."""
    from semantic import Query

    for dataset, dimensions in layer.model.dimensions.items():
        if dimensions:
            yield Query(by=tuple(f"{dataset}.{name}" for name in dimensions), limit=0)
    for metric in layer.model.metrics:
        yield Query((metric,), layer.explain(metric).reachable, limit=0)
