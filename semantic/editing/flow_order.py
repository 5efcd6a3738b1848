"""The keys of mappings between braces in the order of the house. Everything else stays as it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from semantic.editing.key_order import Guide, arranged
from semantic.editing.written import Block, Entry, Flow, Leaf, Written, read_written

_TRAIL = re.compile(r"(?P<before>[ \t]*)(?P<comma>,?)(?P<space>[ \t]*)(?P<comment>(?:#[^\n]*)?)")


def order_flows(text: str, guide: Guide) -> str:
    """A file with the keys of all its flow mappings in order."""
    root = read_written(text)
    if root is None:
        return text
    pieces, end = [], 0
    for flow, below in _flows(root, guide):
        pieces += [text[end : flow.start], _ordered(text, flow, below)]
        end = flow.end
    return "".join([*pieces, text[end:]])


def _flows(node: Written, guide: Guide) -> list[tuple[Flow, Guide]]:
    """The outermost flow collections, in the order of the text."""
    if isinstance(node, Flow):
        return [(node, guide)]
    if isinstance(node, Leaf):
        return []
    entries = zip(node.entries, guide.below(node), strict=True)
    return [found for entry, below in entries for found in _flows(entry.value, below)]


def _ordered(text: str, node: Written, guide: Guide) -> str:
    if not isinstance(node, Flow):
        return "" if isinstance(node, Block) else text[node.start : node.end]
    bodies = [_body(text, entry, below) for entry, below in zip(node.entries, guide.below(node), strict=True)]
    ends = [node.start, *(_end(text, entry) for entry in node.entries)]
    starts = [*(entry.start for entry in node.entries), node.end]
    gaps = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    order = arranged(node, guide)
    if "#" in "".join(gaps) and order != tuple(range(len(order))):
        return _by_lines(gaps, bodies, order) or _joined(gaps, bodies)
    return _joined(gaps, [bodies[place] for place in order])


def _body(text: str, entry: Entry, guide: Guide) -> str:
    end = _end(text, entry)
    if isinstance(entry.value, Flow):
        return text[entry.start : entry.value.start] + _ordered(text, entry.value, guide)
    return text[entry.start : end]


def _end(text: str, entry: Entry) -> int:
    """Where an entry ends; a value that is not written ends at its colon."""
    value = entry.value
    if entry.key is None or (not isinstance(value, Block) and value.end > value.start):
        return entry.start if isinstance(value, Block) else value.end
    colon = re.compile(r"[ \t]*:").match(text, entry.key.end)
    return colon.end() if colon else entry.key.end


def _joined(gaps: list[str], bodies: list[str]) -> str:
    return gaps[0] + "".join(body + gap for body, gap in zip(bodies, gaps[1:], strict=True))


@dataclass(frozen=True, slots=True)
class _Gap:
    """What stands between two entries on lines of their own: a comma and comment, lines of comments, an indentation."""

    comma: str
    comment: str
    lines: str
    indent: str


def _by_lines(gaps: list[str], bodies: list[str], order: tuple[int, ...]) -> str | None:
    """The entries in order, each with the comments above it and beside it; None if they share lines."""
    opening, _, lead = gaps[0].partition("\n")
    found = [_gap(gap) for gap in gaps[1:]]
    parts = [part for part in found if part is not None]
    first = _gap(f",\n{lead}")
    if "\n" not in gaps[0] or first is None or len(parts) < len(found):
        return None
    leads = [first, *parts[:-1]]
    commas = [part.comma for part in parts]
    lines = [
        leads[place].lines + leads[place].indent + bodies[place] + comma + parts[place].comment
        for place, comma in zip(order, commas, strict=True)
    ]
    return "\n".join([opening, *lines, parts[-1].lines + parts[-1].indent])


def _gap(gap: str) -> _Gap | None:
    first, newline, rest = gap.partition("\n")
    lines, above, indent = rest.rpartition("\n")
    trail = _TRAIL.fullmatch(first)
    closing = indent.lstrip(" \t")
    if not newline or trail is None or closing not in ("", "}"):
        return None
    if any(line.strip(" \t") and not line.lstrip(" \t").startswith("#") for line in lines.split("\n")):
        return None
    comment = (trail["before"] + trail["space"] or " ") + trail["comment"].rstrip() if trail["comment"] else ""
    return _Gap(trail["comma"], comment, lines + above, indent)
