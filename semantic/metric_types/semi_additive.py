"""`semi_additive`: stocks, balances, headcounts: what may be added over everything but time.

stock: {type: semi_additive, metric: units_in_stock, agg: last, keys: [warehouse, product]}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import model_validator
from sqlglot import exp

from semantic.described import Names
from semantic.metric_types.base import Leaves, Snapshots
from semantic.metric_types.over import OverMetric


class SemiAdditive(OverMetric):
    """A sum or count over snapshots of which, in a period, one is taken, or the mean; added over everything else.

    type: `semi_additive`
    metric: a simple metric, `count` or `sum`, over a dataset with a row for each thing and time at which it was looked
        at
    agg: `last` or `first` of the period, `min`, `max`, or `avg` over its snapshots
    keys: dimensions each of whose combinations has snapshots of its own, `[warehouse, product]`; default: all rows of
        one time are one snapshot, and what it does not hold is gone
    carry_forward: `true`: where a period has no snapshot the last one before it, however old, holds on; only with
        `agg: last`
    """

    type: Literal["semi_additive"]
    agg: Literal["last", "first", "min", "max", "avg"]
    keys: Names = ()
    carry_forward: bool = False
    goes_by_time: ClassVar[bool] = True
    adds_rows: ClassVar[bool] = True

    @model_validator(mode="after")
    def _carries_the_last(self) -> SemiAdditive:
        if self.carry_forward and self.agg != "last":
            raise ValueError("only the last snapshot can be carried forward (agg: last)")
        return self

    @property
    def definition(self) -> str:
        """As `last of units_in_stock per warehouse and product, carried forward`."""
        keys = f" per {' and '.join(self.keys)}" if self.keys else ""
        return f"{self.agg} of {self.metric}{keys}" + (", carried forward" if self.carry_forward else "")

    @property
    def dimensions(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The keys."""
        return ((("keys",), self.keys),)

    @property
    def reached(self) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The keys are those of the rows."""
        return self.dimensions

    def plan(self, leaves: Leaves) -> exp.Expr:
        """The metric over the rows that are taken."""
        return leaves.snapshots(self.name, self.metric, Snapshots(self.agg, self.keys, self.carry_forward))
