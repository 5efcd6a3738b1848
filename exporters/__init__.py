"""Where results and definitions go: export definitions in YAML, exporters, and receipts of what was delivered."""

from exporters.base import (
    Change,
    DefinitionExporter,
    Delivery,
    Destination,
    Export,
    Receipt,
    RowExporter,
    Schedule,
    Staged,
)
from exporters.definitions import load_exports, read_exports
from exporters.deliver import deliver

__all__ = [
    "Change",
    "DefinitionExporter",
    "Delivery",
    "Destination",
    "Export",
    "Receipt",
    "RowExporter",
    "Schedule",
    "Staged",
    "deliver",
    "load_exports",
    "read_exports",
]
