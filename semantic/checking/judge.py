"""Rows → those in which a check does not hold. Exact: numbers are compared and added digit by digit, never rounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from semantic.checking.shape import Check, Expectation
from semantic.errors import Diagnostic, QueryError

_ZERO = Decimal(0)
_EXACT = Context(prec=2_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])  # holds the sum of any two doubles


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row in which a check does not hold: its dimensions and numbers by name, and what is wrong with them."""

    dimensions: tuple[tuple[str, Any], ...]
    numbers: tuple[tuple[str, Any], ...]
    reason: str


def broken_rows(check: Check, rows: Iterable[Sequence[Any]]) -> Iterator[BrokenRow]:
    """The rows in which a check does not hold: its dimensions come first, then the metrics that it mentions."""
    width, names = len(check.by), [mention.metric for mention in check.mentions]
    for row in rows:
        numbers = [_exact(check, name, value) for name, value in zip(names, row[width:], strict=True)]
        reason = _off_balance(check, numbers) if check.is_balance else _unexpected(check, numbers)
        if reason is not None:
            found = tuple(zip(check.by, row[:width], strict=True)), tuple(zip(names, row[width:], strict=True))
            yield BrokenRow(*found, reason)


def _exact(check: Check, name: str, value: Any) -> Decimal | None:
    """A number as a decimal: a double is the shortest one that it is written as."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        message = f"'{name}' in check '{check.name}' is no number: {type(value).__name__}"
        raise QueryError(Diagnostic("E347", message, hint="check a metric that is a number"))
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _off_balance(check: Check, numbers: Sequence[Decimal | None]) -> str | None:
    expected, (*_, closing) = _ZERO, [number or _ZERO for number in numbers]
    for mention, number in zip(check.mentions[:-1], numbers, strict=False):
        moved = number if number is not None else _ZERO
        expected = (_EXACT.add if mention.sign > 0 else _EXACT.subtract)(expected, moved)
    if _is_within(closing, expected, check.tolerance):
        return None
    return f"{shown(expected)} is expected, off by {shown(_EXACT.subtract(closing, expected))}"


def _unexpected(check: Check, numbers: Sequence[Decimal | None]) -> str | None:
    value, other, expect = numbers[0], numbers[-1], check.expect or Expectation(min=_ZERO, max=_ZERO)
    if expect.equal is not None:
        if value is None or other is None:
            return None if value is other else "one has no value"
        if _is_within(value, other, check.tolerance):
            return None
        return f"they are not equal, off by {shown(_EXACT.subtract(value, other))}"
    if value is None:
        return "it has no value"
    return _out_of_bounds(value, expect, check.tolerance)


def _out_of_bounds(value: Decimal, expect: Expectation, tolerance: Decimal) -> str | None:
    if value.is_nan():
        return "it is not a number"
    if expect.min is not None and value < _EXACT.subtract(expect.min, tolerance):
        return f"it is less than {shown(expect.min)}" if expect.min != expect.max else f"it is not {shown(expect.min)}"
    if expect.max is not None and value > _EXACT.add(expect.max, tolerance):
        return f"it is more than {shown(expect.max)}" if expect.min != expect.max else f"it is not {shown(expect.max)}"
    return None


def _is_within(value: Decimal, expected: Decimal, tolerance: Decimal) -> bool:
    """Whether two numbers are as near as that; infinite ones where they are the same, none where one is NaN."""
    if value.is_infinite() or expected.is_infinite():
        return value.compare(expected) == _ZERO
    difference = _EXACT.subtract(value, expected)
    return not difference.is_nan() and _EXACT.abs(difference) <= tolerance


def shown(number: Decimal) -> str:
    """A number as people write it, with all of its digits but no zeros behind them."""
    if not number.is_finite():
        return str(number)
    plain = _EXACT.normalize(number)
    return f"{plain:f}" if abs(plain.adjusted()) < 40 else str(plain)
