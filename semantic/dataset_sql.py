"""A dataset's own SQL is DuckDB's, and so is the way it reads files: what of it is known to mean the same elsewhere.

Translating is no proof: of what sqlglot carries over, a third gave other rows when it was run. So what stands here was
run on both engines, and the rest is refused where the SQL of another dialect is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from sqlglot import exp

from semantic.errors import Diagnostic, QueryError, listing
from semantic.model import Dataset, Model
from semantic.places import value_place
from semantic.plan import Plan
from semantic.scan_select import parse_dataset_sql

_QUERIES = (
    *(exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Qualify),
    *(exp.Join, exp.With, exp.CTE, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.Exists, exp.Distinct),
    *(exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star),
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between)
_VALUES = (
    *(exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Like),
    *_COMPARISONS,
    *(exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.DPipe, exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam),
    *(exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Abs, exp.Lower, exp.Upper, exp.Length),
    *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Interval, exp.Var),
)
_AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Filter)
_WINDOWS = (exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)
_SAME = frozenset((*_QUERIES, *_VALUES, *_AGGREGATES, *_WINDOWS))
_NUMBERS = (
    *(exp.Mul, exp.Neg, exp.Abs, exp.Sum, exp.Count, exp.Length, exp.Year, exp.Quarter, exp.Month, exp.Day),
    *(exp.RowNumber, exp.Rank, exp.DenseRank),
)
_LONGEST = 50
_UNITS = frozenset(("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"))
_TEXT_FILES = (".csv", ".json", ".ndjson")
_CASTS = frozenset(
    exp.DataType.build(name, dialect="duckdb").this for name in ("double", "text", "boolean", "date", "timestamp")
)
_KINDS = {
    **{exp.DataType.build(name, dialect="duckdb").this: name for name in ("text", "boolean", "date", "timestamp")},
    **dict.fromkeys((exp.DType.DOUBLE, exp.DType.DECIMAL), "number"),
}


def check_sources(model: Model, plan: Plan, dialect: str) -> None:
    """Raise QueryError where the rows of a dataset may be others in another dialect than DuckDB's."""
    scans = plan.all_scans
    used = [dataset for scan in scans for dataset in (scan.dataset, *(lookup.dataset for lookup in scan.lookups))]
    by_name = {dataset.name: dataset for dataset in used}
    wrong = [found for dataset in by_name.values() if (found := _mistake(model, dataset, dialect)) is not None]
    if wrong:
        raise QueryError(*wrong)


def _mistake(model: Model, dataset: Dataset, dialect: str) -> Diagnostic | None:
    at = f"datasets.{dataset.name}"
    if dataset.sql is not None and (parts := differing_parts(parse_dataset_sql(dataset.sql))):
        message = f"the SQL of dataset '{dataset.name}' may mean something else in {dialect}: {listing(parts)}"
        hint = "name a view of that target by table:, or say it by expressions of dimensions and metrics"
        return Diagnostic("E325", message, value_place(model, at, "sql"), hint)
    if str(dataset.table).lower().endswith(_TEXT_FILES):
        message = (
            f"the files of dataset '{dataset.name}' are read in another way by {dialect}: their header, their types"
        )
        hint = "name a table of that target, or Parquet files"
        return Diagnostic("E325", message, value_place(model, at, "table"), hint)
    return None


def differing_parts(query: exp.Query) -> list[str]:
    """What may mean something else outside DuckDB, each once, as DuckDB writes it."""
    return list(dict.fromkeys(_differing(query)))


def _differing(node: exp.Expr) -> Iterator[str]:
    """The outermost ones."""
    if type(node) in _SAME and _is_plain(node):
        for child in node.iter_expressions():
            yield from _differing(child)
    else:
        yield _shown(node)


def _is_plain(node: exp.Expr) -> bool:
    """Whether nothing is said of a node that would not be heard, or be heard in another way."""
    match node:
        case exp.Cast():  # to whole numbers it rounds in DuckDB and cuts elsewhere
            kind = node.to
            return kind.this in _CASTS or (kind.this == exp.DType.DECIMAL and len(kind.expressions) == 2)
        case exp.Join():
            return not node.method and node.kind in ("", "INNER", "OUTER", "CROSS")
        case exp.Distinct():
            return not node.args.get("on") and (not isinstance(node.parent, exp.Count) or len(node.expressions) == 1)
        case exp.Interval():  # a date and an interval make a time or a date, which only a comparison takes alike
            moves = isinstance(node.parent, exp.Add | exp.Sub) and isinstance(node.parent.parent, _COMPARISONS)
            return moves and node.name.isdecimal() and node.text("unit").upper().removesuffix("S") in _UNITS
        case exp.Var():
            return isinstance(node.parent, exp.Interval)
        case exp.Greatest() | exp.Least():
            return bool(node.expressions)
        case exp.Star():
            return not (node.args.get("replace") or node.args.get("rename"))
        case exp.SetOperation():  # where types differ, one engine makes text of numbers and the other numbers of text
            return not node.args.get("by_name") and all(map(_is_of_one_kind, zip(*_columns(node), strict=False)))
        case exp.In() if node.args.get("query") is not None:
            return _only_filters(node)
        case _:
            return True


def _only_filters(found: exp.In) -> bool:
    """Whether rows are kept or left out by it: as a value it is NULL in one engine and false in the other."""
    within = list(takewhile(lambda node: not isinstance(node, exp.Where | exp.Having), _ancestors(found)))
    is_plain = all(isinstance(node, exp.And | exp.Or | exp.Not | exp.Paren) for node in within)
    kinds = {type(node) for node in within}
    return is_plain and not kinds >= {exp.Not, exp.Or}


def _ancestors(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield node


def _columns(query: exp.Expr) -> Iterator[list[exp.Expr]]:
    """What each of the queries selects that a set operation puts together."""
    match query:
        case exp.SetOperation():
            yield from _columns(query.this)
            yield from _columns(query.expression)
        case exp.Subquery() | exp.Paren():
            yield from _columns(query.this)
        case exp.Select():
            yield query.expressions


def _is_of_one_kind(values: tuple[exp.Expr, ...]) -> bool:
    kinds = {_kind(value) for value in values} - {"null"}
    return len(kinds) <= 1 and None not in kinds


def _kind(value: exp.Expr) -> str | None:
    """The kind of a value as far as its text shows it; None where only the data know."""
    match value:
        case exp.Alias() | exp.Paren() | exp.Filter() | exp.Window():
            return _kind(value.this)
        case exp.Null():
            return "null"
        case exp.Cast(to=kind):
            return _KINDS.get(kind.this)
        case exp.Literal():
            return "text" if value.is_string else "number"
        case exp.Case():
            branches = [branch.args["true"] for branch in value.args["ifs"]]
            found = {_kind(each) for each in (*branches, value.args.get("default") or exp.Null())} - {"null"}
            return found.pop() if len(found) == 1 else None
        case exp.DPipe() | exp.Lower() | exp.Upper():
            return "text"
        case exp.Predicate() | exp.Boolean() | exp.Not() | exp.And() | exp.Or():
            return "boolean"
        case exp.Add() | exp.Sub():
            return "number" if "number" in (_kind(value.this), _kind(value.expression)) else None
    return "number" if isinstance(value, _NUMBERS) else None


def _shown(node: exp.Expr) -> str:
    if isinstance(node, exp.SetOperation):
        return "UNION … BY NAME" if node.args.get("by_name") else "UNION and the like, unless each column is cast"
    text = " ".join(node.sql(dialect="duckdb").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
