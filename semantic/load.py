"""YAML files → Model. Everything that is wrong is reported at once; nothing is raised for a mistake in YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from semantic.check import CHECKS
from semantic.check_kinds import KIND_CHECKS
from semantic.check_words import WORD_CHECKS
from semantic.errors import Diagnostic, Report, Span, suggest
from semantic.metric_types import METRIC_TYPES, Metric
from semantic.model import Dataset, Model, Project, Segment
from semantic.source import Documents, Node, Read, read_shape, read_yaml

FOLDER = "metrics"
PROJECT_FILE = "project.yml"
SECTIONS = ("datasets", "metrics", "segments", "exports")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a project: the model, or None where something is wrong, and all that is wrong."""

    model: Model | None
    diagnostics: tuple[Diagnostic, ...]
    documents: Documents


def load_project(root: Path) -> Loaded:
    """Load the project in a folder: every YAML file below its `metrics/`."""
    folder = root / FOLDER
    if not folder.is_dir():
        message = f"there is no project in {root}: it has no folder '{FOLDER}'"
        hint = "metricast init DIR makes a project; --project DIR names another folder"
        return Loaded(None, (Diagnostic("E110", message, hint=hint),), Documents(()))
    files: dict[str, str] = {}
    problems: list[Diagnostic] = []
    paths = (*folder.rglob("*.yml"), *folder.rglob("*.yaml"))
    for path in sorted(paths, key=lambda path: (path.parent != folder, path)):
        try:
            files[str(path.relative_to(root))] = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"the file cannot be read: {error}"
            problems.append(Diagnostic("E111", message, Span(str(path.relative_to(root)), 1, 1)))
    if not files and not problems:
        message = f"the folder {folder} has no .yml file"
        return Loaded(None, (Diagnostic("E110", message, hint="metricast init DIR makes a project"),), Documents(()))
    loaded = load_texts(files, root.resolve())
    if not problems:
        return loaded
    return Loaded(None, (*problems, *loaded.diagnostics), loaded.documents)


def load_texts(files: Mapping[str, str], root: Path | None = None) -> Loaded:
    """Load a project from YAML texts by file name; `project.yml` holds the settings."""
    found: list[Diagnostic] = []
    nodes = [node for name, text in files.items() for node in [read_yaml(name, text, found.append)] if node]
    settings = [node for node in nodes if Path(node.source.file).name == PROJECT_FILE]
    found.extend(_misplaced_settings(settings))
    documents = Documents(tuple(node for node in nodes if node not in settings))
    for node in documents.nodes:
        _check_sections(node, found.append)
    project = read_shape(settings[0], Project, found.append, "project.yml") if settings else Project()
    known: dict[str, Node] = {f"project.{number}": node for number, node in enumerate(settings)}
    datasets = dict(_named(documents, "datasets", Dataset, known, found.append))
    metrics = dict(_metrics(documents, known, found.append))
    segments = dict(_named(documents, "segments", Segment, known, found.append))
    model = Model(project or Project(), datasets, metrics, segments, root, documents, MappingProxyType(known))
    for check in (*CHECKS, *WORD_CHECKS):
        found.extend(check(model))
    for check in KIND_CHECKS if not found else ():
        found.extend(check(model))
    ordered = tuple(sorted(dict.fromkeys(found), key=_place))
    return Loaded(None if ordered else model, ordered, documents)


def _misplaced_settings(settings: list[Node]) -> Iterator[Diagnostic]:
    """There is one project.yml, at the top of the project's YAML."""
    for number, node in enumerate(settings):
        if number or Path(node.source.file).parent not in (Path(), Path(FOLDER)):
            message = f"a project has one {PROJECT_FILE}, directly in {FOLDER}/"
            yield Diagnostic("E112", message, node.source.span(0, 0), "remove this one, or give it another name")


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (span.file, span.line, span.column) if span else ("", 0, 0)


def _check_sections(node: Node, report: Report) -> None:
    if not isinstance(node.value, dict):
        report(Diagnostic("E106", "a file must hold datasets:, metrics:, segments: or exports:", node.span))
        return
    for key in node.value:
        if key not in SECTIONS:
            hint = suggest(key, SECTIONS) or f"known keys: {', '.join(SECTIONS)}; settings belong into {PROJECT_FILE}"
            report(Diagnostic("E104", f"unknown key '{key}' at the top of a file", node.key_span(key), hint))
        elif node.value[key] is not None and not isinstance(node.value[key], dict):
            message = f"'{key}' must be a mapping of names to definitions"
            report(Diagnostic("E106", message, node.child(key).span))


def _entries(documents: Documents, section: str, report: Report) -> Iterator[tuple[str, Node]]:
    """The named entries of a section; a name that was taken before is reported."""
    first: dict[str, Span] = {}
    for name, node, span in documents.entries(section):
        if name in first:
            message = f"the {section.removesuffix('s')} '{name}' is defined twice"
            report(Diagnostic("E202", message, span, f"first in {first[name].file}:{first[name].line}"))
            continue
        first[name] = span
        if not name.isidentifier():
            hint = "use letters, digits and _"
            report(Diagnostic("E107", f"'{name}' is not a usable name", span, hint))
        yield name, node


def _named(
    documents: Documents, section: str, shape: type[Read], known: dict[str, Node], report: Report
) -> Iterator[tuple[str, Read]]:
    """The entries of a section that have one shape."""
    for name, node in _entries(documents, section, report):
        known[f"{section}.{name}"] = node
        read = read_shape(node, shape, report, f"{section.removesuffix('s')} '{name}'", name=name)
        if read is not None:
            yield name, read


def _metrics(documents: Documents, known: dict[str, Node], report: Report) -> Iterator[tuple[str, Metric]]:
    for name, node in _entries(documents, "metrics", report):
        known[f"metrics.{name}"] = node
        value = node.value if isinstance(node.value, dict) else {}
        kind = value.get("type", "simple")
        shape = METRIC_TYPES.get(kind) if isinstance(kind, str) else None
        if shape is None:
            hint = suggest(str(kind), METRIC_TYPES) or f"types: {', '.join(METRIC_TYPES)}"
            message = f"unknown metric type '{kind}' in metric '{name}'"
            report(Diagnostic("E201", message, node.child("type").span, hint))
            continue
        metric = read_shape(node, shape, report, f"metric '{name}'", name=name)
        if metric is not None:
            yield name, metric
