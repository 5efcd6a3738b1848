"""Tests against real components: a missing one skips its tests, or fails them with METRICAST_REQUIRE_E2E."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Need = Callable[[str, str], str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def need() -> Need:
    """Return a function of a program and its Debian package that gives the program's path."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path is not None:
            return path
        reason = f"{program} is not installed (Debian package {package})"
        if os.environ.get("METRICAST_REQUIRE_E2E"):
            pytest.fail(reason)
        pytest.skip(reason)

    return find
