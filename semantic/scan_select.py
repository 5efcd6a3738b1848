"""A scan as SQL: FROM, lookups, WHERE, GROUP BY and the aggregates over the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp

from semantic.calendars import DATE, Days
from semantic.expressions import call, text
from semantic.joins import key_columns
from semantic.model import Dataset
from semantic.plan import Lookup, Measure, Scan
from semantic.seen import Seen
from semantic.tops import TOP_VALUE
from semantic.trees import (
    IS_TOTAL,
    aliased,
    column,
    group_by_position,
    left_join,
    named,
    select,
    subquery,
    table,
    where,
    window,
)

_TABLE_NAME = re.compile(r'(?:\w+|"[^"]+")(?:\.(?:\w+|"[^"]+")){0,2}')
_FILES = (".parquet", ".csv", ".json", ".ndjson")
_QUERY_WORDS = ("select", "with", "from", "values", "pivot", "unpivot", "(")


def scan_select(scan: Scan) -> exp.Select:
    """A scan as a query of its own: its keys, whether the row is the total, its measures."""
    query = grouped_rows(scan)
    keys = [aliased(group.copy(), key.name) for key, group in zip(scan.keys, scan.groups, strict=True)]
    if scan.flat:
        values = [named(measure.aggregate.copy(), measure.name) for measure in scan.measures]
        query.set("expressions", [*keys, *values])
        return query
    flag = total_flag(scan)
    total = [named(flag, IS_TOTAL)] if flag is not None else []
    query.set("expressions", [*keys, *total, *(named(aggregate(m), m.name) for m in scan.measures)])
    return query


def grouped_rows(scan: Scan) -> exp.Select:
    """FROM, lookups, WHERE and GROUP BY of a scan; what is selected comes later, keys first."""
    query = select([], source_of(scan.dataset, scan.dataset.name))
    for lookup in scan.lookups:
        left_join(query, source_of(lookup.dataset, lookup.alias), lookup_condition(lookup))
    for each in scan.gathered:
        same = exp.NullSafeEQ(this=column(TOP_VALUE, each.top), expression=each.value.copy())
        left_join(query, table(each.top), same)
    where(query, scan.where)
    if scan.flat:
        return query
    if scan.totals and scan.keys:
        groups = exp.Tuple(expressions=[group.copy() for group in scan.groups])
        sets = exp.GroupingSets(expressions=[groups, exp.Tuple(expressions=[])])
        query.set("group", exp.Group(grouping_sets=[sets]))
        return query
    return group_by_position(query, len(scan.keys))


def lookup_condition(lookup: Lookup) -> exp.Expr:
    """The condition under which a looked-up row is the partner."""
    pairs = zip(key_columns(lookup.dataset), lookup.keys, strict=True)
    parts: list[exp.Expr] = [exp.EQ(this=column(key, lookup.alias), expression=value.copy()) for key, value in pairs]
    parts.extend(condition.copy() for condition in lookup.holds)
    return exp.and_(*parts, copy=False)


def total_flag(scan: Scan) -> exp.Expr | None:
    if not scan.totals or not scan.keys:
        return None
    grouping = exp.Anonymous(this="GROUPING", expressions=[scan.groups[0].copy()])
    return exp.EQ(this=grouping, expression=exp.Literal.number(1))


def aggregate(measure: Measure) -> exp.Expr:
    value = measure.aggregate.copy()
    if measure.filter is None:
        return value
    if not isinstance(value, exp.Case):
        return _filtered(value, measure.filter)
    for part in list(value.find_all(exp.AggFunc)):
        part.replace(_filtered(part.copy(), measure.filter))
    return value


def _filtered(value: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=value, expression=exp.Where(this=condition.copy()))


def scan_name(scan: Scan) -> str:
    """`activity_by_month_and_gender`."""
    keys = [key.name.rsplit(".", 2)[-1] if "." in key.name else key.name for key in scan.keys]
    by = f"_by_{'_and_'.join(keys[:3])}" if keys else "_total"
    return f"{scan.dataset.name}{by}"


def source_of(dataset: Dataset, alias: str) -> exp.Expr:
    """What stands in FROM for a dataset: its rows, of one that says when they were recorded those known at as-of."""
    if isinstance(dataset, Days):
        return subquery(_days(dataset), alias)
    if not isinstance(dataset, Seen):
        return _all_rows(dataset, alias)
    return subquery(where(select([exp.Star()], _all_rows(dataset, dataset.name)), [dataset.shows]), alias)


def _days(days: Days) -> exp.Select:
    """The dates of a calendar with what it says of each under its name; of a period the first date."""
    found = select([aliased(column(days.date), DATE)], _all_rows(days, days.name))
    for name, word in days.words.items():
        value: exp.Expr = column(word.column)
        if name in days.periods:
            first = window("min", [value.copy()], [], column(days.date))
            value = exp.Case().when(exp.Not(this=exp.Is(this=value, expression=exp.Null())), first)
        found.append("expressions", named(value, name))
    return found


def _all_rows(dataset: Dataset, alias: str) -> exp.Expr:
    if dataset.sql is not None:
        return subquery(parse_dataset_sql(dataset.sql).copy(), alias)
    name = str(dataset.table)
    found = _files(name) if _is_files(dataset) else _table(name).copy()
    if found.name != alias:
        found.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return found


def _files(pattern: str) -> exp.Expr:
    return exp.Table(this=call("files", text(pattern)))


@lru_cache(maxsize=512)
def _table(name: str) -> exp.Expr:
    if is_template(name):  # a model that is looked at without a target: the name is one, whatever it will be
        return exp.Table(this=exp.to_identifier(name, quoted=True))
    return exp.to_table(name, dialect="duckdb")


@lru_cache(maxsize=512)
def parse_dataset_sql(sql: str) -> exp.Query:
    """A dataset's own SELECT, written in DuckDB's SQL. Raises SqlglotError, or ValueError if it is no query."""
    first = next(iter(sqlglot.tokenize(sql, dialect="duckdb")), None)
    if first is None or first.text.lower() not in _QUERY_WORDS:  # sqlglot would say so in the log, too
        raise ValueError("one SELECT is expected here")
    parsed = sqlglot.parse(sql, dialect="duckdb")
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise ValueError("one SELECT is expected here")
    return parsed[0]


def table_names(scan: Scan) -> Iterator[str]:
    """Every name that a CTE would shadow."""
    for dataset, alias in ((scan.dataset, scan.dataset.name), *((look.dataset, look.alias) for look in scan.lookups)):
        yield alias.lower()
        if dataset.sql is not None:
            yield from (found.name.lower() for found in parse_dataset_sql(dataset.sql).find_all(exp.Table))
        elif not _is_files(dataset):
            yield _table(str(dataset.table)).name.lower()


def is_table_name(name: str) -> bool:
    """Whether a dataset's `table` can be one: files, or a name of at most three parts."""
    return name.lower().endswith(_FILES) or _TABLE_NAME.fullmatch(name) is not None


def is_template(text: str | None) -> bool:
    """Whether a text has something to be filled in."""
    return text is not None and ("{{" in text or "{%" in text or "{#" in text)


def _is_files(dataset: Dataset) -> bool:
    return str(dataset.table).lower().endswith(_FILES)
