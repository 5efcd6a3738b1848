"""Checks of the kinds of values, for models whose names are right: what is known must fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from semantic.errors import Diagnostic, QueryError
from semantic.expressions import Expression, ExpressionError, Name
from semantic.kinds import Kind, KindOf, kind_of_expression
from semantic.metric_types import Metric, Simple
from semantic.model import Model
from semantic.names import DimensionRef, TimeWord, read_name
from semantic.parse import parse
from semantic.periods import Calendar
from semantic.places import within
from semantic.scans import Context, RowScope, Unreachable

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # kinds do not depend on it
Place = tuple[str | int, ...]


def check_dimension_kinds(model: Model) -> Iterator[Diagnostic]:
    """A dimension's expression is sound, and of the type that is declared."""
    for dataset in model.datasets.values():
        for name, dimension in dataset.dimensions.items():
            if dimension.expr is None:
                continue
            wanted = None if dimension.bins else dimension.kind
            place = (f"datasets.{dataset.name}", "dimensions", name, "expr")
            yield from _check(model, dimension.expr, _column_kinds(model, dataset.name), wanted, place)


def _column_kinds(model: Model, dataset: str) -> KindOf:
    """The kinds of a dataset's columns, known from the dimensions that are nothing but a column."""
    plain = {name: found.kind for name, found in model.dimensions[dataset].items() if found.expr is None}

    def kind_of(name: Name) -> Kind | None:
        return "timestamp" if name.name in ("at", "as_of") and not name.qualifier else plain.get(name.name)

    return kind_of


def check_segment_kinds(model: Model) -> Iterator[Diagnostic]:
    """A segment is a condition."""

    def kind_of(name: Name) -> Kind | None:
        if not name.qualifier and name.name in model.segments:
            return "boolean"
        reference = read_name(model, name)
        match reference:
            case DimensionRef(qualifier, found, None) if qualifier in model.dimensions:
                return model.dimensions[qualifier][found].kind
            case DimensionRef() | TimeWord():
                return None

    for name, segment in model.segments.items():
        yield from _check(model, segment.filter, kind_of, "boolean", (f"segments.{name}", "filter"))


def check_metric_kinds(model: Model) -> Iterator[Diagnostic]:
    """Aggregates get what they can aggregate, filters are conditions, arithmetic is over numbers."""
    for metric in model.metrics.values():
        yield from _check_rows(model, metric) if isinstance(metric, Simple) else _check_metric(model, metric)


def _check_rows(model: Model, metric: Simple) -> Iterator[Diagnostic]:
    context = Context(model, Calendar(model.time_zone, model.week_start), _ANY_TIME)
    time = metric.time or model.datasets[metric.dataset].time
    scope = RowScope(context, metric.dataset, time, f"metric '{metric.name}'")
    for path, text in metric.texts:
        place = (f"metrics.{metric.name}", *path)
        if path == ("filter",):
            yield from _check(model, text, scope.row_kind, "boolean", place)
            continue
        for aggregation in metric.aggregations:
            for value in aggregation.values:
                if metric.agg is None or value.text == text:
                    yield from _check(model, value, scope.row_kind, aggregation.wanted, place)


def _check_metric(model: Model, metric: Metric) -> Iterator[Diagnostic]:
    def kind_of(name: Name) -> Kind | None:
        found = model.metrics.get(name.name)
        return found.kind(lambda _: None) if found else None

    try:
        metric.kind(kind_of)
    except ExpressionError as error:
        path = ("expr",) if "expr" in type(metric).model_fields else ()
        span = within(model, error.start, error.end, f"metrics.{metric.name}", *path)
        yield Diagnostic("E217", error.message, span, error.hint)


def _check(
    model: Model, written: str | Expression, kind_of: KindOf, wanted: Kind | None, place: Place
) -> Iterator[Diagnostic]:
    try:
        kind_of_expression(parse(written) if isinstance(written, str) else written, kind_of, wanted)
    except ExpressionError as error:
        at, *path = place
        yield Diagnostic("E217", error.message, within(model, error.start, error.end, str(at), *path), error.hint)
    except (QueryError, Unreachable):
        return  # a clock that is missing or not to be reached matters only to the queries that need it


KIND_CHECKS = (check_dimension_kinds, check_segment_kinds, check_metric_kinds)
