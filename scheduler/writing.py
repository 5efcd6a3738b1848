"""Files that are replaced whole: a reader sees the old content or all of the new one."""

from __future__ import annotations

import errno
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, flush it and rename it; what a link leads to is replaced, not the link."""
    from exporters.staging import beside, place

    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "not a regular file, so it cannot be replaced by one", str(path))
    with beside(target.with_name(f"{target.name}.new")) as staged:  # who looks for .yml meanwhile must not find it
        staged.write_bytes(content)
        place(staged, target, target.parent)
