"""The two contracts of exporters, and the life of a run.

    due ──▶ query ──▶ deliver ──▶ verify ──▶ recorded

- due: the scheduler fixes the logical time (`as_of`) of an export and takes the lease on it.
- query: every query of the export runs at that `as_of`; a `Delivery` is all that an exporter gets to know.
- deliver: a `RowExporter` stages the rows where nobody looks yet; a `DefinitionExporter` plans what would change.
- verify: what was staged is read back and compared with the results before it becomes visible; what was published is
  asked for again, and must leave nothing to change.
- recorded: only what is verified and durable has a `Receipt`, and the scheduler stores it. A run that dies before that
  is delivered again: equal input replaces a file by an equal file, and a publication finds nothing left to change.

Exporters read no clock and no environment: equal input gives equal output.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from semantic.errors import Report
from semantic.model import Model
from semantic.query import Query
from semantic.source import Node, Shape

if TYPE_CHECKING:
    from semantic.metric_types.base import Metric
    from semantic.result import Result

Options = TypeVar("Options", bound=Shape)
CatchUp = Literal["none", "latest", "all"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an export comes due, as written; the scheduler reads the cron text."""

    cron: str
    time_zone: str
    catch_up: CatchUp


@dataclass(frozen=True, slots=True, eq=False)
class Destination:
    """One entry of `to:`; `node` is where its options stand in the YAML."""

    exporter: AnyExporter
    options: Shape
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """A named set of queries and the destinations of their results; `node` is where it stands in the YAML."""

    name: str
    description: str
    owner: str | None
    schedule: Schedule | None
    period: str | None
    queries: Mapping[str, Query]
    destinations: tuple[Destination, ...]
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Publication:
    """What a definition exporter gets to know. `as_of` is the run's logical time, `root` the project folder."""

    export: Export
    model: Model
    as_of: datetime
    root: Path

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise ValueError("as_of needs a time zone")


@dataclass(frozen=True, slots=True, eq=False)
class Delivery(Publication):
    """What a row exporter gets to know: a publication and the results of all its queries at its `as_of`."""

    results: Mapping[str, Result]

    def __post_init__(self) -> None:
        super(Delivery, self).__post_init__()
        if {name: result.query for name, result in self.results.items()} != dict(self.export.queries):
            raise ValueError(f"the results are not those of the queries of export '{self.export.name}'")
        if any(result.as_of != self.as_of for result in self.results.values()):
            raise ValueError("all results of a delivery have its as_of")

    def metrics(self, *queries: str) -> tuple[Metric, ...]:
        """The metrics that these queries ask for, each once, in the order in which they are asked for."""
        names = dict.fromkeys(name for query in queries for name in self.results[query].query.read_metrics)
        return tuple(self.model.metrics[name] for name in names)

    def parts(self, *queries: str) -> tuple[Metric, ...]:
        """The metrics that those are made of, whatever the depth, and that are not asked for themselves."""
        asked = self.metrics(*queries)
        found, waiting = {metric.name: metric for metric in asked}, list(asked)
        while waiting:
            names = [reference.metric for reference in waiting.pop(0).references()]
            new = {name: self.model.metrics[name] for name in names if name not in found}
            found |= new
            waiting.extend(new.values())
        return tuple(found.values())[len(asked) :]


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file that is in place and durable; `path` is relative to the project folder if it lies in there."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DeliveredQuery:
    """One query's part of a delivery; `content_hash` is over the values (see `exporters.values`)."""

    name: str
    rows: int
    sql_hash: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the model and what a destination has published."""

    definition: str
    action: Literal["create", "update", "remove"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one delivery: it is verified and durable. `verified` says in words how that was found.

    Rows fill `queries`, publications fill `changes` (none if all was up to date); both may write `files`.
    """

    export: str
    exporter: str
    destination: str
    as_of: datetime
    verified: str
    files: tuple[DeliveredFile, ...] = ()
    queries: tuple[DeliveredQuery, ...] = ()
    changes: tuple[Change, ...] = ()

    def to_json(self) -> str:
        """The receipt as one line of JSON, equal for equal receipts; the as-of in UTC, ISO 8601."""
        as_of = self.as_of.astimezone(UTC).isoformat()
        return json.dumps({**asdict(self), "as_of": as_of}, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Staged:
    """A delivery that is written in full and visible to nobody yet.

    `verify` reads it back by other means than it was written with, compares every value with the results and says how;
    it raises ExportError at a difference. `commit` makes it visible and durable: all of it, or nothing is changed.
    """

    queries: tuple[str, ...]
    verify: Callable[[], str]
    commit: Callable[[], tuple[DeliveredFile, ...]]


class Exporter(ABC, Generic[Options]):
    """What all destinations have in common: a key below `to:`, the shape of its options, and an example of them.

    Fields of the shape that are a `Title` or a `FilePath` (exporters.naming) are Jinja templates in the YAML; the
    methods below get them rendered, except `check`, which gets them as written.
    """

    name: ClassVar[str]
    shape: type[Options]
    example: ClassVar[str]

    def check(self, options: Options, export: Export, node: Node, report: Report) -> None:
        """Report what is wrong with the options of `export`, whose place in the YAML is `node`."""

    @abstractmethod
    def destination(self, options: Options) -> str:
        """Where it goes, for people and receipts; never a secret."""


class RowExporter(Exporter[Options]):
    """Result rows → a destination."""

    @abstractmethod
    def stage(self, delivery: Delivery, options: Options) -> AbstractContextManager[Staged]:
        """Write everything where nobody looks yet; leaving the context removes what has not been committed."""


class DefinitionExporter(Exporter[Options]):
    """The model's definitions → a tool that computes by them.

    What the tool would have to re-aggregate and cannot (ratios, distinct counts) is never published as if it could.
    """

    @abstractmethod
    def plan(self, publication: Publication, options: Options) -> tuple[Change, ...]:
        """What would change, in the order in which it has to be done; read-only, and empty when all is up to date."""

    @abstractmethod
    def apply(self, publication: Publication, options: Options, changes: tuple[Change, ...]) -> None:
        """Make these changes. Only what metricast has created may be removed, and last; repeating is harmless."""

    @abstractmethod
    def verify(self, publication: Publication, options: Options) -> str:
        """Ask the destination whether what it has now answers, and say how; raises ExportError."""


AnyExporter = RowExporter[Any] | DefinitionExporter[Any]
