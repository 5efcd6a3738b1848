"""`defaults:` of a file: what most of its entries share, given to every entry that does not say it itself.

defaults:
  metrics: {owner: growth, dataset: activity}
  dimensions: {folder: Users}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from semantic.checking.shape import Check
from semantic.errors import Diagnostic, Report, Span, suggest
from semantic.metric_types import METRIC_TYPES
from semantic.model import Dataset, Dimension, Segment
from semantic.source import Node, field_names

DEFAULTS = "defaults"
_SHAPES: Mapping[str, tuple[type[Any], ...]] = {
    "datasets": (Dataset,),
    "dimensions": (Dimension,),
    "metrics": tuple(METRIC_TYPES.values()),
    "segments": (Segment,),
    "checks": (Check,),
    "exports": (),  # their shape is the exporters': what it does not know is reported there
}


def with_defaults(root: Node, report: Report) -> Node:
    """A file with its defaults in every entry; mistakes in the defaults themselves are reported."""
    defaults = root.children.get(DEFAULTS)
    if defaults is None:
        return root
    if defaults.value is not None:
        _check(defaults, report)
    rest = {key: child for key, child in root.children.items() if key != DEFAULTS}
    completed = {str(key): _section(str(key), child, defaults) for key, child in rest.items()}
    return _mapping(root, {key: span for key, span in root.keys.items() if key != DEFAULTS}, completed)


def places_of(root: Node) -> Iterator[Span]:
    """The places of all default values of a file; a mistake there is everybody's, and is said once."""
    waiting = [root.children[DEFAULTS]] if DEFAULTS in root.children else []
    while waiting:
        node = waiting.pop()
        yield node.span
        yield from node.keys.values()
        waiting.extend(node.children.values())


def _check(defaults: Node, report: Report) -> None:
    if not isinstance(defaults.value, dict):
        report(Diagnostic("E106", "'defaults' must be a mapping of kinds to keys", defaults.span))
        return
    for kind, node in defaults.children.items():
        if kind not in _SHAPES:
            hint = suggest(str(kind), _SHAPES) or f"kinds: {', '.join(_SHAPES)}"
            report(Diagnostic("E104", f"unknown key '{kind}' in 'defaults'", defaults.key_span(str(kind)), hint))
        elif node.value is None:
            continue  # as a section without entries
        elif not isinstance(node.value, dict):
            report(Diagnostic("E106", f"the defaults of {kind} must be a mapping of keys to values", node.span))
        elif _SHAPES[str(kind)]:
            known = {name: None for shape in _SHAPES[str(kind)] for name in field_names(shape) if name != "name"}
            for key in node.keys:
                if key not in known:
                    message = f"unknown key '{key}' in the defaults of {kind}"
                    report(Diagnostic("E104", message, node.key_span(key), suggest(key, known)))


def _section(name: str, section: Node, defaults: Node) -> Node:
    """The entries of a section, each with the defaults of its kind."""
    if not isinstance(section.value, dict):
        return section
    found = {str(key): _entry(name, entry, defaults) for key, entry in section.children.items()}
    return _mapping(section, section.keys, found)


def _entry(kind: str, entry: Node, defaults: Node) -> Node:
    if entry.value is not None and not isinstance(entry.value, dict):
        return entry
    given = _given(kind, entry, defaults)
    keys = {**{key: span for key, (span, _) in given.items()}, **entry.keys}
    children = {**{key: node for key, (_, node) in given.items()}, **{str(k): n for k, n in entry.children.items()}}
    if kind == "datasets" and "dimensions" in children and "dimensions" in defaults.children:
        children["dimensions"] = _section("dimensions", children["dimensions"], defaults)
    return _mapping(entry, keys, children) if children else entry


def _given(kind: str, entry: Node, defaults: Node) -> dict[str, tuple[Span, Node]]:
    """The defaults that an entry takes: keys that its type knows and that it does not say itself."""
    node = defaults.children.get(kind)
    if node is None or not isinstance(node.value, dict):
        return {}
    known = _known(kind, {**node.value, **(entry.value or {})})
    return {
        str(key): (node.key_span(str(key)), child)
        for key, child in node.children.items()
        if key not in entry.children and (known is None or key in known)
    }


def _known(kind: str, value: Mapping[str, Any]) -> set[str] | None:
    """The keys that an entry can have; None where only somebody else knows."""
    if kind == "metrics":
        shape = METRIC_TYPES.get(str(value.get("type") or "simple"))
        return set(field_names(shape)) if shape else {"type"}  # which is reported where it stands
    shapes = _SHAPES.get(kind, ())
    return set(field_names(shapes[0])) if shapes else None


def _mapping(node: Node, keys: Mapping[str, Span], children: Mapping[str, Node]) -> Node:
    """A mapping with other keys, at the same place."""
    value = {key: child.value for key, child in children.items()}
    return replace(node, value=value, keys=dict(keys), children=dict(children.items()))
