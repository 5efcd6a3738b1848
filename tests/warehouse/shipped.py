"""The shipped project with two targets, `local` and `production`, that hold the same rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from scheduler.demo import generate
from scheduler.shipped import copy_project
from semantic.engines import Limits
from semantic.engines.databricks import DatabricksEngine
from semantic.model import Target
from tests.warehouse.front import PATHS, TOKEN
from tests.warehouse.handle import Handle

_LOCAL, _SCHEMA = ".metricast/engagement.duckdb", "engagement"
_PRODUCTION = f"""
  production:
    engine: databricks
    host: "{{{{ env.DATABRICKS_HOST }}}}"
    http_path: {PATHS[0]}
    catalog: spark_catalog
    schema: {_SCHEMA}
"""


def shipped_project(folder: Path, handle: Handle, users: int) -> dict[str, str]:
    """Copy the project and make its rows on both targets; what the environment must say comes back."""
    copy_project(folder)
    settings = folder / "metrics" / "project.yml"
    settings.write_text(settings.read_text(encoding="utf-8").rstrip() + _PRODUCTION, encoding="utf-8")
    generate(folder / _LOCAL, users=users)
    environment = {"DATABRICKS_HOST": handle.host, "DATABRICKS_TOKEN": TOKEN}
    _load(folder, environment)
    return environment


def _load(folder: Path, environment: dict[str, str]) -> None:
    """Make the tables of the DuckDB file in a schema of Spark."""
    target = Target(engine="databricks", host=environment["DATABRICKS_HOST"], http_path=PATHS[0])
    engine = DatabricksEngine.open(target, environment, Limits())
    engine.execute(f"CREATE SCHEMA {_SCHEMA}")
    with duckdb.connect(str(folder / _LOCAL), read_only=True) as connection:
        for (table,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall():
            path = folder / f"{table}.parquet"
            connection.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")
            engine.execute(f"CREATE TABLE {_SCHEMA}.{table} USING parquet LOCATION '{path}'")
    engine.close()
