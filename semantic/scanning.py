"""Leaves → scans: which rows of a dataset make a leaf, and which leaves share one pass over them.

Two metrics of `activity` by month: one SELECT with two aggregates. A month beside the month before: one SELECT over
both, whose groups are read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlglot import exp

from semantic.aggregates import AGGREGATES, Aggregation, complete_row
from semantic.asked import Asked
from semantic.errors import Diagnostic, QueryError, listing
from semantic.expressions import replace_columns
from semantic.frames import Back, Cell, Cumulative, Edge, Frame, Rolling, Stretch, ToDate, is_instant, nests
from semantic.joins import find_route
from semantic.leaves import WantedLeaf
from semantic.model import Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, names_within, read_name
from semantic.periods import Period
from semantic.plan import MOMENT, Frames, How, Key, Leaf, Measure, Reading, Scan, Taken
from semantic.scans import RowScope, Unreachable
from semantic.trees import column, unused

_ADDED_UP = ("count", "sum", "min", "max")
_A_YEAR = 400  # days, more than any start of a year or any two nights of daylight saving lie back


@dataclass(frozen=True, slots=True)
class Pool:
    """Leaves that can share one pass over the rows: the time that it must span, and by what its rows are grouped."""

    dataset: str
    time: str | None
    ignored: frozenset[str]
    how: str
    part: str
    filters: frozenset[object]
    alone: object = None


def scans_of(asked: Asked, leaves: Iterable[WantedLeaf]) -> list[Scan]:
    """One scan for all leaves that can share it."""
    pools: dict[Pool, list[WantedLeaf]] = {}
    for group in _alike(asked, leaves):
        pools.setdefault(_pool(asked, group), []).extend(group)
    return [scan for pool, found in pools.items() for scan in _merged(_leaf_scans(asked, pool, found))]


def _alike(asked: Asked, leaves: Iterable[WantedLeaf]) -> Iterable[list[WantedLeaf]]:
    """The leaves of the same rows, in the same frame, that are computed in the same way."""
    found: dict[tuple[object, ...], list[WantedLeaf]] = {}
    for leaf in leaves:
        how = how_read(leaf)
        alone = () if how in ("as_is", "whole", "parts") else (leaf.aggregation, leaf.snapshots)
        key = (*_rows(asked, leaf), how, alone, leaf.frame, leaf.stretch)
        found.setdefault(key, []).append(leaf)
    return found.values()


def _rows(asked: Asked, leaf: WantedLeaf) -> tuple[str, str | None, frozenset[str]]:
    aggregation = leaf.aggregation
    time = aggregation.time or asked.context.model.datasets[aggregation.dataset].time
    return aggregation.dataset, time, leaf.ignored


def how_read(leaf: WantedLeaf) -> How:
    """How the rows of a frame become a leaf."""
    if leaf.snapshots is not None:
        return "snapshots"
    if leaf.frame is None:
        return "as_is"
    if leaf.frame.window is None:
        return "whole"
    if leaf.aggregation.agg == "count_distinct":
        return "sweep"
    return "parts" if leaf.aggregation.agg in _ADDED_UP else "rows"


def _pool(asked: Asked, group: list[WantedLeaf]) -> Pool:
    first = group[0]
    filters = frozenset(leaf.aggregation.filter for leaf in group)
    how, part = how_read(first), part_grain(asked, first.frame)
    if how == "as_is":
        shared = _is_aligned(asked, first)
        return Pool(*_rows(asked, first), "whole", part, filters, None if shared else first.stretch)
    alone = None if how in ("whole", "parts") else first
    return Pool(*_rows(asked, first), how, part, filters, alone)


def _is_aligned(asked: Asked, leaf: WantedLeaf) -> bool:
    """Whether a leaf's own rows are whole periods of the query's grain, so that its groups tell them from others."""
    period, calendar = asked.period, asked.context.calendar
    if asked.grain is None or asked.grain_key in leaf.ignored:
        return False
    own = leaf.stretch == asked.own_span
    edges = (period.start, period.end) if period else ()
    return own and all(calendar.first_day(edge, asked.grain) == edge for edge in edges)


def part_grain(asked: Asked, frame: Frame | None) -> str:
    """The coarsest grain of which every frame consists: that of the query, else days, or single moments."""
    grain = str(asked.grain)
    if frame is None or frame.window is None:
        return grain
    if is_instant(frame, grain):
        return MOMENT
    nested = isinstance(frame.window, Cumulative) or (
        isinstance(frame.window, ToDate) and (grain == frame.window.grain or nests(grain, frame.window.grain))
    )
    return grain if nested and _ends_now(asked, grain) else "day"


def _ends_now(asked: Asked, grain: str) -> bool:
    """Whether no period but the last one can end before it is over, so that the end of the scan is its end."""
    current = asked.now.calendar.span(asked.now.today, grain)
    return asked.period is not None and asked.period.end <= current.end


def span_of(asked: Asked, frame: Frame) -> Stretch | None:
    """From where to where in time the frames of all periods that are shown can lie."""
    period, grain, now = asked.period, str(asked.grain), asked.now
    if period is None:
        return None
    if is_instant(frame, grain):
        return _about(frame, period)
    first, last = (now.calendar.span(day, grain) for day in (period.start, period.end - timedelta(days=1)))
    start = Cell(first, grain, period, now).stretch(frame, False).start
    return Stretch(start, Cell(last, grain, period, now).stretch(frame, False).end)


def _about(frame: Frame, period: Period) -> Stretch:
    """A span that is surely wide enough, where frames begin and end at any hour."""
    end = period.end + timedelta(days=2)
    if isinstance(frame.window, Cumulative):
        return Stretch(None, end)
    lengths = [shift.length for shift in frame.shifts if isinstance(shift, Back)]
    if isinstance(frame.window, Rolling):
        lengths.append(frame.window.length)
    days = [length.days + 31 * length.months + length.count // 24 * (length.unit == "hour") for length in lengths]
    return Stretch(period.start - timedelta(days=sum(days) + _A_YEAR), end)


def _leaf_scans(asked: Asked, pool: Pool, leaves: list[WantedLeaf]) -> Iterator[Scan]:
    """A scan for each leaf, all over the time that any of them needs."""
    spans = [leaf.stretch if leaf.frame is None else span_of(asked, leaf.frame) for leaf in leaves]
    for leaf in leaves:
        yield _leaf_scan(asked, pool, leaf, tuple(dict.fromkeys(spans)))


def _leaf_scan(asked: Asked, pool: Pool, leaf: WantedLeaf, spans: tuple[Stretch | None, ...]) -> Scan:
    aggregation, shown_as = leaf.aggregation, _asked_for(asked, leaf)
    hull = _hull(spans)
    period = Period(hull.start, hull.end) if hull and are_days(hull.start, hull.end) else None
    scope = RowScope(asked.context, pool.dataset, pool.time, f"metric '{shown_as}'", period)
    try:
        values = [scope.row_value(value, aggregation.wanted) for value in aggregation.values]
        own = scope.row_condition(aggregation.filter) if aggregation.filter else None
    except Unreachable as error:
        raise QueryError(Diagnostic("E316", f"metric '{aggregation.metric}': {error}")) from None
    order = scope.row_order(f"'{aggregation.agg}'") if aggregation.is_ordered else []
    part = _part_key(asked, pool, leaf)
    scan = _scan(asked, scope, leaf.ignored, part, shown_as)
    scan = replace(scan, where=(*_bounds(asked, scope, spans), *scan.where))
    match how_read(leaf):
        case "rows":
            return _flat(asked, scan, leaf, part, values, order, own)
        case "snapshots":
            return _snapshots(asked, scope, scan, leaf, part, values, own)
        case "sweep":
            return _swept(asked, scan, leaf, part, values, own)
        case how:
            measure = Measure(leaf.name, aggregation.expression(values, order), own)
            found = Leaf(leaf.name, _combined(how, aggregation, leaf.name), leaf.counts)
            reading = Reading(how, (found,), part, _frames(asked, leaf), _labels(asked, pool, leaf))
            return replace(scan, measures=(measure,), readings=(reading,))


def _combined(how: str, aggregation: Aggregation, name: str) -> exp.Expr:
    """A leaf's value made of the groups of its scan."""
    if how != "parts":
        return column(name)
    return AGGREGATES["sum" if aggregation.agg == "count" else aggregation.agg](column(name))


