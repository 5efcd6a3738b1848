"""YAML files → Model. Everything that is wrong is reported at once; nothing is raised for a mistake in YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from semantic.calendars import CalendarTable
from semantic.check import CHECKS
from semantic.check_kinds import KIND_CHECKS
from semantic.check_time import check_over_metrics
from semantic.check_words import WORD_CHECKS
from semantic.checking.names import check_mentions, check_queries
from semantic.checking.shape import Check
from semantic.defaults import DEFAULTS, places_of, with_defaults
from semantic.errors import Diagnostic, Report, Span, in_order, suggest, usable
from semantic.files import FOLDER, decoded, project_files
from semantic.metric_types import METRIC_TYPES, Metric
from semantic.model import Dataset, Model, Project, Segment
from semantic.sound import Lost, mend_keys, read_rest, run_checks, sound_part
from semantic.source import Documents, Node, Read, Written, WrittenLater, read_shape, read_yaml
from semantic.targets import check_templates

PROJECT_FILE = "project.yml"
SECTIONS = ("datasets", "calendars", "metrics", "segments", "checks", "exports", DEFAULTS)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a project: the model, or None where something is wrong, and all that is wrong.

    `sound` is the part of the model in which nothing is wrong, for exports to be held against; `lost` is the rest.
    """

    model: Model | None
    diagnostics: tuple[Diagnostic, ...]
    written: Written | WrittenLater
    sound: Model | None = None
    lost: Lost = field(default_factory=Lost)

    @property
    def documents(self) -> Documents:
        """The YAML files, but for project.yml."""
        return self.written.documents


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the entries of a project takes: the files, where every entry stands, what is lost."""

    documents: Documents
    known: dict[str, Node]
    lost: Lost
    report: Report


def load_project(root: Path) -> Loaded:
    """Load the project in a folder: every YAML file below its `metrics/`."""
    folder = root / FOLDER
    if not folder.is_dir():
        message = f"there is no project in {root}: it has no folder '{FOLDER}'"
        hint = "metricast init DIR makes a project; --project DIR names another folder"
        return Loaded(None, (Diagnostic("E110", message, hint=hint),), Written())
    paths = project_files(root)
    if not paths:
        message = f"the folder {folder} has no .yml file"
        return Loaded(None, (Diagnostic("E110", message, hint="metricast init DIR makes a project"),), Written())
    found: list[Diagnostic] = []
    lost = Lost()
    texts = {str(path.relative_to(root)): _read_text(path, root, lost, found.append) for path in paths}
    if any(text is None and Path(name).name == PROJECT_FILE for name, text in texts.items()):
        lost.add_part(("project.0",))
    return _load({name: text for name, text in texts.items() if text is not None}, root.resolve(), lost, found)


def _read_text(path: Path, root: Path, lost: Lost, report: Report) -> str | None:
    """The text of a file; one that cannot be read is reported."""
    name = str(path.relative_to(root))
    try:
        return _decode(name, path.read_bytes(), lost, report)
    except OSError as error:
        report(Diagnostic("E111", f"the file cannot be read: {error.strerror or error}", Span(name, 1, 1)))
    return None


def _decode(name: str, content: bytes, lost: Lost, report: Report) -> str | None:
    try:
        return decoded(content)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        place = Span(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        report(Diagnostic("E111", "the file is not UTF-8", place, "save it as UTF-8"))
        lost.add_file(content.decode("utf-8", "replace"))
    return None


def load_contents(files: Mapping[str, bytes], root: Path | None = None) -> Loaded:
    """Load a project from the contents of its files by name, in the order in which a folder is read."""
    found: list[Diagnostic] = []
    lost = Lost()
    names = sorted(files, key=lambda name: (Path(name).parent != Path(FOLDER), Path(name)))
    texts = ((name, _decode(name, files[name], lost, found.append)) for name in names)
    return _load({name: text for name, text in texts if text is not None}, root, lost, found)


def load_texts(files: Mapping[str, str], root: Path | None = None) -> Loaded:
    """Load a project from YAML texts by file name; `project.yml` holds the settings."""
    return _load(files, root, Lost(), [])


def _load(files: Mapping[str, str], root: Path | None, lost: Lost, found: list[Diagnostic]) -> Loaded:
    nodes = [node for name, text in files.items() for node in [_read_file(name, text, lost, found.append)] if node]
    settings = [node for node in nodes if Path(node.source.file).name == PROJECT_FILE]
    if not settings and any(Path(name).name == PROJECT_FILE for name in files):
        lost.add_part(("project.0",))
    found.extend(_misplaced_settings(settings))
    written = [node for node in nodes if node not in settings]
    for node in written:
        _check_sections(node, lost, found.append)
    documents = Documents(tuple(with_defaults(node, found.append) for node in written))
    project = read_shape(settings[0], Project, found.append, "project.yml") if settings else Project()
    if project is None:
        lost.add_part(("project.0",))
    known: dict[str, Node] = {f"project.{number}": node for number, node in enumerate(settings)}
    reading = Reading(documents, known, lost, found.append)
    calendars, datasets = dict(_calendars(reading)), dict(_named(reading, "datasets", Dataset))
    found.extend(_taken(documents, set(calendars.keys() & datasets.keys())))
    datasets = {**calendars, **datasets}
    metrics = dict(_metrics(reading))
    segments = dict(_named(reading, "segments", Segment))
    checks = dict(_named(reading, "checks", Check))
    model = Model(project or Project(), datasets, metrics, segments, root, Written(documents, known), checks)
    return _checked(model, found, lost, {place for node in written for place in places_of(node)})


def _read_file(name: str, text: str, lost: Lost, report: Report) -> Node | None:
    """The values of a file; what cannot be read of it is lost."""
    if not text.strip():
        hint = "write datasets:, calendars:, metrics:, segments:, checks: or exports: into it, or remove it"
        report(Diagnostic("E117", "the file is empty", Span(name, 1, 1), hint))
    node = read_yaml(name, text, report)
    if node is None:
        lost.add_file(text)
    for repeated in node.all_repeated() if node else ():
        lost.add_file(repeated.text)
    return node


def _checked(model: Model, found: list[Diagnostic], lost: Lost, shared: set[Span]) -> Loaded:
    """Check the names in a model and, in what is right so far, the kinds of values; `shared` are default values."""
    checks = (*CHECKS, *WORD_CHECKS, check_over_metrics, check_mentions, check_templates)
    names = run_checks(model, checks)
    mistakes = [*found, *(mistake for mistake in names if not lost.explain(mistake))]
    sound = sound_part(model, names, checks, lost) if names or lost.parts else model
    kinds = run_checks(sound, KIND_CHECKS) if sound else []
    if sound and kinds:
        mistakes += (mistake for mistake in kinds if not lost.touch(mistake))
        sound = sound_part(sound, kinds, checks, lost)
    mistakes += (mistake for mistake in run_checks(sound, (check_queries,)) if not lost.touch(mistake)) if sound else ()
    ordered = in_order(_once(mistakes, shared))
    return Loaded(None if ordered else model, ordered, model.written, sound, lost)


def _once(found: Iterable[Diagnostic], shared: set[Span]) -> Iterator[Diagnostic]:
    """A mistake in a default value is said once, for all entries that take it."""
    seen: set[tuple[str, Span]] = set()
    for diagnostic in found:
        if diagnostic.span not in shared:
            yield diagnostic
        elif (diagnostic.code, diagnostic.span) not in seen:
            seen.add((diagnostic.code, diagnostic.span))
            yield diagnostic


def _misplaced_settings(settings: list[Node]) -> Iterator[Diagnostic]:
    """There is one project.yml, at the top of the project's YAML."""
    for number, node in enumerate(settings):
        if number or Path(node.source.file).parent not in (Path(), Path(FOLDER)):
            message = f"a project has one {PROJECT_FILE}, directly in {FOLDER}/"
            place = node.source.span_at(node.start, 1)
            yield Diagnostic("E112", message, place, "remove this one, or give it another name")


