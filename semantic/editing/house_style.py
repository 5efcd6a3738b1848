"""A YAML file in the style of the house: one order of keys, two spaces of indentation, everything else as it was.

Lines are moved, never written anew. A library that reads YAML and prints it again (ruamel.yaml was tried) wraps texts
of several lines anew, loses comments between braces, and leaves a comment behind when its key is moved.

A comment belongs to the line below it, if it is not indented more than that; else to what stands above it. A comment at
the top of a file belongs to the file. Blank lines keep their places between the entries.
"""

from __future__ import annotations

from collections import Counter

from semantic.editing.flow_order import order_flows
from semantic.editing.json_schema import Schema
from semantic.editing.key_order import Guide
from semantic.editing.layout import Layout, keeps_breaks
from semantic.editing.written import Block, CannotRewrite, Leaf, Page, comments, header_of, read_written
from semantic.errors import Diagnostic, Report
from semantic.source import Source, read_yaml

_ODD_BREAKS = "\r\x85\u2028\u2029"


def in_house_style(file: str, text: str, schema: Schema, report: Report) -> str | None:
    """The text in the style of the house; None after mistakes in it, or why it has to be left alone, were reported."""
    mistakes: list[Diagnostic] = []
    before = read_yaml(file, text, mistakes.append)
    if before is None or mistakes:
        for mistake in mistakes:
            report(mistake)
        return None
    try:
        styled = restyle(text, schema)
        _check_same(text, styled, before.value)
    except CannotRewrite as reason:
        place = Source(file, text, tuple(text.splitlines())).span_at(reason.place, 1)
        hint = "the file was left as it is"
        report(Diagnostic("E118", f"this cannot be brought into the house style: {reason}", place, hint))
        return None
    return styled


def _check_same(text: str, styled: str, value: object) -> None:
    """Refuse what has other values or lacks a comment. Raises CannotRewrite."""
    mistakes: list[Diagnostic] = []
    after = read_yaml("", styled, mistakes.append)
    if after is None or mistakes or after.value != value:
        raise CannotRewrite("it would not say the same any more")
    if Counter(comments(text)) != Counter(comments(styled)):
        raise CannotRewrite("a comment would be lost")


def restyle(text: str, schema: Schema) -> str:
    """The same, unchecked; the text has no mistakes. Raises CannotRewrite."""
    odd = [place for place, letter in enumerate(text) if letter in _ODD_BREAKS]
    if odd:
        raise CannotRewrite("a line ends with a character that most editors do not show", odd[0])
    guide = Guide(schema, schema)
    page = Page(order_flows(_with_last_break(text), guide))
    root = read_written(page.text)
    if not isinstance(root, Block):
        return page.text
    first = page.line(root.entries[0].start)
    above = _end_of_head(page, first)
    head = [line.strip(" \t") for line in page.lines[:above]]
    lines = head + Layout(page).block(root, above, len(page.lines), guide)
    while not lines[-1] and not keeps_breaks(page, root.entries[-1].value):
        lines.pop()
    return "\n".join(lines) + "\n"


def _with_last_break(text: str) -> str:
    """A text that ends with a line break; a block scalar at its end does not get that break for itself."""
    if not text or text.endswith("\n"):
        return text
    root = read_written(text)
    while isinstance(root, Block):
        root = root.entries[-1].value
    if isinstance(root, Leaf) and root.style in ("|", ">") and not root.text.endswith("\n"):
        header = header_of(text, root)
        digits = header["indicators"].strip("+-")
        return f"{text[: header.start() + 1]}{digits}-{text[header.end('indicators') :]}\n"
    text = text.rstrip(" \t")
    return text if text.endswith("\n") else text + "\n"


def _end_of_head(page: Page, first: int) -> int:
    """Where what stands at the top of a file for the whole of it ends: at the first blank lines, after `---`."""
    begin = max((number + 1 for number in range(first) if page.lines[number].startswith(("---", "%"))), default=0)
    blank = next((number for number in range(begin, first) if not page.lines[number].strip(" \t")), first)
    return next((number for number in range(blank, first) if page.lines[number].strip(" \t")), first)
