"""`simple`: an aggregate over the rows of one dataset.

active_users: {dataset: activity, agg: count_distinct, expr: user_id, filter: activity_type = 'login'}
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from pydantic import model_validator
from sqlglot import exp

from semantic.expressions import Expression, ExpressionError, parse
from semantic.metric_types.base import Leaves, Metric, Problem

Aggregate = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median"]


class Simple(Metric):
    """An aggregate (`agg`) of a row expression over the rows of a dataset that pass `filter`."""

    type: Literal["simple"] = "simple"
    dataset: str
    agg: Aggregate
    expr: str | None = None
    filter: str | None = None
    time: str | None = None

    @model_validator(mode="after")
    def _has_something_to_aggregate(self) -> Simple:
        if self.expr is None and self.agg != "count":
            raise ValueError(f"'{self.agg}' needs an 'expr': what is to be aggregated")
        return self

    @property
    def counts(self) -> bool:
        """Whether an empty set of rows gives 0 rather than NULL."""
        return self.agg in ("count", "count_distinct")

    @property
    def definition(self) -> str:
        """As `count_distinct(user_id) over activity where activity_type = 'login'`."""
        where = f" where {self.filter}" if self.filter else ""
        return f"{self.agg}({self.expr or 'rows'}) over {self.dataset}{where}"

    def problems(self, dimensions: Mapping[str, Collection[str]]) -> Iterable[Problem]:
        """Expressions outside the vocabulary, and a clock that the dataset does not have."""
        for key, text in (("expr", self.expr), ("filter", self.filter)):
            try:
                if text is not None:
                    parse(text)
            except ExpressionError as error:
                yield Problem("E210", error.message, (key,), error.start, error.end, error.hint)
        known = dimensions.get(self.dataset)
        if known is not None and self.time and self.time not in known:
            yield Problem("E204", f"dataset '{self.dataset}' has no time dimension '{self.time}'", ("time",))

    def plan(self, leaves: Leaves) -> exp.Expr:
        """A leaf of its own."""
        return leaves.leaf(self)

    def aggregate(self, value: exp.Expr | None) -> exp.Expr:
        """The aggregate of a row-level value; `value` is None where rows are counted."""
        match self.agg:
            case "count":
                return exp.Count(this=value if value is not None else exp.Star())
            case "count_distinct":
                return exp.Count(this=exp.Distinct(expressions=[value]))
            case "sum":
                return exp.Sum(this=value)
            case "avg":
                return exp.Avg(this=_double(value))
            case "min":
                return exp.Min(this=value)
            case "max":
                return exp.Max(this=value)
            case "median":
                return exp.Median(this=_double(value))

    @property
    def parsed_expr(self) -> Expression | None:
        """The row expression, read."""
        return parse(self.expr) if self.expr is not None else None

    @property
    def parsed_filter(self) -> Expression | None:
        """The filter, read."""
        return parse(self.filter) if self.filter is not None else None


def _double(value: exp.Expr | None) -> exp.Expr:
    """Averages of decimals are cut to a few digits by some engines; those of doubles are not."""
    return exp.Cast(this=value, to=exp.DataType.build("double"))