def _flat(
    asked: Asked,
    scan: Scan,
    leaf: WantedLeaf,
    part: Key | None,
    values: list[exp.Expr],
    order: list[exp.Expr],
    own: exp.Expr | None,
) -> Scan:
    """A scan of single rows, aggregated when they are read."""
    names = {f"{leaf.name}_{at}": value for at, value in enumerate((*values, *order))}
    columns: list[exp.Expr] = [column(name) for name in names]
    aggregate = leaf.aggregation.expression(columns[: len(values)], columns[len(values) :])
    reading = Reading("rows", (Leaf(leaf.name, aggregate, leaf.counts),), part, _frames(asked, leaf))
    measures = tuple(Measure(name, value, None) for name, value in names.items())
    return replace(scan, where=_with(scan.where, own), measures=measures, readings=(reading,), flat=True)


def _swept(
    asked: Asked, scan: Scan, leaf: WantedLeaf, part: Key | None, values: list[exp.Expr], own: exp.Expr | None
) -> Scan:
    """A scan of the distinct values in each group, counted when they are read."""
    entity = unused("counted", {key.name for key in scan.keys})
    reading = Reading(
        "sweep", (Leaf(leaf.name, column(leaf.name), leaf.counts),), part, _frames(asked, leaf), entity=entity
    )
    keys, groups = (*scan.keys, Key(entity)), (*scan.groups, complete_row(values))
    return replace(scan, where=_with(scan.where, own), keys=keys, groups=groups, readings=(reading,))


