"""The names in a query: time words, and references to dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semantic.calendars import Days, calendar_words
from semantic.errors import Diagnostic, QueryError, known_as, listing, suggest
from semantic.expressions import GRAINS, PARTS, TIME_WORDS, Expression, Name
from semantic.joins import owner_of, routes_to
from semantic.model import Dimension, Model
from semantic.parse import parse


@dataclass(frozen=True, slots=True)
class TimeWord:
    """`month`: the metric's own time at this grain."""

    grain: str


@dataclass(frozen=True, slots=True)
class TimePart:
    """`month_of_year`, `holiday`: what the metric's own time has, or a calendar says of it; groups like a dimension."""

    part: str


@dataclass(frozen=True, slots=True)
class DimensionRef:
    """`users.gender`, `users.registered_at.month`: a dimension by dataset or join name, a time at a grain or a part."""

    qualifier: str
    name: str
    grain: str | None = None

    def __str__(self) -> str:
        return f"{self.qualifier}.{self.name}" + (f".{self.grain}" if self.grain else "")


Reference = TimeWord | TimePart | DimensionRef


def read_name(model: Model, name: Name | str) -> Reference:
    """What a name in `by` or `where` refers to; raises QueryError where it is nothing or not unique."""
    parts = tuple(name.split(".")) if isinstance(name, str) else name.parts
    if len(parts) == 1 and parts[0] in GRAINS:
        return TimeWord(parts[0])
    words = calendar_words(model)
    if len(parts) == 1 and (parts[0] in PARTS or parts[0] in words):
        return TimePart(parts[0])
    grain = None
    is_of_a_day = len(parts) == 2 and isinstance(model.datasets.get(parts[0]), Days)  # the calendar's own column
    if len(parts) > 1 and not is_of_a_day and (parts[-1] in TIME_WORDS or parts[-1] in words):
        parts, grain = parts[:-1], parts[-1]
    elif len(parts) == 3 or (len(parts) == 2 and not _is_qualifier(model, parts[0]) and parts[0] in model.owners):
        hint = suggest(parts[-1], (*TIME_WORDS, *words)) or f"grains: {listing(GRAINS)}"
        raise QueryError(Diagnostic("E315", f"'{parts[-1]}' in '{'.'.join(parts)}' is no grain of a time", hint=hint))
    if len(parts) == 1:
        return DimensionRef(owner_of(model, parts[0]), parts[0], grain)
    if len(parts) != 2:
        raise QueryError(Diagnostic("E302", f"'{'.'.join(parts)}' is not a dimension: write dataset.dimension"))
    _check_qualifier(model, parts[0], parts[1])
    return DimensionRef(parts[0], parts[1], grain)


def names_within(model: Model, expression: Expression, seen: frozenset[str] = frozenset()) -> Iterator[Name]:
    """The names in a condition, those of the segments in it instead of the segments' own."""
    for name in expression.names:
        if name.qualifier or name.name not in model.segments:
            yield name
        elif name.name not in seen:
            inner = parse(model.segments[name.name].filter)
            yield from names_within(model, inner, seen | {name.name})


def no_way(model: Model, base: str, qualifier: str) -> tuple[str, str | None]:
    """Why no chain of joins leads from a dataset to what a qualifier names, and what to do where that is known."""
    for other in datasets_called(model, qualifier):
        way = next(routes_to(model, other, base, by_join=False), None)
        if way is not None:
            message = (
                f"'{other}' joins to '{base}' ({other}.{way}), so one row of '{base}' has many of '{other}': "
                "cut or filtered by them, it would be counted more than once (fan-out)"
            )
            return message, f"count from '{other}': a metric over it can be cut by '{base}' as well"
    return f"dataset '{base}' has no join that leads to '{qualifier}'", None


def _is_qualifier(model: Model, word: str) -> bool:
    return word in model.datasets or any(word in dataset.joins for dataset in model.datasets.values())


def datasets_called(model: Model, qualifier: str) -> tuple[str, ...]:
    """The datasets that a qualifier may lead to: the one of that name, or those that joins of that name lead to."""
    joined = {
        join.dataset or name
        for dataset in model.datasets.values()
        for name, join in dataset.joins.items()
        if name == qualifier
    }
    return tuple(sorted((joined | {qualifier}) & model.datasets.keys()))


def dimensions_of(model: Model, reference: DimensionRef) -> tuple[Dimension, ...]:
    """What a reference can mean: one dimension, or, by a join's name, one for each dataset that such joins lead to."""
    found = (model.dimensions[name] for name in datasets_called(model, reference.qualifier))
    return tuple(dimensions[reference.name] for dimensions in found if reference.name in dimensions)


def _check_qualifier(model: Model, qualifier: str, dimension: str) -> None:
    found = datasets_called(model, qualifier)
    roles = {name for dataset in model.datasets.values() for name in dataset.joins}
    if not found and qualifier in roles:
        return  # a join to an unknown dataset, which is reported where it stands
    if not found:
        hint = suggest(qualifier, [*model.datasets, *roles]) or f"datasets: {listing(model.datasets)}"
        raise QueryError(
            Diagnostic("E301", f"'{qualifier}' in '{qualifier}.{dimension}' is no dataset or join", hint=hint)
        )
    if not any(dimension in model.dimensions[dataset] for dataset in found):
        known = {name: one for dataset in found for name, one in model.dimensions[dataset].items()}
        shown = [name for name, one in known.items() if not one.hidden]
        hint = known_as(dimension, known) or f"dimensions of {qualifier}: {listing(shown)}"
        raise QueryError(Diagnostic("E302", f"unknown dimension '{qualifier}.{dimension}'", hint=hint))
