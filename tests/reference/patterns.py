"""Regular expressions as LANGUAGE.md has them, by Python's: only a `$` and the spaces of the classes differ."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\.|.", re.DOTALL)
_SPACES = r" \t\n\r\f"
_OUTSIDE = {"$": r"\Z", r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]"}
_INSIDE = {r"\s": _SPACES, **{sign: f"\\{sign}" for sign in "&|~#"}}  # twice, Python keeps these for operators


def regexp_matches(text: str, pattern: str) -> bool:
    """Whether any part of the text is as the pattern says."""
    return re.search(_for_python(pattern), text, re.ASCII) is not None


def _for_python(pattern: str) -> str:
    written, inside = [], False
    for token in _TOKEN.findall(pattern):
        if token in "[]":
            inside = token == "["
        written.append((_INSIDE if inside else _OUTSIDE).get(token, token))
    return "".join(written)
