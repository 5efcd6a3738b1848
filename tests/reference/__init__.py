"""A slow and naive evaluator of what a query means, against which the compiler is judged.

Written from the meaning of the language alone; it knows no SQL engine and shares no code with the compiler.
"""

from tests.reference.evaluate import evaluate
from tests.reference.expressions import to_sql
from tests.reference.model import (
    Answer,
    Bins,
    Dataset,
    Derived,
    Dimension,
    Expr,
    Join,
    Metric,
    Model,
    Part,
    Query,
    Ratio,
    Refused,
    Row,
    Simple,
    Value,
)

__all__ = [
    "Answer",
    "Bins",
    "Dataset",
    "Derived",
    "Dimension",
    "Expr",
    "Join",
    "Metric",
    "Model",
    "Part",
    "Query",
    "Ratio",
    "Refused",
    "Row",
    "Simple",
    "Value",
    "evaluate",
    "to_sql",
]
