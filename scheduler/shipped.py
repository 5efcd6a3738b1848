"""The project that travels with the package: where it is, and how a copy of it is made."""

from __future__ import annotations

import shutil
from pathlib import Path

IGNORED = (".metricast/", "drops/")


def shipped_project() -> Path:
    """Return the folder that holds the shipped `metrics/`: the checkout, or a folder inside the wheel."""
    here = Path(__file__).resolve().parent
    for root in (here / "shipped", here.parent):
        if (root / "metrics" / "project.yml").is_file():
            return root
    message = f"the shipped project is missing beside {here}"
    raise FileNotFoundError(message)


def has_project(folder: Path) -> bool:
    """Return whether `folder` has a `metrics/` of its own."""
    return (folder / "metrics").exists()


def copy_project(folder: Path) -> tuple[Path, ...]:
    """Copy the shipped project into `folder` and return the files written, relative to it.

    Raises FileExistsError when `folder` has a project: nothing is ever overwritten.
    """
    if has_project(folder):
        message = f"{folder / 'metrics'} exists already; nothing was changed"
        raise FileExistsError(message)
    source = shipped_project() / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, folder / "metrics", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    _ignore_state(folder / ".gitignore")
    return tuple(sorted(path.relative_to(folder) for path in (folder / "metrics").rglob("*") if path.is_file()))


def _ignore_state(path: Path) -> None:
    """Add what a project produces to its .gitignore, keeping what is there."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [entry for entry in IGNORED if entry not in text.splitlines()]
    if missing:
        separator = "" if not text or text.endswith("\n") else "\n"
        path.write_text(text + separator + "\n".join(missing) + "\n", encoding="utf-8")
