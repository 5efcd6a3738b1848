"""Between scans and outputs: the periods that are shown, the readings of scans, and all of them put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlglot import exp

from semantic.aggregates import AGGREGATES
from semantic.clocks import Clock
from semantic.expressions import call, date_literal, timestamp_literal
from semantic.frames import Cumulative, Own, Trailing
from semantic.framing import STARTS, frames_select, holds
from semantic.periods import DAY_GRAINS, Calendar
from semantic.plan import MOMENT, Frames, Key, Leaf, Nested, Plan, Reading, Scan
from semantic.readings import read_as_is, reading_select
from semantic.scan_select import scan_name, scan_select
from semantic.snapshots import snapshot_select
from semantic.spine import Until, spine_select
from semantic.trees import (
    IS_TOTAL,
    column,
    cross_join,
    group_by_position,
    join,
    named,
    select,
    subquery,
    table,
    union_all,
    unused,
    where,
)

T = TypeVar("T")


@dataclass(slots=True)
class Ctes:
    """The CTEs of a statement in order, under names that nothing else has."""

    taken: set[str]
    found: list[tuple[str, exp.Query]] = field(default_factory=list)

    def add(self, name: str, query: exp.Query) -> str:
        """Add a CTE; its name comes back, changed where it is taken."""
        name = unused(name, self.taken)
        self.taken.add(name)
        self.found.append((name, query))
        return name

    def attach(self, query: exp.Select) -> exp.Select:
        """Put WITH before a query."""
        if self.found:
            ctes = [exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, body in self.found]
            query.set("with_", exp.With(expressions=ctes))
        return query


@dataclass(frozen=True, slots=True)
class Source:
    """A CTE with keys and leaves; of its rows those that meet `shown`."""

    name: str
    keys: tuple[Key, ...]
    leaves: tuple[Leaf, ...]
    shown: tuple[exp.Expr, ...] = ()
    totals: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """The CTE of a scan, or of an inner answer with those that it is made of.

    Without a name `stage` is yet to be answered: it needs the periods of the one that it is a part of.
    """

    name: str
    scan: Scan | Nested
    within: tuple[Base, ...] = ()
    stage: Stage | None = None


Answer = tuple[exp.Select, tuple[Base, ...]]


@dataclass(slots=True)
class Stage:
    """A plan on its way into CTEs; `answer` gives the rows of a plan within it, and what they are made of.

    `rest` gives those of a stage that has begun: of one with a `parent` in the periods that are shown there. One of
    smaller periods goes at least as far as those of `outer`.
    """

    plan: Plan
    ctes: Ctes
    answer: Callable[[Plan, Ctes], Answer]
    rest: Callable[[Stage], exp.Select]
    parent: Stage | None = None
    outer: Stage | None = None
    bases: tuple[Base, ...] = field(init=False)
    _spine: str = ""
    _periods: str = ""
    _frames: dict[Frames, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scans = (*self.plan.scans, *self.plan.broadcasts)
        self.bases = tuple(map(self._base, scans))

    def _base(self, scan: Scan | Nested) -> Base:
        if isinstance(scan, Scan):
            return Base(self.ctes.add(scan_name(scan), scan_select(scan)), scan)
        stage = None
        if scan.is_of_framed:
            stage = Stage(scan.plan, self.ctes, self.answer, self.rest, parent=self)
        elif scan.frames is not None and scan.frames.period is None:
            stage = Stage(scan.plan, self.ctes, self.answer, self.rest, outer=self)
        if stage is not None:
            return Base("", scan, stage.bases, stage)
        query, within = self.answer(scan.plan, self.ctes)
        return Base(self.ctes.add(f"{scan.leaf}_values", query), scan, within)

    def _named(self, base: Base) -> str:
        if base.stage is None or not isinstance(base.scan, Nested):
            return base.name
        return self.ctes.add(f"{base.scan.leaf}_values", self.rest(base.stage))

    def sources(self, scan: Scan | Nested) -> list[Source]:
        """What is read from a scan, or an inner answer: CTEs with keys and leaves."""
        base = next(self._named(each) for each in self.bases if each.scan is scan)
        if isinstance(scan, Nested):
            found = [self._put_together(base, scan)]
        else:
            found = [self._source(base, scan, reading) for reading in scan.readings]
        if not self.plan.seen or scan not in self.plan.scans:
            return found
        seen = Leaf(self.plan.seen, exp.Literal.number(1), counts=True)
        return [replace(source, leaves=(*source.leaves, seen)) for source in found]

    def _source(self, base: str, scan: Scan, reading: Reading) -> Source:
        """Groups that are taken as they stand are a CTE already; each other reading is one of its own."""
        if reading.how == "as_is":
            return Source(base, reading.keys, reading.leaves, tuple(read_as_is(reading, scan)), scan.totals)
        make = snapshot_select if reading.how == "snapshots" else reading_select
        name = self.ctes.add(f"{base}_{_called(reading)}", make(reading, base, self.ctes.add, self.frames))
        return Source(
            name, reading.keys, tuple(Leaf(leaf.name, column(leaf.name), leaf.counts) for leaf in reading.leaves)
        )

    def _put_together(self, inner: str, nested: Nested) -> Source:
        """An inner answer's values aggregated by the keys of this plan."""
        keys: list[exp.Expr] = [column(key.name, inner) for key in nested.keys]
        single: exp.Expr = column(nested.value, inner)
        if nested.entity is not None:  # rows of nobody make a group, and no value in it
            single = exp.Case().when(_is_known(column(nested.entity, inner)), single)
        value = AGGREGATES[nested.agg](single)
        found = select([], table(inner))
        if nested.frames is not None and nested.part is not None:
            frames = self.frames(nested.frames)
            period = nested.frames.key
            keys = [column(key.name, frames if key == period else inner) for key in nested.keys]
            join(found, table(frames), holds(nested.frames, frames, _moment_of(nested.part, inner)))
        where(found, self._begun(nested, inner))
        seen = nested.plan.seen  # without it all of them have rows
        rows: exp.Expr = exp.Max(this=column(seen, inner)) if seen else exp.Count(this=exp.Star())
        leaves = {nested.leaf: value} | ({nested.rows: rows} if nested.rows else {})
        found.set("expressions", [*keys, *(named(each, name) for name, each in leaves.items())])
        group_by_position(found, len(keys))
        if seen and nested.keys:
            has_rows = exp.GT(this=rows.copy(), expression=exp.Literal.number(0))
            found.set("having", exp.Having(this=has_rows))
        shown = tuple(Leaf(name, column(name), counts=name == nested.rows) for name in leaves)
        return Source(self.ctes.add(nested.leaf, found), nested.keys, shown)

    def _begun(self, nested: Nested, inner: str) -> list[exp.Expr]:
        """What begins after as-of counts where all of the period does, and nowhere else."""
        spine, part, window = nested.plan.spine, nested.part, nested.frames.frame.window if nested.frames else None
        if part is None or spine is None or isinstance(window, Trailing):  # each of its periods counts
            return []
        by_day = part.grain in DAY_GRAINS
        if by_day and (nested.frames is None or isinstance(window, Own)):  # a frame of days is cut at as-of
            return []
        now = date_literal(spine.now.today) if by_day else timestamp_literal(spine.now.instant)
        begun = exp.LTE(this=_moment_of(part, inner), expression=now)
        if nested.frames is None:
            return [] if spine.beyond else [begun]
        if isinstance(window, Cumulative):
            return [begun]
        starts = column(STARTS, self.frames(nested.frames))
        later_frame = exp.GT(this=starts, expression=now.copy())
        return [exp.Paren(this=exp.Or(this=begun, expression=later_frame))]

    def broadcasts(self) -> list[Source]:
        """What is looked up for every group: coarser scans, and how many inner periods there are."""
        found = [source for scan in self.plan.broadcasts for source in self.sources(scan)]
        nested = (each for each in (*self.plan.scans, *self.plan.broadcasts) if isinstance(each, Nested))
        return found + [self._counted(each) for each in nested if each.nothing is not None]

    def _counted(self, nested: Nested) -> Source:
        """The number of inner periods in every frame."""
        spine, part = _needed(nested.plan.spine), _needed(nested.part)
        inner = self.ctes.add(f"{part.name}s", spine_select(spine, "", None, self._later(nested)))
        count = named(exp.Count(this=exp.Star()), nested.counted)
        leaf = Leaf(nested.counted, column(nested.counted), counts=True)
        if nested.frames is None:
            return Source(self.ctes.add(nested.counted, select([count], table(inner))), (), (leaf,))
        frames = self.frames(nested.frames)
        found = select([column(nested.frames.key.name, frames), count], table(frames))
        join(found, table(inner), holds(nested.frames, frames, _moment_of(part, inner)))
        where(found, self._begun(nested, inner))
        group_by_position(found, 1)
        return Source(self.ctes.add(nested.counted, found), (nested.frames.key,), (leaf,))

    def _until(self) -> Until | None:
        return self.outer.shown_later() if self.outer is not None else None

    def _later(self, nested: Nested) -> Until | None:
        """How far inner periods go at least."""
        is_open = nested.frames is not None and nested.frames.period is None
        return self.shown_later() if is_open else None

    def shown_later(self) -> Until | None:
        """The periods that are shown, where some of them may begin after as-of."""
        if self.parent is not None:
            return self.parent.shown_later()
        key = _needed(self.plan.spine).keys[0]
        bases = [base for base in self.bases if base.scan in self.plan.scans]
        return (self.periods(), key) if any(self._own_periods(base, key) is not None for base in bases) else None

    def frames(self, frames: Frames) -> str:
        """The CTE of frames, made when it is first needed."""
        if frames not in self._frames:
            query = frames_select(frames, self.periods())
            self._frames[frames] = self.ctes.add(
                f"{frames.key.name}s_{'windows' if frames.frame.window else 'before'}", query
            )
        return self._frames[frames]

    def periods(self) -> str:
        """The CTE of the periods that are shown."""
        if not self._periods:
            self._periods = self.parent.periods() if self.parent is not None else self._add_periods()
        return self._periods

    def _add_periods(self) -> str:
        spine = _needed(self.plan.spine)
        key = spine.keys[0]
        observed = ""
        bases = [base for base in self.bases if base.scan in self.plan.scans]  # broadcasts make no groups
        if spine.period is None:
            labels = [label for base in bases for label in _labels(base, key, spine.now.calendar)]
            observed = self.ctes.add("observed", union_all(labels))
        self._spine = self.ctes.add(f"{key.name}s", spine_select(spine, observed, None, self._until()))
        until = spine.now.tomorrow if key.grain in DAY_GRAINS else spine.now.today
        if spine.period is not None and spine.period.end <= until:
            return self._spine
        later = [own for own in (self._own_periods(base, key) for base in bases) if own is not None]
        if not later:
            return self._spine
        found: exp.Query = select([column(key.name)], table(self._spine))
        for own in later:
            found = exp.Union(this=found, expression=own, distinct=True)
        return self.ctes.add(f"{key.name}s_and_later", found)

    def _own_periods(self, base: Base, key: Key) -> exp.Select | None:
        """The periods in which a scan has groups of its own, later ones than as-of among them."""
        scan, found = base.scan, select([column(key.name)], table(base.name))
        if isinstance(scan, Nested):
            own = scan.entity is not None and key in scan.keys and not scan.plan.is_framed
            return where(found, [_is_known(column(key.name))]) if own else None
        reading = next((each for each in scan.readings if each.how == "as_is"), None)
        if reading is None or key not in scan.keys:
            return None
        return where(found, [_is_known(column(key.name)), *read_as_is(reading, scan)])

    def united(self, sources: list[Source], leaves: list[Leaf], needs_total: bool) -> str:
        """The CTE that holds the groups of all sources, each leaf in its own column, and the empty cells."""
        branches = [self._branch(source, leaves) for source in sources]
        total = [self._empty_total(leaves)] if needs_total else []
        if not self.plan.fill or self.plan.spine is None:
            return self.ctes.add("combined", union_all([*branches, *total]))
        groups = sources[0].name
        if self._needs_groups() and (len(branches) > 1 or sources[0].shown):
            groups = self.ctes.add("combined", union_all(branches))
            same = tuple(Leaf(leaf.name, column(leaf.name), leaf.counts) for leaf in leaves)
            branches = [self._branch(Source(groups, self.plan.keys, same), leaves)]
        return self.ctes.add("filled", union_all([*branches, *total, self._cells(groups, leaves)]))

    def _branch(self, source: Source, leaves: list[Leaf]) -> exp.Select:
        shared = [column(key.name) for key in self.plan.keys] + ([column(IS_TOTAL)] if self.plan.totals else [])
        own = {leaf.name: leaf for leaf in source.leaves}
        found = [_value(own[leaf.name]) if leaf.name in own else named(exp.Null(), leaf.name) for leaf in leaves]
        return where(select([*shared, *found], table(source.name)), source.shown)

    def _empty_total(self, leaves: list[Leaf]) -> exp.Select:
        """The total of no rows."""
        nothing = [named(exp.Null(), key.name) for key in self.plan.keys]
        return select([*nothing, named(exp.true(), IS_TOTAL), *(named(exp.Null(), leaf.name) for leaf in leaves)])

    def _needs_groups(self) -> bool:
        """Whether the empty cells depend on the groups: for the range, or for the combinations of the other keys."""
        spine = self.plan.spine
        return spine is None or spine.period is None or any(not key.is_period for key in self.plan.keys)

    def _cells(self, groups: str, leaves: list[Leaf]) -> exp.Select:
        """An empty cell for every place of the spine and every combination of the other keys seen in the groups."""
        plan, spine = self.plan, _needed(self.plan.spine)
        not_total = exp.Not(this=column(IS_TOTAL)) if plan.totals else None
        periods = self._spine or self.ctes.add(
            "_and_".join(f"{key.name}s" for key in spine.keys), spine_select(spine, groups, not_total, self._until())
        )
        others = [key for key in plan.keys if not key.is_period]
        shared: list[exp.Expr] = [column(key.name) for key in plan.keys]
        total = [named(exp.false(), IS_TOTAL)] if plan.totals else []
        empty = [named(exp.Null(), leaf.name) for leaf in leaves]
        cells = select([*shared, *total, *empty], table(periods))
        if others:
            seen = select([column(key.name) for key in others], table(groups))
            seen.set("distinct", exp.Distinct())
            cross_join(cells, subquery(where(seen, [not_total] if not_total else []), "seen"))
        return cells


