"""The aggregates, over the values that an expression has on the rows of a group."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.model import Value

Combination = tuple[Value, ...]  # what `count_distinct` of a list counts; NULL where a part is NULL


def aggregate(agg: str, values: Sequence[Value | Combination], p: Decimal | None = None) -> Value:
    """What SQL gives over these values: COUNT 0 and everything else NULL when none is known."""
    known: list[Any] = [value for value in values if value is not None]
    if agg == "count":
        return len(known)
    if agg in ("count_distinct", "approx_count_distinct"):
        return len(set(known))
    if not known:
        return None
    if agg == "percentile":
        assert p is not None
        return _percentile(known, Fraction(p))
    value: Value = AGGREGATES[agg](known)
    return value


def _sum(known: list[Any]) -> Any:
    """Of doubles and decimals a double, as their values have one type in SQL."""
    return sum(map(float, known)) if any(isinstance(value, float) for value in known) else sum(known)


def _mean(known: list[Any]) -> Fraction:
    return sum(map(Fraction, known), Fraction()) / len(known)


def _squared_spread(known: list[Any]) -> Fraction | None:
    """The variance of the sample; below two values there is none."""
    if len(known) < 2:
        return None
    mean = _mean(known)
    return sum(((Fraction(value) - mean) ** 2 for value in known), Fraction()) / (len(known) - 1)


def _variance(known: list[Any]) -> float | None:
    squared = _squared_spread(known)
    return None if squared is None else float(squared)


def _stddev(known: list[Any]) -> float | None:
    squared = _squared_spread(known)
    return None if squared is None else math.sqrt(squared)


def _percentile(known: list[Any], p: Fraction) -> float:
    """Between the two values nearest to the rank p·(n - 1), counted from 0."""
    ascending = sorted(map(Fraction, known))
    rank = p * (len(ascending) - 1)
    below, above = ascending[math.floor(rank)], ascending[math.ceil(rank)]
    return float(below + (above - below) * (rank - math.floor(rank)))


AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "avg": lambda known: float(_mean(known)),
    "median": lambda known: float(statistics.median(map(Fraction, known))),
    "min": min,
    "max": max,
    "stddev": _stddev,
    "variance": _variance,
}
