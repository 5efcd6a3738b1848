"""From the text that people write to an expression of the vocabulary; what is not in it is refused, with its place.

sqlglot reads the syntax only. Every call is renamed before parsing, so that no function gets a meaning from sqlglot's
own tables: a call is either in VOCABULARY, and emitted per dialect by `dialects`, or it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from semantic.errors import suggest
from semantic.expressions import (
    AGGREGATE,
    CALL,
    COMPARISONS,
    UNITS,
    AggregateExpression,
    Expression,
    ExpressionError,
    aggregate_nodes,
    name_of,
    quotient,
)
from semantic.instead import FUNCTIONS, OPERATORS
from semantic.patterns import PatternError, java_pattern
from semantic.sql_mistakes import BETWEEN, syntax_error, unread_token
from semantic.unportable import unportable
from semantic.vocabulary import VOCABULARY, Function

_READER = sqlglot.Dialect.get_or_raise("duckdb")
_LONGEST = 10_000
_DEEPEST = 150


AGGREGATE_CALLS = ("count", "count_distinct", "sum", "avg", "min", "max", "median", "stddev", "variance")
_OTHER_AGGREGATES = ("any_value", "array_agg", "string_agg", "percentile_cont", "percentile", "first", "last")
_NODES = frozenset(
    {
        *COMPARISONS,
        *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Anonymous),
        *(exp.And, exp.Or, exp.Not, exp.Is, exp.Like, exp.Case, exp.If, exp.DPipe),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Cast, exp.DataType, exp.DataTypeParam),
    }
)
_CAST_TYPES = frozenset(
    exp.DataType.build(name).this for name in ("double", "decimal", "text", "varchar", "boolean", "date", "timestamp")
) | {exp.DType.TIMESTAMPNTZ}


@lru_cache(maxsize=8192)
def parse(text: str) -> Expression:
    """Read an expression of the vocabulary; raises ExpressionError with the place of the mistake."""
    tree = _read(text, ())
    for node in tree.walk():
        _check(node, text)
    return Expression(text, _exact_division(tree))


@lru_cache(maxsize=1024)
def parse_aggregates(text: str) -> AggregateExpression:
    """Read arithmetic of aggregates, `sum(amount) / count(*)`; raises ExpressionError with the place of the mistake."""
    tree = _read(text, AGGREGATE_CALLS)
    for node in tree.walk():
        if not isinstance(node, exp.Star):
            _check(node, text)
    found = AggregateExpression(text, _exact_division(tree))
    _check_aggregates(found.tree, text)
    return found


@lru_cache(maxsize=1024)
def parse_key(text: str) -> str | Expression:
    """Read an entry of a join's `on`: the name of a column, or an expression over columns.

    A text that is no expression is the name of an odd column, unless it has parentheses. Raises ExpressionError.
    """
    try:
        found = parse(text)
    except ExpressionError:
        if "(" in text:
            raise
        return text
    if isinstance(found.tree, exp.Column):
        name = name_of(found.tree)
        return name.name if not name.qualifier else found
    return found


def _read(text: str, aggregates: tuple[str, ...]) -> exp.Expr:
    """The raw tree of one expression, its calls renamed."""
    if not text.strip():
        raise ExpressionError("the expression is empty")
    if len(text) > _LONGEST:
        raise ExpressionError(f"the expression is longer than {_LONGEST} characters")
    try:
        tokens = list(_rename_calls(_READER.tokenize(text), aggregates))
        _check_sizes(tokens)
        trees = _READER.parser().parse(tokens, text) if tokens else []
    except TokenError:
        raise unread_token(text) from None
    except ParseError as error:
        raise syntax_error(text, error) from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    if len(trees) != 1 or trees[0] is None:
        at = text.find(";")
        raise ExpressionError("one expression is expected here", max(at, 0), max(at, 0) + 1)
    if _depth(trees[0]) > _DEEPEST:
        raise ExpressionError("the expression is nested too deeply")
    return trees[0]


def _depth(tree: exp.Expr) -> int:
    level, depth = [tree], 0
    while level:
        level, depth = [child for node in level for child in node.iter_expressions()], depth + 1
    return depth


def _rename_calls(tokens: list[Token], aggregates: tuple[str, ...]) -> Iterator[Token]:
    """Make every `name(` a call that sqlglot does not know, so that only the vocabulary gives it a meaning."""
    for token, after in zip(tokens, [*tokens[1:], None], strict=False):
        if after is None or after.token_type != TokenType.L_PAREN:
            yield token
            continue
        name = token.text.lower()
        if name in VOCABULARY and token.token_type != TokenType.IDENTIFIER:
            yield Token(TokenType.VAR, CALL + name, token.line, token.col, token.start, token.end, [])
        elif name in aggregates and token.token_type != TokenType.IDENTIFIER:
            yield Token(TokenType.VAR, AGGREGATE + name, token.line, token.col, token.start, token.end, [])
        elif (token.token_type in (TokenType.VAR, TokenType.IDENTIFIER) and name != "cast") or name in AGGREGATE_CALLS:
            raise _unknown_function(name, token)
        else:
            yield token


def _check_sizes(tokens: list[Token]) -> None:
    """A cast to decimal says its digits, and no other type has a size: engines differ in what they guess."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.token_type != TokenType.ALIAS:
            continue
        is_decimal, has_size = token.token_type == TokenType.DECIMAL, after.token_type == TokenType.L_PAREN
        if is_decimal != has_size:
            message = f"a cast to {token.text.lower()} {'needs its digits' if is_decimal else 'has no size'}"
            hint = "write decimal(18, 2), or text, double, date, timestamp, boolean"
            raise ExpressionError(message, token.start, token.end + 1, hint)


