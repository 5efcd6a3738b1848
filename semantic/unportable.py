"""What engines answer differently and no way of writing it mends: refused where it can be seen in an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from semantic.expressions import CALL, time_literal

_TEXTS = (exp.DType.TEXT, exp.DType.VARCHAR)
_PASSING = ("abs", "round", "mod", "coalesce", "nullif", "greatest", "least")  # a double for a double
_FROM_THE_END = "the first character is 1; the last ones are right(x, 2)"
_BUT_THE_LAST = "all but the last is left(x, length(x) - 1)"
_BUT_THE_FIRST = "all but the first is substring(x, 2)"
_COUNTS: dict[str, tuple[tuple[int, int, str], ...]] = {  # position, the least that it may be, what to write
    "left": ((1, 0, _BUT_THE_LAST),),
    "right": ((1, 0, _BUT_THE_FIRST),),
    "substring": ((1, 1, _FROM_THE_END), (2, 0, _BUT_THE_LAST)),
}


_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?"
_TIME = r"\d{4}-\d\d-\d\d([ t]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?"
_WRITTEN: dict[exp.DType, tuple[str, str, str]] = {  # what is read alike as one, in small letters; its name; an example
    exp.DType.DOUBLE: (rf"{_NUMBER}|[+-]?(inf(inity)?|nan)", "a number", "1.5"),
    exp.DType.DECIMAL: (_NUMBER, "a number", "1.5"),
    exp.DType.BOOLEAN: ("true|false|t|f|yes|no|y|n|1|0", "true or false", "true"),
    exp.DType.DATE: (_TIME, "a date", "2025-01-31"),
    exp.DType.TIMESTAMP: (_TIME, "a timestamp", "2025-01-31 10:00:00"),
    exp.DType.TIMESTAMPNTZ: (_TIME, "a timestamp", "2025-01-31 10:00:00"),
}


def unportable(node: exp.Expr) -> tuple[str, str] | None:
    """What is wrong with a node and what to write instead, None where all engines give the same."""
    name = str(node.this).removeprefix(CALL) if isinstance(node, exp.Anonymous) else ""
    if name == "round" and len(node.expressions) == 2 and _whole(node.expressions[1]) is None:
        return "'round' takes its digits as a whole number", "write round(x, 2)"
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        return _misread(str(node.this.this), node.to.this)
    for position, least, hint in _COUNTS.get(name, ()):
        found = _whole(node.expressions[position]) if position < len(node.expressions) else None
        if found is not None and found < least:
            return f"'{name}' takes {least} or more here, not {found}", hint
    if any(map(_is_double, _made_text(node))):
        message = "a double is written in several ways, and floor and ceil may be one: it has no text of its own"
        return message, "give it its digits first: cast(cast(x as decimal(18, 2)) as text)"
    return None


def _misread(written: str, to: exp.DType) -> tuple[str, str] | None:
    """What is wrong with a text that is cast: engines have more spellings, each its own, such as `now`."""
    if to not in _WRITTEN:
        return None
    pattern, named, example = _WRITTEN[to]
    is_time = pattern == _TIME
    if re.fullmatch(pattern, written.lower(), re.ASCII) and not (
        is_time and time_literal(written, "timestamp") is None
    ):
        return None
    return f"'{written}' is not {named}", f"write {example}"


def _whole(node: exp.Expr) -> int | None:
    """A whole number that is written out."""
    if isinstance(node, exp.Neg):
        inside = _whole(node.this)
        return None if inside is None else -inside
    if isinstance(node, exp.Paren):
        return _whole(node.this)
    is_whole = isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdecimal()
    return int(str(node.this)) if is_whole else None


def _made_text(node: exp.Expr) -> Iterator[exp.Expr]:
    """The values that a node makes a text of, whatever they are."""
    match node:
        case exp.Cast() if node.to.this in _TEXTS:
            yield node.this
        case exp.DPipe():
            yield from (node.this, node.expression)
        case exp.Anonymous(this=name) if name == f"{CALL}concat":
            yield from node.expressions


def _is_double(node: exp.Expr) -> bool:
    """Whether a value is surely a double, or an integer on one engine and a double on another."""
    match node:
        case exp.Div():
            return True
        case exp.Cast():
            return bool(node.to.this == exp.DType.DOUBLE)
        case exp.Paren() | exp.Neg():
            return _is_double(node.this)
        case exp.Add() | exp.Sub() | exp.Mul():
            return _is_double(node.this) or _is_double(node.expression)
        case exp.Case():
            values = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
            return any(_is_double(value) for value in values if value is not None)
        case exp.Anonymous():
            name = str(node.this).removeprefix(CALL)
            return name in ("ceil", "floor") or (name in _PASSING and any(map(_is_double, node.expressions)))
        case _:
            return False
