"""The first values of a dimension as SQL: a CTE with one row for each, which scans look theirs up in."""

from __future__ import annotations

from sqlglot import exp

from semantic.expressions import cast, text
from semantic.plan import TopValues
from semantic.trees import column, named, select, table, where

TOP_VALUE = "top_value"
IS_TOP = "is_top"


def top_select(top: TopValues, values: str) -> exp.Select:
    """The values with the largest (smallest) results of `values`, the CTE of its plan; ties by the value.

    What has no result is no first one, nor is the value that the others are called by.
    """
    (key,), (output,) = top.plan.keys, top.plan.outputs
    plain, result = column(key.name, values), column(output.name, values)
    value = cast(plain, "text") if top.as_text else plain
    is_other = exp.NullSafeEQ(this=value.copy(), expression=text(top.other))
    has_result = exp.Not(this=exp.Is(this=result, expression=exp.Null()))
    found = select([named(value, TOP_VALUE), named(exp.true(), IS_TOP)], table(values))
    where(found, [has_result, exp.Not(this=exp.paren(is_other, copy=False))])
    by = exp.Ordered(this=result.copy(), desc=top.descending or None, nulls_first=False)
    ties = exp.Ordered(this=value.copy(), nulls_first=False)
    found.set("order", exp.Order(expressions=[by, ties]))
    found.set("limit", exp.Limit(expression=exp.Literal.number(top.n)))
    return found


def is_last(name: str, other: str) -> exp.Expr:
    """1 for the others and 0 for all that comes before them, NULL too."""
    is_other = exp.EQ(this=column(name), expression=text(other))
    return exp.Case().when(is_other, exp.Literal.number(1)).else_(exp.Literal.number(0))


def or_others(top: str, other: str, value: exp.Expr) -> exp.Expr:
    """A value, or what the others are called; `top` is the CTE in which it was looked up."""
    return exp.Case().when(column(IS_TOP, top), value.copy()).else_(text(other))
