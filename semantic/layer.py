"""The Python door: a project, a target, and questions to them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from semantic.access_log import record_access
from semantic.compile import Compiled, compile_query
from semantic.dialects import DIALECTS
from semantic.engines import Engine, Limits, open_engine
from semantic.errors import Diagnostic, EngineError, ModelError, listing, suggest
from semantic.model import Model
from semantic.privacy import mask_key, reads_personal, without_quotes
from semantic.query import Query, Top
from semantic.result import Result, make_result
from semantic.shelf import Shelf
from semantic.targets import as_written, settled_target, with_tables

if TYPE_CHECKING:
    from semantic.checking.run import CheckResult
    from semantic.explain import Explanation
    from semantic.load import Loaded

Names = Iterable[str] | str


class Layer:
    """A project and a connection to one of its targets, opened when the first query runs.

    >>> with Layer("engagement") as layer:                                  # doctest: +SKIP
    ...     layer.query(["active_users"], by=["month"], period="2025").rows()
    """

    def __init__(
        self,
        project: Path | str | Model = ".",
        *,
        target: str | None = None,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Load the project in a folder. Raises ModelError with everything that is wrong with it.

        `environment` takes the place of the process's environment variables.
        """
        self.environment = os.environ if environment is None else environment
        model = project if isinstance(project, Model) else _open(Path(project), self.environment)
        self.target = _target_name(model, target)
        self.model = with_tables(model, self.target, self.environment)
        self.limits = limits or Limits()
        self._engine: Engine | None = None
        self._guarded: set[tuple[str, str]] = set()

    def beside(self, model: Model) -> Layer:
        """Another version of the project on the same target and connection, which stays this layer's to close."""
        settings = {"targets": self.model.project.targets, "default_target": self.target}
        there = replace(model, project=model.project.model_copy(update=settings))
        other = Layer(there, target=self.target, limits=self.limits, environment=self.environment)
        other._engine = self.engine
        return other

    def query(
        self,
        metrics: Names = (),
        by: Names = (),
        *,
        where: str | None = None,
        having: str | None = None,
        period: str | None = None,
        order: Names = (),
        limit: int | None = None,
        totals: bool = False,
        fill: bool = True,
        time_zone: str | None = None,
        purpose: str | None = None,
        is_complete: bool = False,
        complete_only: bool = False,
        top: Top | None = None,
        as_of: datetime | None = None,
    ) -> Result:
        """Ask for metrics by dimensions; LANGUAGE.md, "Queries", says what each part means.

        Raises QueryError where the question has no correct answer, EngineError where the target does not give one.
        """
        rest = (where, having, period, _names(order), limit, totals, fill, time_zone, purpose)
        asked = Query(_names(metrics), _names(by), *rest, is_complete, complete_only, top)
        return self.run(asked, as_of=as_of or datetime.now(UTC))

    def run(self, query: Query, *, as_of: datetime, tags: Mapping[str, str] | None = None) -> Result:
        """Run a query as of an aware instant; `tags` go into the target's record of queries, where it keeps one."""
        from semantic.guards import check_guards

        compiled = self.compile(query, as_of=as_of, dialect=self.engine.dialect)
        key = mask_key(self.environment) if compiled.masked else b""
        if query.purpose is not None and reads_personal(compiled.plan, self.model):
            record_access(self.model.root, compiled, self.target)
        try:
            check_guards(self.engine, compiled.plan, self.model, self._guarded)
            table = self.engine.execute(compiled.sql, _tags(self.model, query, tags or {}))
        except EngineError as error:
            raise (without_quotes(error, query) if reads_personal(compiled.plan, self.model) else error) from None
        return make_result(table, compiled, key)

    def compile(self, query: Query, *, as_of: datetime, dialect: str | None = None) -> Compiled:
        """The SQL of a query, without running it or opening the target."""
        return compile_query(self.model, query, as_of=as_of, dialect=dialect or self.dialect)

    def sql(
        self,
        metrics: Names = (),
        by: Names = (),
        *,
        where: str | None = None,
        having: str | None = None,
        period: str | None = None,
        order: Names = (),
        limit: int | None = None,
        totals: bool = False,
        fill: bool = True,
        time_zone: str | None = None,
        purpose: str | None = None,
        is_complete: bool = False,
        complete_only: bool = False,
        top: Top | None = None,
        as_of: datetime | None = None,
        dialect: str | None = None,
    ) -> str:
        """The SQL that `query` with the same arguments would run; `dialect` asks for another engine's."""
        rest = (where, having, period, _names(order), limit, totals, fill, time_zone, purpose)
        asked = Query(_names(metrics), _names(by), *rest, is_complete, complete_only, top)
        return self.compile(asked, as_of=as_of or datetime.now(UTC), dialect=dialect).sql

    def validate(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the project's files as they are now."""
        from semantic.load import load_project

        return load_project(self.model.root).diagnostics if self.model.root is not None else ()

    def check(self, names: Names = (), *, as_of: datetime | None = None) -> tuple[CheckResult, ...]:
        """What came of the project's checks, or of those of these names.

        Raises QueryError for an unknown name, EngineError where the target answers nothing.
        """
        from semantic.checking.run import named_checks, run_check

        moment = as_of or datetime.now(UTC)
        return tuple(run_check(self, check, moment) for check in named_checks(self.model, _names(names)))

    def explain(self, metric: str) -> Explanation:
        """What a metric is made of, and what it can be cut by. Raises QueryError for an unknown one."""
        from semantic.explain import explain_metric

        return explain_metric(self.model, metric)

    @property
    def dialect(self) -> str:
        """The SQL dialect of the target."""
        engine = self.model.project.targets[self.target].engine
        return engine if engine in DIALECTS else "duckdb"

    @property
    def engine(self) -> Engine:
        """The connection to the target, opened at first use. Raises EngineError."""
        if self._engine is None:
            target = settled_target(self.model, self.target, self.environment)
            try:
                self._engine = open_engine(target, self.model.root, self.limits, self.environment)
            except EngineError as error:
                raise as_written(error, self.model.project.targets[self.target], target) from None
        return self._engine

    def cancel(self) -> None:
        """Stop the query that is running in another thread."""
        if self._engine is not None:
            self._engine.cancel()

    def close(self) -> None:
        """Close the connection."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
            self._guarded.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open(root: Path, environment: Mapping[str, str]) -> Model:
    """The model of a project, from the shelf if it was found right before. Raises ModelError."""

    def load() -> Loaded:
        from semantic.load import load_project

        return load_project(root)

    shelf = Shelf.of_user(environment)
    place = shelf.place(root) if shelf else None
    kept = shelf.find(place, root, lambda: load().written) if shelf and place else None
    if kept is not None:
        return kept
    loaded = load()
    if loaded.model is None:
        raise ModelError(*loaded.diagnostics)
    if shelf and place:
        shelf.keep(loaded.model, place, root)
    return loaded.model


def _tags(model: Model, query: Query, tags: Mapping[str, str]) -> dict[str, str]:
    """What a query is for: names alone, never a filter, which may hold data."""
    named = {"project": model.name, "metrics": ",".join(query.read_metrics), **tags}
    return {name: value for name, value in named.items() if value}


def _names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _target_name(model: Model, asked: str | None) -> str:
    targets = model.project.targets
    name = asked or model.project.default_target or next(iter(targets))
    if name not in targets:
        hint = suggest(name, targets) or f"targets: {listing(targets)}"
        raise EngineError(Diagnostic("E407", f"unknown target '{name}'", hint=hint))
    return name
