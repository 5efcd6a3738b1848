"""`exports:` in YAML → Export. Every mistake is reported at its place; codes E5xx, and E1xx for the shape itself.

exports:
  weekly_engagement:
    description: Are people coming back?
    owner: growth@example.com
    schedule: {cron: "0 7 * * mon", timezone: Asia/Bangkok, catch_up: latest}   # none | latest | all
    period: last 13 weeks              # for those queries that do not say their own; `period: null` says none
    queries:
      trend: {metrics: [active_users, new_users], by: [week], totals: true}
    to:
      - excel: {path: "drops/engagement_{{ run.date }}.xlsx"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from posixpath import normpath
from typing import Any, Literal

from pydantic import Field

from exporters.base import AnyExporter, CatchUp, Destination, Export, RowExporter, Schedule
from exporters.naming import check_templates, file_paths, render, sample_words
from exporters.registry import EXPORTERS
from semantic.compile import compile_query
from semantic.described import Names
from semantic.errors import Diagnostic, ModelError, QueryError, Report, Span, suggest, usable
from semantic.model import Model
from semantic.places import place_in_query
from semantic.query import Query, Top
from semantic.sound import Lost, mend_keys, read_rest
from semantic.source import Node, Shape, read_shape

_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)  # whether a query is right does not depend on it


class ScheduleShape(Shape):
    """When the export comes due; the scheduler reads the cron text, in the project's time zone by default.

    cron: minute, hour, day, month, weekday (0 and 7 are Sunday), such as `0 7 * * mon`
    timezone: an IANA name; default the project's
    catch_up: what becomes of times missed while nothing ran: the `latest` one (default), `all` or `none`
    """

    cron: str
    timezone: str | None = None
    catch_up: CatchUp = "latest"


class TopShape(Shape):
    """The first n values of a dimension; all the others together are one, counted anew from their rows.

    dimension: one of those in `by`, of texts
    n: how many values, ranked once for the whole answer, have a group of their own
    by: the metric by which they are ranked, over `where` and `period` and no other dimension; NULL is never among them,
        ties go by the value
    order: `desc` (default): the largest are first; `asc`: the smallest
    other: what all other values together are called, a value of this name with them; default Other. It stands behind
        the values unless `order` of the query names the dimension
    """

    dimension: str
    n: int = Field(ge=1)
    by: str
    order: Literal["desc", "asc"] = "desc"
    other: str = Field(default="Other", min_length=1)


class QueryShape(Shape):
    """A query as in LANGUAGE.md, "Queries".

    metrics: names. Without metrics: the distinct combinations of the dimensions in `by`, taken from the rows of the one
        of their datasets from which all the others can be looked up; refused where several can, or where one can in
        several ways
    by: dimensions (`gender` when unique in the project, else `users.gender` or `join.gender`); time words `second
        minute hour day week month quarter fiscal_quarter year fiscal_year`: the metric's own time at this grain;
        `hour_of_day` (0 to 23) `day_of_week` (1 is Monday) `day_of_month day_of_year week_of_year` (ISO)
        `month_of_year quarter_of_year`: numbers that come again, never filled; `users.registered_at.month`: a time
        dimension at a grain, or such a part
    where: a SQL condition over dimensions, time words and segments; filters rows (and clips what windows look back at)
    having: a SQL condition over the metrics asked for; applied after fill; never touches the total
    period: `2025`, `2025-Q1`, `2025-03`, `2025-W07`, `2025-03-14`, `FY2025` (the fiscal year that ends in 2025),
        `FY2025-Q1`, `2025-01..2025-03` (both ends included, mixed forms too), `last 13 weeks` (complete ones before
        as-of), `this month` (the one that contains as-of), `yesterday`, `today`. In an export the default is the
        export's, and no value says none
    order: metrics and dimensions asked for; `active_users desc`; NULLs are last either way; every order ends with all
        dimensions ascending
    limit: number of rows; the total is not counted
    totals: adds exactly one row, always the last, with every dimension NULL and the boolean column `is_total` true
        (false elsewhere): the metrics recomputed as if `by` were empty
    fill: shows periods without data too; on by default when a time word is asked for
    is_complete: adds the boolean column `is_complete`: whether the row's period (of several time words what they share,
        without one the query's) is over, is not cut by the query's, and the data of every dataset of the metrics reach
        its end: by what `complete` of the dataset says, else by any of its rows with a clock from that end to as-of;
        with a `first_ever` metric it must begin after its data do. NULL without a period
    complete_only: leaves out the rows of periods that are not complete; after fill and `having`, before `order` and
        `limit`. The total stays as it is
    purpose: why personal data is shown unmasked; it is recorded
    top: `{dimension, n, by}`: the first n values of a dimension by a metric, all others as one ([example](TIME.md#top))
    """

    metrics: Names = ()
    by: Names = ()
    where: str | None = None
    having: str | None = None
    period: str | None = None
    order: Names = ()
    limit: int | None = None
    totals: bool = False
    fill: bool = True
    is_complete: bool = False
    complete_only: bool = False
    purpose: str | None = None
    top: TopShape | None = None

    def query(self, default_period: str | None) -> Query:
        """The query, with the export's period unless it says its own."""
        said = self.model_dump()
        said["period"] = self.period if "period" in self.model_fields_set else default_period
        said["top"] = Top(**self.top.model_dump()) if self.top is not None else None
        return Query(**said)


class ExportShape(Shape):
    """A named set of queries, when they run, and where the results go.

    description: what it is for; shown in what is delivered
    owner: who answers questions about it; shown too
    schedule: when it comes due, `{cron, timezone, catch_up}`; without one it runs by hand
    period: the period of the queries that do not say their own
    queries: name → metrics, dimensions and conditions, as in LANGUAGE.md, "Queries"
    to: where it goes, one item per destination, such as `- excel: {path: …}`
    """

    name: str
    description: str = ""
    owner: str | None = None
    schedule: ScheduleShape | None = None
    period: str | None = None
    queries: Mapping[str, QueryShape] = Field(default_factory=dict)
    to: tuple[Any, ...] = Field(min_length=1)


def load_exports(model: Model) -> Mapping[str, Export]:
    """All exports of a project by name; raises ModelError with every mistake."""
    mistakes: list[Diagnostic] = []
    exports = {export.name: export for export in read_exports(model, mistakes.append)}
    if mistakes:
        raise ModelError(*mistakes)
    return exports


def read_exports(model: Model, report: Report) -> tuple[Export, ...]:
    """The exports that are without mistakes; everything else is reported."""
    first: dict[str, Span] = {}
    said: set[tuple[str, Span | None]] = set()
    exports = []
    for name, node, span in model.documents.entries("exports"):
        if name in first:
            hint = f"first in {first[name].file}:{first[name].line}"
            report(Diagnostic("E502", f"the export '{name}' is defined twice", span, hint))
            continue
        first[name] = span
        if not name.isidentifier():
            report(
                Diagnostic(
                    "E107", f"'{name}' is not a usable name", span, f"use letters, digits and _, as in {usable(name)}"
                )
            )
            continue
        mistakes: list[Diagnostic] = []
        if (export := _read_export(name, node, model, mistakes.append)) is not None:
            exports.append(export)
        for mistake in mistakes:
            if (mistake.code, mistake.span) not in said:  # that of a default is said once, for all that take it
                report(mistake)
        said |= {(mistake.code, mistake.span) for mistake in mistakes}
    _check_collisions(exports, model, report)
    return tuple(exports)


def read_schedules(model: Model) -> Iterator[tuple[Node, Schedule]]:
    """The schedules that can be read, each with the place of its export, whatever else is wrong there."""
    for _, node, _ in model.documents.entries("exports"):
        written = node.children.get("schedule")
        shape = read_shape(written, ScheduleShape, lambda _: None) if written and written.value is not None else None
        if shape is not None:
            yield node, _schedule(shape, model)


def _schedule(written: ScheduleShape, model: Model) -> Schedule:
    return Schedule(written.cron, written.timezone or model.time_zone, written.catch_up)


def _check_collisions(exports: Iterable[Export], model: Model, report: Report) -> None:
    """Two destinations that write one file: the second would silently replace what the first delivered."""
    owners: dict[str, Export] = {}
    for export in exports:
        words = sample_words(export, model.time_zone)
        for destination in export.destinations:
            for path in file_paths(render(destination.options, destination.node, words)):
                owner = owners.get(normpath(path))
                owners[normpath(path)] = export
                if owner is not None:
                    message = f"export '{owner.name}' writes this file too"
                    hint = "give each a path of its own, as with {{ export.name }}"
                    report(Diagnostic("E505", message, destination.node.child("path").span, hint))


def _read_export(name: str, node: Node, model: Model, report: Report) -> Export | None:
    mistakes: list[Diagnostic] = []
    shape = read_shape(node, ExportShape, mistakes.append, f"export '{name}'", name=name)
    if shape is not None:
        export = _checked(shape, node, model, mistakes.append)
    else:
        _check_rest(name, node, model, mistakes.append)
    for mistake in mistakes:
        report(mistake)
    return None if mistakes else export


def _checked(shape: ExportShape, node: Node, model: Model, report: Report) -> Export:
    """The export, after everything that its shape does not tell has been checked."""
    export = _with_destinations(_bare(shape, node, model), report)
    _check_queries(export, model, report)
    _check_templates(export, model, report)
    return export


def _check_rest(name: str, node: Node, model: Model, report: Report) -> None:
    """Check what is right in an export that has mistakes, and keep still about what is their consequence."""
    lost, found = Lost(), list[Diagnostic]()
    mended = mend_keys(node, ExportShape, "name")
    shape = read_rest(f"exports.{name}", mended, ExportShape, lost, name=name)
    if shape is not None:
        _checked(shape, mended, model, found.append)
    for mistake in found:
        if not lost.touch(mistake):
            report(mistake)


def _bare(shape: ExportShape, node: Node, model: Model) -> Export:
    """The export without its destinations."""
    schedule = _schedule(shape.schedule, model) if shape.schedule else None
    queries = {name: query.query(shape.period) for name, query in shape.queries.items()}
    return Export(shape.name, shape.description, shape.owner, schedule, shape.period, queries, (), node)


def _with_destinations(export: Export, report: Report) -> Export:
    items = export.node.child("to").children.values()
    found = (_read_destination(export, item, report) for item in items)
    return replace(export, destinations=tuple(destination for destination in found if destination is not None))


def _read_destination(export: Export, item: Node, report: Report) -> Destination | None:
    known = {exporter.name: exporter for exporter in EXPORTERS}
    if len(item.keys) != 1:
        hint = f"such as `- {EXPORTERS[0].example}`"
        report(Diagnostic("E504", "an item of 'to' is one exporter and its options", item.span, hint))
        return None
    (name,) = item.keys
    if name not in known:
        hint = suggest(name, known) or f"known exporters: {', '.join(known)}"
        report(Diagnostic("E503", f"unknown exporter '{name}'", item.key_span(name), hint))
        return None
    return _read_options(known[name], export, item.child(name), report)


def _read_options(exporter: AnyExporter, export: Export, node: Node, report: Report) -> Destination | None:
    options = read_shape(node, exporter.shape, report, f"the {exporter.name} export")
    if options is None:
        return None
    if isinstance(exporter, RowExporter) and not export.queries:
        hint = "write queries: {trend: {metrics: […], by: […]}}"
        report(Diagnostic("E506", f"export '{export.name}' has no queries", export.node.key_span("to"), hint))
        return None
    exporter.check(options, export, node, report)
    return Destination(exporter, options, node)


def _check_templates(export: Export, model: Model, report: Report) -> None:
    words = sample_words(export, model.time_zone)
    for destination in export.destinations:
        check_templates(destination.options, destination.node, words, report)


def _check_queries(export: Export, model: Model, report: Report) -> None:
    """Compile every query once: what is wrong with it shows here, and not on Monday at seven."""
    found: dict[Diagnostic, None] = {}  # queries that share a period share its mistake
    for name, query in export.queries.items():
        try:
            compile_query(model, query, as_of=_ANY_TIME)
        except QueryError as error:
            found |= {replace(each, span=_place(export.node, name, each)): None for each in error.diagnostics}
    for mistake in found:
        report(mistake)


def _place(export: Node, name: str, mistake: Diagnostic) -> Span:
    """Where in the YAML a mistake of a query is."""
    queries = export.child("queries")
    query, period = queries.child(name), export.children.get("period")
    return place_in_query(query, mistake, (query, period) if period else (query,), queries.key_span(name))