def _snapshots(
    asked: Asked,
    scope: RowScope,
    scan: Scan,
    leaf: WantedLeaf,
    part: Key | None,
    values: list[exp.Expr],
    own: exp.Expr | None,
) -> Scan:
    """A scan of single rows with all that says which of them are taken when they are read."""
    wanted, name = leaf.snapshots, leaf.name
    model = asked.context.model
    found = {f"{name}_at": scope.clock(f"'{name}'").value}
    for at, key in enumerate(wanted.keys):
        found[f"{name}_key_{at}"] = _group(scope, Key(key), read_name(model, key), name)
    found[f"{name}_value"] = _single(leaf.aggregation, values)
    passes = f"{name}_passes" if asked.where is not None else ""
    if passes:
        found[passes] = next(iter(_filters(asked, scope, name)))
    keys = tuple(each for each in found if "_key_" in each)
    taken = Taken(wanted.agg, f"{name}_at", keys, f"{name}_value", passes)
    reading = Reading("snapshots", (Leaf(name, column(name), False),), part, _frames(asked, leaf), taken=taken)
    measures = tuple(Measure(each, value, None) for each, value in found.items())
    lookups = tuple(scope.lookups.values())
    where = _with(tuple(each for each in scan.where if not passes or each != found[passes]), own)
    return replace(scan, where=where, lookups=lookups, measures=measures, readings=(reading,), flat=True)


def _single(aggregation: Aggregation, values: list[exp.Expr]) -> exp.Expr:
    """What one row adds to a count or a sum."""
    one, zero = exp.Literal.number(1), exp.Literal.number(0)
    if not values:
        return exp.Case().when(exp.true(), one)
    if aggregation.agg == "sum":
        return values[0]
    return exp.Case().when(exp.Is(this=values[0], expression=exp.Null()), zero).else_(one)


