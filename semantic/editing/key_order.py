"""The order in which the keys of an entry are written: that of the properties in the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from semantic.editing.json_schema import Schema
from semantic.editing.written import Block, Flow, Names


@dataclass(frozen=True, slots=True)
class Guide:
    """What may stand at a place of a file: a schema and the one whose `definitions` it refers to."""

    root: Schema
    schema: Schema

    def below(self, node: Block | Flow) -> list[Guide]:
        """What may stand in each entry of a mapping or list."""
        if not node.is_mapping:
            items: Schema = next((found["items"] for found in self._choices() if "items" in found), {})
            return [Guide(self.root, items) for _ in node.entries]
        shape = self._shape(node)
        known, other = shape.get("properties", {}), shape.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        return [Guide(self.root, known.get(key, rest)) for key in _keys(node)]

    def rank(self, node: Block | Flow) -> dict[str, int]:
        """The place of every known key of a mapping; empty where keys are names of the author's."""
        return {key: place for place, key in enumerate(self._shape(node).get("properties", {}))}

    def _shape(self, node: Block | Flow) -> Schema:
        """Of the shapes that a mapping may have, the narrowest that knows most of its keys."""
        keys = set(_keys(node))

        def fit(shape: Schema) -> tuple[int, int]:
            known = shape.get("properties", {})
            return len(keys & set(known)), -len(known)

        shapes = [found for found in self._choices() if "properties" in found or "additionalProperties" in found]
        return max(shapes, key=fit, default={})

    def _choices(self) -> Iterator[Schema]:
        """This schema and those that it is put together from."""
        waiting: list[Any] = [self.schema]
        while waiting:
            schema = waiting.pop(0)
            if not isinstance(schema, dict):
                continue
            if "$ref" in schema:
                waiting.append(self.root["definitions"][schema["$ref"].rpartition("/")[2]])
                continue
            yield schema
            waiting += [found for key in ("allOf", "anyOf") for found in schema.get(key, ())]
            waiting += [schema.get("then"), schema.get("else")]


def _keys(node: Block | Flow) -> list[str]:
    return [entry.key.text for entry in node.entries if entry.key is not None]


def arranged(node: Block | Flow, guide: Guide) -> tuple[int, ...]:
    """The entries of a mapping in the order of the house, by their present places; lists keep theirs.

    Keys that nobody knows come last. Nothing is moved where an alias could come to stand before its anchor.
    """
    places = tuple(range(len(node.entries)))
    if not node.is_mapping or _tied([entry.names for entry in node.entries]):
        return places
    keys, rank = _keys(node), guide.rank(node)
    return tuple(sorted(places, key=lambda place: rank.get(keys[place], len(rank)) if rank else 0))


def _tied(entries: list[Names]) -> bool:
    """Whether an anchor that is set in one entry is used, or set again, in another."""
    return any(
        entry.set & (other.used | other.set)
        for entry in entries
        if entry.set
        for other in entries
        if other is not entry
    )
