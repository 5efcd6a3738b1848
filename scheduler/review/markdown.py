"""A review as Markdown, to be posted where the change is discussed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scheduler.review.report import Data, Review, Section, sections, summary
from scheduler.review.tables import tables

MOST_NAMES = 30
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@])")
_TICKS = re.compile(r"`+")


def markdown_lines(review: Review, most: int) -> Iterator[str]:
    """The lines of the report; at most `most` rows of values for each cut."""
    yield f"### {_plain(summary(review)[:1].upper() + summary(review)[1:])}"
    yield ""
    yield f"From {_code(review.old)} to {_code(review.new)}."
    for section in sections(review):
        yield ""
        yield from _section(section)
    if review.data is not None:
        yield from _data(review.data, most)


def _section(section: Section) -> Iterator[str]:
    yield f"**{section.title[:1].upper()}{section.title[1:]}**"
    yield ""
    for item in section.items:
        more = f" and {len(item.names) - MOST_NAMES} more" if len(item.names) > MOST_NAMES else ""
        yield f"- {', '.join(map(_code, item.names[:MOST_NAMES]))}{more}"
        yield from (f"  - {_plain(label)}: {_code(text)}" for label, text in item.facts)
    if section.more:
        yield f"- and {section.more} more"


def _data(data: Data, most: int) -> Iterator[str]:
    yield ""
    yield f"**Values** on target {_code(data.target)}, as of {data.as_of.isoformat(sep=' ', timespec='minutes')}"
    for table in tables(data, most):
        yield ""
        yield _code(table.title)
        if table.lines:
            yield ""
            yield f"| {' | '.join(table.header)} |"
            yield f"|{'|'.join('--:' if right else '---' for right in table.numeric)}|"
            yield from (f"| {' | '.join(map(_plain, line))} |" for line in table.lines)
        if table.notes:
            yield ""
            yield from (f"- {_plain(note)}" for note in table.notes)


def _plain(text: str) -> str:
    """Text that means nothing to Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Text as code, whatever backticks it holds."""
    longest = max((len(found) for found in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"`{text}`"
