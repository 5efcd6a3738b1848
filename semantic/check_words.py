"""Checks of what is said about names: order of values, hierarchies, synonyms, successors of deprecated names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from semantic.described import Described
from semantic.errors import Diagnostic, QueryError, Span, listing, suggest
from semantic.joins import find_route
from semantic.model import Dataset, Model
from semantic.names import DimensionRef, read_name
from semantic.places import value_place
from semantic.value_order import ordered_values


def check_values(model: Model) -> Iterator[Diagnostic]:
    """Listed values are of the dimension's type, and none stands there twice."""
    for dataset in model.datasets.values():
        for name, dimension in dataset.dimensions.items():
            span = value_place(model, f"datasets.{dataset.name}", "dimensions", name, "values")
            try:
                literals = ordered_values(dimension)
            except ValueError as error:
                message = f"the values of dimension '{dataset.name}.{name}': {error}"
                yield Diagnostic("E219", message, span, "list values of the dimension's type, or leave 'values' out")
                continue
            if len(set(literals)) != len(literals) and dimension.bins is None:
                yield Diagnostic("E219", f"dimension '{dataset.name}.{name}' lists a value twice", span)


def check_hierarchies(model: Model) -> Iterator[Diagnostic]:
    """The steps of a hierarchy are dimensions, each once."""
    for dataset in model.datasets.values():
        for name, steps in dataset.hierarchies.items():
            span = value_place(model, f"datasets.{dataset.name}", "hierarchies", name)
            if len(steps) < 2 or len(set(steps)) != len(steps):
                message = f"the hierarchy '{name}' needs two or more different dimensions"
                yield Diagnostic("E220", message, span, "write them from coarse to fine")
            for step in steps:
                reason = _not_a_step(model, dataset, step)
                if reason is not None:
                    yield Diagnostic("E220", f"'{step}' in the hierarchy '{name}' {reason[0]}", span, reason[1])


def _not_a_step(model: Model, dataset: Dataset, step: str) -> tuple[str, str | None] | None:
    if "." not in step:
        known = model.dimensions[dataset.name]
        hint = suggest(step, known) or f"dimensions: {listing(known)}"
        return None if step in known else (f"is no dimension of dataset '{dataset.name}'", hint)
    try:
        found = read_name(model, step)
        way = find_route(model, dataset.name, found.qualifier, step) if isinstance(found, DimensionRef) else None
    except QueryError as error:
        return f"is no dimension: {error.diagnostics[0].message}", error.diagnostics[0].hint
    if way is None:
        hint = "steps are dimensions of its own, or of what its joins lead to"
        return f"cannot be looked up from dataset '{dataset.name}'", hint
    if isinstance(found, DimensionRef) and found.name not in model.dimensions[way.dataset]:
        return f"is no dimension of '{way.dataset}', which '{found.qualifier}' leads to", None
    return None


def check_successors(model: Model) -> Iterator[Diagnostic]:
    """What is used instead of a deprecated name exists, and is not deprecated itself."""
    for section, things in _named(model):
        for name, thing in things.items():
            yield from _check_successor(model, name, thing, things, (f"{section}.{name}",))
    everywhere = {f"{at}.{name}": one for at, found in model.dimensions.items() for name, one in found.items()}
    for dataset in model.datasets.values():
        known = {**everywhere, **model.dimensions[dataset.name]}
        for name, dimension in dataset.dimensions.items():
            place = (f"datasets.{dataset.name}", "dimensions", name)
            yield from _check_successor(model, name, dimension, known, place)


def _check_successor(
    model: Model, name: str, thing: Described, known: Mapping[str, Described], place: tuple[str, ...]
) -> Iterator[Diagnostic]:
    if thing.deprecated is None:
        return
    use, span = thing.deprecated.use, value_place(model, *place, "deprecated")
    if use not in known:
        hint = suggest(use, known) or "name what is to be used instead"
        yield Diagnostic("E221", f"'{name}' is deprecated for '{use}', which does not exist", span, hint)
    elif known[use] is thing:
        message = f"'{name}' is deprecated for itself"
        yield Diagnostic("E221", message, span, "name what is to be used instead")
    elif known[use].deprecated is not None:
        message = f"'{name}' is deprecated for '{use}', which is deprecated itself"
        last = _last_successor(use, known)
        yield Diagnostic("E221", message, span, f"name the last one: {last}" if last else "one of them must stay")


def _last_successor(name: str, known: Mapping[str, Described]) -> str | None:
    """The one that stays at the end of a chain of deprecated names; None where the chain leads back."""
    seen: set[str] = set()
    while (going := known[name].deprecated if name in known else None) is not None:
        seen.add(name)
        name = going.use
        if name in seen:
            return None
    return name


def check_synonyms(model: Model) -> Iterator[Diagnostic]:
    """No synonym is the name of something else of its kind: it would lead there."""
    for section, things in _named(model):
        for name, synonym, number in _taken_synonyms(things, things):
            span = value_place(model, f"{section}.{name}", "synonyms", number)
            yield _taken(name, synonym, section.removesuffix("s"), span)
    for dataset in model.datasets.values():
        for name, synonym, number in _taken_synonyms(dataset.dimensions, model.dimensions[dataset.name]):
            span = value_place(model, f"datasets.{dataset.name}", "dimensions", name, "synonyms", number)
            yield _taken(name, synonym, "dimension", span)


def _taken_synonyms(things: Mapping[str, Described], names: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """The synonyms, each with whose it is and its place in the list, that are the name of something else."""
    owners = {name.lower(): name for name in names}
    for name, thing in things.items():
        for number, synonym in enumerate(thing.synonyms):
            if owners.get(synonym.lower(), name) != name:
                yield name, synonym, number


def _taken(name: str, synonym: str, kind: str, span: Span) -> Diagnostic:
    return Diagnostic("E222", f"the synonym '{synonym}' of '{name}' is the name of another {kind}", span)


def _named(model: Model) -> tuple[tuple[str, Mapping[str, Described]], ...]:
    return ("metrics", model.metrics), ("segments", model.segments)


WORD_CHECKS = (check_values, check_hierarchies, check_successors, check_synonyms)
