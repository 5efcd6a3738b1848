"""Plan → one sqlglot statement, the same for every dialect.

One scan without gaps to fill is one SELECT. Otherwise each scan is a CTE, all of them (and the spine's empty cells) are
put below each other with UNION ALL and grouped again: a chain of FULL JOINs would split groups at NULL keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlglot import exp

from semantic.expressions import replace_columns, wrap
from semantic.plan import Measure, Output, Plan, Scan, Sort, Spine
from semantic.resolve import LEAF
from semantic.scan_select import aggregate, grouped_rows, scan_name, scan_select, table_names, total_flag
from semantic.spine import spine_select
from semantic.trees import (
    IS_TOTAL,
    aliased,
    column,
    cross_join,
    group_by_position,
    left_join,
    named,
    select,
    subquery,
    table,
    union_all,
    unused,
    where,
)

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
        name = unused(name, self.taken)
        self.taken.add(name)
        self.found.append((name, query))
        return name

    def attach(self, query: exp.Select) -> exp.Select:
        """Put WITH before a query."""
        if self.found:
            ctes = [exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, body in self.found]
            query.set("with_", exp.With(expressions=ctes))
        return query


def lower(plan: Plan, *, totals_nothing: bool = True) -> exp.Select:
    """The statement that answers a plan.

    Where an engine's GROUPING SETS give no total of nothing, an empty one is laid beside the groups.
    """
    ctes = Ctes({name for scan in (*plan.scans, *plan.broadcasts) for name in table_names(scan)})
    if plan.totals and not plan.keys:
        return ctes.attach(_single_row_and_total(plan, ctes))
    needs_total = plan.totals and not totals_nothing
    if len(plan.scans) == 1 and plan.spine is None and not plan.broadcasts and not needs_total:
        return _direct(plan, plan.scans[0])
    return ctes.attach(_staged(plan, ctes, needs_total))


def _direct(plan: Plan, scan: Scan) -> exp.Select:
    """One scan: its aggregates are the leaves."""
    values = {measure.name: aggregate(measure) for measure in scan.measures}
    keys = [group.copy() for group in scan.groups]
    return _finish(plan, Draft(grouped_rows(scan), keys, values, total_flag(scan), "having"))


def _staged(plan: Plan, ctes: Ctes, needs_total: bool) -> exp.Select:
    """Scans, their union with the filled gaps, one more grouping, broadcast values: only the stages that are needed."""
    sources = [(ctes.add(scan_name(scan), scan_select(scan)), scan) for scan in plan.scans]
    regroup = len(sources) > 1 or plan.spine is not None or needs_total
    source = _united(plan, sources, ctes, needs_total) if regroup else sources[0][0]
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
    return _broadcast(plan, source, ctes)


def _broadcast(plan: Plan, source: str, ctes: Ctes) -> exp.Select:
    """Look the values of coarser scans up for every group."""
    joined = select([], table(source))
    values: dict[str, exp.Expr] = {measure.name: column(measure.name, source) for measure in _measures(plan.scans)}
    for scan in plan.broadcasts:
        name = ctes.add(scan_name(scan), scan_select(scan))
        shared = [*(key.name for key in scan.keys), *([IS_TOTAL] if scan.totals and scan.keys else [])]
        if not shared:
            cross_join(joined, table(name))
        else:
            same = [exp.NullSafeEQ(this=column(key, source), expression=column(key, name)) for key in shared]
            left_join(joined, table(name), exp.and_(*same, copy=False))
        values |= {measure.name: _or_zero(measure, column(measure.name, name)) for measure in scan.measures}
    keys: list[exp.Expr] = [column(key.name, source) for key in plan.keys]
    return _finish(plan, Draft(joined, keys, values, column(IS_TOTAL, source) if plan.totals else None, "where"))


def _single_row_and_total(plan: Plan, ctes: Ctes) -> exp.Select:
    """Without keys the total repeats the one row; `having` decides about the row, never about the total."""
    passing = unused("passes", [output.name for output in plan.outputs])
    passes = (Output(passing, plan.having),) if plan.having is not None else ()
    bare = replace(plan, totals=False, having=None, order=(), limit=None, outputs=(*plan.outputs, *passes))
    bare = replace(bare, scans=_without_totals(plan.scans), broadcasts=_without_totals(plan.broadcasts))
    answer = ctes.add("answer", lower(bare))
    marks = exp.Values(
        expressions=[exp.Tuple(expressions=[exp.false()]), exp.Tuple(expressions=[exp.true()])],
        alias=exp.TableAlias(this=exp.to_identifier("marks"), columns=[exp.to_identifier(IS_TOTAL)]),
    )
    found = cross_join(
        select([*(column(output.name) for output in plan.outputs), column(IS_TOTAL)], table(answer)), marks
    )
    keep: list[exp.Expr] = [exp.Paren(this=exp.Or(this=column(IS_TOTAL), expression=column(passing)))] if passes else []
    if plan.limit == 0:
        keep.append(column(IS_TOTAL))
    where(found, keep)
    found.set("order", exp.Order(expressions=[_ordered(IS_TOTAL, False)]))
    return found


def _without_totals(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    return tuple(replace(scan, totals=False) for scan in scans)


def _united(plan: Plan, sources: list[tuple[str, Scan]], ctes: Ctes, needs_total: bool) -> str:
    """The name of the CTE that holds the groups of all scans, each leaf in its own column, and the empty cells."""
    measures = _measures(plan.scans)
    branches = [_branch(plan, name, {m.name for m in scan.measures}, measures) for name, scan in sources]
    total = [_empty_total(plan, measures)] if needs_total else []
    if plan.spine is None:
        return ctes.add("combined", union_all([*branches, *total]))
    groups = sources[0][0]
    if _needs_groups(plan, plan.spine) and len(branches) > 1:
        groups = ctes.add("combined", union_all(branches))
        branches = [_branch(plan, groups, {measure.name for measure in measures}, measures)]
    return ctes.add("filled", union_all([*branches, *total, _cells(plan, plan.spine, groups, ctes)]))


def _branch(plan: Plan, source: str, own: set[str], measures: list[Measure]) -> exp.Select:
    shared = [column(key.name) for key in plan.keys] + ([column(IS_TOTAL)] if plan.totals else [])
    leaves = [column(m.name) if m.name in own else named(exp.Null(), m.name) for m in measures]
    return select([*shared, *leaves], table(source))


def _empty_total(plan: Plan, measures: list[Measure]) -> exp.Select:
    """The total of no rows."""
    nothing = [named(exp.Null(), key.name) for key in plan.keys]
    return select([*nothing, named(exp.true(), IS_TOTAL), *(named(exp.Null(), measure.name) for measure in measures)])


def _needs_groups(plan: Plan, spine: Spine) -> bool:
    """Whether the empty cells depend on the groups: for the range, or for the combinations of the other keys."""
    return spine.period is None or any(not key.is_time for key in plan.keys)


def _cells(plan: Plan, spine: Spine, groups: str, ctes: Ctes) -> exp.Select:
    """An empty cell for every place of the spine and every combination of the other keys seen in the groups."""
    not_total = exp.Not(this=column(IS_TOTAL)) if plan.totals else None
    periods = ctes.add("_and_".join(f"{key.name}s" for key in spine.keys), spine_select(spine, groups, not_total))
    others = [key for key in plan.keys if not key.is_time]
    shared: list[exp.Expr] = [column(key.name) for key in plan.keys]
    total = [named(exp.false(), IS_TOTAL)] if plan.totals else []
    empty = [named(exp.Null(), measure.name) for measure in _measures(plan.scans)]
    cells = select([*shared, *total, *empty], table(periods))
    if others:
        seen = select([column(key.name) for key in others], table(groups))
        seen.set("distinct", exp.Distinct())
        cross_join(cells, subquery(where(seen, [not_total] if not_total else []), "seen"))
    return cells


def _finish(plan: Plan, draft: Draft) -> exp.Select:
    """Compute the outputs, then apply having, order and limit."""
    query, flag = draft.query, draft.is_total
    expressions = [aliased(value, key.name) for key, value in zip(plan.keys, draft.keys, strict=True)]
    expressions += [aliased(_with_leaves(output.value, draft.values), output.name) for output in plan.outputs]
    if flag is not None:
        expressions.append(aliased(flag.copy(), IS_TOTAL))
    if plan.having is not None:
        condition = _with_leaves(plan.having, draft.values)
        if flag is not None:
            condition = exp.Or(this=flag.copy(), expression=wrap(condition))
        query.set(draft.clause, (exp.Having if draft.clause == "having" else exp.Where)(this=condition))
    query.set("expressions", expressions)
    return _ordered_and_limited(plan, query)


def _ordered_and_limited(plan: Plan, query: exp.Select) -> exp.Select:
    names = {sort.name for sort in plan.order}
    sorts = [*plan.order, *(Sort(key.name) for key in plan.keys if key.name not in names)]
    ranks = {key.name: rank for key in plan.keys for rank in [key.rank] if rank is not None}
    by = [node for sort in sorts for node in _ordered_by(sort, ranks.get(sort.name))]
    if ranks:  # a name within an expression would mean the table's column, so the names stand in a query of their own
        query = select(map(column, _result_columns(plan)), subquery(query, "answer"))
    if not plan.totals:
        return _limited(query, by, plan.limit)
    if plan.limit is None:
        return _limited(query, [_ordered(IS_TOTAL, False), *by], None)
    first = _limited(query, [_ordered(IS_TOTAL, True), *(node.copy() for node in by)], plan.limit + 1)
    outer = select(map(column, _result_columns(plan)), subquery(first, "limited"))
    return _limited(outer, [_ordered(IS_TOTAL, False), *by], None)


def _result_columns(plan: Plan) -> list[str]:
    total = [IS_TOTAL] if plan.totals else []
    return [*(key.name for key in plan.keys), *(output.name for output in plan.outputs), *total]


def _limited(query: exp.Select, by: list[exp.Expr], limit: int | None) -> exp.Select:
    if by:
        query.set("order", exp.Order(expressions=by))
    if limit is not None:
        query.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return query


def _ordered_by(sort: Sort, rank: exp.Expr | None) -> list[exp.Expr]:
    plain = _ordered(sort.name, sort.descending)
    return [plain] if rank is None else [_ordered_value(rank, sort.descending), plain]


def _ordered(name: str, descending: bool) -> exp.Expr:
    return _ordered_value(column(name), descending)


def _ordered_value(value: exp.Expr, descending: bool) -> exp.Expr:
    return exp.Ordered(this=value, desc=descending or None, nulls_first=False)


def _regrouped(measure: Measure) -> exp.Expr:
    """A leaf has at most one value in a group; MAX picks it whatever its type."""
    return _or_zero(measure, exp.Max(this=column(measure.name)))


def _or_zero(measure: Measure, value: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=value, expressions=[exp.Literal.number(0)]) if measure.counts else value


def _with_leaves(tree: exp.Expr, values: Values) -> exp.Expr:
    """A tree with the values of the leaves in the places of their columns."""
    return replace_columns(tree.copy(), lambda found: values[found.name].copy() if found.table == LEAF else found)


def _measures(scans: tuple[Scan, ...]) -> list[Measure]:
    return [measure for scan in scans for measure in scan.measures]
