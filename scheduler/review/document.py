"""A review as JSON, for programs: everything, nothing left out but rows beyond the limit."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scheduler.review.report import Review

if TYPE_CHECKING:
    from scheduler.review.movement import Comparison, Row


def json_text(review: Review, most: int) -> str:
    """One object: `old`, `new`, `meaning_changed`, the parts of the difference, `exports`, and `data` if asked for."""
    document: dict[str, Any] = {
        "old": review.old,
        "new": review.new,
        "meaning_changed": review.is_in_meaning,
        **asdict(review.difference),
        "exports": [asdict(change) for change in review.exports],
    }
    if review.data is not None:
        document["data"] = {
            "target": review.data.target,
            "as_of": review.data.as_of,
            "metrics": {
                movement.metric: [_comparison(each, most) for each in movement.comparisons]
                for movement in review.data.movements
            },
        }
    return json.dumps(document, ensure_ascii=False, indent=2, default=_value)


def _comparison(comparison: Comparison, most: int) -> Mapping[str, Any]:
    return {
        "by": comparison.by,
        "period": comparison.period,
        "groups": comparison.groups,
        "moved": len(comparison.rows),
        "refused": dict(zip(("old", "new"), comparison.refusals, strict=True)),
        "rows": [_row(row) for row in comparison.rows[:most]],
    }


def _row(row: Row) -> Mapping[str, Any]:
    sides = {
        side: _number(value)
        for side, value, is_in in zip(("old", "new"), (row.old, row.new), row.is_in, strict=True)
        if is_in
    }
    return {"group": row.group, **sides, "difference": _number(row.change), "share": row.share}


def _number(value: Any) -> Any:
    """A value as JSON has it: NaN and infinity are null."""
    if isinstance(value, Decimal):
        is_whole = value.is_finite() and value == value.to_integral_value()
        value = int(value) if is_whole else float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _value(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return _number(value)
        case _:
            return str(value)
