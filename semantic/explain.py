"""What a metric is: its definition, what it is made of down to columns, and what it can be cut by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from semantic.errors import Diagnostic, QueryError, suggest
from semantic.joins import find_route
from semantic.metric_types import Metric, Simple
from semantic.model import Model
from semantic.parse import parse
from semantic.resolve import metrics_within


@dataclass(frozen=True, slots=True)
class Explanation:
    """A metric for people. `columns` are `table.column`; `unreachable` are pairs of dimension and reason."""

    name: str
    label: str
    description: str
    owner: str | None
    definition: str
    parts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    reachable: tuple[str, ...]
    unreachable: tuple[tuple[str, str], ...]


def explain_metric(model: Model, name: str) -> Explanation:
    """Explain a metric. Raises QueryError for an unknown one."""
    metric = model.metrics.get(name)
    if metric is None:
        hint = suggest(name, model.metrics) or "metricast list metrics shows them"
        raise QueryError(Diagnostic("E303", f"unknown metric '{name}'", hint=hint))
    leaves = sorted(metrics_within(model, metric), key=lambda leaf: leaf.name)
    reachable, unreachable = _cuts(model, leaves)
    return Explanation(
        name,
        metric.label or name,
        metric.description,
        metric.owner,
        metric.definition,
        tuple(_parts(model, metric)),
        tuple(sorted({column for leaf in leaves for column in _columns(model, leaf)})),
        tuple(reachable),
        tuple(unreachable),
    )


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


def _columns(model: Model, leaf: Simple) -> Iterable[str]:
    dataset = model.datasets[leaf.dataset]
    source = dataset.table or f"{dataset.name} (sql)"
    for path, text in leaf.texts:
        for name in (name for read in leaf.read(path, text) for name in read.names):
            if name.qualifier in ("", leaf.dataset):
                dimension = model.dimensions[leaf.dataset].get(name.name)
                inner = parse(dimension.expr).names if dimension and dimension.expr else (name,)
                yield from (f"{source}.{found.name}" for found in inner if found.name not in ("at", "as_of"))
            else:
                yield str(name)
    clock = leaf.time or dataset.time
    if clock:
        yield f"{source}.{clock}"


def _cuts(model: Model, leaves: list[Simple]) -> tuple[list[str], list[tuple[str, str]]]:
    """Every dimension of the project: those that all leaves reach, and why not the others."""
    bases = sorted({leaf.dataset for leaf in leaves})
    reachable: list[str] = []
    unreachable: list[tuple[str, str]] = []
    for dataset, dimensions in model.dimensions.items():
        reason = next(filter(None, (_reason(model, base, dataset) for base in bases)), None)
        for name in dimensions:
            if reason is None:
                reachable.append(f"{dataset}.{name}")
            else:
                unreachable.append((f"{dataset}.{name}", reason))
    return reachable, unreachable


def _reason(model: Model, base: str, dataset: str) -> str | None:
    try:
        return None if find_route(model, base, dataset) else f"no join leads from '{base}' to '{dataset}'"
    except QueryError as error:
        return error.diagnostics[0].message
