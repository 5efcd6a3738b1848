"""Plan → one sqlglot statement, the same for every dialect.

One scan without gaps to fill is one SELECT. Otherwise each scan is a CTE, all of them (and the spine's empty cells) are
put below each other with UNION ALL and grouped again: a chain of FULL JOINs would split groups at NULL keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from semantic.clocks import to_local
from semantic.expressions import date_literal, replace_columns, wrap
from semantic.framing import whole_end
from semantic.leaves import KEY, KNOWN, LEAF
from semantic.periods import DAY_GRAINS
from semantic.plan import Known, Leaf, Output, Plan, Scan, Sort
from semantic.scan_select import aggregate, grouped_rows, scan_name, scan_select, source_of, table_names, total_flag
from semantic.stages import Ctes, Source, Stage
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


def lower(plan: Plan, *, totals_nothing: bool = True) -> exp.Select:
    """The statement that answers a plan.

    Where an engine's GROUPING SETS give no total of nothing, an empty one is laid beside the groups.
    """
    ctes = Ctes(set(_tables(plan)))
    if plan.totals and not plan.keys:
        return ctes.attach(_single_row_and_total(plan, ctes))
    if plan.total is not None:
        return ctes.attach(_ordered_and_limited(plan, _above_total(plan, plan.total, ctes)))
    return ctes.attach(_ordered_and_limited(plan, _answer(plan, ctes, plan.totals and not totals_nothing)))


def _tables(plan: Plan) -> Iterator[str]:
    """Every name that a CTE would shadow."""
    for scan in (*plan.scans, *plan.broadcasts):
        yield from table_names(scan)
    yield from _tables(plan.total) if plan.total is not None else ()


def _answer(plan: Plan, ctes: Ctes, needs_total: bool = False) -> exp.Select:
    """The rows of a plan, in no order."""
    if len(plan.scans) == 1 and not (plan.spine or plan.broadcasts or plan.knowns or needs_total):
        return _direct(plan, plan.scans[0])
    return _staged(plan, ctes, needs_total)


def _above_total(plan: Plan, total: Plan, ctes: Ctes) -> exp.Select:
    """The rows, and below them the total, which is computed on its own."""
    rows = ctes.add("answer", _answer(replace(plan, totals=False), ctes))
    below = ctes.add("total", _answer(total, ctes))
    outputs = [column(output.name) for output in plan.outputs]
    keys: list[exp.Expr] = [column(key.name) for key in plan.keys]
    nothing = [named(exp.Null(), key.name) for key in plan.keys]
    first = select([*keys, *outputs, named(exp.false(), IS_TOTAL)], table(rows))
    last = select([*nothing, *(each.copy() for each in outputs), named(exp.true(), IS_TOTAL)], table(below))
    both = ctes.add("answer_and_total", union_all([first, last]))
    return select(map(column, _result_columns(plan)), table(both))


def _direct(plan: Plan, scan: Scan) -> exp.Select:
    """One scan: its aggregates are the leaves."""
    measures = {measure.name: aggregate(measure) for measure in scan.measures}
    values = {leaf.name: _of_measures(leaf, measures) for leaf in scan.leaves}
    keys = [group.copy() for group in scan.groups]
    return _finish(plan, Draft(grouped_rows(scan), keys, values, total_flag(scan), "having"))


def _of_measures(leaf: Leaf, measures: Values) -> exp.Expr:
    return replace_columns(leaf.value.copy(), lambda found: measures[found.name].copy())


def _staged(plan: Plan, ctes: Ctes, needs_total: bool) -> exp.Select:
    """Scans, their union with the filled gaps, one more grouping, broadcast values: only the stages that are needed."""
    bases = [(ctes.add(scan_name(scan), scan_select(scan)), scan) for scan in (*plan.scans, *plan.broadcasts)]
    stage = Stage(plan, ctes, bases)
    sources = [source for base, scan in bases[: len(plan.scans)] for source in stage.sources(base, scan)]
    regroup = len(sources) > 1 or plan.fill or needs_total
    source = stage.united(sources, needs_total) if regroup else sources[0].name
    leaves = _leaves(plan.scans)
    keys: list[exp.Expr] = [column(key.name) for key in plan.keys]
    flag = column(IS_TOTAL) if plan.totals else None
    values = {leaf.name: _regrouped(leaf) if regroup else column(leaf.name) for leaf in leaves}
    grouped = select([], table(source))
    if regroup:
        group_by_position(grouped, len(plan.keys))
        if flag is not None and grouped.args.get("group") is not None:
            grouped.args["group"].append("expressions", column(IS_TOTAL))
    else:
        where(grouped, sources[0].shown)
    if not plan.broadcasts and not plan.knowns:
        return _finish(plan, Draft(grouped, keys, values, flag, "having" if regroup else "where"))
    if regroup:
        found = [named(value, name) for name, value in values.items()]
        total = [column(IS_TOTAL)] if plan.totals else []
        grouped.set("expressions", [*keys, *total, *found])
        source = ctes.add("groups", grouped)
    broadcasts = [source for base, scan in bases[len(plan.scans) :] for source in stage.sources(base, scan)]
    return _broadcast(plan, source, broadcasts, ctes)


def _broadcast(plan: Plan, source: str, broadcasts: list[Source], ctes: Ctes) -> exp.Select:
    """Look the values of coarser scans up for every group, and whether the data had begun."""
    joined = select([], table(source))
    values: dict[str, exp.Expr] = {leaf.name: column(leaf.name, source) for leaf in _leaves(plan.scans)}
    for found in broadcasts:
        shared = [*(key.name for key in found.keys), *([IS_TOTAL] if found.totals and found.keys else [])]
        if not shared:
            cross_join(joined, table(found.name))
        else:
            same = [exp.NullSafeEQ(this=column(key, source), expression=column(key, found.name)) for key in shared]
            left_join(joined, table(found.name), exp.and_(*same, copy=False))
        values |= {leaf.name: _or_zero(leaf, column(leaf.name, found.name)) for leaf in found.leaves}
    keys: list[exp.Expr] = [column(key.name, source) for key in plan.keys]
    for known in plan.knowns:
        begins = ctes.add(f"{known.dataset.name}_begins", _begins(known))
        cross_join(joined, table(begins))
        ended = whole_end(known.frames) if known.frames else date_literal(known.end)
        for key in list(ended.find_all(exp.Column)):
            key.set("table", exp.to_identifier(source))
        values[known.name] = exp.Paren(this=exp.GT(this=ended, expression=column("began", begins)))
    return _finish(plan, Draft(joined, keys, values, column(IS_TOTAL, source) if plan.totals else None, "where"))


def _begins(known: Known) -> exp.Select:
    """When the data of a clock begin."""
    below_day = known.frames is not None and known.frames.key.grain not in DAY_GRAINS
    began = to_local(known.began, "UTC") if below_day else known.began.at("day")
    return select([named(began, "began")], source_of(known.dataset, known.dataset.name))


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


def _finish(plan: Plan, draft: Draft) -> exp.Select:
    """Compute the outputs, then apply having, order and limit."""
    query, flag = draft.query, draft.is_total
    expressions = [aliased(value, key.name) for key, value in zip(plan.keys, draft.keys, strict=True)]
    expressions += [aliased(_with_leaves(output.value, plan, draft), output.name) for output in plan.outputs]
    if flag is not None:
        expressions.append(aliased(flag.copy(), IS_TOTAL))
    if plan.having is not None:
        condition = _with_leaves(plan.having, plan, draft)
        if flag is not None:
            condition = exp.Or(this=flag.copy(), expression=wrap(condition))
        query.set(draft.clause, (exp.Having if draft.clause == "having" else exp.Where)(this=condition))
    query.set("expressions", expressions)
    return query


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


def _regrouped(leaf: Leaf) -> exp.Expr:
    """A leaf has at most one value in a group; MAX picks it whatever its type."""
    return _or_zero(leaf, exp.Max(this=column(leaf.name)))


def _or_zero(leaf: Leaf, value: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=value, expressions=[exp.Literal.number(0)]) if leaf.counts else value


def _with_leaves(tree: exp.Expr, plan: Plan, draft: Draft) -> exp.Expr:
    """A tree with the values of leaves and keys in the places of their columns."""
    keys = {key.name: value for key, value in zip(plan.keys, draft.keys, strict=True)}

    def meaning(found: exp.Column) -> exp.Expr:
        if found.table == KEY:
            return keys[found.name].copy()
        return draft.values[found.name].copy() if found.table in (LEAF, KNOWN) else found

    return replace_columns(tree.copy(), meaning)


def _leaves(scans: tuple[Scan, ...]) -> list[Leaf]:
    return [leaf for scan in scans for leaf in scan.leaves]
