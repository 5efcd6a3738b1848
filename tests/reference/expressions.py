"""The expression vocabulary on tuples: evaluated with SQL's three-valued logic, and printed as its text.

Heads: ("lit", v) ("name", n) ("case", ((when, then), …), otherwise) ("cast", x, "date"), the operators of
`OPERATORS` and the functions of `FUNCTIONS`, each followed by its arguments. What only a row or a group has a value for
stands as ("segment", n) and ("agg", "sum", x), where x is None for `*`; both are replaced before an evaluation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from tests.reference.model import Expr, Value
from tests.reference.patterns import regexp_matches
from tests.reference.times import truncate, wall_start

Environment = Callable[[str], Value]


def names(expr: Expr) -> Iterator[str]:
    """Every name an expression mentions."""
    if expr and expr[0] == "name":
        yield str(expr[1])
    elif not expr or expr[0] != "lit":
        for part in expr:
            if isinstance(part, tuple):
                yield from names(part)


def within(expr: Expr, head: str) -> Iterator[Expr]:
    """The parts of an expression that begin with this head, outermost first."""
    if expr[:1] == (head,):
        yield expr
    elif expr[:1] != ("lit",):
        for part in expr:
            if isinstance(part, tuple):
                yield from within(part, head)


def replaced(expr: Expr, head: str, value_of: Callable[[Expr], Value]) -> Expr:
    """The expression with a literal for each part that begins with this head."""
    if expr[:1] == (head,):
        return ("lit", value_of(expr))
    if expr[:1] == ("lit",):
        return expr
    return tuple(replaced(part, head, value_of) if isinstance(part, tuple) else part for part in expr)


def evaluate(expr: Expr, env: Environment) -> Value:
    """The value of an expression; `env` gives the value of a name."""
    head, *rest = expr
    match head:
        case "lit":
            return cast(Value, rest[0])
        case "name":
            return env(cast(str, rest[0]))
        case "case":
            return _case(cast(Any, rest[0]), cast(Expr, rest[1]), env)
        case "cast":
            value = evaluate(cast(Expr, rest[0]), env)
            return None if value is None else _cast(value, cast(str, rest[1]))
    values = [evaluate(cast(Expr, part), env) for part in rest]
    if head in NULL_AWARE:
        return NULL_AWARE[head](*values)
    if any(value is None for value in values):
        return None
    return cast(Value, {**OPERATORS, **FUNCTIONS}[cast(str, head)](*values))


def _case(arms: tuple[tuple[Expr, Expr], ...], otherwise: Expr, env: Environment) -> Value:
    for when, then in arms:
        if evaluate(when, env) is True:
            return evaluate(then, env)
    return evaluate(otherwise, env)


# -- comparison and logic ------------------------------------------------------------------------------------


def _read_as(text: str, like: Value) -> Value:
    return datetime.fromisoformat(text) if isinstance(like, datetime) else date.fromisoformat(text)


def _aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Text beside a date is read as one; a date beside a timestamp is its midnight."""
    if isinstance(a, str) and isinstance(b, date):
        a = _read_as(a, b)
    if isinstance(b, str) and isinstance(a, date):
        b = _read_as(b, a)
    if isinstance(a, datetime) != isinstance(b, datetime):
        return _as_datetime(a), _as_datetime(b)
    return a, b


