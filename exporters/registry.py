"""All exporters, by the key under which they stand below `to:`. A new one is a file of its own and a line here."""

from __future__ import annotations

from exporters.base import AnyExporter
from exporters.excel import Excel

EXPORTERS: tuple[AnyExporter, ...] = (Excel(),)
