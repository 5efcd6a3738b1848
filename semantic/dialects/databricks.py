"""Databricks' SQL, which is Spark's with ANSI rules: what is not as in DuckDB."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from semantic.dialects.common import at_least, date_trunc, file_kind, number_of, paren, parts_of_time
from semantic.dialects.dialect import Dialect, Emitter, function
from semantic.dialects.duckdb import DUCKDB
from semantic.expressions import cast, text, wrap
from semantic.patterns import java_pattern
from semantic.periods import is_steady
from semantic.trees import interval


def _to_zone(value: exp.Expr, source: exp.Expr, zone: exp.Expr) -> exp.Expr:
    naive, utc = cast(value, "timestamp"), exp.Literal.string("UTC")
    if not source.this or source.this == "UTC":
        return function("convert_timezone", utc, zone, naive)
    if is_steady(str(source.this)):
        return function("convert_timezone", source, zone, naive)
    moment = _later_moment(naive, source)
    return moment if zone.this == "UTC" else function("convert_timezone", utc, zone, moment)


def _later_moment(local: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """A local time in UTC. Of two moments the later, as DuckDB has it; Spark's own is the earlier.

    The later one has the offset of some hours after, and is one if the zone's clock shows the same time then.
    """
    utc, hours = exp.Literal.string("UTC"), interval(3, "hour")
    after = exp.Add(this=local.copy(), expression=hours)
    later = exp.Sub(this=function("convert_timezone", zone, utc, after), expression=hours.copy())
    shown = function("convert_timezone", utc.copy(), zone.copy(), later)
    earlier = function("convert_timezone", zone.copy(), utc.copy(), local)
    return exp.Case().when(exp.EQ(this=shown, expression=local.copy()), later.copy()).else_(earlier)


def _later(value: exp.Expr, seconds: exp.Expr) -> exp.Expr:
    """`(value + INTERVAL '7' HOUR)`, in the longest unit that fits."""
    count = number_of(seconds)
    if not count:
        return value
    length, unit = next(each for each in ((3600, "hour"), (60, "minute"), (1, "second")) if count % each[0] == 0)
    move = exp.Add if count > 0 else exp.Sub
    return exp.Paren(this=move(this=value, expression=interval(abs(count) // length, unit)))


def _instant(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType(this=exp.DType.TIMESTAMPTZ))  # Spark's TIMESTAMP is an instant


def _forever(kind: exp.Expr) -> exp.Expr:
    """The last moment that Spark can name."""
    if kind.this == "date":
        return cast(exp.Literal.string("9999-12-31"), "date")
    last = exp.Literal.string("9999-12-31 23:59:59.999999")
    return cast(last, "timestamp") if kind.this == "timestamp" else _instant(last)


def _date_trunc(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    """What is naive stays naive; Spark's own gives an instant."""
    found = date_trunc(unit, value)
    return found if isinstance(found, exp.Cast) else cast(found, "timestamp")


def _hour_start(unit: exp.Expr, utc: exp.Expr, zone: exp.Expr) -> exp.Expr:
    if zone.this == "UTC":
        return _instant(function("date_trunc", unit, utc))
    local = _to_zone(utc.copy(), exp.Literal.string("UTC"), zone)
    passed = exp.Sub(this=local, expression=function("date_trunc", unit, local.copy()))
    return _instant(exp.Sub(this=cast(utc, "timestamp"), expression=exp.Paren(this=passed)))


def _series(first: exp.Expr, last: exp.Expr, count: exp.Expr, unit: exp.Expr) -> exp.Expr:
    """A sequence that runs backwards is an error in Spark, so a range without periods gives no array at all."""
    step = interval(number_of(count), str(unit.this))
    runs = exp.LTE(this=first.copy(), expression=last.copy())
    return function("explode", exp.Case().when(runs, function("sequence", first, last, step)))


def _files(pattern: exp.Expr) -> exp.Expr:
    kind = file_kind(str(pattern.this))
    return exp.Table(this=exp.to_identifier(str(pattern.this), quoted=True), db=exp.to_identifier(kind))


def _sum(value: exp.Expr) -> exp.Expr:
    """Spark adds integers up in 64 bits; beside a decimal they are decimals, and all else stays what it is."""
    nothing = exp.Cast(this=exp.Null(), to=exp.DataType.build("DECIMAL(1, 0)"))
    return exp.Sum(this=exp.Coalesce(this=value, expressions=[nothing]))


def _whole(name: str) -> Emitter:
    """CEIL or FLOOR. Spark makes 64 bits of a double, and so 0 of NaN; doubles so large are whole anyway."""

    def emit(value: exp.Expr) -> exp.Expr:
        value, most = paren(value), exp.Literal.number("9e18")
        within = exp.Between(this=value, low=exp.Neg(this=most.copy()), high=most)
        broken = exp.NEQ(this=value.copy(), expression=function("round", value.copy()))
        is_held = exp.Or(this=within, expression=broken)
        return exp.Case().when(is_held, function(name, value.copy())).else_(value.copy())

    return emit