def _with(where: tuple[exp.Expr, ...], own: exp.Expr | None) -> tuple[exp.Expr, ...]:
    return where if own is None else (*where, own)


def _frames(asked: Asked, leaf: WantedLeaf) -> Frames | None:
    if leaf.frame is None:
        return None
    key = next(key for key in asked.keys if key.is_time)
    return Frames(key, leaf.frame, asked.period, asked.now)


def _labels(asked: Asked, pool: Pool, leaf: WantedLeaf) -> Period | None:
    """The periods that are shown, where the scan may hold others."""
    return asked.period if leaf.frame is None and pool.alone is None else None


def _part_key(asked: Asked, pool: Pool, leaf: WantedLeaf) -> Key | None:
    """The column that says when the rows were: the query's own time word, or a finer one beside it."""
    if leaf.frame is None or asked.grain == pool.part:
        return next((key for key in asked.keys if key.is_time), None) if asked.grain else None
    return Key(unused(pool.part, {key.name for key in asked.keys}), pool.part)


def _hull(spans: tuple[Stretch | None, ...]) -> Stretch | None:
    """From the first beginning to the last end."""
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    starts, ends = [span.start for span in known], [span.end for span in known]
    return Stretch(
        None if None in starts else min(filter(None, starts)), None if None in ends else max(filter(None, ends))
    )


def are_days(*edges: Edge | None) -> bool:
    return all(edge is not None and not isinstance(edge, datetime) for edge in edges)


def _bounds(asked: Asked, scope: RowScope, spans: tuple[Stretch | None, ...]) -> Iterator[exp.Expr]:
    """The time of the rows lies between the first beginning and the last end, and in no gap between."""
    hull = _hull(spans)
    if hull is None:
        return
    clock = scope.clock(f"the period {asked.query.period}" if asked.period else "a window")
    yield from clock.within(hull)
    pieces = sorted(filter(None, spans), key=lambda span: span.start or date.min) if len(spans) > 1 else []
    for earlier, later in pairwise(pieces):
        if earlier.end is not None and later.start is not None and earlier.end < later.start:
            before, after = clock.within(Stretch(None, earlier.end)), clock.within(Stretch(later.start, None))
            yield exp.Paren(this=exp.Or(this=next(iter(before)), expression=next(iter(after))))


def _merged(scans: Iterator[Scan]) -> list[Scan]:
    """Scans that mean the same by every alias become one."""
    shared: list[Scan] = []
    for scan in scans:
        at = next((at for at, known in enumerate(shared) if _can_share(known, scan)), None)
        if at is None:
            shared.append(scan)
        else:
            shared[at] = _merge(shared[at], scan)
    return shared


def _can_share(one: Scan, other: Scan) -> bool:
    paths = {lookup.alias.lower(): lookup.path for lookup in one.lookups}
    return all(paths.get(lookup.alias.lower(), lookup.path) == lookup.path for lookup in other.lookups)


def _merge(one: Scan, other: Scan) -> Scan:
    known = {lookup.alias for lookup in one.lookups}
    added = tuple(lookup for lookup in other.lookups if lookup.alias not in known)
    measures, readings = _joined(one.measures, other)
    return replace(one, lookups=one.lookups + added, measures=measures, readings=_together(one.readings, readings))


def _joined(measures: tuple[Measure, ...], other: Scan) -> tuple[tuple[Measure, ...], tuple[Reading, ...]]:
    """The measures of both scans, each once, and the other's readings by their names."""
    same = {(m.aggregate, m.filter): m.name for m in measures}
    fresh = tuple(m for m in other.measures if (m.aggregate, m.filter) not in same)
    renamed = {m.name: same[m.aggregate, m.filter] for m in other.measures if (m.aggregate, m.filter) in same}

    def with_names(leaf: Leaf) -> Leaf:
        value = replace_columns(
            leaf.value.copy(), lambda found: column(renamed[found.name]) if found.name in renamed else found
        )
        return replace(leaf, value=value)

    readings = tuple(replace(r, leaves=tuple(map(with_names, r.leaves))) for r in other.readings)
    return (*measures, *fresh), readings


