"""What a query computes, apart from the names that people chose: equal SQL here means equal numbers.

The same one path as for every query, down to the plan; then metrics, leaves, datasets and joins lose their names, so
that a renamed metric is still the same one. Columns, tables and the keys asked for keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlglot import exp

from semantic.asked import Asked
from semantic.compile import plan_query
from semantic.dialects import DIALECTS
from semantic.errors import QueryError
from semantic.expressions import replace_columns
from semantic.leaves import LEAF, leaf_column
from semantic.lower import lower
from semantic.model import Dataset, Model
from semantic.plan import Measure, Output, Plan, Scan
from semantic.privacy import is_personal
from semantic.query import Query
from semantic.scan_select import parse_dataset_sql

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # both sides are asked at one instant; which one does not matter
_ROW = "row$"  # no name in a project holds a $


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A model, and what queries of it compute; each query is planned once, and written as SQL once if need be."""

    model: Model
    _planned: dict[Query, tuple[Plan, Asked] | str] = field(default_factory=dict)
    _written: dict[Query, str | None] = field(default_factory=dict)

    def plan(self, query: Query) -> Plan | None:
        """The plan of a query; None where it is refused."""
        planned = self._plan(query)
        return None if isinstance(planned, str) else planned[0]

    def refusal(self, query: Query) -> str:
        """Why a query is refused; empty where it is not."""
        planned = self._plan(query)
        return planned if isinstance(planned, str) else ""

    def meaning(self, query: Query) -> str | None:
        """The SQL of a query, without names, and what of its answer is masked; None where it is refused."""
        if query not in self._written:
            planned = self._plan(query)
            self._written[query] = None if isinstance(planned, str) else _written(*planned)
        return self._written[query]

    def _plan(self, query: Query) -> tuple[Plan, Asked] | str:
        if query not in self._planned:
            try:
                self._planned[query] = plan_query(self.model, query, _ANY_TIME)
            except QueryError as error:
                self._planned[query] = error.diagnostics[0].message
        return self._planned[query]


def _written(plan: Plan, asked: Asked) -> str:
    masked = [key.name for key, reference in asked.by if is_personal(asked.context.model, reference)]
    return f"{DIALECTS['duckdb'].emit(lower(nameless(plan)))}\nmasked: {masked}"


def nameless(plan: Plan) -> Plan:
    """A plan whose rows, lookups, leaves and outputs are numbered instead of named.

    The order of a dimension's values is left out too, unless it decides which rows there are.
    """
    measures = [measure for scan in (*plan.scans, *plan.broadcasts) for measure in scan.measures]
    leaves = {measure.name: f"leaf${number}" for number, measure in enumerate(measures)}
    outputs = {output.name: f"value${number}" for number, output in enumerate(plan.outputs)}
    ranked = plan.limit is not None
    return replace(
        plan,
        keys=tuple(key if ranked else replace(key, values=(), as_text=False) for key in plan.keys),
        scans=tuple(_scan(scan, leaves) for scan in plan.scans),
        broadcasts=tuple(_scan(scan, leaves) for scan in plan.broadcasts),
        outputs=tuple(Output(outputs[output.name], _over_leaves(output.value, leaves)) for output in plan.outputs),
        having=None if plan.having is None else _over_leaves(plan.having, leaves),
        order=tuple(replace(sort, name=outputs.get(sort.name, sort.name)) for sort in plan.order),
    )


def _scan(scan: Scan, leaves: Mapping[str, str]) -> Scan:
    rows = {scan.dataset.name: _ROW}
    rows |= {lookup.alias: f"{_ROW}{number}" for number, lookup in enumerate(scan.lookups)}
    return replace(
        scan,
        dataset=_dataset(scan.dataset, _ROW),
        lookups=tuple(
            replace(
                lookup,
                alias=rows[lookup.alias],
                parent=rows[lookup.parent],
                keys=tuple(_over_rows(key, rows) for key in lookup.keys),
                dataset=_dataset(lookup.dataset, lookup.dataset.name),
                holds=tuple(_over_rows(condition, rows) for condition in lookup.holds),
            )
            for lookup in scan.lookups
        ),
        groups=tuple(_over_rows(group, rows) for group in scan.groups),
        where=tuple(_over_rows(condition, rows) for condition in scan.where),
        measures=tuple(_measure(measure, leaves[measure.name], rows) for measure in scan.measures),
    )


def _dataset(dataset: Dataset, name: str) -> Dataset:
    """A dataset by another name: its SQL without layout and comments."""
    sql = dataset.sql
    if sql is not None:
        sql = parse_dataset_sql(sql).sql(dialect="duckdb", comments=False)
    return dataset.model_copy(update={"name": name, "sql": sql})


def _measure(measure: Measure, name: str, rows: Mapping[str, str]) -> Measure:
    own = None if measure.filter is None else _over_rows(measure.filter, rows)
    return replace(measure, name=name, aggregate=_over_rows(measure.aggregate, rows), filter=own)


def _over_rows(tree: exp.Expr, rows: Mapping[str, str]) -> exp.Expr:
    """A tree over the rows of a scan, with their new names."""
    copied = tree.copy()
    for column in copied.find_all(exp.Column):
        if column.table in rows:
            column.set("table", exp.to_identifier(rows[column.table]))
    return copied


def _over_leaves(tree: exp.Expr, leaves: Mapping[str, str]) -> exp.Expr:
    """An output's tree, with the new names of the leaves."""
    return replace_columns(tree.copy(), lambda found: leaf_column(leaves[found.name]) if found.table == LEAF else found)
