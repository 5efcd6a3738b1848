"""One random example: a model, its rows, a query and an instant; as data, as YAML and as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

import yaml

from tests.reference import (
    Comparison,
    Cumulative,
    Dataset,
    Derived,
    Dimension,
    Join,
    Metric,
    Model,
    MovingAverage,
    Offset,
    Part,
    Per,
    Query,
    Rank,
    Ratio,
    Rolling,
    Row,
    SemiAdditive,
    Share,
    Simple,
    ToDate,
    to_sql,
)
from tests.strategies import models, queries
from tests.strategies.calendars import COLUMNS, with_calendar
from tests.strategies.calendars import shape as calendar_shape
from tests.strategies.calendars import table as calendar_table
from tests.strategies.known import with_completeness, with_recorded
from tests.strategies.metrics import with_metrics
from tests.strategies.world import World, world

TYPE_NAMES: dict[type, str] = {
    Rolling: "rolling",
    Cumulative: "cumulative",
    ToDate: "to_date",
    Comparison: "comparison",
    Per: "per",
    Share: "share",
    Rank: "rank",
    MovingAverage: "moving_average",
    SemiAdditive: "semi_additive",
}


@dataclass(frozen=True, slots=True)
class Example:
    model: Model
    query: Query
    as_of: datetime
    sources: Mapping[str, dict[str, str]]  # dataset → {table: name} or {sql: SELECT}

    def texts(self) -> dict[str, str]:
        """The project's files, as the loader takes them."""
        return {"metrics/project.yml": dump(self.project()), "metrics/model.yml": dump(self.content())}

    def project(self) -> dict[str, Any]:
        """The settings of project.yml."""
        return {name: getattr(self.model, name) for name in ("time_zone", "week_start", "fiscal_year_start")}

    def content(self) -> dict[str, Any]:
        datasets = {name: {**self.sources[name], **_dataset(dataset)} for name, dataset in self.model.datasets.items()}
        metrics = {name: _metric(metric) for name, metric in self.model.metrics.items()}
        segments = {name: {"filter": to_sql(expr)} for name, expr in self.model.segments.items()}
        calendars = {name: calendar_shape(calendar) for name, calendar in self.model.calendars.items()}
        more = {"segments": segments, "calendars": calendars}
        return {"datasets": datasets, "metrics": metrics, **{key: said for key, said in more.items() if said}}

    def table(self, dataset: str) -> str:
        source = self.sources[dataset]
        return source.get("table") or source["sql"].split()[-1]

    def tables(self) -> Iterator[tuple[str, Mapping[str, str], tuple[Row, ...]]]:
        """Each table's name, columns and rows."""
        for name, dataset in self.model.datasets.items():
            yield self.table(name), dataset.columns, dataset.rows
        for calendar in self.model.calendars.values():
            yield calendar_table(calendar), COLUMNS, calendar.rows

    def query_parts(self) -> dict[str, Any]:
        """The query as keyword arguments of semantic.query.Query; only what is not the default."""
        query = self.query
        conditions = {name: to_sql(expr) for name, expr in (("where", query.where), ("having", query.having)) if expr}
        rest = {name: getattr(query, name) for name in ("metrics", "by", "period", "order", "limit", "time_zone")}
        switches: dict[str, Any] = {"totals": True} if query.totals else {}
        switches |= {} if query.fill else {"fill": False}
        switches |= {name: True for name in ("is_complete", "complete_only") if getattr(query, name)}
        return {**{name: value for name, value in rest.items() if value not in (None, ())}, **conditions, **switches}


def dump(content: Any) -> str:
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    return re.sub(r"'on':", "on:", text)  # as people write it


def _dataset(dataset: Dataset) -> dict[str, Any]:
    shape: dict[str, Any] = {"primary_key": _one_or_list(dataset.primary_key)}
    if dataset.time:
        shape["time"] = dataset.time
    if dataset.complete:
        lag = {"lag": _length(*dataset.complete.lag)} if dataset.complete.lag else {}
        shape["complete"] = {**_unless(None, watermark=dataset.complete.watermark), **lag}
    if dataset.recorded:
        shape["recorded"] = dataset.recorded
    if dataset.joins:
        shape["joins"] = {join.name: _join(join) for join in dataset.joins}
    if dataset.via:
        shape["via"] = dict(dataset.via)
    if dataset.validity:
        shape["validity"] = dict(zip(("from", "to"), dataset.validity, strict=True))
    if dataset.dimensions:
        shape["dimensions"] = {dimension.name: _dimension(dimension) for dimension in dataset.dimensions}
    return shape


