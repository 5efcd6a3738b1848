"""What must hold in a model before any query: each check looks at one thing and yields diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from sqlglot.errors import SqlglotError

from semantic.calendars import Days, calendar_words
from semantic.check_calendars import check_calendars
from semantic.check_joins import check_all_joins, is_time
from semantic.check_rows import check_own_rows
from semantic.errors import Diagnostic, QueryError, Span, listing, suggest, usable
from semantic.expressions import TIME_WORDS, ExpressionError, Name
from semantic.joins import Route, follow
from semantic.metric_types import Derived, Metric, Simple
from semantic.model import RESERVED, Dataset, Model
from semantic.names import read_name
from semantic.parse import parse
from semantic.places import key_place, name_place, value_place, within
from semantic.scan_select import is_table_name, is_template, parse_dataset_sql
from semantic.scans import at_within
from semantic.sql_mistakes import sql_mistake

Check = Callable[[Model], Iterator[Diagnostic]]


def check_project(model: Model) -> Iterator[Diagnostic]:
    """The time zone exists, the default target is one of the targets."""
    settings = model.project
    if not _is_zone(settings.time_zone):
        hint = "write an IANA name such as Europe/Berlin"
        message = f"unknown time zone '{settings.time_zone}'"
        yield Diagnostic("E108", message, value_place(model, "project.0", "time_zone"), hint)
    if settings.default_target is not None and settings.default_target not in settings.targets:
        hint = suggest(settings.default_target, settings.targets) or f"targets: {listing(settings.targets)}"
        message = f"unknown target '{settings.default_target}'"
        yield Diagnostic("E109", message, value_place(model, "project.0", "default_target"), hint)
    if settings.default_target is None and len(settings.targets) > 1:
        message = "there are several targets and no default_target"
        yield Diagnostic("E109", message, value_place(model, "project.0", "targets"), "name the usual one")
    elif not settings.targets:
        hint = "write targets: {local: {engine: duckdb}}, or leave the key out"
        yield Diagnostic("E109", "there is no target", value_place(model, "project.0", "targets"), hint)


def check_names(model: Model) -> Iterator[Diagnostic]:
    """No name means something else already."""
    for dataset in (found for found in model.datasets.values() if not isinstance(found, Days)):
        at = f"datasets.{dataset.name}"
        for name in dataset.dimensions:
            span = key_place(model, at, "dimensions", name)
            if name in RESERVED:
                message = f"a dimension cannot be called '{name}': the word is taken"
                yield Diagnostic("E203", message, span, "give it another name; taken are " + listing(RESERVED, 30))
            elif not name.isidentifier():
                hint = f"use letters, digits and _, as in {usable(name)}"
                yield Diagnostic("E107", f"'{name}' is not a usable name", span, hint)
        for name, join in dataset.joins.items():
            if name in model.datasets and (join.dataset or name) != name:
                message = f"the join '{name}' leads to '{join.dataset}', but '{name}' is a dataset of its own"
                yield Diagnostic("E203", message, key_place(model, at, "joins", name), "give the join another name")
    for name in model.metrics:
        if name in RESERVED:
            span = name_place(model, f"metrics.{name}")
            message = f"a metric cannot be called '{name}': the word is taken"
            yield Diagnostic("E203", message, span, "give it another name; taken are " + listing(RESERVED, 30))


def check_cases(model: Model) -> Iterator[Diagnostic]:
    """No two names of one kind differ in case alone: engines do not tell them apart."""
    named: tuple[tuple[str, Iterable[str]], ...]
    named = (
        ("dataset", model.datasets),
        ("metric", model.metrics),
        ("segment", model.segments),
        ("check", model.checks),
    )
    for kind, names in named:
        for known, name in _alike(names):
            yield _differ_in_case(kind, known, name, name_place(model, f"{kind}s.{name}"))
    for dataset in model.datasets.values():
        at = f"datasets.{dataset.name}"
        parts: tuple[tuple[str, Iterable[str]], ...] = (("dimension", dataset.dimensions), ("join", dataset.joins))
        for kind, words in parts:
            for known, name in _alike(words):
                yield _differ_in_case(kind, known, name, key_place(model, at, f"{kind}s", name))


def _alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for name in names:
        if first.setdefault(name.lower(), name) != name:
            yield first[name.lower()], name


def _differ_in_case(kind: str, known: str, name: str, span: Span) -> Diagnostic:
    message = f"the {kind}s '{known}' and '{name}' differ in case only"
    return Diagnostic("E203", message, span, "engines do not tell them apart: rename one")


def check_datasets(model: Model) -> Iterator[Diagnostic]:
    """Clocks, validity, dataset SQL and `via`."""
    for dataset in model.datasets.values():
        at = f"datasets.{dataset.name}"
        if dataset.time is not None and not is_time(model, dataset, dataset.time):
            hint = f"give '{dataset.time}' the type date, timestamp or timestamptz"
            message = f"the clock '{dataset.time}' of dataset '{dataset.name}' is not a time dimension"
            yield Diagnostic("E204", message, value_place(model, at, "time"), hint)
        yield from _check_clock(model, dataset)
        yield from _check_validity(model, dataset)
        yield from _check_marks(model, dataset)
        if dataset.sql is not None and not is_template(dataset.sql):
            yield from _check_sql(model, dataset.sql, at)
        if dataset.table is not None and not (is_template(dataset.table) or is_table_name(dataset.table)):
            message = f"'{dataset.table}' is neither the name of a table nor a glob of files"
            hint = "write table, schema.table or data/*.parquet; quote odd names with double quotes"
            yield Diagnostic("E212", message, value_place(model, at, "table"), hint)
        for target, path in dataset.via.items():
            route = _follow(model, dataset.name, path)
            if route is None:
                message = f"'{path}' is not a chain of joins from '{dataset.name}'"
                hint = f"write names of joins with dots between; joins of '{dataset.name}': {listing(dataset.joins)}"
                yield Diagnostic("E207", message, value_place(model, at, "via", target), hint)
            elif target not in (route.dataset, route.path[-1]):
                message = f"'{path}' leads to '{route.dataset}', not to '{target}'"
                hint = f"write {route.dataset}: {path}, or another chain"
                yield Diagnostic("E207", message, value_place(model, at, "via", target), hint)


def _check_sql(model: Model, sql: str, at: str) -> Iterator[Diagnostic]:
    """A dataset's SQL is one SELECT."""
    hint = "write one SELECT, in DuckDB's SQL"
    try:
        parse_dataset_sql(sql)
    except SqlglotError as error:
        found = sql_mistake(sql, error)
        yield Diagnostic("E212", found.message, within(model, found.start, found.end, at, "sql"), found.hint or hint)
    except ValueError as error:
        yield Diagnostic("E212", str(error), value_place(model, at, "sql"), hint)


