"""Checks of metrics over other metrics: every part has the clock, the grain and the dimensions that they take."""

from __future__ import annotations

from collections.abc import Iterator

from semantic.asked import metrics_within
from semantic.calendars import calendar_words
from semantic.check_rows import check_looked_up
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import TIME_WORDS, Name
from semantic.metric_types import Metric, Simple
from semantic.model import Model
from semantic.names import DimensionRef, read_name
from semantic.places import value_place, within


def check_over_metrics(model: Model) -> Iterator[Diagnostic]:
    """What metrics over other metrics need of the rows beneath them."""
    for metric in model.metrics.values():
        yield from _check_inside(model, metric)
        yield from _check_reached_names(model, metric)
        for reference in metric.references():
            if reference.metric in model.metrics:
                inner = list(metrics_within(model, model.metrics[reference.metric]))
                yield from _check_leaves(model, metric, inner)
                yield from _check_taken(model, metric, model.metrics[reference.metric])


def _check_inside(model: Model, metric: Metric) -> Iterator[Diagnostic]:
    """No metric type stands within another one that has no meaning for it."""
    for reference in metric.references():
        way = _way_to(model, reference.metric, metric.forbidden)
        if way:
            kind, inner = _type_of(metric), model.metrics[way[-1]]
            through = f", by way of {' → '.join(way[:-1])}," if len(way) > 1 else ""
            message = f"'{way[-1]}'{through} cannot stand within the {kind} '{metric.name}': it is a {_type_of(inner)}"
            span = within(model, reference.start, reference.end, f"metrics.{metric.name}", *reference.path)
            yield Diagnostic("E225", message, span, f"make the {kind} of what '{way[-1]}' is made of")


def _way_to(model: Model, name: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics from one down to the first of certain types within it; empty where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    while types and ways:
        way = ways.pop(0)
        metric = model.metrics.get(way[-1])
        if metric is None or way[-1] in seen:
            continue
        seen.add(way[-1])
        if _type_of(metric) in types:
            return way
        ways += ((*way, reference.metric) for reference in metric.references())
    return ()


def _type_of(metric: Metric) -> str:
    return str(getattr(metric, "type", "metric"))


def _check_leaves(model: Model, metric: Metric, leaves: list[Simple]) -> Iterator[Diagnostic]:
    """Every simple metric beneath has a clock, with hours where they are counted, and reaches the dimensions."""
    at = f"metrics.{metric.name}"
    for leaf in leaves:
        dataset = model.datasets.get(leaf.dataset)
        if dataset is None:
            continue  # reported with the metric itself
        clock = leaf.time or dataset.time
        span = value_place(model, at, "metric")
        if metric.needs_clock and clock is None:
            message = (
                f"'{metric.name}' goes by the time of the rows of '{leaf.name}', and dataset '{dataset.name}' has none"
            )
            yield Diagnostic("E232", message, span, f"give it one: time: … in dataset '{dataset.name}'")
        found = model.dimensions[dataset.name].get(clock or "")
        if metric.below_day and found is not None and found.type == "date":
            theirs = f"'{dataset.name}.{clock}', the time of '{leaf.name}',"
            message = f"'{metric.name}' counts {metric.below_day}s, and {theirs} is a date"
            yield Diagnostic("E226", message, span, "count days, or longer")
        for path, names in metric.reached:
            for name in names:
                yield from _check_reached(model, leaf, name, (at, *path))


def _check_reached_names(model: Model, metric: Metric) -> Iterator[Diagnostic]:
    """What every leaf must reach is a dimension."""
    for path, names in metric.reached:
        for name in names:
            if name in TIME_WORDS or name in calendar_words(model):
                message = f"'{name}' is a metric's own time, and a dimension is wanted here"
                span = value_place(model, f"metrics.{metric.name}", *path)
                yield Diagnostic("E213", message, span, f"name the time dimension, as in orders.ordered_at.{name}")


def _check_reached(model: Model, leaf: Simple, name: str, place: tuple[str, ...]) -> Iterator[Diagnostic]:
    try:
        reference = read_name(model, name)
    except QueryError:
        return  # reported among the names
    if isinstance(reference, DimensionRef) and reference.qualifier != leaf.dataset:
        at, *path = place
        found = Name((reference.qualifier, reference.name))
        yield from check_looked_up(model, leaf.dataset, found, value_place(model, at, *path))


def _check_taken(model: Model, metric: Metric, inner: Metric) -> Iterator[Diagnostic]:
    """What is added over single rows is a plain count or sum."""
    if not metric.adds_rows or (isinstance(inner, Simple) and inner.agg in ("count", "sum")):
        return
    if isinstance(inner, Simple):
        what = f"its agg is {inner.agg}" if inner.agg else "it is arithmetic of aggregates"
    else:
        what = f"it is a {_type_of(inner)}"
    message = f"'{metric.name}' adds up rows, and '{inner.name}' is no count or sum of them: {what}"
    span = value_place(model, f"metrics.{metric.name}", "metric")
    yield Diagnostic("E227", message, span, "take a simple metric with agg: sum or agg: count")
