"""Snapshots as SQL: which rows of a period are taken, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from semantic.expressions import call, cast
from semantic.frames import Cumulative
from semantic.framing import ENDS, STARTS, holds
from semantic.plan import Frames, Reading, Taken
from semantic.trees import column, group_by_position, join, named, select, subquery, table, where, window

AddCte = Callable[[str, exp.Query], str]
NEIGHBOUR = "neighbour"


def snapshot_select(reading: Reading, base: str, add: AddCte, frames_of: Callable[[Frames], str]) -> exp.Select:
    """The keys and the leaf of a reading of snapshots."""
    if reading.taken is None:
        raise TypeError("a reading of snapshots says which are taken")
    return _Snapshots(reading, reading.taken, base, add, frames_of).made()


@dataclass(frozen=True, slots=True)
class _Snapshots:
    reading: Reading
    taken: Taken
    base: str
    add: AddCte
    frames_of: Callable[[Frames], str]

    @property
    def _keys(self) -> list[str]:
        return [key.name for key in self.reading.keys]

    def made(self) -> exp.Select:
        """What becomes of the rows that are taken."""
        taken, leaf = self.taken, self.reading.leaves[0].name
        rows = self._rows()
        if taken.agg in ("min", "max"):
            return _extreme(taken, rows, self._keys, leaf, self.add)
        value: exp.Expr = column(taken.value)
        if taken.agg == "avg":
            period = [self.reading.frames.key.name] if self.reading.frames is not None else []
            rows = self.add(f"{rows}_times", _with_times(taken, rows, self._keys, period))
            value = exp.Div(this=cast(value, "double"), expression=column("times"), typed=False, safe=False)
        found = select([*map(column, self._keys), named(call("sum", value), leaf)], table(rows))
        return group_by_position(where(found, _passing(taken)), len(self._keys))

    def _rows(self) -> str:
        """The CTE of the rows of every period; of first or last snapshots only those."""
        if self.reading.frames is not None:
            return self.add(f"{self.base}_taken", self._in_frames(self.reading.frames))
        if self.taken.agg in ("first", "last"):
            return self.add(f"{self.base}_taken", _at_one_time(self.taken, self.base, self._keys))
        return self.base

    def _in_frames(self, frames: Frames) -> exp.Select:
        made, period = self.frames_of(frames), frames.key.name
        part = self.reading.part.name if self.reading.part else ""
        rows = self.base
        if self.taken.agg in ("first", "last"):
            times = self.add(f"{self.base}_times", _times(self.taken, self.base, part))
            rows = self.add(f"{self.base}_neighbours", self._with_neighbours(times, part, period))
        found = select([], table(made))
        ends = _is_end(self.taken, frames, made, rows)
        join(found, table(rows), exp.and_(holds(frames, made, column(part, rows)), *ends, copy=False))
        shown = [column(name, made if name == period else rows) for name in self._keys]
        found.set("expressions", [*shown, *_columns(self.taken, rows)])
        return found

    def _with_neighbours(self, times: str, part: str, period: str) -> exp.Select:
        """The rows at the times that are taken of each part."""
        taken, base = self.taken, self.base
        shown = [column(part if name == period else name, base) for name in self._keys]
        found = select([*shown, *_columns(taken, base), column(NEIGHBOUR, times)], table(base))
        same = [*taken.keys, part, taken.at]
        equal = [exp.NullSafeEQ(this=column(name, base), expression=column(name, times)) for name in same]
        return join(found, table(times), exp.and_(*equal, copy=False))


def _passing(taken: Taken) -> list[exp.Expr]:
    """The query's condition holds for the rows that are taken, not for those that they are taken from."""
    return [column(taken.passes)] if taken.passes else []


def _columns(taken: Taken, source: str | None = None) -> list[exp.Expr]:
    names = [taken.at, *taken.keys, taken.value, *([taken.passes] if taken.passes else [])]
    return [column(name, source) for name in names]


def _times(taken: Taken, base: str, part: str) -> exp.Select:
    """For every key and part the time that is taken of it, and the next part, or the one before."""
    own = list(map(column, taken.keys))
    extreme = (exp.Max if taken.agg == "last" else exp.Min)(this=column(taken.at))
    parts = select([*own, column(part), named(extreme, taken.at)], table(base))
    group_by_position(parts, len(own) + 1)
    step = "lead" if taken.agg == "last" else "lag"
    neighbour = window(step, [each.copy() for each in own], [column(part)], column(part))
    names = [*taken.keys, part, taken.at]
    return select([*map(column, names), named(neighbour, NEIGHBOUR)], subquery(parts, "parts"))


def _is_end(taken: Taken, frames: Frames, made: str, rows: str) -> list[exp.Expr]:
    """No later (earlier) snapshot of the key lies in the frame as well."""
    if taken.agg not in ("first", "last"):
        return []
    neighbour = column(NEIGHBOUR, rows)
    none: exp.Expr = exp.Is(this=neighbour, expression=exp.Null())
    if taken.agg == "last":
        outside: exp.Expr = exp.GTE(this=neighbour.copy(), expression=column(ENDS, made))
    elif isinstance(frames.frame.window, Cumulative):
        return [none]
    else:
        outside = exp.LT(this=neighbour.copy(), expression=column(STARTS, made))
    return [exp.Paren(this=exp.Or(this=none, expression=outside))]


def _at_one_time(taken: Taken, base: str, keys: list[str]) -> exp.Select:
    """The rows with the last (first) time of their key."""
    extreme = window("max" if taken.agg == "last" else "min", list(map(column, taken.keys)), [], column(taken.at))
    rows = select([*map(column, keys), *_columns(taken), named(extreme, NEIGHBOUR)], table(base))
    found = select([*map(column, keys), *_columns(taken)], subquery(rows, "snapshots"))
    return where(found, [exp.EQ(this=column(taken.at), expression=column(NEIGHBOUR))])


def _with_times(taken: Taken, rows: str, keys: list[str], period: list[str]) -> exp.Select:
    """The rows, and how many snapshots their key has."""
    apart = [*period, *taken.keys]

    def rank(descending: bool) -> exp.Expr:
        found = window("dense_rank", list(map(column, apart)), [column(taken.at)])
        found.args["order"].expressions[0].set("desc", descending)
        return found

    both = exp.Add(this=rank(False), expression=rank(True))
    times = exp.Sub(this=both, expression=exp.Literal.number(1))
    return select([*map(column, keys), *_columns(taken), named(times, "times")], table(rows))


def _extreme(taken: Taken, rows: str, keys: list[str], leaf: str, add: AddCte) -> exp.Select:
    """Of every key and group the smallest (largest) value of a snapshot, added up over the keys."""
    own = [*map(column, keys), *map(column, taken.keys)]
    at = select([*own, column(taken.at), named(call("sum", column(taken.value)), taken.value)], table(rows))
    group_by_position(where(at, _passing(taken)), len(own) + 1)
    single = add(f"{leaf}_snapshots", at)
    pick = (exp.Max if taken.agg == "max" else exp.Min)(this=column(taken.value))
    picked = select([*(each.copy() for each in own), named(pick, taken.value)], table(single))
    group_by_position(picked, len(own))
    found = select([*map(column, keys), named(call("sum", column(taken.value)), leaf)], subquery(picked, "picked"))
    return group_by_position(found, len(keys))
