"""The plan of a query: which rows of which datasets make which leaves, and how they become the answer.

Expressions in a plan are bound sqlglot trees of the vocabulary, still the same for every dialect. They are shared
and never changed; `lower` copies what it puts into a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from semantic.expressions import cast
from semantic.model import Dataset
from semantic.periods import Calendar, Period


@dataclass(frozen=True, slots=True)
class Key:
    """A column that groups: its name in the result, for a time word the grain, and the order of its values.

    `values` are literals in the order in which they come, compared as text where `as_text`; all others come after them,
    ascending.
    """

    name: str
    grain: str | None = None
    values: tuple[exp.Expr, ...] = ()
    as_text: bool = False

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
    `holds` is true.
    """

    path: tuple[str, ...]
    alias: str
    owner: Dataset
    parent: str
    keys: tuple[exp.Expr, ...]
    dataset: Dataset
    holds: tuple[exp.Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A leaf: an aggregate over the rows of a scan that pass its own filter."""

    name: str
    aggregate: exp.Expr
    filter: exp.Expr | None
    counts: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over the rows of a dataset: looked up, filtered, grouped."""

    dataset: Dataset
    clock: str | None
    lookups: tuple[Lookup, ...]
    keys: tuple[Key, ...]
    groups: tuple[exp.Expr, ...]
    where: tuple[exp.Expr, ...]
    measures: tuple[Measure, ...]
    totals: bool = False


@dataclass(frozen=True, slots=True)
class Spine:
    """The periods that must be in the answer: every combination of the time keys in a range.

    `period` bounds the range where the query has one; else the observed groups do. Never later than `as_of`.
    """

    keys: tuple[Key, ...]
    period: Period | None
    as_of: datetime
    calendar: Calendar


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
class Plan:
    """A whole query.

    The groups of `scans` are combined; `broadcasts` are scans over fewer keys, looked up for every group.
    """

    keys: tuple[Key, ...]
    scans: tuple[Scan, ...]
    broadcasts: tuple[Scan, ...]
    outputs: tuple[Output, ...]
    having: exp.Expr | None
    order: tuple[Sort, ...]
    limit: int | None
    totals: bool
    spine: Spine | None = None
