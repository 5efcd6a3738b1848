"""Where queries run. An engine is a file here and an entry in `open_engine`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from semantic.engines.base import Engine, Limits
from semantic.model import Target


def open_engine(target: Target, root: Path | None, limits: Limits, environment: Mapping[str, str]) -> Engine:
    """Connect to a target; engines are imported only here, when one is needed. Raises EngineError.

    Logins come from the environment, never from the target.
    """
    match target.engine:
        case "duckdb":
            from semantic.engines.duckdb import DuckDBEngine

            return DuckDBEngine.open(target, root, limits)
        case "databricks":
            from semantic.engines.databricks import DatabricksEngine

            return DatabricksEngine.open(target, environment, limits)
        case _:
            assert_never(target.engine)


__all__ = ["Engine", "Limits", "open_engine"]
