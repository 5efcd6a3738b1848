"""Every case twice: its oracle gives the expected rows, and so does the compiler."""

from __future__ import annotations

import pytest

from tests.cases import Case, Expected, check_compiled, check_oracle, load_cases

CASES = load_cases()


@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.outcome, Expected)], ids=lambda c: c.id)
def test_the_oracle_agrees(case: Case) -> None:
    assert check_oracle(case) == []


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_the_compiler_agrees(case: Case) -> None:
    assert check_compiled(case) == []
