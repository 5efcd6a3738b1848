"""The error reference: it is complete, and every example does what it is there to show."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from scheduler.reference import anchor, section_lines
from tests.cli_project import run
from tests.error_reference import CODE, PAGE, Section, base, do, message, prepare, reported, sections
from tests.test_architecture import SOURCES

WARNINGS = {"E420", "E421", "E422", "E423", "E424", "E425"}
ELSEWHERE = {  # what needs a workspace, or a machine without the connector, is provoked there
    "E409": "tests/e2e/test_databricks.py",
    "E430": "tests/semantic/test_databricks.py",
    "E431": "tests/semantic/test_databricks.py",
    "E432": "tests/e2e/test_databricks.py",
}
RUN = pytest.mark.parametrize(
    "section", [each for each in sections() if each.code not in ELSEWHERE], ids=lambda section: section.code
)
EACH = pytest.mark.parametrize("section", sections(), ids=lambda section: section.code)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that every example starts from."""
    folder = tmp_path_factory.mktemp("shop")
    prepare(base(), folder)
    return folder


@pytest.fixture
def project(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shutil.copytree(shop, tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    said = {code for path in SOURCES for code in _codes_in(path)}
    assert {section.code for section in sections()} == said
    assert len(sections()) == len(said), "a code has two sections"


def _codes_in(path: Path) -> set[str]:
    """The codes in the texts of a module, its docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = [n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {ast.get_docstring(node, clean=False) for node in documented}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {code for text in texts if isinstance(text, str) and text not in docstrings for code in CODE.findall(text)}


def test_sections_stand_in_order() -> None:
    codes = [section.code for section in sections()]
    assert codes == sorted(codes)


def test_links_within_the_page_lead_to_a_section() -> None:
    anchors = {anchor(section.code).partition("#")[2] for section in sections()}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.read_text(encoding="utf-8"))) <= anchors
    assert anchor("E203") == "semantic/ERRORS.md#e203-a-name-that-is-taken"
    assert anchor("E504") == "semantic/ERRORS.md#e504-an-item-of-to-that-is-not-one-exporter"


def test_a_section_can_be_read_on_the_terminal(tmp_path: Path) -> None:
    result = run("explain", "E231", "--project", tmp_path)
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[0]) == (0, "E231 several ways to one dimension")
    assert "Wrong:" in lines
    assert "    segments:" not in lines
    assert any(line.startswith("      from_women: {dataset: gifts") for line in lines)
    assert "```" not in result.stdout
    assert "## " not in result.stdout
    assert "](#" not in run("explain", "E316").stdout
    assert "As E210 and E217" in run("explain", "E330").stdout


def test_every_section_ends_where_the_next_begins() -> None:
    for section in sections():
        lines = list(section_lines(section.code))
        assert sum(bool(re.match(r"E\d{3} ", line)) for line in lines) == 1
        assert not any(line.startswith("#") for line in lines)


def test_a_code_that_there_is_not_is_refused() -> None:
    result = run("explain", "E999")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "E999" in result.stderr


def test_the_project_that_examples_start_from_is_right(project: Path) -> None:
    outcome = do((), project)
    assert (outcome.exits, outcome.codes) == ([0], set()), outcome.text


def test_the_message_that_the_page_begins_with_is_that_of_an_example(project: Path) -> None:
    (code,) = set(CODE.findall(message()))
    (section,) = [each for each in sections() if each.code == code]
    assert message() in do(section.example("wrong"), project).text


@EACH
def test_a_section_shows_it_wrong_and_right(section: Section) -> None:
    kinds = {block.kind for block in section.blocks}
    assert {"wrong", "right"} <= kinds
    assert all(len(block.text.splitlines()) <= 20 for block in section.blocks)
    marked = {code for block in section.blocks for _, _, code in block.marks}
    assert marked <= {section.code}
    assert not any(mark for block in section.blocks if block.kind != "wrong" for mark in block.marks)


@pytest.mark.parametrize("code", ELSEWHERE)
def test_what_cannot_be_run_here_is_expected_elsewhere(code: str) -> None:
    assert f'"{code}' in (PAGE.parent.parent / ELSEWHERE[code]).read_text(encoding="utf-8")


@RUN
def test_the_wrong_example_gives_the_code(section: Section, project: Path) -> None:
    steps = section.example("wrong")
    marks = {mark for block in steps for mark in block.marks}
    if marks:
        assert reported(steps, project) == marks
        return
    outcome = do(steps, project)
    assert section.code in outcome.codes, outcome.text
    assert outcome.codes <= {section.code, *CODE.findall(section.text)}, outcome.text
    assert section.code in WARNINGS or any(outcome.exits) or section.code == "E613", outcome.text


@RUN
def test_the_right_example_gives_none(section: Section, project: Path) -> None:
    outcome = do(section.example("right"), project)
    assert (outcome.codes, any(outcome.exits)) == (set(), False), outcome.text