def _as_datetime(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def equal(a: Value, b: Value) -> bool | None:
    if a is None or b is None:
        return None
    left, right = _aligned(a, b)
    return bool(left == right)


def less(a: Value, b: Value) -> bool | None:
    if a is None or b is None:
        return None
    left, right = _aligned(a, b)
    return bool(left < right)


def negate(a: Value) -> bool | None:
    return None if a is None else not a


def both(a: Value, b: Value) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def either(a: Value, b: Value) -> bool | None:
    return negate(both(negate(a), negate(b)))


def distinct(a: Value, b: Value) -> bool:
    if a is None or b is None:
        return a is not b
    return not equal(a, b)


def member(value: Value, *listed: Value) -> bool | None:
    found: bool | None = False
    for one in listed:
        found = either(found, equal(value, one))
    return found


def between(value: Value, low: Value, high: Value) -> bool | None:
    return both(negate(less(value, low)), negate(less(high, value)))


def like(text: Any, pattern: Any) -> bool:
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


# -- arithmetic ----------------------------------------------------------------------------------------------


def _numbers(a: Any, b: Any) -> tuple[Any, Any]:
    return (float(a), float(b)) if isinstance(a, float) or isinstance(b, float) else (a, b)


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda a, b: operation(*_numbers(a, b))


def divide(a: Value, b: Value) -> float | None:
    if a is None or b is None or b == 0:
        return None
    return float(cast(Any, a)) / float(cast(Any, b))


def _round(value: Any, digits: int = 0) -> Any:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return float(rounded) if isinstance(value, float) else rounded


def _whole(step: Callable[[Any], int], value: Any) -> Any:
    """A double stays a double, exact numbers stay exact."""
    return float(step(value)) if isinstance(value, float) else step(value)


def _mod(a: Any, b: Any) -> Any:
    """The remainder has the sign of the dividend."""
    if b == 0:
        return None
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def _extreme(pick: Callable[[list[Any]], Any]) -> Callable[..., Value]:
    def of(*values: Value) -> Value:
        known = [value for value in values if value is not None]
        return pick(known) if known else None

    return of


# -- text ----------------------------------------------------------------------------------------------------


def _substring(text: str, start: int, length: int | None = None) -> str:
    rest = text[max(start, 1) - 1 :]
    return rest if length is None else rest[: max(length, 0)]


def _left(text: str, count: int) -> str:
    return text[: max(count, 0)]


def _right(text: str, count: int) -> str:
    return text[len(text) - min(max(count, 0), len(text)) :]


def _upper(text: str) -> str:
    return text.replace("ß", "ẞ").upper()


# -- time ----------------------------------------------------------------------------------------------------


def _date_trunc(unit: str, value: Any) -> Value:
    if unit in ("hour", "minute", "second"):
        return wall_start(_as_datetime(value), unit)
    return truncate(_as_date(value), unit, "monday")


def _as_date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _date_diff(unit: str, a: Any, b: Any) -> int:
    """Boundaries crossed between a and b."""
    if unit in ("hour", "minute", "second"):
        seconds = {"hour": 3600, "minute": 60, "second": 1}[unit]
        start, end = (cast(datetime, _date_trunc(unit, value)) for value in (a, b))
        return int((end - start).total_seconds()) // seconds
    start_day, end_day = (truncate(_as_date(value), unit, "monday") for value in (a, b))
    if unit in ("day", "week"):
        return (end_day - start_day).days // (7 if unit == "week" else 1)
    months = (end_day.year - start_day.year) * 12 + end_day.month - start_day.month
    return months // {"month": 1, "quarter": 3, "year": 12}[unit]


def age_years(start: Any, end: Any) -> int:
    """Completed years by the calendar: a leap-day birthday completes on 1 March in common years."""
    a, b = _as_date(start), _as_date(end)
    return b.year - a.year - ((b.month, b.day) < (a.month, a.day))


def _cast(value: Any, kind: str) -> Value:
    match kind:
        case "double":
            return float(value)
        case "text":
            return _text(value)
        case "date":
            return date.fromisoformat(value) if isinstance(value, str) else _as_date(value)
        case "timestamp":
            return datetime.fromisoformat(value) if isinstance(value, str) else _as_datetime(value)
        case "boolean":
            return value in (True, "true") if isinstance(value, bool | str) else value != 0
    scale = int(kind.removesuffix(")").split(",")[1])
    return cast(Decimal, _round(Decimal(str(value)), scale))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


NULL_AWARE: dict[str, Callable[..., Value]] = {
    "and": both,
    "or": either,
    "is null": lambda a: a is None,
    "is not null": lambda a: a is not None,
    "is distinct from": distinct,
    "is not distinct from": lambda a, b: not distinct(a, b),
    "in": member,
    "not in": lambda *values: negate(member(*values)),
    "between": between,
    "not between": lambda *values: negate(between(*values)),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "nullif": lambda a, b: None if equal(a, b) else a,
    "greatest": _extreme(max),
    "least": _extreme(min),
}

OPERATORS: dict[str, Callable[..., Any]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": divide,
    "=": equal,
    "<>": lambda a, b: not equal(a, b),
    "!=": lambda a, b: not equal(a, b),
    "<": less,
    ">=": lambda a, b: not less(a, b),
    ">": lambda a, b: less(b, a),
    "<=": lambda a, b: not less(b, a),
    "not": negate,
    "like": like,
    "not like": lambda a, b: not like(a, b),
    "||": lambda a, b: a + b,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": lambda a: _whole(math.ceil, a),
    "floor": lambda a: _whole(math.floor, a),
    "round": _round,
    "mod": _mod,
    "lower": lambda a: a.lower(),
    "upper": _upper,
    "trim": lambda a: a.strip(" "),
    "length": len,
    "substring": _substring,
    "replace": lambda a, old, new: a.replace(old, new),
    "concat": lambda *values: "".join(values),
    "left": _left,
    "right": _right,
    "starts_with": lambda a, b: a.startswith(b),
    "contains": lambda a, b: b in a,
    "regexp_matches": regexp_matches,
    "year": lambda a: a.year,
    "quarter": lambda a: (a.month + 2) // 3,
    "month": lambda a: a.month,
    "day": lambda a: a.day,
    "hour": lambda a: a.hour,
    "iso_weekday": lambda a: a.isoweekday(),
    "date_trunc": _date_trunc,
    "date_diff": _date_diff,
    "age_years": age_years,
}


# -- the SQL text --------------------------------------------------------------------------------------------


def literal(value: Value) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"timestamp '{value.isoformat(' ')}'"
        case date():
            return f"date '{value.isoformat()}'"
    return str(value)


def name_sql(name: str) -> str:
    """An odd name stands between double quotes."""
    return name if re.fullmatch(r"[A-Za-z_][\w.]*", name) else f'"{name}"'


def to_sql(expr: Expr) -> str:
    """The expression as text of the language's vocabulary, parenthesised throughout."""
    head, *rest = expr
    match head:
        case "lit":
            return literal(cast(Value, rest[0]))
        case "name":
            return name_sql(str(rest[0]))
        case "case":
            arms = " ".join(f"when {to_sql(w)} then {to_sql(t)}" for w, t in cast(Any, rest[0]))
            return f"case {arms} else {to_sql(cast(Expr, rest[1]))} end"
        case "cast":
            return f"cast({to_sql(cast(Expr, rest[0]))} as {rest[1]})"
        case "segment":
            return str(rest[0])
        case "agg":
            return f"{rest[0]}({'*' if rest[1] is None else to_sql(cast(Expr, rest[1]))})"
    return _operator_sql(str(head), [to_sql(cast(Expr, part)) for part in rest])


def _operator_sql(head: str, parts: list[str]) -> str:
    if head in ("in", "not in"):
        return f"({parts[0]} {head} ({', '.join(parts[1:])}))"
    if head in ("between", "not between"):
        return f"({parts[0]} {head} {parts[1]} and {parts[2]})"
    if head in ("is null", "is not null"):
        return f"({parts[0]} {head})"
    if head == "not":
        return f"(not {parts[0]})"
    if head in OPERATORS or head in ("and", "or") or head.startswith("is "):
        return f"({f' {head} '.join(parts)})"
    return f"{head}({', '.join(parts)})"
