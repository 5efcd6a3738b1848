"""Tests against real components: a missing one skips its tests, or fails them with METRICAST_REQUIRE_E2E."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.spark import Spark, SparkMissing, local_spark
from tests.warehouse.handle import Handle, warehouse

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
        return path if path is not None else _without(f"{program} is not installed (Debian package {package})")

    return find


@pytest.fixture(scope="session")
def spark() -> Spark:
    """A local Spark, one for all tests."""
    try:
        return local_spark()
    except SparkMissing as reason:
        _without(str(reason))


@pytest.fixture(scope="session")
def spark_warehouse(need: Need, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    """Spark behind TLS, which Databricks' own connector takes for a SQL warehouse; one for all tests."""
    need("java", "openjdk-17-jre-headless")
    need("openssl", "openssl")
    for module in ("pyspark", "databricks.sql"):
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            _without(f"{module} is not installed (make e2e installs it)")
    with warehouse(tmp_path_factory.mktemp("warehouse")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(found.certificate))
        importlib.import_module("databricks.sql.backend.thrift_backend")
        logging.getLogger("databricks.sql.unsafe").setLevel(logging.WARNING)  # every answer, kept by pytest
        yield found


def _without(reason: str) -> NoReturn:
    if os.environ.get("METRICAST_REQUIRE_E2E"):
        pytest.fail(reason)
    pytest.skip(reason)
