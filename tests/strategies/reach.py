"""What random expressions may name: the dimensions and columns that a dataset reaches, and segments over them."""

from __future__ import annotations

from dataclasses import replace

from tests.reference import Dataset, Dimension, Expr, Model, Refused
from tests.reference.lookup import Field, names_in_segments, resolve, uses_at
from tests.reference.model import WORDS
from tests.strategies import phrases
from tests.strategies.models import KINDS
from tests.strategies.phrases import Named
from tests.strategies.world import World

SEGMENTS = ("grown", "Odd_ones", "seg_3")


def dimensions_of(dataset: Dataset) -> list[Dimension]:
    """The declared ones and the keys and clocks that are dimensions without being listed."""
    names = [declared.name for declared in dataset.dimensions]
    names += [column for column in dataset.columns if column not in names and _has_a_kind(dataset, column)]
    found = [dataset.dimension(name) for name in names]
    return [dimension for dimension in found if dimension is not None]


def _has_a_kind(dataset: Dataset, column: str) -> bool:
    """What a key column with times is, where it is not declared, is left open."""
    return dataset.columns[column] in KINDS or column == dataset.time


def kind_of(dataset: Dataset, dimension: Dimension) -> str:
    """The kind of values conditions see."""
    if dimension.type in ("timestamp", "timestamptz"):
        return "timestamp"
    if dimension.expr is None and dimension.bins is None:
        return KINDS[dataset.columns[dimension.name]]
    return {"string": "text", "number": "decimal"}.get(dimension.type, dimension.type)


def qualified(model: Model) -> dict[str, Named]:
    """Every `dataset.dimension` and `join.dimension` of a model."""
    found = {}
    targets = {dataset.name: dataset for dataset in model.datasets.values()}
    joins = [join for dataset in model.datasets.values() for join in dataset.joins]
    targets |= {join.name: model.datasets[join.dataset] for join in joins}
    for qualifier, dataset in targets.items():
        for dimension in dimensions_of(dataset):
            name = f"{qualifier}.{dimension.name}"
            found[name] = Named(name, kind_of(dataset, dimension))
    return found


def reaches(model: Model, dataset: Dataset, name: str) -> bool:
    try:
        resolve(model, dataset, name)
    except Refused:
        return False
    return True


def own_names(dataset: Dataset) -> list[Named]:
    """What a metric's `expr` and `filter` see of their dataset: dimensions, then columns."""
    columns = {name: Named(name, KINDS[kind]) for name, kind in dataset.columns.items() if kind in KINDS}
    own = {d.name: Named(d.name, kind_of(dataset, d)) for d in dimensions_of(dataset)}
    timeless = {d.name for d in dataset.dimensions if dataset.time is None and uses_at(d)}
    return [named for name, named in {**columns, **own}.items() if name not in timeless]


def in_reach(model: Model, dataset: Dataset, name: str) -> Field | None:
    """The dimension a name means for rows of a dataset; none if it needs a time that they do not have."""
    try:
        found = resolve(model, dataset, name)
    except Refused:
        return None
    if not isinstance(found, Field) or (dataset.time is None and uses_at(found.dimension)):
        return None
    return found


def looked_up(model: Model, dataset: Dataset) -> list[Named]:
    found = {named: in_reach(model, dataset, name) for name, named in qualified(model).items()}
    return [named for named, field in found.items() if field and field.path]


def bare(world: World, model: Model, name: str) -> str:
    """Without its dataset, where that is clear and the name has no grain."""
    qualifier, _, dimension = name.partition(".")
    if not dimension or "." in dimension or dimension in WORDS or world.chance(0.4):
        return name
    owners = [dataset.name for dataset in model.datasets.values() if dataset.dimension(dimension)]
    return dimension if owners == [qualifier] else name


# -- segments ------------------------------------------------------------------------------------------------


def segments(world: World, model: Model) -> dict[str, Expr]:
    """Conditions over what one of the datasets reaches, and over each other, in any order."""
    drawn: dict[str, Expr] = {}
    if world.chance(0.3):
        return drawn
    for name in world.some(SEGMENTS, 1, 3):
        root = world.pick(list(model.datasets.values()))
        named = [each for each in qualified(model).values() if in_reach(model, root, each.name)]
        names = [replace(each, name=bare(world, model, each.name)) for each in world.some(named, 1, 4)]
        names += usable_segments(replace(model, segments=drawn), root) * 3
        if names:
            drawn[name] = phrases.condition(world, names)
    return drawn if world.chance(0.5) else dict(reversed(drawn.items()))


def usable_segments(model: Model, dataset: Dataset) -> list[Named]:
    """The segments all of whose names rows of a dataset reach."""
    found = {name: names_in_segments(model, ("segment", name)) for name in model.segments}
    return [
        Named(name, "segment") for name, names in found.items() if all(in_reach(model, dataset, each) for each in names)
    ]
