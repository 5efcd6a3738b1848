"""The plan of a query: which rows of which datasets make which leaves, and how they become the answer.

Expressions in a plan are bound sqlglot trees of the vocabulary, still the same for every dialect. They are shared
and never changed; `lower` copies what it puts into a statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlglot import exp

from semantic.clocks import Clock
from semantic.expressions import cast
from semantic.frames import Frame, Length, Now
from semantic.model import Dataset
from semantic.periods import DAY_GRAINS, Period

MOMENT = "moment"  # the grain of rows that are not put together by time


@dataclass(frozen=True, slots=True)
class Key:
    """A column that groups: its name in the result, for a time word the grain, and the order of its values.

    `values` are literals in the order in which they come, compared as text where `as_text`; all others come after them,
    ascending. `last` comes after all, NULL included, where no other order of the key is asked for. `calendar` has
    the period that it is, empty for all else.
    """

    name: str
    grain: str | None = None
    values: tuple[exp.Expr, ...] = ()
    as_text: bool = False
    last: str | None = None
    calendar: str = ""

    @property
    def is_period(self) -> bool:
        """Whether its values are periods: of a grain, or of a calendar."""
        return self.is_time or self.calendar != ""

    @property
    def is_time(self) -> bool:
        """Whether this is a time word, which each metric fills with its own time."""
        return self.grain is not None

    @property
    def rank(self) -> exp.Expr | None:
        """The place of a value in the listed order, NULL for others; None where nothing is listed."""
        if not self.values:
            return None
        value: exp.Expr = exp.Column(this=exp.to_identifier(self.name))
        if self.as_text:
            value = cast(value, "text")
        rank = exp.Case(this=value)
        for place, literal in enumerate(self.values):
            rank = rank.when(literal.copy(), exp.Literal.number(place), copy=False)
        return rank


@dataclass(frozen=True, slots=True)
class Lookup:
    """One LEFT JOIN of a scan, at the end of a path of joins from its dataset.

    It finds the row of `dataset` whose key equals `keys`, values of the row called `parent`, and for which all of
    `holds` is true. `by_day`: by no join, but by the local day of a time.
    """

    path: tuple[str, ...]
    alias: str
    owner: Dataset
    parent: str
    keys: tuple[exp.Expr, ...]
    dataset: Dataset
    holds: tuple[exp.Expr, ...] = ()
    by_day: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A leaf: an aggregate over the rows of a scan that pass its own filter."""

    name: str
    aggregate: exp.Expr
    filter: exp.Expr | None


@dataclass(frozen=True, slots=True)
class Began:
    """When the data of a dataset begin: the smallest time of all its rows."""

    dataset: Dataset
    clock: Clock


@dataclass(frozen=True, slots=True)
class Spine:
    """The periods that must be in the answer: every combination of the time keys in a range.

    `period` bounds the range where the query has one; else the observed groups do. Never later than as-of, but for
    those of a period that goes `beyond`. With `begins`, no period that is over before the first of these times; where
    `period` is None the range begins there, and ends before `end`. `days` is the calendar that some of the keys are of.
    """

    keys: tuple[Key, ...]
    period: Period | None
    now: Now
    begins: tuple[Began, ...] = ()
    end: date | None = None
    beyond: bool = False
    days: Dataset | None = None


@dataclass(frozen=True, slots=True)
class Frames:
    """The frame of each period of a time key; `period` is the query's.

    `by_instant`: edges are instants even where days would do, as the rows are put together by hours.
    """

    key: Key
    frame: Frame
    period: Period | None
    now: Now
    by_instant: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column of the answer before its outputs are computed, and what it is made of in the columns of a scan."""

    name: str
    value: exp.Expr
    counts: bool


How = Literal["as_is", "whole", "parts", "rows", "sweep", "firsts", "snapshots"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Which rows of snapshots count: the columns of a flat scan with their time, their keys, the value.

    `passes` is the one that says whether the query's condition holds, empty where there is none.
    """

    agg: str
    at: str
    keys: tuple[str, ...]
    value: str
    passes: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a scan become leaves.

    Without `frames` its groups are taken as they stand, of those that `shown` holds. With them the scan's
    `part` says when its rows were, and a leaf has what lies in the frame of its period: `whole`, the groups of another
    period; `parts`, the aggregates of several groups, added up; `rows`, an aggregate of single rows; `sweep`, the
    distinct values of several groups, each counted once (with `last`: of blocks of days that no window is shorter than,
    of which the first and the last day with the value are known); `firsts`, the same where it is enough to know when
    each was first seen; `snapshots`, the rows that are `taken` of a stock.
    """

    how: How
    leaves: tuple[Leaf, ...]
    keys: tuple[Key, ...]
    part: Key | None = None
    frames: Frames | None = None
    shown: tuple[exp.Expr, ...] = ()
    entity: str = ""
    last: str = ""
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The value of a key that is looked up among the first ones, in the CTE called `top`; others are one group."""

    top: str
    value: exp.Expr


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over the rows of a dataset: looked up, filtered, grouped (unless it is `flat`), and what it is read as.

    `keys` and `groups` are those of its rows. The measures of a flat scan are values of single rows.
    """

    dataset: Dataset
    clock: str | None
    lookups: tuple[Lookup, ...]
    keys: tuple[Key, ...]
    groups: tuple[exp.Expr, ...]
    where: tuple[exp.Expr, ...]
    measures: tuple[Measure, ...]
    readings: tuple[Reading, ...] = ()
    flat: bool = False
    totals: bool = False
    gathered: tuple[Gathered, ...] = ()

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """Everything that is read from it."""
        return tuple(leaf for reading in self.readings for leaf in reading.leaves)

    @property
    def is_framed(self) -> bool:
        """Whether any of it is read in other periods than its own."""
        return any(reading.frames is not None for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Known:
    """Whether the data of a dataset had begun when what is compared with ended: a column of its own.

    `ended`: frames that move the periods, or the one day on which the one period ends.
    """

    name: str
    began: Began
    ended: Frames | date


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the data of a dataset reach: the largest time of all its rows up to as-of, less a lag."""

    dataset: Dataset
    clock: Clock
    lag: Length | None


