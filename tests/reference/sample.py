"""A small model for the hand-written tests: visits, with a clock of instants, and days, with one of dates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.reference.evaluate import evaluate
from tests.reference.model import (
    Dataset,
    Derived,
    Dimension,
    Expr,
    Join,
    Metric,
    Model,
    Part,
    Query,
    Ratio,
    Row,
    Simple,
)

AS_OF = "2025-06-15 12:00"
COLUMNS = {"id": "BIGINT", "who": "BIGINT", "kind": "VARCHAR", "points": "BIGINT"}
POINTS: Expr = ("name", "points")
USERS = Dataset(
    "users",
    {"who": "BIGINT", "land": "VARCHAR"},
    ({"who": 1, "land": "th"}, {"who": 2, "land": "th"}, {"who": 3, "land": "de"}),
    ("who",),
    dimensions=(Dimension("land"),),
)
METRICS: tuple[Metric, ...] = (
    Simple("n", "visits", "count"),
    Simple("n0", "visits", "count", empty=0),
    Simple("people", "visits", "count_distinct", ("name", "who")),
    Simple("points", "visits", "sum", POINTS),
    Simple("points0", "visits", "sum", POINTS, empty=0),
    Simple("on_days", "days", "count"),
    Simple("points_on_days", "days", "sum", POINTS),
    Ratio("each", Part("points"), Part("n")),
    Ratio("of_all_kinds", Part("n"), Part("n", ("visits.kind",))),
    Derived("both", ("+", ("name", "n"), ("name", "on_days"))),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return at(text).replace(tzinfo=UTC)


def visit(time: str | None, who: int | None = 1, kind: str | None = "a", points: int | None = 1) -> Row:
    """Naive times are UTC."""
    return {"id": 0, "who": who, "kind": kind, "points": points, "time": at(time) if time else None}


def day(time: str | None, points: int | None = 1, kind: str | None = "a") -> Row:
    return {"id": 0, "who": 1, "kind": kind, "points": points, "time": at(time).date() if time else None}


def model(*rows: Row, days: tuple[Row, ...] = (), more: tuple[Metric, ...] = (), **changes: Any) -> Model:
    joins, kind = (Join("users", "users", ("who",)),), Dimension("kind")
    time, date = Dimension("time", "timestamp"), Dimension("time", "date")
    visits = Dataset("visits", {**COLUMNS, "time": "TIMESTAMP"}, rows, ("id",), "time", joins, (kind, time))
    dates = Dataset("days", {**COLUMNS, "time": "DATE"}, days, ("id",), "time", (), (kind, date))
    metrics = {metric.name: metric for metric in (*METRICS, *more)}
    return Model({"users": USERS, "visits": visits, "days": dates}, metrics, **changes)


def ask(model: Model, metrics: str, by: str = "", period: str | None = None, **parts: Any) -> list[tuple[Any, ...]]:
    as_of = utc(parts.pop("as_of", AS_OF))
    query = Query(tuple(metrics.split()), tuple(by.split()), period=period, **parts)
    return list(evaluate(model, query, as_of).rows)


def column(rows: list[tuple[Any, ...]], place: int = -1) -> list[Any]:
    return [row[place] for row in rows]
