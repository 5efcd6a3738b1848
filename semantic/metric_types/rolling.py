"""`rolling`: a metric over the last n hours, days, weeks, months, quarters or years, ending with the period.

active_users_28d: {type: rolling, metric: active_users, window: 28 days}
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema
from sqlglot import exp

from semantic.frames import Length, read_length
from semantic.frames import Rolling as Window
from semantic.metric_types.base import Leaves
from semantic.metric_types.over import WindowMetric


def _as_length(value: object) -> object:
    found = read_length(value) if isinstance(value, str) else None
    if found is None and not isinstance(value, Length):
        raise ValueError("a window is a number of hours, days, weeks, months, quarters or years: 28 days")
    return found or value


WrittenLength = Annotated[
    Length,
    BeforeValidator(_as_length),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,4} (hour|day|week|month|quarter|year)s?$"}),
]


class Rolling(WindowMetric):
    """A metric counted anew from the rows of a window that ends with the period, so distinct users count once in it.

    type: `rolling`
    metric: what is counted in the window
    window: `28 days`: n hours, days, weeks, months, quarters or years. 7 days are the period's last day and the six
        before it; `3 months` at the end of March are January to March. An hour is 60 minutes; all else goes by the
        calendar
    """

    type: Literal["rolling"]
    window: WrittenLength

    @property
    def below_day(self) -> str:
        """Hours, if its window has them."""
        return "hour" if self.window.unit == "hour" else ""

    @property
    def definition(self) -> str:
        """As `active_users over 28 days`."""
        return f"{self.metric} over {self.window}"

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric in the window."""
        return leaves.framed(self.name, Window(self.window)).metric(self.metric)
