"""Files come into place whole or not at all, whatever fails, and what was there before is not lost."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporters import staging
from exporters.base import DeliveredFile
from exporters.staging import beside, place

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ((os, "fsync"), (Path, "replace"), (Path, "hardlink_to"))


def put(target: Path, text: str, root: Path) -> DeliveredFile:
    with beside(target) as staged:
        staged.write_text(text)
        return place(staged, target, root)


class Breaking:
    """Counts calls of operating-system functions, and makes one of them fail."""

    def __init__(self, patch: pytest.MonkeyPatch, fail_at: int | None, error: BaseException) -> None:
        self.calls = 0
        for owner, name in OPERATIONS:
            patch.setattr(owner, name, self._counted(getattr(owner, name), fail_at, error))

    def _counted(self, real: Callable[..., Any], fail_at: int | None, error: BaseException) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls == fail_at:
                raise error
            return real(*arguments)

        return counted


def test_a_file_comes_into_place_with_its_proof(tmp_path: Path) -> None:
    delivered = put(tmp_path / "new" / "folder" / "a.txt", "hello", tmp_path)
    assert delivered == DeliveredFile("new/folder/a.txt", 5, hashlib.sha256(b"hello").hexdigest())
    assert (tmp_path / delivered.path).read_text() == "hello"
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["a.txt"]


def test_a_file_outside_the_project_is_named_in_full(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "a.txt"
    assert put(target, "x", tmp_path / "project").path == target.as_posix()


@pytest.mark.parametrize("before", [None, "older"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "stop"])
def test_nothing_changes_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, error: BaseException
) -> None:
    target = tmp_path / "a.txt"
    with monkeypatch.context() as patch:
        counting = Breaking(patch, None, error)
        put(target, "count", tmp_path)
        steps = counting.calls + 1
    for step in range(1, steps + 1):
        target.unlink(missing_ok=True)
        if before is not None:
            target.write_text(before)
        with monkeypatch.context() as patch:
            Breaking(patch, step, error)
            try:
                put(target, "newer", tmp_path)
            except type(error):
                assert (target.read_text() if target.exists() else None) == before
            else:  # a hard link that fails is made up for by a copy
                assert target.read_text() == "newer"
        assert {path.name for path in tmp_path.iterdir()} <= {"a.txt"}


def test_content_is_on_the_disk_before_the_rename_and_names_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, steps, replace = tmp_path / "new" / "a.txt", list[str](), Path.replace

    def flushed(descriptor: int) -> None:
        here = os.fstat(descriptor)
        known = [*tmp_path.rglob("*"), tmp_path]
        steps.append(next(path.name for path in known if path.exists() and os.path.samestat(path.stat(), here)))

    def renamed(source: Path, to: Path) -> Path:
        steps.append("rename")
        return replace(source, to)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    put(target, "x", tmp_path)
    assert steps == [tmp_path.name, "a.txt", "rename", "new"]


def test_an_unfinished_file_is_not_seen(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with beside(target) as staged:
        staged.write_text("half")
        assert not target.exists()
        assert staged.name == target.name
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), beside(tmp_path):
        pass


def test_rights_of_the_older_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("older")
    target.chmod(0o640)
    put(target, "newer", tmp_path)
    assert target.stat().st_mode & 0o777 == 0o640


def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from exporters.staging import beside\n"
        "with beside(Path(sys.argv[1])) as staged:\n"
        "    staged.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    target = tmp_path / "a.txt"
    done = subprocess.run([sys.executable, "-c", script, str(target)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".metricast-*/a.txt"))) == 1
    put(target, "whole", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_process_killed_after_the_rename_left_is_swept_by_the_next(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from exporters.staging import beside, place\n"
        "with beside(Path(sys.argv[1])) as staged:\n"
        "    staged.write_text('first'); place(staged, Path(sys.argv[1]), staged.parent)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    target = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", script, str(target)], cwd=ROOT, check=False)
    assert [list(left.iterdir()) for left in tmp_path.glob(".metricast-*")] == [[]]
    put(target, "second", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("when", ["before it is open", "before it is locked"])
def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    made, lock, made_so_far = tempfile.mkdtemp, staging._flock, list[str]()

    def make(**options: Any) -> str:
        made_so_far.append(made(**options))
        if len(made_so_far) == 1 and when == "before it is open":
            staging._sweep(tmp_path)
        return made_so_far[-1]

    def late(descriptor: int, wait: bool) -> bool:
        if wait and len(made_so_far) == 1:
            staging._sweep(tmp_path)
        return lock(descriptor, wait)

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    monkeypatch.setattr(staging, "_flock", late)
    put(tmp_path / "a.txt", "whole", tmp_path)
    assert len(made_so_far) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_is_being_written_is_not_swept(tmp_path: Path) -> None:
    with beside(tmp_path / "a.txt") as first:
        first.write_text("first")
        put(tmp_path / "b.txt", "second", tmp_path)
        assert first.read_text() == "first"


def test_deliveries_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    texts = [str(number) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=put, args=(tmp_path / "a.txt", text, tmp_path)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a.txt").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
