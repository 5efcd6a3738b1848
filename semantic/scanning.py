"""Leaves → scans: which rows of a dataset make a leaf, and which leaves share one pass over them.

Two metrics of `activity` by month: one SELECT with two aggregates. A month beside the month before: one SELECT over
both, whose groups are read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from semantic.asked import Asked
from semantic.expressions import replace_columns
from semantic.frames import Back, Cell, Cumulative, Frame, Rolling, Stretch, ToDate, is_instant, nests
from semantic.leaf_scans import Rows, leaf_scan
from semantic.periods import Period
from semantic.plan import MOMENT, How, Leaf, Measure, Reading, Scan
from semantic.trees import column
from semantic.wanted import WantedLeaf

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
        how = how_read(asked, leaf)
        alone = () if how in ("as_is", "whole", "parts") else (leaf.aggregation, leaf.snapshots)
        key = (*_rows(asked, leaf), how, alone, leaf.frame, leaf.stretch)
        found.setdefault(key, []).append(leaf)
    return found.values()


def _rows(asked: Asked, leaf: WantedLeaf) -> tuple[str, str | None, frozenset[str]]:
    aggregation = leaf.aggregation
    time = aggregation.time or asked.context.model.datasets[aggregation.dataset].time
    return aggregation.dataset, time, leaf.ignored


def how_read(asked: Asked, leaf: WantedLeaf) -> How:
    """How the rows of a frame become a leaf."""
    if leaf.snapshots is not None:
        return "snapshots"
    if leaf.frame is None:
        return "as_is"
    if leaf.frame.window is None:
        return "whole"
    if leaf.aggregation.agg == "count_distinct":
        is_to_date = isinstance(leaf.frame.window, Cumulative | ToDate)
        days = asked.period is not None and not is_instant(leaf.frame, str(asked.grain))
        return "firsts" if is_to_date and days else "sweep"
    return "parts" if leaf.aggregation.agg in _ADDED_UP else "rows"


def _pool(asked: Asked, group: list[WantedLeaf]) -> Pool:
    first = group[0]
    filters = frozenset(leaf.aggregation.filter for leaf in group)
    how, part = how_read(asked, first), part_grain(asked, first.frame)
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
    spans = tuple(dict.fromkeys(leaf.stretch if leaf.frame is None else span_of(asked, leaf.frame) for leaf in leaves))
    shown = [_shown(asked, leaf.frame) for leaf in leaves]
    known = [each for each in shown if each is not None]
    all_of_them = Period(min(p.start for p in known), max(p.end for p in known)) if len(known) == len(shown) else None
    for leaf in leaves:
        labels = asked.period if leaf.frame is None and pool.alone is None else None
        rows = Rows(pool.dataset, pool.time, pool.part, how_read(asked, leaf), spans, labels, all_of_them)
        yield leaf_scan(asked, leaf, rows)


def _shown(asked: Asked, frame: Frame | None) -> Period | None:
    """The periods that are shown, if their frames go back for ever: all that lies before the first is one to them."""
    if frame is None or asked.period is None or not isinstance(frame.window, Cumulative):
        return None
    span, grain = span_of(asked, frame), str(asked.grain)
    if is_instant(frame, grain) or span is None or span.end is None:
        return None
    cell = Cell(asked.now.calendar.span(asked.period.start, grain), grain, None, asked.now)
    for shift in frame.shifts:
        cell = cell.moved(shift)
    return Period(cell.whole.start, span.end) if cell.whole is not None else None


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
