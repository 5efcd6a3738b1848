"""The page of metrics over metrics: its examples are cases. METRICAST_WRITE_DOCS=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from semantic.metric_types import METRIC_TYPES
from tests.case_files import load_cases
from tests.pages.worked import EXPLAINED, INSIDE, asked, example, inside, shown, with_examples

PAGE = Path(__file__).parents[2] / "semantic" / "TIME.md"
PLAIN = {"simple", "ratio", "derived"}  # they are explained in LANGUAGE.md


def test_the_examples_are_those_of_the_cases() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("METRICAST_WRITE_DOCS"):
        PAGE.write_text(with_examples(text), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == with_examples(text)
    assert set(shown(text)) == set(EXPLAINED) - PLAIN
    assert len(INSIDE.findall(text)) == 1


@pytest.mark.parametrize("kind", sorted(set(METRIC_TYPES) - PLAIN))
def test_an_example_shows_its_type(kind: str) -> None:
    text = example(kind)
    assert f"type: {kind}," in text
    assert all(f"`{asked(case)}`" in text for case in load_cases() if case.id.startswith(f"example_{kind}::"))


def test_what_may_stand_inside_is_said_of_every_type() -> None:
    rows = {line.split("|")[1].split("`")[1] for line in inside().splitlines()[2:]}
    assert rows == set(METRIC_TYPES) - {"simple"}
    assert (
        "`comparison`"
        not in next(line for line in inside().splitlines() if line.startswith("| `rolling`")).split("|")[2]
    )
