"""Carrying out the examples of a page, and the page as it has to be."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from click.testing import CliRunner

from scheduler.cli import cli
from tests.pages.markdown import Block, PageError, blocks
from tests.pages.projects import NAME, put

PROMPT, OMITTED = "$ ", "…"
PRINTED = ("sql", "json", "csv", "text")  # what a command prints
MASK_KEY = "METRICAST_MASK_KEY"
_ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)


@dataclass(slots=True)
class Walk:
    """What came of a page: its text as it has to be, what is wrong, and the blocks that were carried out."""

    text: str
    problems: list[str] = field(default_factory=list)
    done: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Shell:
    """A person in the project's folder."""

    folder: Path
    environment: dict[str, str | None] = field(default_factory=lambda: {MASK_KEY: None})
    printed: list[str] | None = None  # by the last command, if its block does not show it

    def run(self, command: str, *, may_fail: bool) -> list[str]:
        """What a command prints, results and reasons. Raises PageError for one that fails, unless it may."""
        words = shlex.split(command, comments=True)
        if words[0] == "export":
            self.environment.update(_assignments(words[1:]))
            return []
        given = _assignments(words)
        if words[len(given)] != "metricast":
            raise PageError(f"{command}: only metricast is run")
        arguments = words[len(given) + 1 :]
        result = CliRunner(env={**self.environment, **given}).invoke(cli, arguments, prog_name="metricast")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise PageError(f"{command}: {result.exception!r}")
        if result.exit_code and not may_fail:
            raise PageError(f"{command}: exit status {result.exit_code}\n{result.output}")
        if arguments[0] == "sql" and not {"--dialect", "--target"} & set(arguments):
            self.run(shlex.join(["metricast", "query", *arguments[1:]]), may_fail=False)
        return trimmed([line.rstrip() for line in result.output.splitlines()])


def walk(page: str, text: str, start: Path | None, folder: Path, skip: tuple[Block, ...] = ()) -> Walk:
    """Carry out the blocks of a page but for `skip`.

    `start` is the project that the page starts from; each section gets a copy in `folder`, which is empty.
    """
    found = [block for block in blocks(text, page) if block not in skip and block.directive("not run") is None]
    base = [block for block in found if block.directive("base") is not None]
    walked, shown = Walk(text), dict[Block, list[str]]()
    for section, members in groupby(found, lambda block: block.section):
        shell = Shell(folder / str(section) / NAME)
        shutil.copytree(start, shell.folder) if start else shell.folder.mkdir(parents=True)
        _walk_section(shell, base, list(members), shown, walked)
    walked.text = _rewritten(text, shown)
    return walked


def _walk_section(
    shell: Shell, base: list[Block], members: list[Block], shown: dict[Block, list[str]], walked: Walk
) -> None:
    for block in base:
        if block not in members:
            list(put(block, shell.folder))
    with chdir(shell.folder):
        for block, following in zip(members, [*members[1:], None], strict=True):
            try:
                shown[block] = _do(block, following, shell)
            except PageError as error:
                walked.problems.append(f"{block.place}: {error}")
            walked.done.append(block)


def _rewritten(text: str, shown: dict[Block, list[str]]) -> str:
    """The page with the blocks as they have to be."""
    lines = text.splitlines()
    for block in sorted(shown, key=lambda each: -each.start):
        lines[block.start : block.end] = [f"{block.indent}{line}".rstrip() for line in shown[block]]
    return "\n".join(lines) + "\n"


def _do(block: Block, following: Block | None, shell: Shell) -> list[str]:
    """Carry out a block. Returns its lines as they have to be; raises PageError."""
    printed, shell.printed = shell.printed, None
    lines = block.text.splitlines()
    match block.language:
        case "yaml":
            return _yaml(block, lines, shell)
        case "console":
            return _console(lines, following, shell)
        case "sh":
            for command in commands(block.text):
                shell.run(command, may_fail=False)
        case "python":
            _python(block, shell)
        case language if language in PRINTED:
            if printed is None:
                raise PageError("stands below no command that prints it")
            return cut_like(lines, printed)
        case language:
            raise PageError(f"nothing is known of the language '{language}'")
    return lines


def _yaml(block: Block, lines: list[str], shell: Shell) -> list[str]:
    """Put YAML into the project, which must be right with it. A file of its own has to be in the style of the house."""
    for file in put(block, shell.folder):
        shell.run("metricast validate", may_fail=False)
        if file is not None:
            shell.run(f"metricast fmt {file}", may_fail=False)
            lines = file.read_text(encoding="utf-8").splitlines()
    return lines


def commands(text: str) -> Iterator[str]:
    """The commands of a script, one a line or over lines that end with a backslash."""
    yield from filter(None, text.replace("\\\n", " ").splitlines())


def _console(lines: list[str], following: Block | None, shell: Shell) -> list[str]:
    """Run the commands after prompts. What the last one prints may stand in the block below."""
    written: list[str] = []
    steps = list(_steps(lines))
    for number, (command, shown) in enumerate(steps, 1):
        below = not shown and number == len(steps) and following is not None and following.language in PRINTED
        text = "\n".join(command).removeprefix(PROMPT).replace("\\\n", " ")
        printed = shell.run(text, may_fail=bool(shown) or below)
        written += command if below else [*command, *cut_like(shown, printed)]
        shell.printed = printed if below else None
    return written


def _steps(lines: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of a console, its lines and those that are shown below it."""
    if not lines[0].startswith(PROMPT):
        raise PageError(f"begins with no command: {lines[0]}")
    starts = [number for number, line in enumerate(lines) if line.startswith(PROMPT)]
    for start, end in pairwise([*starts, len(lines)]):
        rest = start + 1
        while lines[rest - 1].endswith("\\"):
            rest += 1
        yield lines[start:rest], lines[rest:end]


def cut_like(shown: list[str], printed: list[str]) -> list[str]:
    """What was printed; as it is shown, if that is the same but for what `…` stands for."""
    parts = [rf"{re.escape(line)}\n" if line.strip() != OMITTED else r"(?:.*\n)+?" for line in shown]
    fits = re.fullmatch("".join(parts), "".join(f"{line}\n" for line in printed))
    return shown if fits else printed


def trimmed(lines: list[str]) -> list[str]:
    """Lines without empty ones at both ends."""
    return "\n".join(lines).strip("\n").split("\n") if any(lines) else []


def _assignments(words: list[str]) -> dict[str, str | None]:
    """`NAME=value` at the beginning of a command."""
    given: dict[str, str | None] = {}
    for word in words:
        found = _ASSIGNMENT.fullmatch(word)
        if found is None:
            break
        given[found[1]] = found[2]
    return given


def _python(block: Block, shell: Shell) -> None:
    """Run Python beside the project's folder; what it prints stands in the block below, if anywhere."""
    printed = io.StringIO()
    with chdir(shell.folder.parent), contextlib.redirect_stdout(printed):
        try:
            exec(compile(block.text, block.place, "exec"), {"__name__": "example"})
        except Exception as error:
            raise PageError(f"{type(error).__name__}: {error}") from error
    shell.printed = trimmed(printed.getvalue().splitlines())
