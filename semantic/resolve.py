"""Query + Model → Plan: every name gets its meaning, every leaf its rows; what has no answer is refused here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlglot import exp

from semantic.asked import Asked, metrics_within, understand
from semantic.errors import Diagnostic, QueryError, listing
from semantic.expressions import replace_columns
from semantic.frames import Edge, Frame, Stretch, wall_of
from semantic.leaf_scans import distinct_scan
from semantic.leaves import LeafBook
from semantic.model import Model
from semantic.names import Reference, TimeWord, read_name
from semantic.parse import parse
from semantic.periods import DAY_GRAINS, Period
from semantic.plan import Began, Frames, Key, Known, Nested, Output, Plan, Scan, Sort, Spine
from semantic.query import Query
from semantic.scanning import scans_of, span_of
from semantic.scans import RowScope
from semantic.trees import unused
from semantic.wanted import LEAF, WantedKnown, WantedNested

VALUE = "value"


def resolve(query: Query, model: Model, as_of: datetime) -> tuple[Plan, Asked]:
    """Understand a query. Raises QueryError."""
    asked = understand(query, model, as_of)
    plan = planned(asked, LeafBook(asked))
    if query.totals and (query.by or is_ranked(plan)) and _has_total_of_its_own(plan):
        bare = replace(query, by=(), having=None, order=(), limit=None, totals=False)
        total = replace(asked, by=(), query=bare, total_of=asked.grain, is_total=True)
        plan = replace(plan, total=planned(total, LeafBook(total)))
    elif query.totals:
        plan = replace(plan, scans=_with_totals(plan.scans), broadcasts=_with_totals(plan.broadcasts))
    return plan, asked


def _has_total_of_its_own(plan: Plan) -> bool:
    """Whether the total is no grouping of the rows that the other groups are made of."""
    apart = any(isinstance(each, Nested) or each.flat for each in (*plan.scans, *plan.broadcasts))
    return plan.is_framed or apart or bool(plan.knowns) or is_ranked(plan)


def is_ranked(plan: Plan) -> bool:
    """Whether an output looks at other groups than its own."""
    return any(output.value.find(exp.Window) for output in plan.outputs)


def planned(asked: Asked, book: LeafBook) -> Plan:
    """The plan of a query that is understood, its total aside."""
    query = asked.query
    outputs = tuple(Output(name, book.metric(name)) for name in query.metrics)
    having = _having(query, {output.name: output.value for output in outputs})
    scans: list[Scan | Nested] = [*scans_of(asked, book.found.leaves.values())]
    rows = book.found.rows
    scans += (replace(_nested(asked, each), rows=rows.get(each.name, "")) for each in book.found.nested.values())
    if not query.metrics:
        scans = [distinct_scan(asked)]
    own = tuple(scan for scan in scans if _depth(scan) == len(asked.by))
    if not own:
        by = listing([key.name for key in asked.keys])
        message = f"nothing in this query makes groups by {by}: every part ignores some of it"
        raise QueryError(Diagnostic("E318", message, hint="add a metric that is counted by them"))
    broadcasts = tuple(scan for scan in scans if _depth(scan) < len(asked.by))
    order = tuple(_sort(entry) for entry in query.order)
    knowns = tuple(_known(asked, wanted) for wanted in book.found.knowns.values())
    plan = Plan(asked.keys, own, broadcasts, outputs, having, order, query.limit, query.totals, knowns=knowns)
    if plan.is_framed:  # its frames need the periods, filled or not
        plan = replace(plan, spine=Spine((_time_key(asked),), asked.period, asked.now))
    return plan


def _depth(scan: Scan | Nested) -> int:
    """By how many keys of the query a scan makes groups."""
    return len(scan.keys if isinstance(scan, Nested) else scan.readings[0].keys)


def _with_totals(scans: tuple[Scan | Nested, ...]) -> tuple[Scan | Nested, ...]:
    return tuple(replace(scan, totals=True) if isinstance(scan, Scan) else scan for scan in scans)


def _known(asked: Asked, wanted: WantedKnown) -> Known:
    """Where it stands whether the data of a clock had begun."""
    began = beginning(asked, wanted.dataset, wanted.time)
    if wanted.end is not None:
        return Known(wanted.name, began, wanted.end)
    return Known(wanted.name, began, Frames(_time_key(asked), Frame(wanted.shifts), asked.period, asked.now))


def beginning(asked: Asked, name: str, time: str | None) -> Began:
    """When the data of a dataset begin, by a clock or its own."""
    dataset = asked.context.source(name)
    return Began(dataset, RowScope(asked.context, name, time or dataset.time, f"dataset '{name}'").began())


def _time_key(asked: Asked) -> Key:
    return next(key for key in asked.keys if key.is_time)


def _nested(asked: Asked, wanted: WantedNested) -> Nested:
    """The answer by more keys, and how it is put together."""
    kept = tuple((key, reference) for key, reference in asked.by if key.name not in wanted.ignored)
    if wanted.each.entity is not None:
        return _per_entity(asked, wanted, kept, wanted.each.entity)
    return _per_period(asked, wanted, kept, str(wanted.each.grain))


def _per_entity(asked: Asked, wanted: WantedNested, kept: tuple[tuple[Key, Reference], ...], entity: str) -> Nested:
    key = Key(unused("entity", {key.name for key, _ in kept}))
    inner = _inner(asked, wanted, (*kept, (key, read_name(asked.context.model, entity))))
    book = LeafBook(inner, frame=wanted.frame or Frame(), framed_by=wanted.metric, cell=wanted.cell)
    plan = valued(planned(inner, book))
    ignored = {name for leaf in book.found.leaves.values() for name in leaf.ignored}
    if key.name in ignored.union(*(inside.ignored for inside in book.found.nested.values())):
        message = f"there is one value of '{wanted.metric}' per '{entity}', and a part of it ignores that"
        hint = "make it of a metric that has a value of its own for each"
        raise QueryError(Diagnostic("E318", message, hint=hint))
    keys = tuple(key for key, _ in kept)
    return Nested(plan, keys, wanted.name, plan.outputs[0].name, wanted.each.agg, entity=key.name)


def valued(plan: Plan) -> Plan:
    """An inner answer's one metric under a name that is no key's."""
    return replace(plan, outputs=(replace(plan.outputs[0], name=unused(VALUE, {key.name for key in plan.keys})),))


def _inner(asked: Asked, wanted: WantedNested, by: tuple[tuple[Key, Reference], ...]) -> Asked:
    query = replace(asked.query, metrics=(wanted.metric,), having=None, order=(), limit=None, totals=False)
    return replace(asked, query=query, by=by)


def _per_period(asked: Asked, wanted: WantedNested, kept: tuple[tuple[Key, Reference], ...], grain: str) -> Nested:
    others = tuple((key, reference) for key, reference in kept if not key.is_time)
    part = Key(unused(grain, {key.name for key, _ in others}), grain)
    span = wanted.stretch if wanted.frame is None else span_of(asked, wanted.frame)
    period = _days_of(span, asked.context.calendar.time_zone)
    inner = _inner(asked, wanted, (*others, (part, TimeWord(grain))))
    inner = replace(
        inner, period=period, span=span if span != _as_span(period) else None, total_of=None, is_total=False
    )
    inner = replace(inner, gap=_not_yet(asked, grain, span))
    plan = valued(planned(inner, LeafBook(inner)))
    leaves = metrics_within(asked.context.model, asked.context.model.metrics[wanted.metric])
    clocks = dict.fromkeys((leaf.dataset, leaf.time) for leaf in leaves)
    begins = tuple(beginning(asked, dataset, time) for dataset, time in clocks)
    names = {key.name for key in plan.keys} | {VALUE}
    end = _day(span.end, asked.context.calendar.time_zone) if span is not None and span.end is not None else None
    beyond = period is not None and (wanted.frame is not None or period.start > asked.now.today)
    spine = Spine((part,), period, asked.now, begins, end, beyond)
    plan = replace(plan, spine=spine, fill=True, seen=unused("has_rows", names))
    frames = None
    if wanted.frame is not None:
        frames = Frames(_time_key(asked), wanted.frame, asked.period, asked.now, grain not in DAY_GRAINS)
    keys = tuple(key for key, _ in kept)
    return Nested(plan, keys, wanted.name, plan.outputs[0].name, wanted.each.agg, part, frames, None, _of_nothing(plan))


def _not_yet(asked: Asked, grain: str, span: Stretch | None) -> Stretch | None:
    """What is left of the inner period in progress after as-of's day, which has no rows yet.

    Where all that is asked for lies after that day, its rows count.
    """
    now = asked.now
    is_later = span is not None and span.start is not None and _day(span.start, now.calendar.time_zone) > now.today
    if grain not in DAY_GRAINS or is_later:
        return None
    left = Stretch(now.tomorrow, now.calendar.span(now.today, grain).end)
    is_over = span is not None and span.end is not None and _day(span.end, now.calendar.time_zone) < now.tomorrow
    is_over = is_over or (span is not None and span.end == now.tomorrow)
    return None if is_over or left.start == left.end else left


def _as_span(period: Period | None) -> Stretch | None:
    return Stretch(period.start, period.end) if period else None


def _days_of(span: Stretch | None, zone: str) -> Period | None:
    """The business days on which a stretch lies; None where it has no beginning."""
    if span is None or span.start is None or span.end is None:
        return None
    return Period(_day(span.start, zone), _day(span.end, zone) + timedelta(days=isinstance(span.end, datetime)))


def _day(edge: Edge, zone: str) -> date:
    return wall_of(edge, zone).date() if isinstance(edge, datetime) else edge


def _of_nothing(plan: Plan) -> exp.Expr | None:
    """What a metric is where no row is; None for NULL, and where that is not the same everywhere."""
    nothing = _nothing(plan)
    return None if isinstance(nothing, exp.Null) else nothing


def _nothing(plan: Plan) -> exp.Expr | None:
    if plan.broadcasts:
        return None
    values: dict[str, exp.Expr] = {}
    for each in plan.scans:
        if isinstance(each, Scan):
            values |= {leaf.name: exp.Literal.number(0) if leaf.counts else exp.Null() for leaf in each.leaves}
        elif (found := _put_together(each)) is not None:
            values[each.leaf] = found
        else:
            return None
    return replace_columns(
        plan.outputs[0].value.copy(), lambda found: values[found.name].copy() if found.table == LEAF else found
    )


def _put_together(nested: Nested) -> exp.Expr | None:
    """What the values of nothing make: there is a period in each, and no entity."""
    if nested.part is None:
        return exp.Null()
    value = _nothing(nested.plan)
    return value if isinstance(value, exp.Null) or nested.agg not in ("sum", "stddev") else None


def _having(query: Query, outputs: dict[str, exp.Expr]) -> exp.Expr | None:
    if query.having is None:
        return None
    return parse(query.having).replace_names(lambda name: outputs[str(name)].copy())


def _sort(entry: str) -> Sort:
    name, _, direction = entry.strip().partition(" ")
    return Sort(name, direction.strip().lower() == "desc")
