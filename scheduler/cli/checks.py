"""What `metricast validate` finds in the target: tables, columns, types, queries, and with `--data` the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semantic import Diagnostic, Layer, MetricastError, Query
    from semantic.audit import Extent, Finding
    from semantic.columns import Schema
    from semantic.compile import Compiled

ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)
PURPOSE = "metricast validate: nothing is read"
CANCELLED, NO_CLOCK, REFUSED = "E405", {"E312", "E314"}, {"E402", "E406", "E431"}
NO_PERIOD, GRAINS = {"E341", "E342", "E343"}, ("day", "hour")  # what compares periods is asked by one of these


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


def check_metrics(layer: Layer) -> Checked:
    """Compare the columns, and let the target plan every metric that can do without what is wrong with them."""
    from semantic import EngineError, ModelError
    from semantic.columns import read_schema

    try:
        schema = read_schema(layer.engine, layer.model)
        return Checked((*schema.mistakes, *_refused(layer, schema)))
    except (EngineError, ModelError) as error:
        _stop_if_cancelled(error)
        return Checked(error.diagnostics)


def check_data(layer: Layer, as_of: datetime) -> Checked:
    """Compare the columns, look at the rows, and let the target plan every metric."""
    from semantic import EngineError, ModelError
    from semantic.audit import audit
    from semantic.columns import read_schema

    try:
        schema = read_schema(layer.engine, layer.model)
        done = audit(layer.engine, layer.model, schema, as_of)
        refused = _refused(layer, schema)
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


def _refused(layer: Layer, schema: Schema) -> tuple[Diagnostic, ...]:
    """What is wrong with metrics and dimensions once they are SQL for the target, which is not run."""
    from semantic.places import name_place

    faulty = frozenset(dataset for dataset, _ in schema.unfit)
    found = (
        mistake if mistake.span else replace(mistake, span=name_place(layer.model, name))
        for name, query in _queries(layer)
        for mistake in _asked(layer, query, faulty)
    )
    return tuple(dict.fromkeys(found))


def _queries(layer: Layer) -> Iterator[tuple[str, Query]]:
    """Yield, for every dataset, its dimensions alone, and for every metric, all that it can be cut by."""
    from semantic import Query

    for dataset, dimensions in layer.model.dimensions.items():
        if dimensions:
            yield f"datasets.{dataset}", Query(by=tuple(f"{dataset}.{name}" for name in dimensions), purpose=PURPOSE)
    for metric in layer.model.metrics:
        by = (*_grain(layer, metric), *layer.explain(metric).reachable)
        yield f"metrics.{metric}", Query((metric,), by, purpose=PURPOSE)


def _grain(layer: Layer, metric: str) -> tuple[str, ...]:
    """The time word without which a metric has no answer; none where it needs none, or where none helps."""
    if _has_period(layer, metric):
        return ()
    return next(((grain,) for grain in GRAINS if _has_period(layer, metric, grain)), ())


def _has_period(layer: Layer, metric: str, *by: str) -> bool:
    """Whether a query is not refused for the want of a period."""
    from semantic import Query, QueryError

    try:
        _compiled(layer, Query((metric,), by, purpose=PURPOSE))
    except QueryError as error:
        return NO_PERIOD.isdisjoint(each.code for each in error.diagnostics)
    return True


def _asked(layer: Layer, query: Query, faulty: frozenset[str], *, whole: bool = True) -> Iterator[Diagnostic]:
    """Yield why a query is refused. One that is refused as a whole is asked dimension by dimension."""
    from semantic import EngineError, QueryError

    try:
        sound = _without_faulty(layer, query, faulty)
        if sound is not None:
            layer.engine.explain(_compiled(layer, sound).sql)
    except EngineError as error:
        if not all(each.code in REFUSED for each in error.diagnostics):
            raise
        yield from error.diagnostics
    except QueryError as error:
        if whole:
            for part in _parts(query):
                yield from _asked(layer, part, faulty, whole=False)
        else:
            yield from (each for each in error.diagnostics if each.code not in NO_CLOCK)


def _without_faulty(layer: Layer, query: Query, faulty: frozenset[str]) -> Query | None:
    """As much of a query as reads none of the faulty datasets; None if nothing does."""

    def reads_faulty(part: Query) -> bool:
        return not faulty.isdisjoint(_datasets(_compiled(layer, part)))

    if not reads_faulty(query):
        return query
    if query.metrics and reads_faulty(replace(query, by=())):
        return None
    by = tuple(name for name in query.by if not reads_faulty(replace(query, by=(name,))))
    return replace(query, by=by) if query.metrics or by else None


def _compiled(layer: Layer, query: Query) -> Compiled:
    return layer.compile(query, as_of=ANY_TIME, dialect=layer.engine.dialect)


def _datasets(compiled: Compiled) -> frozenset[str]:
    """All that a query reads."""
    scans = compiled.plan.all_scans
    looked_up = (lookup.dataset.name for scan in scans for lookup in scan.lookups)
    return frozenset((*(scan.dataset.name for scan in scans), *looked_up))


def _parts(query: Query) -> Iterator[Query]:
    """Yield a query without its dimensions, and with each of them alone; a time word that it needs stays."""
    word = tuple(name for name in query.by[:1] if name in GRAINS)
    if query.metrics:
        yield replace(query, by=word)
    for name in query.by[len(word) :]:
        yield replace(query, by=(*word, name))
