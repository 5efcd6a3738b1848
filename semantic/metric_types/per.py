"""`per`: an aggregate of a metric's values in every day, month, … of the period, or for every user, order, ….

average_daily_users: {type: per, metric: active_users, grain: day, agg: avg}
activities_per_user: {type: per, metric: activities, entity: users.user_id, agg: median}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import model_validator
from sqlglot import exp

from semantic.metric_types.base import Each, Leaves
from semantic.metric_types.over import WINDOWS, OverMetric

_Grain = Literal["second", "minute", "hour", "day", "week", "month", "quarter", "fiscal_quarter", "year", "fiscal_year"]


class Per(OverMetric):
    """A metric's values in smaller periods, or for single entities, put together.

    type: `per`
    metric: what has a value in each of them
    grain: `day`, `week`, … : a value for each one that has begun, and of which the data say something; a day without
        rows counts as 0 where the metric does. Those of the query must consist of whole ones
    entity: or a dimension, `users.user_id`: a value for each one that has a row; rows where it is NULL are left out, as
        are those of deleted accounts, which `activity.user_id` would keep
    agg: `avg`, `sum`, `min`, `max`, `median` or `stddev` of these values; NULLs are left out
    """

    type: Literal["per"]
    grain: _Grain | None = None
    entity: str | None = None
    agg: Literal["avg", "sum", "min", "max", "median", "stddev"]
    not_inside: ClassVar[tuple[str, ...]] = ("comparison", "share", "rank", "moving_average")

    @model_validator(mode="after")
    def _of_one_thing(self) -> Per:
        if (self.grain is None) == (self.entity is None):
            raise ValueError("a 'per' needs either a 'grain' or an 'entity'")
        return self

    @property
    def forbidden(self) -> tuple[str, ...]:
        """A window ends with a period, and an entity is none."""
        return (*self.not_inside, *WINDOWS) if self.entity else self.not_inside

    @property
    def needs_clock(self) -> bool:
        """Periods take one, entities none."""
        return self.grain is not None

    @property
    def below_day(self) -> str:
        """Its grain, if that is one."""
        return self.grain if self.grain in ("second", "minute", "hour") else ""

    @property
    def reached(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Every row belongs to an entity."""
        return self.dimensions

    @property
    def definition(self) -> str:
        """As `avg of active_users per day`."""
        return f"{self.agg} of {self.metric} per {self.grain or self.entity}"

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The entity."""
        return ((("entity",), (self.entity,)),) if self.entity else ()

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The aggregate over the inner values."""
        return leaves.each(self.name, self.metric, Each(self.agg, self.grain, self.entity))
