"""Random metrics over other metrics: windows, comparisons, shares, and what else looks at other rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tests.reference import (
    Comparison,
    Cumulative,
    Derived,
    Metric,
    Model,
    MovingAverage,
    Offset,
    Per,
    Query,
    Rank,
    Ratio,
    Refused,
    Rolling,
    SemiAdditive,
    Share,
    Simple,
    ToDate,
)
from tests.reference.asked import Asked, parts_of
from tests.reference.model import Window
from tests.reference.nesting import check_nesting
from tests.reference.times import Clockwork
from tests.strategies.reach import in_reach, qualified
from tests.strategies.world import DAY_ZERO, World

FRAMED = (Rolling, Cumulative, ToDate, Comparison, MovingAverage, SemiAdditive)
OVER = (*FRAMED, Per, Share, Rank)
WINDOWS = (Rolling, Cumulative, ToDate)
Over = Rolling | Cumulative | ToDate | Comparison | MovingAverage | SemiAdditive | Per | Share | Rank
ANY_KIND = (*WINDOWS, Comparison)  # may have a value that is no number
FISCAL = ("fiscal_quarter", "fiscal_year")
TRIALS = 6

Make = Callable[[World, Model, str, str], Over]  # the new metric's name, the inner one's


def parts(metric: Metric) -> tuple[str, ...]:
    """The metrics a metric is made of."""
    return tuple(part.metric for part in parts_of(metric))


def closure(model: Model, names: Iterable[str]) -> Iterator[Metric]:
    """The metrics and all that they are made of."""
    for name in names:
        yield model.metrics[name]
        yield from closure(model, parts(model.metrics[name]))


def leaves(model: Model, names: Iterable[str]) -> Iterator[Simple]:
    return (metric for metric in closure(model, names) if isinstance(metric, Simple))


def is_framed(metric: Metric) -> bool:
    """Whether it looks at other stretches of time than the cell's."""
    return isinstance(metric, FRAMED) or (isinstance(metric, Per) and metric.grain is not None)


def is_well_nested(model: Model, name: str) -> bool:
    """Whether what stands inside a metric may stand there."""
    try:
        check_nesting(Asked(model, Query(), Clockwork(DAY_ZERO[0], "monday", DAY_ZERO[1])), name)
    except Refused:
        return False
    return True


def over(world: World, model: Model, name: str, numbers: Sequence[str]) -> Over | None:
    """A metric over one of the others; None where none was found that may stand there.

    Rarely one that must not, which the whole model is refused for.
    """
    for _ in range(TRIALS):
        pool = list(model.metrics) if world.chance(0.15) else numbers
        liked = [each for each in pool if isinstance(model.metrics[each], (*OVER, Ratio, Derived))]
        inner = world.pick(liked if liked and world.chance(0.45) else pool)
        if world.chance(0.15):  # what may be added up is rare
            added = [each for each in numbers if is_additive(model.metrics[each])]
            inner = world.pick(added or [inner])
        metric = world.pick(MAKERS if inner in numbers else OF_ANY_KIND)(world, model, name, inner)
        if isinstance(metric, Per) and _ignores(model, inner) and not world.chance(0.1):
            continue
        if is_well_nested(replace(model, metrics={**model.metrics, name: metric}), name) or world.chance(0.01):
            is_number = inner in numbers
            return replace(metric, empty=world.pick((0, 0, -1))) if is_number and world.chance(0.12) else metric
    return None


def _ignores(model: Model, name: str) -> bool:
    ratios = [metric for metric in closure(model, [name]) if isinstance(metric, Ratio)]
    return any(ratio.numerator.ignore or ratio.denominator.ignore for ratio in ratios)


# -- windows -------------------------------------------------------------------------------------------------


def _window(world: World) -> Window:
    if world.narrow:
        return world.pick(
            (
                (1, "hour"),
                (2, "hour"),
                (world.rng.randint(3, 30), "hour"),
                (1, "day"),
                (2, "day"),
                (1, "week"),
                (1, "month"),
            )
        )
    lengths = {"day": 40, "week": 8, "month": 4, "quarter": 2, "year": 2, "hour": 100}
    unit = world.pick(("day", "day", "week", "week", "month", "month", "quarter", "year", "hour"))
    return world.rng.randint(1, lengths[unit]) if world.chance(0.7) else 1, unit


def _rolling(world: World, model: Model, name: str, inner: str) -> Rolling:
    return Rolling(name, inner, _window(world))


def _cumulative(world: World, model: Model, name: str, inner: str) -> Cumulative:
    return Cumulative(name, inner)


def _to_date(world: World, model: Model, name: str, inner: str) -> ToDate:
    return ToDate(name, inner, world.pick(("week", "month", "month", "quarter", "year", *FISCAL)))


# -- comparisons ---------------------------------------------------------------------------------------------


def _comparison(world: World, model: Model, name: str, inner: str) -> Comparison:
    as_ = world.pick(("value", "value", "difference", "percent_change"))
    align = "elapsed" if world.chance(0.35) else "whole"
    return Comparison(name, inner, _offset(world), as_, align)


def _earlier(world: World, model: Model, name: str, inner: str) -> Comparison:
    return replace(_comparison(world, model, name, inner), as_="value")


