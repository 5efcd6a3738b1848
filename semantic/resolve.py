"""Query + Model → Plan: every name gets its meaning, every leaf its own scan; what has no answer is refused here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlglot import exp

from semantic.aggregates import Aggregation
from semantic.check_query import check_query
from semantic.errors import Diagnostic, QueryError, listing
from semantic.expressions import GRAINS, Expression, number
from semantic.joins import Route, find_route
from semantic.metric_types import Metric, Simple
from semantic.model import Dimension, Model
from semantic.names import DimensionRef, Reference, TimeWord, datasets_called, dimensions_of, names_within, read_name
from semantic.parse import parse
from semantic.periods import Calendar, Period, parse_period
from semantic.plan import Key, Measure, Output, Plan, Scan, Sort
from semantic.privacy import check_purpose, refuse_clocks, refuse_conditions, refuse_picking, uses_at
from semantic.query import Query
from semantic.scans import Context, RowScope, Unreachable
from semantic.trees import unused
from semantic.value_order import compares_as_text, ordered_values

LEAF = "leaf$"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query whose names are understood, and the period as days."""

    query: Query
    context: Context
    by: tuple[tuple[Key, Reference], ...]
    where: Expression | None
    period: Period | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """An aggregate at the query's grain without the ignored keys; `name` is its column."""

    name: str
    aggregation: Aggregation
    ignored: frozenset[str]


@dataclass(slots=True)
class LeafBook:
    """Collects the leaves that metrics ask for while they are planned."""

    asked: Asked
    ignore: frozenset[str] = frozenset()
    found: dict[tuple[Aggregation, frozenset[str]], Leaf] = field(default_factory=dict)

    def leaf(self, aggregation: Aggregation) -> exp.Expr:
        """The column of an aggregate's leaf."""
        ignored = _ignored_keys(self.asked, aggregation.dataset, self.ignore)
        key = (aggregation, ignored)
        if key not in self.found:
            taken = {leaf.name for leaf in self.found.values()} | {key.name for key, _ in self.asked.by}
            self.found[key] = Leaf(unused(aggregation.name, taken), aggregation, ignored)
        return leaf_column(self.found[key].name)

    def metric(self, name: str, ignore: frozenset[str] = frozenset()) -> exp.Expr:
        """The value of another metric, its own `empty` included."""
        metric = self.asked.context.model.metrics[name]
        value = metric.plan(LeafBook(self.asked, self.ignore | ignore, self.found))
        if metric.empty is None:
            return value
        return exp.Coalesce(this=value, expressions=[number(metric.empty)])


def resolve(query: Query, model: Model, as_of: datetime) -> tuple[Plan, Asked]:
    """Understand a query. Raises QueryError."""
    asked = understand(query, model, as_of)
    book = LeafBook(asked)
    outputs = tuple(Output(name, book.metric(name)) for name in query.metrics)
    having = _having(query, {output.name: output.value for output in outputs})
    scans = [_leaf_scan(asked, leaf, _asked_for(asked, leaf)) for leaf in book.found.values()]
    if not query.metrics:
        scans = [_distinct_scan(asked)]
    own = tuple(scan for scan in scans if len(scan.keys) == len(asked.by))
    keys = tuple(key for key, _ in asked.by)
    if not own:
        by = listing([key.name for key in keys])
        message = f"nothing in this query makes groups by {by}: every part ignores some of it"
        raise QueryError(Diagnostic("E318", message, hint="add a metric that is counted by them"))
    broadcasts = tuple(scan for scan in scans if len(scan.keys) < len(asked.by))
    order = tuple(_sort(entry) for entry in query.order)
    return Plan(keys, own, broadcasts, outputs, having, order, query.limit, query.totals), asked


def understand(query: Query, model: Model, as_of: datetime) -> Asked:
    """Give the query's names, period and zone their meaning."""
    if as_of.tzinfo is None:
        hint = "give it a time zone: datetime(…, tzinfo=…)"
        raise QueryError(Diagnostic("E324", f"as-of {as_of} is no instant: it has no time zone", hint=hint))
    mistakes = [*check_query(query, model)]
    calendar = Calendar(_zone(query.time_zone) or model.time_zone, model.week_start)
    try:
        period = parse_period(query.period, calendar, as_of) if query.period is not None else None
    except QueryError as error:
        mistakes += error.diagnostics
    if mistakes:
        raise QueryError(*mistakes)
    by = tuple((_key(model, name, reference), reference) for name in query.by for reference in [read_name(model, name)])
    where = parse(query.where) if query.where is not None else None
    _check_privacy(query, model, by, where)
    return Asked(query, Context(model, calendar, as_of), by, where, period)


