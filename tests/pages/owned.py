"""The blocks that other tests carry out, held against what those tests read of the pages: none is left to nobody."""

from __future__ import annotations

from functools import cache

from tests import error_reference, test_review_recipes
from tests.e2e import test_readme
from tests.pages import worked
from tests.pages.markdown import ROOT, Block

README, ERRORS, REVIEW = "README.md", "semantic/ERRORS.md", "scheduler/REVIEW.md"
TIME = "semantic/TIME.md"
TOUR = "Five minutes"


def is_owned(block: Block) -> bool:
    """Whether another test carries the block out: the tour's, the error reference's, that of git's recipes, a case."""
    return block.page in (ERRORS, REVIEW, TIME) or (block.page == README and block.heading.startswith(TOUR))


def is_read(block: Block) -> bool:
    """Whether that test reads the whole block."""
    match block.page:
        case "README.md":
            return set(block.text.rstrip("\n").split("\n\n")) <= _read_by_the_tour()
        case "semantic/ERRORS.md":
            return block.text in _read_by_the_errors()
        case "semantic/TIME.md":
            return block.text in _read_by_the_cases()
        case _:
            return block.text in _read_by_the_review() or set(_lines(block)) <= set(test_review_recipes.commands())


@cache
def _read_by_the_tour() -> frozenset[str]:
    """The paragraphs that are run, compared or written into the project."""
    read: list[str] = []
    for paragraph, output in test_readme.steps():
        if paragraph.startswith((test_readme.COMMAND, test_readme.YAML)):
            read += [paragraph, *(output or "").split("\n\n")]
    return frozenset(map(test_readme.unindented, read))


@cache
def _read_by_the_errors() -> frozenset[str]:
    steps = [*error_reference.base(), *(block for section in error_reference.sections() for block in section.blocks)]
    return frozenset([error_reference.message(), *(block.text for block in steps)])


@cache
def _read_by_the_review() -> frozenset[str]:
    return frozenset(map(test_review_recipes.block, ("sh", "yaml")))


@cache
def _read_by_the_cases() -> frozenset[str]:
    """The models of the worked examples."""
    kinds = worked.shown((ROOT / TIME).read_text(encoding="utf-8"))
    return frozenset(test_readme.unindented(worked.model(kind)) + "\n" for kind in kinds)


def _lines(block: Block) -> list[str]:
    """The commands of a block without what is said of them."""
    return [line.split("  ")[0] for line in block.text.splitlines()]
