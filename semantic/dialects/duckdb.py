"""DuckDB's SQL, the base of the others."""

from __future__ import annotations

from sqlglot import exp

from semantic.dialects.common import (
    age_years,
    at_least,
    concat,
    date_trunc,
    day_trunc,
    file_kind,
    mod,
    number_of,
    paren,
    parts_of_time,
)
from semantic.dialects.dialect import Dialect, function
from semantic.expressions import cast
from semantic.trees import interval


def _weeks_between(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Week boundaries crossed; DuckDB's own date_diff('week') counts whole weeks."""
    first, last = (day_trunc(exp.Literal.string("week"), value, exp.Literal.number(0)) for value in (start, end))
    days = function("date_diff", exp.Literal.string("day"), first, last)
    return exp.Paren(this=exp.IntDiv(this=days, expression=exp.Literal.number(7)))


def _date_diff(unit: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return _weeks_between(start, end) if unit.this == "week" else function("date_diff", unit, start, end)


def _to_zone(value: exp.Expr, source: exp.Expr, zone: exp.Expr) -> exp.Expr:
    if source.this:
        value = exp.AtTimeZone(this=paren(value), zone=source)
    return exp.AtTimeZone(this=value, zone=zone)


def _later(value: exp.Expr, seconds: exp.Expr) -> exp.Expr:
    """More than twice as fast as adding an interval, which DuckDB does month by month and day by day."""
    moved = exp.Add(this=function("epoch_us", value), expression=exp.Literal.number(number_of(seconds) * 1_000_000))
    return function("make_timestamp", moved) if number_of(seconds) else value


def _instant(value: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=paren(value), zone=exp.Literal.string("UTC"))


def _hour_start(unit: exp.Expr, utc: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """The instant at which the local hour … of a UTC time begins: the time less what has passed of its local hour."""
    if zone.this == "UTC":
        return _instant(function("date_trunc", unit, utc))
    local = _to_zone(utc.copy(), exp.Literal.string("UTC"), zone)
    passed = exp.Sub(this=exp.Paren(this=local), expression=function("date_trunc", unit, local.copy()))
    return _instant(exp.Sub(this=paren(utc), expression=exp.Paren(this=passed)))


def _utc(value: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=value, zone=exp.Literal.string("UTC"))


def _series(first: exp.Expr, last: exp.Expr, count: exp.Expr, unit: exp.Expr) -> exp.Expr:
    step = interval(number_of(count), str(unit.this))
    return function("unnest", function("generate_series", first, last, step))


def _files(pattern: exp.Expr) -> exp.Expr:
    reader = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}[file_kind(str(pattern.this))]
    return function(reader, pattern)


def _substring(value: exp.Expr, start: exp.Expr, *count: exp.Expr) -> exp.Expr:
    """From the end, DuckDB would count what is below 1."""
    return function("substring", value, at_least(start, 1), *(at_least(most, 0) for most in count))


def _round(value: exp.Expr, *digits: exp.Expr) -> exp.Expr:
    """Before the point, DuckDB makes 0 of NaN and the infinities, and of whole numbers what their type overflows to."""
    if not digits or not isinstance(digits[0].unnest(), exp.Neg):
        return function("round", value, *digits)
    wide = exp.Add(this=paren(value), expression=cast(exp.Literal.number(0), "hugeint"))
    is_finite = function("isfinite", value.copy())
    return exp.Case().when(is_finite, function("round", wide, *digits)).else_(value.copy())


DUCKDB = Dialect(
    "duckdb",
    {
        "mod": mod,
        "round": _round,
        "concat": concat,
        "day_trunc": day_trunc,
        "date_trunc": date_trunc,
        "date_diff": _date_diff,
        "age_years": age_years,
        **parts_of_time(lambda value: function("isodow", value)),
        "nullif": lambda value, other: exp.Nullif(this=value, expression=other),
        "trim": lambda value: function("trim", value, exp.Literal.string(" ")),  # else all that is a space in Unicode
        "left": lambda value, count: function("left", value, at_least(count, 0)),
        "right": lambda value, count: function("right", value, at_least(count, 0)),
        "substring": _substring,
        "to_zone": _to_zone,
        "later": _later,
        "instant": _instant,
        "hour_start": _hour_start,
        "utc": _utc,
        "forever": lambda kind: cast(exp.Literal.string("infinity"), str(kind.this)),
        "series": _series,
        "files": _files,
        "row": lambda *values: exp.Tuple(expressions=list(values)),
        "place": lambda *values: exp.Tuple(expressions=list(values)),  # a NULL in it is the largest
        "percentile": lambda value, p: function("quantile_cont", value, p),
        "first": lambda value, order: function("arg_min_null", value, order),
        "last": lambda value, order: function("arg_max_null", value, order),
    },
)
