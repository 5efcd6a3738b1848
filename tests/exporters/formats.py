"""A project whose one export shows every format of a metric and every kind of label."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from exporters import Delivery, load_exports
from semantic import Layer
from semantic.load import load_texts

AS_OF = datetime(2025, 4, 7, tzinfo=UTC)
PROJECT = """
datasets:
  calls:
    sql: |
      SELECT * FROM (VALUES
        (1, 'f', true, 1, 1.50, 1234.567, 5400, 0.12345),
        (2, 'm', false, 2, 2.00, -1.005, -90, 1.5),
        (3, 'x', true, 3, 1.50, 1000000, 90061, -0.001),
        (4, 'x', NULL, 9, NULL, 0, 0, 0),
        (5, NULL, NULL, NULL, 7.25, NULL, NULL, NULL)) t(id, gender, member, level, rate, paid, seconds, part)
    primary_key: id
    dimensions:
      gender: {label: Wer, values: {m: Männer, f: Frauen}}
      member: {type: boolean, values: {true: Mitglied, false: Gast}}
      level: {type: integer, values: {3: 三, 1: "1st", 2: }}
      rate: {type: number, values: {2: two, 1.5: one and a half}}
metrics:
  euros: {dataset: calls, agg: sum, expr: paid, format: {currency: EUR}, label: Umsatz, owner: Müller}
  yen: {dataset: calls, agg: sum, expr: paid, format: {currency: JPY}}
  dinars: {dataset: calls, agg: sum, expr: paid, format: {currency: KWD}}
  milliseconds: {dataset: calls, agg: sum, expr: seconds, format: {unit: milliseconds}}
  seconds: {dataset: calls, agg: sum, expr: seconds, format: duration}
  minutes: {dataset: calls, agg: sum, expr: seconds, format: {unit: minutes}}
  hours: {dataset: calls, agg: sum, expr: seconds, format: {unit: hours}}
  days: {dataset: calls, agg: sum, expr: seconds, format: {unit: days}}
  part: {dataset: calls, agg: avg, expr: part, format: {type: percent, decimals: 2}}
  whole: {dataset: calls, agg: avg, expr: part, format: {type: percent, decimals: 0}}
  thousands: {dataset: calls, agg: sum, expr: paid, format: {pattern: '#,##0.0,"k 千";[Red]-#,##0.0,"k 千"'}}
  calls: {dataset: calls, agg: count, thresholds: {good: 2, bad: 1}}
  share: {type: ratio, numerator: euros, denominator: calls, format: {currency: EUR, decimals: 3}}
exports:
  formats:
    owner: Ünal
    queries:
      money: {metrics: [euros, yen, dinars, thousands, share, calls], by: [gender], totals: true}
      time: {metrics: [milliseconds, seconds, minutes, hours, days, part, whole], by: [gender], totals: true}
      labels: {metrics: [calls], by: [member, level, rate], totals: true}
      member: {metrics: [calls], by: [member], order: [member desc], totals: true}
      masked: {metrics: [calls], by: [level], where: level is null, totals: true}
    to: [{excel: {path: formats.xlsx, title: Formate}}]
"""


def formats_delivery(root: Path) -> Delivery:
    """The delivery of a workbook with every format and every kind of label."""
    model = load_texts({"metrics/project.yml": "name: calls\n", "metrics/calls.yml": PROJECT}).model
    assert model is not None
    export = load_exports(model)["formats"]
    with Layer(model, environment={}) as layer:
        results = {name: layer.run(query, as_of=AS_OF) for name, query in export.queries.items()}
    return Delivery(export, model, AS_OF, root, results)
