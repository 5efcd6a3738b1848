"""What metrics are made of while they are planned: aggregates, each in a frame of time and by some of the keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from sqlglot import exp

from semantic.aggregates import Aggregation
from semantic.asked import Asked, metrics_within
from semantic.errors import Diagnostic, QueryError
from semantic.expressions import date_literal, number
from semantic.frames import (
    Back,
    Cell,
    Cumulative,
    Frame,
    Length,
    Own,
    PeriodsBack,
    Rolling,
    Shift,
    StartOf,
    Stretch,
    ToDate,
    Trailing,
    Window,
    as_length,
    is_finer,
    is_instant,
    nests,
)
from semantic.ignoring import ignored_keys
from semantic.metric_types.base import Each, Snapshots, ValueOf
from semantic.periods import DAY_GRAINS, Period, has_odd_hours
from semantic.ranking import has_rows
from semantic.wanted import Found, WantedKnown, WantedLeaf, WantedNested, key_column, known_column, leaf_column

_OWN = Frame()


@dataclass(frozen=True, slots=True)
class LeafBook:
    """Collects what metrics ask for while they are planned.

    `kept`: only these dimensions, and time words, make groups. `cell`: one period in place of those of the query's
    grain, which then makes no groups.
    """

    asked: Asked
    found: Found = field(default_factory=Found)
    ignore: frozenset[str] = frozenset()
    kept: frozenset[str] | None = None
    frame: Frame = _OWN
    framed_by: str = ""
    cell: Cell | None = None

    def leaf(self, aggregation: Aggregation) -> exp.Expr:
        """The column of an aggregate's leaf."""
        ignored = self._ignored(aggregation.dataset)
        frame, stretch = self.place(aggregation, ignored)
        key = (aggregation, ignored, frame, stretch)
        if key not in self.found.leaves:
            name = self.found.name(aggregation.name + _suffix(self.frame), self.asked.keys)
            self.found.leaves[key] = WantedLeaf(name, aggregation, ignored, frame, stretch, aggregation.counts)
        return leaf_column(self.found.leaves[key].name)

    def metric(self, name: str, ignore: frozenset[str] = frozenset()) -> exp.Expr:
        """The value of another metric, its own `empty` included; NULL before the data of its rows begin."""
        model = self.asked.context.model
        metric = model.metrics[name]
        value = metric.plan(replace(self, ignore=self.ignore | ignore))
        if isinstance(value, exp.Null):
            return value
        filled = value
        if metric.empty is not None:
            filled = exp.Coalesce(this=value, expressions=[number(metric.empty)])
        leaves = list(metrics_within(model, metric))
        if not self.frame.shifts or (leaves != [metric] and metric.empty is None):
            return filled
        if leaves == [metric] and metric.empty is None and not any(each.counts for each in leaves[0].aggregations):
            return value
        known = [self._known(leaf.dataset, leaf.time) for leaf in leaves]
        found = exp.Case().when(exp.and_(*known, copy=False), filled)
        return found if leaves == [metric] else found.else_(value.copy())

    def whole(self, within: frozenset[str]) -> LeafBook:
        """Leaves as if only time words and the dimensions of `within` had been asked for."""
        return replace(self, kept=within if self.kept is None else self.kept & within)

    def framed(self, shown_as: str, window: Window) -> LeafBook:
        """Leaves over the rows of a window that ends with the period."""
        return replace(self, frame=replace(self.frame, window=window), framed_by=shown_as)

    def compared(self, shown_as: str, shift: Shift, elapsed: bool) -> tuple[ValueOf, ValueOf]:
        """What gives metrics' values in the period, and in the one that lies a shift before."""
        if self.asked.is_total:
            in_hours = isinstance(shift, Back) and shift.length.unit == "hour"
            is_relative = isinstance(shift, PeriodsBack | StartOf)
            if self.asked.period is None or (self.asked.total_of and (is_relative or in_hours)):
                return self.null, self.null
            if self.asked.total_of == "week" and isinstance(shift, Back):
                shift = Back(as_length(shift, "week") or shift.length)
        self._check_shift(shown_as, shift, elapsed)
        then = replace(self, frame=self.frame.moved(shift), framed_by=shown_as)
        if not elapsed or (self.frame.shifts and not self.frame.elapsed):  # an earlier period is not in progress
            return self.metric, replace(then, frame=replace(then.frame, elapsed=False)).before
        books = (self, then)
        now = self.asked.now
        if self.asked.grain is None or self.cell is not None:
            partly = [replace(book, frame=replace(book.frame, elapsed=True)) for book in books]
            return partly[0].metric, partly[1].metric
        current = now.calendar.span(now.today, self.asked.grain)
        if not _overlap(current, self.asked.period):
            return self.metric, then.before
        cell = Cell(current, self.asked.grain, self.asked.period, now)
        partly = [replace(book, frame=replace(book.frame, elapsed=True), cell=cell) for book in books]
        return self._either(current, partly[0], self), self._either(current, partly[1], then)

    def each(self, shown_as: str, metric: str, each: Each) -> exp.Expr:
        """The values of a metric in smaller periods, or for single entities, put together."""
        model = self.asked.context.model
        bases = {leaf.dataset for leaf in metrics_within(model, model.metrics[metric])}
        ignored = frozenset().union(*(self._ignored(base) for base in bases))
        trailing = isinstance(self.frame.window, Trailing)
        if trailing and self.asked.is_total:
            return replace(self, frame=_OWN).null(metric)
        if each.entity is not None:
            return self._nested(metric, each, ignored, self.frame, None)
        if self.asked.several_grains:
            raise self._several_grains(shown_as)
        is_relative = self.asked.grain is not None and self.cell is None and self.asked.grain_key not in ignored
        if trailing and not is_relative and self.cell is None:
            message = f"moving average '{shown_as}' goes over the periods of a time word, and there is none"
            raise QueryError(Diagnostic("E343", message, hint="ask by day, week, month, …"))
        each = replace(each, grain=each.grain or self.asked.grain)
        self._check_hours(shown_as, str(each.grain))
        frame = replace(self.frame, window=self.frame.window or Own())
        if is_relative:
            self._check_nested(shown_as, str(each.grain), frame.window)
            return self._nested(metric, each, ignored, replace(frame, elapsed=False), None)
        cell = self.cell or Cell(self.asked.period, None, self.asked.period, self.asked.now)
        is_date = any(self._is_date(leaf.dataset, leaf.time) for leaf in metrics_within(model, model.metrics[metric]))
        return self._nested(metric, each, ignored, None, cell.stretch(frame, is_date))

    def _nested(
        self, metric: str, each: Each, ignored: frozenset[str], frame: Frame | None, stretch: Stretch | None
    ) -> exp.Expr:
        key = (metric, each, ignored, frame, stretch, self.cell)
        if key not in self.found.nested:
            name = self.found.name(
                f"{metric}_per_{(each.grain or str(each.entity)).rsplit('.', 1)[-1]}", self.asked.keys
            )
            self.found.nested[key] = WantedNested(name, metric, each, ignored, frame, stretch, self.cell)
        value = leaf_column(self.found.nested[key].name)
        if each.entity is not None or not self.frame.shifts:
            return value
        model = self.asked.context.model
        known = [self._known(leaf.dataset, leaf.time) for leaf in metrics_within(model, model.metrics[metric])]
        return exp.Case().when(exp.and_(*known, copy=False), value)

    def _check_nested(self, shown_as: str, inner: str, window: Window | None) -> None:
        """Refuse inner periods that do not lie within the outer ones."""
        grain = str(self.asked.grain)
        if inner != grain and not nests(inner, grain):
            message = f"'{shown_as}' has a value per {inner}, and a {grain} does not consist of whole {inner}s"
            raise QueryError(
                Diagnostic("E344", message, hint="ask by a time word that does, or for a period without one")
            )
        unit = window.length.unit if isinstance(window, Rolling) else window.grain if isinstance(window, ToDate) else ""
        least = "hour" if unit == "hour" else "day" if isinstance(window, Rolling) else unit
        if least and inner != least and not nests(inner, least):
            message = f"'{self.framed_by}' cuts through the {inner}s of '{shown_as}'"
            raise QueryError(Diagnostic("E344", message, hint="take a window that consists of them, or values per day"))

    def snapshots(self, shown_as: str, metric: str, snapshots: Snapshots) -> exp.Expr:
        """A simple metric over the snapshots of a period that count."""
        (leaf,) = metrics_within(self.asked.context.model, self.asked.context.model.metrics[metric])
        (aggregation,) = leaf.aggregations
        window = Cumulative() if snapshots.carry_forward else self.frame.window or Own()
        book = replace(self.framed(shown_as, window), framed_by=self.framed_by or shown_as)
        ignored = self._ignored(aggregation.dataset)
        frame, stretch = book.place(aggregation, ignored)
        key = (aggregation, ignored, frame, stretch, snapshots)
        if key not in self.found.leaves:
            name = self.found.name(shown_as, self.asked.keys)
            self.found.leaves[key] = WantedLeaf(name, aggregation, ignored, frame, stretch, False, snapshots)
        return leaf_column(self.found.leaves[key].name)

    def ranked(self, name: str, within: frozenset[str], descending: bool) -> exp.Expr:
        """The place of a metric's value among the groups of the same period and the same values of some dimensions."""
        value = self.metric(name)
        if self.asked.is_total:
            return exp.Null()
        kept = {each for base in self._bases() for each in ignored_keys(self.asked, base, within)}
        keys = [key_column(key.name) for key in self.asked.keys if key.is_period or key.name in kept]
        is_ranked = has_rows(self.asked, self.found, name, value)
        order = exp.Order(expressions=[exp.Ordered(this=value.copy(), desc=descending, nulls_first=False)])
        rank = exp.Window(this=exp.Anonymous(this="RANK"), partition_by=[*keys, exp.paren(is_ranked)], order=order)
        is_known = exp.Not(this=exp.Is(this=exp.paren(value), expression=exp.Null()))
        return exp.Case().when(exp.and_(is_ranked, is_known), rank)

    def _bases(self) -> set[str]:
        model = self.asked.context.model
        return {
            leaf.dataset for name in self.asked.query.metrics for leaf in metrics_within(model, model.metrics[name])
        }

    def null(self, name: str) -> exp.Expr:
        """NULL; what is counted for it says that there is an answer."""
        self.metric(name)
        return exp.Null()

    def before(self, name: str) -> exp.Expr:
        """The value of a metric in an earlier period, where there is one: not at a time that is NULL."""
        value = self.metric(name)
        if not self.frame.shifts or self.asked.period is not None or self.asked.grain is None or self.cell is not None:
            return value
        key = key_column(str(self.asked.grain_key))
        return exp.Case().when(exp.Not(this=exp.Is(this=key, expression=exp.Null())), value)

    def _either(self, current: Period, partly: LeafBook, wholly: LeafBook) -> ValueOf:
        """The part that has passed for the period in progress, the whole for all others."""
        key = key_column(str(self.asked.grain_key))

        def value(name: str) -> exp.Expr:
            is_current = exp.EQ(this=key.copy(), expression=date_literal(current.start))
            return exp.Case().when(is_current, partly.metric(name)).else_(wholly.before(name))

        return value

    def _check_shift(self, shown_as: str, shift: Shift, elapsed: bool) -> None:
        """Refuse what has no counterpart."""
        grain, subject = self.asked.grain, f"comparison '{shown_as}'"
        if self.asked.several_grains:
            return  # refused by its leaves
        if grain is None and self.asked.period is None:
            message = f"{subject} needs a period to be compared: the query has neither a time word nor a period"
            raise QueryError(Diagnostic("E341", message, hint="ask by month, or for a period"))
        if elapsed and grain is not None and grain not in DAY_GRAINS:
            message = f"{subject} is aligned to the elapsed part of a period, and an {grain} has none"
            raise QueryError(Diagnostic("E342", message, hint="ask by day or coarser"))
        if not _fits(shift, grain):
            what = f"by {grain}" if grain else "of a whole period, without a time word"
            message = f"{subject} with '{spoken(shift)}' has no meaning {what}"
            raise QueryError(Diagnostic("E342", message, hint=_instead(shift, grain)))

    def place(self, aggregation: Aggregation, ignored: frozenset[str]) -> tuple[Frame | None, Stretch | None]:
        """Where in time the rows lie that count: relative to each period, or at known edges."""
        asked = self.asked
        if self.frame == Frame() and self.cell is None:
            return None, asked.own_span
        if asked.several_grains:
            raise self._several_grains(self.framed_by)
        if asked.grain is not None and self.cell is None and asked.grain_key not in ignored:
            self._check_hours(self.framed_by, asked.grain)
            return replace(self.frame, elapsed=False), None
        is_date = self._is_date(aggregation.dataset, aggregation.time)
        if is_date and is_instant(self.frame, "day"):
            message = f"'{self.framed_by}' counts hours, and '{aggregation.metric}' is about days: they have none"
            raise QueryError(Diagnostic("E314", message, hint="take a window of days or more"))
        cell = self.cell or Cell(asked.period, None, asked.period, asked.now)
        return None, cell.stretch(self.frame, is_date)

    def _check_hours(self, shown_as: str, grain: str) -> None:
        """Refuse hours of a zone whose clock moves by parts of one: in some nights they have no equal length."""
        zone = self.asked.context.calendar.time_zone
        if grain == "hour" and has_odd_hours(zone):
            message = f"'{shown_as}' goes by hours, and those of {zone} do not all have 60 minutes"
            raise QueryError(Diagnostic("E349", message, hint="ask by day, or by minute"))

    def _several_grains(self, shown_as: str) -> QueryError:
        words = [key.name for key in self.asked.keys if key.is_time]
        message = f"'{shown_as}' is about one period, and the query has several time words: {', '.join(words)}"
        return QueryError(Diagnostic("E340", message, hint="ask by one of them"))

    def _is_date(self, dataset: str, time: str | None) -> bool:
        model = self.asked.context.model
        found = model.dimensions[dataset].get(time or model.datasets[dataset].time or "")
        return found is not None and found.type == "date"

    def _known(self, dataset: str, time: str | None) -> exp.Expr:
        """Whether the data of a clock had begun when the period that is compared with ended."""
        time = time or self.asked.context.model.datasets[dataset].time
        end: date | None = None
        if self.asked.grain is None or self.cell is not None:
            cell = self.cell or Cell(self.asked.period, None, self.asked.period, self.asked.now)
            for shift in self.frame.shifts:
                cell = cell.moved(shift)
            end = cell.whole.end if cell.whole else None
        key = (dataset, time, end) if end else (dataset, time, self.frame.shifts)
        if key not in self.found.knowns:
            name = self.found.name(f"{dataset}_had_begun", self.asked.keys)
            self.found.knowns[key] = WantedKnown(name, dataset, time, () if end else self.frame.shifts, end)
        return known_column(self.found.knowns[key].name)

    def _ignored(self, base: str) -> frozenset[str]:
        """The keys of the query that make no groups of a dataset's rows here."""
        ignored = ignored_keys(self.asked, base, self.ignore)
        if self.kept is not None:
            kept = ignored_keys(self.asked, base, self.kept)
            dimensions = (key.name for key, _ in self.asked.by if not key.is_period)
            ignored |= {name for name in dimensions if name not in kept}
        return ignored | {self.asked.grain_key} if self.cell is not None and self.asked.grain_key else ignored


