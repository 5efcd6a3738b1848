"""`rank`: the place of a group's value among all of the period, or among those that agree in some dimensions.

campaign_rank: {type: rank, metric: responses, within: [channel]}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from sqlglot import exp

from semantic.metric_types.base import Leaves
from semantic.metric_types.over import OverMetric


class Rank(OverMetric):
    """1 for the largest value of a metric among the groups in which it has rows, shown or not; ties share one.

    type: `rank`
    metric: by what is ranked
    within: dimensions whose groups are ranked apart; each period is anyway. A group without rows or without a value
        has no rank, nor has the total
    order: `desc` (default): the largest is first; `asc`: the smallest
    """

    type: Literal["rank"]
    within: tuple[str, ...] = ()
    order: Literal["desc", "asc"] = "desc"
    not_inside: ClassVar[tuple[str, ...]] = ("rank",)

    @property
    def definition(self) -> str:
        """As `rank by responses within channel`."""
        within = f" within {', '.join(self.within)}" if self.within else ""
        return f"rank by {self.metric}, {'largest' if self.order == 'desc' else 'smallest'} first{within}"

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Those of `within`."""
        return ((("within",), self.within),)

    def plan(self, leaves: Leaves) -> exp.Expr:
        """`RANK()` over the groups of the period in which the metric has rows; NULL for NULL, and for other groups."""
        return leaves.ranked(self.metric, frozenset(self.within), self.order == "desc")
