"""The value of a metric in a cell: what each type of metric makes of the stretch of time that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.reference import expressions, semi_additive
from tests.reference.aggregates import aggregate
from tests.reference.asked import Asked, Leaf
from tests.reference.counterparts import counterpart, elapsed_part, months_back, same_part, weeks_back
from tests.reference.frames import (
    ALWAYS,
    NOWHERE,
    Edge,
    Frame,
    at_day,
    beginning,
    common,
    cut,
    earlier,
    end_of,
    holds_now,
    moved_edge,
    period_of,
    periods_back,
    periods_in,
    start_of,
)
from tests.reference.lookup import canonical
from tests.reference.model import (
    BELOW_DAY,
    Comparison,
    Cumulative,
    Derived,
    Metric,
    MovingAverage,
    Per,
    Rank,
    Ratio,
    Rolling,
    SemiAdditive,
    Share,
    Simple,
    ToDate,
    Value,
    Windowed,
)
from tests.reference.rows import Entities, Entry, Group, Rows, within


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a metric is evaluated.

    `frame` None: over the rows of the group itself, else over those in the frame, whatever the group's time.
    `period` is the whole period of the cell, at a NULL time None, as is `end`, where windows end. `until` is the end of
    the counterpart if the cell is one, `part` what has elapsed of the cell, if only that counts.
    """

    group: Group
    frame: Frame | None
    period: Frame | None
    end: Edge | None
    grain: str | None
    ignore: frozenset[str] = frozenset()
    entities: Entities = ()
    until: Edge | None = None
    part: Frame | None = None


