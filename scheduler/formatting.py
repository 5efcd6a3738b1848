"""The YAML files of a project in the style of the house: which files, how they are read, and what becomes of them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scheduler.project_schema import file_schema, project_schema
from scheduler.writing import replace_file
from semantic.editing.house_style import in_house_style
from semantic.editing.json_schema import Schema
from semantic.errors import Diagnostic, ModelError, Report, Span
from semantic.files import FOLDER
from semantic.load import PROJECT_FILE

_ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Styled:
    """A file and what it should hold."""

    path: Path
    before: bytes
    after: bytes

    @property
    def differs(self) -> bool:
        """Whether the file is not in the style of the house."""
        return self.before != self.after

    def write(self) -> None:
        """Replace the file, whole or not at all."""
        replace_file(self.path, self.after)


def yaml_files(project: Path, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The YAML files at these paths, else all of the project; of a folder with `metrics/` those in there."""
    if not paths and not (project / FOLDER).is_dir():
        message = f"there is no project in {project}: it has no folder '{FOLDER}'"
        raise ModelError(Diagnostic("E110", message, hint="--project DIR names another folder"))
    return tuple(dict.fromkeys(file for path in paths or (project,) for file in _files(path)))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    folder = path / FOLDER if (path / FOLDER).is_dir() else path
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.suffix in _ENDINGS and file.is_file() and not hidden:
            yield file


def styled(path: Path, report: Report) -> Styled | None:
    """A file and how it should be; None after its mistakes have been reported. A byte order mark and CRLF stay."""
    before = path.read_bytes()
    try:
        text = before.decode("utf-8-sig")
    except UnicodeDecodeError:
        report(Diagnostic("E111", "the file is not UTF-8", Span(str(path), 1, 1), "save it as UTF-8"))
        return None
    line_break = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    after = in_house_style(str(path), text.replace("\r\n", "\n"), _schema(path.name == PROJECT_FILE), report)
    if after is None:
        return None
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return Styled(path, before, mark + after.replace("\n", line_break).encode())


@cache
def _schema(settings: bool) -> Schema:
    return project_schema() if settings else file_schema()
