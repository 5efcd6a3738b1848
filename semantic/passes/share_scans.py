"""Let the leaves of one dataset, clock and grain share one pass over its rows.

Two metrics of `activity` by month: one SELECT with two aggregates instead of two SELECTs.
"""

from __future__ import annotations

from dataclasses import replace

from semantic.plan import Plan, Scan
from semantic.resolve import Asked


def share_scans(plan: Plan, _: Asked) -> Plan:
    """Merge scans that read the same rows into the same groups."""
    return replace(plan, scans=_merged(plan.scans), broadcasts=_merged(plan.broadcasts))


def _merged(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    shared: dict[object, Scan] = {}
    for scan in scans:
        same_rows = (scan.dataset.name, scan.clock, scan.keys)
        known = shared.get(same_rows)
        shared[same_rows] = scan if known is None else _merge(known, scan)
    return tuple(shared.values())


def _merge(one: Scan, other: Scan) -> Scan:
    """Lookups are known by their alias; one alias stands for one chain of joins in every scan of a dataset."""
    known = {lookup.alias for lookup in one.lookups}
    added = tuple(lookup for lookup in other.lookups if lookup.alias not in known)
    return replace(one, lookups=one.lookups + added, measures=one.measures + other.measures)
