"""Shapes → JSON Schema, for editors: what may be written where, and what each key means.

The schema accepts what `read_shape` accepts: every plain scalar is text, numbers and truth values may be quoted, a key
without a value counts as absent, and short forms are told by the `json_schema_input_type` of a field. Draft 7 is the
newest draft that all versions of the editors understand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from semantic.keys import key_texts, summary
from semantic.source import Shape

Schema = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"
NULL: Schema = {"type": "null"}
FIRST = ("name", "label", "description", "synonyms")  # what a thing is called is said before how it is computed
_REFERENCE = "#/definitions/{model}"
_NEEDS = ("required", "anyOf", "if", "else")
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_NUMBER = r"^\s*[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)([eE][-+]?[0-9]+)?\s*$"
_INTEGER = r"^\s*[-+]?[0-9][0-9_]*(\.0*)?\s*$"
_TRUTH = "^([Tt]([Rr][Uu][Ee])?|[Ff]([Aa][Ll][Ss][Ee])?|[Yy]([Ee][Ss])?|[Nn][Oo]?|[Oo]([Nn]|[Ff][Ff])|[01])$"


class Definitions(dict[str, Schema]):
    """The schemas of shapes by name, for `definitions`."""

    def add(self, shape: type[Shape]) -> Schema:
        """Add a shape and those within it; returns what refers to it."""
        found = shape.model_json_schema(ref_template=_REFERENCE, schema_generator=_Generator)
        self.update(found.pop("$defs", {}))
        self[definition_name(shape)] = found
        return reference(definition_name(shape))

    def take_needs(self, shape: type[Shape]) -> Schema:
        """Take out of a definition what it needs; returns it as a schema of its own."""
        found = self[definition_name(shape)]
        found["type"] = ["object", "null"]
        return {"type": "object", **{key: found.pop(key) for key in _NEEDS if key in found}}


def definition_name(shape: type[Shape]) -> str:
    """The name of a shape's definition, which some editors show."""
    return shape.__name__.removesuffix("Shape")


def reference(name: str) -> Schema:
    """What refers to a definition."""
    return {"$ref": _REFERENCE.format(model=name)}


def described(schema: Schema, text: str) -> Schema:
    """A schema with the text that editors show: Markdown where they can, else plain."""
    text = text.replace("see below", "see LANGUAGE.md").replace("table below", "table in LANGUAGE.md")
    text = text[:1].upper() + text[1:]
    if "$ref" in schema:
        schema = {"allOf": [schema]}  # in draft 7 nothing counts beside a $ref
    return {"description": text.replace("`", ""), "markdownDescription": text, **schema}


def or_null(schema: Schema) -> Schema:
    """A schema of a key that may be left without a value."""
    if "anyOf" in schema:
        return schema if NULL in schema["anyOf"] else {**schema, "anyOf": [*schema["anyOf"], NULL]}
    if "$ref" in schema:
        return {"anyOf": [schema, NULL]}
    if "type" not in schema or "const" in schema:
        return schema
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if "null" in types:
        return schema
    choice = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*types, "null"], **choice}


def ordered_keys(shape: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a shape in the order of the house: names first, then its own, then those it shares with others."""
    texts = key_texts(shape)
    return (*(key for key in FIRST if key in texts), *(key for key in texts if key not in FIRST))


class _Generator(GenerateJsonSchema):
    """pydantic's generator, except for how scalars are read, for the texts, and for the order of keys."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).removesuffix("Shape")

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return super().str_schema(schema) if "pattern" in schema else dict(_TEXT)

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": ["number", "string"], **_like(_NUMBER, "a number")}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {**super().int_schema(schema), "type": ["integer", "string"], **_like(_INTEGER, "a whole number")}

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        limits = {"minimum": 0, "maximum": 1}
        return {"type": ["boolean", "string", "integer"], **_like(_TRUTH, "true or false"), **limits}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return or_null(self.generate_inner(schema["schema"]))

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        shape = cast("type[BaseModel]", schema["cls"])
        found, texts = super().model_schema(schema), key_texts(shape)
        if unexplained := set(found["properties"]) - {*texts, "name"}:  # an entry's name is its key in the YAML
            raise ValueError(f"{shape.__name__} does not say what {sorted(unexplained)} means")
        required = [key for key in found.get("required", ()) if key in texts]
        properties = {key: _property(found, key, texts) for key in ordered_keys(shape)}
        rest = {key: found[key] for key in _NEEDS if key in found} | {"required": required}
        whole = {"type": "object", "properties": properties, **rest, "additionalProperties": False}
        return described({key: value for key, value in whole.items() if value != []}, summary(shape))


def _like(pattern: str, what: str) -> Schema:
    """What a text must look like, and what editors say of one that does not."""
    return {"pattern": pattern, "patternErrorMessage": f"This should be {what}."}


def _property(schema: Schema, key: str, texts: Mapping[str, str]) -> Schema:
    found = schema["properties"][key]
    needed = key in schema.get("required", ())
    return described(found if needed else or_null(found), texts[key])
