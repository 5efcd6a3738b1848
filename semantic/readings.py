"""Readings of a scan as SQL: what its rows are in the periods that are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from semantic.expressions import call
from semantic.frames import Cumulative
from semantic.framing import ENDS, STARTS, holds
from semantic.plan import Frames, Key, Leaf, Reading, Scan
from semantic.trees import (
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
    window,
)

AddCte = Callable[[str, exp.Query], str]


def reading_select(reading: Reading, base: str, add: AddCte, frames_of: Callable[[Frames], str]) -> exp.Select:
    """The keys and leaves of a framed reading; `base` is the CTE of its scan, `frames_of` gives that of frames."""
    if reading.frames is None or reading.part is None:
        raise TypeError("only a framed reading is made of parts")
    frames = frames_of(reading.frames)
    if reading.how == "sweep":
        return _swept(reading, reading.frames, base, frames, add)
    if reading.how == "firsts":
        base = add(f"{base}_counted", _counted(reading, reading.frames, reading.part, base))
    keys = [column(key.name, frames if key == reading.frames.key else base) for key in reading.keys]
    found = select([*keys, *_leaves(reading, base)], table(frames))
    join(found, table(base), holds(reading.frames, frames, column(reading.part.name, base)))
    return found if reading.how == "whole" else group_by_position(found, len(keys))


def _counted(reading: Reading, frames: Frames, part: Key, base: str) -> exp.Select:
    """How many values were first seen in each part; each counts from then on."""
    keys = [column(part.name if key == frames.key else key.name) for key in reading.keys]
    value = named(exp.Count(this=column(reading.entity)), reading.leaves[0].name)
    return group_by_position(select([*keys, value], table(base)), len(keys))


def _leaves(reading: Reading, base: str) -> list[exp.Expr]:
    found = [named(_qualified(leaf, base), leaf.name) for leaf in reading.leaves]
    if reading.how == "firsts":
        return [named(call("sum", each.this), each.alias) for each in found]
    return found


def _qualified(leaf: Leaf, base: str) -> exp.Expr:
    found = leaf.value.copy()
    for each in found.find_all(exp.Column):
        each.set("table", exp.to_identifier(base))
    return found


def read_as_is(reading: Reading, scan: Scan) -> list[exp.Expr]:
    """The scan may reach further back, or on, than the periods that are shown."""
    return [] if len(scan.readings) == 1 else [each.copy() for each in reading.shown]


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Distinct values in each frame, in one pass over the parts: linear, however long the window.

    Each part in which a value occurs covers the periods in whose frames it lies, up to those that the value's next part
    covers as well; +1 where that begins, -1 where it ends, summed up over the periods.
    """

    frames: Frames
    made: str  # the CTE of the frames
    base: str  # that of the scan
    part: str
    last: str
    counted: str
    others: tuple[str, ...]

    def name(self, word: str) -> str:
        """A column of its own, called unlike any key."""
        return unused(word, {*self.others, self.frames.key.name, self.part, self.counted})

    def keys(self, source: str | None = None) -> list[exp.Expr]:
        """The other keys."""
        return [column(name, source) for name in self.others]

    def numbered(self) -> exp.Select:
        """The frames with the number of their period, from 1."""
        key = column(self.frames.key.name)
        edges = [STARTS, ENDS] if not isinstance(self.frames.frame.window, Cumulative) else [ENDS]
        number = named(window("row_number", [], [key.copy()]), self.name("number"))
        return select([key, *map(column, edges), number], table(self.made))

    def reach(self, numbered: str) -> exp.Select:
        """For every part the first and the last period in whose frames it lies, or those that it lies between."""
        if self.last:
            return self._reach_of_blocks(numbered)
        parts = select([column(self.part)], table(self.base))
        parts.set("distinct", exp.Distinct())
        number = column(self.name("number"), numbered)
        found = self._extremes(subquery(parts, "parts"), number, number)
        join(found, table(numbered), holds(self.frames, numbered, column(self.part, "parts")))
        return group_by_position(found, 1)

    def _extremes(self, parts: exp.Expr, first: exp.Expr, last: exp.Expr) -> exp.Select:
        edges = [named(exp.Min(this=first.copy()), self.name("first_number"))]
        edges.append(named(exp.Max(this=last.copy()), self.name("last_number")))
        return select([column(self.part, "parts"), *edges], parts)

    def _reach_of_blocks(self, numbered: str) -> exp.Select:
        """For every day the first period that ends after it, and the last that begins by then."""
        days = select([column(self.part)], table(self.base))
        both = exp.Union(this=days, expression=select([column(self.last)], table(self.base)), distinct=True)
        day, number = column(self.part, "parts"), column(self.name("number"), numbered)
        ends_after = exp.GT(this=column(ENDS, numbered), expression=day)
        begins_by = exp.LTE(this=column(STARTS, numbered), expression=day.copy())
        first, last = exp.Case().when(ends_after, number), exp.Case().when(begins_by, number.copy())
        found = self._extremes(subquery(both, "parts"), first, last)
        return group_by_position(cross_join(found, table(numbered)), 1)

    def spans(self, reach: str) -> exp.Select:
        """For every value and part: from which period on it counts, and where the next part of the value takes over.

        A part that lies in no frame counts nowhere. A block of days counts from its first day on to its last one's end:
        as no window is shorter than the block, one of the two lies in every one between.
        """
        ends = self.name("ends") if self.last else reach
        first, last = column(self.name("first_number"), reach), column(self.name("last_number"), ends)
        mine = [*self.keys(self.base), column(self.counted, self.base)]
        following = window("lead", mine, [column(self.part, self.base)], first.copy())
        after = exp.Add(this=last, expression=exp.Literal.number(1))
        until = call("least", after, following)  # NULLs are not looked at
        is_null = exp.Is(this=column(self.counted, self.base), expression=exp.Null())
        is_value = exp.Case().when(is_null, exp.Literal.number(0)).else_(exp.Literal.number(1))
        edges = [named(first, self.name("number")), named(until, self.name("until_number"))]
        found = select([*self.keys(self.base), *edges, named(is_value, self.name("is_value"))], table(self.base))
        join(found, table(reach), exp.EQ(this=column(self.part, self.base), expression=column(self.part, reach)))
        if self.last:
            again = exp.Table(this=exp.to_identifier(reach), alias=exp.TableAlias(this=exp.to_identifier(ends)))
            join(found, again, exp.EQ(this=column(self.last, self.base), expression=column(self.part, ends)))
            where(found, [exp.LTE(this=first.copy(), expression=last.copy())])
        return found

    def steps(self, spans: str, numbered: str) -> exp.Query:
        """By how much the counts of rows and of values change from one period to the next, in every period."""
        rows, values = exp.Count(this=exp.Star()), exp.Sum(this=column(self.name("is_value")))
        number, zero = column(self.name("number")), exp.Literal.number(0)
        counts = [named(rows, self.name("parts")), named(values, self.name("distinct_values"))]
        up = select([*self.keys(), number, *counts], table(spans))
        fewer: list[exp.Expr] = [exp.Neg(this=rows.copy()), exp.Neg(this=values.copy())]
        down = select([*self.keys(), column(self.name("until_number")), *fewer], table(spans))
        for each in (up, down):
            group_by_position(each, len(self.others) + 1)
        every = select([*self.keys(), column(self.name("number"), numbered), zero, zero.copy()], table(numbered))
        if self.others:
            seen = select(self.keys(), table(spans))
            seen.set("distinct", exp.Distinct())
            cross_join(every, subquery(seen, "seen"))
        return union_all([up, down, every])

    def running(self, steps: str) -> exp.Select:
        """The changes summed up from the first period on."""
        sums: list[exp.Expr] = []
        for name in (self.name("parts"), self.name("distinct_values")):
            order = exp.Order(expressions=[exp.Ordered(this=column(self.name("number")), nulls_first=False)])
            total = exp.Sum(this=exp.Sum(this=column(name)))
            sums.append(named(exp.Window(this=total, partition_by=self.keys(), order=order), name))
        found = select([*self.keys(), column(self.name("number")), *sums], table(steps))
        return group_by_position(found, len(self.others) + 1)


def _swept(reading: Reading, frames: Frames, base: str, made: str, add: AddCte) -> exp.Select:
    """Distinct values in each frame."""
    keys = [key.name for key in reading.keys]
    others = tuple(name for name in keys if name != frames.key.name)
    sweep = _Sweep(frames, made, base, reading.part.name if reading.part else "", reading.last, reading.entity, others)
    numbered = add(f"{made}_numbered", sweep.numbered())
    reach = add(f"{base}_reach", sweep.reach(numbered))
    spans = add(f"{base}_spans", sweep.spans(reach))
    steps = add(f"{base}_steps", sweep.steps(spans, numbered))
    shown = [column(name, numbered if name == frames.key.name else "running") for name in keys]
    value = named(column(sweep.name("distinct_values"), "running"), reading.leaves[0].name)
    found = select([*shown, value], subquery(sweep.running(steps), "running"))
    number = sweep.name("number")
    join(found, table(numbered), exp.EQ(this=column(number, numbered), expression=column(number, "running")))
    has_rows = exp.GT(this=column(sweep.name("parts"), "running"), expression=exp.Literal.number(0))
    return where(found, [has_rows])
