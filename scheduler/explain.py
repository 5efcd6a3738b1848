"""An explanation of a metric as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semantic.explain import Explanation

WIDTH = 96


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield what a metric is, what it is made of down to columns, what it can be cut by, and why not the rest."""
    yield f"{explanation.name}: {explanation.label}"
    yield from textwrap.wrap(explanation.description, WIDTH)
    if explanation.owner:
        yield f"owner: {explanation.owner}"
    yield from (f"{name}: {text}" for name, text in explanation.facts)
    yield from _section("definition", [explanation.definition])
    yield from _section("made of", _in_columns(explanation.parts))
    yield from _section("columns it reads", explanation.columns)
    yield from _section("time words", _time_words(explanation))
    yield from _section("as of an earlier time", _as_now(explanation.as_now))
    yield from _section("can be cut by", _by_dataset(explanation.reachable))
    yield from _section("cannot be cut by", _reasons(explanation.unreachable))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a title and its indented lines; nothing where there are no lines."""
    for number, line in enumerate(lines):
        if number == 0:
            yield f"\n{title}"
        yield f"  {line}"


def _time_words(explanation: Explanation) -> Iterator[str]:
    """Yield the grains and the parts, and the times that they are of."""
    for words in (explanation.grains, explanation.date_parts):
        if words:
            yield f"{' '.join(words)}: of {', '.join(explanation.clocks)}"


def _as_now(datasets: tuple[str, ...]) -> Iterator[str]:
    """Yield what an earlier as-of does not hide."""
    if datasets:
        yield f"rows of {', '.join(datasets)} are seen as they are now, later ones too: see 'recorded' of datasets"


def _in_columns(pairs: Iterable[tuple[str, str]]) -> list[str]:
    found = list(pairs)
    width = max((len(name) for name, _ in found), default=0)
    return [f"{name:<{width}}  {text}" for name, text in found]


def _by_dataset(names: Iterable[str]) -> Iterator[str]:
    """Yield a line per dataset: its dimensions, wrapped."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        grouped.setdefault(name.split(".")[0], []).append(name)
    for found in grouped.values():
        yield from textwrap.wrap(", ".join(found), WIDTH, subsequent_indent="  ")


def _reasons(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield each reason once, with the dimensions that it keeps out."""
    grouped: dict[str, list[str]] = {}
    for name, reason in pairs:
        grouped.setdefault(reason, []).append(name)
    for reason, names in grouped.items():
        yield from textwrap.wrap(", ".join(names), WIDTH, subsequent_indent="  ")
        yield f"    {reason}"
