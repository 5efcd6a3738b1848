"""`share`: a metric divided by its own value over all groups, or over those that agree in some dimensions.

share_of_active: {type: share, metric: active_users, within: [segment]}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from sqlglot import exp

from semantic.expressions import quotient
from semantic.metric_types.base import Leaves
from semantic.metric_types.over import OverMetric


class Share(OverMetric):
    """A metric as a part of the whole, which is counted anew from the rows: shares of distinct users may overlap.

    type: `share`
    metric: what is divided
    within: dimensions that stay in the whole; default: none, it is that of the period. Time words always stay
    """

    type: Literal["share"]
    within: tuple[str, ...] = ()
    not_inside: ClassVar[tuple[str, ...]] = ("share", "rank")

    @property
    def definition(self) -> str:
        """As `active_users / its value within gender`."""
        return f"{self.metric} / its value " + (f"within {', '.join(self.within)}" if self.within else "in all groups")

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Those of `within`."""
        return ((("within",), self.within),)

    def plan(self, leaves: Leaves) -> exp.Expr:
        """`CAST(metric AS DOUBLE) / NULLIF(whole, 0)`."""
        return quotient(leaves.metric(self.metric), leaves.whole(frozenset(self.within)).metric(self.metric))
