"""By how much values move: both versions asked the same questions, on one connection and the same data."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from semantic.errors import EngineError, QueryError
from semantic.names import read_name
from semantic.privacy import is_personal
from semantic.query import Query

if TYPE_CHECKING:
    from semantic import Layer
    from semantic.comparing.compare import Changed, Difference
    from semantic.formats import Format

MOST_GROUPS = 10_000  # a cut of more groups is not compared
_MOST_CUTS = 3
_UNASKED, _CANCELLED = frozenset({"E312", "E341", "E343"}), "E405"  # asked without the time word that it needs
_PERSONAL = "it is personal in one of the versions, and masked in that one alone"
_NOISE = 1e-9  # sums of doubles depend on the order of the rows that far

Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A value before and after; None where it is NULL, or where a version has no such group."""

    group: Group
    old: Any
    new: Any
    is_in: tuple[bool, bool] = (True, True)

    @property
    def is_moved(self) -> bool:
        """Whether the values differ by more than the noise of floating point, or one version has no such group."""
        return self.is_in != (True, True) or not _equal(self.old, self.new)

    @property
    def change(self) -> Any:
        """New minus old, None where one of them is no number."""
        if not (_is_number(self.old) and _is_number(self.new)):
            return None
        is_exact = not isinstance(self.old, float) and not isinstance(self.new, float)
        return self.new - self.old if is_exact else float(self.new) - float(self.old)

    @property
    def share(self) -> float | None:
        """The change as a part of the old value; None where there is no change in numbers, or the old one is 0."""
        change = self.change
        return float(change) / abs(float(self.old)) if change is not None and self.old else None

    @property
    def size(self) -> tuple[float, float]:
        """How much it moved, to sort by: what has no share first, then by share, then by amount."""
        share, change = self.share, self.change
        amount = change if change is not None else (self.new if _is_number(self.new) else self.old)
        size = abs(float(amount)) if _is_number(amount) else math.inf
        return (abs(share) if share is not None else math.inf if self.is_moved else 0.0), size


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question to both versions: the rows that moved, or why a version refuses.

    Rows of a period are in the order of time, all others begin with the one that moved most.
    """

    by: tuple[str, ...]
    period: str | None
    rows: tuple[Row, ...]
    groups: int
    refusals: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Movement:
    """All that was asked about a metric; `is_own` if its own definition has changed."""

    metric: str
    format: Format | None
    comparisons: tuple[Comparison, ...]
    is_own: bool = False

    @property
    def is_telling(self) -> bool:
        """Whether a value moved, or a version refuses."""
        return any(each.rows or any(each.refusals) for each in self.comparisons)

    @property
    def largest(self) -> tuple[Comparison, Row] | None:
        """The row to show of all: the total if it moved, else the one that moved most."""
        rows = [(each, row) for each in self.comparisons for row in (each.rows if each.period else each.rows[:1])]
        return max(rows, key=lambda pair: (not pair[0].by, pair[1].size), default=None)

    @property
    def weight(self) -> tuple[bool, bool, bool, tuple[float, float]]:
        """What comes first: own definitions, then totals that moved, then the size."""
        if self.largest is None:
            return self.is_own, self.is_telling, False, (0.0, 0.0)
        comparison, row = self.largest
        return self.is_own, self.is_telling, not comparison.by, row.size


def movements(old: Layer, new: Layer, difference: Difference, as_of: datetime) -> tuple[Movement, ...]:
    """Ask both layers about every metric that has changed; the weightiest movements come first."""
    metrics = new.model.metrics
    found = [
        Movement(each.name, metrics[each.name].format, tuple(_compare(old, new, each, as_of)), bool(each.keys))
        for each in difference.changed
    ]
    return tuple(sorted(found, key=lambda each: each.weight, reverse=True))


def _compare(old: Layer, new: Layer, metric: Changed, as_of: datetime) -> Iterator[Comparison]:
    for query in questions(metric):
        if _is_personal(old, query) != _is_personal(new, query):
            yield Comparison(query.by, query.period, (), 0, (_PERSONAL, _PERSONAL))
            continue
        before, after = _ask(old, query, as_of), _ask(new, query, as_of)
        codes = [each.code for each in (before, after) if isinstance(each, Refused)]
        if len(codes) > 1 and codes[0] == codes[1] and codes[0] in _UNASKED:
            continue
        yield _comparison(query, before, after)


def questions(metric: Changed) -> Iterator[Query]:
    """What to ask: only what can have moved."""
    name, cuts = metric.name, metric.cuts
    if cuts.everything:
        yield Query((name,))
    if cuts.everything or "day" in cuts.changed:
        yield Query((name,), ("month",), period="last 12 months")
    if "week" in cuts.changed:
        yield Query((name,), ("week",), period="last 12 weeks")
    own = [cut for cut in cuts.changed if cut not in ("day", "week")]
    for cut in own[:_MOST_CUTS]:
        parent, _, grain = cut.rpartition(".")
        yield Query((name,), (f"{parent}.month" if grain == "day" else cut,), fill=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no answer."""

    code: str
    reason: str


Answer = Mapping[Group, Any]


def _is_personal(layer: Layer, query: Query) -> bool:
    """Whether a version masks what the query is cut by."""
    try:
        return any(is_personal(layer.model, read_name(layer.model, name)) for name in query.by)
    except QueryError:
        return False


def _ask(layer: Layer, query: Query, as_of: datetime) -> Answer | Refused:
    """The values by group, or why there are none."""
    try:
        rows = layer.run(query, as_of=as_of).rows()
    except (QueryError, EngineError) as error:
        first = error.diagnostics[0]
        if first.code == _CANCELLED:
            raise
        return Refused(first.code, f"{first.code} {first.message}")
    return {tuple(each if isinstance(each, Hashable) else str(each) for each in row[:-1]): row[-1] for row in rows}


def _comparison(query: Query, before: Answer | Refused, after: Answer | Refused) -> Comparison:
    """The rows that moved; where a version refuses the total, what the other one says stands alone."""
    refusals = (_reason(before), _reason(after))
    before, after = ({} if isinstance(answer, Refused) else answer for answer in (before, after))
    if any(refusals) and query.by:
        return Comparison(query.by, query.period, (), 0, refusals)
    groups = list(dict.fromkeys((*after, *before)))
    rows = (Row(each, before.get(each), after.get(each), (each in before, each in after)) for each in groups)
    moved = [row for row in rows if row.is_moved]
    if query.period is None:
        moved.sort(key=lambda row: row.size, reverse=True)
    return Comparison(query.by, query.period, tuple(moved), len(groups), refusals)


def _reason(answer: Answer | Refused) -> str:
    return answer.reason if isinstance(answer, Refused) else ""


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=_NOISE) or (math.isnan(old) and math.isnan(new))
    return bool(old == new)


def _is_number(value: Any) -> bool:
    return (isinstance(value, int | Decimal) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )
