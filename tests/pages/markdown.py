"""The code blocks of a Markdown page, as CommonMark sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("semantic", "exporters", "scheduler", "metrics", "tests")
DIRECTIVES = ("project", "base", "in", "each line in", "not run")
MADE = ("keys", "aggregates", "functions", "example", "inside")  # made from the code or the cases, between their marks
OTHER_COMMENTS = (*MADE, *(f"end of {name}" for name in MADE))
INDENT = "    "
_COMMENT = re.compile(r"<!-- ([a-z ]+?)(?:: (.*?))? -->")
_MADE = re.compile(rf"<!-- ({'|'.join(MADE)})(?:: \w+)? -->\n.*?<!-- end of \1 -->", re.DOTALL)
_LANGUAGES = (
    (re.compile(r"\$ "), "console"),
    (re.compile(r"(metricast|make|python3?|cd) "), "sh"),
    (re.compile(r"(from|import) "), "python"),
)


class PageError(ValueError):
    """A page that cannot be walked over."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: where it stands, under which heading, what it is."""

    page: str
    heading: str
    section: int
    start: int  # the index of its first line in the page, and of the first one after it
    end: int
    language: str
    text: str
    indent: str
    directives: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """As an editor opens it."""
        return f"{self.page}:{self.start + 1}"

    def directive(self, name: str) -> str | None:
        """What a comment above the block says, the empty text if it says nothing more; None without one."""
        return dict(self.directives).get(name)


def pages() -> tuple[str, ...]:
    """All pages of the repository, relative to it."""
    found = [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
    return tuple(sorted(page.relative_to(ROOT).as_posix() for page in found))


def read(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def words(text: str) -> int:
    """How many words of a page are written by hand: all but comments, and what is made from the code or the cases.

    Examples count, and what they print. A word has a letter or a digit.
    """
    written = _COMMENT.sub("", _MADE.sub("", text))
    return sum(bool(re.search(r"\w", word)) for word in written.split())


def project_of(text: str, page: str) -> str | None:
    """The name of the project that a page starts from."""
    found = [value for name, value in _comments(text, page) if name == "project"]
    if len(found) > 1:
        raise PageError(f"{page}: starts from {found}")
    return found[0] if found else None


def blocks(text: str, page: str) -> tuple[Block, ...]:
    """The code blocks of a page, in order. Raises PageError for a comment that means nothing."""
    return tuple(_blocks(text, page))


def _blocks(text: str, page: str) -> Iterator[Block]:
    tokens = MarkdownIt("commonmark").parse(text)
    heading, section, above = "", 0, list[tuple[str, str]]()
    for number, token in enumerate(tokens):
        match token.type:
            case "heading_open":
                _refuse_idle(above, page)
                heading, section, above = tokens[number + 1].content, section + 1, []
            case "html_block":
                above += _comments(token.content, page)
            case "fence" | "code_block":
                yield _block(token, page, heading, section, tuple(above))
                above = []
            case _:
                _refuse_idle(above, page)
                above = []
    _refuse_idle(above, page)


def _refuse_idle(above: list[tuple[str, str]], page: str) -> None:
    """A comment that stands above no block would be obeyed by none."""
    for name, value in above:
        if name in DIRECTIVES and name != "project":
            raise PageError(f"{page}: '{name}: {value}' stands above no block")


def _block(token: Token, page: str, heading: str, section: int, above: tuple[tuple[str, str], ...]) -> Block:
    assert token.map is not None
    fenced = token.type == "fence"
    start = token.map[0] + fenced
    end = start + len(token.content.splitlines())
    language = token.info.strip() if fenced else _guess(token.content)
    if token.level:
        raise PageError(f"{page}:{start + 1}: a code block within a list or a quotation is not walked over")
    return Block(page, heading, section, start, end, language, token.content, "" if fenced else INDENT, above)


def _guess(text: str) -> str:
    """The language of an indented block, by how it begins; what it is not, it fails to be."""
    return next((language for beginning, language in _LANGUAGES if beginning.match(text)), "yaml")


def _comments(text: str, page: str) -> list[tuple[str, str]]:
    found = [(comment[1], comment[2] or "") for comment in _COMMENT.finditer(text)]
    for name, _ in found:
        if name not in (*DIRECTIVES, *OTHER_COMMENTS):
            raise PageError(f"{page}: the comment '{name}' means nothing here; known: {', '.join(DIRECTIVES)}")
    return found
