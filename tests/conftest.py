"""Fixtures that several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_project import MODEL, ROWS, make_project


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four metrics over three rows."""
    return make_project(tmp_path_factory.mktemp("tiny"), MODEL, ROWS)
