"""What `metricast validate` finds in the target: tables, columns and types, and with `--data` the rows themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semantic import Diagnostic, Layer, MetricastError, Query
    from semantic.audit import Extent, Finding

ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)
PURPOSE = "metricast validate: nothing is read"
CANCELLED, NO_CLOCK, REFUSED = "E405", {"E312", "E314"}, {"E402", "E406"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: mistakes, findings that are none, the extents of the datasets; or why nothing was looked at."""

    mistakes: tuple[Diagnostic, ...] = ()
    findings: tuple[Finding, ...] = ()
    extents: tuple[Extent, ...] = ()
    unreachable: Diagnostic | None = None


def check_columns(layer: Layer) -> Checked:
    """Compare what the YAML names with the tables and columns of the target, if it can be reached."""
    from semantic import EngineError, ModelError
    from semantic.columns import read_schema

    try:
        return Checked(read_schema(layer.engine, layer.model).mistakes)
    except (EngineError, ModelError) as error:
        _stop_if_cancelled(error)
        return Checked(unreachable=error.diagnostics[0])


def check_data(layer: Layer, as_of: datetime) -> Checked:
    """Compare the columns, look at the rows, and where the columns are right ask the target to take every metric."""
    from semantic import EngineError, ModelError
    from semantic.audit import audit
    from semantic.columns import read_schema

    try:
        schema = read_schema(layer.engine, layer.model)
        done = audit(layer.engine, layer.model, schema, as_of)
        refused = () if schema.mistakes else tuple(dict.fromkeys(_refused(layer)))
    except (EngineError, ModelError) as error:
        _stop_if_cancelled(error)
        return Checked(error.diagnostics)
    broken = (found.diagnostic for found in done.findings if found.severity == "mistake")
    findings = tuple(found for found in done.findings if found.severity == "finding")
    return Checked((*schema.mistakes, *broken, *refused), findings, done.extents)


def _stop_if_cancelled(error: MetricastError) -> None:
    """Let an error go on that came of the person's own Ctrl-C."""
    if any(each.code == CANCELLED for each in error.diagnostics):
        raise error


def _refused(layer: Layer) -> Iterator[Diagnostic]:
    """Yield what is wrong with a metric or dimension once it is SQL for the target, which is not run."""
    from semantic.places import name_place

    for name, query in _queries(layer):
        for mistake in _asked(layer, query):
            yield mistake if mistake.span else replace(mistake, span=name_place(layer.model, name))


def _queries(layer: Layer) -> Iterator[tuple[str, Query]]:
    """Yield, for every dataset, its dimensions alone, and for every metric, all that it can be cut by."""
    from semantic import Query

    for dataset, dimensions in layer.model.dimensions.items():
        if dimensions:
            yield f"datasets.{dataset}", Query(by=tuple(f"{dataset}.{name}" for name in dimensions), purpose=PURPOSE)
    for metric in layer.model.metrics:
        yield f"metrics.{metric}", Query((metric,), layer.explain(metric).reachable, purpose=PURPOSE)


def _asked(layer: Layer, query: Query, *, whole: bool = True) -> Iterator[Diagnostic]:
    """Yield why a query is refused. One that is refused as a whole is asked dimension by dimension."""
    from semantic import EngineError, QueryError

    try:
        layer.engine.column_types(layer.compile(query, as_of=ANY_TIME).sql)
    except EngineError as error:
        if not all(each.code in REFUSED for each in error.diagnostics):
            raise
        yield from error.diagnostics
    except QueryError as error:
        if whole:
            for part in _parts(query):
                yield from _asked(layer, part, whole=False)
        else:
            yield from (each for each in error.diagnostics if each.code not in NO_CLOCK)


def _parts(query: Query) -> Iterator[Query]:
    """Yield a query without its dimensions, and with each of them alone."""
    if query.metrics:
        yield replace(query, by=())
    for name in query.by:
        yield replace(query, by=(name,))
