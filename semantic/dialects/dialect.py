"""A dialect, and how a statement in the vocabulary becomes text in it.

An emitter gets the arguments of a `call` and gives a tree that sqlglot prints as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from sqlglot import exp

from semantic.expressions import CALL

Emitter = Callable[..., exp.Expr]

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_RESERVED = frozenset(  # a list of ninety quoted words would hide the words
    """
    all analyse analyze and anti any array as asc asymmetric at authorization both by case cast check collate
    column constraint create cross current_date current_time current_timestamp current_user default deferrable
    delete desc describe distinct do drop else end escape except exists false fetch filter for foreign from full
    function grant group grouping having in initially inner insert intersect interval into is join lambda
    lateral leading left like limit map minus natural not null of offset on only or order outer overlaps pivot
    placing primary qualify range references returning right row rows select semi session_user set show similar
    some struct summarize symmetric table tablesample then time to trailing true truncate union unique unknown
    unpivot unnest update user using values variadic view when where window with within
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A SQL dialect: sqlglot's name for it, and how each call of the vocabulary is written in it.

    `operators` are those that mean something else in it unless they are written in another way. `totals_nothing`:
    GROUPING SETS with () give a row where there are no rows at all. `reads_duckdb`: any SQL of a dataset is its own.
    `disguised` is what the engine would replace even within a text, and how to write it there.
    """

    name: str
    emitters: Mapping[str, Emitter]
    operators: Mapping[type[exp.Expr], Emitter] = field(default_factory=dict)
    disguised: tuple[tuple[str, str], ...] = ()
    totals_nothing: bool = True
    reads_duckdb: bool = True

    def emit(self, statement: exp.Expr) -> str:
        """The statement's text. The tree is consumed."""
        found = statement.find_all(exp.Anonymous, exp.Identifier, *self.operators)
        for node in reversed(list(found)):  # innermost first
            name = str(node.this)
            if type(node) in self.operators:
                node.replace(self.operators[type(node)](node))
            elif isinstance(node, exp.Identifier):
                if not node.quoted and (not _SAFE.match(name) or name.lower() in _RESERVED):
                    node.set("quoted", True)
            elif isinstance(node, exp.Anonymous) and name.startswith(CALL):
                emitter = self.emitters.get(name.removeprefix(CALL))
                node.replace(emitter(*node.expressions) if emitter else _same_name(node))
        sql = statement.sql(dialect=self.name, pretty=True, comments=False)
        return reduce(lambda text, each: text.replace(*each), self.disguised, sql)


def _same_name(node: exp.Anonymous) -> exp.Expr:
    return function(str(node.this).removeprefix(CALL), *node.expressions)


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A plain function call; around an argument parentheses say nothing."""
    return exp.Anonymous(this=name.upper(), expressions=[argument.unnest() for argument in arguments])
