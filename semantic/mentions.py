"""Every place in the YAML at which a column of a dataset's table or SQL is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semantic.errors import Span
from semantic.metric_types import Simple
from semantic.model import Dataset, Dimension, Model
from semantic.parse import parse
from semantic.places import key_place, value_place, within

_SPECIAL = ("at", "as_of")


@dataclass(frozen=True, slots=True)
class Mention:
    """A column that is named: where, by which dimension or join if by one, and what the name could have meant.

    `owner` is a dimension's name, or what `join_owner` makes of a join's.
    """

    column: str
    span: Span
    owner: str = ""
    others: tuple[str, ...] = ()


def join_owner(join: str) -> str:
    """A join as an owner, unlike any dimension's name."""
    return f"joins.{join}"


def mentions(model: Model, dataset: Dataset) -> Iterator[Mention]:
    """The columns that a dataset and its metrics name, in no particular order."""
    at = f"datasets.{dataset.name}"
    for number, name in enumerate(dataset.primary_key):
        yield Mention(name, value_place(model, at, "primary_key", number))
    if dataset.validity is not None:
        yield Mention(dataset.validity.from_, value_place(model, at, "validity", "from"))
        yield Mention(dataset.validity.to, value_place(model, at, "validity", "to"))
    if dataset.time is not None and dataset.time not in dataset.dimensions:
        yield Mention(dataset.time, value_place(model, at, "time"), dataset.time)
    for join in dataset.joins:
        yield from _of_join(model, dataset, join)
    for name, dimension in dataset.dimensions.items():
        yield from _of_dimension(model, at, name, dimension)
    for metric in model.metrics.values():
        if isinstance(metric, Simple) and metric.dataset == dataset.name:
            yield from _of_metric(model, metric)


def _of_join(model: Model, dataset: Dataset, join: str) -> Iterator[Mention]:
    for number, key in enumerate(dataset.joins[join].keys):
        at = (f"datasets.{dataset.name}", "joins", join, "on", number)
        if isinstance(key, str):
            yield Mention(key, value_place(model, *at), join_owner(join))
            continue
        for name in key.names:
            yield Mention(name.name, within(model, name.start, name.end, *at), join_owner(join))


def _of_dimension(model: Model, at: str, name: str, dimension: Dimension) -> Iterator[Mention]:
    if dimension.expr is None:
        yield Mention(name, key_place(model, at, "dimensions", name), name)
        return
    for found in parse(dimension.expr).names:
        if found.name not in _SPECIAL:
            span = within(model, found.start, found.end, at, "dimensions", name, "expr")
            yield Mention(found.name, span, name)


def _of_metric(model: Model, metric: Simple) -> Iterator[Mention]:
    """Names in a metric are dimensions first, and in its filter segments before all."""
    dimensions = model.dimensions[metric.dataset]
    for path, text in metric.texts:
        bare = (*_SPECIAL, *(model.segments if path == ("filter",) else ()))
        for found in (name for expression in metric.read(path, text) for name in expression.names):
            is_own = found.name not in bare if not found.qualifier else found.qualifier == metric.dataset
            if is_own and found.name not in dimensions:
                span = within(model, found.start, found.end, f"metrics.{metric.name}", *path)
                yield Mention(found.name, span, others=(*dimensions, *bare))
