"""The JSON Schema of an export: its own keys, and below `to:` those of every exporter."""

from __future__ import annotations

from exporters.definitions import ExportShape
from exporters.registry import EXPORTERS
from semantic.editing.json_schema import Definitions, Schema, definition_name, described, reference
from semantic.keys import summary


def add_exports(definitions: Definitions) -> Schema:
    """Add the shapes of exports; returns what refers to them."""
    found = definitions.add(ExportShape)
    exporters = {
        exporter.name: described(definitions.add(exporter.shape), summary(exporter.shape)) for exporter in EXPORTERS
    }
    definitions["Destination"] = {
        "type": "object",
        "properties": exporters,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    definitions[definition_name(ExportShape)]["properties"]["to"]["items"] = reference("Destination")
    return found


def take_export_needs(definitions: Definitions) -> Schema:
    """Take out of an export which keys it needs."""
    return definitions.take_needs(ExportShape)
