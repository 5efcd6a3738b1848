"""metricast's semantic layer: metrics in YAML, questions in names, SQL that means exactly that."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semantic.errors import Diagnostic, EngineError, MetricastError, ModelError, QueryError, Span
    from semantic.layer import Layer
    from semantic.query import Query, Top
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
    "Top",
]
_PLACES = {"Layer": "layer", "Query": "query", "Top": "query", "Result": "result"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: a command that needs the errors does not need the compiler."""
    if name not in __all__:
        raise AttributeError(f"module 'semantic' has no attribute '{name}'")
    return getattr(import_module(f"semantic.{_PLACES.get(name, 'errors')}"), name)
