"""Say of every period whether all its data are there, or leave out those of which they are not."""

from __future__ import annotations

from dataclasses import replace

from semantic.asked import Asked, metrics_within
from semantic.model import Dataset
from semantic.plan import Completeness, Plan, Reached, Scan
from semantic.resolve import beginning
from semantic.scans import RowScope


def mark_complete(plan: Plan, asked: Asked) -> Plan:
    """Give the plan what says how far the data reach, where `is_complete` or `complete_only` is asked for."""
    query = asked.query
    if not (query.is_complete or query.complete_only):
        return plan
    keys = tuple(key for key in plan.keys if key.is_time)
    reached = tuple(_reached(asked, *mark) for mark in _marks(plan, asked))
    begun = tuple(beginning(asked, *first) for first in _firsts(asked))
    found = Completeness(keys, asked.period, asked.now, reached, begun, query.is_complete, query.complete_only)
    return replace(plan, completeness=found)


def _marks(plan: Plan, asked: Asked) -> list[tuple[str, str | None]]:
    """What must have got to a period's end, each once: the datasets, and their watermarks or else the clocks."""
    model = asked.context.model
    found = [leaf for name in asked.query.metrics for leaf in metrics_within(model, model.metrics[name])]
    clocks = [(model.datasets[leaf.dataset], leaf.time) for leaf in found]
    if not asked.query.metrics:
        clocks = [(scan.dataset, None) for scan in plan.scans if isinstance(scan, Scan)]
    return list(dict.fromkeys((dataset.name, _mark(dataset, time)) for dataset, time in clocks))


def _firsts(asked: Asked) -> list[tuple[str, str | None]]:
    """The datasets and clocks by which first times are counted, each once."""
    model = asked.context.model
    leaves = [leaf for name in asked.query.metrics for leaf in metrics_within(model, model.metrics[name])]
    clocks = [(leaf.dataset, leaf.time or model.datasets[leaf.dataset].time) for leaf in leaves if leaf.first_ever]
    return list(dict.fromkeys(clocks))


def _mark(dataset: Dataset, time: str | None) -> str | None:
    declared = dataset.complete.watermark if dataset.complete is not None else None
    return declared or time or dataset.time


def _reached(asked: Asked, name: str, time: str | None) -> Reached:
    dataset, query = asked.context.source(name), asked.query
    scope = RowScope(asked.context, name, time, f"dataset '{name}'")
    clock = scope.clock("'is_complete'" if query.is_complete else "'complete_only'")
    return Reached(dataset, clock, dataset.complete.lag if dataset.complete is not None else None)