def _check_sections(node: Node, lost: Lost, report: Report) -> None:
    if not isinstance(node.value, dict):
        report(
            Diagnostic(
                "E106",
                f"a file must hold {':, '.join(SECTIONS[:-1])}: or {SECTIONS[-1]}:",
                node.span,
            )
        )
        lost.add_file(node.text)
        return
    for key, child in node.children.items():
        if key not in SECTIONS:
            hint = (
                suggest(str(key), SECTIONS) or f"known keys: {', '.join(SECTIONS)}; settings belong into {PROJECT_FILE}"
            )
            report(Diagnostic("E104", f"unknown key '{key}' at the top of a file", node.key_span(str(key)), hint))
            lost.add_file(child.text)
        elif child.value is not None and not isinstance(child.value, dict):
            report(Diagnostic("E106", f"'{key}' must be a mapping of names to definitions", child.span))
            lost.add_file(child.text)


def _entries(reading: Reading, section: str) -> Iterator[tuple[str, Node]]:
    """The named entries of a section; a name that was taken before is reported."""
    first: dict[str, Span] = {}
    for name, node, span in reading.documents.entries(section):
        if name in first:
            message = f"the {section.removesuffix('s')} '{name}' is defined twice"
            reading.report(Diagnostic("E202", message, span, f"first in {first[name].file}:{first[name].line}"))
            continue
        first[name] = span
        if not name.isidentifier():
            hint = f"use letters, digits and _, as in {usable(name)}"
            reading.report(Diagnostic("E107", f"'{name}' is not a usable name", span, hint))
            reading.lost.add_text(name)
        reading.known[f"{section}.{name}"] = node
        yield name, node


