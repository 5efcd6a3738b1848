"""The values of a review as tables of texts: one line for each metric, then all about the weightiest ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from scheduler.output import NULL, shown
from semantic.errors import listing

if TYPE_CHECKING:
    from scheduler.review.movement import Comparison, Movement, Row
    from scheduler.review.report import Data

MOST_LINES, MOST_DETAILED, MOST_NAMES = 30, 5, 20
_DETAILS = ("by", "group", "old", "new", "difference", "%")


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of texts below their header, and what there is to say beside them; the last four columns are numbers."""

    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns are aligned to the right."""
        return tuple(at >= len(self.header) - 4 for at in range(len(self.header)))


def tables(data: Data, most: int) -> Iterator[Table]:
    """What moved; at most `most` rows of each cut."""
    zone = ZoneInfo(data.time_zone)
    yield _overview(data, zone)
    for movement in [each for each in data.movements if each.is_telling][:MOST_DETAILED]:
        lines = [
            _line(movement, each, row, zone) for each in movement.comparisons for row in each.rows[: _limit(each, most)]
        ]
        notes = [note for each in movement.comparisons for note in _notes(each, most)]
        if len(lines) > 1 or notes:
            yield Table(movement.metric, _DETAILS, tuple(lines), tuple(notes))


def _overview(data: Data, zone: ZoneInfo) -> Table:
    """A line for each metric that moved: its total, or the group that moved most."""
    moved = [(each, *each.largest) for each in data.movements if each.largest is not None]
    lines = [(each.metric, *_line(each, comparison, row, zone)) for each, comparison, row in moved[:MOST_LINES]]
    return Table("largest movements", ("metric", *_DETAILS), tuple(lines), tuple(_rest(data, len(moved))))


def _rest(data: Data, moved: int) -> Iterator[str]:
    """What is said of the metrics that have no line."""
    if moved > MOST_LINES:
        yield f"{moved - MOST_LINES} more moved less; --format json has all"
    still = [each.metric for each in data.movements if each.comparisons and not each.is_telling]
    if still:
        yield f"no value moved: {listing(still, MOST_NAMES)}"
    refused = [each.metric for each in data.movements if each.is_telling and each.largest is None]
    if refused:
        yield f"refused: {listing(refused, MOST_NAMES)}"
    silent = [each.metric for each in data.movements if not each.comparisons]
    if silent:
        yield f"lost cuts alone, so there is nothing to compare: {listing(silent, MOST_NAMES)}"


def _limit(comparison: Comparison, most: int) -> int:
    """How many rows of a comparison are shown: of a period all."""
    return len(comparison.rows) if comparison.period else most


def _notes(comparison: Comparison, most: int) -> Iterator[str]:
    for version, refusal in zip(("old", "new"), comparison.refusals, strict=True):
        if refusal:
            yield f"{_by(comparison)}: refused by the {version} version: {refusal}"
    more = len(comparison.rows) - _limit(comparison, most)
    if more > 0:
        yield f"{_by(comparison)}: {more:,} more of {comparison.groups:,} groups moved less"


def _by(comparison: Comparison) -> str:
    by = ", ".join(comparison.by) or "total"
    return f"{by}, {comparison.period}" if comparison.period else by


def _line(movement: Movement, comparison: Comparison, row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    old, new = (
        shown(value, movement.format, zone) if is_in else "refused" if refusal else "no group"
        for value, is_in, refusal in zip((row.old, row.new), row.is_in, comparison.refusals, strict=True)
    )
    group = ", ".join(NULL if value is None else shown(value, None, zone) for value in row.group)
    by = ", ".join(comparison.by) or "total"
    return (by, group, old, new, _signed(row.change, movement, zone), _share(row.share))


def _signed(change: Any, movement: Movement, zone: ZoneInfo) -> str:
    """A difference in the metric's own format; that of two percentages is in points."""
    if change is None:
        return ""
    text = shown(change, movement.format, zone)
    text = f"{text[:-1]} pp" if movement.format and movement.format.type == "percent" else text
    return f"+{text}" if change > 0 else text


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:+.1%}"
