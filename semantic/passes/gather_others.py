"""Put all values of a dimension but the first ones together, in every scan before it aggregates: nothing is added up.

`top: {dimension: city, n: 2, by: revenue}`: GROUP BY CASE WHEN top_city.is_top THEN city ELSE 'Other' END, where
`top_city` is the answer to `revenue by city`, ordered and limited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from semantic.asked import Asked
from semantic.errors import QueryError
from semantic.expressions import cast
from semantic.leaves import LeafBook
from semantic.names import Reference
from semantic.plan import Gathered, Key, Plan, Scan, TopValues
from semantic.query import Top
from semantic.resolve import planned, valued
from semantic.scan_select import table_names
from semantic.tops import or_others
from semantic.trees import unused
from semantic.value_order import is_surely_text


def gather_others(plan: Plan, asked: Asked) -> Plan:
    """Look the values of the dimension up among its first ones, wherever they are a key."""
    top = asked.query.top
    if top is None:
        return plan
    key, reference = next((key, reference) for key, reference in asked.by if key.last is not None)
    ranked = _ranked(asked, top, replace(key, last=None), reference)
    taken = {name for scan in (*plan.all_scans, *ranked.all_scans) for name in table_names(scan)}
    name = unused(f"top_{top.dimension.rsplit('.', 1)[-1]}", taken)
    as_text = not is_surely_text(asked.context.model, reference)
    found = _Gathering(name, as_text).plan(plan)
    return replace(found, top=TopValues(name, ranked, top.n, top.order == "desc", top.other, as_text))


def _ranked(asked: Asked, top: Top, key: Key, reference: Reference) -> Plan:
    """The metric by the dimension alone. Raises QueryError, saying what it is for."""
    query = replace(asked.query, metrics=(top.by,), having=None, order=(), limit=None, totals=False, top=None)
    inner = replace(asked, query=query, by=((key, reference),))
    try:
        return valued(planned(inner, LeafBook(inner)))
    except QueryError as error:
        told = (replace(each, message=f"top by '{top.by}': {each.message}") for each in error.diagnostics)
        raise QueryError(*told) from None


@dataclass(frozen=True, slots=True)
class _Gathering:
    """The CTE with the first values, and whether the dimension may hold something else than text."""

    top: str
    as_text: bool

    def plan(self, plan: Plan) -> Plan:
        return plan.with_scans(self.scan, self.plan)

    def scan(self, scan: Scan) -> Scan:
        """The scan with `other` in the place of values; without the key it is as it was."""
        groups, gathered = list(scan.groups), []
        for at, key in enumerate(scan.keys):
            if key.last is not None:
                value = cast(groups[at].copy(), "text") if self.as_text else groups[at]
                gathered.append(Gathered(self.top, value))
                groups[at] = or_others(self.top, key.last, value)
        return replace(scan, groups=tuple(groups), gathered=tuple(gathered)) if gathered else scan