def _named(reading: Reading, section: str, shape: type[Read]) -> Iterator[tuple[str, Read]]:
    """The entries of a section that have one shape."""
    for name, node in _entries(reading, section):
        if (read := _read(reading, section, name, node, shape)) is not None:
            yield name, read


def _calendars(reading: Reading) -> Iterator[tuple[str, Dataset]]:
    """The calendars as datasets; their places are those of the calendars."""
    for name, read in _named(reading, "calendars", CalendarTable):
        reading.known[f"datasets.{name}"] = reading.known[f"calendars.{name}"]
        yield name, read.days


def _taken(documents: Documents, names: set[str]) -> Iterator[Diagnostic]:
    """No calendar is called like a dataset."""
    for name, _, span in documents.entries("calendars"):
        if name in names:
            message = f"the calendar '{name}' has the name of a dataset"
            yield Diagnostic("E203", message, span, "give it another name")


def _metrics(reading: Reading) -> Iterator[tuple[str, Metric]]:
    for name, node in _entries(reading, "metrics"):
        value = node.value if isinstance(node.value, dict) else {}
        kind = value.get("type")
        kind = "simple" if kind is None else kind
        shape = METRIC_TYPES.get(kind) if isinstance(kind, str) else None
        if shape is None:
            hint = suggest(str(kind), METRIC_TYPES) or f"types: {', '.join(METRIC_TYPES)}"
            message = f"unknown metric type '{kind}' in metric '{name}'"
            reading.report(Diagnostic("E201", message, node.child("type").span, hint))
            reading.lost.add_text(node.text)
            reading.lost.add_part((f"metrics.{name}",))
        elif (metric := _read(reading, "metrics", name, node, shape)) is not None:
            yield name, metric


def _read(reading: Reading, section: str, name: str, node: Node, shape: type[Read]) -> Read | None:
    """The shape of a named entry, or as much of it as is right."""
    what = f"{section.removesuffix('s')} '{name}'"
    read = read_shape(node, shape, reading.report, what, name=name)
    if read is not None:
        return read
    at = f"{section}.{name}"
    reading.known[at] = mend_keys(node, shape, "name")
    return read_rest(at, reading.known[at], shape, reading.lost, name=name)