class Cells:
    """The cells of one query; in a total, `total_of` are the time words of the query whose total it is."""

    def __init__(self, asked: Asked, total_of: tuple[str, ...] | None = None) -> None:
        self.asked, self.clock = asked, asked.clock
        self.rows = Rows(asked)
        self.total_of = total_of
        self.answer: list[Group] = []  # the groups of the answer, once they are known
        self._values: dict[tuple[str, Scope], Value] = {}
        self._within: dict[tuple[str, Frame], list[tuple[Frame, Frame, Edge]]] = {}  # of `per`

    # -- scopes ----------------------------------------------------------------------------------------------

    def cell(self, group: Group) -> Scope:
        """The cell of a group of the answer."""
        words, limit = self.asked.words, self.asked.limit
        if not words:
            return Scope(group, None, limit, end_of(limit, None, limit, self.clock), None)
        label: Any = group[self.asked.places[0]]
        if len(words) > 1 or label is None:
            return Scope(group, None, None, None, words[0])
        period = period_of(label, words[0], self.clock)
        return Scope(group, None, period, end_of(period, words[0], limit, self.clock), words[0])

    def _own(self, scope: Scope) -> Frame:
        """The stretch whose rows a simple metric sees here."""
        if scope.frame is not None:
            return scope.frame
        return NOWHERE if scope.period is None else common(scope.period, self.asked.limit, self.clock)

    def _ignoring(self, scope: Scope, names: frozenset[str]) -> Scope:
        """As if these dimensions had not been asked for."""
        if scope.frame is None and names & set(self.asked.words):
            limit = self.asked.limit
            scope = replace(scope, period=limit, end=end_of(limit, None, limit, self.clock), grain=None)
        return replace(scope, ignore=scope.ignore | names)

    def _whole(self, scope: Scope, period: Frame) -> Scope:
        """Another period, which nothing cuts."""
        end = end_of(period, scope.grain, ALWAYS, self.clock)
        return replace(scope, frame=period, period=period, end=end, part=None)

    def _window(self, metric: Windowed, scope: Scope) -> Scope | None:
        """Where a window lies; to date there is none on a day that lies in no period of a calendar."""
        if scope.end is None:
            return replace(scope, frame=NOWHERE)
        match metric:
            case Rolling(window=(count, unit)):
                start: Edge | None = moved_edge(scope.end, count, unit, self.clock)
            case Cumulative():
                start = None
            case ToDate(grain=grain):
                start = start_of(scope.end, grain, self.clock)
                if start is None:
                    return None
        return replace(scope, frame=Frame(start, scope.end))

    # -- values ----------------------------------------------------------------------------------------------

    def values(self, group: Group) -> tuple[Value, ...]:
        scope = self.cell(group)
        return tuple(self.value(name, scope) for name in self.asked.query.metrics)

    def value(self, name: str, scope: Scope) -> Value:
        if (name, scope) not in self._values:
            metric = self.asked.metric(name)
            value = self._value(metric, scope)
            shown = value is None and not self._is_null_in_total(metric) and not self._is_before_data(name, scope)
            self._values[name, scope] = metric.empty if shown else value
        return self._values[name, scope]

    def _value(self, metric: Metric, scope: Scope) -> Value:
        match metric:
            case Simple():
                return self._simple(metric, scope)
            case Ratio():
                return expressions.divide(*(self.value(name, part) for name, part in self._parts(metric, scope)))
            case Derived(expr=expr):
                return expressions.evaluate(expr, lambda name: self.value(name, scope))
            case Rolling() | Cumulative() | ToDate():
                window = self._window(metric, scope)
                return None if window is None else self.value(metric.metric, window)
            case Comparison():
                return self._comparison(metric, scope)
            case Per():
                return aggregate(metric.agg, [self.value(metric.metric, inner) for inner in self._inner(metric, scope)])
            case Share(metric=name, within=kept):
                whole = self._ignoring(scope, self.asked.others(name, kept, scope.ignore))
                return expressions.divide(self.value(name, scope), self.value(name, whole))
            case Rank():
                return self._rank(metric, scope)
            case MovingAverage(metric=name):
                return aggregate("avg", [self.value(name, each) for each in self._averaged(metric, scope)])
            case SemiAdditive():
                return self._stock(metric, scope)

    def _simple(self, metric: Simple, scope: Scope) -> Value:
        if scope.until is not None and self.rows.is_before_data(metric, scope.until):
            return None
        return self.rows.aggregate(metric, self._select(self.asked.leaf(metric, scope.ignore), scope))

    def _select(self, leaf: Leaf, scope: Scope) -> list[Entry]:
        return self.rows.select(leaf, scope.group, scope.frame, scope.entities)

    def _parts(self, metric: Ratio, scope: Scope) -> Iterator[tuple[str, Scope]]:
        for part in (metric.numerator, metric.denominator):
            yield part.metric, self._ignoring(scope, self.asked.ignored(part.ignore)) if part.ignore else scope

    def _is_before_data(self, name: str, scope: Scope) -> bool:
        """Whether any leaf under a metric is NULL because its data begin after the counterpart."""
        if scope.until is None:
            return False
        return any(self.rows.is_before_data(leaf.metric, scope.until) for leaf in self.asked.leaves([name]))

    def _are_before_data(self, name: str, period: Frame) -> bool:
        """Whether a period ends at or before the first row of all data that a metric is made of."""
        assert period.end is not None
        end = period.end
        return all(self.rows.is_before_data(leaf.metric, end) for leaf in self.asked.leaves([name]))

    # -- comparison ------------------------------------------------------------------------------------------

    def _comparison(self, metric: Comparison, scope: Scope) -> Value:
        if self._is_null_in_total(metric):
            return None
        current, before = self._sides(metric, scope)
        old = None if before is None else self.value(metric.metric, before)
        if metric.as_ == "value":
            return old
        change = expressions.OPERATORS["-"]
        new = self.value(metric.metric, current)
        difference: Value = None if new is None or old is None else change(new, old)
        return difference if metric.as_ == "difference" else expressions.divide(difference, old)

    def _sides(self, metric: Comparison, scope: Scope) -> tuple[Scope, Scope | None]:
        """Where the current value and the one before are found; at a NULL time there is none before."""
        if scope.period is None:
            return scope, None
        other = self._counterpart(metric, scope, scope.period)
        if other is None:
            return scope, None
        before = replace(self._whole(scope, other), until=other.end)
        part = self._elapsed(scope) if metric.align == "elapsed" else None
        if part is None:
            return scope, before
        same = same_part(part, scope.period, other, self._months(metric, scope), self.clock)
        current = replace(scope, frame=part, end=part.end, part=part)
        return current, replace(before, frame=same, end=same.end, part=same)

    def _counterpart(self, metric: Comparison, scope: Scope, period: Frame) -> Frame | None:
        if self._counts_weeks(metric):
            return weeks_back(period, 52 * metric.offset.count)
        return counterpart(metric.offset, scope.grain, period, self.clock)

    def _months(self, metric: Comparison, scope: Scope) -> int:
        assert scope.period is not None
        return 0 if self._counts_weeks(metric) else months_back(metric.offset, scope.grain, scope.period)

    def _counts_weeks(self, metric: Comparison) -> bool:
        """Whether a year is 52 weeks in this total."""
        return bool(self.total_of) and "week" in (self.total_of or ()) and metric.offset.unit == "year"

    def _elapsed(self, scope: Scope) -> Frame | None:
        """What has gone by of a period in progress; None of another."""
        if scope.part is not None or scope.period is None or scope.grain in BELOW_DAY:
            return scope.part
        return elapsed_part(self._own(scope), self.clock) if holds_now(scope.period, self.clock) else None

    def _is_null_in_total(self, metric: Metric) -> bool:
        """What has no meaning beside the query's grain."""
        if self.total_of is None:
            return False
        if isinstance(metric, Comparison) and self.total_of:
            offset = metric.offset
            return offset.kind != "unit" or offset.unit == "hour" or self.asked.period is None
        return isinstance(metric, Rank | MovingAverage)

    # -- per -------------------------------------------------------------------------------------------------

    def _inner(self, metric: Per, scope: Scope) -> Iterator[Scope]:
        """The cells whose values are aggregated."""
        if metric.entity is not None:
            entity = canonical(self.asked.model, metric.entity)
            for value in self._entities(metric.metric, entity, scope):
                yield replace(scope, entities=(*scope.entities, (entity, value)))
        elif scope.end is not None:
            frame = cut(self._own(scope), scope.end, self.clock)
            if (metric.name, frame) not in self._within:
                self._within[metric.name, frame] = list(self._stretches(metric, frame))
            for period, inside, end in self._within[metric.name, frame]:
                yield replace(scope, frame=inside, period=period, end=end)

    def _stretches(self, metric: Per, frame: Frame) -> Iterator[tuple[Frame, Frame, Edge]]:
        """The periods in a frame, what of them lies in it, and where their windows end."""
        for period in self._periods(metric, frame):
            assert period.end is not None
            assert frame.end is not None
            yield period, common(period, frame, self.clock), earlier(period.end, frame.end, self.clock)

    def _periods(self, metric: Per, frame: Frame) -> Iterator[Frame]:
        assert metric.grain is not None
        later = frame.start is not None and not self.clock.started(frame.start.moment)
        for period in self._all_periods(metric.metric, metric.grain, frame):
            assert period.start is not None
            if not self._are_before_data(metric.metric, period) and (later or self.clock.started(period.start.moment)):
                yield period

    def _all_periods(self, name: str, grain: str, frame: Frame) -> Iterator[Frame]:
        """The periods of the grain in the frame; one without a beginning begins with the first row of the data."""
        metrics = [leaf.metric for leaf in self.asked.leaves([name])]
        if frame.start is None:
            firsts = [first for first in map(self.rows.first, metrics) if first is not None]
            if not firsts:
                return
            starts: Any = [beginning(first, grain, self.clock) for first in firsts]
            frame = Frame(min(starts, key=lambda edge: edge.moment), frame.end)
        if (
            frame.end is not None
            and frame.end.day is not None
            and all(self.asked.clock_type(each) == "date" for each in metrics)
        ):
            frame = Frame(frame.start, at_day(frame.end.day))
        yield from periods_in(frame, grain, self.clock)

    def _entities(self, name: str, entity: str, scope: Scope) -> list[Value]:
        """The entities that have a row of any leaf; they are the metric's own, whatever the query ignores."""
        found: dict[Value, None] = {}
        for _, _, entry in self.looked_at(name, scope):
            found[self.rows.dimension(entry.subject, entity)] = None
        return [value for value in found if value is not None]

    # -- rank, moving average, stocks ------------------------------------------------------------------------

    def _rank(self, metric: Rank, scope: Scope) -> Value:
        mine: Any = None if self.total_of is not None else self.value(metric.metric, scope)
        if mine is None or not self._has_own_rows(metric.metric, scope):
            return None
        others = self.asked.others(metric.metric, metric.within, scope.ignore)
        places = [
            place for place, name in enumerate(self.asked.dimensions) if self.clock.is_word(name) or name not in others
        ]
        beside = [g for g in self.answer if all(g[place] == scope.group[place] for place in places)]
        scopes = [replace(self.cell(group), ignore=scope.ignore) for group in beside]
        values = [self.value(metric.metric, each) for each in scopes if self._has_own_rows(metric.metric, each)]
        known: list[Any] = [value for value in values if value is not None]
        return 1 + len([value for value in known if (value < mine if metric.order == "asc" else value > mine)])

    def _averaged(self, metric: MovingAverage, scope: Scope) -> Iterator[Scope]:
        """The cells of the periods that end with this one; all from their beginning, itself up to where windows end."""
        if scope.period is None or scope.grain is None:
            return
        shown = replace(scope, frame=Frame(scope.period.start, scope.end))
        for count in range(metric.periods):
            period = periods_back(scope.period, scope.grain, count, self.clock)
            if period is not None and not self._are_before_data(metric.metric, period):
                yield self._whole(scope, period) if count else shown

    def _stock(self, metric: SemiAdditive, scope: Scope) -> Value:
        simple, leaf, keyed = self._snapshots(metric, scope)
        if scope.until is not None and self.rows.is_before_data(simple, scope.until):
            return None
        rest = self.rows.rest(leaf, scope.group)
        counts = lambda entry: entry.passes and entry.rest == rest  # noqa: E731
        return semi_additive.value(metric, keyed, counts, lambda rows: self.rows.aggregate(simple, rows))

    def _snapshots(self, metric: SemiAdditive, scope: Scope) -> tuple[Simple, Leaf, list[list[Entry]]]:
        """The rows that a stock looks at, by their keys; `where` is for those that it takes of them."""
        simple = self.asked.metric(metric.metric)
        assert isinstance(simple, Simple)
        leaf = self.asked.leaf(simple, scope.ignore)
        frame = cut(self._own(scope), scope.end, self.clock)
        if metric.carry_forward and scope.end is not None:
            frame = Frame(None, scope.end)
        keyed: dict[Group, list[Entry]] = {}
        for entry in within(self.rows.all_entries(leaf), frame):
            keyed.setdefault(tuple(self.rows.dimension(entry.subject, key) for key in metric.keys), []).append(entry)
        return simple, leaf, list(keyed.values())

    # -- which rows are looked at ----------------------------------------------------------------------------

    def looked_at(self, name: str, scope: Scope) -> Iterator[tuple[Simple, frozenset[str], Entry]]:
        """The rows of a metric's leaves in a cell, each with what is ignored for its leaf."""
        metric = self.asked.metric(name)
        if isinstance(metric, Simple):
            for entry in self._select(self.asked.leaf(metric, scope.ignore), scope):
                yield metric, scope.ignore, entry
        elif isinstance(metric, SemiAdditive):
            simple, leaf, keyed = self._snapshots(metric, scope)
            rest = self.rows.rest(leaf, scope.group)
            for entry in semi_additive.chosen(metric, keyed):
                if entry.passes and entry.rest == rest:
                    yield simple, scope.ignore, entry
        else:
            for part, inner in self._looked_through(metric, scope):
                yield from self.looked_at(part, inner)

    def _looked_through(self, metric: Metric, scope: Scope) -> Iterator[tuple[str, Scope]]:
        """The metrics that one is made of, each in the cells in which it is asked for."""
        match metric:
            case Ratio():
                yield from self._parts(metric, scope)
            case Derived(expr=expr):
                yield from ((name, scope) for name in expressions.names(expr))
            case Rolling(metric=name) | Cumulative(metric=name) | ToDate(metric=name):
                if window := self._window(metric, scope):
                    yield name, window
            case Comparison(metric=name) if not self._is_null_in_total(metric):
                current, before = self._sides(replace(metric, align="whole"), scope)
                yield from (
                    (name, each) for each in ((before,) if metric.as_ == "value" else (current, before)) if each
                )
            case Per(metric=name, entity=None):
                yield from ((name, inner) for inner in self._inner(metric, scope))
            case Per(metric=name) | Share(metric=name) | Rank(metric=name):
                yield name, scope
            case MovingAverage(metric=name):
                yield from ((name, each) for each in self._averaged(metric, scope))

    def makes(self, group: Group) -> bool:
        """Whether a leaf that ignores nothing of this query has a row in the cell."""
        scope = self.cell(group)
        return any(self._has_own_rows(name, scope) for name in self.asked.query.metrics)

    def _has_own_rows(self, name: str, scope: Scope) -> bool:
        """Whether a leaf of one metric that ignores nothing of this query has a row in the cell."""
        return any(not self.asked.leaf(metric, ignore).ignore for metric, ignore, _ in self.looked_at(name, scope))
