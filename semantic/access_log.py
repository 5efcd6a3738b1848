"""The record of who asked for personal data unmasked, and what for: a line of JSON per query."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from semantic.compile import Compiled
from semantic.errors import Diagnostic, QueryError

RECORD = Path(".metricast") / "personal_access.jsonl"


def record_access(root: Path | None, compiled: Compiled, target: str) -> None:
    """Write a line, durably. Raises QueryError where it cannot be written: then nothing is shown."""
    query = compiled.query
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": _user(),
        "purpose": (query.purpose or "").strip(),
        "metrics": list(query.read_metrics),
        "dimensions": list(query.by),
        "where": query.where,
        "target": target,
    }
    if root is None:
        message = "the purpose cannot be recorded: the model has no project folder"
        raise QueryError(Diagnostic("E335", message, hint="load the project from its folder"))
    try:
        _append(root / RECORD, json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        message = f"the purpose cannot be recorded in {RECORD}: {error.strerror or error}"
        raise QueryError(Diagnostic("E335", message, hint="without a record nothing personal is shown")) from None


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode("utf-8"))
        os.fsync(handle)
    finally:
        os.close(handle)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
