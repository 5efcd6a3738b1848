"""What was found in the data as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from scheduler.output import text_table

if TYPE_CHECKING:
    from semantic.audit import Extent, Finding


def finding_lines(extents: Sequence[Extent], findings: Sequence[Finding], time_zone: str) -> Iterator[str]:
    """Yield how many rows the datasets have, from when to when, and what is worth a look."""
    if extents:
        names = ("dataset", "rows", f"first ({time_zone})", "last")
        cells = [(each.dataset, f"{each.rows:,}", _moment(each.first), _moment(each.last)) for each in extents]
        for line in text_table(names, cells, (False, True, False, False)):
            yield line.removesuffix("\n")
    if findings:
        yield "\nworth a look, though no number is wrong by it:\n"
    for found in findings:
        yield found.diagnostic.render()


def _moment(moment: date | datetime | None) -> str:
    match moment:
        case None:
            return ""
        case datetime():
            return f"{moment:%Y-%m-%d %H:%M}"
        case _:
            return f"{moment:%Y-%m-%d}"
