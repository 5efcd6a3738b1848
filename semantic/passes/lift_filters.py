"""Turn the leaves' own filters into a filter of the scan, so that a group exists only where some leaf has a row.

`logins` (filter a) alone: WHERE a. `logins` (a) and `purchases` (b): WHERE a OR b, and each aggregate keeps its FILTER.
Beside a metric without a filter every row counts, and nothing is lifted.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from semantic.plan import Plan, Scan
from semantic.resolve import Asked


def lift_filters(plan: Plan, _: Asked) -> Plan:
    """Lift the filters of every scan whose measures all have one."""
    return replace(
        plan,
        scans=tuple(map(_lift, plan.scans)),
        broadcasts=tuple(map(_lift, plan.broadcasts)),
    )


def _lift(scan: Scan) -> Scan:
    filters = [measure.filter for measure in scan.measures if measure.filter is not None]
    if not filters or len(filters) < len(scan.measures):
        return scan
    distinct = list(dict.fromkeys(filters))
    if len(distinct) == 1:
        bare = tuple(replace(measure, filter=None) for measure in scan.measures)
        return replace(scan, where=(*scan.where, distinct[0]), measures=bare)
    either = exp.or_(*(found.copy() for found in distinct), copy=False)
    return replace(scan, where=(*scan.where, either))
