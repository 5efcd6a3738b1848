"""A workbook from its order: laid out, written beside its destination, read back, put into place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from exporters.base import Delivery, Staged
from exporters.excel.about import TITLE, about_page
from exporters.excel.layout import lay_out
from exporters.excel.pages import result_page
from exporters.excel.reading import verify_workbook
from exporters.excel.titles import sheet_titles
from exporters.excel.writing import About, write_workbook
from exporters.staging import beside, place


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """A sheet that is wanted: whose rows, under which title."""

    query: str
    title: str


@contextmanager
def stage_workbook(delivery: Delivery, path: str, title: str, order: Sequence[SheetOrder]) -> Iterator[Staged]:
    """The workbook, beside its destination; `path` counts from the project folder unless it is absolute."""
    target = delivery.root / path
    titles = sheet_titles([TITLE, *(wanted.title for wanted in order)])[1:]
    pairs = zip(order, titles, strict=True)
    sheets = [lay_out(shown, wanted.query, delivery.results[wanted.query]) for wanted, shown in pairs]
    first = about_page(title, delivery, sheets)
    about = About(title, delivery.export.owner or delivery.model.name, delivery.as_of)
    with beside(target) as staged:
        write_workbook(staged, [first, *map(result_page, sheets)], about)
        yield Staged(
            queries=tuple(dict.fromkeys(wanted.query for wanted in order)),
            verify=partial(verify_workbook, staged, first, sheets),
            commit=lambda: (place(staged, target, delivery.root),),
        )
