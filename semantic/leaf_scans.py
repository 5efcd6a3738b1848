"""A leaf as a scan of its own: the rows that it needs, by the keys that it has, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import TypeGuard

from sqlglot import exp

from semantic.aggregates import AGGREGATES, Aggregation, complete_row
from semantic.asked import Asked
from semantic.clocks import Clock, TimeKind
from semantic.errors import Diagnostic, QueryError, listing
from semantic.expressions import call, date_literal, text
from semantic.frames import Edge, Rolling, Stretch, ToDate
from semantic.joins import find_route
from semantic.model import Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, names_within, read_name
from semantic.periods import DAY_GRAINS, Period
from semantic.plan import MOMENT, Frames, How, Key, Leaf, Measure, Reading, Scan, Taken
from semantic.scans import RowScope, Unreachable
from semantic.trees import column, unused
from semantic.wanted import WantedLeaf

Spans = tuple[Stretch | None, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a leaf: where they lie in time, by which grain they are put together, how they become the leaf.

    `shown` are the periods that are shown, where none of them tells apart what lies before the first.
    """

    dataset: str
    time: str | None
    part: str
    how: How
    spans: Spans
    labels: Period | None = None
    shown: Period | None = None


def leaf_scan(asked: Asked, leaf: WantedLeaf, rows: Rows) -> Scan:
    """The scan of one leaf. Raises QueryError where its rows do not have what the query asks for."""
    return _LeafScan(asked, leaf, rows, _scope(asked, leaf, rows)).made()


def _scope(asked: Asked, leaf: WantedLeaf, rows: Rows) -> RowScope:
    return RowScope(asked.context, rows.dataset, rows.time, f"metric '{_asked_for(asked, leaf)}'", _days(rows.spans))


def _days(spans: Spans) -> Period | None:
    hull = _hull(spans)
    if hull is None or not (is_day(hull.start) and is_day(hull.end)):
        return None
    return Period(hull.start, hull.end)


