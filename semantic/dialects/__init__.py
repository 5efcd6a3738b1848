"""From a statement in the vocabulary to the text of one SQL dialect.

DuckDB is the base, every other dialect a file here with what is written in another way.
"""

from semantic.dialects.databricks import DATABRICKS
from semantic.dialects.dialect import Dialect
from semantic.dialects.duckdb import DUCKDB

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DUCKDB, DATABRICKS)}

__all__ = ["DATABRICKS", "DIALECTS", "DUCKDB", "Dialect"]
