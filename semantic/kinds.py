"""What kind of value an expression has, as far as it is known, and the mistakes that can be seen from it.

A column whose type nobody declared is of no known kind and fits everywhere; what is known must fit: no sum of text, no
date compared with a number, no condition that is not one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlglot import exp

from semantic.expressions import CALL, PARTS, Expression, ExpressionError, Name, name_of
from semantic.periods import DAY_GRAINS
from semantic.vocabulary import VOCABULARY, Kind

KindOf = Callable[[Name], Kind | None]

_TIMES = ("date", "timestamp")
_CASTS: dict[str, Kind] = {
    **dict.fromkeys(("DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("TEXT", "VARCHAR"), "text"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ"), "timestamp"),
}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the kinds of an expression's parts."""

    text: str
    kind_of: KindOf

    def kind(self, node: exp.Expr) -> Kind | None:
        """The kind of a node, all below it checked."""
        match node:
            case exp.Literal():
                return "text" if node.is_string else "number"
            case exp.Boolean():
                return "boolean"
            case exp.Column():
                return self.kind_of(name_of(node))
            case exp.Paren():
                return self.kind(node.this)
            case exp.Cast():
                self.kind(node.this)
                return _CASTS.get(node.to.this.value)
            case exp.Case():
                return self._case(node)
            case exp.Anonymous():
                return self._call(node)
            case _:
                return self._operator(node)

    def _operator(self, node: exp.Expr) -> Kind | None:
        match node:
            case exp.And() | exp.Or():
                return self.all_of((node.this, node.expression), "boolean", "boolean")
            case exp.Not():
                return self.all_of((node.this,), "boolean", "boolean")
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                return self.all_of((node.this, node.expression), "number", "number")
            case exp.Neg():
                return self.all_of((node.this,), "number", "number")
            case exp.Nullif():
                return self.kind(node.this)
            case exp.Like():
                return self.all_of((node.this, node.expression), "text", "boolean")
            case exp.Is() | exp.DPipe():
                self.kind(node.this)
                self.kind(node.expression)
                return "text" if isinstance(node, exp.DPipe) else "boolean"
            case exp.Null():
                return None
            case _:
                self._same(list(node.iter_expressions()), "compared")
                return "boolean"

    def _case(self, node: exp.Case) -> Kind | None:
        conditions = [branch.this for branch in node.args["ifs"]]
        if node.this is None:
            self.all_of(conditions, "boolean", None)
        else:
            self._same([node.this, *conditions], "compared")
        values = [branch.args["true"] for branch in node.args["ifs"]]
        return self._same([*values, *([node.args["default"]] if node.args.get("default") else [])], "mixed in one case")

    def _call(self, node: exp.Anonymous) -> Kind | None:
        name, arguments = str(node.this).removeprefix(CALL), list(node.expressions)
        function = VOCABULARY.get(name)
        if function is None:
            return None  # an aggregate of an expression without agg
        if function.alike:
            return self._same(arguments, f"mixed in {name}")
        for position, argument in enumerate(arguments[function.unit :]):
            self.all_of((argument,), function.kind_at(position), None)
        if name == "date_trunc" and arguments[0].this in ("second", "minute", "hour"):
            return self.kind(arguments[1])
        return function.gives

    def all_of(self, nodes: Iterable[exp.Expr], wanted: Kind | None, result: Kind | None) -> Kind | None:
        """Check that all nodes are of a kind, and give the result's."""
        for node in nodes:
            found = self.kind(node)
            if wanted is not None and found is not None and not _fits(found, wanted):
                raise self._mistake(node, f"{_spoken(wanted)} is expected here, and this is {_spoken(found)}")
        return result

    def _same(self, nodes: list[exp.Expr], how: str) -> Kind | None:
        """The kind that all have; text may be written for a time, which is read where it is bound."""
        known = [(node, kind) for node in nodes for kind in [self.kind(node)] if kind is not None]
        for node, kind in known[1:]:
            first_node, first = known[0]
            if not (_fits(kind, first) or _is_written_time(node, first) or _is_written_time(first_node, kind)):
                raise self._mistake(node, f"{_spoken(first)} and {_spoken(kind)} cannot be {how}")
        return known[0][1] if known else None

    def _mistake(self, node: exp.Expr, message: str) -> ExpressionError:
        names = [name_of(column) for column in node.find_all(exp.Column)]
        if names:
            return ExpressionError(message, min(name.start for name in names), max(name.end for name in names))
        at = max(self.text.find(node.name), 0) if isinstance(node, exp.Literal) else 0
        return ExpressionError(message, at, at + len(node.name) if isinstance(node, exp.Literal) else len(self.text))


def kind_of_expression(expression: Expression, kind_of: KindOf, wanted: Kind | None = None) -> Kind | None:
    """The kind of an expression, None where it is not known. Raises ExpressionError where kinds do not fit."""
    reader = _Reader(expression.text, kind_of)
    return reader.all_of((expression.tree,), wanted, wanted) or reader.kind(expression.tree)


def kind_at(grain: str) -> Kind:
    """The kind of a time at a grain, or of a part of it."""
    return "number" if grain in PARTS else "date" if grain in DAY_GRAINS else "timestamp"


def _fits(kind: Kind, wanted: Kind) -> bool:
    return kind == wanted or (kind in _TIMES and wanted in _TIMES)


def _is_written_time(node: exp.Expr, kind: Kind) -> bool:
    return kind in _TIMES and isinstance(node, exp.Literal) and node.is_string


def _spoken(kind: Kind) -> str:
    words = {"number": "a number", "text": "text", "boolean": "a condition", "date": "a date"}
    return words.get(kind, "a time")
