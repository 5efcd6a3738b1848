"""Random orders of the values of a dimension: some that occur, some that do not, with labels or without."""

from __future__ import annotations

from dataclasses import replace

from tests.reference import Dataset, Dimension, Value
from tests.reference.expressions import evaluate, names
from tests.strategies.world import World

ORDERED = frozenset({"string", "integer", "number", "boolean"})
RARE: dict[str, tuple[Value, ...]] = {
    "string": ("yes", "no", "perhaps", "unknown", "never", "-1", "1.0", "null", ""),
    "integer": (-3, 0, 1, 2, 17, 18, 24, 25, 2023, 2024, 10**15 + 7),
    "number": (0, 1, 2.5, -3, 10),
    "boolean": (True, False),
}


def with_orders(world: World, dataset: Dataset) -> Dataset:
    """The dataset, with an order of the values of some of its dimensions."""
    dimensions = tuple(_ordered(world, dataset, each) for each in dataset.dimensions)
    return replace(dataset, dimensions=dimensions)


def _ordered(world: World, dataset: Dataset, dimension: Dimension) -> Dimension:
    if dimension.bins or dimension.type not in ORDERED or not world.chance(0.4):
        return dimension
    rare = world.some(RARE[dimension.type], 0, 2)
    pool = list(dict.fromkeys([*_occurring(dataset, dimension), *rare]))
    values = tuple(world.some(pool, 1, 4))
    labelled = "" not in values and world.chance(0.4)  # a key of YAML is a word
    labels = tuple(f"label {place}" for place in range(len(values))) if labelled else ()
    return replace(dimension, values=values, labels=labels)


def _occurring(dataset: Dataset, dimension: Dimension) -> list[Value]:
    """Values that rows have, where these depend on nothing else."""
    expr = dimension.expr or ("name", dimension.name)
    if {"at", "as_of"} & set(names(expr)):
        return []
    found = [evaluate(expr, row.__getitem__) for row in dataset.rows]
    return sorted({value for value in found if value is not None}, key=str)