def _check_validity(model: Model, dataset: Dataset) -> Iterator[Diagnostic]:
    """Rows are valid from one time to another."""
    validity = dataset.validity
    for key, name in (("from", validity.from_), ("to", validity.to)) if validity else ():
        if not is_time(model, dataset, name):
            message = f"'{name}', which says {key} when rows of dataset '{dataset.name}' hold, is not a time dimension"
            span = value_place(model, f"datasets.{dataset.name}", "validity", key)
            yield Diagnostic("E204", message, span, f"give '{name}' the type date, timestamp or timestamptz")


def _check_marks(model: Model, dataset: Dataset) -> Iterator[Diagnostic]:
    """What says how far the rows are complete, and when they were recorded, are times."""
    watermark = dataset.complete.watermark if dataset.complete is not None else None
    for name, place in ((watermark, ("complete", "watermark")), (dataset.recorded, ("recorded",))):
        if name is not None and not is_time(model, dataset, name):
            message = f"'{name}' ({place[-1]} of dataset '{dataset.name}') is not a time dimension"
            span = value_place(model, f"datasets.{dataset.name}", *place)
            yield Diagnostic("E204", message, span, f"give '{name}' the type date, timestamp or timestamptz")


def _check_clock(model: Model, dataset: Dataset) -> Iterator[Diagnostic]:
    """No clock, of the dataset or of one of its metrics, is made of `at`, which is the clock."""
    metrics = (m for m in model.metrics.values() if isinstance(m, Simple) and m.dataset == dataset.name)
    watermark = dataset.complete.watermark if dataset.complete is not None else None
    for clock in dict.fromkeys([dataset.time, watermark, dataset.recorded, *(metric.time for metric in metrics)]):
        if clock is None or clock not in dataset.dimensions:
            continue
        try:
            at = at_within(dataset.dimensions[clock])
        except ExpressionError:
            continue  # reported where it stands
        if at is not None:
            span = within(model, at.start, at.end, f"datasets.{dataset.name}", "dimensions", clock, "expr")
            hint = "make it of columns alone"
            yield Diagnostic("E204", f"the clock '{clock}' is made of itself: 'at' is its own value", span, hint)


