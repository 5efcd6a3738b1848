"""Excel: one sheet per query, and a first one that says what this is.

openpyxl and pyarrow take a while to import, so this waits until a workbook is made.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar

from exporters.base import Delivery, Export, RowExporter, Staged
from exporters.naming import FilePath, OptionalTitle
from semantic.compile import spoken
from semantic.errors import Diagnostic, Report, suggest
from semantic.source import Node, Shape


class SheetShape(Shape):
    """A sheet: the query whose rows it shows.

    query: the name of the query
    title: its name in the workbook, a template as in EXPORTS.md; default: the query's name
    """

    query: str
    title: OptionalTitle = None


class ExcelShape(Shape):
    """A workbook: where it goes and what is in it.

    path: a file ending in `.xlsx`, in the project folder unless it is absolute; a template: `{{ run.date }}`
    title: shown on the first sheet, a template as in EXPORTS.md; default: the export's name
    sheets: the queries to show, each with a `title`; default: all queries in order
    """

    path: FilePath
    title: OptionalTitle = None
    sheets: tuple[SheetShape, ...] = ()


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
        for index, sheet in enumerate(options.sheets):
            if sheet.query not in export.queries:
                hint = suggest(sheet.query, export.queries) or f"queries: {', '.join(export.queries)}"
                place = node.child("sheets", index, "query").span
                report(Diagnostic("E530", f"unknown query '{sheet.query}'", place, hint))

    def destination(self, options: ExcelShape) -> str:
        """The workbook's path as rendered."""
        return options.path

    def stage(self, delivery: Delivery, options: ExcelShape) -> AbstractContextManager[Staged]:
        """Write the workbook beside its destination."""
        from exporters.excel.workbook import SheetOrder, stage_workbook

        wanted = options.sheets or tuple(SheetShape(query=query) for query in delivery.export.queries)
        order = [SheetOrder(sheet.query, sheet.title or spoken(sheet.query)) for sheet in wanted]
        return stage_workbook(delivery, options.path, options.title or spoken(delivery.export.name), order)
