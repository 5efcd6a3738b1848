"""`comparison`: a metric beside its own value in an earlier period.

active_users_vs_month_before: {type: comparison, metric: active_users, offset: 1 month, as: percent_change}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlglot import exp

from semantic.expressions import quotient
from semantic.frames import Back, PeriodsBack, Shift, StartOf, read_shift
from semantic.metric_types.base import Leaves
from semantic.metric_types.over import OverMetric

_PATTERN = (
    "^(previous period|[1-9][0-9]{0,4} (period|hour|day|week|month|quarter|year)s?|"
    "start of (the )?(week|month|quarter|fiscal_quarter|year|fiscal_year))$"
)


def _as_shift(value: object) -> object:
    found = read_shift(value) if isinstance(value, str) else None
    if found is None and not isinstance(value, Back | PeriodsBack | StartOf):
        raise ValueError("write 1 month, 52 weeks, previous period, 3 periods or start of year")
    return found or value


WrittenShift = Annotated[Shift, BeforeValidator(_as_shift), WithJsonSchema({"type": "string", "pattern": _PATTERN})]


class Comparison(OverMetric):
    """A metric's value in an earlier period, or how far it has moved since then.

    type: `comparison`
    metric: what is compared
    offset: `1 month`, `1 year`, `52 weeks`: that long before, for 31 March 28 February; a year before a week is 52
        weeks, so that Mondays meet Mondays. It must be a whole number of the query's periods. `previous period`, `3
        periods`: of the query's own grain; without a time word the whole months, or else the days, of its period.
        `start of month` (`week`, `quarter`, `year`, `fiscal_year`, …): the period in which that begins
    as: `percent_change` (default; NULL where the earlier value is 0), `difference`, or `value`: the earlier one
    align: `whole` (default), or `elapsed`: the period in progress, up to as-of, is compared with as much of the earlier
        one: up to the same date if that is months before, else as many days and hours. All other periods are whole
    """

    type: Literal["comparison"]
    offset: WrittenShift
    as_: Literal["value", "difference", "percent_change"] = Field(default="percent_change", alias="as")
    align: Literal["whole", "elapsed"] = "whole"
    goes_by_time: ClassVar[bool] = True
    not_inside: ClassVar[tuple[str, ...]] = ("rank",)

    @property
    def counts_numbers(self) -> bool:
        """An earlier value may be of any kind."""
        return self.as_ != "value"

    @property
    def below_day(self) -> str:
        """Hours, if it looks them back."""
        return "hour" if isinstance(self.offset, Back) and self.offset.length.unit == "hour" else ""

    @property
    def definition(self) -> str:
        """As `active_users, percent change since 1 month before`."""
        what = {"value": "value", "difference": "difference to", "percent_change": "percent change since"}[self.as_]
        return f"{self.metric}, {what} {_spoken(self.offset)}" + (", same part of it" if self.align != "whole" else "")

    def plan(self, leaves: Leaves) -> exp.Expr:
        """`(now - before) / before`, of the metric in both periods."""
        now, then = leaves.compared(self.name, self.offset, self.align == "elapsed")
        before = then(self.metric)
        if self.as_ == "value" or isinstance(before, exp.Null):
            return before
        change = exp.Sub(this=exp.paren(now(self.metric), copy=False), expression=exp.paren(before, copy=False))
        if self.as_ == "difference":
            return change
        return quotient(exp.paren(change, copy=False), exp.paren(before.copy(), copy=False))


def _spoken(shift: Shift) -> str:
    match shift:
        case Back(length):
            return f"{length} before"
        case PeriodsBack(count):
            return "the period before" if count == 1 else f"{count} periods before"
        case StartOf(grain):
            return f"the start of the {grain}"
