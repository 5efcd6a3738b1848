"""The JSON Schema of a metric: which keys it has depends on its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semantic.editing.json_schema import Definitions, Schema, definition_name, described, reference
from semantic.keys import summary
from semantic.metric_types import METRIC_TYPES, Simple

ANY = "AnyMetric"
USUAL = definition_name(Simple)  # what a metric is that says no type
_UNTYPED: Schema = {"not": {"required": ["type"]}}


def add_metrics(definitions: Definitions) -> Schema:
    """Add the metric types; returns what refers to a metric that says its type."""
    for shape in METRIC_TYPES.values():
        definitions.add(shape)
        definitions[definition_name(shape)]["properties"]["type"] |= described({}, summary(shape))
    cases = [_case(kind, reference(definition_name(shape))) for kind, shape in METRIC_TYPES.items()]
    definitions[ANY] = _any_metric(definitions)
    definitions["Metric"] = {"type": ["object", "null"], "properties": {"type": _type_key()}, "allOf": cases}
    return reference("Metric")


def with_untyped(name: str) -> Schema:
    """A metric of which the definition of that name holds if it says no type."""
    return {"if": _UNTYPED, "then": reference(name), "else": reference("Metric")}


def take_metric_needs(definitions: Definitions) -> Schema:
    """Take out of the metric types what they need; returns it as a schema of its own."""
    needs = {kind: definitions.take_needs(shape) for kind, shape in METRIC_TYPES.items()}
    cases = [_case(kind, need) for kind, need in needs.items()]
    return {"type": "object", "allOf": [*cases, {"if": _UNTYPED, "then": needs["simple"]}]}


def _case(kind: str, then: Schema) -> Schema:
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": then}


def _type_key() -> Schema:
    return described({"enum": list(METRIC_TYPES)}, "how it is computed; left out: `simple`")


def _any_metric(definitions: Mapping[str, Schema]) -> Schema:
    """Every key that some type knows."""
    found: dict[str, list[Schema]] = {}
    for shape in METRIC_TYPES.values():
        for key, schema in definitions[definition_name(shape)]["properties"].items():
            found.setdefault(key, []).append(schema)
    properties = {key: _either(schemas) for key, schemas in found.items()} | {"type": _type_key()}
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _either(schemas: list[Schema]) -> Schema:
    """A key that several types know, with the text of the first."""
    bare = [_bare(schema) for schema in schemas]
    different = [schema for place, schema in enumerate(bare) if schema not in bare[:place]]
    return schemas[0] if len(different) == 1 else {**_texts(schemas[0]), "anyOf": different}


def _bare(schema: Mapping[str, Any]) -> Schema:
    return {key: value for key, value in schema.items() if key not in _texts(schema)}


def _texts(schema: Mapping[str, Any]) -> Schema:
    return {key: value for key, value in schema.items() if key in ("description", "markdownDescription")}
