"""What may stand inside what, and which queries a metric can answer at all."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reference.asked import Asked, parts_of
from tests.reference.counterparts import check_offset
from tests.reference.lookup import Word, canonical, resolve
from tests.reference.model import (
    BELOW_DAY,
    WORDS,
    Comparison,
    Cumulative,
    Metric,
    MovingAverage,
    Per,
    Rank,
    Refused,
    Rolling,
    SemiAdditive,
    Share,
    Simple,
    ToDate,
)
from tests.reference.times import Clockwork

WINDOWS = (Rolling, Cumulative, ToDate)
FRAMED = (*WINDOWS, Comparison, MovingAverage, SemiAdditive)
WITHIN_ALL = frozenset(WORDS[: WORDS.index("month") + 1])
RELATIVE = (Comparison, Rank, MovingAverage)


def check_nesting(asked: Asked, name: str) -> None:
    """Refuses a metric that holds what it must not."""
    metric = asked.metric(name)
    if isinstance(metric, Per) and (metric.grain is None) == (metric.entity is None):
        raise Refused(f"{name} is per a grain or per an entity")
    if isinstance(metric, SemiAdditive):
        _check_stock(asked, metric)
    for inside in _inside(asked, metric):
        if isinstance(inside, _forbidden(metric)):
            raise Refused(f"{name} holds {inside.name}, which it must not")
    for leaf in asked.leaves([name]):
        _check_rows(asked, metric, leaf.metric)
    for part in parts_of(metric):
        check_nesting(asked, part.metric)


def _check_stock(asked: Asked, metric: SemiAdditive) -> None:
    inner = asked.metric(metric.metric)
    if not isinstance(inner, Simple) or inner.agg not in ("count", "sum"):
        raise Refused(f"{metric.name} needs a count or a sum")
    if metric.carry_forward and metric.agg != "last":
        raise Refused(f"{metric.name} carries only the last one forward")


def _check_rows(asked: Asked, metric: Metric, leaf: Simple) -> None:
    """The clock and the dimensions of rows are those that the metric goes by."""
    clock = asked.clock_type(leaf)
    if clock is None and (isinstance(metric, FRAMED) or (isinstance(metric, Per) and metric.grain)):
        raise Refused(f"{metric.name} needs the time of {leaf.name}")
    if clock == "date" and _counts_hours(metric):
        raise Refused(f"{metric.name} counts hours of days")
    _check_reach(asked, metric, leaf)


def _inside(asked: Asked, metric: Metric) -> Iterator[Metric]:
    for part in parts_of(metric):
        inner = asked.metric(part.metric)
        yield inner
        yield from _inside(asked, inner)


def _forbidden(metric: Metric) -> tuple[type, ...]:
    match metric:
        case Rolling() | Cumulative() | ToDate():
            return (*WINDOWS, *RELATIVE)
        case Comparison() | Rank():
            return (Rank,)
        case MovingAverage():
            return RELATIVE
        case Share():
            return Share, Rank
        case Per(grain=None):
            return (*WINDOWS, *RELATIVE, Share, SemiAdditive)
        case Per():
            return (*RELATIVE, Share)
    return ()


# -- queries -------------------------------------------------------------------------------------------------


def check_query(asked: Asked, name: str, grain: str | None) -> None:
    """Refuses what has no answer at this grain, and what lies within it."""
    metric = asked.metric(name)
    _check_time(asked, metric, grain)
    if isinstance(metric, Comparison):
        _check_comparison(asked, metric)
    if isinstance(metric, Rolling | ToDate):
        _check_cut(asked, metric, metric.metric)
    if isinstance(metric, Per) and metric.entity:
        _check_entity(asked, metric, metric.metric)
    inner = metric.grain if isinstance(metric, Per) and metric.grain else grain
    for part in parts_of(metric):
        check_query(asked, part.metric, inner)


def _check_entity(asked: Asked, per: Per, name: str, ignore: frozenset[str] = frozenset()) -> None:
    """Everything in the metric is of the entity: nothing ignores it."""
    metric = asked.metric(name)
    if isinstance(metric, Simple) and asked.is_ignored(metric, canonical(asked.model, str(per.entity)), ignore):
        raise Refused(f"a part of {per.metric} ignores {per.entity}, for each of which {per.name} has a value")
    for part in parts_of(metric):
        _check_entity(asked, per, part.metric, ignore | asked.ignored(part.ignore))


def _check_cut(asked: Asked, window: Rolling | ToDate, name: str) -> None:
    """Windows do not cut through the inner periods of what lies within them, where they end with a period."""
    metric = asked.metric(name)
    if isinstance(metric, Per) and metric.grain and asked.words:
        length = "" if isinstance(window, ToDate) else window.window[1]
        least = window.grain if isinstance(window, ToDate) else "hour" if length == "hour" else "day"
        if not nests(metric.grain, least, asked.clock):
            raise Refused(f"{window.name} cuts through the {metric.grain}s of {name}")
        return
    for part in parts_of(metric):
        _check_cut(asked, window, part.metric)


def _check_time(asked: Asked, metric: Metric, grain: str | None) -> None:
    framed = isinstance(metric, FRAMED)
    per_grain = isinstance(metric, Per) and metric.grain is not None
    if (framed or per_grain) and len(asked.words) > 1:
        raise Refused(f"{metric.name} over several time words")
    if isinstance(metric, MovingAverage) and not asked.words:
        raise Refused(f"{metric.name} needs a time word")
    if isinstance(metric, Per) and metric.grain and grain and not nests(metric.grain, grain, asked.clock):
        raise Refused(f"no {metric.grain}s make a {grain}")
    hours = (grain == "hour" and (framed or per_grain)) or (isinstance(metric, Per) and metric.grain == "hour")
    if hours and asked.clock.zone.key == "Australia/Lord_Howe":
        raise Refused("the hours of this zone are not all of 60 minutes")


def nests(fine: str, coarse: str, clock: Clockwork) -> bool:
    """Whether whole periods of the one make one of the other."""
    if fine not in WORDS or coarse not in WORDS:
        return clock.calendars.nests(fine, coarse)
    if fine == "week" and coarse != "week":
        return False
    if fine != coarse and coarse.startswith("fiscal") != fine.startswith("fiscal") and fine not in WITHIN_ALL:
        return False
    return WORDS.index(fine) <= WORDS.index(coarse)


def _check_comparison(asked: Asked, metric: Comparison) -> None:
    if not asked.words and not asked.period:
        raise Refused(f"{metric.name} needs a period")
    grain = asked.words[0] if asked.words else None
    check_offset(metric.offset, grain)
    if metric.align == "elapsed" and grain in BELOW_DAY:
        raise Refused(f"{metric.name} compares what has elapsed of days and more")


def _check_reach(asked: Asked, metric: Metric, leaf: Simple) -> None:
    """Entities and keys are dimensions that every leaf reaches."""
    dataset = asked.model.datasets[leaf.dataset]
    for name in _dimensions(metric):
        if isinstance(resolve(asked.model, dataset, name), Word):
            raise Refused(f"{name} is no dimension")


def _dimensions(metric: Metric) -> tuple[str, ...]:
    match metric:
        case Per(entity=str(entity)):
            return (entity,)
        case SemiAdditive(keys=keys):
            return keys
    return ()


def _counts_hours(metric: Metric) -> bool:
    match metric:
        case Rolling(window=(_, unit)):
            return unit == "hour"
        case Comparison(offset=offset):
            return offset.unit == "hour"
        case Per(grain=grain):
            return grain in BELOW_DAY
    return False
