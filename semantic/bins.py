"""`bins:` of a dimension: numbers put together by the edges between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, model_validator

from semantic.source import Exact, Shape

Edges = Annotated[tuple[Exact, ...], Field(min_length=1)]


def as_bins(value: Any) -> Any:
    """A list of edges as the mapping that it stands for."""
    return {"edges": value} if isinstance(value, list | tuple) else value


class Bins(Shape):
    """Half-open bins `[a, b)`: n ascending edges make n + 1 bins; NULL stays NULL.

    edges: the numbers at which a new bin begins, ascending
    labels: a name for each bin; without them they are called `< 18`, `18 - < 25`, `>= 25`
    """

    edges: Edges
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Bins:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("the edges of bins must ascend")
        if self.labels and len(self.labels) != len(self.edges) + 1:
            raise ValueError(f"{len(self.edges)} edges make {len(self.edges) + 1} bins, not {len(self.labels)} labels")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("two bins have one label")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in the order of the bins."""
        if self.labels:
            return self.labels
        edges = [f"{edge.normalize():f}" for edge in self.edges]
        between = [f"{low} - < {high}" for low, high in pairwise(edges)]
        return (f"< {edges[0]}", *between, f">= {edges[-1]}")
