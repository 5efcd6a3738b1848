"""Join paths: which chain of many-to-one lookups leads from a dataset to a qualified dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from semantic.calendars import calendar_words
from semantic.errors import Diagnostic, QueryError, known_as, listing, suggest
from semantic.expressions import TIME_WORDS
from semantic.model import Dataset, Model

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A chain of joins from a base dataset, by name, and the dataset in which it ends."""

    path: Path
    dataset: str

    def __str__(self) -> str:
        return ".".join(self.path)


_MOST_SHOWN = 6


def routes_to(model: Model, base: str, qualifier: str, *, by_join: bool) -> Iterator[Route]:
    """The chains of joins from a dataset that end in a join of a name, or else in a dataset of a name.

    No join is used twice, and no way is followed from which the end cannot be reached any more.
    """
    if by_join:
        ends = frozenset(name for name, dataset in model.datasets.items() if qualifier in dataset.joins)
    else:
        ends = frozenset({qualifier})
    for route in _routes(model, Route((), base), frozenset(), ends):
        if route.path and (route.path[-1] if by_join else route.dataset) == qualifier:
            yield route


def _routes(model: Model, route: Route, used: frozenset[tuple[str, str]], ends: frozenset[str]) -> Iterator[Route]:
    yield route
    for name, join in model.datasets[route.dataset].joins.items():
        target = join.dataset or name
        towards = target in model.datasets and not ends.isdisjoint(reachable(model)[target])
        if (route.dataset, name) not in used and (towards or route.dataset in ends):
            longer = Route((*route.path, name), target)
            if target in model.datasets:
                yield from _routes(model, longer, used | {(route.dataset, name)}, ends)


@lru_cache(maxsize=16)
def reachable(model: Model) -> dict[str, frozenset[str]]:
    """For each dataset those that any chain of joins leads to, itself included."""
    found = {name: {name} for name in model.datasets}
    for _ in model.datasets:
        for name, dataset in model.datasets.items():
            for key, join in dataset.joins.items():
                found[name] |= found.get(join.dataset or key, set())
    return {name: frozenset(reached) for name, reached in found.items()}


@lru_cache(maxsize=1024)
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
    for by_join in (True, False):
        candidates = list(islice(routes_to(model, base, qualifier, by_join=by_join), _MOST_SHOWN))
        if len(candidates) > 1:
            raise _ambiguous(base, qualifier, candidates, wanted or qualifier)
        if candidates:
            return candidates[0]
    return None


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
        Diagnostic("E311", f"{_count(found)} join paths lead from '{base}' to '{wanted}': {ways}", hint=hint)
    )


def _count(found: list[Route]) -> str:
    return f"{len(found)} or more" if len(found) == _MOST_SHOWN else str(len(found))


def owner_of(model: Model, name: str) -> str:
    """The dataset that a bare dimension name belongs to; refused unless it is unique in the project."""
    owners = model.owners.get(name, ())
    if len(owners) == 1:
        return owners[0]
    if owners:
        choices = listing([f"{owner}.{name}" for owner in owners])
        message = f"'{name}' is a dimension of {len(owners)} datasets: say which"
        raise QueryError(Diagnostic("E310", message, hint=f"one of {choices}"))
    known = {dimension: found for all_ in model.dimensions.values() for dimension, found in all_.items()}
    known |= {f"{dataset}.{found}": all_[found] for dataset, all_ in model.dimensions.items() for found in all_}
    known_too = {**known, **model.segments}
    hint = (
        _other_meaning(model, name)
        or suggest(name, (*TIME_WORDS, *calendar_words(model)), likeness=0.75)
        or known_as(name, known_too)
    )
    hint = hint or "metricast list dimensions shows them"
    raise QueryError(Diagnostic("E302", f"unknown dimension '{name}'", hint=hint))


def _other_meaning(model: Model, name: str) -> str | None:
    """What a name is that is no dimension."""
    if name in model.metrics:
        return "it is a metric, not a dimension"
    if name in model.datasets:
        return f"it is a dataset; its dimensions are {listing(f'{name}.{found}' for found in model.dimensions[name])}"
    return None


def key_columns(dataset: Dataset) -> tuple[str, ...]:
    """The key columns that a lookup matches."""
    return dataset.looked_up_keys
