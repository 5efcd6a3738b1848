"""Models that were checked before, kept by the content of their files, so that none is ever out of date.

The kept models lie in the user's own cache folder and not in the project: they are pickles, and a project may come from
somebody else. Without such a folder nothing is kept, which costs nothing but time.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydantic
from sqlglot import _version as sqlglot

from semantic.files import project_files
from semantic.model import Model
from semantic.source import Written, WrittenLater

KEPT = 16  # models; the oldest goes first
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where checked models are kept for one user."""

    folder: Path

    @classmethod
    def of_user(cls, environment: Mapping[str, str]) -> Shelf | None:
        """The folder that METRICAST_CACHE names, else the usual one; None where it is empty or there is none."""
        named = environment.get("METRICAST_CACHE")
        if named is not None:
            return cls(Path(named)) if named else None
        usual = environment.get("XDG_CACHE_HOME") or environment.get("LOCALAPPDATA")
        with suppress(RuntimeError):  # a user without a home
            return cls((Path(usual) if usual else Path.home() / ".cache") / "metricast")
        return None

    def place(self, root: Path) -> Path | None:
        """Where the model of the files as they are now is kept; None where they cannot be read."""
        try:
            return self._path(root)
        except OSError:
            return None

    def find(self, place: Path, root: Path, read: Callable[[], Written | WrittenLater]) -> Model | None:
        """The model that is kept in a place, if it was checked before and found right.

        `read` reads the files again for whoever wants to know where something stands.
        """
        try:
            content = self._trusted(place)
        except OSError:  # not kept, or not to be read: the project is loaded
            return None
        if content is None or hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
            return None
        project, datasets, metrics, segments, checks = pickle.loads(content[_DIGEST:])  # noqa: S301 - our own, see _trusted
        return Model(project, datasets, metrics, segments, root.resolve(), WrittenLater(read), checks)

    def keep(self, model: Model, place: Path, root: Path) -> None:
        """Keep a model that is right, unless its files have changed while they were read."""
        if self.place(root) != place:
            return
        parts = (model.datasets, model.metrics, model.segments, model.checks)
        kept = pickle.dumps((model.project, *map(dict, parts)), 5)
        with suppress(OSError):  # no room or no right to write: the next start takes longer, and that is all
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(kept).digest() + kept)
            Path(name).replace(place)
            self._forget(sorted(self.folder.glob("*.model"), key=lambda path: path.stat().st_mtime)[:-KEPT])

    def _forget(self, paths: Iterable[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    def _path(self, root: Path) -> Path:
        digest = hashlib.sha256(f"{_program()} {root.resolve()}".encode())
        for path in project_files(root):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(root)}\0{len(content)}\0".encode() + content)
        return self.folder / f"{digest.hexdigest()[:40]}.model"

    def _trusted(self, path: Path) -> bytes | None:
        """What is kept in a file that nobody but the user can have written."""
        with path.open("rb") as stream:
            found = os.fstat(stream.fileno())
            others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or others):
                return None
            return stream.read()


@cache
def _program() -> str:
    """What a kept model depends on besides the project: this package as it is, and what it is built on."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    own = [f"{path.name} {found.st_size} {found.st_mtime_ns}" for path in sources for found in [path.stat()]]
    return " ".join((sys.version, pydantic.VERSION, sqlglot.__version__, *own))
