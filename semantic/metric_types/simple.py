"""`simple`: an aggregate over the rows of one dataset, or arithmetic of such aggregates.

active_users: {dataset: activity, agg: count_distinct, expr: user_id, filter: activity_type = 'login'}
net_revenue:  {dataset: sales, expr: sum(amount) - sum(discount)}
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from pydantic import ConfigDict, model_validator
from pydantic.config import JsonDict
from sqlglot import exp

from semantic.aggregates import PICKED, Aggregate, Aggregation
from semantic.described import Names
from semantic.errors import suggest
from semantic.expressions import Expression, ExpressionError
from semantic.kinds import KindOf
from semantic.metric_types.base import Leaves, Metric, Problem
from semantic.parse import parse, parse_aggregates
from semantic.source import Exact
from semantic.vocabulary import Kind

_ROWS_COUNTED: JsonDict = {"required": ["agg"], "properties": {"agg": {"const": "count"}}}


class Simple(Metric):
    """An aggregate (`agg`) of `expr` over the rows that pass `filter`; without `agg` the aggregates stand in `expr`.

    type: `simple`, which need not be written
    dataset: whose rows are aggregated
    agg: one of the table below, such as `count` or `sum`; left out where `expr` holds aggregates
    expr: what is aggregated. Names are this dataset's dimensions first, then its columns; `join.dimension` reaches a
        looked-up one. Without `agg` arithmetic over one dataset, `sum(amount) / count(*)`: of `count(*)`, `count`,
        `count_distinct` (of one or several), `sum`, `avg`, `min`, `max`, `median`, `stddev`, `variance`; inside them
        row expressions, outside them what `derived` allows. A missing COUNT is 0 before the arithmetic
    p: of a percentile, between 0 and 1
    filter: which rows count: a condition over the same names, and segments
    time: another clock than the dataset's
    first_ever: `true` where it counts what happens for the first time ever, such as new users: as nobody knows who came
        before the data begin, the period in which they do is not complete (`is_complete`). Default: false
    """

    model_config = ConfigDict(json_schema_extra={"if": _ROWS_COUNTED, "else": {"required": ["expr"]}})

    type: Literal["simple"] = "simple"
    dataset: str
    agg: Aggregate | None = None
    expr: Names | None = None
    p: Exact | None = None
    filter: str | None = None
    time: str | None = None
    first_ever: bool = False

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Simple:
        if self.expr == () or (self.expr is None and self.agg != "count"):
            what = f"'{self.agg}' needs" if self.agg else "without 'agg' a metric needs"
            raise ValueError(f"{what} an 'expr': what is to be aggregated")
        if self.expr is not None and len(self.expr) != 1 and self.agg != "count_distinct":
            raise ValueError("several expressions can only be counted distinct (agg: count_distinct)")
        if (self.p is not None) != (self.agg == "percentile"):
            raise ValueError(
                "'percentile' needs a 'p', as in p: 0.9" if self.p is None else "'p' is for percentile only"
            )
        if self.p is not None and not 0 <= self.p <= 1:
            raise ValueError(f"'p' must lie between 0 and 1, not {self.p:g}")
        return self

    @property
    def definition(self) -> str:
        """As `count_distinct(user_id) over activity where activity_type = 'login'`."""
        where = f" where {self.filter}" if self.filter else ""
        values = ", ".join((*(self.expr or ("rows",)), *([f"{self.p:g}"] if self.p is not None else [])))
        return (
            f"{self.agg}({values}) over {self.dataset}{where}" if self.agg else f"{values} over {self.dataset}{where}"
        )

    @property
    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """The expressions over rows as written, each with its path in the YAML."""
        for position, text in enumerate(self.expr or ()):
            yield (("expr",) if len(self.expr or ()) == 1 else ("expr", position)), text
        if self.filter is not None:
            yield ("filter",), self.filter

    def read(self, path: tuple[str | int, ...], text: str) -> tuple[Expression, ...]:
        """The row expressions in one of `texts`. Raises ExpressionError."""
        if self.agg is None and path[0] == "expr":
            return tuple(value for _, values in parse_aggregates(text).aggregates for value in values)
        return (parse(text),)

    def kind(self, kind_of: KindOf) -> Kind | None:
        """A number, unless a value of the rows is picked."""
        return None if self.agg in PICKED else "number"

    @property
    def aggregations(self) -> tuple[Aggregation, ...]:
        """The aggregates that this metric is made of."""
        if self.agg is not None:
            return (self._aggregation(self.name, self.agg, tuple(map(parse, self.expr or ()))),)
        found = parse_aggregates(self.expr[0] if self.expr else "").aggregates
        return tuple(self._aggregation(f"{self.name}_{agg}", agg, values) for agg, values in found)

    def _aggregation(self, name: str, agg: str, values: tuple[Expression, ...]) -> Aggregation:
        own = parse(self.filter) if self.filter is not None else None
        return Aggregation(name, self.name, self.dataset, agg, values, own, self.time, self.p)

    def problems(self, dimensions: Mapping[str, Collection[str]]) -> Iterable[Problem]:
        """Expressions outside the vocabulary, and a clock that the dataset does not have."""
        for path, text in self.texts:
            try:
                self.read(path, text)
            except ExpressionError as error:
                yield Problem("E210", error.message, path, error.start, error.end, error.hint)
        known = dimensions.get(self.dataset)
        if known is not None and self.time and self.time not in known:
            hint = suggest(self.time, known) or "a time dimension: its type is date, timestamp or timestamptz"
            message = f"dataset '{self.dataset}' has no time dimension '{self.time}'"
            yield Problem("E204", message, ("time",), hint=hint)

    def plan(self, leaves: Leaves) -> exp.Expr:
        """A leaf of its own; of arithmetic, a leaf for each aggregate."""
        if self.agg is not None:
            return leaves.leaf(self.aggregations[0])
        columns = [leaves.leaf(aggregation) for aggregation in self.aggregations]
        return parse_aggregates(self.expr[0] if self.expr else "").replace_aggregates(columns)
