"""A dataset's own SQL is DuckDB's, and so is the way it reads files: what of it is known to mean the same elsewhere.

Translating is no proof: of what sqlglot carries over, a third gave other rows when it was run. So what stands here was
run on both engines, and the rest is refused where the SQL of another dialect is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

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
_LONGEST = 50
_UNITS = frozenset(("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"))
_TEXT_FILES = (".csv", ".json", ".ndjson")
_CASTS = frozenset(
    exp.DataType.build(name, dialect="duckdb").this for name in ("double", "text", "boolean", "date", "timestamp")
)


def check_sources(model: Model, plan: Plan, dialect: str) -> None:
    """Raise QueryError where the rows of a dataset may be others in another dialect than DuckDB's."""
    scans = (*plan.scans, *plan.broadcasts)
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
        case exp.SetOperation():
            return not node.args.get("by_name")
        case _:
            return True


def _shown(node: exp.Expr) -> str:
    if isinstance(node, exp.SetOperation):
        return "UNION … BY NAME"
    text = " ".join(node.sql(dialect="duckdb").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