@dataclass(frozen=True, slots=True)
class Completeness:
    """Which periods are complete: not cut by the query's, and over before the data of each dataset end.

    Where first times count they begin after the data do, `begun`.
    `shown`: in a column of its own; `only`: the rows of others are left out.
    """

    keys: tuple[Key, ...]
    period: Period | None
    now: Now
    reached: tuple[Reached, ...]
    begun: tuple[Began, ...]
    shown: bool
    only: bool

    @property
    def below_day(self) -> bool:
        """Whether the periods are hours or shorter."""
        return any(key.grain not in DAY_GRAINS for key in self.keys)

    @property
    def cutting(self) -> tuple[Key, ...]:
        """The keys whose periods have the end of what they share: those below day lie within the others."""
        return tuple(key for key in self.keys if key.grain not in DAY_GRAINS) or self.keys


@dataclass(frozen=True, slots=True)
class Output:
    """A metric of the result: an expression over leaf columns."""

    name: str
    value: exp.Expr


@dataclass(frozen=True, slots=True)
class Sort:
    """A column of the result to order by; NULLs are last either way."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """A leaf made of the answer to another query: its values by more keys than these, put together by `agg`.

    With `frames` those count whose `part` lies in the frame of a period. Where `entity` is NULL they do not count.
    `nothing` is the value of the inner metric where there are no rows, None if that is NULL. `rows` is the name of
    another leaf, more than 0 where there are rows; empty if nobody asks.
    """

    plan: Plan
    keys: tuple[Key, ...]
    leaf: str
    value: str
    agg: str
    part: Key | None = None
    frames: Frames | None = None
    entity: str | None = None
    nothing: exp.Expr | None = None
    rows: str = ""

    @property
    def is_of_framed(self) -> bool:
        """Whether it has values of entities in the same periods, each read in other ones."""
        return self.entity is not None and self.plan.is_framed

    @property
    def counted(self) -> str:
        """The column with the number of inner periods."""
        return f"{self.leaf}_periods"


@dataclass(frozen=True, slots=True)
class TopValues:
    """The first `n` values of the one key of a plan by its one output, as the CTE called `name`; `as_text` as texts.

    `other` is what all others are called; a value that is called so is one of them.
    """

    name: str
    plan: Plan
    n: int
    descending: bool
    other: str
    as_text: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole query.

    The groups of `scans` are combined; `broadcasts` are scans over fewer keys, looked up for every group. The `spine`
    has the periods that are shown, and with `fill` those without rows too. `total` is how the total is computed where
    it is no grouping of the same rows. `seen` is the name of a column that is 1 where a group has rows.
    `completeness` is about the rows of the answer, and comes after `having`.
    """

    keys: tuple[Key, ...]
    scans: tuple[Scan | Nested, ...]
    broadcasts: tuple[Scan | Nested, ...]
    outputs: tuple[Output, ...]
    having: exp.Expr | None
    order: tuple[Sort, ...]
    limit: int | None
    totals: bool
    spine: Spine | None = None
    fill: bool = False
    knowns: tuple[Known, ...] = ()
    total: Plan | None = None
    seen: str = ""
    completeness: Completeness | None = None
    top: TopValues | None = None

    @property
    def all_scans(self) -> tuple[Scan, ...]:
        """Every scan, those of the total, of inner answers and of the first values included."""
        own = (*self.scans, *self.broadcasts)
        found = tuple(scan for each in own for scan in (each.plan.all_scans if isinstance(each, Nested) else (each,)))
        found += self.total.all_scans if self.total is not None else ()
        return found + (self.top.plan.all_scans if self.top is not None else ())

    @property
    def is_framed(self) -> bool:
        """Whether anything is read in other periods than its own."""
        return any(
            each.frames is not None or each.is_of_framed if isinstance(each, Nested) else each.is_framed
            for each in (*self.scans, *self.broadcasts)
        )

    def with_scans(self, scan: Callable[[Scan], Scan], inner: Callable[[Plan], Plan]) -> Plan:
        """The plan with something done to its scans, and to the plans within it."""

        def changed(each: Scan | Nested) -> Scan | Nested:
            return replace(each, plan=inner(each.plan)) if isinstance(each, Nested) else scan(each)

        return replace(
            self,
            scans=tuple(map(changed, self.scans)),
            broadcasts=tuple(map(changed, self.broadcasts)),
            total=inner(self.total) if self.total is not None else None,
            top=replace(self.top, plan=inner(self.top.plan)) if self.top is not None else None,
        )
