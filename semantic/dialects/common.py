"""How calls are written that all dialects have in common."""

from __future__ import annotations

from functools import reduce

from sqlglot import exp

from semantic.dialects.dialect import Emitter, function
from semantic.expressions import cast
from semantic.trees import interval


def paren(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=value) if isinstance(value, exp.Binary | exp.AtTimeZone) else value


def number_of(literal: exp.Expr) -> int:
    return int(str(literal.this))


def mod(value: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    return exp.Mod(this=paren(value), expression=exp.Nullif(this=divisor, expression=exp.Literal.number(0)))


def concat(*values: exp.Expr) -> exp.Expr:
    """As `||`: functions of this name differ in what they make of a NULL."""
    return reduce(lambda left, right: exp.DPipe(this=left, expression=paren(right), safe=True), values)


def at_least(value: exp.Expr, least: int) -> exp.Expr:
    """A count that is not below what counts begin with; NULL stays NULL. Literals are checked when they are read."""
    if isinstance(value, exp.Literal):
        return value
    bound = exp.Literal.number(least)
    below = exp.LT(this=paren(value), expression=bound)
    return exp.Case().when(below, bound.copy()).else_(value.copy())


def day_trunc(unit: exp.Expr, value: exp.Expr, offset: exp.Expr) -> exp.Expr:
    """The first day of a period; weeks start `offset` days after Monday, fiscal periods so many months later."""
    grain, count = str(unit.this).removeprefix("fiscal_"), number_of(offset)
    if grain == "day":
        return cast(value.unnest(), "date")
    plain = exp.Literal.string(grain)
    if not count:
        return cast(function("date_trunc", plain, value), "date")
    length = interval(count, "day" if grain == "week" else "month")
    shifted = exp.Sub(this=paren(value), expression=length)
    return cast(exp.Add(this=function("date_trunc", plain, shifted), expression=length.copy()), "date")


def parts_of_time(iso_weekday: Emitter) -> dict[str, Emitter]:
    """The numbers that a time has; all dialects agree on their names but for the weekday's."""
    return {
        "iso_weekday": iso_weekday,
        "day_of_week": iso_weekday,
        "hour_of_day": lambda value: function("hour", value),
        "day_of_month": lambda value: function("day", value),
        "day_of_year": lambda value: function("dayofyear", value),
        "week_of_year": lambda value: function("weekofyear", value),
        "month_of_year": lambda value: function("month", value),
        "quarter_of_year": lambda value: function("quarter", value),
    }


def date_trunc(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    if str(unit.this) in ("second", "minute", "hour"):
        return function("date_trunc", unit, value)
    return day_trunc(unit, value, exp.Literal.number(0))


def age_years(born: exp.Expr, at: exp.Expr) -> exp.Expr:
    """Completed years: the difference of the years, less one before the anniversary in the later year."""

    def day_of_year(value: exp.Expr) -> exp.Expr:
        month = exp.Mul(this=function("month", value.copy()), expression=exp.Literal.number(100))
        return exp.Add(this=month, expression=function("day", value.copy()))

    years = exp.Sub(this=function("year", at.copy()), expression=function("year", born.copy()))
    early = exp.LT(this=day_of_year(at), expression=day_of_year(born))
    less = exp.Case().when(early, exp.Literal.number(1)).else_(exp.Literal.number(0))
    return exp.Paren(this=exp.Sub(this=years, expression=less))


def file_kind(pattern: str) -> str:
    return pattern.rsplit(".", 1)[-1].lower().replace("ndjson", "json")
