"""What is wrong with a query by itself: names that lead nowhere, columns asked for twice. Everything at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from semantic.check_calendars import check_asked_periods
from semantic.errors import Diagnostic, QueryError, Span, known_as, listing, suggest
from semantic.expressions import GRAINS, ExpressionError, Name
from semantic.kinds import kind_of_expression
from semantic.model import Model
from semantic.names import DimensionRef, dimensions_of, read_name
from semantic.parse import parse
from semantic.query import Query, Top
from semantic.vocabulary import Kind


def check_query(query: Query, model: Model) -> Iterator[Diagnostic]:
    """Every mistake that is seen without looking up a path."""
    for name in query.metrics:
        if name not in model.metrics:
            yield unknown_metric(model, name)
    if not query.metrics and not query.by:
        yield Diagnostic("E304", "the query asks for nothing", hint="name a metric, or a dimension with by")
    columns = [name.lower() for name in (*query.by, *query.metrics)]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        words = [f"'{name}'" for name in twice]
        yield Diagnostic("E305", f"asked for twice: {listing(words)}", hint="ask for each once")
    if query.limit is not None and query.limit < 0:
        yield Diagnostic("E306", f"the limit must not be negative: {query.limit}")
    for name in query.by:
        yield from _check_name(model, name)
    yield from _check_complete(query)
    yield from check_asked_periods(query, model)
    yield from _check_where(query, model)
    yield from _check_having(query, model)
    for entry in query.order:
        yield from _check_order(query, entry)
    if query.top is not None:
        yield from _check_top(query, query.top, model)


def _check_complete(query: Query) -> Iterator[Diagnostic]:
    """There are periods that can be complete."""
    asked = [part for part, is_asked in _complete_parts(query) if is_asked]
    if asked and query.period is None and not set(query.by) & set(GRAINS):
        message = f"'{asked[0]}' is about periods, and the query has none"
        yield Diagnostic("E346", message, hint="ask by a time word, such as month, or for a period")


def _complete_parts(query: Query) -> tuple[tuple[str, bool], ...]:
    return ("is_complete", query.is_complete), ("complete_only", query.complete_only)


def unknown_metric(model: Model, name: str) -> Diagnostic:
    """What to say of a name that is no metric."""
    is_dimension = name in model.owners or "." in name
    kind = "it is a dimension, not a metric: ask for it with by" if is_dimension else None
    hint = kind or known_as(name, model.metrics) or "metricast list metrics shows them"
    return Diagnostic("E303", f"unknown metric '{name}'", hint=hint)


def _check_name(model: Model, name: Name | str) -> Iterator[Diagnostic]:
    try:
        read_name(model, name)
    except QueryError as error:
        yield from error.diagnostics


def _check_where(query: Query, model: Model) -> Iterator[Diagnostic]:
    """The condition is an expression, and its names are dimensions, time words or segments."""
    if query.where is None:
        return
    try:
        names = parse(query.where).names
    except ExpressionError as error:
        yield expression_mistake(error, query.where, "where")
        return
    for name in names:
        if name.qualifier or name.name not in model.segments:
            for mistake in _check_name(model, name):
                yield replace(mistake, span=_within(query.where, "where", name.start, name.end))


def _check_having(query: Query, model: Model) -> Iterator[Diagnostic]:
    """The condition is one, over metrics of the query."""
    if query.having is None:
        return
    try:
        expression = parse(query.having)
        unknown = [name for name in expression.names if str(name) not in query.metrics]
        if not unknown:
            kind_of_expression(expression, lambda name: kind_of_metric(model, str(name)), "boolean")
    except ExpressionError as error:
        yield expression_mistake(error, query.having, "having")
        return
    for name in unknown:
        meant = suggest(str(name), query.metrics)
        hint = meant or "having is about the metrics asked for; where is about dimensions"
        span = _within(query.having, "having", name.start, name.end)
        yield Diagnostic("E308", f"'{name}' in having is not a metric of this query", span, hint)


def kind_of_metric(model: Model, name: str) -> Kind | None:
    """The kind of a metric's value, None where it is not known."""
    metric = model.metrics.get(name)
    return metric.kind(lambda found: kind_of_metric(model, found.name)) if metric else None


def _check_order(query: Query, entry: str) -> Iterator[Diagnostic]:
    name, _, direction = entry.strip().partition(" ")
    columns = (*query.by, *query.metrics)
    if name not in columns:
        hint = suggest(name, columns) or f"columns: {listing(columns)}"
        yield Diagnostic("E309", f"cannot order by '{name}': it is not asked for", hint=hint)
    elif direction.strip().lower() not in ("", "asc", "desc"):
        yield Diagnostic("E309", f"'{direction.strip()}' is no direction", hint="write asc or desc")


def _check_top(query: Query, top: Top, model: Model) -> Iterator[Diagnostic]:
    """The metric is known, the dimension asked for and of text, and the others are called unlike its values."""
    if top.by not in model.metrics:
        yield unknown_metric(model, top.by)
    if top.n < 1:
        yield Diagnostic("E355", f"the top {top.n} of '{top.dimension}' are none", hint="n is 1 or more")
    if top.order not in ("desc", "asc"):
        yield Diagnostic("E355", f"'{top.order}' is no direction of top", hint="write asc or desc")
    if not top.other.strip():
        yield Diagnostic("E355", "the others of top have no name", hint="other is a text that is not empty, as Other")
    mistakes = [*_check_name(model, top.dimension)]
    if not mistakes:
        yield from _check_top_dimension(query, top, model)
    elif top.dimension not in query.by:  # else it has been said
        yield from mistakes


def _check_top_dimension(query: Query, top: Top, model: Model) -> Iterator[Diagnostic]:
    meant = read_name(model, top.dimension)
    if meant not in [read_name(model, name) for name in query.by if not [*_check_name(model, name)]]:
        hint = suggest(top.dimension, query.by) or f"add it: by {', '.join((*query.by, top.dimension))}"
        yield Diagnostic("E355", f"top of '{top.dimension}', which the query is not cut by", hint=hint)
    found = dimensions_of(model, meant) if isinstance(meant, DimensionRef) and not meant.grain else ()
    if not found or any(each.kind not in ("text", None) for each in found):
        message = f"top needs a dimension of texts, and '{top.dimension}' is none: '{top.other}' would not be a value"
        hint = "make bins of it, or a dimension with expr: cast(… as text)"
        yield Diagnostic("E356", message, hint=hint)
    for value, label in (entry for each in found if not each.bins for entry in each.values.items()):
        if label == top.other != value:
            message = f"'{top.other}' is what '{value}' of '{top.dimension}' is called already"
            yield Diagnostic("E356", message, hint="call the others by another text: other")


def expression_mistake(error: ExpressionError, written: str, shown_as: str) -> Diagnostic:
    """An expression's mistake with a caret in the text that was given."""
    return Diagnostic("E330", error.message, _within(written, shown_as, error.start, error.end), error.hint)


def _within(written: str, shown_as: str, start: int, end: int) -> Span:
    """The characters [start, end) of a text."""
    before = written[:start]
    column = start - (before.rfind("\n") + 1)
    line = written.split("\n")[before.count("\n")]
    length = max(1, min(end - start, len(line) - column))
    return Span(shown_as, before.count("\n") + 1, column + 1, length, line)
