"""Expressions as trees of one vocabulary, whose names are bound to what they mean, and the builders of such trees.

A function of the vocabulary is a `call`: a node to which only the emitters in `dialects` give a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property

from sqlglot import exp

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
GRAINS = (*UNITS[:-1], "fiscal_quarter", "year", "fiscal_year")
PARTS = (
    "hour_of_day",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month_of_year",
    "quarter_of_year",
)
TIME_WORDS = (*GRAINS, *PARTS)
CALL = "fn$"
AGGREGATE = "agg$"

COMPARISONS = (
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
_NULL_AWARE = ("coalesce", "nullif", "greatest", "least")
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
    """A parsed expression; its tree is shared and must not be changed. Equal trees are equal expressions."""

    text: str = field(compare=False)
    tree: exp.Expr

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name, in the order of the text."""
        return tuple(sorted(map(name_of, self.tree.find_all(exp.Column)), key=lambda name: name.start))

    def replace_names(
        self, resolve: Callable[[Name], exp.Expr], kind_of: Callable[[Name], str | None] = lambda _: None
    ) -> exp.Expr:
        """A copy with every name replaced by what it means.

        `kind_of` says which names are a 'date' or a 'timestamp': text compared with them is read as one.
        """
        tree = self.tree.copy()
        for literal, time in list(_written_times(tree, self.text, kind_of)):
            literal.replace(time)
        return replace_columns(tree, lambda column: resolve(name_of(column)))

    def check_times(self, kind_of: Callable[[Name], str | None]) -> None:
        """Raise ExpressionError for text that is compared with a time and is none, and for the hour of a date."""
        for _ in _written_times(self.tree, self.text, kind_of):
            continue


@dataclass(frozen=True)
class AggregateExpression:
    """Arithmetic of aggregates: each with its name and row expressions, in the order of the tree."""

    text: str = field(compare=False)
    tree: exp.Expr

    @cached_property
    def aggregates(self) -> tuple[tuple[str, tuple[Expression, ...]], ...]:
        """The aggregates; counting rows has no row expression."""
        found = []
        for node in aggregate_nodes(self.tree):
            values = [value for value in node.expressions if not isinstance(value, exp.Star)]
            name = str(node.this).removeprefix(AGGREGATE)
            found.append((name, tuple(Expression(self.text, value.copy()) for value in values)))
        return tuple(found)

    def replace_aggregates(self, columns: list[exp.Expr]) -> exp.Expr:
        """A copy with a column in the place of each aggregate."""
        root = exp.Paren(this=self.tree.copy())
        for node, column in zip(aggregate_nodes(root), columns, strict=True):
            node.replace(column)
        found: exp.Expr = root.this
        return found.pop()


def replace_columns(tree: exp.Expr, meaning_of: Callable[[exp.Column], exp.Expr]) -> exp.Expr:
    """The tree with each column's meaning in its place, in parentheses where needed. The tree is consumed."""
    root = exp.Paren(this=tree)
    for column in list(root.find_all(exp.Column)):
        meaning = meaning_of(column)
        if meaning is not column:
            column.replace(meaning if column.parent is root else wrap(meaning))
    found: exp.Expr = root.this
    return found.pop()


def is_strict(node: exp.Expr) -> bool:
    """Whether a node is NULL as soon as one of its operands is."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).removeprefix(CALL) not in _NULL_AWARE
    return type(node) in _STRICT


@cache
def _type(name: str) -> exp.DType:
    found: exp.DType = exp.DataType.build(name, dialect="duckdb").this
    return found


def cast(value: exp.Expr, to: str) -> exp.Expr:
    """A cast to a plain type by its name in DuckDB."""
    return exp.Cast(this=value, to=exp.DataType(this=_type(to)))


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of the vocabulary, or of an internal function that dialects emit."""
    return exp.Anonymous(this=CALL + name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: Decimal) -> exp.Expr:
    """A number literal, exact; whole numbers without a fraction, which would make a sum of integers a double."""
    digits = exp.Literal.number(f"{abs(value).normalize():f}")
    return exp.Neg(this=digits) if value < 0 else digits


