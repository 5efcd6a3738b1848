"""What these tests know of the language and the compiler does not know yet.

Each part switches itself on as soon as the compiler refuses what belongs to it. The commit that brings the last one
deletes this file, and every line that names it.
"""

from __future__ import annotations

from functools import cache

from semantic.load import load_texts

# What is refused, with which code, once the part is there.
PROBES = {
    "join expressions": ("datasets: {f: {table: f, joins: {u: {on: 1 + 1}}}, u: {table: u, primary_key: i}}", "E218"),
    "values": ("datasets: {f: {table: f, dimensions: {d: {values: [a, a]}}}}", "E219"),
}
# The tests that wait: beginnings of names of cases (`file::query`) and of mistakes.
WAITING = {
    "join_": "join expressions",
    "values": "values",
    "bins::with labels": "values",
    "bins::without labels": "values",
    "bins_": "values",
    "age::in bins": "values",
}


@cache
def is_there(part: str) -> bool:
    text, code = PROBES[part]
    return code in [found.code for found in load_texts({"metrics/a.yml": text}).diagnostics]


def awaited(name: str) -> str | None:
    """The part of the language that a case waits for; None if it waits for none."""
    parts = (part for beginning, part in WAITING.items() if name.startswith(beginning))
    return next((part for part in parts if not is_there(part)), None)
