"""What every metric type has, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict
from sqlglot import exp

if TYPE_CHECKING:
    from semantic.metric_types.simple import Simple
    from semantic.model import Dataset

Format = Literal["integer", "number", "percent"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A metric's mention of another one: its name, the YAML path of the mention, the characters within that scalar."""

    metric: str
    path: tuple[str, ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong inside a metric, found by its own type; the place as in `Reference`."""

    code: str
    message: str
    path: tuple[str, ...]
    start: int = 0
    end: int = 0
    hint: str | None = None


class Leaves(Protocol):
    """Where a metric type asks for what it is made of while it is planned."""

    def simple(self, metric: Simple) -> exp.Expr:
        """The column in which the simple metric's value at the query's grain will stand."""

    def metric(self, name: str, ignore: frozenset[str] = frozenset()) -> exp.Expr:
        """The value of another metric, computed as if the dimensions in `ignore` had not been asked for."""


class Metric(BaseModel):
    """A named number. Subclasses are the metric types: one file each, with the YAML shape and how it is planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str | None = None
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    format: Format | None = None
    empty: int | float | None = None

    @property
    def definition(self) -> str:
        """The metric in one line, for people."""
        raise TypeError(f"{type(self).__name__} does not say how it is defined")

    def references(self) -> Iterable[Reference]:
        """The metrics that this one is defined over."""
        return ()

    def problems(self, datasets: Mapping[str, Dataset]) -> Iterable[Problem]:
        """What is wrong with this metric by itself."""
        return ()

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric's value as an expression over leaf columns."""
        raise TypeError(f"{type(self).__name__} does not say how it is planned")


Substitute = Callable[[exp.Column], exp.Expr]
