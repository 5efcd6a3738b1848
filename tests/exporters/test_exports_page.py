"""The page of the exports: its tables of keys are made from the shapes. METRICAST_WRITE_DOCS=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

from exporters.definitions import ExportShape, ScheduleShape
from exporters.excel.exporter import ExcelShape, SheetShape
from tests.pages.tables import Tables, marked, with_tables

PAGE = Path(__file__).parents[2] / "exporters" / "EXPORTS.md"
TABLES: Tables = {
    "Export": ("export key", ExportShape),
    "Schedule": ("schedule key", ScheduleShape),
    "Excel": ("excel key", ExcelShape),
    "Sheet": ("sheet key", SheetShape),
}


def test_the_tables_are_those_of_the_shapes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("METRICAST_WRITE_DOCS"):
        PAGE.write_text(with_tables(text, TABLES), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == with_tables(text, TABLES)
    assert marked(text) == list(TABLES)
