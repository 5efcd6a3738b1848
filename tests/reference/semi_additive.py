"""Stocks: the rows of one moment for each combination of keys, or a mean or an extreme over its moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from tests.reference.model import SemiAdditive, Value
from tests.reference.rows import Entry

Inner = Callable[[Sequence[Entry]], Any]  # the additive metric, over rows


def chosen(stock: SemiAdditive, keyed: Iterable[list[Entry]]) -> list[Entry]:
    """The rows that are taken, of each combination of keys; whatever their other dimensions are."""
    if stock.agg not in ("first", "last"):
        return [entry for rows in keyed for entry in rows]
    pick: Any = max if stock.agg == "last" else min
    ends = [(rows, pick(times(rows))) for rows in keyed]
    return [entry for rows, end in ends for entry in rows if entry.at == end]


def times(rows: Iterable[Entry]) -> set[Any]:
    return {entry.at for entry in rows}


def value(stock: SemiAdditive, keyed: Iterable[list[Entry]], counts: Callable[[Entry], bool], inner: Inner) -> Value:
    """Of the rows that are taken of each combination of keys, those that count in one group; NULL without rows."""
    if stock.agg in ("first", "last"):
        rows = [entry for entry in chosen(stock, keyed) if counts(entry)]
        known: Value = inner(rows) if rows else None
        return known
    values = [_of_key(stock.agg, rows, [entry for entry in rows if counts(entry)], inner) for rows in keyed]
    known_values = [each for each in values if each is not None]
    if not known_values:
        return None
    total = sum(known_values[1:], known_values[0])
    return float(total) if stock.agg == "avg" else total


def _of_key(agg: str, rows: Sequence[Entry], grouped: Sequence[Entry], inner: Inner) -> Any:
    if not grouped:
        return None
    if agg == "avg":
        total = inner(grouped)
        return None if total is None else Fraction(total) / len(times(rows))
    values = [inner([entry for entry in grouped if entry.at == at]) for at in times(grouped)]
    known = [each for each in values if each is not None]
    return (min if agg == "min" else max)(known) if known else None
