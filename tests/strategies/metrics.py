"""Random metrics over random datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.reference import Comparison, Dataset, Derived, Expr, Metric, Model, Part, Per, Ratio, Simple
from tests.reference.expressions import within
from tests.strategies import over, phrases
from tests.strategies.over import parts
from tests.strategies.phrases import NUMERIC, Named, lit
from tests.strategies.reach import looked_up, own_names, qualified, reaches, segments, usable_segments
from tests.strategies.world import World

PLAIN_AGGS = ("count", "count", "count_distinct", "sum", "sum", "avg", "min", "max", "median")
SEVERAL, ARITHMETIC = "several", "arithmetic"  # count_distinct of a list; no agg but an expr with aggregates
MORE_AGGS = ("stddev", "variance", "percentile", "first", "last", "first", "last", SEVERAL, ARITHMETIC, ARITHMETIC)
AGGS = (*PLAIN_AGGS, *MORE_AGGS)
OF_NUMBERS = frozenset({"sum", "avg", "median", "stddev", "variance", "percentile"})
INNER_AGGS = (*PLAIN_AGGS, "stddev", "variance")
PERCENTILES = tuple(map(Decimal, ("0", "0.25", "0.3333", "0.5", "0.9", "0.99", "1")))
OF_ANY_KIND = frozenset({"min", "max", "first", "last"})  # what these give is of the kind of what they are given
FRAGILE = ("stddev", "variance", "percentile")


def simple(world: World, model: Model, name: str) -> Simple:
    weights = [3 if "id" in dataset.primary_key else 1 for dataset in model.datasets.values()]
    dataset = world.rng.choices(list(model.datasets.values()), weights)[0]
    own, far = own_names(dataset), looked_up(model, dataset)
    drawn = _agg(world, dataset, own)
    expr = _measured(world, drawn, own, far)
    names = own if not far or world.chance(0.5) else far
    if (named := usable_segments(model, dataset)) and world.chance(0.5):
        names = [*named, *world.some(names, 0, 2)]
    condition = world.maybe(0.4, phrases.condition(world, names))
    clock = _other_clock(world, dataset, 0.4 if drawn in ("first", "last") else 0.12)
    agg = {SEVERAL: "count_distinct", ARITHMETIC: None}.get(drawn, drawn)
    empty = _empty(world, agg, expr, [*own, *far])
    p = world.pick(PERCENTILES) if agg == "percentile" else None
    return Simple(name, dataset.name, agg, expr, condition, clock, empty, p)


def _agg(world: World, dataset: Dataset, own: Sequence[Named]) -> str:
    agg = world.pick(AGGS)
    if agg in OF_NUMBERS and not _exact(own):
        return "count"
    return "count" if agg in ("first", "last") and dataset.time is None else agg


def _exact(names: Sequence[Named]) -> list[Named]:
    return [named for named in phrases.of_kind(names, "integer", "decimal") if not named.name.endswith("counter")]


def _empty(world: World, agg: str | None, expr: Expr | None, names: Sequence[Named]) -> int | None:
    """What another number than 0 means for a count is left open."""
    if not _is_number(agg, expr, names) or world.chance(0.75):
        return None
    return 0 if agg and agg.startswith("count") else world.pick((0, 0, -1))


def _measured(world: World, agg: str, own: Sequence[Named], far: Sequence[Named]) -> Expr | None:
    names = [*own, *far] if world.chance(0.2) else list(own)
    if agg == ARITHMETIC:
        return _of_aggregates(world, own, far)
    if agg == SEVERAL:
        return ("list", *(named.expr for named in world.some([*own, *far], 2, 3)))
    if agg in ("first", "last"):
        return world.pick(names).expr
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


def _of_aggregates(world: World, own: Sequence[Named], far: Sequence[Named]) -> Expr:
    one, other = (_call(world, own, far) for _ in range(2))
    if world.chance(0.2):
        one = (world.pick("+-*"), one, _call(world, own, far))
    return arithmetic(world, one, other, smooth=is_fragile_expr(one) or is_fragile_expr(other))


def _call(world: World, own: Sequence[Named], far: Sequence[Named]) -> Expr:
    """An aggregate within arithmetic: a number."""
    agg = world.pick(INNER_AGGS)
    numbers = phrases.of_kind(own, *NUMERIC)
    if agg in ("min", "max") and numbers:
        return ("agg", agg, world.pick(numbers).expr)
    # of large numbers, what the difference of two doubles leaves is left open
    small, small_far = ([named for named in names if not named.name.endswith("counter")] for names in (own, far))
    if not agg.startswith("count") and not _exact(small):
        agg = "count"
    return ("agg", agg, _measured(world, agg, small or own, small_far))


def _is_number(agg: str | None, expr: Expr | None, names: Sequence[Named]) -> bool:
    if agg not in OF_ANY_KIND:
        return True
    kinds = {named.name: named.kind for named in names}
    return expr is not None and expr[0] == "name" and kinds[str(expr[1])] in NUMERIC


def _other_clock(world: World, dataset: Dataset, likely: float) -> str | None:
    clocks = [d.name for d in dataset.dimensions if d.type in ("date", "timestamp", "timestamptz") and d.expr is None]
    return world.pick(clocks) if clocks and world.chance(likely) else None


def _metric_names(world: World, model: Model) -> list[str]:
    """Metrics are often called like a column or a dataset."""
    taken = [*model.datasets, *(column for dataset in model.datasets.values() for column in dataset.columns)]
    taken = [name for name in taken if name.isidentifier()]
    own = [f"m{place}" for place in range(4)]
    pool = [*own, *sorted(set(taken))] if world.chance(0.4) else own
    return world.some(pool, 2, 4)


def metrics(world: World, model: Model) -> dict[str, Metric]:
    """Simple ones, then those over them and over each other."""
    names = _metric_names(world, model)
    drawn: dict[str, Metric] = {name: simple(world, model, name) for name in names}
    drawn["rows"] = Simple("rows", world.pick(list(model.datasets)), "count")
    for place in range(world.rng.randint(1, 7)):
        known = replace(model, metrics=dict(drawn))
        numbers = [name for name, metric in drawn.items() if is_numeric(metric, known)]
        makers: list[Callable[..., Metric | None]] = [_ratio, _derived, over.over, over.over, over.over]
        make = world.pick(makers)
        metric = make(world, known, f"x{place}", numbers)
        drawn |= {metric.name: metric} if metric else {}
    return drawn


def is_numeric(metric: Metric, model: Model) -> bool:
    if isinstance(metric, over.ANY_KIND):
        return is_numeric(model.metrics[metric.metric], model)
    if not isinstance(metric, Simple):
        return True
    dataset = model.datasets[metric.dataset]
    return _is_number(metric.agg, metric.expr, [*own_names(dataset), *looked_up(model, dataset)])


def _ratio(world: World, model: Model, name: str, numbers: Sequence[str]) -> Ratio:
    top, bottom = world.pick(numbers), world.pick([each for each in numbers if _may_divide(model, each)])
    ignore = tuple(world.some(_ignorable(model, top), 1, 2)) if world.chance(0.6) else ()
    flipped = ignore and world.chance(0.15)
    parts = Part(top, ignore if flipped else ()), Part(bottom, () if flipped else ignore)
    return Ratio(name, *parts, empty=world.maybe(0.15, 0))


def _ignorable(model: Model, metric: str) -> list[str]:
    """Dimensions that the metric itself can be asked by, where that is easy to say."""
    datasets = [model.datasets[leaf.dataset] for leaf in over.leaves(model, [metric])]
    names = list(qualified(model))
    return [name for name in names if all(reaches(model, dataset, name) for dataset in datasets)] or names


def _derived(world: World, model: Model, name: str, numbers: Sequence[str]) -> Derived:
    picked = world.pick(numbers), world.pick(numbers)
    one, other = (("name", each) for each in picked)
    expr = arithmetic(world, one, other, smooth=any(is_fragile(model, each) for each in picked))
    return Derived(name, expr, empty=world.maybe(0.15, 0))


def arithmetic(world: World, one: Expr, other: Expr, *, smooth: bool) -> Expr:
    """Arithmetic of two numbers; smooth: a little more or less of them makes it a little more or less."""
    gentle: tuple[Expr, ...] = (
        (world.pick("+-*"), one, other),
        (world.pick("+-"), ("coalesce", one, lit(0)), ("*", other, lit(2))),
        ("abs", ("-", one, other)),
        (world.pick(("least", "greatest")), one, other),
    )
    harsh: tuple[Expr, ...] = (
        ("/", one, other),
        ("-", lit(1), ("/", one, other)),
        ("/", one, ("nullif", ("-", one, other), lit(0))),
        ("round", ("/", one, lit(2))),
        ("case", (((">", one, lit(1)), one), (("is null", other), lit(0))), other),
    )
    return world.pick(gentle if smooth else (*gentle, *harsh))


def _may_divide(model: Model, name: str) -> bool:
    """Whether an engine gives 0 where it is 0."""
    metric = model.metrics[name]
    return not is_fragile(model, name) or (isinstance(metric, Simple) and metric.agg in ("stddev", "variance"))


def is_fragile(model: Model, name: str) -> bool:
    """Whether an engine may be off by the last digit of a double, so that what equals 2 exactly may not in SQL."""
    metric = model.metrics[name]
    if isinstance(metric, Simple):
        return metric.agg in FRAGILE or (metric.agg is None and is_fragile_expr(metric.expr or ()))
    if isinstance(metric, Comparison) and metric.as_ != "value" and not over.is_exact(model, metric.metric):
        return True
    if isinstance(metric, Per) and (metric.agg in FRAGILE or not over.is_exact(model, metric.metric)):
        return True
    return any(is_fragile(model, part) for part in parts(metric))


def is_fragile_expr(expr: Expr) -> bool:
    calls: list[tuple[Any, Any]] = [(call[1], call[2]) for call in within(expr, "agg")]
    return any(agg in (*FRAGILE, "avg", "median") or (agg == "sum" and expr[0] != "name") for agg, expr in calls)


def with_metrics(world: World, datasets: Mapping[str, Dataset]) -> Model:
    model = Model(datasets, {}, world.zone, world.week_start, fiscal_year_start=world.fiscal_year_start)
    model = replace(model, segments=segments(world, model))
    return replace(model, metrics=metrics(world, model))
