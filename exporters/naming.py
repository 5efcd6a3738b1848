"""Paths and titles of exports: Jinja templates over a handful of words, checked when the YAML is read.

    run.date      the business day of the run's logical time                  2025-03-31
    run.time      its time of day; in a path without the colons               07:00, 07-00
    period.start  the first day of the export's period                        2025-01-01
    period.end    the last day of it, included, as people say it              2025-03-30
    export.name   weekly_engagement

Dates are dates: `{{ run.date.strftime('%Y/%m') }}` and `{{ period.end.year }}` work; what else a template may say is in
`exporters.bounds`. A path stays inside the project
folder, unless it is written as an absolute one; what the words bring in never leads out of where it was written to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from exporters.bounds import unbounded
from semantic.errors import Diagnostic, ExportError, Report, suggest
from semantic.source import Node, Shape

if TYPE_CHECKING:
    from exporters.base import Delivery, Export
    from semantic.result import Result

Kind = Literal["title", "path"]
Title = Annotated[str, "title"]
FilePath = Annotated[str, "path"]
OptionalTitle = Annotated[str | None, "title"]
Options = TypeVar("Options", bound=Shape)
Place = tuple[str | int, ...]
Mistake = tuple[str, str | None]  # what is wrong, and a hint


@dataclass(frozen=True, slots=True)
class Run:
    """The logical time of a run on the business's own clock."""

    date: date
    time: time


@dataclass(frozen=True, slots=True)
class Days:
    """A period as people say it: the first and the last day of it."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Named:
    """The export, as far as a template may know it."""

    name: str


Word = Run | Days | Named


@dataclass(frozen=True, slots=True)
class Words:
    """What templates may use; without a period, `period` is not a word."""

    run: Run
    period: Days | None
    export: Named

    def as_dict(self) -> dict[str, Word]:
        """The words by name."""
        period: dict[str, Word] = {} if self.period is None else {"period": self.period}
        return {"run": self.run, **period, "export": self.export}


def words_of(delivery: Delivery) -> Words:
    """The words of a run."""
    main = main_result(delivery)
    days = Days(main.period.start, main.period.end - timedelta(days=1)) if main and main.period else None
    return words_at(delivery.as_of, delivery.model.time_zone, days, delivery.export.name)


def main_result(delivery: Delivery) -> Result | None:
    """The first result over the export's own period or, if it has none, over any."""
    asked = delivery.export.period
    found = (r for r in delivery.results.values() if r.period is not None and asked in (None, r.query.period))
    return next(found, None)


def words_at(as_of: datetime, time_zone: str, period: Days | None, export: str) -> Words:
    """The words at an instant, on the clock of a time zone."""
    local = as_of.astimezone(ZoneInfo(time_zone))
    return Words(Run(local.date(), local.time().replace(second=0, microsecond=0)), period, Named(export))


def sample_words(export: Export, time_zone: str) -> Words:
    """Words of the right kinds, to try templates with before there is a run."""
    has_period = export.period or any(query.period for query in export.queries.values())
    days = Days(date(2025, 1, 1), date(2025, 1, 31)) if has_period else None
    return words_at(datetime(2025, 2, 1, tzinfo=UTC), time_zone, days, export.name)


def render(options: Options, node: Node, words: Words) -> Options:
    """The options with every title and path written out; raises ExportError with all mistakes, at their places."""
    mistakes: list[Diagnostic] = []
    rendered = _Writer(node, words, mistakes.append).options(options)
    if mistakes:
        raise ExportError(*mistakes)
    return rendered


def check_templates(options: Shape, node: Node, words: Words, report: Report) -> None:
    """Report every mistake in the templates of the options, at its place."""
    _Writer(node, words, report).options(options)


def file_paths(options: Shape) -> Iterator[str]:
    """Every path in the options."""
    for name, value in options:
        if isinstance(value, str) and _kind(options, name) == "path":
            yield value


