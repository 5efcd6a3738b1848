"""Plan → one sqlglot statement, the same for every dialect.

One scan without gaps to fill is one SELECT. Otherwise each scan is a CTE, all of them (and the spine's empty cells) are
put below each other with UNION ALL and grouped again: a chain of FULL JOINs would split groups at NULL keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import sqlglot
from sqlglot import exp

from semantic.expressions import call, text, wrap
from semantic.model import Dataset
from semantic.plan import Measure, Output, Plan, Scan, Spine
from semantic.resolve import LEAF
from semantic.scans import lookup_condition
from semantic.spine import spine_select
from semantic.trees import (
    IS_TOTAL,
    column,
    cross_join,
    group_by_position,
    left_join,
    named,
    select,
    subquery,
    table,
    union_all,
    where,
)

_FILES = (".parquet", ".csv", ".json", ".ndjson")
Values = Mapping[str, exp.Expr]


@dataclass(frozen=True, slots=True)
class Draft:
    """The last SELECT before its outputs: where keys, leaves and the mark of the total stand in its source.

    `clause` is where a condition over the outputs belongs: 'having' if the SELECT groups, else 'where'.
    """

    query: exp.Select
    keys: list[exp.Expr]
    values: Values
    is_total: exp.Expr | None
    clause: Literal["having", "where"]


@dataclass(slots=True)
class Ctes:
    """The CTEs of a statement in order, under names that nothing else has."""

    taken: set[str]
    found: list[tuple[str, exp.Query]] = field(default_factory=list)

    def add(self, name: str, query: exp.Query) -> str:
        """Add a CTE; its name comes back, changed where it is taken."""
        while name.lower() in self.taken:
            name += "_"
        self.taken.add(name.lower())
        self.found.append((name, query))
        return name

    def attach(self, query: exp.Select) -> exp.Select:
        """Put WITH before a query."""
        if self.found:
            ctes = [exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, body in self.found]
            query.set("with_", exp.With(expressions=ctes))
        return query


def lower(plan: Plan, root: Path | None) -> exp.Select:
    """The statement that answers a plan; `root` is the folder to which file globs are relative."""
    ctes = Ctes({name for scan in (*plan.scans, *plan.broadcasts) for name in _table_names(scan)})
    if plan.totals and not plan.keys:
        return ctes.attach(_single_row_and_total(plan, root, ctes))
    if len(plan.scans) == 1 and plan.spine is None and not plan.broadcasts:
        return _direct(plan, plan.scans[0], root)
    return ctes.attach(_staged(plan, root, ctes))


def _direct(plan: Plan, scan: Scan, root: Path | None) -> exp.Select:
    """One scan: its aggregates are the leaves."""
    values = {measure.name: _aggregate(measure) for measure in scan.measures}
    keys = [group.copy() for group in scan.groups]
    return _finish(plan, Draft(_grouped(scan, root), keys, values, _total_flag(scan), "having"))


def _staged(plan: Plan, root: Path | None, ctes: Ctes) -> exp.Select:
    """Scans, their union, the filled gaps, one more grouping, broadcast values: only the stages that are needed."""
    source = _combined(plan, root, ctes)
    regroup = len(plan.scans) > 1
    if plan.spine is not None:
        source, regroup = _filled(plan, plan.spine, source, ctes), True
    measures = _measures(plan.scans)
    keys: list[exp.Expr] = [column(key.name) for key in plan.keys]
    flag = column(IS_TOTAL) if plan.totals else None
    values = {measure.name: _regrouped(measure) if regroup else column(measure.name) for measure in measures}
    grouped = select([], table(source))
    if regroup:
        group_by_position(grouped, len(plan.keys))
        if flag is not None and grouped.args.get("group") is not None:
            grouped.args["group"].append("expressions", column(IS_TOTAL))
    if not plan.broadcasts:
        return _finish(plan, Draft(grouped, keys, values, flag, "having" if regroup else "where"))
    if regroup:
        leaves = [named(value, name) for name, value in values.items()]
        total = [column(IS_TOTAL)] if plan.totals else []
        grouped.set("expressions", [*keys, *total, *leaves])
        source = ctes.add("groups", grouped)
    return _broadcast(plan, root, source, ctes)


def _broadcast(plan: Plan, root: Path | None, source: str, ctes: Ctes) -> exp.Select:
    """Look the values of coarser scans up for every group."""
    joined = select([], table(source))
    values: dict[str, exp.Expr] = {measure.name: column(measure.name, source) for measure in _measures(plan.scans)}
    for scan in plan.broadcasts:
        name = ctes.add(_scan_name(scan), _scan_select(scan, root))
        shared = [*(key.name for key in scan.keys), *([IS_TOTAL] if scan.totals and scan.keys else [])]
        if not shared:
            cross_join(joined, table(name))
        else:
            same = [exp.NullSafeEQ(this=column(key, source), expression=column(key, name)) for key in shared]
            left_join(joined, table(name), exp.and_(*same, copy=False))
        values |= {measure.name: _or_zero(measure, column(measure.name, name)) for measure in scan.measures}
    keys: list[exp.Expr] = [column(key.name, source) for key in plan.keys]
    return _finish(plan, Draft(joined, keys, values, column(IS_TOTAL, source) if plan.totals else None, "where"))


def _single_row_and_total(plan: Plan, root: Path | None, ctes: Ctes) -> exp.Select:
    """Without keys the total repeats the one row; `having` decides about the row, never about the total."""
    passes = (Output("passes", plan.having),) if plan.having is not None else ()
    bare = replace(plan, totals=False, having=None, order=(), limit=None, outputs=(*plan.outputs, *passes))
    bare = replace(bare, scans=_without_totals(plan.scans), broadcasts=_without_totals(plan.broadcasts))
    answer = ctes.add("answer", lower(bare, root))
    marks = exp.Values(
        expressions=[exp.Tuple(expressions=[exp.false()]), exp.Tuple(expressions=[exp.true()])],
        alias=exp.TableAlias(this=exp.to_identifier("marks"), columns=[exp.to_identifier(IS_TOTAL)]),
    )
    found = cross_join(
        select([*(column(output.name) for output in plan.outputs), column(IS_TOTAL)], table(answer)), marks
    )
    keep: list[exp.Expr] = (
        [exp.Paren(this=exp.Or(this=column(IS_TOTAL), expression=column("passes")))] if passes else []
    )
    if plan.limit == 0:
        keep.append(column(IS_TOTAL))
    where(found, keep)
    found.set("order", exp.Order(expressions=[_ordered(IS_TOTAL, False)]))
    return found


def _without_totals(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    return tuple(replace(scan, totals=False) for scan in scans)


def _combined(plan: Plan, root: Path | None, ctes: Ctes) -> str:
    """The name of the CTE that holds the groups of all scans, each leaf in its own column."""
    names = [ctes.add(_scan_name(scan), _scan_select(scan, root)) for scan in plan.scans]
    if len(names) == 1:
        return names[0]
    measures = _measures(plan.scans)
    branches = [
        _branch(plan, name, {measure.name for measure in scan.measures}, measures)
        for name, scan in zip(names, plan.scans, strict=True)
    ]
    return ctes.add("combined", union_all(branches))


def _branch(plan: Plan, source: str, own: set[str], measures: list[Measure]) -> exp.Select:
    shared = [column(key.name) for key in plan.keys] + ([column(IS_TOTAL)] if plan.totals else [])
    leaves = [column(m.name) if m.name in own else named(exp.Null(), m.name) for m in measures]
    return select([*shared, *leaves], table(source))


def _filled(plan: Plan, spine: Spine, source: str, ctes: Ctes) -> str:
    """The name of the CTE that holds the groups and, below them, an empty cell for every place of the spine."""
    not_total = exp.Not(this=column(IS_TOTAL)) if plan.totals else None
    periods = ctes.add("_and_".join(f"{key.name}s" for key in spine.keys), spine_select(spine, source, not_total))
    others = [key for key in plan.keys if not key.is_time]
    measures = _measures(plan.scans)
    shared: list[exp.Expr] = [column(key.name) for key in plan.keys]
    total = [named(exp.false(), IS_TOTAL)] if plan.totals else []
    cells = select([*shared, *total, *(named(exp.Null(), measure.name) for measure in measures)], table(periods))
    if others:
        seen = select([column(key.name) for key in others], table(source))
        seen.set("distinct", exp.Distinct())
        cross_join(cells, subquery(where(seen, [not_total] if not_total else []), "seen"))
    own = {measure.name for measure in measures}
    return ctes.add("filled", union_all([_branch(plan, source, own, measures), cells]))


def _finish(plan: Plan, draft: Draft) -> exp.Select:
    """Compute the outputs, then apply having, order and limit."""
    query, flag = draft.query, draft.is_total
    expressions = [_key_column(value, key.name) for key, value in zip(plan.keys, draft.keys, strict=True)]
    expressions += [_key_column(_with_leaves(output.value, draft.values), output.name) for output in plan.outputs]
    if flag is not None:
        expressions.append(_key_column(flag.copy(), IS_TOTAL))
    if plan.having is not None:
        condition = _with_leaves(plan.having, draft.values)
        if flag is not None:
            condition = exp.Or(this=flag.copy(), expression=wrap(condition))
        query.set(draft.clause, (exp.Having if draft.clause == "having" else exp.Where)(this=condition))
    query.set("expressions", expressions)
    return _ordered_and_limited(plan, query)


def _ordered_and_limited(plan: Plan, query: exp.Select) -> exp.Select:
    names = {sort.name for sort in plan.order}
    by = [_ordered(sort.name, sort.descending) for sort in plan.order]
    by += [_ordered(key.name, False) for key in plan.keys if key.name not in names]
    if not plan.totals:
        return _limited(query, by, plan.limit)
    if plan.limit is None:
        return _limited(query, [_ordered(IS_TOTAL, False), *by], None)
    first = _limited(query, [_ordered(IS_TOTAL, True), *(node.copy() for node in by)], plan.limit + 1)
    columns = [*(key.name for key in plan.keys), *(output.name for output in plan.outputs), IS_TOTAL]
    outer = select([column(name) for name in columns], subquery(first, "limited"))
    return _limited(outer, [_ordered(IS_TOTAL, False), *by], None)


def _limited(query: exp.Select, by: list[exp.Expr], limit: int | None) -> exp.Select:
    if by:
        query.set("order", exp.Order(expressions=by))
    if limit is not None:
        query.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return query


def _ordered(name: str, descending: bool) -> exp.Expr:
    return exp.Ordered(this=column(name), desc=descending or None, nulls_first=False)


def _key_column(value: exp.Expr, name: str) -> exp.Expr:
    if isinstance(value, exp.Column) and value.name == name:
        return value
    return named(value, name)


def _scan_select(scan: Scan, root: Path | None) -> exp.Select:
    """A scan as a query of its own: its keys, whether the row is the total, its measures."""
    query = _grouped(scan, root)
    keys = [_key_column(group.copy(), key.name) for key, group in zip(scan.keys, scan.groups, strict=True)]
    flag = _total_flag(scan)
    total = [named(flag, IS_TOTAL)] if flag is not None else []
    query.set("expressions", [*keys, *total, *(named(_aggregate(m), m.name) for m in scan.measures)])
    return query


def _grouped(scan: Scan, root: Path | None) -> exp.Select:
    """FROM, lookups, WHERE and GROUP BY of a scan; what is selected comes later, keys first."""
    query = select([], source_of(scan.dataset, scan.dataset.name, root))
    for lookup in scan.lookups:
        left_join(query, source_of(lookup.dataset, lookup.alias, root), lookup_condition(lookup))
    where(query, [wrap(condition) if isinstance(condition, exp.Or) else condition for condition in scan.where])
    if scan.totals and scan.keys:
        groups = exp.Tuple(expressions=[group.copy() for group in scan.groups])
        sets = exp.GroupingSets(expressions=[groups, exp.Tuple(expressions=[])])
        query.set("group", exp.Group(grouping_sets=[sets]))
        return query
    return group_by_position(query, len(scan.keys))


def _total_flag(scan: Scan) -> exp.Expr | None:
    if not scan.totals or not scan.keys:
        return None
    grouping = exp.Anonymous(this="GROUPING", expressions=[scan.groups[0].copy()])
    return exp.EQ(this=grouping, expression=exp.Literal.number(1))


def _aggregate(measure: Measure) -> exp.Expr:
    value = measure.aggregate.copy()
    if measure.filter is None:
        return value
    return exp.Filter(this=value, expression=exp.Where(this=measure.filter.copy()))


def _regrouped(measure: Measure) -> exp.Expr:
    """A leaf has at most one value in a group; MAX picks it whatever its type."""
    return _or_zero(measure, exp.Max(this=column(measure.name)))


def _or_zero(measure: Measure, value: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=value, expressions=[exp.Literal.number(0)]) if measure.counts else value


def _with_leaves(tree: exp.Expr, values: Values) -> exp.Expr:
    root = exp.Paren(this=tree.copy())
    for found in list(root.find_all(exp.Column)):
        if found.table == LEAF:
            value = values[found.name].copy()
            found.replace(value if found.parent is root else wrap(value))
    bound: exp.Expr = root.this
    return bound.pop()


def _measures(scans: tuple[Scan, ...]) -> list[Measure]:
    return [measure for scan in scans for measure in scan.measures]


def _scan_name(scan: Scan) -> str:
    """`activity_by_month_and_gender`."""
    keys = [key.name.rsplit(".", 2)[-1] if "." in key.name else key.name for key in scan.keys]
    by = f"_by_{'_and_'.join(keys[:3])}" if keys else "_total"
    return f"{scan.dataset.name}{by}"


def source_of(dataset: Dataset, alias: str, root: Path | None) -> exp.Expr:
    if dataset.sql is not None:
        return subquery(parse_dataset_sql(dataset.sql).copy(), alias)
    name = str(dataset.table)
    found = _files(name, root) if name.lower().endswith(_FILES) else _table(name).copy()
    if found.name != alias:
        found.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return found


def _files(pattern: str, root: Path | None) -> exp.Expr:
    path = str(root / pattern) if root is not None else pattern
    return exp.Table(this=call("files", text(path)))


@lru_cache(maxsize=512)
def _table(name: str) -> exp.Expr:
    return exp.to_table(name, dialect="duckdb")


@lru_cache(maxsize=512)
def parse_dataset_sql(sql: str) -> exp.Query:
    """A dataset's own SELECT, written in DuckDB's SQL. Raises SqlglotError, or ValueError if it is no query."""
    parsed = sqlglot.parse(sql, dialect="duckdb")
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise ValueError("one SELECT is expected here")
    return parsed[0]


def _table_names(scan: Scan) -> Iterator[str]:
    """Every name that a CTE would shadow."""
    for dataset, alias in (
        (scan.dataset, scan.dataset.name),
        *((lookup.dataset, lookup.alias) for lookup in scan.lookups),
    ):
        yield alias.lower()
        tree = parse_dataset_sql(dataset.sql) if dataset.sql is not None else _table(dataset.table or "")
        if dataset.sql is not None or not str(dataset.table).lower().endswith(_FILES):
            yield from (found.name.lower() for found in tree.find_all(exp.Table))
