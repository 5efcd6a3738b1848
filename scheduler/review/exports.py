"""Which exports deliver something else after a change of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from exporters.base import DefinitionExporter, Export
from semantic.comparing.canonical import Version

if TYPE_CHECKING:
    from semantic.comparing.compare import Difference
    from semantic.model import Model

Status = Literal["added", "removed", "edited", "touched"]


@dataclass(frozen=True, slots=True)
class TouchedQuery:
    """A query that is asked as before and computes something else; `metrics` are those in it that have changed."""

    name: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportChange:
    """An export that is not as it was, or delivers something else; `publishes` definitions that have changed."""

    name: str
    status: Status
    queries: tuple[TouchedQuery, ...] = ()
    publishes: bool = False


Exports = Mapping[str, Export]


def compare_exports(
    old: tuple[Model, Exports], new: tuple[Model, Exports], difference: Difference
) -> Iterator[ExportChange]:
    """Compare the exports of two versions, each with its model."""
    versions = Version(old[0]), Version(new[0])
    changed = {metric.name for metric in difference.changed}
    for name in dict.fromkeys((*new[1], *old[1])):
        before, after = old[1].get(name), new[1].get(name)
        if before is None or after is None:
            yield ExportChange(name, "added" if before is None else "removed")
            continue
        queries = tuple(_touched(versions, before, after, changed))
        publishes = difference.is_any and any(isinstance(to.exporter, DefinitionExporter) for to in after.destinations)
        is_edited = before.node.value != after.node.value
        if queries or publishes or is_edited:
            yield ExportChange(name, "edited" if is_edited else "touched", queries, publishes)


def _touched(
    versions: tuple[Version, Version], before: Export, after: Export, changed: set[str]
) -> Iterator[TouchedQuery]:
    for name, query in after.queries.items():
        if before.queries.get(name) == query and versions[0].meaning(query) != versions[1].meaning(query):
            yield TouchedQuery(name, tuple(metric for metric in query.read_metrics if metric in changed))
