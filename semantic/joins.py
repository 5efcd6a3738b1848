"""Join paths: which chain of many-to-one lookups leads from a dataset to a qualified dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semantic.errors import Diagnostic, QueryError, listing, suggest
from semantic.model import Dataset, Model

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A chain of joins from a base dataset, by name, and the dataset in which it ends."""

    path: Path
    dataset: str

    def __str__(self) -> str:
        return ".".join(self.path)


def routes(model: Model, base: str) -> Iterator[Route]:
    """Every chain of joins from a dataset, the dataset itself (the empty chain) first; no join is used twice."""
    yield from _routes(model, base, Route((), base), frozenset())


def _routes(model: Model, base: str, route: Route, used: frozenset[tuple[str, str]]) -> Iterator[Route]:
    yield route
    for name, join in model.datasets[route.dataset].joins.items():
        if (route.dataset, name) not in used:
            longer = Route((*route.path, name), join.dataset or name)
            yield from _routes(model, base, longer, used | {(route.dataset, name)})


def find_route(model: Model, base: str, qualifier: str, wanted: str = "") -> Route | None:
    """The one way from `base` to what a qualifier names; None where there is none.

    A qualifier is the base itself, else the name of the last join on the way, else the dataset in which it ends.
    Raises QueryError where several ways lead there and `via` does not settle it: never the shortest, never the first.
    """
    if qualifier == base:
        return Route((), base)
    settled = model.datasets[base].via.get(qualifier)
    if settled is not None:
        return follow(model, base, tuple(settled.split(".")))
    found = [route for route in routes(model, base) if route.path]
    by_join = [route for route in found if route.path[-1] == qualifier]
    candidates = by_join or [route for route in found if route.dataset == qualifier]
    if len(candidates) > 1:
        raise _ambiguous(base, qualifier, candidates, wanted or qualifier)
    return candidates[0] if candidates else None


def follow(model: Model, base: str, path: Path) -> Route | None:
    """The route along named joins, or None where a name is not a join."""
    dataset = base
    for name in path:
        join = model.datasets[dataset].joins.get(name)
        if join is None:
            return None
        dataset = join.dataset or name
    return Route(path, dataset)


def _ambiguous(base: str, qualifier: str, found: list[Route], wanted: str) -> QueryError:
    ways = " and ".join(f"{base}.{route}" for route in found)
    hint = f"settle it in dataset '{base}': via: {{{qualifier}: {found[0]}}}"
    return QueryError(
        Diagnostic("E311", f"{len(found)} join paths lead from '{base}' to '{wanted}': {ways}", hint=hint)
    )


def owner_of(model: Model, name: str) -> str:
    """The dataset that a bare dimension name belongs to; refused unless it is unique in the project."""
    owners = model.owners.get(name, ())
    if len(owners) == 1:
        return owners[0]
    if owners:
        choices = listing([f"{owner}.{name}" for owner in owners])
        message = f"'{name}' is a dimension of {len(owners)} datasets: say which"
        raise QueryError(Diagnostic("E310", message, hint=f"one of {choices}"))
    hint = suggest(name, [*model.owners, *(f"{owner}.{dim}" for dim, all_ in model.owners.items() for owner in all_)])
    raise QueryError(
        Diagnostic("E302", f"unknown dimension '{name}'", hint=hint or "metricast list dimensions shows them")
    )


def key_columns(dataset: Dataset) -> tuple[str, ...]:
    """The key columns that a lookup matches: all of the primary key but the start of validity."""
    if dataset.validity is None:
        return dataset.primary_key
    return tuple(column for column in dataset.primary_key if column != dataset.validity.from_)
