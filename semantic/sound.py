"""What is left of a project when everything in which there is a mistake is taken out, so that the rest can be checked.

One typo must neither hide the mistakes elsewhere, nor be reported again at every place that depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from semantic.errors import Diagnostic, Span
from semantic.metric_types import Metric
from semantic.model import Dataset, Model, Project
from semantic.source import Node, Read, Shape, Source, Written, meant_key

Part = tuple[str, ...]  # ("metrics.aov",), ("datasets.users", "dimensions", "age")
Path = tuple[str | int, ...]
Checks = Iterable[Callable[[Model], Iterable[Diagnostic]]]

_SECTIONS = ("datasets", "calendars", "metrics", "segments", "checks")
_PARTS_OF_DATASETS = ("dimensions", "joins", "via", "hierarchies")
_WORD = re.compile(r"[^\W\d]\w*")
_UNKNOWN = frozenset({"E204", "E205", "E207", "E209", "E213", "E220", "E221"})  # a name leads to nothing
_LACKING = frozenset({"E206", "E208", "E215", "E232"})  # a dataset has no key, validity or clock
_WITHOUT_WAY = frozenset({"E230", "E231", "E311", "E316", "E317", "E319"})  # no join leads there, or several


@dataclass(slots=True)
class Lost:
    """What has a mistake, and so no meaning that others could be held against."""

    words: set[str] = field(default_factory=set)
    parts: set[Part] = field(default_factory=set)
    datasets: set[str] = field(default_factory=set)
    ways: bool = False

    @property
    def project(self) -> bool:
        """Whether the settings of the project are among it."""
        return any(part[0].startswith("project.") for part in self.parts)

    def add_file(self, text: str) -> None:
        """A file that cannot be read: whatever it names may be defined in it."""
        self.add_text(text)
        self.ways = True

    def add_text(self, text: str) -> None:
        """A text that means something else than it says."""
        self.words.update(_WORD.findall(text))

    def add_part(self, part: Part) -> None:
        """A part of the model that is not as its author meant it."""
        section, _, name = part[0].partition(".")
        self.parts.add(part)
        self.add_text(part[-1] if len(part) > 1 else name)
        if section == "datasets":
            self.ways = self.ways or part[1:2] != ("dimensions",)
            self.datasets |= {name} if len(part) == 1 else set()

    def explain(self, mistake: Diagnostic) -> bool:
        """Whether a mistake may be nothing but the consequence of one that is reported."""
        if mistake.code in _WITHOUT_WAY and self.ways:
            return True
        if mistake.code in _LACKING:
            return not self.datasets.isdisjoint(_quoted(mistake))
        return mistake.code in _UNKNOWN and not self.words.isdisjoint(_written(mistake))

    def touch(self, mistake: Diagnostic) -> bool:
        """Whether a mistake, found in what is left, has to do with what is not there any more."""
        return self.explain(mistake) or not self.words.isdisjoint(_written(mistake) | _quoted(mistake))


def _written(mistake: Diagnostic) -> set[str]:
    """The words on which the caret stands."""
    span = mistake.span
    return set(_WORD.findall(span.text[span.column - 1 :][: span.length])) if span else set()


def _quoted(mistake: Diagnostic) -> set[str]:
    return {word for quoted in re.findall(r"'([^']*)'", mistake.message) for word in _WORD.findall(quoted)}


def mend_keys(node: Node, shape: type[Shape], *given: str) -> Node:
    """A node in which every unknown key is called what was probably meant, so that its value can be checked too."""
    try:
        shape.model_validate({**(node.value if isinstance(node.value, dict) else {}), **dict.fromkeys(given, "")})
    except ValidationError as error:
        for mistake in error.errors():
            if mistake["type"] == "extra_forbidden" and (key := meant_key(node, shape, mistake["loc"], given)):
                node = node.with_key(*mistake["loc"], key=key)
    return node


def read_rest(at: str, node: Node, shape: type[Read], lost: Lost, **given: Any) -> Read | None:
    """The shape of what is right in an entry that has mistakes; None where that is not enough to go on with."""
    value: Any = {**node.value, **given} if isinstance(node.value, dict) else None
    while value is not None:
        try:
            return shape.model_validate(value)
        except ValidationError as error:
            for path in dict.fromkeys(_existing(value, mistake["loc"]) for mistake in error.errors()):
                lost.add_text(f"{path[-1:]} {node.child(*path).text}")
                inner = at.startswith("datasets.") and len(path) > 1 and path[0] in _PARTS_OF_DATASETS
                lost.add_part((at, *map(str, path[:2])) if inner else (at,))
                value = _without_value(value, path) if _is_for_people(path, shape) else None
    lost.add_text(node.text)
    lost.add_part((at,))
    return None


def _is_for_people(path: Path, shape: type[Shape]) -> bool:
    """Whether a metric counts the same without a key: one that all metrics have, or that none knows."""
    if not issubclass(shape, Metric):
        return True
    return path[:1] != () and (path[0] in Metric.model_fields or path[0] not in shape.model_fields)


def _existing(value: Any, path: Path) -> Path:
    """The longest beginning of a path that there is; what stands in lists is not told apart."""
    for length, step in enumerate(path):
        if not isinstance(value, dict) or step not in value:
            return path[:length]
        value = value[step]
    return path


def _without_value(value: Any, path: Path) -> Any:
    """A mapping without what stands at a path; None, which is nothing to go on with, without all of it."""
    if value is None or not path:
        return None
    first, *rest = path
    if not rest:
        return {key: held for key, held in value.items() if key != first}
    return {**value, first: _without_value(value[first], tuple(rest))} if first in value else value


def sound_part(model: Model, mistakes: Iterable[Diagnostic], checks: Checks, lost: Lost) -> Model | None:
    """A model without what is lost, what has a mistake, and what depends on them; None if that cannot be told."""
    parts = lost.parts | parts_with(model, mistakes)
    dimensions = {f"datasets.{name}": tuple(found) for name, found in model.dimensions.items()}
    while True:
        model = _without(model, parts)
        mistakes = run_checks(model, checks)
        more = parts_with(model, mistakes) - parts
        for part in parts:
            lost.add_part(part)
            lost.words.update(dimensions.get(part[0], ()) if len(part) == 1 else ())
        if not more:
            return None if mistakes else model
        parts = parts | more


def run_checks(model: Model, checks: Checks) -> list[Diagnostic]:
    """Everything that some checks find wrong with a model."""
    return [mistake for check in checks for mistake in check(model)]


def parts_with(model: Model, mistakes: Iterable[Diagnostic]) -> set[Part]:
    """The smallest parts of a model in which mistakes stand."""
    sources = {node.source.file: node.source for node in model.nodes.values()}
    places: dict[str, list[int]] = {}
    for span in filter(None, (mistake.span for mistake in mistakes)):
        if span.file in sources:
            places.setdefault(span.file, []).append(_index(sources[span.file], span))
    keys = {f"{section}.{name}": key for section in _SECTIONS for name, _, key in model.documents.entries(section)}
    return {
        part
        for at, node in model.nodes.items()
        for index in places.get(node.source.file, ())
        if _holds(index, keys.get(at, node.span), node)
        for part in _parts_around(index, at, node)
    }


def _parts_around(index: int, at: str, node: Node) -> Iterator[Part]:
    """The entries of a dataset's mappings in which a character stands, else all of what is called `at`."""
    inner: list[Part] = [
        (at, section, str(name))
        for section in _PARTS_OF_DATASETS
        if at.startswith("datasets.") and section in node.children
        for name, child in node.children[section].children.items()
        if _holds(index, node.children[section].key_span(str(name)), child)
    ]
    yield from inner or [(at,)]


