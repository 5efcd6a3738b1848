"""Query + Model → Plan: every name gets its meaning, every leaf its rows; what has no answer is refused here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlglot import exp

from semantic.asked import Asked, understand
from semantic.errors import Diagnostic, QueryError, listing
from semantic.frames import Frame
from semantic.leaves import LeafBook, WantedKnown
from semantic.model import Model
from semantic.parse import parse
from semantic.plan import Frames, Known, Output, Plan, Scan, Sort
from semantic.query import Query
from semantic.scanning import distinct_scan, scans_of
from semantic.scans import RowScope


def resolve(query: Query, model: Model, as_of: datetime) -> tuple[Plan, Asked]:
    """Understand a query. Raises QueryError."""
    asked = understand(query, model, as_of)
    plan = planned(asked)
    if query.totals and (plan.knowns or any(scan.is_framed for scan in (*plan.scans, *plan.broadcasts))):
        bare = replace(query, by=(), having=None, order=(), limit=None)
        total = planned(replace(asked, by=(), query=bare, total_of=asked.grain))
        plan = replace(plan, total=replace(total, totals=False))
    elif query.totals:
        plan = replace(plan, scans=_with_totals(plan.scans), broadcasts=_with_totals(plan.broadcasts))
    return plan, asked


def planned(asked: Asked) -> Plan:
    """The plan of a query that is understood, its total aside."""
    query, book = asked.query, LeafBook(asked)
    outputs = tuple(Output(name, book.metric(name)) for name in query.metrics)
    having = _having(query, {output.name: output.value for output in outputs})
    scans = scans_of(asked, book.found.leaves.values()) if query.metrics else [distinct_scan(asked)]
    own = tuple(scan for scan in scans if _depth(scan) == len(asked.by))
    if not own:
        by = listing([key.name for key in asked.keys])
        message = f"nothing in this query makes groups by {by}: every part ignores some of it"
        raise QueryError(Diagnostic("E318", message, hint="add a metric that is counted by them"))
    broadcasts = tuple(scan for scan in scans if _depth(scan) < len(asked.by))
    order = tuple(_sort(entry) for entry in query.order)
    knowns = tuple(_known(asked, wanted) for wanted in book.found.knowns.values())
    return Plan(asked.keys, own, broadcasts, outputs, having, order, query.limit, query.totals, knowns=knowns)


def _depth(scan: Scan) -> int:
    """By how many keys of the query a scan makes groups."""
    return len(scan.keys) - sum(bool(reading.entity) for reading in scan.readings[:1])


def _with_totals(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    return tuple(replace(scan, totals=True) for scan in scans)


def _known(asked: Asked, wanted: WantedKnown) -> Known:
    """Where it stands whether the data of a clock had begun."""
    dataset = asked.context.model.datasets[wanted.dataset]
    clock = RowScope(asked.context, dataset.name, wanted.time, f"dataset '{dataset.name}'").began()
    if wanted.end is not None:
        return Known(wanted.name, dataset, clock, None, wanted.end)
    key = next(key for key in asked.keys if key.is_time)
    return Known(wanted.name, dataset, clock, Frames(key, Frame(wanted.shifts), asked.period, asked.now))


def _having(query: Query, outputs: dict[str, exp.Expr]) -> exp.Expr | None:
    if query.having is None:
        return None
    return parse(query.having).replace_names(lambda name: outputs[str(name)].copy())


def _sort(entry: str) -> Sort:
    name, _, direction = entry.strip().partition(" ")
    return Sort(name, direction.strip().lower() == "desc")
