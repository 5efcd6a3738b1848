"""Asks random queries which periods are complete, and as of when rows were recorded, of datasets that say so."""

from __future__ import annotations

from dataclasses import replace

from tests.reference import Complete, Dataset, Model, Query
from tests.reference.model import WORDS
from tests.strategies.world import World

TIMES = ("date", "timestamp", "timestamptz")


def with_completeness(world: World, model: Model, query: Query) -> tuple[Model, Query]:
    """A third of what has periods asks for it. Drawn last, so that all else is as it is without."""
    has_periods = query.period is not None or any(name in WORDS for name in query.by)
    if not world.chance(0.33 if has_periods else 0.02):
        return model, query
    only = world.chance(0.3)
    query = replace(query, is_complete=not only or world.chance(0.5), complete_only=only)
    datasets = {name: replace(found, complete=_complete(world, found)) for name, found in model.datasets.items()}
    return replace(model, datasets=datasets), query


def with_recorded(world: World, model: Model, query: Query) -> Model:
    """Sometimes the rows of some datasets say when they were recorded: often after as-of, so that they are not seen."""
    if not world.chance(0.2):
        return model
    datasets = {name: replace(found, recorded=_recorded(world, found, query)) for name, found in model.datasets.items()}
    return replace(model, datasets=datasets)


def _recorded(world: World, dataset: Dataset, query: Query) -> str | None:
    """Business days have no other zone: such queries are refused, as cases hold."""
    types = TIMES if query.time_zone is None else TIMES[1:]
    names = [dimension.name for dimension in dataset.dimensions if dimension.type in types]
    return world.pick(names) if names and world.chance(0.7) else None


def _complete(world: World, dataset: Dataset) -> Complete | None:
    """Often with a lag, that sometimes leads into a month of another length or a night in which clocks are changed."""
    if world.chance(0.4):
        return None
    names = [dimension.name for dimension in dataset.dimensions if dimension.type in TIMES]
    watermark = world.pick(names) if names and world.chance(0.6) else None
    unit = world.pick(("hour", "hour", "day", "day", "week"))
    return Complete(watermark, world.maybe(0.5, (world.rng.randint(1, 30 if unit == "hour" else 3), unit)))
