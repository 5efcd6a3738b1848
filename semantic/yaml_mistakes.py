"""What a parser's complaints about YAML mean: what was probably done, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

_NO_START = "@`%"
_BRACKETS = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in YAML; line and column count from 0."""

    line: int
    column: int
    message: str
    hint: str | None = None


def explain_syntax_error(lines: Sequence[str], error: yaml.MarkedYAMLError) -> Mistake:
    """Say what is wrong, at the place where it can be mended rather than where it was noticed."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    start = (error.context_mark.line, error.context_mark.column) if error.context_mark else (line, column)
    problem = str(error.problem)
    text = lines[line] if line < len(lines) else ""
    if (tab := text[: column + 1].find("\t")) >= 0 and not text[:tab].strip():
        return Mistake(line, tab, "a line is indented with a tab", "indent with spaces: YAML forbids tabs")
    if "cannot start any token" in problem and text[column : column + 1] in _NO_START:
        message = f"a text without quotes cannot start with '{text[column]}'"
        return Mistake(line, column, message, "put it between quotes")
    if "scanning a tag" in str(error.context):
        return Mistake(*start, "a text without quotes cannot start with '!'", "put it between quotes")
    if "undefined alias" in problem:
        hint = "put the text between quotes; *name repeats what is marked with &name"
        return Mistake(line, column, "'*' refers to something that is not marked with '&'", hint)
    if "end of stream" in problem and "quoted" in str(error.context):
        return Mistake(*start, "the quote that starts here is not closed", "close it; write '' for a ' inside '…'")
    if "another document" in problem:
        return Mistake(line, column, "a second document starts here", "a file is one document: remove the '---'")
    if "mapping values" in problem:
        return _second_colon(lines, line, column)
    if (bracket := _character(lines, *start)) in _BRACKETS and "expected ','" in problem:
        return _in_brackets(lines, start, (line, column), bracket)
    if "expected key" in problem or "expected <block end>" in problem:
        return _in_block(lines, line, column)
    return Mistake(line, column, f"this is not YAML: {problem}")


def _second_colon(lines: Sequence[str], line: int, column: int) -> Mistake:
    """A key stands where the value of another one has begun: in the same line, or in the one above."""
    text = lines[line]
    if ": " in text[:column] or column >= len(text):
        return Mistake(line, column, "there are two keys in one line", "put text that holds ': ' between quotes")
    above = next((number for number in range(line - 1, -1, -1) if lines[number].strip()), line)
    if ": " not in lines[above] and above != line:
        hint = "write key: value, with a space after the colon"
        return Mistake(above, _indent(lines[above]), "this line is no key and value", hint)
    message = "this line is indented deeper than the one above, which has its value already"
    return Mistake(line, _indent(text), message, "start the keys of one thing in the same column")


def _in_brackets(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int], bracket: str) -> Mistake:
    """Something else than a comma or the end follows an item between brackets."""
    if "{{" in _line(lines, end[0])[: end[1]]:
        return _braces(lines, end[0])
    before = _line(lines, end[0])[: end[1]].rstrip()
    if start[0] == end[0] and before.endswith(("'", '"')):
        return _after_quote(*end)
    if start[0] == end[0]:
        return Mistake(*end, f"a comma or '{_BRACKETS[bracket]}' is missing here", None)
    return Mistake(*start, f"the '{bracket}' that stands here is not closed", f"close it with '{_BRACKETS[bracket]}'")


def _in_block(lines: Sequence[str], line: int, column: int) -> Mistake:
    text = _line(lines, line)
    if "{{" in text[:column]:
        return _braces(lines, line)
    if text[:column].strip():
        return _after_quote(line, column)
    message = "the indentation of this line fits none of the lines above"
    return Mistake(line, _indent(text), message, "start the keys of one thing in the same column")


def _after_quote(line: int, column: int) -> Mistake:
    hint = "put all of it between one pair of quotes; write '' for a ' inside '…'"
    return Mistake(line, column, "the text goes on after its closing quote", hint)


def _braces(lines: Sequence[str], line: int) -> Mistake:
    return Mistake(line, lines[line].find("{{"), "'{{' starts a mapping here", "put text with {{ … }} between quotes")


def _line(lines: Sequence[str], line: int) -> str:
    return lines[line] if line < len(lines) else ""


def _character(lines: Sequence[str], line: int, column: int) -> str:
    return _line(lines, line)[column : column + 1] if column >= 0 else ""


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
