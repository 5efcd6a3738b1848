"""Every example on every Markdown page is carried out; METRICAST_WRITE_DOCS=1 writes anew what is printed.

`tests/pages/__init__.py` says how a page tells what its blocks are.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from scheduler.cli import cli
from tests.pages.examples import commands, cut_like, walk
from tests.pages.markdown import ROOT, Block, PageError, blocks, pages, project_of, read, words
from tests.pages.owned import is_owned, is_read
from tests.pages.projects import build

PAGES = pages()
BLOCKS = {page: blocks(read(page), page) for page in PAGES}
NOT_RUN = [block for found in BLOCKS.values() for block in found if block.directive("not run") is not None]
NOT_COUNTED = ("CHANGELOG.md", "CONTRIBUTING.md", "semantic/ERRORS.md")  # for ourselves; a section per code, to look up
LIMIT, WORDS = 15, 500  # pages in all, words on one
Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A function of a name that gives the project that a page starts from; made once."""
    return cache(lambda name: build(name, tmp_path_factory.mktemp(name)))


# --- the examples ------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page(page: str, project: Build, tmp_path: Path) -> None:
    text, found = read(page), BLOCKS[page]
    name = project_of(text, page)
    others = tuple(block for block in found if is_owned(block))
    walked = walk(page, text, project(name) if name else None, tmp_path, others)
    assert walked.problems == []
    if os.environ.get("METRICAST_WRITE_DOCS"):
        (ROOT / page).write_text(walked.text, encoding="utf-8")
    assert read(page) == walked.text
    not_run = [block for block in found if block.directive("not run") is not None]
    assert len(walked.done) + len(others) + len(not_run) == len(found)


@pytest.mark.parametrize("page", [page for page in PAGES if any(map(is_owned, BLOCKS[page]))])
def test_what_other_tests_carry_out_is_all_that_is_theirs(page: str) -> None:
    assert [block.place for block in BLOCKS[page] if is_owned(block) and not is_read(block)] == []


# --- what cannot be carried out here ------------------------------------------------------------


@pytest.mark.parametrize("block", NOT_RUN, ids=lambda block: block.place)
def test_what_is_not_run_says_why_and_can_be_read(block: Block) -> None:
    assert block.directive("not run")
    if block.language == "yaml":
        assert isinstance(yaml.safe_load(block.text), dict)
        return
    assert block.language == "sh"
    for command in commands(block.text):
        _read_command(*shlex.split(command, comments=True))


def _read_command(program: str, *arguments: str) -> None:
    """Our commands and targets are there, and take these arguments; other programs are taken as they are."""
    if program.endswith("metricast"):
        cli.commands[arguments[0]].make_context(arguments[0], list(arguments[1:]))
    elif program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in arguments)


@pytest.mark.parametrize("page", PAGES)
def test_commands_within_sentences_exist(page: str) -> None:
    for name, arguments in re.findall(r"`metricast ([a-z][a-z-]*)(?: ([^`]*))?`", read(page)):
        flags = {flag for parameter in cli.commands[name].params for flag in parameter.opts}
        assert set(re.findall(r"--[\w-]+", arguments)) <= flags | {"--help"}, f"{name} {arguments}"


# --- the pages together ------------------------------------------------------------


def test_the_readme_leads_to_every_page() -> None:
    table = read("README.md").split("## Where to read on")[1].split("\n## ")[0]
    assert {"README.md", *re.findall(r"\]\(([\w/.]+\.md)\)", table)} == set(PAGES)


def test_there_is_not_too_much_to_read() -> None:
    counted = {page: words(read(page)) for page in PAGES if page not in NOT_COUNTED}
    each = "\n".join(f"{count / WORDS:5.2f}  {page}" for page, count in counted.items())
    total = sum(counted.values()) / WORDS
    assert total < LIMIT, f"{total:.2f} pages of {WORDS} words, and {LIMIT} is too many:\n{each}"


def test_words_are_what_is_written_by_hand() -> None:
    made = "<!-- keys: Join -->\n| `on` | Columns |\n<!-- end of keys -->\n"
    assert words(f"<!-- project: shop -->\n\n# A page\n\n{made}\n    metrics: {{}}\n\n| a | --- | 2 |\n") == 5


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        path, _, anchor = target.partition("#")
        if not target.startswith("https:"):
            to = (ROOT / page).parent / path if path else ROOT / page
            assert to.exists(), target
            assert not anchor or anchor in anchors(to.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- the walk itself ------------------------------------------------------------

MODEL = "```yaml\ndatasets: {users: {table: users}}\nmetrics: {people: {dataset: users, agg: count}}\n```\n"
ASKED = "```console\n$ metricast query people\npeople\n------\n     4\n```\n"


def problems(text: str, project: Build, folder: Path) -> list[str]:
    return walk("page.md", text, project("shop"), folder).problems


def test_what_is_printed_takes_the_place_of_what_is_shown(project: Build, tmp_path: Path) -> None:
    walked = walk("page.md", MODEL + ASKED.replace("4", "5"), project("shop"), tmp_path)
    assert (walked.text, walked.problems) == (MODEL + ASKED, [])


@pytest.mark.parametrize(
    "wrong",
    [
        MODEL.replace("table", "tabel"),
        MODEL.replace("table: users", "table: nobody"),
        "```yaml\n- a list\n```\n",
        "<!-- in: datasets.nobody -->\n```yaml\nlabel: Nobody\n```\n",
        MODEL + "```console\n$ metricast query persons\n```\n",
        MODEL + "```sh\nmetricast query persons\n```\n",
        MODEL + "```sh\nrm metrics\n```\n",
        "```console\nmetricast list\n```\n",
        "```sql\nSELECT 1\n```\n",
        MODEL + ASKED + "```sql\nSELECT 1\n```\n",
        "```python\n1 / 0\n```\n",
        "```cobol\nSTOP RUN.\n```\n",
    ],
)
def test_an_example_that_does_not_work_is_seen(wrong: str, project: Build, tmp_path: Path) -> None:
    assert len(problems(wrong, project, tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<!-- base: metrics/a.yml -->\n\nA paragraph between.\n\n    metrics: {}\n",
        "<!-- not run: no block follows -->\n",
        "<!-- bsae: metrics/a.yml -->\n\n    metrics: {}\n",
        "- in a list\n\n      metrics: {}\n",
    ],
)
def test_a_page_that_hides_something_is_refused(text: str) -> None:
    with pytest.raises(PageError):
        blocks(text, "page.md")


@pytest.mark.parametrize(
    ("shown", "fits"),
    [
        ("a|b|c|d", True),
        ("a|…|d", True),
        ("…|c|…", True),
        ("a|b", False),
        ("a|…|c", False),
        ("a|b|c|d|…", False),
    ],
)
def test_dots_stand_for_lines(shown: str, fits: bool) -> None:
    printed = ["a", "b", "c", "d"]
    lines = shown.split("|")
    assert cut_like(lines, printed) == (lines if fits else printed)
