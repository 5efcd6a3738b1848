"""The order in which people want to see the values of a dimension."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlglot import exp

from semantic.expressions import number, text
from semantic.model import Dimension, Model
from semantic.names import DimensionRef, Reference, dimensions_of


def ordered_values(dimension: Dimension) -> tuple[exp.Expr, ...]:
    """The listed values, or the labels of the bins, as literals in their order.

    Raises ValueError for a value of another type than the dimension's.
    """
    if dimension.bins is not None:
        return tuple(map(text, dimension.bins.names))
    return tuple(_literal(value, dimension) for value in dimension.values)


def is_surely_text(model: Model, reference: Reference) -> bool:
    """Whether all that a name in a query can mean is declared to be text."""
    return isinstance(reference, DimensionRef) and {each.kind for each in dimensions_of(model, reference)} == {"text"}


def labels_of(dimension: Dimension) -> dict[object, str]:
    """The labels of listed values, by what the values are in the data."""
    literals = map(literal_value, () if dimension.bins else ordered_values(dimension))
    return {value: label for value, label in zip(literals, dimension.values.values(), strict=True) if label}


def literal_value(literal: exp.Expr) -> object:
    """What a literal stands for, to be compared with `comparable` values."""
    match literal:
        case exp.Boolean():
            return bool(literal.this)
        case exp.Neg():
            return -Decimal(literal.this.name)
        case exp.Literal() if not literal.is_string:
            return Decimal(literal.name)
        case _:
            return literal.name


def compares_as_text(dimension: Dimension) -> bool:
    """Whether nobody said what type the listed values have."""
    return bool(dimension.values) and dimension.type is None


def _literal(value: str, dimension: Dimension) -> exp.Expr:
    match dimension.type:
        case None | "string":
            return text(value)
        case "integer" | "number":
            return number(_number(value, whole=dimension.type == "integer"))
        case "boolean":
            if value.lower() not in ("true", "false"):
                raise ValueError(f"'{value}' is neither true nor false")
            return exp.Boolean(this=value.lower() == "true")
        case _:
            raise ValueError(f"a {dimension.type} has the order of time")


def _number(value: str, *, whole: bool) -> Decimal:
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"'{value}' is not a number") from None
    if not found.is_finite() or (whole and found != found.to_integral_value()):
        raise ValueError(f"'{value}' is not {'a whole' if whole else 'a finite'} number")
    return found
