"""Excel: one sheet per query, and a first one that says what this is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ClassVar

from pydantic import Field

from exporters.base import Delivery, Export, RowExporter, Staged
from exporters.excel import about
from exporters.excel.layout import Sheet, lay_out
from exporters.excel.pages import result_page
from exporters.excel.reading import verify_workbook
from exporters.excel.titles import sheet_titles
from exporters.excel.writing import About, write_workbook
from exporters.naming import FilePath, OptionalTitle
from exporters.staging import beside, place
from semantic.compile import spoken
from semantic.errors import Diagnostic, Report, suggest
from semantic.model import Shape
from semantic.source import Node


class SheetShape(Shape):
    """A sheet: the query whose rows it shows."""

    query: str
    title: OptionalTitle = None


class ExcelShape(Shape):
    """Where the workbook goes and what is in it; without `sheets`, all queries in order."""

    path: FilePath
    title: OptionalTitle = None
    sheets: tuple[SheetShape, ...] | None = Field(None, min_length=1)


class Excel(RowExporter[ExcelShape]):
    """A workbook with typed cells, an About sheet first, written by openpyxl and read back by calamine."""

    name: ClassVar[str] = "excel"
    shape = ExcelShape
    example: ClassVar[str] = 'excel: {path: "drops/{{ export.name }}_{{ run.date }}.xlsx", title: Weekly report}'

    def check(self, options: ExcelShape, export: Export, node: Node, report: Report) -> None:
        """Report sheets of unknown queries and a path that is no workbook's."""
        if not options.path.endswith(".xlsx"):
            hint = "a workbook's name ends in .xlsx"
            report(Diagnostic("E531", f"'{options.path}' is no name for a workbook", node.child("path").span, hint))
        for index, sheet in enumerate(options.sheets or ()):
            if sheet.query not in export.queries:
                hint = suggest(sheet.query, export.queries) or f"queries: {', '.join(export.queries)}"
                place = node.child("sheets", index, "query").span
                report(Diagnostic("E530", f"unknown query '{sheet.query}'", place, hint))

    def destination(self, options: ExcelShape) -> str:
        """The workbook's path as rendered."""
        return options.path

    @contextmanager
    def stage(self, delivery: Delivery, options: ExcelShape) -> Iterator[Staged]:
        """Write the workbook beside its destination."""
        target = delivery.root / options.path
        sheets = _sheets(delivery, options)
        title = options.title or spoken(delivery.export.name)
        first = about.about_page(title, delivery, sheets)
        pages = [first, *(result_page(sheet) for sheet in sheets)]
        with beside(target) as staged:
            write_workbook(staged, pages, About(title, delivery.export.owner or delivery.model.name, delivery.as_of))
            yield Staged(
                queries=tuple(dict.fromkeys(sheet.query for sheet in sheets)),
                verify=partial(verify_workbook, staged, first, sheets),
                commit=lambda: (place(staged, target, delivery.root),),
            )


def _sheets(delivery: Delivery, options: ExcelShape) -> Sequence[Sheet]:
    wanted = options.sheets or tuple(SheetShape(query=query) for query in delivery.export.queries)
    titles = sheet_titles([about.TITLE, *(sheet.title or spoken(sheet.query) for sheet in wanted)])[1:]
    return [
        lay_out(title, sheet.query, delivery.results[sheet.query]) for sheet, title in zip(wanted, titles, strict=True)
    ]
