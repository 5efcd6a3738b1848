"""Databricks: a SQL warehouse or a cluster, by the real connector; results as Arrow."""

from semantic.engines.databricks.engine import DatabricksEngine

__all__ = ["DatabricksEngine"]
