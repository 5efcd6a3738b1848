"""Every case twice: its oracle gives the expected rows, and so does the compiler; an idle case fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.case_files import CaseError, read_folder
from tests.cases import Case, Expected, check_compiled, check_oracle, load_cases, same_value

if TYPE_CHECKING:
    from pathlib import Path

CASES = load_cases()

GOOD = """\
name: good
why: a reason
as_of: 2025-01-01T00:00:00Z
model:
  datasets: {things: {table: t, primary_key: id}}
  metrics: {things: {dataset: things, agg: count}}
tables:
  t: {columns: {id: INTEGER}, rows: [[1]]}
views:
  v: SELECT * FROM t
queries:
  - name: all
    query: {metrics: [things]}
    expect: {columns: [things], rows: [[1]]}
    oracle: SELECT count(*) FROM v
  - name: none
    query: {metrics: [nothings]}
    refused: {names: [nothings]}
broken:
  - name: twice
    model: {metrics: {things: {dataset: things, agg: count}}}
    refused: {code: E202, names: [things]}
"""


@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.outcome, Expected)], ids=lambda c: c.id)
def test_the_oracle_agrees(case: Case) -> None:
    assert check_oracle(case) == []


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_the_compiler_agrees(case: Case) -> None:
    assert check_compiled(case) == []


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(GOOD)
    assert [case.id for case in read_folder(tmp_path)] == ["good::all", "good::none", "good::twice"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: good", "name: other"),
        ("why: a reason", "why: ''"),
        ("why: a reason\n", ""),
        ("why: a reason", "why: a reason\nwhat: this"),
        ("why: a reason", "why: a reason\nwhy: twice"),
        ("00:00:00Z", "00:00:00"),
        ("rows: [[1]]}\nviews", "rows: [[1, 2]]}\nviews"),
        ("rows: [[1]]}\nviews", "rows: [[1]]}\n  u: {columns: {id: INTEGER}, rows: []}\nviews"),
        ("agg: count}}", "agg: count}, more: {dataset: things, agg: count}}"),
        ("FROM v", "FROM t"),
        ("SELECT count(*) FROM v", "SELECT 1"),
        ("    oracle: SELECT count(*) FROM v\n", ""),
        ("    expect: {columns: [things], rows: [[1]]}\n", ""),
        ("rows: [[1]]}\n    oracle", "rows: [[1, 1]]}\n    oracle"),
        ("name: none", "name: all"),
        ("name: twice", "name: all"),
        ("    refused: {code: E202, names: [things]}", "    refused: {code: E202, names: []}"),
        ("    refused: {code: E202, names: [things]}", "    refused: {code: E202}"),
        ("    refused: {code: E202, names: [things]}\n", ""),
        ("agg: count}}\ntables", "agg: count}}\n  segments: {some: {filter: id = 1}}\ntables"),
        ("    refused: {names: [nothings]}", "    refused: {names: []}"),
        ("    refused: {names: [nothings]}\n", ""),
        ("query: {metrics: [nothings]}", "query: {metric: [nothings]}"),
    ],
)
def test_a_file_that_tests_nothing_fails(old: str, new: str, tmp_path: Path) -> None:
    assert old in GOOD
    (tmp_path / "good.yml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(CaseError):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "wrong", ["SELECT count(*) + 1 FROM v", "SELECT NULL FROM v", "SELECT 1 FROM v UNION ALL SELECT 1"]
)
def test_an_oracle_that_disagrees_is_seen(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(GOOD.replace("SELECT count(*) FROM v", wrong))
    assert check_oracle(read_folder(tmp_path)[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("metrics: {things: {dataset: things, agg: count}}}\n    refused", "metrics: {}}\n    refused"),
        ("code: E202", "code: E999"),
        ("names: [things]", "names: [people]"),
        ("agg: count}}\ntables", "agg: sum}}\ntables"),
    ],
)
def test_a_model_that_loads_or_breaks_elsewhere_is_seen(old: str, new: str, tmp_path: Path) -> None:
    assert old in GOOD
    (tmp_path / "good.yml").write_text(GOOD)
    assert check_compiled(read_folder(tmp_path)[2]) == []
    (tmp_path / "good.yml").write_text(GOOD.replace(old, new, 1))
    assert check_compiled(read_folder(tmp_path)[2])


@pytest.mark.parametrize(("given", "expected"), [(True, 1), (None, 0), ("1", 1), (1, 2), (0.1, 0.2), ("a", "A")])
def test_values_that_differ(given: object, expected: object) -> None:
    assert not same_value(given, expected)
