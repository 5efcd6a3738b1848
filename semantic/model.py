"""The shapes of a project: what the YAML says, frozen, with every implied thing made explicit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from semantic.expressions import GRAINS
from semantic.kinds import Kind
from semantic.metric_types.base import Metric
from semantic.source import Documents, Exact, Node, Shape

RESERVED = (*GRAINS, "at", "as_of", "is_total")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ValueType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "timestamptz"]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_mapping(value: Any) -> Any:
    return {} if value is None else value


def _as_bins(value: Any) -> Any:
    return {"edges": value} if isinstance(value, list | tuple) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Bins(Shape):
    """Half-open bins `[a, b)`: n ascending edges make n + 1 bins."""

    edges: tuple[Exact, ...] = Field(min_length=1)
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Bins:
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError("the edges of bins must ascend")
        if self.labels and len(self.labels) != len(self.edges) + 1:
            raise ValueError(f"{len(self.edges)} edges make {len(self.edges) + 1} bins, not {len(self.labels)} labels")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("two bins have one label")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, in the order of the bins."""
        if self.labels:
            return self.labels
        edges = [f"{edge.normalize():f}" for edge in self.edges]
        between = [f"{low} - < {high}" for low, high in pairwise(edges)]
        return (f"< {edges[0]}", *between, f">= {edges[-1]}")


class Dimension(Shape):
    """A row-level expression of a dataset."""

    expr: str | None = None
    type: ValueType | None = None
    zone: str = "UTC"
    bins: Annotated[Bins | None, BeforeValidator(_as_bins)] = None
    label: str | None = None
    description: str = ""

    @property
    def kind(self) -> Kind | None:
        """What kind of value this is, None if nobody said."""
        return "text" if self.bins else _KINDS.get(self.type or "")


_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}


class Join(Shape):
    """A many-to-one lookup of another dataset's row by its primary key, or of the one valid at `as_of`."""

    on: Names = Field(min_length=1)
    dataset: str | None = None
    as_of: str | None = None


class Validity(Shape):
    """The columns between which a row of a slowly changing dataset holds: from <= t < to."""

    from_: str = Field(alias="from")
    to: str


class Dataset(Shape):
    """A table or SQL with a primary key, a default clock, lookups and dimensions."""

    name: str
    label: str | None = None
    description: str = ""
    table: str | None = None
    sql: str | None = None
    primary_key: Names = ()
    time: str | None = None
    joins: Annotated[Mapping[str, Join], BeforeValidator(_as_mapping)] = Field(default_factory=dict)
    validity: Validity | None = None
    via: Mapping[str, str] = Field(default_factory=dict)
    dimensions: Annotated[
        Mapping[str, Annotated[Dimension, BeforeValidator(_as_mapping)]], BeforeValidator(_as_mapping)
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Dataset:
        if (self.table is None) == (self.sql is None):
            raise ValueError(f"dataset '{self.name}' needs either 'table' or 'sql'")
        return self

    def all_dimensions(self) -> Mapping[str, Dimension]:
        """The listed dimensions and those that need no listing: clock, validity, keys and join columns."""
        found = dict(self.dimensions)
        times = [self.time]
        if self.validity is not None:
            times += [self.validity.from_, self.validity.to]
        for name in filter(None, times):
            listed = found.get(name, Dimension())
            if listed.type is None:
                found[name] = listed.model_copy(update={"type": "timestamp"})
        for name in (*self.primary_key, *(column for join in self.joins.values() for column in join.on)):
            if name not in RESERVED:  # a column of such a name is a key, and no dimension
                found.setdefault(name, Dimension())
        return found


class Segment(Shape):
    """A named condition over dimensions."""

    name: str
    filter: str
    label: str | None = None
    description: str = ""


class Target(Shape):
    """Where queries run."""

    engine: Literal["duckdb"]
    database: str | None = None


class Project(Shape):
    """The settings of project.yml."""

    name: str = "metricast"
    time_zone: str = "UTC"
    week_start: Weekday = "monday"
    targets: Mapping[str, Target] = Field(default_factory=lambda: {"local": Target(engine="duckdb")})
    default_target: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A checked project: what queries are compiled against."""

    project: Project
    datasets: Mapping[str, Dataset]
    metrics: Mapping[str, Metric]
    segments: Mapping[str, Segment] = field(default_factory=dict)
    root: Path | None = None
    documents: Documents = field(default_factory=lambda: Documents(()))
    nodes: Mapping[str, Node] = field(default_factory=dict)
    dimensions: Mapping[str, Mapping[str, Dimension]] = field(init=False)
    owners: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        dimensions = {name: dataset.all_dimensions() for name, dataset in self.datasets.items()}
        owners: dict[str, tuple[str, ...]] = {}
        for dataset, found in dimensions.items():
            for name in found:
                owners[name] = (*owners.get(name, ()), dataset)
        object.__setattr__(self, "dimensions", MappingProxyType(dimensions))
        object.__setattr__(self, "owners", MappingProxyType(owners))

    @property
    def name(self) -> str:
        """The project's name."""
        return self.project.name

    @property
    def time_zone(self) -> str:
        """The business time zone, an IANA name."""
        return self.project.time_zone

    @property
    def week_start(self) -> str:
        """The weekday on which a week starts."""
        return self.project.week_start