def _unknown_function(name: str, token: Token) -> ExpressionError:
    if name in (*AGGREGATE_CALLS, *_OTHER_AGGREGATES):
        hint = "aggregate with a metric (agg: …) and use the metric's name"
        return ExpressionError(
            f"'{name}' aggregates, and is not allowed in an expression", token.start, token.end + 1, hint
        )
    hint = FUNCTIONS.get(name) or suggest(name, [*VOCABULARY, "cast"], likeness=0.7) or _known_functions()
    return ExpressionError(f"the function '{name}' is not in the vocabulary", token.start, token.end + 1, hint)


def _known_functions() -> str:
    return f"supported: {', '.join(sorted(VOCABULARY))}"


def _check(node: exp.Expr, source: str) -> None:
    """Refuse what is not in the vocabulary."""
    if isinstance(node, exp.Alias):
        place = _place(node.args["alias"], source, node.alias)
        raise ExpressionError(f"'{node.alias}' is not expected here", *place, BETWEEN)
    if type(node) not in _NODES:
        word, hint = OPERATORS.get(type(node).__name__, ("", None))
        named = f"'{word}'" if word else _spoken(node)
        raise ExpressionError(f"{named} is not in the vocabulary of expressions", *_place(node, source, word), hint)
    match node:
        case exp.Anonymous() if not str(node.this).startswith(AGGREGATE):
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
    if mistake := unportable(node):
        raise ExpressionError(mistake[0], *_place(node, source, _word(node)), mistake[1])


def _word(node: exp.Expr) -> str:
    """What a node is found by in its source, where sqlglot kept no place: the name of a call, a text that is cast."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).removeprefix(CALL)
    is_written = isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)
    return f"'{_quoted(str(node.this.this)).lower()}'" if is_written else ""


def _check_call(node: exp.Anonymous, source: str) -> None:
    name = str(node.this).removeprefix(CALL)
    start, end = _place(node, source, name)
    if name not in VOCABULARY:  # a word of SQL that is called, and so was not renamed
        raise ExpressionError(f"the function '{name.lower()}' is not in the vocabulary", start, end, _known_functions())
    function, count = VOCABULARY[name], len(node.expressions)
    if count < function.least or (function.most is not None and count > function.most):
        raise ExpressionError(f"'{name}' takes {_arguments(function)}, not {count}", start, end)
    if function.unit:
        unit = node.expressions[0]
        if not (unit.is_string and unit.this in UNITS):
            place = _place(unit, source, f"'{unit.this}'") if unit.is_string else (start, end)
            hint = (unit.is_string and suggest(unit.this, UNITS)) or f"units: {', '.join(UNITS)}"
            raise ExpressionError(f"'{name}' starts with a unit of time: {name}('month', …)", *place, hint)
    if function.pattern:
        _check_pattern(node.expressions[-1], name, source, (start, end))


def _check_pattern(literal: exp.Expr, name: str, source: str, place: tuple[int, int]) -> None:
    """A pattern is written out, and means the same everywhere."""
    if not literal.is_string:
        message = f"the pattern of '{name}' is written out, as a text: it is read before there are rows"
        raise ExpressionError(message, *place, f"write {name}(x, '^a.*b$'); contains(x, y) looks for what is computed")
    pattern = str(literal.this)
    try:
        java_pattern(pattern)
    except PatternError as error:
        at = source.find(f"'{_quoted(pattern)}'")
        if at >= 0:
            start, end = (at + 1 + len(_quoted(pattern[:each])) for each in (error.start, error.end))
            place = (start, end)
        raise ExpressionError(f"in the pattern of '{name}': {error.message}", *place, error.hint) from None


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _arguments(function: Function) -> str:
    if function.most is None:
        return f"at least {function.least} argument"
    if function.least != function.most:
        return f"{function.least} or {function.most} arguments"
    return f"{function.least} argument{'s' if function.least > 1 else ''}"


def _check_aggregates(tree: exp.Expr, source: str) -> None:
    """Every name stands within exactly one aggregate, and every aggregate has what it needs."""
    nodes = aggregate_nodes(tree)
    if not nodes:
        hint = "name the aggregate with agg, or write sum(…), count(*) … in expr"
        raise ExpressionError("there is no aggregate here", 0, len(source), hint)
    inside: set[int] = set()
    for node in nodes:
        name = str(node.this).removeprefix(AGGREGATE)
        place = _place(node, source, name)
        below = [found for value in node.expressions for found in value.walk()]
        if any(found is other for other in nodes for found in below):
            raise ExpressionError("an aggregate stands within another one", *place)
        stars = [found for found in below if isinstance(found, exp.Star)]
        if stars and (name != "count" or len(below) != 1):
            raise ExpressionError("'*' stands for rows in count(*) only", *place)
        if len(node.expressions) != 1 and not (name == "count_distinct" and node.expressions):
            raise ExpressionError(f"'{name}' takes one expression", *place)
        inside |= {id(found) for found in below}
    for column in tree.find_all(exp.Column):
        if id(column) not in inside:
            found = name_of(column)
            hint = "a column must stand within an aggregate; metrics are combined by type: derived"
            raise ExpressionError(f"'{found}' stands outside the aggregates", found.start, found.end, hint)


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


def _exact_division(tree: exp.Expr) -> exp.Expr:
    root = exp.Paren(this=tree)
    for node in reversed(list(root.find_all(exp.Div))):  # innermost first
        node.replace(quotient(node.this.copy(), node.expression.copy()))
    found: exp.Expr = root.this
    return found.pop()
