"""A review as plain text: aligned, without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from scheduler.output import one_line, text_table
from scheduler.review.report import Data, Review, Section, sections, summary
from scheduler.review.tables import tables

WIDTH = 110


def text_lines(review: Review, most: int) -> Iterator[str]:
    """The lines of the report; at most `most` rows of values for each cut."""
    yield f"{review.old} → {review.new}"
    yield summary(review)
    for section in sections(review):
        yield ""
        yield from _section(section)
    if review.data is not None:
        yield from _data(review.data, most)


def _section(section: Section) -> Iterator[str]:
    yield section.title
    for item in section.items:
        yield from textwrap.wrap(", ".join(item.names), WIDTH, initial_indent="  ", subsequent_indent="  ")
        width = max((len(label) for label, _ in item.facts), default=0)
        for label, text in item.facts:
            head = f"    {label:<{width}}  "
            yield from textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)) or [head]
    if section.more:
        yield f"  and {section.more} more: --format json lists all"


def _data(data: Data, most: int) -> Iterator[str]:
    yield ""
    yield f"values on target {data.target}, as of {data.as_of.isoformat(sep=' ', timespec='minutes')}"
    for table in tables(data, most):
        yield f"  {table.title}"
        if table.lines:
            lines = text_table(table.header, table.lines, table.numeric)
            yield from (f"    {line}".rstrip() for line in lines)
        yield from (f"    {one_line(note)}" for note in table.notes)
