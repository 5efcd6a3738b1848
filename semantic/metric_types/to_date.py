"""`to_date`: a metric from the start of the week, month, quarter or year up to the end of the period.

points_month_to_date: {type: to_date, metric: points_earned, grain: month}
"""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from semantic.frames import ToDate as Window
from semantic.metric_types.base import Leaves
from semantic.metric_types.over import WindowMetric


class ToDate(WindowMetric):
    """A metric counted from the first day of the week, month, quarter or year in which the period ends, to that end.

    type: `to_date`
    metric: what is counted
    grain: `week`, `month`, `quarter`, `year`, `fiscal_quarter` or `fiscal_year`. In a week from 29 January to 4
        February the month to date begins on 1 February
    """

    type: Literal["to_date"]
    grain: Literal["week", "month", "quarter", "fiscal_quarter", "year", "fiscal_year"]

    @property
    def definition(self) -> str:
        """As `points_earned, month to date`."""
        return f"{self.metric}, {self.grain.replace('_', ' ')} to date"

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric from the unit's first day on."""
        return leaves.framed(self.name, Window(self.grain)).metric(self.metric)
