"""Databricks' types in common words."""

from __future__ import annotations

import re

from semantic.engines.base import ColumnType, TypeKind

_KINDS: tuple[tuple[re.Pattern[str], TypeKind], ...] = (
    (re.compile(r"TINYINT|SMALLINT|INT|BIGINT"), "integer"),
    (re.compile(r"DECIMAL\(.*\)|DOUBLE|FLOAT"), "number"),
    (re.compile(r"STRING|(VAR)?CHAR\(\d+\)"), "text"),  # not with COLLATE: 'a' and 'A' could be equal there
    (re.compile(r"BOOLEAN"), "boolean"),
    (re.compile(r"DATE"), "date"),
    (re.compile(r"TIMESTAMP_NTZ"), "timestamp"),
    (re.compile(r"TIMESTAMP"), "timestamptz"),  # an instant, shown in the session's zone
)


def column_type(words: str) -> ColumnType:
    """A type as DESCRIBE writes it."""
    words = words.upper()
    return ColumnType(words, next((kind for pattern, kind in _KINDS if pattern.fullmatch(words)), "other"))
