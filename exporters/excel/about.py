"""The first sheet of every workbook: what this is, as of when, with which filters, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exporters.base import Delivery
from exporters.excel import looks
from exporters.excel.cells import offset_text
from exporters.excel.layout import TOTAL, UNKNOWN, Sheet
from exporters.excel.looks import Look
from exporters.excel.pages import row_height
from exporters.excel.writing import Cell, Page, Row
from exporters.naming import main_result
from semantic.compile import spoken
from semantic.metric_types.base import Metric
from semantic.query import Query, Top
from semantic.result import Result

TITLE = "About"
_SHEETS = ("Sheet", "Filters", "Period", "Rows", "SHA-256 of the SQL")
_METRICS = ("Metric", "Description", "Definition", "Owner", "Shown as")
_RELATIVE = ("last ", "this ", "today", "yesterday")  # periods that say something beside their days
_LAST = {1: "A", 2: "B"}  # short rows: their last cell spans the rest of the page
_WIDTHS = (24.0, 58.0, 46.0, 18.0, 28.0)
Cells = tuple[Cell, ...]


def about_page(title: str, delivery: Delivery, sheets: Sequence[Sheet]) -> Page:
    """The page; its rows are few, so they are made at once."""
    rows: list[Cells] = [
        _wide(title, looks.TITLE),
        *([_wide(delivery.export.description, looks.LEAD)] if delivery.export.description else []),
        (),
        *_facts(delivery),
        (),
        _wide("What is in here", looks.SECTION),
        *_table(_SHEETS, [_sheet_row(sheet) for sheet in sheets]),
        (),
        *_definitions(delivery, sheets),
        *(_wide(note, looks.LEAD) for note in _notes(delivery, sheets)),
    ]
    merged = tuple(f"{_LAST[len(row)]}{number}:E{number}" for number, row in enumerate(rows, 1) if len(row) in _LAST)
    return Page(TITLE, _WIDTHS, [Row(row, _height(row)) for row in rows], merged=merged)


def as_of_text(as_of: datetime, time_zone: str) -> str:
    """An instant on the business's clock, with the zone and its offset."""
    local = as_of.astimezone(ZoneInfo(time_zone))
    return f"{local:%Y-%m-%d %H:%M} ({time_zone}, UTC{offset_text(as_of, ZoneInfo(time_zone))})"


def period_text(result: Result) -> str:
    """The period with both of its ends included, as people say it, and the words that asked for it."""
    if result.period is None:
        return "all"
    first, last = result.period.start, result.period.end - timedelta(days=1)
    days = str(first) if first == last else f"{first} to {last}"
    asked = result.query.period
    return f"{days} ({asked})" if asked and asked.startswith(_RELATIVE) else days


def filters_text(query: Query) -> str:
    """What narrows a query, one thing a line."""
    order = f", by {', '.join(query.order)}" if query.order else ""
    parts = (
        query.where and f"where {query.where}",
        query.having and f"having {query.having}",
        query.complete_only and "complete periods alone",
        query.limit is not None and f"the first {query.limit:,} rows{order}",
        query.top and _top_text(query.top),
        query.purpose and f"personal data for: {query.purpose}",
    )
    return "\n".join(part for part in parts if part) or "none"


def _top_text(top: Top) -> str:
    """What of a dimension has rows of its own."""
    first = "first" if top.order == "desc" else "last"
    return f"the {first} {top.n:,} of {top.dimension} by {top.by}, all else as {top.other}"


def _facts(delivery: Delivery) -> Iterator[Cells]:
    main, fiscal = main_result(delivery), delivery.model.project.fiscal_year_start
    facts = {
        "As of": as_of_text(delivery.as_of, delivery.model.time_zone),
        "Period": period_text(main) if main else None,
        "Owner": delivery.export.owner,
        "Export": f"{delivery.export.name}, project {delivery.model.name}",
        "Weeks start on": delivery.model.week_start.capitalize(),
        "Fiscal years start in": None if fiscal == "january" else fiscal.capitalize(),
    }
    for name, value in facts.items():
        if value:
            yield Cell(name, looks.KEY), Cell(value, looks.TEXT, wrap=True)


def _definitions(delivery: Delivery, sheets: Sequence[Sheet]) -> Iterator[Cells]:
    queries = [sheet.query for sheet in sheets]
    asked, parts = delivery.metrics(*queries), delivery.parts(*queries)
    mentioned = {reference.metric for metric in (*asked, *parts) for reference in metric.references()}
    if asked:
        yield _wide("What the numbers mean", looks.SECTION)
        yield from _table(_METRICS, [_metric_row(metric, mentioned) for metric in asked])
    if parts:
        yield _wide("made of", looks.KEY)
        yield from (_metric_row(metric, mentioned) for metric in parts)
    if asked:
        yield ()


def _notes(delivery: Delivery, sheets: Sequence[Sheet]) -> Iterator[str]:
    yield (
        f"Dates and times are those of {delivery.model.time_zone}. A blank cell has no value; "
        f"{UNKNOWN} stands for rows whose group is not known."
    )
    if any(sheet.marker is not None for sheet in sheets):
        yield f"The row {TOTAL} is computed from all rows of the query, not added up from the rows above it."
    as_now = sorted({name for sheet in sheets for name in sheet.result.compiled.as_now})
    if as_now:
        yield f"Rows of {', '.join(as_now)} are those of the time of making, later ones than the as-of included."
    if any(sheet.result.query.is_complete for sheet in sheets):
        yield (
            "Complete says whether the period of a row was over, shown as a whole, and all of its data "
            "were there; other numbers are still going to change."
        )


def _table(names: Sequence[str], rows: Sequence[Cells]) -> list[Cells]:
    return [
        tuple(Cell(name, looks.HEADER, align="right" if name == "Rows" else None, wrap=True) for name in names),
        *rows,
    ]


def _sheet_row(sheet: Sheet) -> Cells:
    result = sheet.result
    return (
        Cell(sheet.title, looks.STRONG, wrap=True),
        Cell(filters_text(result.query), wrap=True),
        Cell(period_text(result), wrap=True),
        Cell(len(result), number_format="#,##0", align="right"),
        Cell(result.sql_hash, looks.FINE, wrap=True),
    )


def _metric_row(metric: Metric, mentioned: Collection[str]) -> Cells:
    """A metric; by its name too if another definition mentions it and its label does not show the name."""
    label, name = metric.label or spoken(metric.name), metric.name
    named = name in mentioned and label not in (name, spoken(name))
    return (
        Cell(f"{label} ({name})" if named else label, looks.STRONG, wrap=True),
        *(Cell(text, wrap=True) for text in (metric.description, metric.definition, metric.owner)),
        Cell(str(metric.format) if metric.format else None, wrap=True),
    )


def _wide(text: str, look: Look) -> Cells:
    """A row of one cell that spans the page."""
    return (Cell(text, look, wrap=True),)


def _height(row: Cells) -> float:
    left = _WIDTHS[: len(row) - 1]
    return row_height(row, _WIDTHS if len(row) not in _LAST else (*left, sum(_WIDTHS[len(left) :])))
