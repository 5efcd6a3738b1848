"""Which windows, comparisons, shares, stocks and nestings of them an example reaches, and in which circumstances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from tests.reference import (
    Comparison,
    Derived,
    Metric,
    Model,
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
from tests.reference.asked import Asked
from tests.reference.evaluate import Run, clockwork
from tests.reference.frames import holds_now, label_of, period_of
from tests.reference.model import BELOW_DAY, WORDS
from tests.reference.times import Clockwork
from tests.strategies.example import TYPE_NAMES, Example
from tests.strategies.over import OVER, closure, is_framed, leaves, parts

NAMES: dict[type, str] = {**TYPE_NAMES, Simple: "simple", Ratio: "ratio", Derived: "derived"}
UNITS = ("hour", "day", "week", "month", "quarter", "year")
GRAINS = tuple(word for word in WORDS if word != "second")
WINDOWS = ("rolling", "cumulative", "to_date")
INSIDE_WINDOWS = ("simple", "ratio", "derived", "per", "share", "semi_additive")
# What may stand right inside what; in ratio and derived anything.
INSIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(WINDOWS, INSIDE_WINDOWS),
    "comparison": (*INSIDE_WINDOWS, *WINDOWS, "comparison", "moving_average"),
    "share": (*INSIDE_WINDOWS[:4], *WINDOWS, "comparison", "moving_average", "semi_additive"),
    "moving_average": (*INSIDE_WINDOWS, *WINDOWS),
    "rank": (*INSIDE_WINDOWS, *WINDOWS, "comparison", "moving_average"),
    "per": ("simple", "ratio", "derived", "per", *WINDOWS, "semi_additive"),
    "semi_additive": ("simple",),
    "ratio": ("simple", *TYPE_NAMES.values()),
    "derived": ("simple", *TYPE_NAMES.values()),
}


def looked_back(example: Example) -> Iterator[str]:
    """Only where the query has an answer."""
    model, query = example.model, example.query
    known = [name for name in query.metrics if name in model.metrics]
    found = list(closure(model, known))
    if not any(isinstance(metric, OVER) for metric in found) or not _is_answered(example):
        return
    grain = next((name for name in query.by if model.is_word(name)), None)
    for metric in found:
        yield from _nested(model, metric)
        if isinstance(metric, OVER):
            yield from _about(metric)
            yield from _asked(example, metric, grain)
            yield from _clocks(model, metric)
    if any(is_framed(metric) for metric in found) and (grain is None or grain in WORDS):
        yield from _now(example, grain)


def worth_reaching() -> set[str]:
    """What some random query should reach."""
    framed = [name for name in TYPE_NAMES.values() if name != "rank"]
    return {
        *(f"rolling {unit}s" for unit in UNITS),
        *(f"to_date {unit}" for unit in UNITS[2:]),
        *(f"offset {unit}s" for unit in UNITS),
        *(f"offset {offset}" for offset in ("previous", "periods", *(f"start of {unit}" for unit in UNITS[2:]))),
        *(f"compared as {as_}" for as_ in ("value", "difference", "percent_change")),
        *(f"per {agg}" for agg in ("avg", "sum", "min", "max", "median", "stddev", "entity")),
        *(f"per {grain}" for grain in WORDS),
        *(f"stock {agg}" for agg in ("last", "first", "min", "max", "avg", "carried", "with keys")),
        *(f"rank {order}" for order in ("desc", "asc")),
        *(f"{outer} of {inner}" for outer, inners in INSIDE.items() for inner in inners),
        *(f"{name} by {grain}" for name in TYPE_NAMES.values() for grain in GRAINS),
        *(f"{name} over {type_}" for name in framed for type_ in ("date", "timestamp", "timestamptz")),
        *(f"{name} with {part}" for name in TYPE_NAMES.values() for part in ("totals", "where", "having", "order")),
        *(f"{name} {where} a period" for name in TYPE_NAMES.values() for where in ("with", "without")),
        *(f"as-of {where}" for where in ("before the data", "after the data", "inside the period", "at midnight")),
        *(f"elapsed of {what}" for what in ("the query's period", *GRAINS[2:])),
    }


def _is_answered(example: Example) -> bool:
    try:
        Run(example.model, example.query, _clock_of(example)).check()
    except Refused:
        return False
    return True


def _clock_of(example: Example) -> Clockwork:
    return clockwork(example.model, example.query, example.as_of)


def _nested(model: Model, metric: Metric) -> Iterator[str]:
    yield from (f"{NAMES[type(metric)]} of {NAMES[type(model.metrics[part])]}" for part in parts(metric))


def _about(metric: Metric) -> Iterator[str]:
    """What the metric says itself."""
    match metric:
        case Rolling(window=(_, unit)):
            yield f"rolling {unit}s"
        case ToDate(grain=grain):
            yield f"to_date {grain}"
        case Comparison(offset=offset, as_=as_):
            shown = {"start": f"start of {offset.unit}", "unit": f"{offset.unit}s"}
            yield f"offset {shown.get(offset.kind, offset.kind)}"
            yield f"compared as {as_}"
        case Per(agg=agg, grain=grain):
            yield f"per {agg}"
            yield f"per {grain or 'entity'}"
        case Rank(order=order):
            yield f"rank {order}"
        case SemiAdditive(agg=agg, keys=keys, carry_forward=carry):
            yield f"stock {agg}"
            yield from ("stock with keys" for _ in keys[:1])
            yield from ("stock carried" for _ in range(carry))


def _asked(example: Example, metric: Metric, grain: str | None) -> Iterator[str]:
    """The query that it stands in."""
    name, query = NAMES[type(metric)], example.query
    yield f"{name} by {grain or 'no time word'}"
    yield from (f"{name} with {part}" for part in ("totals", "where", "having", "order") if getattr(query, part))
    yield f"{name} {'with' if query.period else 'without'} a period"
    if isinstance(metric, Share | Rank):
        yield f"{name}{' within' if metric.within else ' of all'}"
    if len(query.by) > (grain is not None):
        yield f"{name} by dimensions"
    if isinstance(metric, Comparison) and metric.align == "elapsed" and _shows_now(example, grain):
        yield f"elapsed of {grain or 'the query' + chr(39) + 's period'}"


def _clocks(model: Model, metric: Metric) -> Iterator[str]:
    for leaf in leaves(model, [metric.name]):
        dataset = model.datasets[leaf.dataset]
        clock = dataset.dimension(leaf.time or dataset.time or "")
        if clock is not None:
            yield f"{NAMES[type(metric)]} over {clock.type}"


def _now(example: Example, grain: str | None) -> Iterator[str]:
    """Where as-of lies."""
    clock = _clock_of(example)
    if (clock.now.hour, clock.now.minute) == (0, 0):
        yield "as-of at midnight"
    if _shows_now(example, grain):
        yield "as-of inside the period"
    days = list(_days(example, clock))
    if days:
        yield from ("as-of before the data" for _ in range(clock.now.date() < min(days)))
        yield from ("as-of after the data" for _ in range(clock.now.date() > max(days)))


def _days(example: Example, clock: Clockwork) -> Iterator[date]:
    query = Query(example.query.metrics)
    run = Run(example.model, query, clock)
    for leaf in run.asked.leaves(query.metrics):
        first = run.cells.rows.first(leaf.metric)
        if first is not None:
            yield clock.day(first)
        yield from (entry.day for entry in run.cells.rows.entries(leaf) if entry.day)


def _shows_now(example: Example, grain: str | None) -> bool:
    """Whether as-of lies in a period that can be shown."""
    clock = _clock_of(example)
    limit = Asked(example.model, example.query, clock).limit
    if grain is None:
        return limit.start is not None and holds_now(limit, clock)
    if grain not in WORDS:
        return False
    if limit.start is None or grain in BELOW_DAY:
        return limit.start is None
    whole = period_of(label_of(clock.as_of, grain, clock), grain, clock)
    assert whole.start is not None
    assert whole.end is not None
    assert limit.end is not None
    first, last = (edge.moment for edge in (whole.start, whole.end))
    low, high = limit.start.moment, limit.end.moment
    dates = [each for each in (first, last, low, high) if not isinstance(each, datetime)]
    return len(dates) == 4 and dates[0] < dates[3] and dates[2] < dates[1]
