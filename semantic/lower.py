"""Plan → one sqlglot statement, the same for every dialect.

One scan without gaps to fill is one SELECT. Otherwise each scan is a CTE, all of them (and the spine's empty cells) are
put below each other with UNION ALL and grouped again: a chain of FULL JOINs would split groups at NULL keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from semantic.complete_select import Edges, is_complete, reached_select
from semantic.expressions import date_literal, replace_columns, wrap
from semantic.framing import whole_end
from semantic.periods import DAY_GRAINS
from semantic.plan import Frames, Key, Known, Leaf, Nested, Output, Plan, Scan, Sort, TopValues
from semantic.resolve import is_ranked
from semantic.scan_select import aggregate, grouped_rows, table_names, total_flag
from semantic.spine import begins_select
from semantic.stages import Answer, Ctes, Source, Stage
from semantic.tops import is_last, top_select
from semantic.trees import (
    IS_COMPLETE,
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
from semantic.wanted import KEY, KNOWN, LEAF

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
    if plan.top is not None:
        _add_top(plan.top, ctes)
    if plan.total is None and plan.totals and not plan.keys:
        return ctes.attach(_single_row_and_total(plan, ctes))
    bare = replace(plan, completeness=None)
    if plan.total is not None:
        found = _above_total(bare, plan.total, ctes)
    else:
        found = _answer(bare, ctes, plan.totals and not totals_nothing)
    return ctes.attach(_ordered_and_limited(plan, _completed(plan, found, ctes)))


def _completed(plan: Plan, query: exp.Select, ctes: Ctes) -> exp.Select:
    """The rows with what says whether their periods are complete, or those alone of which it is so."""
    completeness = plan.completeness
    if completeness is None:
        return query
    answer = ctes.add("answer", query)
    shared = [*(key.name for key in plan.keys), *(output.name for output in plan.outputs)]
    until = unused("reached", _result_columns(plan))
    found = select([], table(answer))
    edges = Edges()
    for each in completeness.reached:
        name = ctes.add(f"{each.dataset.name}_reached", reached_select(each, completeness, until))
        cross_join(found, table(name))
        edges.reached.append(column(until, name))
    for first in completeness.begun:
        name = ctes.add(f"{first.dataset.name}_begins", begins_select((first,), completeness.below_day))
        cross_join(found, table(name))
        edges.begun.append(column("began", name))
    flag = column(IS_TOTAL, answer) if plan.totals else None
    value = is_complete(completeness, answer, edges, flag)
    marks = [named(value, IS_COMPLETE)] if completeness.shown else []
    marks += [column(IS_TOTAL, answer)] if plan.totals else []
    found.set("expressions", [*(column(name, answer) for name in shared), *marks])
    if completeness.only:
        where(found, [value if flag is None else exp.Paren(this=exp.Or(this=flag.copy(), expression=value.copy()))])
    return found


def _tables(plan: Plan) -> Iterator[str]:
    """Every name that a CTE would shadow."""
    for scan in plan.all_scans:
        yield from table_names(scan)


def _add_top(top: TopValues, ctes: Ctes) -> None:
    """The CTE of the first values, under the name by which scans know it."""
    ctes.taken.add(top.name)
    values = ctes.add(f"{top.name}_values", _answer(top.plan, ctes))
    ctes.found.append((top.name, top_select(top, values)))


def _answer(plan: Plan, ctes: Ctes, needs_total: bool = False) -> exp.Select:
    """The rows of a plan, in no order."""
    return _made(plan, ctes, needs_total)[0]


def _made(plan: Plan, ctes: Ctes, needs_total: bool = False) -> Answer:
    """The rows of a plan, and the CTEs of the rows that they are made of."""
    (first, *others) = plan.scans
    alone = not (others or plan.spine or plan.broadcasts or plan.knowns or needs_total or is_ranked(plan))
    if alone and _is_counted(plan) and isinstance(first, Scan) and not first.flat:
        return _direct(plan, first), ()
    stage = Stage(plan, ctes, _made, _staged)
    return _staged(stage, needs_total), stage.bases


def _is_counted(plan: Plan) -> bool:
    """Whether a SELECT of the outputs makes groups, or the one row, by itself."""
    return bool(plan.keys) or any(output.value.find(exp.Column) for output in plan.outputs)


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


def _staged(stage: Stage, needs_total: bool = False) -> exp.Select:
    """Scans, their union with the filled gaps, one more grouping, broadcast values: only the stages that are needed."""
    plan, ctes = stage.plan, stage.ctes
    sources = [source for scan in plan.scans for source in stage.sources(scan)]
    leaves = list({leaf.name: leaf for source in sources for leaf in source.leaves}.values())
    regroup = len(sources) > 1 or plan.fill or needs_total
    source = stage.united(sources, leaves, needs_total) if regroup else sources[0].name
    keys: list[exp.Expr] = [column(key.name) for key in plan.keys]
    flag = column(IS_TOTAL) if plan.totals else None
    values = {leaf.name: _regrouped(leaf) if regroup else _or_zero(leaf, leaf.value.copy()) for leaf in leaves}
    grouped = select([], table(source))
    if regroup:
        group_by_position(grouped, len(plan.keys))
        if flag is not None and grouped.args.get("group") is not None:
            grouped.args["group"].append("expressions", column(IS_TOTAL))
    else:
        where(grouped, sources[0].shown)
    broadcasts = stage.broadcasts()
    apart = is_ranked(plan) or not _is_counted(plan)
    if not (broadcasts or plan.knowns or apart):
        return _finish(plan, Draft(grouped, keys, values, flag, "having" if regroup else "where"))
    if regroup or apart or not all(map(_is_itself, leaves)):
        found = [named(value, name) for name, value in values.items()]
        total = [column(IS_TOTAL)] if plan.totals else []
        grouped.set("expressions", [*keys, *total, *found])
        source = ctes.add("groups", grouped)
    return _broadcast(plan, source, leaves, broadcasts, ctes)


def _is_itself(leaf: Leaf) -> bool:
    """Whether a leaf's column has its name already: of two that are the same one is the other's."""
    return isinstance(leaf.value, exp.Column) and leaf.value.name == leaf.name


def _broadcast(plan: Plan, source: str, leaves: list[Leaf], broadcasts: list[Source], ctes: Ctes) -> exp.Select:
    """Look the values of coarser scans up for every group, and whether the data had begun."""
    joined = select([], table(source))
    values: dict[str, exp.Expr] = {leaf.name: column(leaf.name, source) for leaf in leaves}
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
        begins = ctes.add(f"{known.began.dataset.name}_begins", begins_select((known.began,), _is_below_day(known)))
        cross_join(joined, table(begins))
        values[known.name] = exp.Paren(this=exp.GT(this=_ended(known, source), expression=column("began", begins)))
    for nested in (each for each in (*plan.scans, *plan.broadcasts) if isinstance(each, Nested)):
        values[nested.leaf] = _or_nothing(nested, values)
    return _finish(plan, Draft(joined, keys, values, column(IS_TOTAL, source) if plan.totals else None, "where"))


def _is_below_day(known: Known) -> bool:
    return isinstance(known.ended, Frames) and known.ended.key.grain not in DAY_GRAINS


def _ended(known: Known, source: str) -> exp.Expr:
    """Where the period ends that is compared with."""
    if not isinstance(known.ended, Frames):
        return date_literal(known.ended)
    found = whole_end(known.ended)
    for key in list(found.find_all(exp.Column)):
        key.set("table", exp.to_identifier(source))
    return found


def _or_nothing(nested: Nested, values: Values) -> exp.Expr:
    """The inner values put together; without any row those of nothing, one for each inner period."""
    value, nothing = values[nested.leaf], nested.nothing
    if nothing is None:
        return value
    count = values[nested.counted].copy()
    several = exp.Literal.number(1 if nested.agg == "stddev" else 0)
    if nested.agg == "sum":
        nothing = exp.Mul(this=exp.paren(nothing, copy=False), expression=count.copy())
    elif nested.agg == "stddev":
        nothing = exp.Mul(this=exp.paren(nothing, copy=False), expression=exp.Literal.number(0))
    empty = exp.Case().when(exp.GT(this=count, expression=several), nothing)
    return exp.Coalesce(this=value, expressions=[empty])


def _single_row_and_total(plan: Plan, ctes: Ctes) -> exp.Select:
    """Without keys the total repeats the one row; `having` decides about the row, never about the total."""
    passing = unused("passes", [output.name for output in plan.outputs])
    passes = (Output(passing, plan.having),) if plan.having is not None else ()
    bare = replace(plan, totals=False, having=None, order=(), limit=None, outputs=(*plan.outputs, *passes))
    bare = replace(bare, completeness=None)
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
    found = _completed(plan, found, ctes)
    found.set("order", exp.Order(expressions=[_ordered(IS_TOTAL, False)]))
    return found


def _without_totals(scans: tuple[Scan | Nested, ...]) -> tuple[Scan | Nested, ...]:
    return tuple(replace(scan, totals=False) if isinstance(scan, Scan) else scan for scan in scans)


def _finish(plan: Plan, draft: Draft) -> exp.Select:
    """Compute the outputs, and keep what `having` lets pass: after all groups that an output may look at."""
    query, flag = draft.query, draft.is_total
    expressions = [aliased(value, key.name) for key, value in zip(plan.keys, draft.keys, strict=True)]
    expressions += [aliased(_with_leaves(output.value, plan, draft), output.name) for output in plan.outputs]
    if plan.seen:
        expressions.append(aliased(draft.values[plan.seen].copy(), plan.seen))
    if flag is not None:
        expressions.append(aliased(flag.copy(), IS_TOTAL))
    if plan.having is not None:
        condition = _with_leaves(plan.having, plan, draft)
        if is_ranked(plan):
            passing = unused("passes", [key.name for key in plan.keys] + [output.name for output in plan.outputs])
            query.set("expressions", [*expressions, named(exp.paren(condition, copy=False), passing)])
            return where(select(map(column, _result_columns(plan)), subquery(query, "ranked")), [column(passing)])
        if flag is not None:
            condition = exp.Or(this=flag.copy(), expression=wrap(condition))
        query.set(draft.clause, (exp.Having if draft.clause == "having" else exp.Where)(this=condition))
    query.set("expressions", expressions)
    return query


def _ordered_and_limited(plan: Plan, query: exp.Select) -> exp.Select:
    names = {sort.name for sort in plan.order}
    sorts = [*plan.order, *(Sort(key.name) for key in plan.keys if key.name not in names)]
    ranks = {key.name: found for key in plan.keys for found in [_ranks(key, key.name in names)] if found}
    by = [node for sort in sorts for node in _ordered_by(sort, ranks.get(sort.name, []))]
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
    marks = [IS_COMPLETE] if plan.completeness is not None and plan.completeness.shown else []
    marks += [IS_TOTAL] if plan.totals else []
    return [*(key.name for key in plan.keys), *(output.name for output in plan.outputs), *marks]


def _limited(query: exp.Select, by: list[exp.Expr], limit: int | None) -> exp.Select:
    if by:
        query.set("order", exp.Order(expressions=by))
    if limit is not None:
        query.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return query


def _ranks(key: Key, is_asked_for: bool) -> list[exp.Expr]:
    """What orders the values of a key before they do."""
    last = [] if key.last is None or is_asked_for else [is_last(key.name, key.last)]
    return [*last, *([key.rank] if key.rank is not None else [])]


def _ordered_by(sort: Sort, ranks: list[exp.Expr]) -> list[exp.Expr]:
    return [*(_ordered_value(rank, sort.descending) for rank in ranks), _ordered(sort.name, sort.descending)]


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
