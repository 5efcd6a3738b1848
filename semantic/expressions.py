"""Expressions that people write: read, held to one vocabulary, and bound to what their names mean.

sqlglot reads the syntax only. Every call is renamed before parsing, so that no function gets a meaning from
sqlglot's own tables: a call is either in VOCABULARY, and emitted per dialect by `dialects.py`, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from semantic.errors import suggest

GRAINS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
CALL = "fn$"
_READER = sqlglot.Dialect.get_or_raise("duckdb")
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the vocabulary: how many arguments, and whether the first is a quoted unit of time."""

    least: int
    most: int | None
    unit: bool = False


VOCABULARY: dict[str, Function] = {
    **{name: Function(1, 1) for name in ("abs", "ceil", "floor", "lower", "upper", "trim", "length")},
    **{name: Function(1, 1) for name in ("year", "quarter", "month", "day", "hour", "iso_weekday")},
    **{name: Function(2, 2) for name in ("nullif", "mod", "left", "right", "starts_with", "contains", "age_years")},
    **{name: Function(1, None) for name in ("coalesce", "greatest", "least", "concat")},
    "round": Function(1, 2),
    "substring": Function(2, 3),
    "replace": Function(3, 3),
    "date_trunc": Function(2, 2, unit=True),
    "date_diff": Function(3, 3, unit=True),
}
AGGREGATES = ("count", "sum", "avg", "min", "max", "median", "any_value", "array_agg", "string_agg", "stddev")

_COMPARISONS = (
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.In,
    exp.Between,
)
_NODES = frozenset(
    {
        *_COMPARISONS,
        *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Anonymous),
        *(exp.And, exp.Or, exp.Not, exp.Is, exp.Like, exp.Case, exp.If, exp.DPipe),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Cast, exp.DataType, exp.DataTypeParam),
    }
)
_CAST_TYPES = frozenset(
    exp.DataType.build(name).this for name in ("double", "decimal", "text", "varchar", "boolean", "date", "timestamp")
) | {exp.DType.TIMESTAMPNTZ}
_NULL_AWARE = ("coalesce", "nullif", "greatest", "least", "concat")
_STRICT = frozenset(
    {
        *(exp.Column, exp.Identifier, exp.Literal, exp.Paren, exp.Cast, exp.DataType, exp.DataTypeParam),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
        exp.Nullif,  # not the function that people write, but the one around a divisor
    }
)
_PLAIN = (exp.Column, exp.Literal, exp.Paren, exp.Anonymous, exp.Cast, exp.Case, exp.Boolean, exp.Null)
_AGGREGATED = (exp.AggFunc, exp.Filter, exp.Coalesce)


