"""Reading semantic/ERRORS.md, and doing what its examples say.

A section is `## CODE title`. A line `Wrong:` or `Right:` says what the blocks below it are; blocks before either belong
to both. The blocks before the first section are the project that every example starts from.

    yaml    a file: metrics/example.yml, or what its first line names (`# metrics/project.yml`); `# E203` marks the line
    sql     is run on the project's database
    sh      commands in the project's folder, line by line; without any, `metricast validate` is run
    py      Python in the project's folder
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import duckdb
from click.testing import CliRunner

from scheduler.cli import cli
from semantic import MetricastError

PAGE = Path(__file__).resolve().parent.parent / "semantic" / "ERRORS.md"
CODE = re.compile(r"\bE[1-6]\d\d\b")
LANGUAGES = {"yaml", "sql", "sh", "py"}
DATABASE = "shop.duckdb"
_MARK = re.compile(r"#\s*(E\d{3})$")
Kind = Literal["both", "wrong", "right"]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the page."""

    kind: Kind
    language: str
    text: str

    @property
    def file(self) -> str:
        """Where a YAML block stands in the project."""
        named = re.match(r"# (metrics/\S+)\n", self.text)
        return named[1] if named else "metrics/example.yml"

    @property
    def marks(self) -> Iterator[tuple[str, int, str]]:
        """The file, line and code of every line that is marked as reported."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if found := _MARK.search(line):
                yield self.file, number, found[1]


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one code."""

    code: str
    title: str
    text: str
    blocks: tuple[Block, ...]

    def example(self, kind: Kind) -> tuple[Block, ...]:
        """The steps of the wrong or of the right example."""
        return tuple(block for block in self.blocks if block.kind in ("both", kind))


@dataclass(slots=True)
class Outcome:
    """What came of an example: all that was printed or raised, and the exit codes."""

    text: str = ""
    exits: list[int] = field(default_factory=list)

    @property
    def codes(self) -> set[str]:
        """The codes that were said."""
        return set(CODE.findall(self.text))


@cache
def sections() -> tuple[Section, ...]:
    """All sections, in the order of the page."""
    parts = re.split(r"^## (E\d{3}) (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return tuple(Section(code, title, text, tuple(_blocks(text))) for code, title, text in found)


@cache
def base() -> tuple[Block, ...]:
    """The project that every example starts from."""
    return tuple(_blocks(PAGE.read_text(encoding="utf-8").split("\n## ")[0]))


def message() -> str:
    """The message that the page begins with."""
    found = re.search(r"\n\n((?:    .*\n)+)", PAGE.read_text(encoding="utf-8"))
    assert found is not None
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE)


def _blocks(text: str) -> Iterator[Block]:
    kind: Kind = "both"
    for found in re.finditer(r"^(Wrong|Right):$|^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if found[1]:
            kind = "wrong" if found[1] == "Wrong" else "right"
        else:
            assert found[2] in LANGUAGES, f"an example in {found[2]}"
            yield Block(kind, found[2], found[3])


def do(steps: tuple[Block, ...], folder: Path) -> Outcome:
    """Carry out an example in a folder that holds the base project; the working directory must be that folder."""
    outcome, names = Outcome(), dict[str, Any]()
    with _modules_as_they_were():
        for block in steps:
            _step(block, folder, outcome, names)
        if not any(block.language in ("sh", "py") for block in steps):
            _metricast(["validate"], {}, outcome)
    return outcome


def prepare(steps: tuple[Block, ...], folder: Path) -> None:
    """Carry out steps that only write files and tables."""
    for block in steps:
        _step(block, folder, Outcome(), {})


def reported(steps: tuple[Block, ...], folder: Path) -> set[tuple[str, int, str]]:
    """The file, line and code of everything that `metricast validate` reports after these steps."""
    prepare(steps, folder)
    found = json.loads(CliRunner().invoke(cli, ["validate", "--format", "json"]).stdout)
    return {(each["file"], each["line"], each["code"]) for each in found}


def _step(block: Block, folder: Path, outcome: Outcome, names: dict[str, Any]) -> None:
    match block.language:
        case "yaml":
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
        case "sql":
            with duckdb.connect(str(folder / DATABASE)) as connection:
                connection.execute(block.text)
        case "sh":
            for line in block.text.splitlines():
                _command(line, outcome)
        case _:
            _python(block.text, outcome, names)


def _command(line: str, outcome: Outcome) -> None:
    words = shlex.split(line, comments=True)
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    command = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    if command[0] == "metricast":
        _metricast(command[1:], given, outcome)
        return
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=False)
    outcome.text += done.stdout + done.stderr
    outcome.exits.append(done.returncode)


def _metricast(arguments: list[str], environment: dict[str, str], outcome: Outcome) -> None:
    result = CliRunner().invoke(cli, arguments, env={"METRICAST_MASK_KEY": None, **environment})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    outcome.text += result.output
    outcome.exits.append(result.exit_code)


def _python(text: str, outcome: Outcome, names: dict[str, Any]) -> None:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, str(PAGE), "exec"), names)
    except MetricastError as error:
        outcome.text += str(error)
        outcome.exits.append(1)
    outcome.text += printed.getvalue()


@contextlib.contextmanager
def _modules_as_they_were() -> Iterator[None]:
    """Undo what an example does to a module of ours, to show what a fault looks like."""
    ours = ("semantic", "exporters", "scheduler")
    modules = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ours}
    before: list[tuple[ModuleType, dict[str, Any]]] = [(module, dict(vars(module))) for module in modules.values()]
    try:
        yield
    finally:
        for module, names in before:
            vars(module).update(names)
