"""The shapes the naive evaluator reads: a model with its rows, and a query. Written from the design alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Value = None | bool | int | float | Decimal | str | date | datetime
# A tuple such as ("=", ("name", "gender"), ("lit", "f")); see expressions.py for the closed set of heads. A metric's
# `expr` may also be ("list", a, b), and hold ("agg", "sum", x) where it is arithmetic of aggregates.
Expr = tuple[object, ...]
Row = Mapping[str, Value]

WORDS = ("second", "minute", "hour", "day", "week", "month", "quarter", "fiscal_quarter", "year", "fiscal_year")
BELOW_DAY = frozenset(WORDS[:3])
PARTS = (
    "hour_of_day",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month_of_year",
    "quarter_of_year",
)
TIME_TYPES = frozenset({"date", "timestamp", "timestamptz"})


class Refused(Exception):
    """The query has no correct answer, or is not part of the language."""


@dataclass(frozen=True, slots=True)
class Bins:
    edges: tuple[int | Decimal, ...]
    labels: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bins, from the lowest up."""
        return tuple(self.label(index) for index in range(len(self.edges) + 1))

    def label(self, index: int) -> str:
        if self.labels is not None:
            return self.labels[index]
        if index == 0:
            return f"< {self.edges[0]}"
        if index == len(self.edges):
            return f">= {self.edges[-1]}"
        return f"{self.edges[index - 1]} - < {self.edges[index]}"


@dataclass(frozen=True, slots=True)
class Dimension:
    """`expr` None is the column of the same name; its names are columns, `at` and `as_of`.

    `values` come in this order, before all others; `labels` are what people read instead of them. A dimension of the
    type string may just as well have none: its values are text.
    """

    name: str
    type: str = "string"
    expr: Expr | None = None
    zone: str = "UTC"
    bins: Bins | None = None
    values: tuple[Value, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """`on`: columns, and expressions over columns, in the order of the other dataset's key."""

    name: str
    dataset: str
    on: tuple[str | Expr, ...]
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """What says how far the rows of a dataset are complete: the latest `watermark` (its clock) less a lag."""

    watermark: str | None = None
    lag: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    columns: Mapping[str, str]  # column → SQL type, for those who load the rows into an engine
    rows: tuple[Row, ...]
    primary_key: tuple[str, ...]
    time: str | None = None
    joins: tuple[Join, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    validity: tuple[str, str] | None = None
    via: Mapping[str, str] = field(default_factory=dict)
    complete: Complete | None = None
    recorded: str | None = None

    def dimension(self, name: str) -> Dimension | None:
        """The declared dimension, or the one that a key or clock column is without being listed."""
        for declared in self.dimensions:
            if declared.name == name:
                return declared
        if name == self.time:
            return Dimension(name, "timestamp")
        keys = {*self.primary_key, *(part for join in self.joins for part in join.on if isinstance(part, str))}
        return Dimension(name) if name in keys else None

    def join(self, name: str) -> Join:
        return next(join for join in self.joins if join.name == name)

    def validity_dimension(self, column: str) -> Dimension:
        declared = [d for d in self.dimensions if d.name == column]
        return declared[0] if declared else Dimension(column, "timestamp")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A row for each date. Name → column of the `periods`, time words from fine to coarse, and of the `dimensions`."""

    name: str
    rows: tuple[Row, ...]
    date: str
    periods: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Simple:
    """`agg` None: `expr` is arithmetic of aggregates."""

    name: str
    dataset: str
    agg: str | None
    expr: Expr | None = None
    filter: Expr | None = None
    time: str | None = None
    empty: int | None = None
    p: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Part:
    metric: str
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    name: str
    numerator: Part
    denominator: Part
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    name: str
    expr: Expr
    empty: int | None = None


Window = tuple[int, str]  # so many of a unit: (28, "day")


@dataclass(frozen=True, slots=True)
class Rolling:
    name: str
    metric: str
    window: Window
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Cumulative:
    name: str
    metric: str
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class ToDate:
    name: str
    metric: str
    grain: str
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Offset:
    """`kind`: previous (period), periods (`count` of them), unit (`count` of it), start (of the `unit`)."""

    kind: str
    count: int = 1
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`as_`: value, difference or percent_change. `align`: whole or elapsed."""

    name: str
    metric: str
    offset: Offset
    as_: str = "percent_change"
    align: str = "whole"
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Per:
    """Either by a grain or by an entity, which is a dimension."""

    name: str
    metric: str
    agg: str
    grain: str | None = None
    entity: str | None = None
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    name: str
    metric: str
    within: tuple[str, ...] = ()
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    name: str
    metric: str
    within: tuple[str, ...] = ()
    order: str = "desc"
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class MovingAverage:
    name: str
    metric: str
    periods: int
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class SemiAdditive:
    name: str
    metric: str
    agg: str
    keys: tuple[str, ...] = ()
    carry_forward: bool = False
    empty: int | None = None


Windowed = Rolling | Cumulative | ToDate
Metric = Simple | Ratio | Derived | Windowed | Comparison | Per | Share | Rank | MovingAverage | SemiAdditive


@dataclass(frozen=True, slots=True)
class Model:
    datasets: Mapping[str, Dataset]
    metrics: Mapping[str, Metric]
    time_zone: str = "UTC"
    week_start: str = "monday"
    segments: Mapping[str, Expr] = field(default_factory=dict)
    fiscal_year_start: str = "january"
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def is_word(self, name: str) -> bool:
        """Whether it is a grain, of the language or of a calendar."""
        return name in WORDS or any(name in calendar.periods for calendar in self.calendars.values())

    def is_part(self, name: str) -> bool:
        """Whether it is something else that one asks of a time."""
        return name in PARTS or any(name in calendar.dimensions for calendar in self.calendars.values())


@dataclass(frozen=True, slots=True)
class Query:
    """`where` and `having` are expressions; everything else is as in the language."""

    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    where: Expr | None = None
    having: Expr | None = None
    period: str | None = None
    order: tuple[str, ...] = ()
    limit: int | None = None
    totals: bool = False
    fill: bool = True
    time_zone: str | None = None
    is_complete: bool = False
    complete_only: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Instants are timezone-aware UTC datetimes."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