def _value(leaf: Leaf) -> exp.Expr:
    """A leaf's column under its own name."""
    is_itself = isinstance(leaf.value, exp.Column) and leaf.value.name == leaf.name
    return leaf.value.copy() if is_itself else named(leaf.value.copy(), leaf.name)


def _labels(base: Base, key: Key, calendar: Calendar) -> Iterator[exp.Select]:
    """The periods of a scan's rows, whatever they are grouped by.

    An inner answer has values in more periods than its rows lie in, if it looks back.
    """
    if isinstance(base.scan, Nested) and (base.within or base.scan.plan.is_framed):
        for each in base.within:
            if each.scan in base.scan.plan.scans:
                yield from _labels(each, key, calendar)
        return
    scan = base.scan
    keys = scan.plan.keys if isinstance(scan, Nested) else scan.keys
    part = next((each for each in keys if each.is_time), None)
    if part is None:
        return
    value: exp.Expr = column(part.name)
    if part.grain != key.grain:
        value = _clock(value, part, calendar).at(str(key.grain))
    found = select([named(value, key.name)], table(base.name))
    if isinstance(scan, Nested):
        seen = [exp.GT(this=column(scan.plan.seen), expression=exp.Literal.number(0))] if scan.plan.seen else []
        yield where(found, seen)
    else:
        taken = (reading.taken for reading in scan.readings if reading.taken is not None)
        yield where(found, [column(each.passes) for each in taken if each.passes])


def _clock(value: exp.Expr, part: Key, calendar: Calendar) -> Clock:
    if part.grain in DAY_GRAINS:
        return Clock(value, "date", "UTC", calendar)
    return Clock(value, "timestamp" if part.grain == MOMENT else "timestamptz", "UTC", calendar)


def _needed(part: T | None) -> T:
    """A part of a plan that is there wherever it is used."""
    if part is None:
        raise TypeError("the plan lacks a part that it needs")
    return part


def _is_known(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value, expression=exp.Null()))


def _moment_of(part: Key, table: str) -> exp.Expr:
    """The column of inner periods, as it is compared with edges."""
    found = column(part.name, table)
    return found if part.grain in DAY_GRAINS else call("utc", found)


def _called(reading: Reading) -> str:
    """A name for what is read."""
    if reading.how == "snapshots":
        return "snapshots"
    return "before" if reading.how == "whole" else "windows"
