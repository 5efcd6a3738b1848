"""Checks of calendars: what they name means nothing else, and a query asks what their periods can answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from semantic.calendars import DATE, CalendarWord, Days, calendar_words, calendars_of
from semantic.errors import Diagnostic, listing, usable
from semantic.expressions import GRAINS
from semantic.metric_types import Metric
from semantic.model import RESERVED, Model
from semantic.periods import DAY_GRAINS
from semantic.places import key_place
from semantic.query import Query

_USUAL = "ask by a grain such as month, or for them apart"


def check_calendars(model: Model) -> Iterator[Diagnostic]:
    """The names that calendars give are usable, and free in the whole project."""
    seen: dict[str, str] = {}
    for days in calendars_of(model):
        for name in days.words:
            place = key_place(
                model, f"calendars.{days.name}", "periods" if name in days.periods else "dimensions", name
            )
            taken = f"calendar '{seen[name]}' gives it too" if name in seen else _taken(model, name)
            seen.setdefault(name, days.name)
            if not name.isidentifier():
                hint = f"use letters, digits and _, as in {usable(name)}"
                yield Diagnostic("E107", f"'{name}' is not a usable name", place, hint)
            elif taken:
                message = f"the calendar '{days.name}' cannot call anything '{name}': {taken}"
                yield Diagnostic(
                    "E203", message, place, "give it another name; it stands alone in queries, as month does"
                )


def _taken(model: Model, name: str) -> str:
    """What a name means already, empty where nothing."""
    if name in (*RESERVED, DATE):
        return "the word is taken"
    if name in model.metrics:
        return "it is a metric"
    if name in model.segments:
        return "it is a segment"
    if name in model.datasets:
        return "it is a dataset" if not isinstance(model.datasets[name], Days) else "it is a calendar"
    owners = [owner for owner in model.owners.get(name, ()) if not isinstance(model.datasets[owner], Days)]
    return f"it is a dimension of {listing(owners)}" if owners else ""


def check_asked_periods(query: Query, model: Model) -> Iterator[Diagnostic]:
    """By the periods of a calendar nothing is asked that takes other periods than those of the rows."""
    asked = [word for name in query.by if (word := calendar_words(model).get(name)) is not None and word.is_period]
    if not asked:
        return
    first = asked[0].name
    for metric in _by_time(model, query.read_metrics):
        kind = str(getattr(metric, "type", "metric"))
        message = f"'{metric.name}' is a {kind}, and by '{first}', a period of a calendar, there are none yet"
        yield Diagnostic("E357", message, hint=_USUAL)
    if query.is_complete or query.complete_only:
        message = f"whether a '{first}', a period of a calendar, is complete is not known yet"
        yield Diagnostic("E357", message, hint="ask by a grain such as month")
    yield from _check_beside(query, asked)


def _check_beside(query: Query, asked: list[CalendarWord]) -> Iterator[Diagnostic]:
    """The periods that are asked for are all made of the days of one calendar."""
    first, others = asked[0], [word for word in asked if word.days != asked[0].days]
    if others:
        message = f"'{first.name}' and '{others[0].name}' are periods of two calendars"
        yield Diagnostic("E357", message, hint="ask by those of one")
    hours = [name for name in query.by if name in GRAINS and name not in DAY_GRAINS]
    if hours:
        message = f"'{first.name}', a period of a calendar, is made of days, and a {hours[0]} is less"
        yield Diagnostic("E357", message, hint="ask by day, or coarser")


def _by_time(model: Model, names: Iterable[str]) -> Iterator[Metric]:
    """The metrics, and those within them, that are about other periods than their own rows'."""
    waiting, seen = list(names), set[str]()
    while waiting:
        metric = model.metrics.get(waiting.pop(0))
        if metric is None or metric.name in seen:
            continue
        seen.add(metric.name)
        if metric.goes_by_time or (metric.needs_clock and getattr(metric, "grain", None)):
            yield metric
        else:
            waiting += (each.metric for each in metric.references())
