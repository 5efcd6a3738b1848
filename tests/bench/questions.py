"""The four questions of the benchmarks, read from queries.yml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from semantic import Query

FOLDER = Path(__file__).parent
_FILE: dict[str, Any] = yaml.safe_load((FOLDER / "queries.yml").read_text(encoding="utf-8"))
AS_OF: datetime = _FILE["as_of"]


def questions() -> Iterator[tuple[str, Query, str]]:
    """Yield the name, the query and the hand-written SQL of each, which is right for any period."""
    for name, fields in _FILE["queries"].items():
        parts: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        }
        yield name, Query(**parts), (FOLDER / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def one_off(name: str) -> str | None:
    """The hand-written SQL that makes use of the very period that is asked for, and is wrong for others, if any."""
    path = FOLDER / "sql" / "one_off" / f"{name}.sql"
    return path.read_text(encoding="utf-8") if path.exists() else None
