"""Readings of a scan as SQL: what its rows are in the periods that are shown."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from semantic.expressions import call, date_literal
from semantic.frames import Cumulative
from semantic.framing import ENDS, STARTS, holds
from semantic.plan import Frames, Key, Leaf, Reading, Scan
from semantic.trees import column, group_by_position, join, named, select, subquery, table, union_all, where, window

AddCte = Callable[[str, exp.Query], str]


def reading_select(
    reading: Reading, scan: Scan, base: str, add: AddCte, frames_of: Callable[[Frames], str]
) -> exp.Select:
    """The keys and leaves of a framed reading; `base` is the CTE of its scan, `frames_of` gives that of frames."""
    assert reading.frames is not None
    keys = reading_keys(reading, scan)
    frames = frames_of(reading.frames)
    if reading.how == "sweep":
        return _sweep(reading, scan, base, frames, add)
    part = column(reading.part.name if reading.part else "", base)
    found = select([*(_key(key, reading, frames, base) for key in keys), *_leaves(reading, base)], table(frames))
    join(found, table(base), holds(reading.frames, frames, part))
    return found if reading.how == "whole" else group_by_position(found, len(keys))


def reading_keys(reading: Reading, scan: Scan) -> list[Key]:
    """The keys of the answer that a reading has: its own period in the place of the part."""
    keys = [key for key in scan.keys if key.name != reading.entity]
    if reading.frames is None or reading.part is None:
        return keys
    return [reading.frames.key if key == reading.part else key for key in keys]


def _key(key: Key, reading: Reading, frames: str, base: str) -> exp.Expr:
    is_period = reading.frames is not None and key == reading.frames.key
    return column(key.name, frames if is_period else base)


def _leaves(reading: Reading, base: str | None = None) -> list[exp.Expr]:
    return [named(_qualified(leaf, base), leaf.name) for leaf in reading.leaves]


def _qualified(leaf: Leaf, base: str | None) -> exp.Expr:
    found = leaf.value.copy()
    for each in found.find_all(exp.Column) if base else ():
        each.set("table", exp.to_identifier(base))
    return found


def read_as_is(reading: Reading, scan: Scan) -> list[exp.Expr]:
    """The scan may reach further back, or on, than the periods that are shown."""
    key = next((key for key in scan.keys if key.is_time), None)
    if reading.labels is None or key is None or len(scan.readings) == 1:
        return []
    name = column(key.name)
    first = exp.GTE(this=name, expression=date_literal(reading.labels.start))
    return [first, exp.LT(this=name.copy(), expression=date_literal(reading.labels.end))]


def _sweep(reading: Reading, scan: Scan, base: str, frames: str, add: AddCte) -> exp.Select:
    """Distinct values in each frame, in one pass over the parts: linear, however long the window.

    Each part in which a value occurs covers the periods in whose frames it lies, up to those that the value's next part
    covers as well; +1 where that begins, -1 where it ends, summed up over the periods.
    """
    assert reading.frames is not None and reading.part is not None
    period, part, counted = reading.frames.key.name, reading.part.name, reading.entity
    others = [key.name for key in reading_keys(reading, scan) if key.name != period]
    numbered = add(f"{frames}_numbered", _numbered(reading.frames, frames))
    reach = add(f"{base}_reach", _reach(reading, base, numbered))
    spans = add(f"{base}_spans", _spans(base, reach, part, counted, others))
    steps = add(f"{base}_steps", _steps(spans, numbered, others))
    shown = [column(key.name, numbered if key.name == period else "running") for key in reading_keys(reading, scan)]
    value = named(column("distinct_values", "running"), reading.leaves[0].name)
    found = select([*shown, value], subquery(_running(steps, others), "running"))
    join(found, table(numbered), exp.EQ(this=column("number", numbered), expression=column("number", "running")))
    return where(found, [exp.GT(this=column("parts", "running"), expression=exp.Literal.number(0))])


def _numbered(frames: Frames, name: str) -> exp.Select:
    """The frames with the number of their period, from 1."""
    key = column(frames.key.name)
    edges = [STARTS, ENDS] if not isinstance(frames.frame.window, Cumulative) else [ENDS]
    number = named(window("row_number", [], [key.copy()]), "number")
    return select([key, *map(column, edges), number], table(name))


def _reach(reading: Reading, base: str, numbered: str) -> exp.Select:
    """For every part the first and the last period in whose frames it lies."""
    assert reading.frames is not None and reading.part is not None
    part = reading.part.name
    days = select([column(part)], table(base))
    days.set("distinct", exp.Distinct())
    number = column("number", numbered)
    found = select(
        [
            column(part, "days"),
            named(exp.Min(this=number), "first_number"),
            named(exp.Max(this=number.copy()), "last_number"),
        ],
        subquery(days, "days"),
    )
    join(found, table(numbered), holds(reading.frames, numbered, column(part, "days")))
    return group_by_position(found, 1)


def _spans(base: str, reach: str, part: str, counted: str, others: list[str]) -> exp.Select:
    """For every value and part: from which period on it counts, and where the next part of the value takes over."""
    first, last = column("first_number", reach), column("last_number", reach)
    mine: list[exp.Expr] = [*(column(name, base) for name in others), column(counted, base)]
    following = window("lead", mine, [column(part, base)], first.copy())
    after = exp.Add(this=last, expression=exp.Literal.number(1))
    until = call("least", after, following)  # NULLs are not looked at
    present = exp.Case().when(exp.Is(this=column(counted, base), expression=exp.Null()), exp.Literal.number(0))
    found = select(
        [
            *(column(name, base) for name in others),
            named(first, "number"),
            named(until, "until_number"),
            named(present.else_(exp.Literal.number(1)), "is_value"),
        ],
        table(base),
    )
    same = exp.EQ(this=column(part, base), expression=column(part, reach))
    return join(found, table(reach), same)


def _steps(spans: str, numbered: str, others: list[str]) -> exp.Query:
    """By how much the count changes from one period to the next, in every period."""
    keys: list[exp.Expr] = [column(name) for name in others]
    rows, values = exp.Count(this=exp.Star()), exp.Sum(this=column("is_value"))
    up = select([*keys, column("number"), named(rows, "parts"), named(values, "distinct_values")], table(spans))
    down = select(
        [*(key.copy() for key in keys), column("until_number"), exp.Neg(this=rows.copy()), exp.Neg(this=values.copy())],
        table(spans),
    )
    group_by_position(up, len(keys) + 1)
    group_by_position(down, len(keys) + 1)
    zero = exp.Literal.number(0)
    every = select([*(key.copy() for key in keys), column("number", numbered), zero, zero.copy()], table(numbered))
    if others:
        seen = select([key.copy() for key in keys], table(spans))
        seen.set("distinct", exp.Distinct())
        every.append("joins", exp.Join(this=subquery(seen, "seen"), kind="CROSS"))
    return union_all([up, down, every])


def _running(steps: str, others: list[str]) -> exp.Select:
    """The changes summed up from the first period on."""
    keys: list[exp.Expr] = [column(name) for name in others]
    sums: list[exp.Expr] = []
    for name in ("parts", "distinct_values"):
        total = exp.Sum(this=exp.Sum(this=column(name)))
        order = exp.Order(expressions=[exp.Ordered(this=column("number"), nulls_first=False)])
        window = exp.Window(this=total, partition_by=[key.copy() for key in keys], order=order)
        sums.append(named(window, name))
    found = select([*keys, column("number"), *sums], table(steps))
    return group_by_position(found, len(keys) + 1)
