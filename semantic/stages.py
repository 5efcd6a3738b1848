"""What lies between scans and outputs: the periods that are shown, the readings of scans, and all of them put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from semantic.clocks import Clock, TimeKind
from semantic.framing import frames_select
from semantic.periods import Calendar
from semantic.plan import MOMENT, Frames, Key, Leaf, Plan, Scan
from semantic.readings import read_as_is, reading_keys, reading_select
from semantic.spine import spine_select
from semantic.trees import IS_TOTAL, column, cross_join, named, select, subquery, table, union_all, unused, where


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


@dataclass(slots=True)
class Stage:
    """A plan on its way into CTEs; `bases` are those of its scans."""

    plan: Plan
    ctes: Ctes
    bases: list[tuple[str, Scan]]
    _periods: str = ""
    _frames: dict[Frames, str] = field(default_factory=dict)

    def sources(self, base: str, scan: Scan) -> list[Source]:
        """What is read from a scan, each reading a CTE of its own; groups that are taken as they stand are one already."""
        found = []
        for reading in scan.readings:
            keys = tuple(reading_keys(reading, scan))
            if reading.frames is None:
                found.append(Source(base, keys, reading.leaves, tuple(read_as_is(reading, scan)), scan.totals))
                continue
            query = reading_select(reading, scan, base, self.ctes.add, self.frames)
            name = self.ctes.add(f"{base}_{_called(reading.frames)}", query)
            leaves = tuple(Leaf(leaf.name, column(leaf.name), leaf.counts) for leaf in reading.leaves)
            found.append(Source(name, keys, leaves))
        return found

    def frames(self, frames: Frames) -> str:
        """The CTE of frames, made when it is first needed."""
        if frames not in self._frames:
            query = frames_select(frames, self.periods())
            self._frames[frames] = self.ctes.add(f"{frames.key.name}s_{_called(frames)}", query)
        return self._frames[frames]

    def periods(self) -> str:
        """The CTE of the periods that are shown."""
        if not self._periods:
            self._periods = self._add_periods()
        return self._periods

    def _add_periods(self) -> str:
        spine = self.plan.spine
        assert spine is not None
        key = spine.keys[0]
        observed = ""
        if spine.period is None:
            labels = [_labels(base, scan, key, spine.now.calendar) for base, scan in self.bases]
            observed = self.ctes.add("observed", union_all([label for label in labels if label is not None]))
        found: exp.Query = spine_select(spine, observed, None)
        if spine.period is None or spine.period.end > spine.now.tomorrow:
            later = [self._own_periods(base, scan, key) for base, scan in self.bases]
            for own in filter(None, later):
                found = exp.Union(this=found, expression=own, distinct=True)
        return self.ctes.add(f"{key.name}s", found)

    def _own_periods(self, base: str, scan: Scan, key: Key) -> exp.Select | None:
        """The periods in which a scan has groups of its own, later ones than as-of among them."""
        reading = next((each for each in scan.readings if each.frames is None), None)
        if reading is None or key not in scan.keys:
            return None
        known = exp.Not(this=exp.Is(this=column(key.name), expression=exp.Null()))
        return where(select([column(key.name)], table(base)), [known, *read_as_is(reading, scan)])

    def united(self, sources: list[Source], needs_total: bool) -> str:
        """The name of the CTE that holds the groups of all sources, each leaf in its own column, and the empty cells."""
        leaves = [leaf for source in sources for leaf in source.leaves]
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
        return spine is None or spine.period is None or any(not key.is_time for key in self.plan.keys)

    def _cells(self, groups: str, leaves: list[Leaf]) -> exp.Select:
        """An empty cell for every place of the spine and every combination of the other keys seen in the groups."""
        plan, spine = self.plan, self.plan.spine
        assert spine is not None
        not_total = exp.Not(this=column(IS_TOTAL)) if plan.totals else None
        periods = self._periods or self.ctes.add(
            "_and_".join(f"{key.name}s" for key in spine.keys), spine_select(spine, groups, not_total)
        )
        others = [key for key in plan.keys if not key.is_time]
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


def _labels(base: str, scan: Scan, key: Key, calendar: Calendar) -> exp.Select | None:
    """The periods of a scan's rows, whatever they are grouped by."""
    part = next((each for each in scan.keys if each.is_time), None)
    if part is None:
        return None
    value: exp.Expr = column(part.name)
    if part.grain != key.grain:
        kind: TimeKind = "timestamp" if part.grain == MOMENT else "date"
        value = Clock(value, kind, "UTC", calendar).at(str(key.grain))
    return select([named(value, key.name)], table(base))


def _called(frames: Frames) -> str:
    """A name for frames."""
    return "before" if frames.frame.window is None else "windows"
