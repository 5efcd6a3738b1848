"""Checks of what a simple metric reads: its own rows, and those that are looked up from them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from semantic.aggregates import ORDERED
from semantic.check_joins import check_joins
from semantic.errors import Diagnostic, QueryError, Span, listing, suggest
from semantic.expressions import ExpressionError, Name
from semantic.joins import find_route, reachable
from semantic.metric_types import Metric, Simple
from semantic.model import Dataset, Model
from semantic.names import DimensionRef, no_way, read_name
from semantic.parse import parse
from semantic.places import value_place, within


def check_own_rows(model: Model, metric: Metric) -> Iterator[Diagnostic]:
    """A simple metric's dataset exists, and its looked-up names can be looked up."""
    if not isinstance(metric, Simple):
        return
    at = f"metrics.{metric.name}"
    if metric.dataset not in model.datasets:
        hint = suggest(metric.dataset, model.datasets) or f"datasets: {listing(model.datasets)}"
        message = f"unknown dataset '{metric.dataset}' in metric '{metric.name}'"
        yield Diagnostic("E205", message, value_place(model, at, "dataset"), hint)
        return
    for path, text in metric.texts:
        try:
            names = [name for read in metric.read(path, text) for name in read.names]
        except ExpressionError:
            continue  # reported by the metric itself
        for name in names:
            span = within(model, name.start, name.end, at, *path)
            yield from _check_name(model, metric, name, span, is_condition=path == ("filter",))
    yield from _check_order(model, metric, model.datasets[metric.dataset])
    if metric.first_ever and not (metric.time or model.datasets[metric.dataset].time):
        message = f"'{metric.name}' counts first times, and dataset '{metric.dataset}' has no time"
        hint = f"give it one: time: … in dataset '{metric.dataset}'"
        yield Diagnostic("E232", message, value_place(model, at, "first_ever"), hint)
    own = model.dimensions[metric.dataset].get(metric.time or "")
    if own is not None and not own.is_time:
        message = f"'{metric.time}' is not a time dimension of dataset '{metric.dataset}'"
        hint = "give it the type date, timestamp or timestamptz"
        yield Diagnostic("E204", message, value_place(model, at, "time"), hint)


def _check_name(model: Model, metric: Simple, name: Name, span: Span, *, is_condition: bool) -> Iterator[Diagnostic]:
    """A name in a metric's own expressions: looked-up ones lead somewhere, segments stand in conditions only."""
    if name.qualifier not in ("", metric.dataset):
        yield from check_looked_up(model, metric.dataset, name, span)
    elif name.qualifier or name.name not in model.segments:
        yield from _check_case(model, metric, name, span)
    elif is_condition:
        yield from _check_segment(model, metric.dataset, name.name, span)
    elif name.name not in model.metrics:  # else the segment's name is reported where it is given
        message = f"'{name}' in metric '{metric.name}' is a segment, which is a condition and no value"
        yield Diagnostic("E213", message, span, "put it into filter")


def _check_case(model: Model, metric: Simple, name: Name, span: Span) -> Iterator[Diagnostic]:
    """A name that differs from a dimension's in case alone would mean the raw column behind it."""
    dimensions = model.dimensions[metric.dataset]
    meant = {known.lower(): known for known in dimensions}.get(name.name.lower())
    if meant is not None and name.name not in dimensions:
        message = f"'{name}' in metric '{metric.name}' differs from the dimension '{meant}' in case alone"
        yield Diagnostic("E203", message, span, f"write {meant}")


def check_looked_up(model: Model, dataset: str, name: Name, span: Span) -> Iterator[Diagnostic]:
    try:
        read_name(model, name)
    except QueryError as error:
        yield Diagnostic("E213", error.diagnostics[0].message, span, error.diagnostics[0].hint)
        return
    yield from _check_way(model, dataset, name, span)


def _check_segment(
    model: Model, dataset: str, segment: str, span: Span, seen: frozenset[str] = frozenset()
) -> Iterator[Diagnostic]:
    """The dimensions of a segment can be looked up from a dataset; what else is wrong in it is reported there."""
    try:
        names = parse(model.segments[segment].filter).names
    except ExpressionError:
        return
    for name in names:
        if name.qualifier or name.name not in model.segments:
            yield from _check_way(model, dataset, name, span)
        elif name.name not in seen | {segment}:
            yield from _check_segment(model, dataset, name.name, span, seen | {segment})


def _check_way(model: Model, dataset: str, name: Name, span: Span) -> Iterator[Diagnostic]:
    """Exactly one chain of joins leads from a dataset to a dimension."""
    try:
        reference = read_name(model, name)
    except QueryError:
        return
    if not isinstance(reference, DimensionRef) or dataset in _unsure(model):
        return
    wanted = f"{reference.qualifier}.{reference.name}"
    try:
        route = find_route(model, dataset, reference.qualifier, wanted)
    except QueryError as error:
        yield Diagnostic("E231", error.diagnostics[0].message, span, error.diagnostics[0].hint)
        return
    if route is None:
        message, hint = no_way(model, dataset, reference.qualifier)
        yield Diagnostic("E230", message, span, hint or f"a join leads there once dataset '{dataset}' declares it")
    elif reference.name not in model.dimensions[route.dataset]:
        message = (
            f"'{reference.qualifier}' of dataset '{dataset}' is '{route.dataset}', which has no '{reference.name}'"
        )
        yield Diagnostic("E230", message, span, suggest(reference.name, model.dimensions[route.dataset]))


@lru_cache(maxsize=4)
def _unsure(model: Model) -> frozenset[str]:
    """The datasets from which a wrong join can be reached: where ways lead is known once that is right."""
    wrong = {dataset.name for dataset in model.datasets.values() if any(check_joins(model, dataset))}
    return frozenset(name for name, reached in reachable(model).items() if not wrong.isdisjoint(reached))


def _check_order(model: Model, metric: Simple, dataset: Dataset) -> Iterator[Diagnostic]:
    """What depends on the order of rows needs a clock and a key."""
    if metric.agg not in ORDERED:
        return
    missing = "time" if (metric.time or dataset.time) is None else "primary_key"
    if missing == "time" or not dataset.primary_key:
        message = f"'{metric.agg}' takes the order of the rows in time, and dataset '{dataset.name}' has no {missing}"
        span = value_place(model, f"metrics.{metric.name}", "agg")
        yield Diagnostic("E215", message, span, f"declare it: {missing}: … in dataset '{dataset.name}'")
