"""Sheet titles: always such as Excel accepts, and as near to what was wanted as that allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.excel.titles import MAX_TITLE, sheet_titles

ODD = st.text(st.characters() | st.sampled_from("\\/?*[]:' \x00\nAaßİ😀"), max_size=40)
NAMES = st.lists(ODD | st.sampled_from(["About", "about", "HISTORY", "History", "x" * 40, "x" * 31]), max_size=12)


@given(NAMES)
def test_titles_are_always_such_as_excel_accepts(wanted: list[str]) -> None:
    titles = sheet_titles(wanted)
    assert len({title.casefold() for title in titles}) == len(wanted)
    for title in titles:
        assert 0 < len(title.encode("utf-16-le")) // 2 <= MAX_TITLE
        assert not set(title) & set("\\/?*[]:\x00\n")
        assert title.casefold() != "history"
        assert not title.startswith("'")
        assert not title.endswith("'")


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (["Trend", "Segments"], ("Trend", "Segments")),
        (["Trend", "TREND", "trend"], ("Trend", "TREND (2)", "trend (3)")),
        (["History"], ("History (2)",)),
        (["New / existing: [all]?"], ("New - existing- -all--",)),
        (["''", "  "], ("Sheet", "Sheet (2)")),
        (["a" * 32, "a" * 33], ("a" * 30 + "…", "a" * 26 + "… (2)")),
        (["😀" * 16], ("😀" * 15 + "…",)),
    ],
)
def test_titles_stay_near_to_what_was_wanted(wanted: list[str], titles: tuple[str, ...]) -> None:
    assert sheet_titles(wanted) == titles
