"""metricast's semantic layer: metrics in YAML, questions in names, SQL that means exactly that."""

from semantic.errors import Diagnostic, EngineError, MetricastError, ModelError, QueryError, Span
from semantic.layer import Layer
from semantic.query import Query
from semantic.result import Result

__all__ = [
    "Diagnostic",
    "EngineError",
    "Layer",
    "MetricastError",
    "ModelError",
    "Query",
    "QueryError",
    "Result",
    "Span",
]