def _one_or_list(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _join(join: Join) -> dict[str, Any]:
    other = {} if join.name == join.dataset else {"dataset": join.dataset}
    as_of = {"as_of": join.as_of} if join.as_of else {}
    on = [part if isinstance(part, str) else to_sql(part) for part in join.on]
    return {**other, "on": _one_or_list(on), **as_of}


def _dimension(dimension: Dimension) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if dimension.type != "string":
        shape["type"] = dimension.type
    if dimension.zone != "UTC":
        shape["zone"] = dimension.zone
    if dimension.expr is not None:
        shape["expr"] = to_sql(dimension.expr)
    if dimension.bins is not None:
        edges, labels = list(dimension.bins.edges), dimension.bins.labels
        shape["bins"] = {"edges": edges, "labels": list(labels)} if labels else edges
    if dimension.values:
        values = [float(value) if isinstance(value, Decimal) else value for value in dimension.values]
        shape["values"] = dict(zip(values, dimension.labels, strict=True)) if dimension.labels else values
    return shape


def _metric(metric: Metric) -> dict[str, Any]:
    empty = {} if metric.empty is None else {"empty": metric.empty}
    match metric:
        case Simple():
            return {**_simple(metric), **empty}
        case Ratio(numerator=top, denominator=bottom):
            return {"type": "ratio", "numerator": _part(top), "denominator": _part(bottom), **empty}
        case Derived(expr=derived):
            return {"type": "derived", "expr": to_sql(derived), **empty}
    return {"type": TYPE_NAMES[type(metric)], "metric": metric.metric, **_over(metric), **empty}


def _over(metric: Metric) -> dict[str, Any]:
    """What a metric over another one says beside its name; only what is not the default."""
    match metric:
        case Rolling(window=(count, unit)):
            return {"window": _length(count, unit)}
        case ToDate(grain=grain):
            return {"grain": grain}
        case Comparison(offset=offset, as_=as_, align=align):
            return {
                "offset": _offset(offset),
                **_unless("percent_change", **{"as": as_}),
                **_unless("whole", align=align),
            }
        case Per(agg=agg, grain=grain, entity=entity):
            return {"agg": agg, **_unless(None, grain=grain, entity=entity)}
        case Share(within=within):
            return _unless([], within=list(within))
        case Rank(within=within, order=order):
            return {**_unless([], within=list(within)), **_unless("desc", order=order)}
        case MovingAverage(periods=periods):
            return {"periods": periods}
        case SemiAdditive(agg=agg, keys=keys, carry_forward=carry):
            return {"agg": agg, **_unless([], keys=list(keys)), **_unless(False, carry_forward=carry)}
    return {}


def _unless(default: Any, **keys: Any) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value != default}


def _length(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if count > 1 else ''}"


def _offset(offset: Offset) -> str:
    match offset.kind:
        case "previous":
            return "previous period"
        case "start":
            return f"start of {offset.unit}"
    return _length(offset.count, "period" if offset.kind == "periods" else offset.unit)


def _simple(metric: Simple) -> dict[str, Any]:
    shape: dict[str, Any] = {"dataset": metric.dataset}
    if metric.agg:
        shape["agg"] = metric.agg
    if metric.p is not None:
        shape["p"] = float(metric.p)
    if metric.expr:
        parts: Any = metric.expr[1:]
        shape["expr"] = [to_sql(part) for part in parts] if metric.expr[0] == "list" else to_sql(metric.expr)
    if metric.filter:
        shape["filter"] = to_sql(metric.filter)
    return {**shape, **({"time": metric.time} if metric.time else {})}


def _part(part: Part) -> str | dict[str, Any]:
    return {"metric": part.metric, "ignore": list(part.ignore)} if part.ignore else part.metric


# -- drawing -------------------------------------------------------------------------------------------------


def example(rng: Random) -> Example:
    """Two to four datasets, some metrics, a query."""
    drawn = world(rng)
    datasets = _datasets(drawn)
    model = with_metrics(drawn, datasets)
    as_of = queries.as_of(drawn)
    sources = {name: _source(drawn, name) for name in datasets}
    model, query = with_completeness(drawn, model, queries.query(drawn, model, as_of))
    model, query = with_calendar(drawn, with_recorded(drawn, model, query), query, as_of)
    return Example(model, query, as_of, sources)


def example_at(seed: int, number: int) -> Example:
    """The example with this number of a run with this seed."""
    return example(Random(f"{seed}:{number}"))


def _datasets(world: World) -> dict[str, Dataset]:
    regions = [models.regions(world)] if world.chance(0.5) else []
    people = [models.users(world, regions)] if world.chance(0.9) else []
    histories: list[Dataset] = []
    if people and world.chance(0.5):
        of = world.pick([*people, *people, *regions])
        kept, past = models.linked(world, of, models.history(world, of))
        people, regions = ([kept if each is of else each for each in group] for group in (people, regions))
        histories = [past]
    names = ("activity", "orders") if world.chance(0.45) and not (regions and histories) else ("activity",)
    inner = [*people, *histories, *regions]
    facts = [models.facts(world, name, inner) for name in names]
    return {dataset.name: dataset for dataset in (*facts, *inner)}


def _source(world: World, name: str) -> dict[str, str]:
    table = world.pick((name, f"raw_{name}"))
    return {"sql": f"SELECT * FROM {table}"} if world.chance(0.15) else {"table": table}
