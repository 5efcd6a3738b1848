"""Files come into place whole, durable, and without losing what stood there before.

A file is written in a hidden folder of its own beside its destination (the same file system, so that a rename is all it
takes), flushed to the disk, and renamed into place; then the folder's entry is flushed too. The older file is kept
until that has succeeded. The hidden folder is locked while its process lives; those of the dead are swept away.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from exporters.base import DeliveredFile

_PREFIX = ".metricast-"


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A path of the same name as `target` to write to, in a hidden folder beside it that is removed in the end."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "there is a folder of this name", str(target))
    _make_folder(target.parent)
    _sweep(target.parent)
    with ExitStack() as stack:
        yield _workshop(target.parent, stack) / target.name


def place(staged: Path, target: Path, root: Path) -> DeliveredFile:
    """Move a staged file to its target: durable when this returns, and when it raises nothing has changed."""
    if target.exists():
        shutil.copymode(target, staged)
    _flush(staged)
    delivered = DeliveredFile(shown(target, root), staged.stat().st_size, _sha256(staged))
    older = _keep(target, staged.with_name(f"{staged.name}.older"))
    try:
        staged.replace(target)
        _flush(target.parent)
    except BaseException:
        _restore(target, older, staged)
        raise
    return delivered


def shown(path: Path, root: Path) -> str:
    """The path relative to the project folder if it lies in there, else as it is; always with `/`."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(target: Path, older: Path) -> Path | None:
    """A second name for what stands at the target, or a copy where the file system has no second names."""
    if not target.exists():
        return None
    try:
        older.hardlink_to(target)
    except OSError:
        shutil.copy2(target, older)
        _flush(older)
    return older


def _restore(target: Path, older: Path | None, staged: Path) -> None:
    if older is not None:
        older.replace(target)
    elif not staged.exists():
        target.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    elif os.name != "nt":  # Windows flushes the names itself and opens no folders
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _flush(made.parent)


def _workshop(parent: Path, stack: ExitStack) -> Path:
    """A new hidden folder, locked; one that somebody sweeps away before it is locked is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        with suppress(FileNotFoundError):
            stack.enter_context(_locked(folder))
            if folder.exists():
                return folder


def _sweep(parent: Path) -> None:
    """Remove the hidden folders of processes that died: nobody holds their lock."""
    for left in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError), _locked(left, wait=False) as nobody_else:
            if nobody_else:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a folder; false if somebody else does, or where folders cannot be locked."""
    if os.name == "nt":
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _flock(descriptor, wait)
    finally:
        os.close(descriptor)


def _flock(descriptor: int, wait: bool) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
