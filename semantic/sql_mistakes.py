"""What a parser's complaints about SQL mean, and the word that they are about."""

from __future__ import annotations

import re

from sqlglot.errors import ParseError, SqlglotError

from semantic.expressions import ExpressionError

BETWEEN = "an operator such as and, + or = stands between two values"


def sql_mistake(source: str, error: SqlglotError) -> ExpressionError:
    """What is wrong with a SELECT."""
    return syntax_error(source, error) if isinstance(error, ParseError) else unread_token(source)


def unread_token(source: str) -> ExpressionError:
    """Text that cannot be cut into words: a quote or a comment is not closed."""
    for quote, what in (("'", "text"), ('"', "name")):
        at = source.rfind(quote)
        if source.count(quote) % 2:
            return ExpressionError(f"the {what} that starts here is not closed", at, at + 1, f"close it with {quote}")
    return ExpressionError("this cannot be read as SQL: a quote or a comment is not closed", 0, len(source))


def syntax_error(source: str, error: ParseError) -> ExpressionError:
    """A word that stands where another is expected."""
    first = error.errors[0] if error.errors else {}
    word = str(first.get("highlight") or "")
    start = _start(source, int(first.get("line") or 1), int(first.get("col") or 0), word)
    message, hint = _spoken(source, str(first.get("description") or ""), word)
    return ExpressionError(message, start, start + len(word), hint)


def _start(source: str, line: int, column: int, word: str) -> int:
    """Where a word stands that ends at a line and column, counted from 1."""
    before = sum(len(each) + 1 for each in source.split("\n")[: line - 1])
    return min(max(before + column - len(word), 0), len(source))


def _spoken(source: str, description: str, word: str) -> tuple[str, str | None]:
    """What a complaint means."""
    bare = re.sub(r"'[^']*'", "", source)
    opened, closed = bare.count("("), bare.count(")")
    if opened > closed:
        return "a '(' is not closed", "close it with ')'"
    if opened < closed:
        return "a ')' closes nothing", "take it out, or open it with '('"
    if "Required keyword" in description:
        return f"something is missing {f'at {word!r}' if word else 'at the end'}", BETWEEN
    if "Unexpected token" in description:
        return f"{word!r} is not expected here", None
    return f"this cannot be read as SQL: {re.split(' but got <| for <class', description)[0]}", None
