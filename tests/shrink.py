"""Makes a failing example small, by leaving out whatever the failure does not need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.reference import (
    Comparison,
    Dataset,
    Derived,
    Expr,
    Metric,
    MovingAverage,
    Query,
    Rank,
    Ratio,
    Rolling,
    Row,
    SemiAdditive,
    Share,
    Simple,
)
from tests.reference.expressions import within
from tests.strategies import Example
from tests.strategies.over import parts

Fails = Callable[[Example], bool]


def shrink(example: Example, fails: Fails, most: int = 600) -> Example:
    """The smallest example found that still fails, after at most so many trials."""
    trials = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _candidates(example):
            trials += 1
            if trials > most:
                return example
            if fails(candidate):
                example, smaller = candidate, True
                break
    return example


def _candidates(example: Example) -> Iterator[Example]:
    """Smaller examples, the boldest first."""
    for query in _queries(example.query):
        yield pruned(replace(example, query=query))
    if (less := pruned(example)) != example:
        yield less
    for name, dataset in example.model.datasets.items():
        for rows in _fewer(dataset.rows):
            yield _with_dataset(example, name, rows=rows)
    for name, metric in example.model.metrics.items():
        inner = [replace(example.model.metrics[part], name=name) for part in parts(metric)]
        for simpler in (*inner, *_metrics(metric), *_over(metric)):
            metrics = {**example.model.metrics, name: simpler}
            yield pruned(replace(example, model=replace(example.model, metrics=metrics)))
    for name, expr in example.model.segments.items():
        for part in _subconditions(expr):
            yield _with_segments(example, {**example.model.segments, name: part})
        yield _with_segments(example, {each: e for each, e in example.model.segments.items() if each != name})
    for name, dataset in example.model.datasets.items():
        yield from (_with_dataset(example, name, **change) for change in _changes(dataset))
    yield from _calendars(example)
    if example.model.week_start != "monday":
        yield replace(example, model=replace(example.model, week_start="monday"))
    if example.model.fiscal_year_start != "january":
        yield replace(example, model=replace(example.model, fiscal_year_start="january"))


def _queries(query: Query) -> Iterator[Query]:
    plain: dict[str, Any] = {"where": None, "having": None, "period": None, "order": (), "limit": None}
    plain |= {"is_complete": False, "complete_only": False}
    plain |= {"totals": False, "time_zone": None, "fill": False}
    yield from (replace(query, **{part: value}) for part, value in plain.items() if getattr(query, part) != value)
    for part in ("metrics", "by"):
        names = getattr(query, part)
        fewer: list[dict[str, Any]] = [{part: names[:at] + names[at + 1 :]} for at in range(len(names))]
        yield from (replace(query, **change) for change in fewer)
    for condition in ("where", "having"):
        simpler: list[dict[str, Any]] = [{condition: e} for e in _subconditions(getattr(query, condition))]
        yield from (replace(query, **change) for change in simpler)


def _subconditions(expr: Expr | None) -> Iterator[Expr]:
    if expr and expr[0] in ("and", "or", "not"):
        yield from (part for part in expr[1:] if isinstance(part, tuple))


def _fewer(rows: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
    size = len(rows)
    while size:
        yield from (rows[:at] + rows[at + size :] for at in range(0, len(rows), size))
        size //= 2


def _calendars(example: Example) -> Iterator[Example]:
    for name, calendar in example.model.calendars.items():
        yield replace(example, model=replace(example.model, calendars={}))
        fewer = (replace(calendar, rows=rows) for rows in _fewer_days(calendar.rows))
        yield from (replace(example, model=replace(example.model, calendars={name: less})) for less in fewer)


def _fewer_days(rows: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
    """From the beginning or the end: periods have no gaps."""
    size = len(rows)
    while size:
        yield rows[size:]
        yield rows[:-size]
        size //= 2


def _metrics(metric: Metric) -> Iterator[Metric]:
    if metric.empty is not None:
        yield replace(metric, empty=None)
    match metric:
        case Simple():
            yield from (replace(metric, filter=expr) for expr in _subconditions(metric.filter))
            yield from (replace(metric, filter=None) for _ in (metric.filter or ())[:1])
            yield from (replace(metric, time=None) for _ in (metric.time or "")[:1])
            yield from (replace(metric, expr=None) for _ in (metric.expr or ())[:1] if metric.agg == "count")
            inner = [part for part in metric.expr or () if isinstance(part, tuple)] if metric.agg is None else []
            yield from (replace(metric, expr=part) for part in inner if any(within(part, "agg")))
        case Ratio(name, top, bottom):
            yield from (replace(metric, numerator=replace(top, ignore=())) for _ in top.ignore)
            yield from (replace(metric, denominator=replace(bottom, ignore=())) for _ in bottom.ignore)
        case Derived(name, expr):
            yield from (Derived(name, part) for part in expr[1:] if isinstance(part, tuple) and part[0] != "lit")


def _over(metric: Metric) -> Iterator[Metric]:
    """A metric over another one, with less said about it."""
    match metric:
        case Rolling(window=(count, unit)):
            yield from (replace(metric, window=(less, unit)) for less in _less(count))
        case Comparison(offset=offset):
            yield from (replace(metric, as_="value") for _ in range(metric.as_ != "value"))
            yield from (replace(metric, align="whole") for _ in range(metric.align != "whole"))
            yield from (replace(metric, offset=replace(offset, count=less)) for less in _less(offset.count))
        case Share(within=within) | Rank(within=within):
            yield from (replace(metric, within=tuple(w for w in within if w != gone)) for gone in within)
        case MovingAverage(periods=periods):
            yield from (replace(metric, periods=less) for less in _less(periods))
        case SemiAdditive(keys=keys):
            yield from (replace(metric, keys=tuple(key for key in keys if key != gone)) for gone in keys)
            yield from (replace(metric, carry_forward=False) for _ in range(metric.carry_forward))


def _less(count: int) -> list[int]:
    return sorted({1, count // 2, count - 1} & set(range(1, count)))


def _changes(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """What can be left out of a dataset: via, a join, a dimension, its order, a key's expression, a column."""
    if dataset.via:
        yield {"via": {}}
    if dataset.recorded:
        yield {"recorded": None}
    if dataset.complete:
        yield {"complete": None}
        yield from ({"complete": replace(dataset.complete, lag=None)} for _ in (dataset.complete.lag or ())[:1])
    for part in ("joins", "dimensions"):
        things = getattr(dataset, part)
        loose = [thing for thing in things if thing.name not in _times(dataset)]
        yield from ({part: tuple(thing for thing in things if thing is not gone)} for gone in loose)
    for place, dimension in enumerate(dataset.dimensions):
        if dimension.values:
            plain = replace(dimension, values=(), labels=())
            yield {"dimensions": (*dataset.dimensions[:place], plain, *dataset.dimensions[place + 1 :])}
    for place, join in enumerate(dataset.joins):
        for on in _simpler_keys(join.on):
            yield {"joins": (*dataset.joins[:place], replace(join, on=on), *dataset.joins[place + 1 :])}
    for column in dataset.columns:
        columns = {name: kind for name, kind in dataset.columns.items() if name != column}
        yield {"columns": columns, "rows": tuple({name: row[name] for name in columns} for row in dataset.rows)}


