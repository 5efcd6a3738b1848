"""From a statement in the vocabulary to the text of one SQL dialect.

A dialect is its parent's emitters and those that differ. An emitter gets the arguments of a `call` and gives a tree
that sqlglot prints as it stands. DuckDB is the base, Databricks a diff from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from sqlglot import exp

from semantic.expressions import CALL, cast
from semantic.periods import is_steady
from semantic.trees import interval

Emitter = Callable[..., exp.Expr]

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_RESERVED = frozenset(  # a list of ninety quoted words would hide the words
    """
    all analyse analyze and anti any array as asc asymmetric at authorization both by case cast check collate
    column constraint create cross current_date current_time current_timestamp current_user default deferrable
    delete desc describe distinct do drop else end escape except exists false fetch filter for foreign from full
    function grant group grouping having in initially inner insert intersect interval into is join lambda
    lateral leading left like limit map minus natural not null of offset on only or order outer overlaps pivot
    placing primary qualify range references returning right row rows select semi session_user set show similar
    some struct summarize symmetric table tablesample then time to trailing true truncate union unique unknown
    unpivot unnest update user using values variadic view when where window with within
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A SQL dialect: sqlglot's name for it, and how each call of the vocabulary is written in it.

    `operators` are those that mean something else in it unless they are written in another way. `totals_nothing`:
    GROUPING SETS with () give a row where there are no rows at all. `reads_duckdb`: any SQL of a dataset is its own.
    `disguised` is what the engine would replace even within a text, and how to write it there.
    """

    name: str
    emitters: Mapping[str, Emitter]
    operators: Mapping[type[exp.Expr], Emitter] = field(default_factory=dict)
    disguised: tuple[tuple[str, str], ...] = ()
    totals_nothing: bool = True
    reads_duckdb: bool = True

    def emit(self, statement: exp.Expr) -> str:
        """The statement's text. The tree is consumed."""
        found = statement.find_all(exp.Anonymous, exp.Identifier, *self.operators)
        for node in reversed(list(found)):  # innermost first
            name = str(node.this)
            if type(node) in self.operators:
                node.replace(self.operators[type(node)](node))
            elif isinstance(node, exp.Identifier):
                if not node.quoted and (not _SAFE.match(name) or name.lower() in _RESERVED):
                    node.set("quoted", True)
            elif isinstance(node, exp.Anonymous) and name.startswith(CALL):
                emitter = self.emitters.get(name.removeprefix(CALL))
                node.replace(emitter(*node.expressions) if emitter else _same_name(node))
        sql = statement.sql(dialect=self.name, pretty=True, comments=False)
        return reduce(lambda text, each: text.replace(*each), self.disguised, sql)


