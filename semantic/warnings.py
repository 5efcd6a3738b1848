"""What is not wrong, and should be looked at: names that go away and are still used, personal data that may show."""

from __future__ import annotations

from collections.abc import Iterator

from semantic.described import Described
from semantic.errors import Diagnostic, QueryError, Span
from semantic.model import Model
from semantic.names import DimensionRef, dimensions_of, read_name
from semantic.places import key_place, within
from semantic.privacy import unmarked


def deprecated_metrics_within(model: Model) -> Iterator[Diagnostic]:
    """Metrics that are made of a deprecated one, and are not deprecated themselves."""
    for metric in model.metrics.values():
        for reference in metric.references() if metric.deprecated is None else ():
            path = (f"metrics.{metric.name}", *reference.path)
            span = within(model, reference.start, reference.end, *path)
            yield from _warning(f"metric '{metric.name}'", reference.metric, model.metrics[reference.metric], span)


def unmarked_dimensions(model: Model) -> Iterator[Diagnostic]:
    """Dimensions made of a personal column that do not say whether they are personal: they are not masked."""
    for dataset, name, personal in unmarked(model):
        span = key_place(model, f"datasets.{dataset}", "dimensions", name)
        message = f"dimension '{dataset}.{name}' reads what '{personal}' does, which is personal, and is not masked"
        yield Diagnostic("E224", message, span, "say personal: true, or personal: false where it tells of nobody")


def deprecated_name(model: Model, user: str, name: str, span: Span) -> Iterator[Diagnostic]:
    """A deprecated metric or dimension in a query of `user`, at a place."""
    if name in model.metrics:
        yield from _warning(user, name, model.metrics[name], span)
        return
    try:
        reference = read_name(model, name)
    except QueryError:
        return  # reported where the query is checked
    if isinstance(reference, DimensionRef):
        for found in dimensions_of(model, reference)[:1]:
            yield from _warning(user, name, found, span)


def _warning(user: str, name: str, thing: Described, span: Span) -> Iterator[Diagnostic]:
    if thing.deprecated is not None:
        hint = f"use '{thing.deprecated.use}' instead" + (f": {thing.deprecated.note}" if thing.deprecated.note else "")
        yield Diagnostic("E223", f"{user} uses '{name}', which is deprecated", span, hint)
