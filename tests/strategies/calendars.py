"""A random calendar, and an example that asks by it: its periods in place of grains, and what it says of days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tests.reference import Calendar, Expr, Metric, Model, Per, Query, Refused, Value
from tests.reference.evaluate import Run, clockwork
from tests.reference.model import PARTS, WORDS
from tests.strategies.over import closure, is_framed
from tests.strategies.world import DAY, World

PERIODS = {"shop_week": "week", "shop_month": "month", "shop_year": "year"}
DIMENSIONS = {"shop_holiday": "name", "shop_open": "open", "shop_number": "number"}
TYPES = {"shop_holiday": "text", "shop_open": "boolean", "shop_number": "integer"}
COLUMNS = {
    "day": "DATE",
    "week": "INTEGER",
    "month": "VARCHAR",
    "year": "DOUBLE",
    "name": "VARCHAR",
    "open": "BOOLEAN",
    "number": "INTEGER",
}
TRIALS = 6
Keys = tuple[Value, Value, Value]  # of a week, a month and a year


def with_calendar(world: World, model: Model, query: Query, as_of: datetime) -> tuple[Model, Query]:
    """Drawn last, so that all else is as it is without."""
    if not world.chance(0.2) or not model.metrics.keys() >= set(query.metrics):
        return model, query
    if any(map(_has_hours, closure(model, query.metrics))):
        return model, query
    model = replace(model, calendars={"shop": Calendar("shop", tuple(_rows(world)), "day", PERIODS, DIMENSIONS)})
    for _ in range(TRIALS):
        asked = _asked(world, query)
        if _is_known(model, asked) and _is_answered(model, asked, as_of):
            return model, asked
    return model, query


def _has_hours(metric: Metric) -> bool:
    """Whether it has a value per hour: of what else is asked for there may be years, and the reference is slow."""
    return isinstance(metric, Per) and metric.grain in ("hour", "minute", "second")


def _is_known(model: Model, query: Query) -> bool:
    """Whether the compiler knows it: by the periods of a calendar it does not look at other ones, nor at hours."""
    if not set(query.by) & set(PERIODS):
        return True
    if query.is_complete or query.complete_only or set(query.by) & {"hour", "minute", "second"}:
        return False
    return not any(map(is_framed, closure(model, query.metrics)))


def _is_answered(model: Model, query: Query, as_of: datetime) -> bool:
    try:
        Run(model, query, clockwork(model, query, as_of)).check()
    except Refused:
        return False
    return True


# -- the days ------------------------------------------------------------------------------------------------


def _rows(world: World) -> Iterator[dict[str, Value]]:
    """Of most days around which something happens, sometimes of a part of them or of none."""
    most = 4 if world.narrow else 50
    first, last = (anchor.date() for anchor in (min(world.anchors), max(world.anchors)))
    start, end = first - DAY * world.rng.randint(-3, most), last + DAY * world.rng.randint(-3, most)
    days = list(_days(world, start, end))
    number = 0
    for day, (week, month, year) in days if world.chance(0.97) else []:
        is_open = day.weekday() < 6 and world.chance(0.9)
        number = 0 if day.day == 1 else number + is_open
        name = world.text() if world.chance(0.15) else None
        known = world.maybe(0.97, is_open)
        yield {"day": day, "week": week, "month": month, "year": year, "name": name, "open": known, "number": number}


def _days(world: World, start: date, end: date) -> Iterator[tuple[date, Keys]]:
    """Weeks of mostly seven days; within a year some days are in none or in no month; between years some in nothing."""
    day, month = start, 0
    for year in range((end - start).days):
        for keys, length in _stretches(world, month, year):
            for _ in range(length):
                if day < end:
                    yield day, keys
                day += DAY
        month += 10
        day += DAY * world.pick((0, 0, 0, 1, 5))
        if day >= end:
            return


def _stretches(world: World, months: int, year: int) -> Iterator[tuple[Keys, int]]:
    """The weeks of a year, and what lies between them."""
    number = -1.5 + year
    for month in range(months, months + world.rng.randint(1, 4)):
        name = f"m{(month * 7) % 10007}"  # in another order than that of the days
        for week in range(world.rng.randint(1, 5)):
            yield (month * 10 + week, name, number), 7 if world.chance(0.85) else world.rng.randint(1, 9)
            yield (None, name, number), world.pick((0,) * 9 + (2,))
        yield (None, None, number), world.pick((0,) * 9 + (3,))


# -- what is asked -------------------------------------------------------------------------------------------


def _asked(world: World, query: Query) -> Query:
    """With other words: in `by` and in the order alike."""
    names: dict[str, str] = {}
    for name in query.by:
        new = _renamed(world, name)
        names[name] = new if new not in names.values() else name
    more = world.pick((*DIMENSIONS, *PERIODS))
    if query.metrics and more not in names.values() and world.chance(0.35):
        names[""] = more
    order = tuple(" ".join((names.get(item.split()[0], item.split()[0]), *item.split()[1:])) for item in query.order)
    return replace(query, by=tuple(names.values()), order=order, where=_where(world, query))


def _renamed(world: World, name: str) -> str:
    """A grain or a part, alone or behind a time dimension, often as one of the calendar."""
    head, _, last = name.rpartition(".")
    dot = "." if head else ""
    if last in WORDS[3:] and world.chance(0.7):
        return head + dot + world.pick(tuple(PERIODS))
    if last in PARTS and world.chance(0.5):
        return head + dot + world.pick(tuple(DIMENSIONS))
    return name


def _where(world: World, query: Query) -> Expr | None:
    where = None if query.where is None else _replaced(world, query.where)
    if not query.metrics or world.chance(0.75):
        return where
    more: tuple[Expr, ...] = (
        ("name", "shop_open"),
        ("not", ("name", "shop_open")),
        ("is not null", ("name", "shop_holiday")),
        ("is null", ("name", "shop_week")),
        (world.pick(("<", ">=")), ("name", "shop_month"), ("lit", world.day())),
        ("between", ("name", "shop_number"), ("lit", 2), ("lit", 15)),
        ("=", ("name", "shop_holiday"), ("lit", world.text())),
    )
    one = world.pick(more)
    return one if where is None else (world.pick(("and", "or")), where, one)


def _replaced(world: World, expr: Expr) -> Expr:
    """The condition with periods in place of grains of days."""
    if expr[0] == "name" and expr[1] in WORDS[3:] and world.chance(0.6):
        return ("name", world.pick(tuple(PERIODS)))
    parts: Any = (_replaced(world, part) if isinstance(part, tuple) and part else part for part in expr)
    return expr if expr[0] == "lit" else tuple(parts)


# -- as YAML and as tables -----------------------------------------------------------------------------------


def shape(calendar: Calendar) -> dict[str, Any]:
    """What the YAML says of it."""
    dimensions = {name: {"column": column, "type": TYPES[name]} for name, column in calendar.dimensions.items()}
    return {
        "table": table(calendar),
        "date": calendar.date,
        "periods": dict(calendar.periods),
        "dimensions": dimensions,
    }


def table(calendar: Calendar) -> str:
    return f"{calendar.name}_days"
