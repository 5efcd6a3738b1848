"""`derived`: arithmetic over the values of other metrics at the output grain.

net_points: {type: derived, expr: points_earned - points_redeemed}
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from sqlglot import exp

from semantic.expressions import Expression, ExpressionError
from semantic.kinds import KindOf, kind_of_expression
from semantic.metric_types.base import Leaves, Metric, Problem, Reference
from semantic.parse import parse
from semantic.vocabulary import Kind


class Derived(Metric):
    """An expression whose names are metrics.

    type: `derived`
    expr: arithmetic over metric names: `+ - * /`, parentheses, numbers, `coalesce`, `nullif`, `abs`, `round`,
        `least`, `greatest`, `case`, comparisons
    """

    type: Literal["derived"]
    expr: str

    @property
    def definition(self) -> str:
        """The expression as written."""
        return self.expr

    @property
    def parsed(self) -> Expression:
        """The expression, read."""
        return parse(self.expr)

    def problems(self, dimensions: Mapping[str, Collection[str]]) -> Iterable[Problem]:
        """An expression outside the vocabulary, or with a qualified name: metrics have none."""
        try:
            names = self.parsed.names
        except ExpressionError as error:
            yield Problem("E210", error.message, ("expr",), error.start, error.end, error.hint)
            return
        if not names:
            yield Problem("E211", "a derived metric must be made of at least one metric", ("expr",))
        for name in names:
            if name.qualifier:
                message = f"'{name}' is not a metric; a derived metric is made of metrics only"
                example = f"{{dataset: {name.qualifier}, agg: sum, expr: {name.name}}}"
                hint = f"of a column make a metric first, as {example}"
                yield Problem("E211", message, ("expr",), name.start, name.end, hint)

    def kind(self, kind_of: KindOf) -> Kind | None:
        """That of the expression."""
        return kind_of_expression(self.parsed, kind_of)

    def references(self) -> Iterable[Reference]:
        """Every name of the expression."""
        try:
            return [Reference(n.name, ("expr",), n.start, n.end) for n in self.parsed.names if not n.qualifier]
        except ExpressionError:
            return ()  # reported by `problems`

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The expression with every metric's value in its place."""
        return self.parsed.replace_names(lambda name: exp.paren(leaves.metric(name.name), copy=False))
