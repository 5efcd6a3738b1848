"""Projects in real git repositories, for tests of what is compared with a revision."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run git as Ann would, without anybody's settings."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**own, **IDENTITY, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def commit(folder: Path, message: str = "change") -> str:
    """Commit everything in a folder, and return the id of the commit."""
    for arguments in (["add", "-A"], ["commit", "-q", "-m", message]):
        done = git(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return git(folder, "rev-parse", "HEAD").stdout.strip()


def start(folder: Path) -> Path:
    """Make a folder a repository whose branch is main, and commit what is in it."""
    assert git(folder, "init", "-q", "-b", "main").returncode == 0
    (folder / ".gitignore").write_text(".metricast/\n", encoding="utf-8")
    commit(folder, "begin")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace the one place of a text in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
