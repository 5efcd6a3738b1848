"""What every metric type has, and what it must answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from sqlglot import exp

from semantic.aggregates import Aggregation
from semantic.described import Described
from semantic.formats import NamedFormat, Thresholds
from semantic.frames import Shift, Window
from semantic.kinds import KindOf
from semantic.source import Exact
from semantic.vocabulary import Kind

ValueOf = Callable[[str], exp.Expr]


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
    path: tuple[str | int, ...]
    start: int = 0
    end: int = 0
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """Of what a metric has several values in a period that are put together by `agg`.

    Those in every period of a smaller grain, of the query's own where none is named, or of every `entity`.
    """

    agg: str
    grain: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Which snapshots of a period count, for every combination of the dimensions in `keys`."""

    agg: str
    keys: tuple[str, ...] = ()
    carry_forward: bool = False


class Leaves(Protocol):
    """Where a metric type asks for what it is made of while it is planned."""

    def leaf(self, aggregation: Aggregation) -> exp.Expr:
        """The column in which the aggregate's value at the query's grain will stand."""

    def metric(self, name: str, ignore: frozenset[str] = frozenset()) -> exp.Expr:
        """The value of another metric, computed as if the dimensions in `ignore` had not been asked for."""

    def whole(self, within: frozenset[str]) -> Leaves:
        """Leaves as if only time words and the dimensions of `within` had been asked for."""

    def framed(self, shown_as: str, window: Window) -> Leaves:
        """Leaves over the rows of a window that ends with the period."""

    def compared(self, shown_as: str, shift: Shift, elapsed: bool) -> tuple[ValueOf, ValueOf]:
        """What gives metrics' values in the period, and in the one that lies a shift before."""

    def each(self, shown_as: str, metric: str, each: Each) -> exp.Expr:
        """The values of a metric in smaller periods, or for single entities, put together."""

    def snapshots(self, shown_as: str, metric: str, snapshots: Snapshots) -> exp.Expr:
        """A simple metric over the snapshots of a period that count."""

    def ranked(self, name: str, within: frozenset[str], descending: bool) -> exp.Expr:
        """The place of a metric's value among the groups of the same period and the same values of some dimensions."""


class Metric(Described):
    """A named number. Subclasses are the metric types: one file each, with the YAML shape and how it is planned.

    owner: who answers questions about it
    format: how it is shown: `integer`, `number`, `percent`, `duration`, or a mapping, `{currency: EUR}`, see below
    thresholds: `{good: 0.3, bad: 0.1}`: from where on a value is good or bad
    empty: a number shown where the metric would be NULL (a missing COUNT is 0 without it)
    """

    name: str
    owner: str | None = None
    format: NamedFormat | None = None
    thresholds: Thresholds | None = None
    empty: Exact | None = None
    not_inside: ClassVar[tuple[str, ...]] = ()  # types that may not stand within this one, at any depth

    goes_by_time: ClassVar[bool] = False
    adds_rows: ClassVar[bool] = False  # it adds up values of single rows

    @property
    def needs_clock(self) -> bool:
        """Whether it is about the time of the rows."""
        return self.goes_by_time

    @property
    def below_day(self) -> str:
        """The unit of time shorter than a day that it counts, empty if none."""
        return ""

    @property
    def reached(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Of its dimensions those that every part must have."""
        return ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The types that may not stand within this metric."""
        return self.not_inside

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The dimensions that this metric names: the YAML path of each list, and the list."""
        return ()

    @property
    def definition(self) -> str:
        """The metric in one line, for people."""
        raise TypeError(f"{type(self).__name__} does not say how it is defined")

    def kind(self, kind_of: KindOf) -> Kind | None:
        """The kind of value that the metric has; `kind_of` tells those of other metrics. Raises ExpressionError."""
        return None

    def references(self) -> Iterable[Reference]:
        """The metrics that this one is defined over."""
        return ()

    def problems(self, dimensions: Mapping[str, Collection[str]]) -> Iterable[Problem]:
        """What is wrong with this metric by itself, given the dimensions' names by dataset."""
        return ()

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric's value as an expression over leaf columns."""
        raise TypeError(f"{type(self).__name__} does not say how it is planned")
