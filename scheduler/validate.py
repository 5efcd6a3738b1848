"""Everything that is wrong with a project's files: models, exports and schedules in one go."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.base import Export
from exporters.definitions import read_exports
from scheduler.schedule import check_schedules
from semantic.errors import Diagnostic, in_order
from semantic.load import Loaded, load_project
from semantic.model import Model


@dataclass(frozen=True, slots=True)
class Validated:
    """What became of a project's files: the model, None where something is wrong with it, and all that is wrong."""

    model: Model | None
    exports: tuple[Export, ...]
    mistakes: tuple[Diagnostic, ...]


def validate_files(root: Path) -> Validated:
    """Read all files of the project in a folder."""
    loaded = load_project(root)
    if loaded.sound is None:
        return Validated(loaded.model, (), loaded.diagnostics)
    found: list[Diagnostic] = []
    exports = read_exports(loaded.sound, found.append)
    found += check_schedules(loaded.sound)
    return Validated(loaded.model, exports, in_order((*loaded.diagnostics, *_not_explained(loaded, found))))


def _not_explained(loaded: Loaded, found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """The mistakes that are not the consequence of one in the model: what a query asks for may be defined there."""
    for mistake in found:
        if loaded.model is not None or mistake.code[:2] not in ("E2", "E3") or not loaded.lost.touch(mistake):
            yield mistake
