"""The runner of `make mutants`: its list fits the compiler, and what only crashes is no kill."""

from __future__ import annotations

import pytest

from tests.mutants import Fault, FaultError, load_faults, mutated, run


def test_every_fault_can_be_planted() -> None:
    faults = load_faults()
    assert all(mutated(fault) for fault in faults)


@pytest.mark.parametrize("text", ["no such text", "return"])
def test_a_text_that_does_not_stand_exactly_once_is_named(text: str) -> None:
    with pytest.raises(FaultError, match=r"semantic/trees\.py must hold this text once, and holds it \d+ times"):
        mutated(_fault(text, ""))


def test_a_compiler_that_cannot_be_imported_is_a_crash() -> None:
    verdict = run(_fault('IS_TOTAL = "is_total"', "IS_TOTAL = 1 / 0"))
    assert verdict.outcome == "crash"
    assert "ZeroDivisionError" in verdict.detail


def _fault(text: str, instead: str) -> Fault:
    return Fault("a fault", "nothing", "totals", "trees.py", text, instead)
