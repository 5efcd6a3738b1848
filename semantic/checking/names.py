"""What is wrong with checks before they are run: names, conditions and periods, and values that are no numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from semantic.check_query import kind_of_metric
from semantic.checking.shape import Check, Mention
from semantic.compile import compile_query
from semantic.errors import Diagnostic, QueryError, Span, listing, suggest
from semantic.model import Model
from semantic.places import name_place, place_in_query, within

_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)  # whether a query is right does not depend on it


def check_mentions(model: Model) -> Iterator[Diagnostic]:
    """The metrics that checks name exist."""
    for check in model.checks.values():
        for mention in check.mentions:
            if mention.metric not in model.metrics:
                message = f"unknown metric '{mention.metric}' in check '{check.name}'"
                hint = suggest(mention.metric, model.metrics) or f"metrics: {listing(model.metrics)}"
                yield Diagnostic("E209", message, _place(model, check, mention), hint)


def check_queries(model: Model) -> Iterator[Diagnostic]:
    """The query of every check has an answer, in numbers."""
    for check in model.checks.values():
        for mention in check.mentions:
            kind = kind_of_metric(model, mention.metric)
            if kind not in (None, "number"):
                message = f"check '{check.name}' holds '{mention.metric}' against a number, and it is a {kind}"
                yield Diagnostic("E228", message, _place(model, check, mention), "check a metric that is a number")
        try:
            compile_query(model, check.query, as_of=_ANY_TIME)
        except QueryError as error:
            for mistake in error.diagnostics:
                yield replace(mistake, span=_query_place(model, check, mistake))


def _place(model: Model, check: Check, mention: Mention) -> Span:
    """Where a check names a metric."""
    at, start = f"checks.{check.name}", mention.start
    node = model.nodes.get(at)
    path = mention.path
    if node is not None and path[0] == "flows" and not node.child("flows").children:
        path = ("flows",)  # one flow that is no list
    return within(model, start, start + len(mention.metric), at, *path)


def _query_place(model: Model, check: Check, mistake: Diagnostic) -> Span:
    """Where a mistake of a check's query is."""
    at = f"checks.{check.name}"
    node, name = model.nodes.get(at), name_place(model, at)
    return place_in_query(node, mistake, (node,), name) if node else name
