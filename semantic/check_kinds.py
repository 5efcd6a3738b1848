"""Checks of the kinds of values, for models whose names are right: what is known must fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from semantic.calendars import calendar_words
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import Expression, ExpressionError, Name
from semantic.kinds import KindOf, kind_at, kind_of_expression
from semantic.metric_types import Metric, Simple
from semantic.model import Model
from semantic.names import DimensionRef, dimensions_of, read_name
from semantic.parse import parse
from semantic.periods import is_below_day
from semantic.places import within
from semantic.scans import Context, RowScope, Unreachable
from semantic.vocabulary import Kind

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # kinds do not depend on it
Place = tuple[str | int, ...]


def check_dimension_kinds(model: Model) -> Iterator[Diagnostic]:
    """A dimension's expression is sound, and of the type that is declared."""
    for dataset in model.datasets.values():
        for name in dataset.dimensions:
            yield from dimension_kind_mistakes(model, dataset.name, name)


def dimension_kind_mistakes(model: Model, dataset: str, name: str) -> Iterator[Diagnostic]:
    """What does not fit in one dimension's expression."""
    dimension = model.datasets[dataset].dimensions[name]
    if dimension.expr is not None:
        wanted = None if dimension.bins else dimension.kind
        place = (f"datasets.{dataset}", "dimensions", name, "expr")
        yield from _check(model, dimension.expr, _column_kinds(model, dataset), wanted, place)


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
        if not isinstance(reference, DimensionRef):
            return None
        kinds = {dimension.kind for dimension in dimensions_of(model, reference)}
        if reference.grain is not None:
            return _kind_at(model, reference.grain, kinds, name)
        return kinds.pop() if len(kinds) == 1 else None

    for name, segment in model.segments.items():
        yield from _check(model, segment.filter, kind_of, "boolean", (f"segments.{name}", "filter"))


def _kind_at(model: Model, grain: str, kinds: set[Kind | None], name: Name) -> Kind | None:
    """The kind of a time dimension at a grain. Raises ExpressionError where it has none."""
    if kinds.isdisjoint(("date", "timestamp")):
        raise ExpressionError(f"'{'.'.join(name.parts[:-1])}' is not a time, so it has no grain", name.start, name.end)
    if kinds == {"date"} and is_below_day(grain):
        raise ExpressionError(f"'{'.'.join(name.parts[:-1])}' is a date: it has no {grain}", name.start, name.end)
    word = calendar_words(model).get(grain)
    return word.kind if word is not None else kind_at(grain)


def check_metric_kinds(model: Model) -> Iterator[Diagnostic]:
    """Aggregates get what they can aggregate, filters are conditions, arithmetic is over numbers."""
    for metric in model.metrics.values():
        yield from row_kind_mistakes(model, metric) if isinstance(metric, Simple) else _check_metric(model, metric)


def row_kind_mistakes(model: Model, metric: Simple) -> Iterator[Diagnostic]:
    """What does not fit in a metric's expressions over rows."""
    context = Context(model, model.calendar, _ANY_TIME)
    time = metric.time or model.datasets[metric.dataset].time
    scope = RowScope(context, metric.dataset, time, f"metric '{metric.name}'")
    for path, text in metric.texts:
        place = (f"metrics.{metric.name}", *path)
        wrong = [*_check_meanings(model, scope, metric.read(path, text), place)]
        yield from wrong or _check_values(model, metric, scope, text, place)


def _check_values(model: Model, metric: Simple, scope: RowScope, text: str, place: Place) -> Iterator[Diagnostic]:
    if place[-1] == "filter":
        yield from _check(model, text, scope.row_kind, "boolean", place)
        return
    for aggregation in metric.aggregations:
        for value in aggregation.values:
            if metric.agg is None or value.text == text:
                yield from _check(model, value, scope.row_kind, aggregation.wanted, place)


def _check_meanings(model: Model, scope: RowScope, read: tuple[Expression, ...], place: Place) -> Iterator[Diagnostic]:
    """Every name has what it needs: a clock where it is about the time of the rows, a time where it has a grain."""
    at, *path = place
    for name in (name for expression in read for name in expression.names):
        try:
            scope.row_meaning(name)
        except QueryError as error:
            found = error.diagnostics[0]
            code = {"E312": "E232", "E314": "E217", "E315": "E217"}.get(found.code)
            if code is not None:
                yield Diagnostic(code, found.message, within(model, name.start, name.end, str(at), *path), found.hint)
        except Unreachable:
            continue  # reported among the names


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
    expression = parse(written) if isinstance(written, str) else written
    try:
        kind_of_expression(expression, kind_of, wanted)
        expression.check_times(kind_of)
    except ExpressionError as error:
        at, *path = place
        yield Diagnostic("E217", error.message, within(model, error.start, error.end, str(at), *path), error.hint)
    except (QueryError, Unreachable):
        return  # reported among the names


KIND_CHECKS = (check_dimension_kinds, check_segment_kinds, check_metric_kinds)
