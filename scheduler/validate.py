"""Everything that is wrong with a project's files: models, exports and schedules in one go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from exporters.base import Export
from exporters.definitions import read_exports
from scheduler.schedule import check_schedules
from semantic.errors import Diagnostic, in_order
from semantic.load import Loaded, load_project
from semantic.model import Model
from semantic.sound import Lost
from semantic.warnings import deprecated_metrics_within, deprecated_name, unmarked_dimensions


@dataclass(frozen=True, slots=True)
class Validated:
    """What became of a project's files: the model, None where something is wrong with it, and all that is wrong.

    `sound` is the part of the model in which nothing is wrong, None where nothing can be said of a target by it.
    """

    model: Model | None
    sound: Model | None
    exports: tuple[Export, ...]
    mistakes: tuple[Diagnostic, ...]
    lost: Lost

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is not wrong, and should be looked at."""
        if self.model is None:
            return ()
        of_model = (*deprecated_metrics_within(self.model), *unmarked_dimensions(self.model))
        return in_order((*of_model, *_in_exports(self.model, self.exports)))

    def not_explained(self, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Those of the mistakes in what is sound that are not the consequence of one in what is not."""
        return (mistake for mistake in found if self.model is not None or not self.lost.touch(mistake))


def _in_exports(model: Model, exports: Iterable[Export]) -> Iterator[Diagnostic]:
    for export in exports:
        for query in export.queries:
            written = export.node.child("queries", query)
            for key in ("metrics", "by"):
                names = written.child(key)
                for node in names.children.values() if names.children else [names]:
                    if isinstance(node.value, str):
                        yield from deprecated_name(model, f"export '{export.name}'", node.value, node.span)


def validate_files(root: Path) -> Validated:
    """Read all files of the project in a folder."""
    return validate_loaded(load_project(root))


def validate_loaded(loaded: Loaded) -> Validated:
    """Read the exports and schedules of a project that has been loaded."""
    found: list[Diagnostic] = []
    exports = read_exports(loaded.sound, found.append) if loaded.sound else ()
    schedules = check_schedules(loaded.sound) if loaded.sound else ()
    sound = None if loaded.lost.project else loaded.sound
    validated = Validated(loaded.model, sound, exports, loaded.diagnostics, loaded.lost)
    of_model = [mistake for mistake in found if mistake.code[:2] in ("E2", "E3")]
    of_exports = [mistake for mistake in found if mistake not in of_model]
    mistakes = (*loaded.diagnostics, *of_exports, *schedules, *validated.not_explained(of_model))
    return replace(validated, mistakes=in_order(mistakes))
