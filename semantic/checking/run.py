"""Checks of a project run against a target, each as one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from semantic.checking.judge import BrokenRow, broken_rows
from semantic.checking.shape import Check
from semantic.errors import Diagnostic, EngineError, MetricastError, QueryError, Span, listing, suggest
from semantic.model import Model
from semantic.places import name_place

if TYPE_CHECKING:
    from semantic.layer import Layer

# What is wrong with one query: the target is there, and answers others.
_OF_ONE_QUERY = frozenset({"E402", "E403", "E404", "E406", "E410", "E411", "E413", "E431"})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of a check: how many rows it looked at, and those in which it does not hold; or why it could not."""

    check: Check
    rows: int = 0
    broken: tuple[BrokenRow, ...] = ()
    mistakes: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        """The name of the check."""
        return self.check.name

    @property
    def passed(self) -> bool:
        """Whether it holds in every row; one that could not be looked at does not."""
        return not self.broken and not self.mistakes

    @property
    def is_error(self) -> bool:
        """Whether it is an error that it does not hold, and not only worth a warning."""
        return not self.passed and self.check.severity == "error"


def named_checks(model: Model, names: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks of these names, all without any. Raises QueryError for an unknown one."""
    names = tuple(dict.fromkeys(names))
    unknown = [_unknown(model, name) for name in names if name not in model.checks]
    if unknown:
        raise QueryError(*unknown)
    return tuple(model.checks[name] for name in names or model.checks)


def _unknown(model: Model, name: str) -> Diagnostic:
    hint = suggest(name, model.checks) or f"checks: {listing(model.checks)}"
    return Diagnostic("E348", f"unknown check '{name}'", hint=hint)


def run_check(layer: Layer, check: Check, as_of: datetime) -> CheckResult:
    """Run one check. Raises EngineError where the target answers nothing."""
    try:
        rows = layer.run(check.query, as_of=as_of, tags={"check": check.name}).rows()
        return CheckResult(check, len(rows), tuple(broken_rows(check, rows)))
    except EngineError as error:
        if not all(each.code in _OF_ONE_QUERY for each in error.diagnostics):
            raise
        return CheckResult(check, mistakes=_diagnostics(error))
    except QueryError as error:
        return CheckResult(check, mistakes=_diagnostics(error))


def _diagnostics(error: MetricastError) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(error.diagnostics))


def check_place(model: Model, check: Check) -> Span:
    """Where a check's name stands in the YAML."""
    return name_place(model, f"checks.{check.name}")
