"""YAML as it is written: where each key, item and value stands, in which style, with anchors and aliases as such.

`semantic.source` reads what a file means. This reads what it looks like, for those who move its parts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import yaml

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER = re.compile(r"[|>](?P<indicators>[-+1-9]*)[ \t]*(?P<comment>#[^\n]*)?")
_COMMENT = re.compile(r"#[^\n]*")


class CannotRewrite(Exception):
    """The file is right, and written in a way that is not taken apart; `place` is a character of it."""

    def __init__(self, reason: str, place: int = 0) -> None:
        super().__init__(reason)
        self.place = place


@dataclass(frozen=True, slots=True)
class Names:
    """The anchors that a part of a file sets, and those that it uses."""

    set: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        return Names(self.set | other.set, self.used | other.used)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar or an alias: the characters [start, end) with its anchor and tag; `style` is one of `"'|>` or none."""

    start: int
    end: int
    text: str = ""
    style: str = ""
    names: Names = Names()


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value, or an item of a list; `start` is that of the key, the dash, or the item between brackets."""

    start: int
    key: Leaf | None
    value: Written

    @property
    def names(self) -> Names:
        """The anchors in it."""
        return self.value.names | (self.key.names if self.key else Names())


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping or list whose entries stand on lines of their own."""

    entries: tuple[Entry, ...]
    is_mapping: bool
    names: Names


@dataclass(frozen=True, slots=True)
class Flow:
    """A mapping or list between braces or brackets: the characters [start, end)."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    is_mapping: bool
    names: Names


Written = Leaf | Block | Flow


@dataclass(frozen=True, slots=True)
class Page:
    """The text of a file by lines; lines and columns count from 0."""

    text: str
    lines: tuple[str, ...] = field(init=False)
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")
        object.__setattr__(self, "starts", tuple(accumulate((len(line) + 1 for line in lines[:-1]), initial=0)))
        object.__setattr__(self, "lines", tuple(lines if lines[-1] else lines[:-1]))

    def line(self, index: int) -> int:
        """The line of a character."""
        return bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        """The column of a character."""
        return index - self.starts[self.line(index)]


def read_written(text: str) -> Written | None:
    """The root of a YAML text that is right; None where there is nothing but comments. Raises CannotRewrite."""
    dashes: list[int] = []
    for token in yaml.scan(text, Loader=_loader()):
        if isinstance(token, yaml.BlockEntryToken):
            dashes.append(token.start_mark.index)
        elif isinstance(token, yaml.KeyToken) and token.end_mark.index > token.start_mark.index:
            raise CannotRewrite("a key is written with '?'", token.start_mark.index)
    events = (e for e in yaml.parse(text, Loader=_loader()) if isinstance(e, yaml.NodeEvent | yaml.CollectionEndEvent))
    first = next(events, None)
    return None if first is None else _Reader(events, iter(dashes)).read(first)


@dataclass(frozen=True, slots=True)
class _Reader:
    events: Iterator[Any]
    dashes: Iterator[int]

    def read(self, event: Any) -> Written:
        own = Names(frozenset({event.anchor} - {None}))
        start, end = _extent(event)
        if isinstance(event, yaml.AliasEvent):
            return Leaf(start, end, "", "", Names(used=own.set))
        if isinstance(event, yaml.ScalarEvent):
            return Leaf(start, end, event.value, event.style or "", own)
        is_mapping, entries = isinstance(event, yaml.MappingStartEvent), []
        while not isinstance(found := next(self.events), yaml.CollectionEndEvent):
            entries.append(self._entry(found, is_mapping, bool(event.flow_style)))
        names = own
        for entry in entries:
            names |= entry.names
        if event.flow_style:
            return Flow(start, _extent(found)[1], tuple(entries), is_mapping, names)
        return Block(tuple(entries), is_mapping, names)

    def _entry(self, event: Any, is_mapping: bool, flow: bool) -> Entry:
        if not is_mapping:
            return Entry(_extent(event)[0] if flow else next(self.dashes), None, self.read(event))
        key = self.read(event)
        if not isinstance(key, Leaf):
            raise CannotRewrite("a key is no word", event.start_mark.index)
        return Entry(key.start, key, self.read(next(self.events)))


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _extent(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def header_of(text: str, leaf: Leaf) -> re.Match[str]:
    """The first line of a block scalar, from its `|` or `>` on. Raises CannotRewrite."""
    properties = _PROPERTIES.match(text, leaf.start)
    found = _HEADER.match(text, properties.end() if properties else leaf.start)
    if found is None:
        raise CannotRewrite("a text is written in an unusual way", leaf.start)
    return found


def comments(text: str) -> Iterator[str]:
    """Every comment of a YAML text that is right, without trailing blanks."""
    end = 0
    for token in yaml.scan(text, Loader=_loader()):
        yield from (found.rstrip() for found in _COMMENT.findall(text, end, token.start_mark.index))
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            header = _HEADER.match(text, token.start_mark.index)
            if header and header["comment"]:
                yield header["comment"].rstrip()
