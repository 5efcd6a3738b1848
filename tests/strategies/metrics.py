"""Random metrics over random datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.reference import Dataset, Derived, Dimension, Expr, Metric, Model, Part, Ratio, Refused, Simple
from tests.reference.lookup import Field, resolve, uses_at
from tests.strategies import phrases
from tests.strategies.models import KINDS
from tests.strategies.phrases import NUMERIC, Named, lit
from tests.strategies.world import World


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


def _own_names(dataset: Dataset) -> list[Named]:
    """What a metric's `expr` and `filter` see of their dataset: dimensions, then columns."""
    columns = {name: Named(name, KINDS[kind]) for name, kind in dataset.columns.items() if kind in KINDS}
    own = {d.name: Named(d.name, kind_of(dataset, d)) for d in dimensions_of(dataset)}
    timeless = {d.name for d in dataset.dimensions if dataset.time is None and uses_at(d)}
    return [named for name, named in {**columns, **own}.items() if name not in timeless]


def _looked_up(model: Model, dataset: Dataset) -> list[Named]:
    names = [named for name, named in qualified(model).items() if reaches(model, dataset, name)]
    references = {named: resolve(model, dataset, named.name) for named in names}
    return [
        named
        for named, found in references.items()
        if isinstance(found, Field) and found.path and not (dataset.time is None and uses_at(found.dimension))
    ]


def simple(world: World, model: Model, name: str) -> Simple:
    weights = [3 if "id" in dataset.primary_key else 1 for dataset in model.datasets.values()]
    dataset = world.rng.choices(list(model.datasets.values()), weights)[0]
    own, far = _own_names(dataset), _looked_up(model, dataset)
    agg = world.pick(("count", "count", "count_distinct", "sum", "sum", "avg", "min", "max", "median"))
    exact = [named for named in phrases.of_kind(own, "integer", "decimal") if not named.name.endswith("counter")]
    if agg in ("sum", "avg", "median") and not exact:
        agg = "count"
    expr = _measured(world, agg, own, far)
    names = own if not far or world.chance(0.5) else far
    condition = world.maybe(0.4, phrases.condition(world, names))
    clock = _other_clock(world, dataset)
    return Simple(name, dataset.name, agg, expr, condition, clock, _empty(world, agg, expr, [*own, *far]))


def _empty(world: World, agg: str, expr: Expr | None, names: Sequence[Named]) -> int | None:
    """What another number than 0 means for a count is left open."""
    if not _is_number(agg, expr, names) or world.chance(0.75):
        return None
    return 0 if agg.startswith("count") else world.pick((0, 0, -1))


def _measured(world: World, agg: str, own: Sequence[Named], far: Sequence[Named]) -> Expr | None:
    names = [*own, *far] if world.chance(0.2) else list(own)
    if agg == "count":
        return world.pick(names).expr if world.chance(0.4) else None
    if agg == "count_distinct":
        computed = phrases.text(world, names) if world.chance(0.2) else None
        return computed or world.pick(names).expr
    if agg in ("min", "max"):
        return world.pick([named for named in names if named.kind != "boolean"]).expr
    if agg != "sum":  # these are doubles: what large numbers of both signs leave of them is left open
        names = [named for named in names if not named.name.endswith("counter")]
    return phrases.number(world, names)


def _is_number(agg: str, expr: Expr | None, names: Sequence[Named]) -> bool:
    if agg not in ("min", "max"):
        return True
    kinds = {named.name: named.kind for named in names}
    return expr is not None and expr[0] == "name" and kinds[str(expr[1])] in NUMERIC


def _other_clock(world: World, dataset: Dataset) -> str | None:
    clocks = [d.name for d in dataset.dimensions if d.type in ("date", "timestamp", "timestamptz") and d.expr is None]
    return world.pick(clocks) if clocks and world.chance(0.12) else None


def _metric_names(world: World, model: Model) -> list[str]:
    """Metrics are often called like a column or a dataset."""
    taken = [*model.datasets, *(column for dataset in model.datasets.values() for column in dataset.columns)]
    own = [f"m{place}" for place in range(4)]
    pool = [*own, *sorted(set(taken))] if world.chance(0.4) else own
    return world.some(pool, 2, 4)


def metrics(world: World, model: Model) -> dict[str, Metric]:
    """Three to seven metrics: simple ones, then ratios and derived ones over them and over each other."""
    names = _metric_names(world, model)
    drawn: dict[str, Metric] = {name: simple(world, model, name) for name in names}
    drawn["rows"] = Simple("rows", world.pick(list(model.datasets)), "count")
    for place in range(world.rng.randint(0, 3)):
        numbers = [name for name, metric in drawn.items() if _is_numeric(metric, model)]
        name = f"x{place}"
        make = _ratio if world.chance(0.5) else _derived
        drawn[name] = make(world, replace(model, metrics=dict(drawn)), name, numbers)
    return drawn


def _is_numeric(metric: Metric, model: Model) -> bool:
    if not isinstance(metric, Simple):
        return True
    dataset = model.datasets[metric.dataset]
    return _is_number(metric.agg, metric.expr, [*_own_names(dataset), *_looked_up(model, dataset)])


def _ratio(world: World, model: Model, name: str, numbers: Sequence[str]) -> Ratio:
    top, bottom = world.pick(numbers), world.pick(numbers)
    ignore = tuple(world.some(_ignorable(model, top), 1, 2)) if world.chance(0.6) else ()
    flipped = ignore and world.chance(0.15)
    parts = Part(top, ignore if flipped else ()), Part(bottom, () if flipped else ignore)
    return Ratio(name, *parts, empty=world.maybe(0.15, 0))


def _ignorable(model: Model, metric: str) -> list[str]:
    """Dimensions that the metric itself can be asked by, where that is easy to say."""
    names, top = list(qualified(model)), model.metrics.get(metric)
    if isinstance(top, Simple):
        names = [name for name in names if reaches(model, model.datasets[top.dataset], name)] or names
    return names


def _derived(world: World, model: Model, name: str, numbers: Sequence[str]) -> Derived:
    one: Expr = ("name", world.pick(numbers))
    other: Expr = ("name", world.pick(numbers))
    options: tuple[Expr, ...] = (
        (world.pick("+-*/"), one, other),
        (world.pick("+-"), ("coalesce", one, lit(0)), ("*", other, lit(2))),
        ("/", one, ("nullif", ("-", one, other), lit(0))),
        ("abs", ("-", one, other)),
        ("round", ("/", one, lit(2))),
        (world.pick(("least", "greatest")), one, other),
        ("case", (((">", one, lit(1)), one), (("is null", other), lit(0))), other),
        ("-", lit(1), ("/", one, other)),
    )
    return Derived(name, world.pick(options), empty=world.maybe(0.15, 0))


def with_metrics(world: World, datasets: Mapping[str, Dataset]) -> Model:
    bare = Model(datasets, {}, world.zone, world.week_start)
    return Model(datasets, metrics(world, bare), world.zone, world.week_start)