def _offset(world: World) -> Offset:
    match world.rng.randrange(6):
        case 0:
            return Offset("previous")
        case 1:
            return Offset("periods", world.rng.randint(1, 5))
        case 2:
            return Offset("start", unit=world.pick(("week", "month", "month", "quarter", "year", *FISCAL)))
    return Offset("unit", *_length_back(world))


def _length_back(world: World) -> Window:
    if world.narrow:
        return world.pick(
            (
                (1, "hour"),
                (3, "hour"),
                (24, "hour"),
                (1, "day"),
                (1, "day"),
                (7, "day"),
                (1, "week"),
                (1, "month"),
                (1, "year"),
            )
        )
    common: tuple[Window, ...] = (
        (1, "day"),
        (7, "day"),
        (1, "week"),
        (4, "week"),
        (1, "month"),
        (3, "month"),
        (1, "quarter"),
    )
    long: tuple[Window, ...] = ((52, "week"), (364, "day"), (12, "month"), (4, "quarter"), (1, "year"), (2, "year"))
    odd: tuple[Window, ...] = (
        (world.rng.randint(1, 40), "day"),
        (world.rng.randint(1, 14), "month"),
        (24, "hour"),
        (2, "quarter"),
    )
    return world.pick(world.pick((common, common, long, odd)))


# -- shares --------------------------------------------------------------------------------------------------


def _share(world: World, model: Model, name: str, inner: str) -> Share:
    return Share(name, inner, _dimensions(world, model, inner, 0, 2))


def _dimensions(world: World, model: Model, metric: str, least: int, most: int) -> tuple[str, ...]:
    """Dimensions that all rows of a metric reach."""
    datasets = [model.datasets[leaf.dataset] for leaf in leaves(model, [metric])]
    names = [name for name in qualified(model) if all(in_reach(model, dataset, name) for dataset in datasets)]
    return tuple(world.some(names, least, most)) if names else ()


# -- values of values ----------------------------------------------------------------------------------------


def _per_grain(world: World, model: Model, name: str, inner: str) -> Per:
    grains: tuple[str, ...] = ("day", "day", "day", "week", "month", "quarter", "year", *FISCAL)
    if world.narrow:
        grains = (
            "hour",
            "hour",
            "day",
            "day",
            "minute" if world.tiny else "hour",
            "second" if world.tiny else "day",
            "month",
        )
    return Per(name, inner, world.pick(PER_AGGS), grain=world.pick(grains))


def _per_entity(world: World, model: Model, name: str, inner: str) -> Per:
    """Mostly of something that several rows share."""
    entities = _dimensions(world, model, inner, 1, 3)
    keys = [each for each in entities if each.endswith("_id")]
    entity = world.pick(keys or entities) if entities else "activity.id"
    return Per(name, inner, world.pick(PER_AGGS), entity=entity)


def _rank(world: World, model: Model, name: str, inner: str) -> Rank:
    order = "asc" if world.chance(0.3) else "desc"
    return Rank(name, inner, _dimensions(world, model, inner, 0, 1), order)


def _moving_average(world: World, model: Model, name: str, inner: str) -> MovingAverage:
    return MovingAverage(name, inner, world.rng.randint(1, 7))


def _stock(world: World, model: Model, name: str, inner: str) -> SemiAdditive:
    keys = _dimensions(world, model, inner, 0, 2) if world.chance(0.7) else ()
    agg = world.pick(("last", "last", "last", "first", "min", "max", "avg"))
    return SemiAdditive(name, inner, agg, keys, agg == "last" and world.chance(0.4))


PER_AGGS = ("avg", "avg", "sum", "min", "max", "median", "stddev")
WINDOW_MAKERS: tuple[Make, ...] = (_rolling, _rolling, _rolling, _cumulative, _to_date)
CELL_MAKERS: tuple[Make, ...] = (_share, _per_grain, _per_grain, _per_entity, _rank, _moving_average)
MAKERS: tuple[Make, ...] = (*WINDOW_MAKERS, *(_comparison,) * 4, *CELL_MAKERS, _stock, _stock)
OF_ANY_KIND: tuple[Make, ...] = (_rolling, _cumulative, _to_date, _earlier)


# -- what their values are like ------------------------------------------------------------------------------


def is_additive(metric: Metric) -> bool:
    return isinstance(metric, Simple) and metric.agg in ("count", "sum")


def is_exact(model: Model, name: str) -> bool:
    """Whether a value is a count, or a sum or an extreme as it stands in the rows: the same in every engine."""
    match model.metrics[name]:
        case Simple(agg=agg):
            return agg in ("count", "count_distinct", "sum", "min", "max")
        case Rolling(metric=inner) | Cumulative(metric=inner) | ToDate(metric=inner):
            return is_exact(model, inner)
        case Comparison(metric=inner, as_=as_):
            return as_ != "percent_change" and is_exact(model, inner)
        case Per(metric=inner, agg=agg):
            return agg in ("sum", "min", "max") and is_exact(model, inner)
        case SemiAdditive(agg=agg):
            return agg != "avg"
        case Rank():
            return True
    return False
