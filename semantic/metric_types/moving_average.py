"""`moving_average`: the mean of a metric's values in the last n periods of the query's grain.

activities_smoothed: {type: moving_average, metric: activities, periods: 7}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from sqlglot import exp

from semantic.frames import Trailing
from semantic.metric_types.base import Each, Leaves
from semantic.metric_types.over import OverMetric


class MovingAverage(OverMetric):
    """The mean of a metric's values in this period and the ones before it, by day of days, by week of weeks.

    type: `moving_average`
    metric: what is averaged
    periods: of how many periods of the query's grain, this one included; those before the query's period count too,
        those before the data begin and values that are NULL do not
    """

    type: Literal["moving_average"]
    periods: Annotated[int, Field(ge=1, le=10_000)]
    goes_by_time: ClassVar[bool] = True
    not_inside: ClassVar[tuple[str, ...]] = ("comparison", "rank", "moving_average")

    @property
    def definition(self) -> str:
        """As `mean of activities in 7 periods`."""
        return f"mean of {self.metric} in {self.periods} periods"

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The average over the periods that end with this one."""
        return leaves.framed(self.name, Trailing(self.periods)).each(self.name, self.metric, Each("avg"))
