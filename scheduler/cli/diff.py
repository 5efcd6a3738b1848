"""`metricast diff`: what a change of the project means, before anybody is asked to believe it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.console import working
from scheduler.cli.options import as_of_option, instant, project_option, target_option
from scheduler.cli.query import LONGEST

if TYPE_CHECKING:
    from exporters.base import Export
    from scheduler.git import Revision
    from scheduler.review.report import Data, Review
    from scheduler.validate import Validated
    from semantic.errors import Diagnostic
    from semantic.model import Model

EXIT_MEANING = 3
FORMATS = ("text", "json", "markdown")
EXAMPLES = """\b
Examples:
  metricast diff
  metricast diff origin/main --format markdown
  metricast diff HEAD --staged
  metricast diff v1.4 --to v1.5
  metricast diff origin/main --data --as-of 2026-10-26
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the project without mistakes, and what people call it."""

    name: str
    model: Model
    exports: dict[str, Export]


@click.command(epilog=EXAMPLES, short_help="Show which metrics a change gives another meaning.")
@click.argument("revision", metavar="[REV]", default="HEAD")
@click.option("--to", "other", metavar="REV2", help="Compare with this revision instead of the files in the folder.")
@click.option("--staged", is_flag=True, help="Compare with what the next commit would hold.")
@click.option("--data", is_flag=True, help="Ask both versions on the target, and show by how much values move.")
@click.option(
    "--format", "style", type=click.Choice(FORMATS), default="text", show_default=True, help="How to write the report."
)
@click.option(
    "--rows",
    type=click.IntRange(min=1, max=1_000),
    default=5,
    show_default=True,
    metavar="N",
    help="With --data: at most N rows of each cut, those that moved most.",
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1, max=LONGEST),
    metavar="SECONDS",
    help="With --data: stop a query that takes longer.",
)
@as_of_option
@target_option
@project_option
def diff(
    *,
    project: Path,
    revision: str,
    other: str | None,
    staged: bool,
    data: bool,
    style: str,
    rows: int,
    timeout: int | None,
    as_of: str | None,
    target: str | None,
) -> int:
    """Compare the project with itself at the git revision REV (default: HEAD).

    Says which metrics mean something else, in which cuts and because of what, and which exports that touches.
    A metric means what every query of it computes, so both versions are compiled: layout, labels and spelling do not
    count.

    Exit status: 0 nothing changed in meaning (what is new changes nothing), 3 something did, 1 refused, 2 wrong use.
    """
    if other is not None and staged:
        message = "--to and --staged exclude each other"
        raise click.UsageError(message)
    old, new = _old(project, revision), _new(project, other, staged=staged)
    review = working("comparing", lambda: _review(old, new))
    if data:
        found = _values(old, new, review, target=target, as_of=as_of, timeout=timeout)
        review = replace(review, data=found)
    for line in _lines(review, style, rows):
        click.echo(line)
    return EXIT_MEANING if review.is_in_meaning else 0


def _old(project: Path, revision: str) -> Version:
    from scheduler.git import read_revision

    return _version(read_revision(project, revision), project)


def _new(project: Path, other: str | None, *, staged: bool) -> Version:
    from scheduler.git import read_revision, read_staged
    from scheduler.validate import validate_files

    if staged:
        return _version(read_staged(project), project)
    if other is not None:
        return _version(read_revision(project, other), project)
    return _checked("the files in the folder", validate_files(project))


def _version(revision: Revision, project: Path) -> Version:
    from scheduler.validate import validate_loaded
    from semantic.load import load_contents

    return _checked(str(revision), validate_loaded(load_contents(revision.files, project.resolve())), revision)


def _checked(name: str, found: Validated, revision: Revision | None = None) -> Version:
    """A version of the project; one with mistakes is refused with all of them."""
    from semantic.errors import ModelError

    if found.model is None or found.mistakes:
        raise ModelError(*(_at(revision, found.mistakes) if revision else found.mistakes))
    return Version(name, found.model, {export.name: export for export in found.exports})


def _at(revision: Revision, mistakes: tuple[Diagnostic, ...]) -> Iterator[Diagnostic]:
    """The mistakes of a revision, which stands before the file."""
    from semantic.errors import Diagnostic

    hint = "it cannot be compared; compare with a revision whose project is valid"
    yield Diagnostic("E624", f"the project in {revision} has mistakes", hint=hint)
    for mistake in mistakes:
        span = mistake.span
        yield replace(mistake, span=replace(span, file=f"{revision.name}:{span.file}") if span else None)


def _review(old: Version, new: Version) -> Review:
    from scheduler.review.exports import compare_exports
    from scheduler.review.report import Review
    from semantic.comparing.compare import compare

    difference = compare(old.model, new.model)
    exports = compare_exports((old.model, old.exports), (new.model, new.exports), difference)
    return Review(old.name, new.name, difference, tuple(exports))


def _values(
    old: Version, new: Version, review: Review, *, target: str | None, as_of: str | None, timeout: int | None
) -> Data:
    """Both versions asked on one connection to the target of the new one."""
    from scheduler.review.movement import MOST_GROUPS, movements
    from scheduler.review.report import Data
    from semantic import Layer
    from semantic.engines import Limits

    with Layer(new.model, target=target, limits=Limits(MOST_GROUPS, timeout)) as layer:
        moment, before = instant(as_of, new.model.time_zone), layer.beside(old.model)
        found = working("comparing values", lambda: movements(before, layer, review.difference, moment), layer.cancel)
        return Data(layer.target, moment, new.model.time_zone, found)


def _lines(review: Review, style: str, rows: int) -> Iterator[str]:
    from scheduler.review.document import json_text
    from scheduler.review.markdown import markdown_lines
    from scheduler.review.text import text_lines

    match style:
        case "json":
            yield json_text(review, rows)
        case "markdown":
            yield from markdown_lines(review, rows)
        case _:
            yield from text_lines(review, rows)
