"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_project import MODEL, ROWS, make_project


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep no model in the folder of whoever runs the tests; processes that tests start inherit this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METRICAST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands in this process show no progress, however busy the machine is."""
    monkeypatch.setattr("scheduler.cli.console.PATIENCE", 600.0)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four metrics over three rows."""
    return make_project(tmp_path_factory.mktemp("tiny"), MODEL, ROWS)