def _together(readings: tuple[Reading, ...], others: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Readings of the same groups, or the same frames, as one."""
    found = list(readings)
    for other in others:
        at = next((at for at, known in enumerate(found) if replace(known, leaves=other.leaves) == other), None)
        if at is None or other.how == "sweep":
            found.append(other)
        else:
            found[at] = replace(found[at], leaves=found[at].leaves + other.leaves)
    return tuple(found)


def _asked_for(asked: Asked, leaf: WantedLeaf) -> str:
    """The metric as people know it: itself, or the asked-for one that is made of it."""
    names = asked.query.metrics
    own = leaf.aggregation.metric
    return own if own in names else f"{own}' (within '{', '.join(names)}')"


def _scan(asked: Asked, scope: RowScope, ignored: frozenset[str], part: Key | None, shown_as: str) -> Scan:
    """The rows of a scope by the keys that count, with `part` in the place of the time word; nothing measured yet."""
    kept = [(key, reference) for key, reference in asked.by if key.name not in ignored]
    keys = tuple(part if part is not None and key.is_time and asked.grain else key for key, _ in kept)
    groups = tuple(_group(scope, key, reference, shown_as) for key, (_, reference) in zip(keys, kept, strict=True))
    where = tuple(_filters(asked, scope, shown_as))
    lookups = tuple(scope.lookups.values())
    return Scan(asked.context.model.datasets[scope.dataset], scope.time, lookups, keys, groups, where, ())


def _group(scope: RowScope, key: Key, reference: Reference, shown_as: str) -> exp.Expr:
    try:
        if key.grain == MOMENT:
            return scope.moment()
        return scope.key(TimeWord(key.grain) if key.grain is not None else reference)
    except Unreachable as error:
        hint = error.hint or f"leave '{key.name}' out, or, within a ratio: {{metric: …, ignore: [{key.name}]}}"
        message = f"metric '{shown_as}' cannot be cut by '{key.name}': {error}"
        raise QueryError(Diagnostic("E316", message, hint=hint)) from None


def _filters(asked: Asked, scope: RowScope, shown_as: str) -> Iterable[exp.Expr]:
    if asked.where is None:
        return
    try:
        yield scope.condition(asked.where, "where")
    except Unreachable as error:
        names = listing([str(name) for name in names_within(asked.context.model, asked.where)])
        message = f"metric '{shown_as}' cannot be filtered by {names}: {error}"
        hint = error.hint or "a filter is never dropped for one metric: ask for the metrics apart"
        raise QueryError(Diagnostic("E317", message, hint=hint)) from None


def distinct_scan(asked: Asked) -> Scan:
    """The rows whose distinct combinations of dimensions are listed when no metric is asked for."""
    if any(isinstance(reference, TimeWord | TimePart) for _, reference in asked.by):
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
    scan = _scan(asked, scope, frozenset(), None, f"rows of {bases[0]}")
    span = Stretch(asked.period.start, asked.period.end) if asked.period else None
    where = (*_bounds(asked, scope, (span,)), *scan.where)
    return replace(scan, where=where, lookups=tuple(scope.lookups.values()), readings=(Reading("as_is", ()),))


def _bases(model: Model, qualifiers: list[str]) -> list[str]:
    """The datasets among those of the dimensions from which all of them can be looked up."""
    named = {qualifier for qualifier in qualifiers if qualifier in model.datasets}
    roles = set(qualifiers) - named
    holders = {name for name, dataset in model.datasets.items() if not roles.isdisjoint(dataset.joins)}
    candidates = sorted(named | holders)
    return [base for base in candidates if all(find_route(model, base, qualifier) for qualifier in qualifiers)]