def _check_privacy(query: Query, model: Model, by: tuple[tuple[Key, Reference], ...], where: Expression | None) -> None:
    """Personal data are masked, or asked for with a purpose. Raises QueryError."""
    check_purpose(query.purpose)
    if query.purpose is not None or not model.holds_personal:
        return
    ordered = {entry.strip().partition(" ")[0] for entry in query.order}
    refuse_conditions(model, where, [reference for key, reference in by if key.name in ordered])
    leaves = [leaf for name in query.metrics for leaf in metrics_within(model, model.metrics[name])]
    refuse_picking(model, leaves)
    words = [str(key.name) for key, reference in by if isinstance(reference, TimeWord)]
    words += [str(name) for name in where.names if not name.qualifier and name.name in GRAINS] if where else []
    words += ["period"] if query.period is not None else []
    named = [reference for _, reference in by]
    named += [read_name(model, name) for name in names_within(model, where)] if where else []
    words += [str(reference) for reference in named if uses_at(model, reference)]
    if words:
        refuse_clocks(model, leaves, words[0])


def leaf_column(name: str) -> exp.Expr:
    """The placeholder of a leaf in an output; `lower` puts the value in its place."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(LEAF))


def _zone(name: str | None) -> str | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key if name is not None else None
    except (ValueError, OSError, LookupError):
        hint = "write an IANA name such as Europe/Berlin"
        raise QueryError(Diagnostic("E321", f"unknown time zone '{name}'", hint=hint)) from None


def _key(model: Model, name: str, reference: Reference) -> Key:
    match reference:
        case TimeWord(grain):
            return Key(name, grain)
        case DimensionRef(grain=None):
            return _dimension_key(name, dimensions_of(model, reference))
        case DimensionRef():
            return Key(name)


def _dimension_key(name: str, found: tuple[Dimension, ...]) -> Key:
    """A dimension's column, with the order of its values where all that the name can mean agree on one."""
    orders = {(ordered_values(dimension), compares_as_text(dimension)) for dimension in found}
    return Key(name, None, *orders.pop()) if len(orders) == 1 else Key(name)


def _ignored_keys(asked: Asked, base: str, ignore: Iterable[str]) -> frozenset[str]:
    """The keys of this query that an `ignore` list names, as they are seen from a dataset."""
    model = asked.context.model
    named = [read_name(model, name) for name in ignore]
    return frozenset(key.name for key, asked_for in asked.by if any(_same(model, base, n, asked_for) for n in named))


def _same(model: Model, base: str, entry: Reference, reference: Reference) -> bool:
    """Whether two names mean one dimension: by the way that leads to it, or by its dataset where no way does."""
    if not (isinstance(entry, DimensionRef) and isinstance(reference, DimensionRef)):
        return entry == reference
    if entry.name != reference.name or entry.grain not in (None, reference.grain):
        return False
    if entry.qualifier == reference.qualifier:
        return True
    ways = [_way(model, base, found.qualifier) for found in (entry, reference)]
    if ways == [None, None]:
        called = [set(datasets_called(model, found.qualifier)) for found in (entry, reference)]
        return not called[0].isdisjoint(called[1])
    return ways[0] == ways[1]


def _way(model: Model, base: str, qualifier: str) -> Route | str | None:
    """The way to a qualifier, None where there is none, and its own name where it means several."""
    try:
        return find_route(model, base, qualifier)
    except QueryError:
        return qualifier


def _asked_for(asked: Asked, leaf: Leaf) -> str:
    """The metric as people know it: itself, or the asked-for one that is made of it."""
    names = asked.query.metrics
    own = leaf.aggregation.metric
    return own if own in names else f"{own}' (within '{', '.join(names)}')"


def _leaf_scan(asked: Asked, leaf: Leaf, shown_as: str) -> Scan:
    aggregation = leaf.aggregation
    dataset = asked.context.model.datasets[aggregation.dataset]
    time, name = aggregation.time or dataset.time, f"metric '{shown_as}'"
    scope = RowScope(asked.context, dataset.name, time, name, asked.period)
    try:
        values = [scope.row_value(value, aggregation.wanted) for value in aggregation.values]
        own = scope.row_condition(aggregation.filter) if aggregation.filter else None
    except Unreachable as error:
        raise QueryError(Diagnostic("E316", f"metric '{aggregation.metric}': {error}")) from None
    order = scope.row_order(f"'{aggregation.agg}'") if aggregation.is_ordered else []
    measure = Measure(leaf.name, aggregation.expression(values, order), own, aggregation.counts)
    return _scan(asked, scope, leaf.ignored, (measure,), shown_as)