@dataclass(frozen=True, slots=True)
class _LeafScan:
    asked: Asked
    leaf: WantedLeaf
    rows: Rows
    scope: RowScope

    def made(self) -> Scan:
        """The scan and its one reading."""
        aggregation = self.leaf.aggregation
        try:
            values = [self.scope.row_value(value, aggregation.wanted) for value in aggregation.values]
            own = self.scope.row_condition(aggregation.filter) if aggregation.filter else None
        except Unreachable as error:
            raise QueryError(Diagnostic("E316", f"metric '{aggregation.metric}': {error}")) from None
        order = self.scope.row_order(f"'{aggregation.agg}'") if aggregation.is_ordered else []
        match self.rows.how:
            case "rows":
                return self._flat(values, order, own)
            case "snapshots":
                return self._snapshots(values, own)
            case "firsts":
                return self._firsts(values, own)
            case "sweep":
                return self._swept(values, own)
            case _:
                return self._grouped(values, order, own)

    @property
    def _kept(self) -> list[tuple[Key, Reference]]:
        return [(key, reference) for key, reference in self.asked.by if key.name not in self.leaf.ignored]

    @property
    def _part(self) -> Key | None:
        """The column that says when the rows were: the query's own time word, or a finer one in its place."""
        if self.asked.grain is None:
            return None
        if self.leaf.frame is None or self.asked.grain == self.rows.part:
            return next(key for key in self.asked.keys if key.is_time)
        return Key(unused(self.rows.part, {key.name for key in self.asked.keys}), self.rows.part)

    def _keys(self) -> list[tuple[Key, exp.Expr]]:
        """The keys of the rows, with the part in the place of the time word."""
        shown_as, part = _asked_for(self.asked, self.leaf), self._part
        found = []
        for key, reference in self._kept:
            own = part if part is not None and key.is_time else key
            found.append((own, self._before_first(own, group(self.scope, own, reference, shown_as))))
        return found

    def _before_first(self, key: Key, value: exp.Expr) -> exp.Expr:
        """All that lies before the first period together, as if it were at its beginning."""
        if self.rows.shown is None or key != self._part:
            return value
        return self.scope.at_least(self.rows.shown, str(key.grain))

    def _scan(self, keys: list[tuple[Key, exp.Expr]], *conditions: exp.Expr | None) -> Scan:
        """The rows by some keys; nothing measured yet."""
        where = [*bounds(self.asked, self.scope, self.rows.spans), *self._gap(), *conditions]
        found = tuple(condition for condition in where if condition is not None)
        dataset = self.asked.context.source(self.rows.dataset)
        lookups = tuple(self.scope.lookups.values())
        names, groups = tuple(key for key, _ in keys), tuple(value for _, value in keys)
        return Scan(dataset, self.scope.time, lookups, names, groups, found, ())

    def _gap(self) -> Iterator[exp.Expr]:
        gap = self.asked.gap
        if gap is None or self.leaf.frame is not None:
            return
        clock = self.scope.clock("a value per period")
        (before,), (after,) = clock.within(Stretch(None, gap.start)), clock.within(Stretch(gap.end, None))
        yield exp.Paren(this=exp.Or(this=before, expression=after))

    def _where(self) -> exp.Expr | None:
        return next(iter(filters(self.asked, self.scope, _asked_for(self.asked, self.leaf))), None)

    def _reading(self, leaf: Leaf) -> Reading:
        frames = None
        if self.leaf.frame is not None:
            key = next(key for key in self.asked.keys if key.is_time)
            frames = Frames(key, self.leaf.frame, self.asked.period, self.asked.now)
        keys = tuple(key for key, _ in self._kept)
        return Reading(self.rows.how, (leaf,), keys, self._part, frames, tuple(self._labels()))

    def _labels(self) -> Iterator[exp.Expr]:
        """Which periods are shown, of groups that may lie before or after them."""
        period = self.rows.labels
        if period is None:
            return
        key = next(key for key in self.asked.keys if key.is_time)
        kind: TimeKind = "date" if str(key.grain) in DAY_GRAINS else "timestamptz"
        label = Clock(column(key.name), kind, "UTC", self.asked.now.calendar)
        yield from label.within(Stretch(period.start, period.end))

    def _grouped(self, values: list[exp.Expr], order: list[exp.Expr], own: exp.Expr | None) -> Scan:
        leaf, aggregation = self.leaf, self.leaf.aggregation
        keys = self._keys()
        scan = self._scan(keys, self._where())
        measure = Measure(leaf.name, aggregation.expression(values, order), own)
        found = Leaf(leaf.name, _combined(self.rows.how, aggregation, leaf.name), leaf.counts)
        return replace(scan, measures=(measure,), readings=(self._reading(found),))

    def _flat(self, values: list[exp.Expr], order: list[exp.Expr], own: exp.Expr | None) -> Scan:
        """A scan of single rows, aggregated when they are read."""
        leaf = self.leaf
        names = {f"{leaf.name}_{at}": value for at, value in enumerate((*values, *order))}
        columns: list[exp.Expr] = [column(name) for name in names]
        aggregate = leaf.aggregation.expression(columns[: len(values)], columns[len(values) :])
        measures = tuple(Measure(name, value, None) for name, value in names.items())
        reading = self._reading(Leaf(leaf.name, aggregate, leaf.counts))
        keys = self._keys()
        return replace(self._scan(keys, self._where(), own), measures=measures, readings=(reading,), flat=True)

    def _swept(self, values: list[exp.Expr], own: exp.Expr | None) -> Scan:
        """A scan of the distinct values in each group, counted when they are read."""
        leaf, keys, part = self.leaf, self._keys(), self._part
        entity = unused("counted", {key.name for key, _ in keys})
        reading = replace(self._reading(Leaf(leaf.name, column(leaf.name), leaf.counts)), entity=entity)
        hull, days = _hull(self.rows.spans), _shortest(leaf)
        if days is None or part is None or part.grain != "day" or hull is None or not is_day(hull.start):
            scan = self._scan([*keys, (Key(entity), complete_row(values))], self._where(), own)
            return replace(scan, readings=(reading,))
        day = next(value for key, value in keys if key == part)
        blocks = [
            (Key(unused("block", {entity})), _block(day, hull.start, days)) if key == part else (key, value)
            for key, value in keys
        ]
        last = unused(f"last_{part.name}", {key.name for key, _ in keys})
        scan = self._scan([*blocks, (Key(entity), complete_row(values))], self._where(), own)
        measures = (Measure(part.name, exp.Min(this=day), None), Measure(last, exp.Max(this=day.copy()), None))
        return replace(scan, measures=measures, readings=(replace(reading, last=last),))

    def _firsts(self, values: list[exp.Expr], own: exp.Expr | None) -> Scan:
        """A scan of the distinct values and when each was first seen, in each unit of a window to date."""
        leaf, part = self.leaf, self._part
        keys = self._keys()
        others = [(key, value) for key, value in keys if key != part]
        first = next(value for key, value in keys if key == part)
        taken = {key.name for key, _ in keys}
        entity = unused("counted", taken)
        window = leaf.frame.window if leaf.frame is not None else None
        if isinstance(window, ToDate):
            unit = Key(unused("unit", taken | {entity}), window.grain)
            others.append((unit, group(self.scope, unit, TimeWord(window.grain), leaf.name)))
        reading = replace(self._reading(Leaf(leaf.name, column(leaf.name), leaf.counts)), entity=entity)
        scan = self._scan([*others, (Key(entity), complete_row(values))], self._where(), own)
        measure = Measure(part.name if part else "", exp.Min(this=first), None)
        return replace(scan, measures=(measure,), readings=(reading,))

    def _snapshots(self, values: list[exp.Expr], own: exp.Expr | None) -> Scan:
        """A scan of single rows with all that says which of them are taken when they are read."""
        wanted, name = self.leaf.snapshots, self.leaf.name
        if wanted is None:
            raise TypeError("a leaf of snapshots says which are taken")
        found = {f"{name}_at": self.scope.clock(f"'{name}'").value}
        model = self.asked.context.model
        for at, key in enumerate(wanted.keys):
            found[f"{name}_key_{at}"] = group(self.scope, Key(key), read_name(model, key), name)
        found[f"{name}_value"] = _single(self.leaf.aggregation, values)
        keys = tuple(each for each in found if each.startswith(f"{name}_key_"))
        passes = self._where()
        if passes is not None:
            found[f"{name}_passes"] = passes
        taken = Taken(wanted.agg, f"{name}_at", keys, f"{name}_value", f"{name}_passes" if passes is not None else "")
        reading = replace(self._reading(Leaf(name, column(name), False)), taken=taken)
        measures = tuple(Measure(each, value, None) for each, value in found.items())
        rows = self._keys()
        return replace(self._scan(rows, own), measures=measures, readings=(reading,), flat=True)


