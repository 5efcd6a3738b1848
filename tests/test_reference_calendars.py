"""The naive evaluator on custom calendars: the cases written by hand, with it in the compiler's place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests import case_files
from tests.case_files import Case, Expected, Unloadable, load_cases
from tests.case_models import model_of, query_of
from tests.cases import differences
from tests.reference import Answer, Calendar, Expr, Metric, Model, Per, Query, Refused, ToDate, evaluate
from tests.reference.calendars import Calendars
from tests.reference.times import truncate
from tests.strategies import Example, example_at

OF_TYPES = {"calendar_holidays::text that is no number", "calendar_refused::a number that is no date"}  # it knows none
CASES = [
    case
    for case in load_cases()
    if case.id.startswith("calendar_") and not isinstance(case.outcome, Unloadable) and case.id not in OF_TYPES
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_evaluator_agrees(case: Case) -> None:
    model, query = model_of(case), query_of(case)
    if not isinstance(case.outcome, Expected):
        with pytest.raises(Refused):
            evaluate(model, query, case.as_of)
        return
    found = evaluate(model, query, case.as_of)
    assert differences("reference", case_files.Answer(found.columns, found.rows), case.outcome.answer) == []


@pytest.mark.parametrize(
    "days",
    [
        (date(2025, 1, 1), date(2025, 1, 1)),
        (date(2025, 1, 1), date(2025, 1, 3)),
    ],
)
def test_days_that_make_no_period_are_seen(days: tuple[date, ...]) -> None:
    calendar = Calendar("odd", tuple({"day": day, "of": 1} for day in days), "day", {"season": "of"})
    with pytest.raises(AssertionError):
        Calendars([calendar])


# -- months as a calendar of one's own -------------------------------------------------------------------------

OWN = {"week": "own_week", "month": "own_month", "quarter": "own_quarter", "year": "own_year"}
EXAMPLES = 400


def test_a_calendar_of_months_is_worth_as_much_as_months() -> None:
    """Random examples, with a calendar's periods in the place of the same ones of the language."""
    compared = [example for example in _asked_by_periods() if _is_the_same(example)]
    assert len(compared) > EXAMPLES / 8


def _asked_by_periods() -> Iterator[Example]:
    for number in range(EXAMPLES):
        example = example_at(31, number)
        if not example.model.calendars and set(OWN) & {*example.query.by, *map(_grain, example.model.metrics.values())}:
            yield example


def _is_the_same(example: Example) -> bool:
    """Asserts that both answers are equal; false where there are no two of them."""
    plain, own = (
        _answer(example, example.model, example.query),
        _answer(example, _own_model(example), _own_query(example)),
    )
    if plain is None or own is None:
        return False
    assert own.rows == plain.rows, (example.query, example.texts())
    return True


def _answer(example: Example, model: Model, query: Query) -> Answer | None:
    try:
        return evaluate(model, query, example.as_of)
    except Refused:
        return None


def _own_model(example: Example) -> Model:
    """Weeks do not nest in months, so they are another calendar."""
    days = [date(2021, 1, 1) + timedelta(days=offset) for offset in range(366 * 6)]
    starts = example.model.week_start
    rows = tuple({"day": day, **{OWN[grain]: truncate(day, grain, starts) for grain in OWN}} for day in days)
    weeks, months = ({name: name for name in names} for names in (["own_week"], list(OWN.values())[1:]))
    calendars = {"weeks": Calendar("weeks", rows, "day", weeks), "months": Calendar("months", rows, "day", months)}
    metrics = {name: _own_metric(metric) for name, metric in example.model.metrics.items()}
    return replace(example.model, calendars=calendars, metrics=metrics)


def _grain(metric: Metric) -> str | None:
    return metric.grain if isinstance(metric, ToDate | Per) else None


def _own_metric(metric: Metric) -> Metric:
    return replace(metric, grain=_own(metric.grain)) if isinstance(metric, ToDate | Per) and metric.grain else metric


def _own_query(example: Example) -> Query:
    query = example.query
    order = tuple(" ".join((_own(item.split()[0]), *item.split()[1:])) for item in query.order)
    return replace(query, by=tuple(map(_own, query.by)), order=order, where=query.where and _own_expr(query.where))


def _own(name: str) -> str:
    """Users were born before the calendar."""
    *path, last = name.split(".")
    return ".".join((*path, OWN[last])) if last in OWN and "born" not in path else name


def _own_expr(expr: Expr) -> Expr:
    if expr[0] == "name":
        return ("name", _own(str(expr[1])))
    parts: Any = (_own_expr(part) if isinstance(part, tuple) and part else part for part in expr)
    return expr if expr[0] == "lit" else tuple(parts)