def _scan(asked: Asked, scope: RowScope, ignored: frozenset[str], measures: tuple[Measure, ...], shown_as: str) -> Scan:
    kept = tuple((key, reference) for key, reference in asked.by if key.name not in ignored)
    groups = tuple(_group(scope, key, reference, shown_as) for key, reference in kept)
    where = tuple(_filters(asked, scope, shown_as))
    model = asked.context.model
    keys = tuple(key for key, _ in kept)
    lookups = tuple(scope.lookups.values())
    return Scan(model.datasets[scope.dataset], scope.time, lookups, keys, groups, where, measures, asked.query.totals)


def _group(scope: RowScope, key: Key, reference: Reference, shown_as: str) -> exp.Expr:
    try:
        return scope.key(reference)
    except Unreachable as error:
        hint = error.hint or f"leave '{key.name}' out, or, within a ratio: {{metric: …, ignore: [{key.name}]}}"
        message = f"metric '{shown_as}' cannot be cut by '{key.name}': {error}"
        raise QueryError(Diagnostic("E316", message, hint=hint)) from None


def _filters(asked: Asked, scope: RowScope, shown_as: str) -> Iterable[exp.Expr]:
    if asked.period is not None:
        yield from scope.clock(f"the period {asked.query.period}").within(asked.period)
    if asked.where is None:
        return
    try:
        yield scope.condition(asked.where, "where")
    except Unreachable as error:
        names = listing([str(name) for name in names_within(asked.context.model, asked.where)])
        message = f"metric '{shown_as}' cannot be filtered by {names}: {error}"
        hint = error.hint or "a filter is never dropped for one metric: ask for the metrics apart"
        raise QueryError(Diagnostic("E317", message, hint=hint)) from None


def _distinct_scan(asked: Asked) -> Scan:
    """The rows whose distinct combinations of dimensions are listed when no metric is asked for."""
    if any(isinstance(reference, TimeWord) for _, reference in asked.by):
        hint = "name the clock, as in users.registered_at.month, or ask for a metric"
        raise QueryError(
            Diagnostic("E307", "a time word is a metric's own time, and no metric is asked for", hint=hint)
        )
    bases = _bases(asked.context.model, [ref.qualifier for _, ref in asked.by if isinstance(ref, DimensionRef)])
    if len(bases) != 1:
        ways = f"from each of {listing(bases)}" if bases else "from none of their datasets"
        names = listing([key.name for key, _ in asked.by])
        message = f"{names} can be looked up together {ways}, so their combinations are not one list"
        raise QueryError(Diagnostic("E319", message, hint="ask for a metric: its rows say which combinations exist"))
    time = asked.context.model.datasets[bases[0]].time
    scope = RowScope(asked.context, bases[0], time, f"rows of '{bases[0]}'", asked.period)
    return _scan(asked, scope, frozenset(), (), f"rows of {bases[0]}")


def _bases(model: Model, qualifiers: list[str]) -> list[str]:
    """The datasets among those of the dimensions from which all of them can be looked up."""
    named = {qualifier for qualifier in qualifiers if qualifier in model.datasets}
    roles = set(qualifiers) - named
    holders = {name for name, dataset in model.datasets.items() if not roles.isdisjoint(dataset.joins)}
    candidates = sorted(named | holders)
    return [base for base in candidates if all(find_route(model, base, qualifier) for qualifier in qualifiers)]


def _having(query: Query, outputs: dict[str, exp.Expr]) -> exp.Expr | None:
    if query.having is None:
        return None
    return parse(query.having).replace_names(lambda name: outputs[str(name)].copy())


def _sort(entry: str) -> Sort:
    name, _, direction = entry.strip().partition(" ")
    return Sort(name, direction.strip().lower() == "desc")


def metrics_within(model: Model, metric: Metric) -> Iterable[Simple]:
    """The simple metrics that a metric is made of, each once."""
    seen: dict[str, Simple] = {}
    waiting = [metric]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Simple):
            seen.setdefault(found.name, found)
        waiting.extend(model.metrics[reference.metric] for reference in found.references())
    return seen.values()
