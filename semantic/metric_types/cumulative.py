"""`cumulative`: a metric over all time up to the end of the period.

users_ever: {type: cumulative, metric: new_users}
"""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from semantic.frames import Cumulative as Window
from semantic.metric_types.base import Leaves
from semantic.metric_types.over import WindowMetric


class Cumulative(WindowMetric):
    """A metric counted from the rows of all time up to the period's end, whatever the query's period.

    type: `cumulative`
    metric: what is counted
    """

    type: Literal["cumulative"]

    @property
    def definition(self) -> str:
        """As `new_users up to the end of the period`."""
        return f"{self.metric} up to the end of the period"

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric from the beginning on."""
        return leaves.framed(self.name, Window()).metric(self.metric)
