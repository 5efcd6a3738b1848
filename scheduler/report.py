"""Diagnostics for people, for programs, and as annotations for a CI; `semantic/ERRORS.md` documents the shapes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

from scheduler.reference import anchor
from semantic.errors import Diagnostic

if TYPE_CHECKING:
    from semantic.audit import Finding

Place = Callable[[str], str]  # a file of the project → the path under which the reader knows it


def as_text(mistakes: Iterable[Diagnostic]) -> str:
    """Each with its line and a caret."""
    return "".join(f"{mistake.render()}\n" for mistake in mistakes)


def as_json(
    mistakes: Iterable[Diagnostic], findings: Iterable[Finding] = (), warnings: Iterable[Diagnostic] = ()
) -> str:
    """A JSON list with an object for each; what has no place has null for file, line and columns.

    Findings in the data are warnings, with the number of `rows` that they are about, and `of` how many.
    """
    rows = ({**diagnostic_object(each.diagnostic, "warning"), "rows": each.rows, "of": each.of} for each in findings)
    errors = (diagnostic_object(mistake, "error") for mistake in mistakes)
    found = [*errors, *(diagnostic_object(warning, "warning") for warning in warnings), *rows]
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def diagnostic_object(mistake: Diagnostic, severity: str) -> dict[str, str | int | None]:
    """A diagnostic as programs read it."""
    span = mistake.span
    return {
        "code": mistake.code,
        "severity": severity,
        "message": mistake.message,
        "file": PurePath(span.file).as_posix() if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_column": span.column + span.length if span else None,
        "hint": mistake.hint,
        "docs": anchor(mistake.code),
    }


def as_annotations(
    mistakes: Iterable[Diagnostic],
    place: Place,
    findings: Iterable[Finding] = (),
    warnings: Iterable[Diagnostic] = (),
) -> str:
    """A workflow command of GitHub for each, which shows it beside the line in a pull request."""
    found = [("error", mistake) for mistake in mistakes]
    found += [("warning", each) for each in (*warnings, *(finding.diagnostic for finding in findings))]
    return "".join(f"::{severity} {_properties(each, place)}::{_message(each)}\n" for severity, each in found)


def _properties(mistake: Diagnostic, place: Place) -> str:
    span = mistake.span
    found: dict[str, str | int] = {"title": mistake.code}
    if span is not None:
        end = span.column + span.length
        found = {"file": place(span.file), "line": span.line, "col": span.column, "endColumn": end, **found}
    return ",".join(f"{key}={_escaped_property(str(value))}" for key, value in found.items())


def _message(mistake: Diagnostic) -> str:
    return _escaped("\n".join(filter(None, (mistake.message, mistake.hint))))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
