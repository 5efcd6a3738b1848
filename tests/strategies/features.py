"""Which parts of the language an example reaches, so that a run can say what it has not tried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.reference import Dataset, Derived, Expr, Metric, Model, Ratio, Refused, Simple
from tests.reference.expressions import names, within
from tests.reference.lookup import Field, resolve, resolve_own
from tests.reference.model import WORDS
from tests.strategies.example import TYPE_NAMES, Example
from tests.strategies.looking_back import looked_back
from tests.strategies.over import leaves, parts

HOW: dict[object, str] = {"rows": " of rows", "list": " of several"}


def features(example: Example) -> set[str]:
    """Names such as `agg sum`, `grain week`, `join validity`, `function like`."""
    return {*_parts(example), *_clocks(example), *_metrics(example), *_fields(example), *looked_back(example)}


def _parts(example: Example) -> Iterator[str]:
    query, model = example.query, example.model
    for part in ("where", "having", "order", "limit", "totals", "time_zone"):
        if getattr(query, part):
            yield f"query {part}"
    for part in ("is_complete", "complete_only"):
        if getattr(query, part):
            yield from (f"query {part}, {how}" for how in _complete(example))
    if query.period:
        yield f"period {re.sub(r'[0-9]', '9', query.period)}"
    words = [name for name in query.by if name in WORDS]
    yield from (f"word {word}" for word in words)
    if words:
        yield f"fill {'off' if not query.fill else 'one word' if len(words) == 1 else 'several words'}"
    for calendar in model.calendars.values():
        for name in (*calendar.periods, *calendar.dimensions):
            places = {"by": query.by, "where": list(names(query.where or ()))}
            yield from (f"calendar's {name} in {place}" for place, asked in places.items() if name in asked)
            yield from (f"calendar's {name} of a time" for asked in query.by if asked.endswith(f".{name}"))
    yield f"project {model.time_zone}"
    yield f"week starts {model.week_start}"
    yield f"metrics {len(query.metrics)}, by {len(query.by)}"
    yield from (function for expr in (query.where, query.having) for function in _functions(expr))
    for segment in within(query.where or (), "segment"):
        yield "segment in where"
        yield from ("segment of segments" for _ in within(model.segments[str(segment[1])], "segment"))


def _complete(example: Example) -> Iterator[str]:
    """How the datasets of a query say how far their rows are complete."""
    datasets = {leaf.dataset for leaf in leaves(example.model, _known(example))}
    for said in (example.model.datasets[name].complete for name in datasets):
        mark = "a clock" if said is None or said.watermark is None else "a watermark"
        yield f"{mark} less {said.lag[1]}s" if said and said.lag else mark


def _clocks(example: Example) -> Iterator[str]:
    model = example.model
    asked = list(leaves(model, _known(example)))
    if len({leaf.dataset for leaf in asked}) > 1:
        yield "several datasets"
    for leaf in asked:
        dataset = model.datasets[leaf.dataset]
        name = leaf.time or dataset.time
        clock = dataset.dimension(name) if name else None
        if clock is not None:
            zone = "" if clock.zone == "UTC" else " in a zone"
            yield f"clock {clock.type}{zone}{', renamed' if clock.expr else ''}{', own' if leaf.time else ''}"
        if dataset.recorded:
            yield "recorded"
        if not dataset.rows:
            yield "empty table"


def _known(example: Example) -> list[str]:
    return [name for name in example.query.metrics if name in example.model.metrics]


def _metrics(example: Example) -> Iterator[str]:
    for metric in _all_metrics(example.model, _known(example)):
        if metric.empty is not None:
            yield "metric with empty"
        match metric:
            case Simple():
                yield f"agg {metric.agg or 'arithmetic'}{HOW.get((metric.expr or ('rows',))[0], '')}"
                yield from (function for expr in (metric.expr, metric.filter) for function in _functions(expr))
                yield from ("segment in a filter" for _ in within(metric.filter or (), "segment"))
            case Ratio(numerator=top, denominator=bottom):
                yield "metric ratio"
                asked = [name.split(".")[-1] for name in example.query.by]
                ignored = [name.split(".")[-1] for name in (*top.ignore, *bottom.ignore)]
                yield from ("ignore" for name in ignored if name in asked)
            case Derived(expr=expr):
                yield "metric derived"
                yield from _functions(expr)
            case _:
                yield f"metric {TYPE_NAMES[type(metric)]}"


def _all_metrics(model: Model, asked: Iterable[str]) -> Iterator[Metric]:
    for name in asked:
        yield model.metrics[name]
        yield from _all_metrics(model, parts(model.metrics[name]))


def _functions(expr: Expr | None) -> Iterator[str]:
    if expr and expr[0] not in ("lit", "name", "list", "segment"):
        if expr[0] == "agg":
            yield f"within arithmetic {expr[1]}"
        elif isinstance(expr[0], str):
            yield f"cast {expr[2]}" if expr[0] == "cast" else f"function {expr[0]}"
        for part in expr:
            if isinstance(part, tuple):
                yield from _functions(part)


# -- dimensions ----------------------------------------------------------------------------------------------


def _fields(example: Example) -> Iterator[str]:
    for leaf in leaves(example.model, _known(example)):
        dataset = example.model.datasets[leaf.dataset]
        where = names(example.query.where or ())
        for place, asked in (("by", example.query.by), ("where", where)):
            for name in asked:
                yield from _field(example.model, dataset, name, place)
        for expr in (leaf.expr, leaf.filter):
            for name in names(expr or ()):
                yield from _field(example.model, dataset, name, "own")


def _field(model: Model, dataset: Dataset, name: str, place: str) -> Iterator[str]:
    try:
        found = resolve_own(model, dataset, name) if place == "own" else resolve(model, dataset, name)
    except Refused:
        return
    if isinstance(found, Field):
        yield from _joins(found, dataset, name)
        yield f"{place} {found.dimension.type}{' at ' + found.grain if found.grain else ''}"
        yield from _dimension(found)


def _dimension(field: Field) -> Iterator[str]:
    if field.dimension.values:
        yield f"values of {field.dimension.type}{' with labels' if field.dimension.labels else ''}"
    if field.dimension.bins:
        yield f"bins{' with labels' if field.dimension.bins.labels else ''}"
    if field.dimension.expr:
        yield "computed dimension"
        yield from _functions(field.dimension.expr)
        yield from (name for name in names(field.dimension.expr) if name in ("at", "as_of"))


def _joins(field: Field, dataset: Dataset, name: str) -> Iterator[str]:
    if len(field.path) > 1:
        yield f"join over {len(field.path)} hops"
    if name.split(".", maxsplit=1)[0] in dataset.via:
        yield "join by via"
    for join in field.path:
        kind = "composite" if len(join.on) > 1 else "single"
        for part in join.on:
            if not isinstance(part, str):
                yield "join on an expression"
                yield from _functions(part)
        yield f"join {'validity' if join.as_of else kind}"
        if join.name != join.dataset:
            yield "join by role"
