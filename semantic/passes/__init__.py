"""The rewrites of a plan, in the order in which they run; each is one file, one verb, and pure."""

from collections.abc import Callable

from semantic.asked import Asked
from semantic.passes.fill_time_gaps import fill_time_gaps
from semantic.passes.gather_others import gather_others
from semantic.passes.lift_filters import lift_filters
from semantic.passes.mark_complete import mark_complete
from semantic.plan import Plan

Pass = Callable[[Plan, Asked], Plan]
PASSES: tuple[Pass, ...] = (gather_others, lift_filters, fill_time_gaps, mark_complete)
