"""The keys of the YAML as people read about them: from the docstrings of the shapes, for pages and for editors."""

from __future__ import annotations

import re
from inspect import cleandoc

from pydantic import BaseModel

_KEY = re.compile(r"^([a-z_]+): (.+)$")


def key_texts(shape: type[BaseModel]) -> dict[str, str]:
    """What each key of a shape means: the lines `key: text` of its docstring, then those of its bases.

    A line that is indented goes on with the text before it.
    """
    found: dict[str, str] = {}
    for base in shape.__mro__:
        if issubclass(base, BaseModel) and base.__doc__:
            found |= {key: text for key, text in _lines(cleandoc(base.__doc__)) if key not in found}
    return found


def own_keys(shape: type[BaseModel]) -> dict[str, str]:
    """The same for the keys that the shape's own docstring names."""
    return dict(_lines(cleandoc(shape.__doc__ or "")))


def summary(shape: type[BaseModel]) -> str:
    """The first line of a shape's docstring."""
    return cleandoc(shape.__doc__ or "").split("\n", 1)[0]


def _lines(docstring: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in docstring.splitlines()[1:]:
        begins = _KEY.match(line)
        if begins:
            found.append((begins[1], begins[2].strip()))
        elif found and line.startswith("    "):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def key_table(title: str, shape: type[BaseModel], *, own: bool = False) -> str:
    """A Markdown table of the keys of a shape."""
    rows = [f"| `{key}` | {_cell(text)} |" for key, text in (own_keys(shape) if own else key_texts(shape)).items()]
    return "\n".join([f"| {title} | meaning |", "|---|---|", *rows])


def _cell(text: str) -> str:
    text = text.replace("|", "\\|")
    return text[:1].upper() + text[1:]
