"""The rewrites of a plan, in the order in which they run; each is one file, one verb, and pure."""

from collections.abc import Callable

from semantic.passes.fill_time_gaps import fill_time_gaps
from semantic.passes.lift_filters import lift_filters
from semantic.passes.share_scans import share_scans
from semantic.plan import Plan
from semantic.resolve import Asked

Pass = Callable[[Plan, Asked], Plan]
PASSES: tuple[Pass, ...] = (share_scans, lift_filters, fill_time_gaps)
