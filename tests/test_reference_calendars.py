"""The naive evaluator on custom calendars: the cases written by hand, with it in the compiler's place."""

from __future__ import annotations

from datetime import date

import pytest

from tests.case_files import Answer, Case, Expected, Unloadable, load_cases
from tests.case_models import model_of, query_of
from tests.cases import differences
from tests.reference import Calendar, Refused, evaluate
from tests.reference.calendars import Calendars

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
    assert differences("reference", Answer(found.columns, found.rows), case.outcome.answer) == []


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