class ExpressionError(Exception):
    """An expression that is refused; `start` and `end` are characters of its text."""

    def __init__(self, message: str, start: int = 0, end: int = 0, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.hint = message, start, end, hint


@dataclass(frozen=True, slots=True)
class Name:
    """A name in an expression, `users.gender`, and where it stands in the text."""

    parts: tuple[str, ...]
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """The last part."""
        return self.parts[-1]

    @property
    def qualifier(self) -> str:
        """What stands before the last dot; empty for a bare name."""
        return ".".join(self.parts[:-1])

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Expression:
    """A parsed expression; its tree is shared and must not be changed."""

    text: str
    tree: exp.Expr

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name, in the order of the text."""
        return tuple(sorted(map(_name, self.tree.find_all(exp.Column)), key=lambda name: name.start))

    def replace_names(
        self, resolve: Callable[[Name], exp.Expr], kind_of: Callable[[Name], str | None] = lambda _: None
    ) -> exp.Expr:
        """A copy with every name replaced by what it means.

        `kind_of` says which names are a 'date' or a 'timestamp': text compared with them is read as one.
        """
        root = exp.Paren(this=self.tree.copy())
        for node in list(root.find_all(*_COMPARISONS)):
            _read_times(node, kind_of)
        for node in root.find_all(exp.Anonymous):
            _refuse_time_of_date(node, kind_of)
        for column in list(root.find_all(exp.Column)):
            meaning = resolve(_name(column))
            column.replace(meaning if column.parent is root else wrap(meaning))
        found: exp.Expr = root.this
        return found.pop()


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """Read an expression of the vocabulary; raises ExpressionError with the place of the mistake."""
    if not text.strip():
        raise ExpressionError("the expression is empty")
    if len(text) > _LONGEST:
        raise ExpressionError(f"the expression is longer than {_LONGEST} characters")
    try:
        tokens = list(_rename_calls(_READER.tokenize(text)))
        trees = _READER.parser().parse(tokens, text)
    except TokenError as error:
        raise ExpressionError(f"this is not an expression: {str(error).splitlines()[0]}") from None
    except ParseError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    if len(trees) != 1 or trees[0] is None:
        at = text.find(";")
        raise ExpressionError("one expression is expected here", max(at, 0), max(at, 0) + 1)
    for node in trees[0].walk():
        _check(node, text)
    return Expression(text, _exact_division(trees[0]))


def is_strict(node: exp.Expr) -> bool:
    """Whether a node is NULL as soon as one of its operands is."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).removeprefix(CALL) not in _NULL_AWARE
    return type(node) in _STRICT


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of the vocabulary, or of an internal function that dialects emit."""
    return exp.Anonymous(this=CALL + name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: float) -> exp.Expr:
    """A number literal, whole numbers without a fraction: 18.0 would make a sum of integers a double."""
    return exp.Literal.number(int(value) if float(value).is_integer() else repr(float(value)))


def quotient(top: exp.Expr, bottom: exp.Expr) -> exp.Expr:
    """Exact division, NULL where the divisor is 0."""
    whole = exp.Cast(this=top, to=exp.DataType.build("double"))
    zero_safe = exp.Nullif(this=bottom, expression=exp.Literal.number(0))
    return exp.Div(this=whole, expression=zero_safe, typed=False, safe=False)


def wrap(node: exp.Expr) -> exp.Expr:
    """Put parentheses around what would otherwise be torn apart by a stronger operator."""
    return node if isinstance(node, (*_PLAIN, *_AGGREGATED)) else exp.Paren(this=node)


def time_literal(value: str, kind: str) -> exp.Expr | None:
    """Text as a DATE or TIMESTAMP literal, or None where it is neither."""
    try:
        if kind == "date" and len(value) == len("2025-01-31"):
            return exp.Cast(this=text(date.fromisoformat(value).isoformat()), to=exp.DataType.build("date"))
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return None
    return timestamp_literal(moment)


def timestamp_literal(moment: datetime) -> exp.Expr:
    """A naive timestamp literal."""
    return exp.Cast(this=text(moment.isoformat(sep=" ")), to=exp.DataType.build("timestamp", dialect="duckdb"))


def date_literal(day: date) -> exp.Expr:
    """A DATE literal."""
    return exp.Cast(this=text(day.isoformat()), to=exp.DataType.build("date"))


def _rename_calls(tokens: list[Token]) -> Iterator[Token]:
    """Make every `name(` a call that sqlglot does not know, so that only the vocabulary gives it a meaning."""
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if after is None or after.token_type != TokenType.L_PAREN:
            yield token
            continue
        name = token.text.lower()
        if name in VOCABULARY and token.token_type != TokenType.IDENTIFIER:
            yield Token(TokenType.VAR, CALL + name, token.line, token.col, token.start, token.end, [])
        elif (token.token_type in (TokenType.VAR, TokenType.IDENTIFIER) and name != "cast") or name in AGGREGATES:
            raise _unknown_function(name, token)
        else:
            yield token


def _unknown_function(name: str, token: Token) -> ExpressionError:
    if name in AGGREGATES:
        hint = "aggregate with a metric (agg: …) and use the metric's name"
        return ExpressionError(
            f"'{name}' aggregates, and is not allowed in an expression", token.start, token.end + 1, hint
        )
    hint = suggest(name, [*VOCABULARY, "cast"]) or f"supported: {', '.join(sorted(VOCABULARY))}"
    return ExpressionError(f"the function '{name}' is not in the vocabulary", token.start, token.end + 1, hint)


def _syntax_error(source: str, error: ParseError) -> ExpressionError:
    first = error.errors[0] if error.errors else {}
    word = str(first.get("highlight") or "")
    start = len(str(first.get("start_context") or ""))
    message = str(first.get("description") or "").split(" for <class")[0].replace("Required keyword: ", "")
    found = source.find(word, max(0, start - 1)) if word else len(source)
    return ExpressionError(f"this is not an expression: {message}", max(found, 0), max(found, 0) + len(word))


def _check(node: exp.Expr, source: str) -> None:
    """Refuse what is not in the vocabulary."""
    if type(node) not in _NODES:
        raise ExpressionError(f"{_spoken(node)} is not in the vocabulary of expressions", *_place(node, source))
    match node:
        case exp.Anonymous():
            _check_call(node, source)
        case exp.Cast() if node.to.this not in _CAST_TYPES:
            hint = (
                "cast to double, decimal(p, s), text, boolean, date or timestamp; round() or floor() make whole numbers"
            )
            raise ExpressionError(
                f"a cast to {node.to.sql().lower()} is not in the vocabulary", *_place(node, source), hint
            )
        case exp.In() if not node.expressions:
            raise ExpressionError("'in' needs a list of values between parentheses", *_place(node, source))


def _check_call(node: exp.Anonymous, source: str) -> None:
    name = str(node.this).removeprefix(CALL)
    function, count = VOCABULARY[name], len(node.expressions)
    start, end = _place(node, source, name)
    if count < function.least or (function.most is not None and count > function.most):
        wanted = function.least if function.least == function.most else f"at least {function.least}"
        raise ExpressionError(f"'{name}' takes {wanted} argument(s), not {count}", start, end)
    if function.unit:
        unit = node.expressions[0]
        if not (unit.is_string and unit.this in GRAINS):
            known = ", ".join(GRAINS)
            raise ExpressionError(
                f"'{name}' starts with a quoted unit: {name}('month', …)", start, end, f"units: {known}"
            )


def _spoken(node: exp.Expr) -> str:
    match node:
        case exp.Select() | exp.Subquery() | exp.Query():
            return "a subquery"
        case exp.Window():
            return "a window"
        case exp.Star():
            return "'*'"
        case exp.Placeholder() | exp.Parameter():
            return "a placeholder"
        case _:
            return f"'{type(node).__name__.lower()}'"


def _place(node: exp.Expr, source: str, word: str = "") -> tuple[int, int]:
    """The characters of a node: those of its name where sqlglot kept them, else of a word, else everything."""
    if "start" in node.meta:
        return int(node.meta["start"]), int(node.meta["end"]) + 1
    at = source.lower().find(word) if word else -1
    if at >= 0:
        return at, at + len(word)
    starts = [int(found.meta["start"]) for found in node.find_all(exp.Identifier) if "start" in found.meta]
    return (min(starts), len(source)) if starts else (0, len(source))


def _name(column: exp.Column) -> Name:
    parts = column.parts
    starts = [part.meta.get("start") for part in parts]
    start = next((int(at) for at in starts if at is not None), 0)
    end = max((int(part.meta.get("end", start)) for part in parts), default=start) + 1
    return Name(tuple(part.name for part in parts), start, end)


def _exact_division(tree: exp.Expr) -> exp.Expr:
    root = exp.Paren(this=tree)
    for node in reversed(list(root.find_all(exp.Div))):  # innermost first
        node.replace(quotient(node.this.copy(), node.expression.copy()))
    found: exp.Expr = root.this
    return found.pop()


def _refuse_time_of_date(node: exp.Anonymous, kind_of: Callable[[Name], str | None]) -> None:
    """A date has no hour; asking for one is a mistake, and not midnight."""
    name, arguments = str(node.this).removeprefix(CALL), node.expressions
    below_day = name == "hour" or (name == "date_trunc" and arguments[0].this in ("second", "minute", "hour"))
    if not below_day or not isinstance(arguments[-1], exp.Column):
        return
    found = _name(arguments[-1])
    if kind_of(found) == "date":
        unit = name if name == "hour" else arguments[0].this
        raise ExpressionError(f"'{found}' is a date: it has no {unit}", found.start, found.end)


def _read_times(node: exp.Expr, kind_of: Callable[[Name], str | None]) -> None:
    """Read text that is compared with a date or timestamp as one."""
    kinds = (kind_of(_name(column)) for column in node.iter_expressions() if isinstance(column, exp.Column))
    kind = next((kind for kind in kinds if kind), None)
    if kind is None:
        return
    for literal in list(node.iter_expressions()):
        if isinstance(literal, exp.Literal) and literal.is_string:
            read = time_literal(literal.this, kind)
            if read is None:
                raise ExpressionError(f"'{literal.this}' is not a {kind}, written as 2025-01-31")
            literal.replace(read)