def quotient(top: exp.Expr, bottom: exp.Expr) -> exp.Expr:
    """Exact division, NULL where the divisor is 0."""
    whole = cast(top, "double")
    zero_safe = exp.Nullif(this=bottom, expression=exp.Literal.number(0))
    return exp.Div(this=whole, expression=zero_safe, typed=False, safe=False)


def wrap(node: exp.Expr) -> exp.Expr:
    """Put parentheses around what would otherwise be torn apart by a stronger operator."""
    return node if isinstance(node, (*_PLAIN, *_AGGREGATED)) else exp.Paren(this=node)


def time_literal(value: str, kind: str) -> exp.Expr | None:
    """Text as a DATE or TIMESTAMP literal, or None where it is neither."""
    try:
        if kind == "date" and len(value) == len("2025-01-31"):
            return date_literal(date.fromisoformat(value))
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return None
    return timestamp_literal(moment)


def timestamp_literal(moment: datetime) -> exp.Expr:
    """A naive timestamp literal."""
    return cast(text(moment.isoformat(sep=" ")), "timestamp")


def date_literal(day: date) -> exp.Expr:
    """A DATE literal."""
    return cast(text(day.isoformat()), "date")


def aggregate_nodes(tree: exp.Expr) -> list[exp.Anonymous]:
    """The aggregates in a tree, in its order."""
    return [node for node in tree.find_all(exp.Anonymous) if str(node.this).startswith(AGGREGATE)]


def name_of(column: exp.Column) -> Name:
    """The name that a column of a parsed expression stands for."""
    parts = column.parts
    starts = [part.meta.get("start") for part in parts]
    start = next((int(at) for at in starts if at is not None), 0)
    end = max((int(part.meta.get("end", start)) for part in parts), default=start) + 1
    return Name(tuple(part.name for part in parts), start, end)


def _refuse_time_of_date(node: exp.Anonymous, kind_of: Callable[[Name], str | None]) -> None:
    """A date has no hour; asking for one is a mistake, and not midnight."""
    name, arguments = str(node.this).removeprefix(CALL), node.expressions
    below_day = name == "hour" or (name == "date_trunc" and arguments[0].this in ("second", "minute", "hour"))
    if not below_day or not isinstance(arguments[-1], exp.Column):
        return
    found = name_of(arguments[-1])
    if kind_of(found) == "date":
        unit = name if name == "hour" else arguments[0].this
        raise ExpressionError(f"'{found}' is a date: it has no {unit}", found.start, found.end)


def _written_times(
    tree: exp.Expr, text: str, kind_of: Callable[[Name], str | None]
) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The texts that are compared with a date or timestamp, each with the time that it is read as."""
    for node in tree.find_all(*COMPARISONS, exp.Anonymous):
        if isinstance(node, exp.Anonymous):
            _refuse_time_of_date(node, kind_of)
            continue
        kinds = (kind_of(name_of(column)) for column in node.iter_expressions() if isinstance(column, exp.Column))
        kind = next((kind for kind in kinds if kind), None)
        if kind in ("date", "timestamp"):
            for literal in node.iter_expressions():
                if isinstance(literal, exp.Literal) and literal.is_string:
                    yield literal, _time(literal.this, str(kind), text)


def _time(written: str, kind: str, text: str) -> exp.Expr:
    read = time_literal(written, kind)
    if read is None:
        start = max(text.find(f"'{written}'"), 0)
        hint = "write 2025-01-31" if kind == "date" else "write 2025-01-31 or 2025-01-31 10:00:00"
        message = f"'{written}' is not a {kind}, as what it is compared with"
        raise ExpressionError(message, start, start + len(written) + 2, hint)
    return read
