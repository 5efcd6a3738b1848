"""Add the periods without any row, so that a line chart has no holes and a quiet month shows 0."""

from __future__ import annotations

from dataclasses import replace

from semantic.asked import Asked
from semantic.errors import Diagnostic, QueryError
from semantic.periods import grains_between
from semantic.plan import Key, Plan, Spine

_MOST_PERIODS = 1_000_000


def fill_time_gaps(plan: Plan, asked: Asked) -> Plan:
    """Give the plan a spine where a time word is asked for and filling is not switched off."""
    keys = tuple(key for key in plan.keys if key.is_period)
    if not keys or not (asked.query.fill or plan.spine):
        return plan
    for key in keys:
        _check_size(key, asked)
    calendar = next((key.calendar for key in keys if key.calendar), None)
    days = asked.context.model.datasets[calendar] if calendar is not None else None
    return replace(plan, spine=Spine(keys, asked.period, asked.now, days=days), fill=asked.query.fill)


def _check_size(key: Key, asked: Asked) -> None:
    if asked.period is None or key.grain is None:
        return
    count = grains_between(asked.period, key.grain)
    if count > _MOST_PERIODS:
        message = f"filling {asked.period} by {key.grain} would make about {count:,} periods"
        raise QueryError(Diagnostic("E322", message, hint="shorten the period, take a coarser grain, or do not fill"))