def _shortest(leaf: WantedLeaf) -> int | None:
    """How many days a rolling window has at least."""
    window = leaf.frame.window if leaf.frame is not None else None
    if not isinstance(window, Rolling):
        return None
    return window.length.days or 28 * window.length.months or None


def is_day(edge: Edge | None) -> TypeGuard[date]:
    """Whether an edge is the beginning of a business day."""
    return edge is not None and not isinstance(edge, datetime)


def _block(day: exp.Expr, first: date, days: int) -> exp.Expr:
    """The number of a block of days, counted from the first one."""
    passed = call("date_diff", text("day"), date_literal(first), day)
    return exp.Paren(this=exp.IntDiv(this=passed, expression=exp.Literal.number(days)))


def _combined(how: str, aggregation: Aggregation, name: str) -> exp.Expr:
    """A leaf's value made of the groups of its scan."""
    if how != "parts":
        return column(name)
    return AGGREGATES["sum" if aggregation.agg == "count" else aggregation.agg](column(name))


def _single(aggregation: Aggregation, values: list[exp.Expr]) -> exp.Expr:
    """What one row adds to a count or a sum."""
    one, zero = exp.Literal.number(1), exp.Literal.number(0)
    if not values:
        return exp.Case().when(exp.true(), one)
    if aggregation.agg == "sum":
        return values[0]
    return exp.Case().when(exp.Is(this=values[0], expression=exp.Null()), zero).else_(one)