def _overlap(one: Period, other: Period | None) -> bool:
    return other is None or (one.start < other.end and other.start < one.end)


def _suffix(frame: Frame) -> str:
    """What a leaf's column is called besides, so that SQL can be read."""
    moved = "_before" * bool(frame.shifts) + "_elapsed" * frame.elapsed
    return moved + ("_in_window" if frame.window else "")


def _fits(shift: Shift, grain: str | None) -> bool:
    match shift:
        case StartOf(unit):
            return grain is not None and is_finer(grain, unit)
        case Back(Length(unit=unit)) if grain is None:
            return unit != "hour"
        case _:
            return grain is None or as_length(shift, grain) is not None


def spoken(shift: Shift) -> str:
    """A shift as it is written."""
    match shift:
        case Back(length):
            return str(length)
        case PeriodsBack(count):
            return "previous period" if count == 1 else f"{count} periods"
        case StartOf(unit):
            return f"start of {unit}"


def _instead(shift: Shift, grain: str | None) -> str:
    if isinstance(shift, StartOf):
        return "ask by a time word that is finer than that"
    return {
        None: "a period is compared with one that lies days, weeks, months, quarters or years before",
        "day": "days are compared over days, weeks, months, quarters or years",
        "week": "weeks are compared over weeks (a year counts as 52), never over months",
    }.get(grain, f"the offset must be a whole number of {grain}s")
