"""Turn the leaves' own filters into a filter of the scan, so that a group exists only where some leaf has a row.

`logins` (filter a) alone: WHERE a. `logins` (a) and `purchases` (b): WHERE a OR b, and each aggregate keeps its FILTER.
Beside a metric without a filter every row counts, and nothing is lifted. A filter that another one is part of adds no
row: `a` and `a and b` together: WHERE a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from semantic.asked import Asked
from semantic.plan import Plan, Scan


def lift_filters(plan: Plan, asked: Asked) -> Plan:
    """Lift the filters of every scan whose measures all have one."""
    return plan.with_scans(_lift, lambda inner: lift_filters(inner, asked))


def _lift(scan: Scan) -> Scan:
    filters = [measure.filter for measure in scan.measures if measure.filter is not None]
    if not filters or len(filters) < len(scan.measures):
        return scan
    widest = _widest(list(dict.fromkeys(filters)))
    if len(widest) == 1:
        bare = tuple(replace(m, filter=None if m.filter == widest[0] else m.filter) for m in scan.measures)
        return replace(scan, where=(*scan.where, widest[0]), measures=bare)
    either = exp.or_(*(found.copy() for found in widest), copy=False)
    return replace(scan, where=(*scan.where, either))


def _widest(filters: list[exp.Expr]) -> list[exp.Expr]:
    """The filters that no other one holds in: `a` of `a` and `a and b`."""
    parts = [frozenset(_conditions(found)) for found in filters]
    return [found for found, own in zip(filters, parts, strict=True) if not any(other < own for other in parts)]


def _conditions(tree: exp.Expr) -> Iterator[exp.Expr]:
    """What must hold, all of it, for a condition to hold."""
    match tree:
        case exp.And():
            yield from _conditions(tree.this)
            yield from _conditions(tree.expression)
        case exp.Paren():
            yield from _conditions(tree.this)
        case _:
            yield tree
