"""`complete:` of a dataset: what says how far its rows are complete."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from semantic.frames import Length, read_length
from semantic.source import Shape

_UNITS = ("hour", "day", "week")


def _as_lag(value: object) -> object:
    found = read_length(value) if isinstance(value, str) else value
    if not isinstance(found, Length) or found.unit not in _UNITS:
        raise ValueError("a lag is a number of hours, days or weeks: 2 days; without one leave it out")
    return found


WrittenLag = Annotated[
    Length | None,
    BeforeValidator(lambda value: None if value is None else _as_lag(value)),
    WithJsonSchema({"type": "string", "pattern": f"^[1-9][0-9]{{0,4}} ({'|'.join(_UNITS)})s?$"}),
]


class Complete(Shape):
    """How far a dataset's rows are complete: up to the largest value of a time dimension, less a lag.

    watermark: the time dimension whose largest value up to as-of, of all rows, says how far they are complete, such as
        the time of loading. Default: each metric's clock
    lag: how much later rows may come: `6 hours`, `2 days`, `1 week`; days and weeks are those of the calendar. Default:
        not at all
    """

    watermark: str | None = None
    lag: WrittenLag = None
