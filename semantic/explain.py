"""What a metric is: its definition, what it is made of down to columns, and what it can be cut by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from semantic.asked import metrics_within
from semantic.calendars import calendar_words
from semantic.check_query import unknown_metric
from semantic.errors import QueryError
from semantic.expressions import GRAINS, PARTS, Name
from semantic.joins import Route, find_route, key_columns
from semantic.metric_types import Metric, Simple
from semantic.model import Dataset, Model
from semantic.names import DimensionRef, Reference, TimePart, TimeWord, names_within
from semantic.parse import parse
from semantic.scans import Context, RowScope, Unreachable

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # what can be cut by does not depend on it


@dataclass(frozen=True, slots=True)
class Explanation:
    """A metric for people.

    `columns` are `table.column`; `grains` are the time words that all of its parts have, each on its own of `clocks`,
    `date_parts` those that are no periods; `unreachable` are pairs of dimension and reason. `as_now` are the datasets
    whose rows are as they are now, as of whatever time is asked.
    """

    name: str
    label: str
    description: str
    owner: str | None
    facts: tuple[tuple[str, str], ...]
    definition: str
    parts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    clocks: tuple[str, ...]
    grains: tuple[str, ...]
    date_parts: tuple[str, ...]
    reachable: tuple[str, ...]
    unreachable: tuple[tuple[str, str], ...]
    as_now: tuple[str, ...]


def explain_metric(model: Model, name: str) -> Explanation:
    """Explain a metric. Raises QueryError for an unknown one."""
    metric = model.metrics.get(name)
    if metric is None:
        raise QueryError(unknown_metric(model, name))
    leaves = sorted(metrics_within(model, metric), key=lambda leaf: leaf.name)
    reachable, unreachable = _cuts(model, leaves)
    return Explanation(
        name,
        metric.label or name,
        metric.description,
        metric.owner,
        tuple(_facts(metric)),
        metric.definition,
        tuple(_parts(model, metric)),
        tuple(sorted({column for leaf in leaves for column in _columns(model, leaf)})),
        tuple(sorted({f"{leaf.dataset}.{time}" for leaf in leaves for time in [_time(model, leaf)] if time})),
        tuple(grain for grain in GRAINS if _all_have(model, leaves, TimeWord(grain))),
        tuple(part for part in (*PARTS, *calendar_words(model)) if _all_have(model, leaves, TimePart(part))),
        tuple(reachable),
        tuple(unreachable),
        tuple(name for name in sorted(_datasets(model, leaves)) if model.datasets[name].recorded is None),
    )


def _facts(metric: Metric) -> Iterator[tuple[str, str]]:
    """What else is said about a metric, in words."""
    if metric.deprecated is not None:
        note = f" ({metric.deprecated.note})" if metric.deprecated.note else ""
        yield "deprecated", f"use {metric.deprecated.use} instead{note}"
    yield from (("also known as", ", ".join(metric.synonyms)),) if metric.synonyms else ()
    yield from (("folder", metric.folder),) if metric.folder else ()
    yield from (("tags", ", ".join(metric.tags)),) if metric.tags else ()
    yield from (("format", str(metric.format)),) if metric.format else ()
    if metric.thresholds is not None:
        better, worse = (">=", "<=") if metric.thresholds.higher_is_better else ("<=", ">=")
        yield "good", f"{better} {metric.thresholds.good:f}, bad {worse} {metric.thresholds.bad:f}"
    yield from (("hidden", "not listed and not published"),) if metric.hidden else ()


def _time(model: Model, leaf: Simple) -> str | None:
    return leaf.time or model.datasets[leaf.dataset].time


def _parts(model: Model, metric: Metric) -> Iterable[tuple[str, str]]:
    """The metrics that this one is made of, whatever the depth, each with its definition."""
    seen: dict[str, str] = {}
    waiting = [reference.metric for reference in metric.references()]
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen[name] = model.metrics[name].definition
            waiting.extend(reference.metric for reference in model.metrics[name].references())
    return seen.items()


def _columns(model: Model, leaf: Simple) -> Iterator[str]:
    """The columns that a simple metric reads: its own, its clock's, and those of what it looks up."""
    dataset = model.datasets[leaf.dataset]
    clock = _time(model, leaf)
    for path, text in leaf.texts:
        for read in leaf.read(path, text):
            for name in names_within(model, read):
                yield from _columns_of_name(model, dataset, name)
    if clock:
        yield from _columns_of(model, dataset, clock)


