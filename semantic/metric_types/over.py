"""What the metric types that are defined over one other metric have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from semantic.expressions import ExpressionError, Name
from semantic.kinds import KindOf
from semantic.metric_types.base import Metric, Reference
from semantic.vocabulary import Kind

WINDOWS = ("rolling", "cumulative", "to_date")


class OverMetric(Metric):
    """A metric over the values of another one.

    metric: the name of the other one
    """

    metric: str

    @property
    def counts_numbers(self) -> bool:
        """Whether only numbers will do."""
        return True

    def kind(self, kind_of: KindOf) -> Kind | None:
        """That of the other metric, which is a number wherever one is needed."""
        found = kind_of(Name((self.metric,)))
        if self.counts_numbers and found not in (None, "number"):
            raise ExpressionError(f"'{self.metric}' is not a number")
        return "number" if self.counts_numbers else found

    def references(self) -> Iterable[Reference]:
        """The other metric."""
        return (Reference(self.metric, ("metric",)),)


class WindowMetric(OverMetric):
    """A metric in another stretch of time, ending with the period.

    metric: what is counted in it
    """

    not_inside: ClassVar[tuple[str, ...]] = (*WINDOWS, "comparison", "rank", "moving_average")
    goes_by_time: ClassVar[bool] = True

    @property
    def counts_numbers(self) -> bool:
        """Any value will do."""
        return False
