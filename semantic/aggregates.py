"""The aggregates over the rows of one dataset.

A new one is a name in Aggregate, an entry in AGGREGATES and, where dialects differ, an emitter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from sqlglot import exp

from semantic.expressions import Expression, call, cast, number, text
from semantic.vocabulary import Kind

Aggregate = Literal[
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "median",
    "percentile",
    "stddev",
    "variance",
    "approx_count_distinct",
    "first",
    "last",
]
COUNTS = ("count", "count_distinct", "approx_count_distinct")
ORDERED = ("first", "last")
PICKED = ("min", "max", "first", "last")
PICKING = (*PICKED, "median", "percentile")  # the value is that of single rows
NUMERIC = ("sum", "avg", "median", "percentile", "stddev", "variance")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregate over a dataset's rows: what a leaf of a plan is computed from.

    `values` are row expressions: none counts rows, several count distinct combinations. Two equal aggregations are one
    leaf, whatever metric they belong to.
    """

    name: str = field(compare=False)
    metric: str = field(compare=False)
    dataset: str
    agg: str
    values: tuple[Expression, ...] = ()
    filter: Expression | None = None
    time: str | None = None
    p: Decimal | None = None

    @property
    def counts(self) -> bool:
        """Whether an empty set of rows gives 0 rather than NULL."""
        return self.agg in COUNTS

    @property
    def wanted(self) -> Kind | None:
        """The kind of value that can be aggregated so; None for any."""
        return "number" if self.agg in NUMERIC else None

    @property
    def is_ordered(self) -> bool:
        """Whether it depends on the order of the rows in time."""
        return self.agg in ORDERED

    def expression(self, values: list[exp.Expr], order: list[exp.Expr]) -> exp.Expr:
        """The aggregate of bound row values; `order` is the clock and the primary key, for the ordered ones."""
        if self.is_ordered:
            return call(self.agg, values[0], _order_key(order))
        if len(values) > 1:
            return exp.Count(this=exp.Distinct(expressions=[complete_row(values)]))
        if self.agg == "percentile":
            return call("percentile", _double(values[0]), number(self.p or Decimal(0)))
        return AGGREGATES[self.agg](values[0] if values else exp.Star())


def _double(value: exp.Expr) -> exp.Expr:
    """Averages of decimals are cut to a few digits by some engines; those of doubles are not."""
    return cast(value, "double")


def _present(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _order_key(order: list[exp.Expr]) -> exp.Expr:
    """The row's place in time; NULL, and so out of the race, where it has no time."""
    return exp.Case().when(_present(order[0]), call("place", *order))


def complete_row(values: list[exp.Expr]) -> exp.Expr:
    """The value, or the values together; NULL, and so not counted, where one of them is NULL."""
    if len(values) == 1:
        return values[0]
    return exp.Case().when(exp.and_(*map(_present, values), copy=False), call("row", *values))


def _spread(aggregate: Callable[[exp.Expr], exp.Expr]) -> Callable[[exp.Expr], exp.Expr]:
    """NaN where a value is no number or its square none: some engines refuse it, and all rows of a query with it."""

    def build(value: exp.Expr) -> exp.Expr:
        value, most = _double(value), exp.Literal.number("1e150")
        size = call("abs", value)
        several = exp.GT(this=exp.Count(this=value.copy()), expression=exp.Literal.number(1))
        too_large = exp.GTE(this=exp.Max(this=size), expression=most)
        kept = exp.Case().when(exp.LT(this=size.copy(), expression=most.copy()), value.copy())
        return exp.Case().when(exp.and_(several, too_large), cast(text("NaN"), "double")).else_(aggregate(kept))

    return build


AGGREGATES: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "count": lambda value: exp.Count(this=value),
    "count_distinct": lambda value: exp.Count(this=exp.Distinct(expressions=[value])),
    "sum": lambda value: call("sum", value),
    "avg": lambda value: exp.Avg(this=_double(value)),
    "min": lambda value: exp.Min(this=value),
    "max": lambda value: exp.Max(this=value),
    "median": lambda value: exp.Median(this=_double(value)),
    "stddev": _spread(lambda value: exp.StddevSamp(this=value)),
    "variance": _spread(lambda value: exp.Variance(this=value)),
    "approx_count_distinct": lambda value: exp.ApproxDistinct(this=value),
}
AGGREGATE_NAMES: tuple[str, ...] = get_args(Aggregate)
_ORDER = "row by the metric's clock (its own `time`, else the dataset's); of equal times the"
MEANINGS: dict[Aggregate, str] = {  # as LANGUAGE.md lists them
    "count": "rows, or those with a non-NULL `expr`",
    "count_distinct": "distinct values; NULL is not counted. Of `expr: [a, b]` distinct combinations; a row on which "
    "any of them is NULL is not counted",
    "sum": "the sum; NULL where there is no value",
    "avg": "the mean, in floating point",
    "min": "the smallest",
    "max": "the largest",
    "median": "`percentile` with `p: 0.5`",
    "percentile": "of rank p·(n − 1) among the n sorted values, from 0; interpolated between the two nearest",
    "stddev": "the standard deviation, of the sample (n − 1); NULL below two values; NaN with one, or beyond ±1e150",
    "variance": "the square of `stddev`",
    "approx_count_distinct": (
        "about how many distinct non-NULL values: fast, and another number on each engine; mostly within 15% on DuckDB "
        "(25% was seen, and six of seven values), within 5% on Databricks (9% was seen)"
    ),
    "first": f"`expr` on the first {_ORDER} smallest primary key. Rows without a time are not looked at; may be NULL",
    "last": f"`expr` on the last {_ORDER} largest primary key. The rest as `first`",
}