def _same_name(node: exp.Anonymous) -> exp.Expr:
    return function(str(node.this).removeprefix(CALL), *node.expressions)


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A plain function call."""
    return exp.Anonymous(this=name.upper(), expressions=list(arguments))


def _paren(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=value) if isinstance(value, exp.Binary | exp.AtTimeZone) else value


def _number(literal: exp.Expr) -> int:
    return int(str(literal.this))


def _mod(value: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    return exp.Mod(this=_paren(value), expression=exp.Nullif(this=divisor, expression=exp.Literal.number(0)))


def _concat(*values: exp.Expr) -> exp.Expr:
    """As `||`: functions of this name differ in what they make of a NULL."""
    return reduce(lambda left, right: exp.DPipe(this=left, expression=_paren(right), safe=True), values)


def _at_least(value: exp.Expr, least: int) -> exp.Expr:
    """A count that is not below what counts begin with; NULL stays NULL. Literals are checked when they are read."""
    if isinstance(value, exp.Literal):
        return value
    bound = exp.Literal.number(least)
    below = exp.LT(this=_paren(value), expression=bound)
    return exp.Case().when(below, bound.copy()).else_(value.copy())


def _day_trunc(unit: exp.Expr, value: exp.Expr, week_offset: exp.Expr) -> exp.Expr:
    grain, offset = str(unit.this), _number(week_offset)
    if grain == "day":
        return cast(value, "date")
    if grain == "week" and offset:
        shifted = exp.Sub(this=_paren(value), expression=interval(offset, "day"))
        return cast(exp.Add(this=function("date_trunc", unit, shifted), expression=interval(offset, "day")), "date")
    return cast(function("date_trunc", unit, value), "date")


def _date_trunc(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    if str(unit.this) in ("second", "minute", "hour"):
        return function("date_trunc", unit, value)
    return _day_trunc(unit, value, exp.Literal.number(0))


def _age_years(born: exp.Expr, at: exp.Expr) -> exp.Expr:
    """Completed years: the difference of the years, less one before the anniversary in the later year."""

    def day_of_year(value: exp.Expr) -> exp.Expr:
        month = exp.Mul(this=function("month", value.copy()), expression=exp.Literal.number(100))
        return exp.Add(this=month, expression=function("day", value.copy()))

    years = exp.Sub(this=function("year", at.copy()), expression=function("year", born.copy()))
    early = exp.LT(this=day_of_year(at), expression=day_of_year(born))
    less = exp.Case().when(early, exp.Literal.number(1)).else_(exp.Literal.number(0))
    return exp.Paren(this=exp.Sub(this=years, expression=less))


def _weeks_between(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Week boundaries crossed; DuckDB's own date_diff('week') counts whole weeks."""
    first, last = (_day_trunc(exp.Literal.string("week"), value, exp.Literal.number(0)) for value in (start, end))
    days = function("date_diff", exp.Literal.string("day"), first, last)
    return exp.Paren(this=exp.IntDiv(this=days, expression=exp.Literal.number(7)))


def _duckdb_date_diff(unit: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return _weeks_between(start, end) if unit.this == "week" else function("date_diff", unit, start, end)


def _duckdb_to_zone(value: exp.Expr, source: exp.Expr, zone: exp.Expr) -> exp.Expr:
    if source.this:
        value = exp.AtTimeZone(this=_paren(value), zone=source)
    return exp.AtTimeZone(this=value, zone=zone)


def _duckdb_instant(value: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=_paren(value), zone=exp.Literal.string("UTC"))


def _duckdb_hour_start(unit: exp.Expr, utc: exp.Expr, zone: exp.Expr) -> exp.Expr:
    """The instant at which the local hour … of a UTC time begins: the time less what has passed of its local hour."""
    if zone.this == "UTC":
        return _duckdb_instant(function("date_trunc", unit, utc))
    local = _duckdb_to_zone(utc.copy(), exp.Literal.string("UTC"), zone)
    passed = exp.Sub(this=exp.Paren(this=local), expression=function("date_trunc", unit, local.copy()))
    return _duckdb_instant(exp.Sub(this=_paren(utc), expression=exp.Paren(this=passed)))


def _duckdb_utc(value: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=value, zone=exp.Literal.string("UTC"))


def _duckdb_series(first: exp.Expr, last: exp.Expr, count: exp.Expr, unit: exp.Expr) -> exp.Expr:
    step = interval(_number(count), str(unit.this))
    return function("unnest", function("generate_series", first, last, step))


def _duckdb_files(pattern: exp.Expr) -> exp.Expr:
    reader = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}[_file_kind(str(pattern.this))]
    return function(reader, pattern)


def _file_kind(pattern: str) -> str:
    return pattern.rsplit(".", 1)[-1].lower().replace("ndjson", "json")


def _duckdb_substring(value: exp.Expr, start: exp.Expr, *count: exp.Expr) -> exp.Expr:
    """From the end, DuckDB would count what is below 1."""
    return function("substring", value, _at_least(start, 1), *(_at_least(most, 0) for most in count))