def _kind(options: Shape, name: str) -> Kind | None:
    kinds: tuple[Kind, ...] = ("title", "path")
    return next((kind for kind in kinds if kind in type(options).model_fields[name].metadata), None)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the templates of options out; `node` is where the options stand."""

    node: Node
    words: Words
    report: Report

    def options(self, options: Options, at: Place = ()) -> Options:
        written = {name: self._value(value, _kind(options, name), (*at, name)) for name, value in options}
        return options.model_copy(update=written)

    def _value(self, value: Any, kind: Kind | None, at: Place) -> Any:
        if isinstance(value, Shape):
            return self.options(value, at)
        if isinstance(value, tuple):
            return tuple(self._value(item, kind, (*at, index)) for index, item in enumerate(value))
        return self._text(value, kind, at) if kind and isinstance(value, str) else value

    def _text(self, template: str, kind: Kind, at: Place) -> str:
        """The text, or the template itself after its mistakes have been reported."""
        text, mistakes = _write_out(template, kind, self.words.as_dict())
        for message, hint in mistakes:
            code = "E512" if kind == "path" else "E511"
            self.report(Diagnostic(code, message, self.node.child(*at).span, hint))
        return text


def _write_out(template: str, kind: Kind, known: Mapping[str, Word]) -> tuple[str, list[Mistake]]:
    environment = _ENVIRONMENTS[kind]
    try:
        tree = environment.parse(template)
        if mistakes := list(unbounded(tree)):
            return template, mistakes
        if mistakes := [*_unknown_words(tree, known), *_unknown_attributes(tree, known)]:
            return template, mistakes
        text = environment.from_string(template).render(known)
    except _TEMPLATE_MISTAKES as error:
        return template, [(f"this template cannot be written out: {error}", None)]
    return text, list(_path_mistakes(text, template)) if kind == "path" else []


_TEMPLATE_MISTAKES = (
    TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError,
)  # fmt: skip


def _unknown_words(tree: nodes.Template, known: Mapping[str, Word]) -> Iterator[Mistake]:
    for name in sorted(meta.find_undeclared_variables(tree) - set(known)):
        if name == "period":
            yield "there is no period: neither the export nor a query has one", None
        else:
            yield f"unknown word '{name}'", suggest(name, _spelled(known)) or _known_words(known)


def _unknown_attributes(tree: nodes.Template, known: Mapping[str, Word]) -> Iterator[Mistake]:
    for node in tree.find_all(nodes.Getattr):
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name in known and not hasattr(known[name], node.attr):
            written = f"{name}.{node.attr}"
            yield f"unknown word '{written}'", suggest(written, _spelled(known)) or _known_words(known)


def _spelled(known: Mapping[str, Word]) -> list[str]:
    return [f"{name}.{field.name}" for name, word in known.items() for field in fields(word)]


def _known_words(known: Mapping[str, Word]) -> str:
    return f"known words: {', '.join(_spelled(known))}"


def _path_mistakes(path: str, template: str) -> Iterator[Mistake]:
    """What keeps a rendered path from being a file in the place where its author wrote it to be."""
    if not path.strip() or path.endswith(("/", "/.")) or path == ".":
        yield f"'{path}' names no file", None
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        yield f"{path!r} holds a control character", None
    if "\\" in path:
        yield f"'{path}' holds a backslash", "write / between folders"
    if ".." in path.split("/"):
        yield f"'{path}' climbs out of its folder with '..'", "write an absolute path to leave the project folder"
    if path.startswith("~"):
        yield f"'{path}': nothing stands for ~ here", "write the absolute path"
    if _is_absolute(path) and not _is_absolute(template):
        yield f"'{path}' leaves the project folder", "write the / at its start outside of the braces"


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive != ""


def _for_people(value: object) -> object:
    """What an expression leaves in a title: a date as 2025-03-31, a time as 07:00."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Word):
        raise TypeError(f"a word is missing after the dot: one of {', '.join(f.name for f in fields(value))}")
    return value


def _for_paths(value: object) -> object:
    """The same in a path, where a colon is no character for a file's name."""
    return value.strftime("%H-%M") if isinstance(value, time) else _for_people(value)


def _environment(finalize: Callable[[object], object]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, finalize=finalize, keep_trailing_newline=True
    )
    environment.globals.clear()
    return environment


_ENVIRONMENTS: Mapping[Kind, ImmutableSandboxedEnvironment] = {
    "title": _environment(_for_people),
    "path": _environment(_for_paths),
}
