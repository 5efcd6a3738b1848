"""The error reference, `semantic/ERRORS.md`: what it says of a code, for people, and where, for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

PAGE = "semantic/ERRORS.md"
CODE = re.compile(r"E\d{3}")
_SECTION = re.compile(r"^## (?P<heading>(?P<code>E\d{3}) .*)\n(?P<text>(?:(?!#{1,2} ).*\n?)*)", re.MULTILINE)
_NO_ANCHOR = re.compile(r"[^\w\- ]")
_LINK = re.compile(r"\[([^]]+)\]\(#[^)]+\)")


@cache
def _sections() -> Mapping[str, tuple[str, str]]:
    """By code: the heading, and the text below it."""
    page = files("semantic").joinpath("ERRORS.md").read_text(encoding="utf-8")
    return {found["code"]: (found["heading"], found["text"]) for found in _SECTION.finditer(page)}


def anchor(code: str) -> str:
    """Where the reference speaks of a code, as `semantic/ERRORS.md#e203-a-name-that-is-taken`."""
    heading = _sections()[code][0] if code in _sections() else code
    return f"{PAGE}#{_NO_ANCHOR.sub('', heading.lower()).replace(' ', '-')}"


def section_lines(code: str) -> Iterator[str]:
    """What the reference says of a code, as plain text: examples are indented. Empty for a code that there is not."""
    if code not in _sections():
        return
    heading, text = _sections()[code]
    yield heading
    example = False
    for line in text.rstrip().splitlines():
        if line.startswith("```"):
            example = not example
        elif example:
            yield f"    {line}".rstrip()
        else:
            yield _LINK.sub(r"\1", line)
