"""Deliver one run to one destination: the only place where a Receipt is made."""

from __future__ import annotations

from typing import Any, assert_never

from exporters.base import (
    AnyExporter,
    Change,
    DefinitionExporter,
    DeliveredQuery,
    Delivery,
    Destination,
    Publication,
    Receipt,
    RowExporter,
)
from exporters.naming import render, words_of
from exporters.values import content_hash
from semantic.errors import Diagnostic, ExportError, listing


def deliver(destination: Destination, delivery: Delivery) -> Receipt:
    """Deliver and verify, then return the receipt; raises ExportError.

    Rows that fail leave nothing behind: what stood at the destination before still stands there. A publication that
    fails half-way is finished by the next one, whose plan holds what is missing.
    """
    exporter: AnyExporter = destination.exporter
    options = render(destination.options, destination.node, words_of(delivery))
    try:
        match exporter:
            case RowExporter():
                return _deliver_rows(exporter, delivery, options)
            case DefinitionExporter():
                return _publish(exporter, delivery, options)
            case _:
                assert_never(exporter)
    except OSError as error:
        raise ExportError(_unwritable(destination, exporter.destination(options), error)) from error


def _deliver_rows(exporter: RowExporter[Any], delivery: Delivery, options: Any) -> Receipt:
    with exporter.stage(delivery, options) as staged:
        queries = tuple(_delivered_query(name, delivery) for name in staged.queries)
        verified = staged.verify()
        files = staged.commit()
    place = exporter.destination(options)
    return Receipt(delivery.export.name, exporter.name, place, delivery.as_of, verified, files=files, queries=queries)


def _delivered_query(name: str, delivery: Delivery) -> DeliveredQuery:
    result = delivery.results[name]
    return DeliveredQuery(name, len(result), result.sql_hash, content_hash(result))


def _publish(exporter: DefinitionExporter[Any], publication: Publication, options: Any) -> Receipt:
    changes = exporter.plan(publication, options)
    if changes:
        exporter.apply(publication, options, changes)
        if left := exporter.plan(publication, options):
            raise ExportError(_unfinished(exporter.destination(options), left))
    verified = exporter.verify(publication, options)
    place = exporter.destination(options)
    return Receipt(publication.export.name, exporter.name, place, publication.as_of, verified, changes=changes)


def _unwritable(destination: Destination, place: str, error: OSError) -> Diagnostic:
    reason = error.strerror or str(error)
    hint = "what stood there before still does"
    return Diagnostic("E520", f"'{place}' cannot be written: {reason}", destination.node.span, hint)


def _unfinished(place: str, left: tuple[Change, ...]) -> Diagnostic:
    names = listing(f"{change.action} {change.definition}" for change in left)
    return Diagnostic("E522", f"'{place}' still differs from the model after publishing: {names}")
