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
    shared: list[Scan] = []
    for scan in scans:
        at = next((at for at, known in enumerate(shared) if _can_share(known, scan)), None)
        if at is None:
            shared.append(scan)
        else:
            shared[at] = _merge(shared[at], scan)
    return tuple(shared)


def _can_share(one: Scan, other: Scan) -> bool:
    """Whether two scans read the same rows into the same groups, and mean the same by every alias."""
    if (one.dataset.name, one.clock, one.keys) != (other.dataset.name, other.clock, other.keys):
        return False
    paths = {lookup.alias.lower(): lookup.path for lookup in one.lookups}
    return all(paths.get(lookup.alias.lower(), lookup.path) == lookup.path for lookup in other.lookups)


def _merge(one: Scan, other: Scan) -> Scan:
    known = {lookup.alias for lookup in one.lookups}
    added = tuple(lookup for lookup in other.lookups if lookup.alias not in known)
    return replace(one, lookups=one.lookups + added, measures=one.measures + other.measures)
