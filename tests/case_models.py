"""A case as the naive evaluator reads it: its YAML and tables as the evaluator's own shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from tests import reference
from tests.case_files import Case
from tests.cases import answer_of, database
from tests.reference import Calendar, Dataset, Dimension, Expr, Join, Metric, Model, Offset, Part, Query, Row

Shape = dict[Any, Any]  # of a part of the YAML

OPERATORS: dict[type[exp.Expr], str] = {
    exp.And: "and", exp.Or: "or", exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/",
}  # fmt: skip
SETTINGS = ("time_zone", "week_start", "fiscal_year_start")


class Unread(Exception):
    """The case uses what this reader does not know."""


def model_of(case: Case) -> Model:
    files = [yaml.safe_load(text) for _, text in case.texts]
    project, content = files[0], files[1]
    segments = {name: expression(shape["filter"]) for name, shape in content.get("segments", {}).items()}
    return Model(
        {name: _dataset(case, name, shape) for name, shape in content["datasets"].items()},
        {name: _metric(name, shape) for name, shape in content.get("metrics", {}).items()},
        segments=segments,
        calendars={name: _calendar(case, name, shape) for name, shape in content.get("calendars", {}).items()},
        **{key: project[key] for key in SETTINGS if key in project},
    )


def query_of(case: Case) -> Query:
    segments = yaml.safe_load(dict(case.texts)["metrics/model.yml"]).get("segments", {})
    known: dict[str, Any] = {
        key: expression(value) if key in ("where", "having") else value for key, value in case.query
    }
    return Query(**known if "where" not in known else known | {"where": _with_segments(known["where"], segments)})


def _with_segments(expr: Expr, segments: Mapping[str, object]) -> Expr:
    if expr[0] == "name":
        return ("segment", expr[1]) if expr[1] in segments else expr
    return tuple(_with_segments(part, segments) if isinstance(part, tuple) else part for part in expr)


# -- expressions ---------------------------------------------------------------------------------------------


def expression(text: str) -> Expr:
    """The few forms that conditions of calendars have."""
    return _expression(sqlglot.parse_one(str(text), dialect="duckdb"))


def _expression(node: exp.Expr) -> Expr:
    match node:
        case exp.Paren():
            return _expression(node.this)
        case exp.Column():
            return ("name", ".".join(part.name for part in node.parts))
        case exp.Null():
            return ("lit", None)
        case exp.Boolean():
            return ("lit", bool(node.this))
        case exp.Literal():
            return ("lit", node.this if node.is_string else int(node.this))
        case exp.Not(this=exp.Is() as inner):
            return ("is not null", _expression(inner.this))
        case exp.Not():
            return ("not", _expression(node.this))
        case exp.Is(expression=exp.Null()):
            return ("is null", _expression(node.this))
        case exp.Between():
            return ("between", *(_expression(node.args[key]) for key in ("this", "low", "high")))
    if type(node) not in OPERATORS:
        raise Unread(node.sql())
    return (OPERATORS[type(node)], _expression(node.this), _expression(node.expression))


# -- datasets and calendars ----------------------------------------------------------------------------------


def _rows(case: Case, shape: Shape) -> tuple[Row, ...]:
    """The rows of a table or of SQL over the tables."""
    source = f"({shape['sql']})" if "sql" in shape else shape["table"]
    found = answer_of(database(case.tables, ()).execute(f"FROM {source}").to_arrow_table())
    return tuple(dict(zip(found.columns, row, strict=True)) for row in found.rows)


def _calendar(case: Case, name: str, shape: Shape) -> Calendar:
    periods, dimensions = _columns(shape.get("periods", {})), _columns(shape.get("dimensions", {}))
    return Calendar(name, _rows(case, shape), shape["date"], periods, dimensions)


def _columns(shapes: Mapping[str, Any]) -> dict[str, str]:
    return {name: shape if isinstance(shape, str) else shape["column"] for name, shape in shapes.items()}


def _dataset(case: Case, name: str, shape: Shape) -> Dataset:
    key = shape["primary_key"]
    types = {table.name: dict(table.columns) for table in case.tables}
    return Dataset(
        name,
        types[shape["table"]],
        _rows(case, shape),
        (key,) if isinstance(key, str) else tuple(key),
        shape.get("time"),
        tuple(Join(join, each.get("dataset", join), (each[True],)) for join, each in shape.get("joins", {}).items()),
        tuple(Dimension(each, **(said or {})) for each, said in shape.get("dimensions", {}).items()),
    )


# -- metrics -------------------------------------------------------------------------------------------------


def _metric(name: str, shape: Shape) -> Metric:
    said = {"as_" if key == "as" else key: _said(key, value) for key, value in shape.items()}
    kind = said.pop("type", "simple")
    found: Metric = TYPES[kind](name, **said)
    return found


def _said(key: str, value: Any) -> Any:
    match key, value:
        case (("expr" | "filter"), _):
            return expression(value)
        case "window", _:
            return _length(value)
        case "offset", _:
            return _offset(value)
        case (("numerator" | "denominator"), _):
            return Part(value) if isinstance(value, str) else Part(value["metric"], tuple(value["ignore"]))
        case _, list():
            return tuple(value)
    return value


def _length(text: str) -> tuple[int, str]:
    count, unit = text.split()
    return int(count), unit.removesuffix("s")


def _offset(text: str) -> Offset:
    if text == "previous period":
        return Offset("previous")
    if text.startswith("start of "):
        return Offset("start", unit=text.removeprefix("start of "))
    count, unit = _length(text)
    return Offset("periods", count) if unit == "period" else Offset("unit", count, unit)


TYPES: dict[str, Any] = {
    "simple": reference.Simple,
    "ratio": reference.Ratio,
    "derived": reference.Derived,
    "rolling": reference.Rolling,
    "cumulative": reference.Cumulative,
    "to_date": reference.ToDate,
    "comparison": reference.Comparison,
    "per": reference.Per,
    "share": reference.Share,
    "rank": reference.Rank,
    "moving_average": reference.MovingAverage,
    "semi_additive": reference.SemiAdditive,
}
