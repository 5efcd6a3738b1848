"""Titles of sheets that Excel accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_TITLE = 31  # UTF-16 code units
RESERVED = "history"  # Excel keeps this name for itself
_FORBIDDEN = re.compile(r"[\\/?*\[\]:\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def sheet_titles(wanted: Iterable[str]) -> tuple[str, ...]:
    """The wanted titles as near as they can be: without forbidden characters, not too long, no two the same.

    >>> sheet_titles(["New / existing", "Trend", "trend"])
    ('New - existing', 'Trend', 'trend (2)')
    """
    taken = {RESERVED}
    titles = []
    for title in wanted:
        titles.append(_free(_allowed(title), taken))
        taken.add(titles[-1].casefold())
    return tuple(titles)


def _allowed(title: str) -> str:
    """Without forbidden characters and without apostrophes or blanks at its ends."""
    spelled = " ".join(_FORBIDDEN.sub("-", title).split()).strip("' ")
    return _cut(spelled, MAX_TITLE).strip("' ") or "Sheet"


def _free(title: str, taken: set[str]) -> str:
    number, free = 1, title
    while free.casefold() in taken:
        number += 1
        suffix = f" ({number})"
        free = _cut(title, MAX_TITLE - len(suffix)).rstrip() + suffix
    return free


def _cut(title: str, units: int) -> str:
    """At most so many UTF-16 code units, with an ellipsis where something is left out."""
    if _units(title) <= units:
        return title
    while _units(title) > units - 1:
        title = title[:-1]
    return title.rstrip() + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