def _asked_for(asked: Asked, leaf: WantedLeaf) -> str:
    """The metric as people know it: itself, or the asked-for one that is made of it."""
    names = asked.query.metrics
    own = leaf.aggregation.metric
    return own if own in names else f"{own}' (within '{', '.join(names)}')"


def _hull(spans: tuple[Stretch | None, ...]) -> Stretch | None:
    """From the first beginning to the last end."""
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    starts, ends = [span.start for span in known], [span.end for span in known]
    return Stretch(
        None if None in starts else min(filter(None, starts)), None if None in ends else max(filter(None, ends))
    )


def bounds(asked: Asked, scope: RowScope, spans: tuple[Stretch | None, ...]) -> Iterator[exp.Expr]:
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


def group(scope: RowScope, key: Key, reference: Reference, shown_as: str) -> exp.Expr:
    try:
        if key.grain == MOMENT:
            return scope.moment()
        return scope.key(TimeWord(key.grain) if key.grain is not None else reference)
    except Unreachable as error:
        hint = error.hint or f"leave '{key.name}' out, or, within a ratio: {{metric: …, ignore: [{key.name}]}}"
        message = f"metric '{shown_as}' cannot be cut by '{key.name}': {error}"
        raise QueryError(Diagnostic("E316", message, hint=hint)) from None


def filters(asked: Asked, scope: RowScope, shown_as: str) -> Iterable[exp.Expr]:
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
    word = next((key.name for key, reference in asked.by if isinstance(reference, TimeWord | TimePart)), None)
    if word is not None:
        hint = f"name the clock, as in users.registered_at.{word}, or ask for a metric"
        message = f"'{word}' is a time word: it is about a metric's own time, and no metric is asked for"
        raise QueryError(Diagnostic("E307", message, hint=hint))
    bases = _bases(asked.context.model, [ref.qualifier for _, ref in asked.by if isinstance(ref, DimensionRef)])
    if len(bases) != 1:
        ways = f"from each of {listing(bases)}" if bases else "from none of their datasets"
        names = listing([key.name for key, _ in asked.by])
        message = f"{names} can be looked up together {ways}, so their combinations are not one list"
        raise QueryError(Diagnostic("E319", message, hint="ask for a metric: its rows say which combinations exist"))
    dataset = asked.context.source(bases[0])
    scope = RowScope(asked.context, dataset.name, dataset.time, f"rows of '{dataset.name}'", asked.period)
    shown_as = f"rows of {dataset.name}"
    groups = tuple(group(scope, key, reference, shown_as) for key, reference in asked.by)
    where = (*bounds(asked, scope, (asked.own_span,)), *filters(asked, scope, shown_as))
    lookups, reading = tuple(scope.lookups.values()), Reading("as_is", (), asked.keys)
    return Scan(dataset, scope.time, lookups, asked.keys, groups, where, (), (reading,))


def _bases(model: Model, qualifiers: list[str]) -> list[str]:
    """The datasets among those of the dimensions from which all of them can be looked up."""
    named = {qualifier for qualifier in qualifiers if qualifier in model.datasets}
    roles = set(qualifiers) - named
    holders = {name for name, dataset in model.datasets.items() if not roles.isdisjoint(dataset.joins)}
    candidates = sorted(named | holders)
    return [base for base in candidates if all(find_route(model, base, qualifier) for qualifier in qualifiers)]