def _holds(index: int, key: Span, node: Node) -> bool:
    """Whether a character stands in the key or in the value of an entry, or in what it takes from elsewhere."""
    first = _index(node.source, key)
    if first <= index < first + key.length or node.start <= index < node.end:
        return True
    return any(_holds(index, node.key_span(str(name)), child) for name, child in node.children.items())


def _index(source: Source, span: Span) -> int:
    """The place of a span's first character in the text of its file."""
    return sum(len(line) + 1 for line in source.lines[: span.line - 1]) + span.column - 1


def _without(model: Model, parts: set[Part]) -> Model:
    gone = {part[0] for part in parts if len(part) == 1}
    datasets = {
        name: _without_parts(dataset, {part[1:] for part in parts if part[0] == f"datasets.{name}" and len(part) > 1})
        for name, dataset in model.datasets.items()
        if f"datasets.{name}" not in gone
    }
    return replace(
        model,
        project=Project() if any(at.startswith("project.") for at in gone) else model.project,
        datasets=datasets,
        metrics={name: metric for name, metric in model.metrics.items() if f"metrics.{name}" not in gone},
        segments={name: segment for name, segment in model.segments.items() if f"segments.{name}" not in gone},
        checks={name: check for name, check in model.checks.items() if f"checks.{name}" not in gone},
        written=Written(model.documents, {at: node for at, node in model.nodes.items() if at not in gone}),
    )


def _without_parts(dataset: Dataset, parts: set[Part]) -> Dataset:
    if not parts:
        return dataset
    left = {
        section: {name: held for name, held in getattr(dataset, section).items() if (section, name) not in parts}
        for section in _PARTS_OF_DATASETS
    }
    return dataset.model_copy(update=left)
