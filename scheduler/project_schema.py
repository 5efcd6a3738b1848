"""The JSON Schemas of a project's YAML files, for editors: of project.yml, and of every other file.

A key that an entry needs may come from the file's `defaults`. So what is needed stands apart from the shapes, and
counts only in files without defaults. One branch holds for a file as a whole: editors offer the keys of each that does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from exporters.json_schema import add_exports, take_export_needs
from semantic.calendars import CalendarTable
from semantic.checking.shape import Check
from semantic.editing.json_schema import DIALECT, Definitions, Schema, definition_name, described, or_null, reference
from semantic.editing.metric_schema import ANY, USUAL, add_metrics, take_metric_needs, with_untyped
from semantic.model import Dataset, Dimension, Project, Segment

PUBLISHED = {"metrics": "metricast.schema.json", "project": "project.schema.json"}
_TEXTS = {
    "defaults": "what most entries of this file share: kind → keys that each entry gets unless it says them itself",
    "datasets": "name → a table or SQL: its primary key, its clock, what is looked up, its dimensions",
    "calendars": "name → a table with a row for every date: periods of its own, holidays",
    "dimensions": "keys of every dimension in this file",
    "metrics": "name → a number: an aggregate over a dataset, or made of other metrics",
    "segments": "name → a named filter, for `where` and for a metric's `filter`",
    "checks": "name → what must hold of the values of metrics; `metricast check` runs them",
    "exports": "name → queries, when they run, and where the results go",
}


def schema_text(kind: str) -> str:
    """The schema of `project` (project.yml) or of `metrics` (all other files) as it is published."""
    schema = project_schema() if kind == "project" else file_schema()
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def project_schema() -> Schema:
    """The schema of project.yml."""
    definitions = Definitions()
    definitions.add(Project)
    return _root(or_null(definitions.pop(definition_name(Project))), definitions)


def file_schema() -> Schema:
    """The schema of every file but project.yml."""
    definitions = Definitions()
    kinds = {
        "datasets": definitions.add(Dataset),
        "calendars": definitions.add(CalendarTable),
        "metrics": add_metrics(definitions),
        "segments": definitions.add(Segment),
        "checks": definitions.add(Check),
        "exports": add_exports(definitions),
    }
    definitions["Defaults"] = _defaults({**kinds, "metrics": reference(ANY), "dimensions": definitions.add(Dimension)})
    any_type = {**kinds, "metrics": with_untyped(ANY)}
    simple = {**kinds, "metrics": with_untyped(USUAL)}
    needs = _take_needs(definitions)
    complete = {kind: {"allOf": [entry, needs[kind]]} for kind, entry in simple.items()}
    some = {"if": _has("defaults", "metrics", "type"), "then": _file(any_type), "else": _file(simple)}
    return _root({"if": _has("defaults"), "then": some, "else": _file(complete)}, definitions)


def _root(shape: Schema, definitions: Definitions) -> Schema:
    return {"$schema": DIALECT, **shape, "definitions": dict(definitions)}


def _defaults(kinds: Mapping[str, Schema]) -> Schema:
    properties = {kind: described(keys, _TEXTS[kind]) for kind, keys in kinds.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _file(kinds: Mapping[str, Schema]) -> Schema:
    sections = {kind: {"type": ["object", "null"], "additionalProperties": entry} for kind, entry in kinds.items()}
    properties = {"defaults": reference("Defaults"), **sections}
    return {
        "type": ["object", "null"],
        "properties": {key: described(schema, _TEXTS[key]) for key, schema in properties.items()},
        "additionalProperties": False,
    }


def _take_needs(definitions: Definitions) -> dict[str, Schema]:
    """Take out of the entries what they need, by kind."""
    return {
        "datasets": definitions.take_needs(Dataset),
        "calendars": definitions.take_needs(CalendarTable),
        "metrics": take_metric_needs(definitions),
        "segments": definitions.take_needs(Segment),
        "checks": definitions.take_needs(Check),
        "exports": take_export_needs(definitions),
    }


def _has(*path: str) -> Schema:
    """Whether there is a key at a path."""
    found: Schema = {}
    for key in reversed(path):
        below = {"properties": {key: found}} if found else {}
        found = {"type": "object", **below, "required": [key]}
    return found