DUCKDB = Dialect(
    "duckdb",
    {
        "mod": _mod,
        "concat": _concat,
        "day_trunc": _day_trunc,
        "date_trunc": _date_trunc,
        "date_diff": _duckdb_date_diff,
        "age_years": _age_years,
        "iso_weekday": lambda value: function("isodow", value),
        "nullif": lambda value, other: exp.Nullif(this=value, expression=other),
        "trim": lambda value: function("trim", value, exp.Literal.string(" ")),  # else all that is a space in Unicode
        "left": lambda value, count: function("left", value, _at_least(count, 0)),
        "right": lambda value, count: function("right", value, _at_least(count, 0)),
        "substring": _duckdb_substring,
        "to_zone": _duckdb_to_zone,
        "instant": _duckdb_instant,
        "hour_start": _duckdb_hour_start,
        "utc": _duckdb_utc,
        "forever": lambda kind: cast(exp.Literal.string("infinity"), str(kind.this)),
        "series": _duckdb_series,
        "files": _duckdb_files,
        "row": lambda *values: exp.Tuple(expressions=list(values)),
        "percentile": lambda value, p: function("quantile_cont", value, p),
        "first": lambda value, order: function("arg_min_null", value, order),
        "last": lambda value, order: function("arg_max_null", value, order),
    },
)


def _databricks_to_zone(value: exp.Expr, source: exp.Expr, zone: exp.Expr) -> exp.Expr:
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


def _databricks_instant(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType(this=exp.DType.TIMESTAMPTZ))  # Spark's TIMESTAMP is an instant


def _databricks_forever(kind: exp.Expr) -> exp.Expr:
    """The last moment that Spark can name."""
    if kind.this == "date":
        return cast(exp.Literal.string("9999-12-31"), "date")
    last = exp.Literal.string("9999-12-31 23:59:59.999999")
    return cast(last, "timestamp") if kind.this == "timestamp" else _databricks_instant(last)


