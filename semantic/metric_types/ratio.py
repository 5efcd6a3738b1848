"""`ratio`: one metric divided by another, from their values at the output grain; NULL where the divisor is 0.

new_user_ratio: {type: ratio, numerator: new_users, denominator: {metric: active_users, ignore: [gender]}}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from sqlglot import exp

from semantic.expressions import ExpressionError, Name, quotient
from semantic.kinds import KindOf
from semantic.metric_types.base import Leaves, Metric, Reference
from semantic.source import Shape
from semantic.vocabulary import Kind


class Part(Shape):
    """A metric within a ratio, and the dimensions that are left out of its grouping.

    metric: its name
    ignore: dimensions that are left out
    """

    metric: str
    ignore: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.metric + (f" ignoring {', '.join(self.ignore)}" if self.ignore else "")


def _as_part(value: Any) -> Any:
    return {"metric": value} if isinstance(value, str) else value


NamedPart = Annotated[Part, BeforeValidator(_as_part, json_schema_input_type=str | Part)]


class Ratio(Metric):
    """The numerator's value divided by the denominator's, never summed or averaged.

    type: `ratio`
    numerator: a metric name, or `{metric, ignore: [dimension, …]}`: computed as if those dimensions had not been
        asked for (it then never makes a group, it is shown in the groups that others make; `where` on an ignored
        dimension still filters it)
    denominator: the same
    """

    type: Literal["ratio"]
    numerator: NamedPart
    denominator: NamedPart

    @property
    def definition(self) -> str:
        """As `new_users / active_users ignoring gender`."""
        return f"{self.numerator} / {self.denominator}"

    def kind(self, kind_of: KindOf) -> Kind | None:
        """A number, of two numbers."""
        for part, key in ((self.numerator, "numerator"), (self.denominator, "denominator")):
            if kind_of(Name((part.metric,))) not in (None, "number"):
                raise ExpressionError(f"the {key} '{part.metric}' is not a number")
        return "number"

    def references(self) -> Iterable[Reference]:
        """Both parts."""
        return (
            Reference(self.numerator.metric, ("numerator", "metric")),
            Reference(self.denominator.metric, ("denominator", "metric")),
        )

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Those that are ignored."""
        parts = (("numerator", self.numerator), ("denominator", self.denominator))
        return ((((key, "ignore")), part.ignore) for key, part in parts)

    def plan(self, leaves: Leaves) -> exp.Expr:
        """`CAST(numerator AS DOUBLE) / NULLIF(denominator, 0)`."""
        top, bottom = (
            leaves.metric(part.metric, frozenset(part.ignore)) for part in (self.numerator, self.denominator)
        )
        return quotient(top, bottom)