def check_dimensions(model: Model) -> Iterator[Diagnostic]:
    """Row expressions are in the vocabulary, over columns only; zones exist; a zone is for timestamps."""
    for dataset in model.datasets.values():
        for name, dimension in dataset.dimensions.items():
            place = (f"datasets.{dataset.name}", "dimensions", name)
            if not _is_zone(dimension.zone):
                message = f"unknown time zone '{dimension.zone}'"
                yield Diagnostic("E108", message, value_place(model, *place, "zone"), "write an IANA name")
            if dimension.expr is not None:
                yield from _check_row_expression(model, dimension.expr, (*place, "expr"))


def _check_row_expression(model: Model, text: str, place: tuple[str, ...]) -> Iterator[Diagnostic]:
    try:
        names = parse(text).names
    except ExpressionError as error:
        span = within(model, error.start, error.end, *place)
        yield Diagnostic("E210", error.message, span, error.hint)
        return
    for name in names:
        if name.qualifier:
            span = within(model, name.start, name.end, *place)
            hint = "a dimension is made of its own dataset's columns"
            yield Diagnostic("E210", f"'{name}' is not a column of this dataset", span, hint)


def check_metrics(model: Model) -> Iterator[Diagnostic]:
    """What each type finds wrong with its metrics, and names that lead nowhere."""
    for metric in model.metrics.values():
        at = f"metrics.{metric.name}"
        for problem in metric.problems(model.dimensions):
            span = within(model, problem.start, problem.end, at, *problem.path)
            yield Diagnostic(problem.code, problem.message, span, problem.hint)
        for reference in metric.references():
            if reference.metric not in model.metrics:
                span = within(model, reference.start, reference.end, at, *reference.path)
                message = f"unknown metric '{reference.metric}' in {_type_of(metric)} '{metric.name}'"
                yield Diagnostic("E209", message, span, _no_metric(model, metric, reference.metric))
        yield from check_own_rows(model, metric)
        yield from _check_dimensions(model, metric)


def _no_metric(model: Model, metric: Metric, name: str) -> str:
    """What to do about a name that is no metric where one is needed."""
    owner, *_ = model.owners.get(name, ("…",))
    example = f"{{dataset: {owner}, agg: sum, expr: {name}}}"
    if name in model.owners:
        return f"it is a dimension of {listing(model.owners[name])}; make a metric of it, as {example}"
    if meant := suggest(name, model.metrics):
        return meant
    of_column = isinstance(metric, Derived)
    return f"of a column make a metric first, as {example}" if of_column else f"metrics: {listing(model.metrics)}"


