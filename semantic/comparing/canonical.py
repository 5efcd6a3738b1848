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
from semantic.lower import lower
from semantic.model import Dataset, Model
from semantic.plan import Began, Gathered, Key, Lookup, Measure, Nested, Output, Plan, Reading, Scan, TopValues
from semantic.privacy import is_personal
from semantic.query import Query
from semantic.scan_select import parse_dataset_sql
from semantic.trees import column
from semantic.wanted import KNOWN, LEAF

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # both sides are asked at one instant; which one does not matter
_TOP = "top$"
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
    names = _Names({output.name: f"value${number}" for number, output in enumerate(plan.outputs)})
    ranked = plan.limit is not None
    found = names.plan(plan)
    return replace(found, keys=tuple(key if ranked else _unordered(key) for key in plan.keys))


def _unordered(key: Key) -> Key:
    return replace(key, values=(), as_text=False, last=None)


@dataclass(slots=True)
class _Names:
    """Numbers in the place of the names of a plan, in the order in which they occur."""

    outputs: dict[str, str]
    known: dict[str, str] = field(default_factory=dict)

    def plan(self, plan: Plan) -> Plan:
        """A plan without names."""
        scans = tuple(map(self._source, plan.scans))
        broadcasts = tuple(map(self._source, plan.broadcasts))
        knowns = tuple(replace(each, name=self._number(each.name), began=_began(each.began)) for each in plan.knowns)
        spine = plan.spine and replace(plan.spine, begins=tuple(map(_began, plan.spine.begins)))
        return replace(
            plan,
            scans=scans,
            broadcasts=broadcasts,
            knowns=knowns,
            spine=spine,
            outputs=tuple(Output(self.outputs[out.name], self._over_leaves(out.value)) for out in plan.outputs),
            having=None if plan.having is None else self._over_leaves(plan.having),
            order=tuple(replace(sort, name=self.outputs.get(sort.name, sort.name)) for sort in plan.order),
            total=plan.total and _Names(self.outputs).plan(plan.total),
            top=plan.top and _top(plan.top),
        )

    def _number(self, name: str) -> str:
        return self.known.setdefault(name, f"leaf${len(self.known)}")

    def _source(self, source: Scan | Nested) -> Scan | Nested:
        if isinstance(source, Scan):
            return self._scan(source)
        value = {source.value: "value$0"}
        inner = _Names(value).plan(source.plan)
        rows = self._number(source.rows) if source.rows else ""
        return replace(source, plan=inner, leaf=self._number(source.leaf), value=value[source.value], rows=rows)

    def _scan(self, scan: Scan) -> Scan:
        rows = {scan.dataset.name: _ROW}
        rows |= {lookup.alias: f"{_ROW}{number}" for number, lookup in enumerate(scan.lookups)}
        rows |= {each.top: _TOP for each in scan.gathered}
        measures = {measure.name: f"measure${number}" for number, measure in enumerate(scan.measures)}
        return replace(
            scan,
            dataset=_dataset(scan.dataset, _ROW),
            lookups=tuple(_lookup(lookup, rows) for lookup in scan.lookups),
            groups=tuple(_over_rows(group, rows) for group in scan.groups),
            where=tuple(_over_rows(condition, rows) for condition in scan.where),
            measures=tuple(_measure(measure, measures[measure.name], rows) for measure in scan.measures),
            readings=tuple(self._reading(reading, measures) for reading in scan.readings),
            gathered=tuple(Gathered(_TOP, _over_rows(each.value, rows)) for each in scan.gathered),
        )

    def _reading(self, reading: Reading, measures: Mapping[str, str]) -> Reading:
        leaves = tuple(
            replace(leaf, name=self._number(leaf.name), value=_over_measures(leaf.value, measures))
            for leaf in reading.leaves
        )
        taken = reading.taken and replace(
            reading.taken,
            at=measures[reading.taken.at],
            keys=tuple(measures[key] for key in reading.taken.keys),
            value=measures[reading.taken.value],
            passes=measures.get(reading.taken.passes, ""),
        )
        return replace(reading, leaves=leaves, taken=taken)

    def _over_leaves(self, tree: exp.Expr) -> exp.Expr:
        """An output's tree, with the new names of leaves."""

        def renamed(found: exp.Column) -> exp.Expr:
            if found.table not in (LEAF, KNOWN):
                return found
            return exp.Column(this=exp.to_identifier(self._number(found.name)), table=exp.to_identifier(found.table))

        return replace_columns(tree.copy(), renamed)


def _top(top: TopValues) -> TopValues:
    """The first values of a dimension, by another name."""
    (output,) = top.plan.outputs
    return replace(top, name=_TOP, plan=_Names({output.name: "value$0"}).plan(top.plan))


def _lookup(lookup: Lookup, rows: Mapping[str, str]) -> Lookup:
    return replace(
        lookup,
        alias=rows[lookup.alias],
        parent=rows[lookup.parent],
        keys=tuple(_over_rows(key, rows) for key in lookup.keys),
        dataset=_dataset(lookup.dataset, lookup.dataset.name),
        holds=tuple(_over_rows(condition, rows) for condition in lookup.holds),
    )


def _began(began: Began) -> Began:
    rows = {began.dataset.name: _ROW}
    clock = replace(began.clock, value=_over_rows(began.clock.value, rows))
    return Began(_dataset(began.dataset, _ROW), clock)


def _over_measures(tree: exp.Expr, measures: Mapping[str, str]) -> exp.Expr:
    return replace_columns(tree.copy(), lambda found: column(measures.get(found.name, found.name)))


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
    for found in copied.find_all(exp.Column):
        if found.table in rows:
            found.set("table", exp.to_identifier(rows[found.table]))
    return copied
