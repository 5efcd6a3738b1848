"""The files of a project."""

from __future__ import annotations

from pathlib import Path

FOLDER = "metrics"


def project_files(root: Path) -> list[Path]:
    """The YAML files of a project, those directly in `metrics/` first."""
    folder = root / FOLDER
    named = (*folder.rglob("*.yml"), *folder.rglob("*.yaml"))
    found = (path for path in named if not (path.is_fifo() or path.is_socket() or path.is_char_device()))
    return sorted(found, key=lambda path: (path.parent != folder, path))


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, a line ends with a line feed. Raises UnicodeDecodeError."""
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
