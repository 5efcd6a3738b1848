"""Values of rows as SQL: what groups, and the bins that numbers lie in."""

from __future__ import annotations

from sqlglot import exp

from semantic.bins import Bins
from semantic.expressions import number, text
from semantic.model import Dimension
from semantic.vocabulary import Kind


def no_position(value: exp.Expr) -> exp.Expr:
    """A value to group by; a bare number would be read as the position of a column."""
    return value if value.find(exp.Column) else exp.Case().when(exp.true(), value)


def declared_kind(dimension: Dimension | None) -> Kind | None:
    return dimension.kind if dimension else None


def binned(value: exp.Expr, bins: Bins) -> exp.Expr:
    """The label of the half-open bin that a value lies in; NULL stays NULL."""
    case = exp.Case().when(exp.Is(this=value.copy(), expression=exp.Null()), exp.Null())
    for edge, label in zip(bins.edges, bins.names, strict=False):
        case = case.when(exp.LT(this=value.copy(), expression=number(edge)), text(label))
    return case.else_(text(bins.names[-1]))
