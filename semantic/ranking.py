"""In which groups a ranked metric has rows: only those have a place, whatever else is asked for beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from semantic.asked import Asked
from semantic.errors import Diagnostic, QueryError, listing
from semantic.wanted import LEAF, Found, WantedLeaf, leaf_column


def has_rows(asked: Asked, found: Found, name: str, value: exp.Expr) -> exp.Expr:
    """Whether any part of a metric's value makes the group. Raises QueryError where none can."""
    rows = [leaf_column(each) for each in dict.fromkeys(_rows_of(asked, found, value))]
    if not rows:
        keys = listing([key.name for key in asked.keys])
        message = f"nothing in '{name}' makes groups by {keys}: it has no place among them"
        raise QueryError(Diagnostic("E318", message, hint="rank a metric that is counted by them"))
    return exp.or_(*(exp.GT(this=each, expression=exp.Literal.number(0)) for each in rows), copy=False)


def _rows_of(asked: Asked, found: Found, value: exp.Expr) -> Iterator[str]:
    """The columns that say how many rows those parts of a value have that make groups."""
    used = {each.name for each in value.find_all(exp.Column) if each.table == LEAF}
    for leaf in [each for each in found.leaves.values() if each.name in used and not each.ignored]:
        yield _rows_of_leaf(asked, found, leaf)
    for nested in [each for each in found.nested.values() if each.name in used and not each.ignored]:
        if nested.name not in found.rows:
            found.rows[nested.name] = found.name(f"{nested.name}_rows", asked.keys)
        yield found.rows[nested.name]


def _rows_of_leaf(asked: Asked, found: Found, leaf: WantedLeaf) -> str:
    """The count of a leaf's rows, in the same frame: it makes no group that the leaf does not make."""
    name = f"{leaf.name}_rows"
    counted = replace(leaf.aggregation, name=name, agg="count", values=(), p=None)
    key = (counted, leaf.ignored, leaf.frame, leaf.stretch, *([leaf.snapshots] if leaf.snapshots else []))
    if key not in found.leaves:
        free = found.name(name, asked.keys)
        found.leaves[key] = replace(leaf, name=free, aggregation=counted, counts=leaf.snapshots is None)
    return found.leaves[key].name
