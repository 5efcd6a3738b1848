"""The tables of a page that are made from the shapes of the YAML, between their marks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import BaseModel

from semantic.keys import key_table

BLOCK = re.compile(r"<!-- keys: (\w+) -->\n.*?<!-- end of keys -->", re.DOTALL)
Tables = Mapping[str, tuple[str, type[BaseModel]]]  # the name in the mark → the heading of the keys, their shape


def with_tables(text: str, tables: Tables) -> str:
    """A page with its tables as the shapes say."""

    def table(found: re.Match[str]) -> str:
        title, shape = tables[found[1]]
        return f"<!-- keys: {found[1]} -->\n{key_table(title, shape, own=True)}\n<!-- end of keys -->"

    return BLOCK.sub(table, text)


def marked(text: str) -> list[str]:
    """The names in the marks of a page, in order."""
    return [found[1] for found in BLOCK.finditer(text)]
