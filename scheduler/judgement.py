"""What came of checks: as text for people, as JSON for programs, as annotations for a CI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from scheduler.output import NULL, one_line, plain
from scheduler.report import Place, as_annotations, diagnostic_object
from semantic.checking.run import CheckResult, check_place
from semantic.errors import Diagnostic

if TYPE_CHECKING:
    from semantic.checking.judge import BrokenRow
    from semantic.model import Model

EXAMPLES = 5  # broken rows of a check that are shown
_COMMAS = ", "


def result_lines(results: Sequence[CheckResult], zone: ZoneInfo) -> Iterator[str]:
    """Yield a line for each check, and below one that does not hold the first rows in which it does not."""
    width = max((len(result.name) for result in results), default=0)
    for result in results:
        status = "passed" if result.passed else "FAILED" if result.is_error else "warning"
        yield f"{status:<7}  {result.name:<{width}}  {_outcome(result)}"
        yield from (f"    {line}" for mistake in result.mistakes for line in mistake.render().splitlines())
        yield from (f"    {_row_text(row, zone)}" for row in result.broken[:EXAMPLES])
        if len(result.broken) > EXAMPLES:
            yield f"    and {len(result.broken) - EXAMPLES:,} more"


def _outcome(result: CheckResult) -> str:
    owner = f" (owner: {result.check.owner})" if result.check.owner and not result.passed else ""
    if result.mistakes:
        return f"it could not be run{owner}"
    if result.broken:
        return f"{len(result.broken):,} of {_rows(result.rows)} {_hold(len(result.broken))}{owner}"
    return _rows(result.rows) if result.rows else "0 rows: there was nothing to check"


def _hold(number: int) -> str:
    return "does not hold" if number == 1 else "do not hold"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _row_text(row: BrokenRow, zone: ZoneInfo) -> str:
    """As `month 2025-01-01: opening 12, closing 15: 14 is expected, off by 1`."""
    named = (_COMMAS.join(f"{name} {_value(value, zone)}" for name, value in part) for part in _parts(row))
    return ": ".join(filter(None, (*named, row.reason)))


def _parts(row: BrokenRow) -> tuple[tuple[tuple[str, Any], ...], ...]:
    return row.dimensions, row.numbers


def _value(value: Any, zone: ZoneInfo) -> str:
    return one_line(plain(value, zone) or ("" if value == "" else NULL))


def results_json(results: Sequence[CheckResult], model: Model) -> str:
    """A JSON list with an object for each check; values are exact texts, null for NULL."""
    return json.dumps([_object(result, model) for result in results], ensure_ascii=False, indent=2) + "\n"


def _object(result: CheckResult, model: Model) -> dict[str, Any]:
    zone = ZoneInfo(model.time_zone)
    status = "passed" if result.passed else "refused" if result.mistakes else "failed"
    found = _diagnostics(result, model, zone)
    return {
        "check": result.name,
        "severity": result.check.severity,
        "status": status,
        "rows": result.rows,
        "broken": len(result.broken),
        "examples": [_example(row, zone) for row in result.broken[:EXAMPLES]],
        "mistakes": [diagnostic_object(each, result.check.severity) for each in found],
    }


def _example(row: BrokenRow, zone: ZoneInfo) -> dict[str, Any]:
    dimensions, numbers = ({name: plain(value, zone) for name, value in part} for part in _parts(row))
    return {"dimensions": dimensions, "numbers": numbers, "reason": row.reason}


def results_annotations(results: Sequence[CheckResult], model: Model, place: Place) -> str:
    """A workflow command of GitHub for each check that does not hold, beside its name in the YAML."""
    zone = ZoneInfo(model.time_zone)
    errors, warnings = (
        [found for result in results if result.is_error is is_error for found in _diagnostics(result, model, zone)]
        for is_error in (True, False)
    )
    return as_annotations(errors, place, warnings=warnings)


def _diagnostics(result: CheckResult, model: Model, zone: ZoneInfo) -> Iterator[Diagnostic]:
    """What is wrong, at the name of the check."""
    span = check_place(model, result.check)
    for mistake in result.mistakes:
        yield Diagnostic(mistake.code, f"check '{result.name}': {mistake.message}", span, mistake.hint)
    if result.broken:
        first = _row_text(result.broken[0], zone)
        yield Diagnostic("E414", f"check '{result.name}': {_outcome(result)}", span, f"the first: {first}")
