"""A project's files as they were at a revision, or as they are staged: read from git, nothing is checked out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from semantic.errors import Diagnostic, ScheduleError, listing, suggest
from semantic.files import FOLDER

_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")  # a hook has them for its own folder, which may not be ours
_SUFFIXES = (".yml", ".yaml")
_PLAIN = ("100644", "100755", "100664")


@dataclass(frozen=True, slots=True)
class Revision:
    """The YAML files of a project as git has them; `commit` is empty for what is staged."""

    name: str
    commit: str
    files: Mapping[str, bytes]

    def __str__(self) -> str:
        is_told = not self.commit or self.commit.startswith(self.name)
        return self.name if is_told else f"{self.name} ({self.commit[:10]})"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What git lists: the mode, the id of the content, the merge stage (0 when there is no conflict), the path."""

    mode: str
    content: str
    stage: str
    path: str


def read_revision(root: Path, name: str) -> Revision:
    """The project of the folder `root` at a revision. Raises ScheduleError."""
    _check_repository(root)
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if found.returncode != 0:
        raise ScheduleError(_unknown(root, name))
    commit = found.stdout.decode().strip()
    listed = _asked(root, "ls-tree", "-r", "-z", commit, "--", FOLDER)
    entries = [_Entry(head[0], head[2], "0", path) for head, path in _lines(listed)]
    return Revision(name, commit, _contents(root, name, entries))


def read_staged(root: Path) -> Revision:
    """The project of the folder `root` as the next commit would have it. Raises ScheduleError."""
    _check_repository(root)
    listed = _asked(root, "ls-files", "--stage", "-z", "--", FOLDER)
    entries = [_Entry(head[0], head[1], head[2], path) for head, path in _lines(listed)]
    return Revision("what is staged", "", _contents(root, "the index", entries))


def _lines(listed: bytes) -> Iterator[tuple[list[str], str]]:
    """The words before the tab, and the path after it, of every entry."""
    for line in listed.split(b"\0"):
        head, tab, path = line.partition(b"\t")
        if tab:
            yield head.decode().split(), os.fsdecode(path)


def _contents(root: Path, name: str, entries: list[_Entry]) -> dict[str, bytes]:
    for entry in entries:
        _check_plain(entry, name)
    wanted = [entry for entry in entries if entry.path.endswith(_SUFFIXES)]
    if not wanted:
        message = f"there is no project in {name}: it has no .yml file in '{FOLDER}' of {root.resolve()}"
        raise ScheduleError(Diagnostic("E623", message, hint="compare with a revision that has one"))
    ids = "".join(f"{entry.content}\n" for entry in wanted)
    answer = _asked(root, "cat-file", "--batch", given=ids.encode())
    return dict(zip((entry.path for entry in wanted), _blobs(answer), strict=True))


def _check_plain(entry: _Entry, name: str) -> None:
    """Whether git holds the content itself: not a link to it, another repository, or two contents to choose from."""
    is_yaml = entry.path.endswith(_SUFFIXES)
    if entry.stage != "0" and is_yaml:
        message = f"{entry.path} is in conflict"
        raise ScheduleError(Diagnostic("E625", message, hint="resolve it, and `git add` it"))
    if entry.mode not in _PLAIN and (is_yaml or entry.mode != "120000"):
        what = "a link" if entry.mode == "120000" else "a repository of its own"
        message = f"{entry.path} is {what} in {name}, so what it says is not there"
        raise ScheduleError(Diagnostic("E625", message, hint="only plain files can be compared"))


def _blobs(answer: bytes) -> Iterator[bytes]:
    """The contents in the answer of `cat-file --batch`: `id type size`, the bytes, a line end."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        if len(words) != 3:
            message = f"git does not have everything: {answer[at:end].decode('utf-8', 'replace')}"
            raise ScheduleError(Diagnostic("E621", message, hint="fetch what is missing: git fetch --refetch"))
        size = int(words[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _check_repository(root: Path) -> None:
    if not root.is_dir():
        raise ScheduleError(Diagnostic("E621", f"there is no folder {root}"))
    found = _git(root, "rev-parse", "--is-inside-work-tree")
    if found.returncode == 0 and found.stdout.strip() == b"true":
        return
    reason = _first_line(found.stderr)
    if "not a git repository" in reason or not reason:
        message = f"{root.resolve()} is not in a git repository"
        raise ScheduleError(
            Diagnostic("E621", message, hint="git init, and commit: then there is something to compare with")
        )
    raise ScheduleError(Diagnostic("E621", f"git refuses to read {root.resolve()}: {reason}"))


def _unknown(root: Path, name: str) -> Diagnostic:
    """What to say about a name that is no commit: whether there is any, and which names are near."""
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD").returncode != 0:
        hint = "commit the project first: then there is something to compare with"
        return Diagnostic("E622", "the repository has no commit yet", hint=hint)
    refs = _asked(root, "for-each-ref", "--sort=-committerdate", "--format=%(refname:short)").decode("utf-8", "replace")
    known = ["HEAD", *refs.split()]
    hint = suggest(name, known) or f"known: {listing(known)}"
    if _asked(root, "rev-parse", "--is-shallow-repository").strip() == b"true":
        hint += "; this clone is shallow: git fetch --unshallow gets the rest"
    return Diagnostic("E622", f"git knows no revision '{name}'", hint=hint)


def _asked(root: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git answers; what it refuses is said in its own words."""
    found = _git(root, *arguments, given=given)
    if found.returncode != 0:
        raise ScheduleError(Diagnostic("E621", f"git {arguments[0]} failed: {_first_line(found.stderr)}"))
    return found.stdout


def _git(root: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise ScheduleError(Diagnostic("E620", "git was not found", hint="install git, or put it on the PATH"))
    command = [program, "-C", str(root), *arguments]
    return subprocess.run(command, input=given, env=_environment(), capture_output=True, check=False)  # noqa: S603


def _environment() -> dict[str, str]:
    """The environment of git: it finds the repository from the folder, asks nobody, and speaks English."""
    found = {key: value for key, value in os.environ.items() if key not in _OF_HOOKS}
    if "GIT_INDEX_FILE" in found:
        found["GIT_INDEX_FILE"] = str(Path(found["GIT_INDEX_FILE"]).absolute())
    return {**found, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def _first_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else ""