def _databricks_date_trunc(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    """What is naive stays naive; Spark's own gives an instant."""
    found = _date_trunc(unit, value)
    return found if isinstance(found, exp.Cast) else cast(found, "timestamp")


def _databricks_hour_start(unit: exp.Expr, utc: exp.Expr, zone: exp.Expr) -> exp.Expr:
    if zone.this == "UTC":
        return _databricks_instant(function("date_trunc", unit, utc))
    local = _databricks_to_zone(utc.copy(), exp.Literal.string("UTC"), zone)
    passed = exp.Sub(this=local, expression=function("date_trunc", unit, local.copy()))
    return _databricks_instant(exp.Sub(this=cast(utc, "timestamp"), expression=exp.Paren(this=passed)))


def _databricks_series(first: exp.Expr, last: exp.Expr, count: exp.Expr, unit: exp.Expr) -> exp.Expr:
    """A sequence that runs backwards is an error in Spark, so a range without periods gives no array at all."""
    step = interval(_number(count), str(unit.this))
    runs = exp.LTE(this=first.copy(), expression=last.copy())
    return function("explode", exp.Case().when(runs, function("sequence", first, last, step)))


def _databricks_files(pattern: exp.Expr) -> exp.Expr:
    kind = _file_kind(str(pattern.this))
    return exp.Table(this=exp.to_identifier(str(pattern.this), quoted=True), db=exp.to_identifier(kind))


def _databricks_sum(value: exp.Expr) -> exp.Expr:
    """Spark adds integers up in 64 bits; beside a decimal they are decimals, and all else stays what it is."""
    nothing = exp.Cast(this=exp.Null(), to=exp.DataType.build("DECIMAL(1, 0)"))
    return exp.Sum(this=exp.Coalesce(this=value, expressions=[nothing]))


def _databricks_whole(name: str) -> Emitter:
    """CEIL or FLOOR. Spark makes 64 bits of a double, and so 0 of NaN; doubles so large are whole anyway."""

    def emit(value: exp.Expr) -> exp.Expr:
        value, most = _paren(value), exp.Literal.number("9e18")
        within = exp.Between(this=value, low=exp.Neg(this=most.copy()), high=most)
        broken = exp.NEQ(this=value.copy(), expression=function("round", value.copy()))
        is_held = exp.Or(this=within, expression=broken)
        return exp.Case().when(is_held, function(name, value.copy())).else_(value.copy())

    return emit


def _databricks_lower(value: exp.Expr) -> exp.Expr:
    """Letter by letter, as DuckDB has it."""
    return function("lower", function("translate", value, exp.Literal.string("Σİ"), exp.Literal.string("σi")))


def _databricks_upper(value: exp.Expr) -> exp.Expr:
    """Letter by letter, as DuckDB has it: a ß is a ẞ and not SS."""
    return function("upper", function("translate", value, exp.Literal.string("ß"), exp.Literal.string("ẞ")))


def _databricks_extreme(name: str) -> Emitter:
    """GREATEST or LEAST; Spark wants two values at least."""
    return lambda *values: function(name, *values) if len(values) > 1 else _paren(values[0])


def _databricks_like(node: exp.Expr) -> exp.Expr:
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


def _databricks_date_diff(unit: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Boundaries crossed, not whole units elapsed."""
    grain = str(unit.this)
    if grain in _UNIT_YEARS:
        later, earlier = _UNIT_YEARS[grain](end), _UNIT_YEARS[grain](start)
        return exp.Paren(this=exp.Sub(this=later, expression=exp.Paren(this=earlier)))
    if grain in ("day", "week"):
        first, last = (_date_trunc(unit.copy(), value) for value in (start, end))
        days = function("datediff", last, first)
        return days if grain == "day" else exp.IntDiv(this=days, expression=exp.Literal.number(7))
    first, last = (function("date_trunc", unit.copy(), value) for value in (start, end))
    return function("timestampdiff", exp.Var(this=grain.upper()), first, last)


DATABRICKS = Dialect(
    "databricks",
    {
        **DUCKDB.emitters,
        "iso_weekday": lambda value: exp.Paren(
            this=exp.Add(this=function("weekday", value), expression=exp.Literal.number(1))
        ),
        "ceil": _databricks_whole("ceil"),
        "floor": _databricks_whole("floor"),
        "greatest": _databricks_extreme("greatest"),
        "least": _databricks_extreme("least"),
        "lower": _databricks_lower,
        "upper": _databricks_upper,
        "trim": lambda value: function("trim", value),
        "left": lambda value, count: function("left", value, count),
        "right": lambda value, count: function("right", value, count),
        "substring": lambda value, start, *count: function("substring", value, _at_least(start, 1), *count),
        "starts_with": lambda value, start: function("startswith", value, start),
        "date_trunc": _databricks_date_trunc,
        "sum": _databricks_sum,
        "date_diff": _databricks_date_diff,
        "to_zone": _databricks_to_zone,
        "instant": _databricks_instant,
        "hour_start": _databricks_hour_start,
        "utc": lambda value: cast(value, "timestamp"),
        "forever": _databricks_forever,
        "series": _databricks_series,
        "files": _databricks_files,
        "row": lambda *values: function("struct", *values),
        "percentile": lambda value, p: function("percentile", value, p),
        "first": lambda value, order: function("min_by", value, order),
        "last": lambda value, order: function("max_by", value, order),
    },
    {
        exp.Like: _databricks_like,
        exp.Lower: lambda node: _databricks_lower(node.this),  # in a dataset's own SQL
        exp.Upper: lambda node: _databricks_upper(node.this),
    },
    disguised=(("${", r"\u0024{"),),  # Spark puts a variable's value, or nothing, in the place of ${name}
    totals_nothing=False,
    reads_duckdb=False,
)

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DUCKDB, DATABRICKS)}