def _times(dataset: Dataset) -> tuple[str | None, ...]:
    """The dimensions without which its clocks would be read in another way."""
    watermark = dataset.complete.watermark if dataset.complete else None
    return (dataset.time, watermark, dataset.recorded, *(dataset.validity or ()))


def _simpler_keys(on: tuple[str | Expr, ...]) -> Iterator[tuple[str | Expr, ...]]:
    """The key with a part of an expression, or its column, in place of the expression."""
    for place, part in enumerate(on):
        for less in (each for each in part if isinstance(each, tuple)) if isinstance(part, tuple) else ():
            column = less[1] if less[:1] == ("name",) else None
            if less[:1] != ("lit",):
                yield (*on[:place], column if isinstance(column, str) else less, *on[place + 1 :])


def _with_segments(example: Example, segments: Mapping[str, Expr]) -> Example:
    return replace(example, model=replace(example.model, segments=segments))


def _with_dataset(example: Example, name: str, **changes: Any) -> Example:
    datasets = {**example.model.datasets, name: replace(example.model.datasets[name], **changes)}
    return replace(example, model=replace(example.model, datasets=datasets))


def pruned(example: Example) -> Example:
    """Without the metrics that are not asked for, and the datasets that are then out of reach."""
    metrics = _needed(example.model.metrics, example.query.metrics)
    if not metrics:
        return replace(example, model=replace(example.model, metrics=metrics))
    reached = {metric.dataset for metric in metrics.values() if isinstance(metric, Simple)}
    for _ in example.model.datasets:
        joins = [
            join for name in reached if name in example.model.datasets for join in example.model.datasets[name].joins
        ]
        reached |= {join.dataset for join in joins}
    datasets = {name: dataset for name, dataset in example.model.datasets.items() if name in reached}
    return replace(example, model=replace(example.model, metrics=metrics, datasets=datasets))


def _needed(metrics: Mapping[str, Metric], asked: tuple[str, ...]) -> dict[str, Metric]:
    needed: set[str] = set()
    waiting = [name for name in asked if name in metrics]
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting += parts(metrics[name])
    return {name: metric for name, metric in metrics.items() if name in needed}
