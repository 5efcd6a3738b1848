"""Small builders of SQL trees that `lower` and `spine` share."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlglot import exp

IS_TOTAL = "is_total"
IS_COMPLETE = "is_complete"


def column(name: str, table: str | None = None) -> exp.Expr:
    """A column by its name in the result."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(table) if table else None)


def interval(count: int, unit: str) -> exp.Expr:
    """`INTERVAL '3' MONTH`."""
    return exp.Interval(this=exp.Literal.string(str(count)), unit=exp.Var(this=unit.upper()))


def unused(name: str, taken: Collection[str]) -> str:
    """A name that differs from all others by more than case, which engines do not tell apart."""
    others = {other.lower() for other in taken}
    while name.lower() in others:
        name += "_"
    return name


def named(value: exp.Expr, name: str) -> exp.Expr:
    """`value AS name`."""
    return exp.Alias(this=value, alias=exp.to_identifier(name))


def aliased(value: exp.Expr, name: str) -> exp.Expr:
    """`value AS name`, or the bare column where it has that name already."""
    return value if isinstance(value, exp.Column) and value.name == name else named(value, name)


def select(expressions: Iterable[exp.Expr], source: exp.Expr | None = None) -> exp.Select:
    """`SELECT … [FROM source]`."""
    found = exp.Select(expressions=list(expressions))
    if source is not None:
        found.set("from_", exp.From(this=source))
    return found


def table(name: str) -> exp.Expr:
    """A CTE by name."""
    return exp.Table(this=exp.to_identifier(name))


def subquery(query: exp.Query, name: str) -> exp.Expr:
    """`(query) AS name`."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))


def where(query: exp.Select, conditions: Iterable[exp.Expr]) -> exp.Select:
    """Add conditions that must all hold."""
    found = [condition.copy() for condition in conditions]
    if found:
        query.set("where", exp.Where(this=exp.and_(*found, copy=False)))
    return query


def group_by_position(query: exp.Select, count: int) -> exp.Select:
    """`GROUP BY 1, 2, …`: positions, because a name could be a column of the table as well."""
    if count:
        query.set("group", exp.Group(expressions=[exp.Literal.number(at + 1) for at in range(count)]))
    return query


def union_all(queries: list[exp.Select]) -> exp.Query:
    """The queries one below the other."""
    found: exp.Query = queries[0]
    for query in queries[1:]:
        found = exp.Union(this=found, expression=query, distinct=False)
    return found


def cross_join(query: exp.Select, source: exp.Expr) -> exp.Select:
    """`CROSS JOIN source`."""
    query.append("joins", exp.Join(this=source, kind="CROSS"))
    return query


def left_join(query: exp.Select, source: exp.Expr, on: exp.Expr) -> exp.Select:
    """`LEFT JOIN source ON …`."""
    query.append("joins", exp.Join(this=source, side="LEFT", on=on))
    return query


def join(query: exp.Select, source: exp.Expr, on: exp.Expr) -> exp.Select:
    """`JOIN source ON …`."""
    query.append("joins", exp.Join(this=source, on=on))
    return query


def window(name: str, partition: list[exp.Expr], order: list[exp.Expr], *arguments: exp.Expr) -> exp.Expr:
    """`NAME(arguments) OVER (PARTITION BY partition ORDER BY order)`."""
    call = exp.Anonymous(this=name.upper(), expressions=list(arguments))
    ordered = exp.Order(expressions=[exp.Ordered(this=each, nulls_first=False) for each in order])
    return exp.Window(this=call, partition_by=partition, order=ordered if order else None)
