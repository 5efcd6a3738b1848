"""Projects, results and deliveries for the tests of exporters: small, real, and as odd as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from exporters import Delivery, Destination, Export, load_exports
from semantic import Layer, Result
from semantic.compile import Column, compile_query
from semantic.load import load_texts
from semantic.model import Model
from semantic.source import Node, Source

AS_OF = datetime(2025, 4, 7, 0, 0, tzinfo=UTC)
PROJECT = "name: shop\ntime_zone: {zone}\n"
METRICS = """
datasets:
  activity:
    sql: |
      SELECT i AS activity_id, i % 17 AS user_id, TIMESTAMP '2025-01-01' + INTERVAL (i * 3) HOUR AS occurred_at,
        CASE i % 4 WHEN 0 THEN 'login' WHEN 1 THEN 'purchase' WHEN 2 THEN '=cmd()' END AS activity_type,
        (i % 13) * 1.37 AS amount
      FROM range(800) t(i)
    primary_key: activity_id
    time: occurred_at
    dimensions:
      amount: {type: number}
      activity_type: {label: Activity, description: What the user did.}
metrics:
  active_users:
    {dataset: activity, agg: count_distinct, expr: user_id, label: Active users, format: integer, owner: growth,
     description: Distinct users with at least one activity in the period.}
  activities: {dataset: activity, agg: count, format: integer}
  logins: {dataset: activity, agg: count, filter: activity_type = 'login'}
  login_share: {type: ratio, numerator: logins, denominator: activities, format: percent}
  spend: {dataset: activity, agg: sum, expr: amount, format: number}
"""
EXPORTS = """
exports:
  weekly:
    description: Are people coming back?
    owner: Growth team
    schedule: {cron: "0 7 * * mon", timezone: Asia/Bangkok}
    period: last 13 weeks
    queries:
      trend: {metrics: [active_users, activities, login_share, spend], by: [week], totals: true}
      kinds: {metrics: [active_users, spend], by: [activity_type, month], where: amount > 2, order: [spend desc]}
      hours: {metrics: [activities], by: [hour], period: 2025-03-30}
    to:
      - excel: {path: "drops/{{ export.name }}_{{ run.date }}.xlsx", title: "Engagement to {{ period.end }}"}
"""


def make_model(exports: str = EXPORTS, zone: str = "Europe/Berlin") -> Model:
    """A model of one dataset, with these exports."""
    shop = {"metrics/project.yml": PROJECT.format(zone=zone), "metrics/shop.yml": METRICS}
    loaded = load_texts({**shop, "metrics/exports.yml": exports})
    assert loaded.model is not None, loaded.diagnostics
    return loaded.model


def make_delivery(root: Path, exports: str = EXPORTS, zone: str = "Europe/Berlin") -> Delivery:
    """The delivery of the first export, its queries run."""
    model = make_model(exports, zone)
    export = next(iter(load_exports(model).values()))
    with Layer(model) as layer:
        results = {name: layer.run(query, as_of=AS_OF) for name, query in export.queries.items()}
    return Delivery(export, model, AS_OF, root, results)


@dataclass(frozen=True, slots=True)
class Made:
    """A delivery of one result that no query gave, and where it goes."""

    destination: Destination
    delivery: Delivery


@cache
def _plain(zone: str) -> tuple[Model, Export]:
    exports = "exports: {made: {queries: {made: {metrics: [activities]}}, to: [excel: {path: made.xlsx}]}}"
    model = make_model(exports, zone)
    return model, load_exports(model)["made"]


def make_result(columns: Sequence[Column], arrays: Sequence[Any], zone: str = "UTC") -> Result:
    """A result of these columns, whatever stands in them."""
    model, export = _plain(zone)
    compiled = compile_query(model, export.queries["made"], as_of=AS_OF)
    table = pa.table({column.name: array for column, array in zip(columns, arrays, strict=True)})
    return Result(table, replace(compiled, columns=tuple(columns)))


def deliver_result(root: Path, result: Result, **options: Any) -> Made:
    """What it takes to deliver a result as a workbook made.xlsx."""
    model, export = _plain(result.time_zone)
    (destination,) = export.destinations
    shaped = destination.options.model_copy(update=options)
    delivery = Delivery(export, model, AS_OF, root, {"made": result})
    return Made(replace(destination, options=shaped), delivery)


def metric(name: str = "value", **more: Any) -> Column:
    """A metric's column."""
    return Column(**{"name": name, "role": "metric", "label": name, **more})


def dimension(name: str = "group", **more: Any) -> Column:
    """A dimension's column."""
    return Column(**{"name": name, "role": "dimension", "label": name, **more})


def no_node() -> Node:
    """A place for options that no YAML holds."""
    return Node(Source("here.yml", "", ()), {}, 0, 0)