def _datasets(model: Model, leaves: list[Simple]) -> set[str]:
    """The datasets whose rows make a metric: its own, and those that are looked up by its definition."""
    found = {leaf.dataset for leaf in leaves}
    for leaf in leaves:
        texts = [read for path, text in leaf.texts for read in leaf.read(path, text)]
        for name in (name for read in texts for name in names_within(model, read)):
            dataset = model.datasets[leaf.dataset]
            route = _route(model, dataset, name)
            for step in route.path if route is not None else ():
                dataset = model.datasets[dataset.joins[step].dataset or step]
                found.add(dataset.name)
    return found


def _columns_of_name(model: Model, dataset: Dataset, name: Name) -> Iterator[str]:
    route = _route(model, dataset, name)
    if route is not None:
        yield from _columns_on_the_way(model, dataset, route)
        yield from _columns_of(model, model.datasets[route.dataset], name.name)


def _route(model: Model, dataset: Dataset, name: Name) -> Route | None:
    """The way to what a name in a metric's own expressions means."""
    qualifier = name.qualifier or (dataset.name if name.name not in model.owners else "")
    if not qualifier:
        own = name.name in model.dimensions[dataset.name]
        qualifier = dataset.name if own else model.owners[name.name][0]
    return find_route(model, dataset.name, qualifier.split(".")[0])


def _columns_on_the_way(model: Model, dataset: Dataset, route: Route) -> Iterator[str]:
    """The key columns of every lookup."""
    for step in route.path:
        join = dataset.joins[step]
        target = model.datasets[join.dataset or step]
        for key in join.keys:
            names = [key] if isinstance(key, str) else [name.name for name in key.names]
            yield from (f"{_source(dataset)}.{name}" for name in names)
        yield from (f"{_source(target)}.{column}" for column in key_columns(target))
        dataset = target


def _columns_of(model: Model, dataset: Dataset, name: str) -> Iterator[str]:
    """The columns behind a dimension, or the column of that name."""
    dimension = model.dimensions[dataset.name].get(name)
    if dimension is None or dimension.expr is None:
        yield f"{_source(dataset)}.{name}"
        return
    for found in parse(dimension.expr).names:
        if found.name not in ("at", "as_of"):
            yield f"{_source(dataset)}.{found.name}"


def _source(dataset: Dataset) -> str:
    return dataset.table or f"{dataset.name} (sql)"


def _cuts(model: Model, leaves: list[Simple]) -> tuple[list[str], list[tuple[str, str]]]:
    """Every dimension, by dataset and by joins with names of their own: what all leaves reach, and why not the rest."""
    scopes = [_scope(model, leaf) for leaf in leaves]
    reachable: list[str] = []
    unreachable: list[tuple[str, str]] = []
    for qualifier, dataset in _qualifiers(model, {leaf.dataset for leaf in leaves}):
        for name, dimension in model.dimensions[dataset].items():
            if dimension.hidden:
                continue
            reason = next(filter(None, (_reason(scope, DimensionRef(qualifier, name)) for scope in scopes)), None)
            if reason is None:
                reachable.append(f"{qualifier}.{name}")
            else:
                unreachable.append((f"{qualifier}.{name}", reason))
    return reachable, unreachable


def _qualifiers(model: Model, bases: set[str]) -> Iterator[tuple[str, str]]:
    """The datasets, then the joins that go by another name than their dataset's, of the leaves' own datasets."""
    yield from ((name, name) for name in model.datasets)
    roles = {
        (name, join.dataset)
        for base in bases
        for name, join in model.datasets[base].joins.items()
        if join.dataset is not None and join.dataset != name
    }
    yield from sorted(roles)


def _scope(model: Model, leaf: Simple) -> RowScope:
    context = Context(model, model.calendar, _ANY_TIME)
    return RowScope(context, leaf.dataset, _time(model, leaf), f"'{leaf.name}'")


def _all_have(model: Model, leaves: list[Simple], reference: Reference) -> bool:
    return all(_reason(_scope(model, leaf), reference) is None for leaf in leaves)


def _reason(scope: RowScope, reference: Reference) -> str | None:
    try:
        scope.key(reference)
    except QueryError as error:
        return error.diagnostics[0].message
    except Unreachable as error:
        return str(error)
    return None