def check_segments(model: Model) -> Iterator[Diagnostic]:
    """Names are free, filters are in the vocabulary and over dimensions or segments, none is made of itself."""
    for name, segment in model.segments.items():
        at = f"segments.{name}"
        if name in model.metrics or name in model.owners or name in RESERVED:
            what = "a metric" if name in model.metrics else "a dimension" if name in model.owners else "taken"
            message = f"a segment cannot be called '{name}': the name is {what}"
            yield Diagnostic("E203", message, name_place(model, at), "give it another name")
        try:
            names = parse(segment.filter).names
        except ExpressionError as error:
            yield Diagnostic("E210", error.message, within(model, error.start, error.end, at, "filter"), error.hint)
            continue
        for found in names:
            yield from _check_segment_name(model, at, found)
        ring = _ring(name, lambda found: _segments_in(model, found))
        if ring and ring[0] == min(ring):
            hint = "write out what one of them stands for"
            message = f"segment '{name}' is made of itself: {' → '.join((*ring, ring[0]))}"
            yield Diagnostic("E216", message, name_place(model, at), hint)


def _check_segment_name(model: Model, at: str, name: Name) -> Iterator[Diagnostic]:
    span = within(model, name.start, name.end, at, "filter")
    if not name.qualifier and (name.name in TIME_WORDS or name.name in calendar_words(model)):
        example = f"name the time dimension, as in orders.ordered_at.{name}"
        yield Diagnostic("E213", f"'{name}' is a metric's own time, and a segment has none", span, example)
    elif name.qualifier or name.name not in model.segments:
        try:
            read_name(model, name)
        except QueryError as error:
            hint = suggest(str(name), model.segments) or error.diagnostics[0].hint
            yield Diagnostic("E213", error.diagnostics[0].message, span, hint)


def _segments_in(model: Model, name: str) -> list[str]:
    """The segments that a segment's filter names."""
    try:
        names = parse(model.segments[name].filter).names
    except ExpressionError:
        return []  # reported where it stands
    return [found.name for found in names if not found.qualifier and found.name in model.segments]


def _check_dimensions(model: Model, metric: Metric) -> Iterator[Diagnostic]:
    """The dimensions that a metric names exist."""
    for path, names in metric.dimensions:
        for number, name in enumerate(names):
            try:
                read_name(model, name)
            except QueryError as error:
                found = error.diagnostics[0]
                span = value_place(model, f"metrics.{metric.name}", *path, number)
                yield Diagnostic("E213", found.message, span, found.hint)


def _type_of(metric: Metric) -> str:
    return str(getattr(metric, "type", "metric"))


def check_cycles(model: Model) -> Iterator[Diagnostic]:
    """No metric is made of itself."""
    for name in model.metrics:
        ring = _ring(name, lambda found: _metrics_in(model, found))
        if ring and ring[0] == min(ring):
            message = f"metric '{name}' is made of itself: {' → '.join((*ring, ring[0]))}"
            hint = "make one of them of something else"
            yield Diagnostic("E214", message, name_place(model, f"metrics.{name}"), hint)


def _metrics_in(model: Model, name: str) -> list[str]:
    """The metrics that a metric names."""
    metric = model.metrics.get(name)
    return [reference.metric for reference in metric.references()] if metric else []


def _ring(name: str, made_of: Callable[[str], list[str]]) -> tuple[str, ...]:
    """The shortest way from a name back to itself, empty where there is none."""
    ways: dict[str, tuple[str, ...]] = {name: ()}
    waiting = [name]
    while waiting:
        found = waiting.pop(0)
        for below in made_of(found):
            if below == name:
                return (*ways[found], found)
            if below not in ways:
                ways[below] = (*ways[found], found)
                waiting.append(below)
    return ()


CHECKS: tuple[Check, ...] = (
    check_calendars,
    check_project,
    check_names,
    check_cases,
    check_datasets,
    check_all_joins,
    check_dimensions,
    check_segments,
    check_metrics,
    check_cycles,
)


def _follow(model: Model, dataset: str, path: str) -> Route | None:
    try:
        return follow(model, dataset, tuple(path.split(".")))
    except KeyError:
        return None  # a join to an unknown dataset is reported by check_joins


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ValueError, OSError, LookupError):
        return False
