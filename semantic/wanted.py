"""What metrics are made of: aggregates, each in a frame of time and by some of the keys, and their columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from semantic.aggregates import Aggregation
from semantic.frames import Cell, Frame, Shift, Stretch
from semantic.metric_types.base import Each, Snapshots
from semantic.plan import Key
from semantic.trees import unused

LEAF = "leaf$"
KEY = "key$"
KNOWN = "known$"


@dataclass(frozen=True, slots=True)
class WantedLeaf:
    """An aggregate at the query's grain without the ignored keys; `name` is its column.

    `frame`: the rows that count lie in a frame of each period of the query's grain. Else in `stretch`, and without that
    anywhere, or nowhere, in time.
    """

    name: str
    aggregation: Aggregation
    ignored: frozenset[str]
    frame: Frame | None
    stretch: Stretch | None
    counts: bool
    snapshots: Snapshots | None = None


@dataclass(frozen=True, slots=True)
class WantedKnown:
    """Whether the data of a clock had begun when what is compared with ended; `name` is its column."""

    name: str
    dataset: str
    time: str | None
    shifts: tuple[Shift, ...]
    end: date | None


@dataclass(frozen=True, slots=True)
class WantedNested:
    """A metric's values by more keys, put together; `name` is the column.

    By grain: those in every period that lies in the `frame` of a period of the query's, or else in `stretch`. By
    entity: those of every entity, in the `frame` of each period, or of the one `cell`.
    """

    name: str
    metric: str
    each: Each
    ignored: frozenset[str]
    frame: Frame | None
    stretch: Stretch | None
    cell: Cell | None


@dataclass(slots=True)
class Found:
    """All that the metrics of a query are made of.

    `rows` are the columns that count the rows of nested metrics, by their names.
    """

    leaves: dict[tuple[object, ...], WantedLeaf] = field(default_factory=dict)
    knowns: dict[tuple[object, ...], WantedKnown] = field(default_factory=dict)
    nested: dict[tuple[object, ...], WantedNested] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def name(self, wanted: str, keys: Iterable[Key]) -> str:
        """A column's name that is free."""
        taken = {leaf.name for leaf in self.leaves.values()} | {known.name for known in self.knowns.values()}
        taken |= {nested.name for nested in self.nested.values()} | set(self.rows.values())
        return unused(wanted, taken | {key.name for key in keys})


def leaf_column(name: str) -> exp.Expr:
    """The placeholder of a leaf in an output; `lower` puts the value in its place."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(LEAF))


def key_column(name: str) -> exp.Expr:
    """The placeholder of a key in an output."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(KEY))


def known_column(name: str) -> exp.Expr:
    """The placeholder in an output of whether the data had begun."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(KNOWN))