def _lower(value: exp.Expr) -> exp.Expr:
    """Letter by letter, as DuckDB has it."""
    return function("lower", function("translate", value, exp.Literal.string("Σİ"), exp.Literal.string("σi")))


def _upper(value: exp.Expr) -> exp.Expr:
    """Letter by letter, as DuckDB has it: a ß is a ẞ and not SS."""
    return function("upper", function("translate", value, exp.Literal.string("ß"), exp.Literal.string("ẞ")))


def _place(at: exp.Expr, *keys: exp.Expr) -> exp.Expr:
    """A row's place among others. A NULL in a struct is the smallest here, the largest in DuckDB."""
    flagged = (part for key in keys for part in (exp.Is(this=key.copy(), expression=exp.Null()), key))
    return function("struct", at, *flagged)


def _extreme(name: str) -> Emitter:
    """GREATEST or LEAST; Spark wants two values at least."""
    return lambda *values: function(name, *values) if len(values) > 1 else wrap(values[0])


def _like(node: exp.Expr) -> exp.Expr:
    """A backslash is an escape in Spark, and here a character like others: it stands for itself when doubled."""
    found, pattern = node.copy(), node.expression
    if isinstance(node.parent, exp.Escape):
        return found
    if isinstance(pattern, exp.Literal):
        doubled: exp.Expr = exp.Literal.string(str(pattern.this).replace("\\", "\\\\"))
    else:
        doubled = function("replace", pattern.copy(), exp.Literal.string("\\"), exp.Literal.string("\\\\"))
    found.set("expression", doubled)
    return found


def _regexp_matches(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    return function("rlike", value, text(java_pattern(str(pattern.this))))


_UNIT_YEARS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "year": lambda value: function("year", value),
    "quarter": lambda value: exp.Add(
        this=exp.Mul(this=function("year", value), expression=exp.Literal.number(4)),
        expression=function("quarter", value.copy()),
    ),
    "month": lambda value: exp.Add(
        this=exp.Mul(this=function("year", value), expression=exp.Literal.number(12)),
        expression=function("month", value.copy()),
    ),
}


def _date_diff(unit: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Boundaries crossed, not whole units elapsed."""
    grain = str(unit.this)
    if grain in _UNIT_YEARS:
        later, earlier = _UNIT_YEARS[grain](end), _UNIT_YEARS[grain](start)
        return exp.Paren(this=exp.Sub(this=later, expression=exp.Paren(this=earlier)))
    if grain in ("day", "week"):
        first, last = (date_trunc(unit.copy(), value) for value in (start, end))
        days = function("datediff", last, first)
        return days if grain == "day" else exp.IntDiv(this=days, expression=exp.Literal.number(7))
    first, last = (function("date_trunc", unit.copy(), value) for value in (start, end))
    return function("timestampdiff", exp.Var(this=grain.upper()), first, last)


DATABRICKS = Dialect(
    "databricks",
    {
        **DUCKDB.emitters,
        **parts_of_time(
            lambda value: exp.Paren(this=exp.Add(this=function("weekday", value), expression=exp.Literal.number(1)))
        ),
        "ceil": _whole("ceil"),
        "floor": _whole("floor"),
        "round": lambda value, *digits: function("round", value, *digits),
        "greatest": _extreme("greatest"),
        "least": _extreme("least"),
        "lower": _lower,
        "upper": _upper,
        "trim": lambda value: function("trim", value),
        "left": lambda value, count: function("left", value, count),
        "right": lambda value, count: function("right", value, count),
        "substring": lambda value, start, *count: function("substring", value, at_least(start, 1), *count),
        "starts_with": lambda value, start: function("startswith", value, start),
        "regexp_matches": _regexp_matches,
        "date_trunc": _date_trunc,
        "sum": _sum,
        "date_diff": _date_diff,
        "to_zone": _to_zone,
        "later": lambda value, seconds: _later(cast(value, "timestamp"), seconds),
        "instant": _instant,
        "hour_start": _hour_start,
        "utc": lambda value: cast(value, "timestamp"),
        "forever": _forever,
        "series": _series,
        "files": _files,
        "row": lambda *values: function("struct", *values),
        "place": _place,
        "percentile": lambda value, p: function("percentile", value, p),
        "first": lambda value, order: function("min_by", value, order),
        "last": lambda value, order: function("max_by", value, order),
    },
    {
        exp.Like: _like,
        exp.Lower: lambda node: _lower(node.this),  # in a dataset's own SQL
        exp.Upper: lambda node: _upper(node.this),
    },
    disguised=(("${", r"\u0024{"),),  # Spark puts a variable's value, or nothing, in the place of ${name}
    totals_nothing=False,
    reads_duckdb=False,
)
