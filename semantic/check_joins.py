"""Checks of joins: they lead to a whole key of a dataset, at one time where there are several."""

from __future__ import annotations

from collections.abc import Iterator

from semantic.errors import Diagnostic, listing, suggest
from semantic.expressions import ExpressionError
from semantic.joins import key_columns
from semantic.model import Dataset, Join, Model
from semantic.parse import parse_key
from semantic.places import key_place, value_place, within


def check_all_joins(model: Model) -> Iterator[Diagnostic]:
    """Every join leads to a key of a dataset, with as many columns."""
    for dataset in model.datasets.values():
        yield from check_joins(model, dataset)


def check_joins(model: Model, dataset: Dataset) -> Iterator[Diagnostic]:
    """The joins of one dataset."""
    for name, join in dataset.joins.items():
        yield from _check_join(model, dataset, name, join, (f"datasets.{dataset.name}", "joins", name))


def _check_join(
    model: Model, dataset: Dataset, name: str, join: Join, place: tuple[str, str, str]
) -> Iterator[Diagnostic]:
    target = model.datasets.get(join.dataset or name)
    if target is None:
        hint = suggest(join.dataset or name, model.datasets) or f"datasets: {listing(model.datasets)}"
        span = value_place(model, *place, "dataset") if join.dataset else key_place(model, *place)
        message = f"the join '{name}' of dataset '{dataset.name}' leads to the unknown dataset '{join.dataset or name}'"
        yield Diagnostic("E205", message, span, hint)
        return
    if not target.primary_key:
        hint = f"declare it: primary_key: … in dataset '{target.name}'"
        message = f"dataset '{target.name}' has no primary key, so nothing can be looked up in it"
        yield Diagnostic("E206", message, key_place(model, *place), hint)
    elif len(key_columns(target)) != len(join.on):
        wanted = ", ".join(key_columns(target))
        message = f"the join '{name}' needs one value for each of {wanted}, and has {len(join.on)}"
        yield Diagnostic(
            "E206", message, value_place(model, *place, "on"), "fan-out is not allowed: match the whole key"
        )
    is_list = isinstance(model.nodes[place[0]].child(*place[1:], "on").value, list)
    for number, text in enumerate(join.on):
        yield from _check_key(model, dataset, text, (*place, "on", number) if is_list else (*place, "on"))
    if (join.as_of is None) != (target.validity is None):
        yield _as_of_problem(model, name, target, place)
    elif join.as_of and not is_time(model, dataset, join.as_of):
        message = f"'{join.as_of}' is not a time dimension of dataset '{dataset.name}'"
        hint = f"name one of type date, timestamp or timestamptz{_times(model, dataset)}"
        yield Diagnostic("E204", message, value_place(model, *place, "as_of"), hint)


def _check_key(model: Model, dataset: Dataset, text: str, place: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    """An entry of `on` is a column, or an expression over at least one column of its own dataset."""
    at, *path = place
    try:
        key = parse_key(text)
    except ExpressionError as error:
        yield Diagnostic("E218", error.message, within(model, error.start, error.end, str(at), *path), error.hint)
        return
    if isinstance(key, str):
        return
    hint = f"a join looks values up that are made of columns of '{dataset.name}'"
    if not key.names:
        yield Diagnostic("E218", f"'{text}' names no column", within(model, 0, len(text), str(at), *path), hint)
    for name in key.names:
        if name.qualifier or name.name in ("at", "as_of"):
            span = within(model, name.start, name.end, str(at), *path)
            yield Diagnostic("E218", f"'{name}' is not a column of dataset '{dataset.name}'", span, hint)


def _times(model: Model, dataset: Dataset) -> str:
    times = [name for name, found in model.dimensions[dataset.name].items() if found.is_time]
    return f": {listing(times)}" if times else ""


def _as_of_problem(model: Model, name: str, target: Dataset, place: tuple[str, str, str]) -> Diagnostic:
    if target.validity is None:
        message = f"the join '{name}' has as_of, but dataset '{target.name}' has no validity"
        return Diagnostic("E208", message, value_place(model, *place, "as_of"), "leave as_of out, or declare validity")
    message = f"dataset '{target.name}' has one row per key and time, and the join '{name}' does not say at which time"
    return Diagnostic("E208", message, key_place(model, *place), "add as_of: the time dimension to look it up at")


def is_time(model: Model, dataset: Dataset, name: str) -> bool:
    """Whether a name is a time dimension of a dataset."""
    found = model.dimensions[dataset.name].get(name)
    return found is not None and found.is_time
