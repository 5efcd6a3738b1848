"""`metricast list` and `explain`: looking at a project without asking for numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.console import COLOUR, Refusal
from scheduler.cli.options import open_layer, project_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from semantic import Layer
    from semantic.described import Described
    from semantic.model import Dimension

Row = tuple[str, ...]

LIST_EXAMPLES = """\b
Examples:
  metricast list
  metricast list dimensions
  metricast list metrics --search points
"""
EXPLAIN_EXAMPLES = """\b
Examples:
  metricast explain active_users
  metricast explain E209
"""


@click.command("list", epilog=LIST_EXAMPLES, short_help="List metrics, dimensions and exports.")
@click.argument("what", required=False, type=click.Choice(("metrics", "segments", "dimensions", "exports")))
@click.option("--search", metavar="WORD", help="Only what has WORD in its name, synonyms, tags, folder or description.")
@project_option
def list_(project: Path, what: str | None, search: str | None) -> None:
    """List what the project defines: metrics, segments, dimensions and exports, but for what is hidden."""
    with open_layer(project) as layer:
        if what is not None:
            LISTS[what](layer, search)
            return
        for kind, show in LISTS.items():
            click.secho(kind, bold=True, color=COLOUR)
            show(layer, search)
            click.echo()


def _metrics(layer: Layer, search: str | None) -> None:
    rows = [
        (name, metric.folder or "", metric.label or "", metric.definition, metric.description)
        for name, metric in layer.model.metrics.items()
        if _is_listed(name, metric, search)
    ]
    _print(("name", "folder", "label", "definition", "description"), rows)


def _segments(layer: Layer, search: str | None) -> None:
    rows = [
        (name, segment.folder or "", segment.label or "", segment.filter, segment.description)
        for name, segment in layer.model.segments.items()
        if _is_listed(name, segment, search)
    ]
    _print(("name", "folder", "label", "filter", "description"), rows)


def _dimensions(layer: Layer, search: str | None) -> None:
    rows = [
        (f"{dataset}.{name}", dimension.folder or "", _type(dimension), dimension.label or "", dimension.description)
        for dataset, dimensions in layer.model.dimensions.items()
        for name, dimension in dimensions.items()
        if _is_listed(f"{dataset}.{name}", dimension, search)
    ]
    _print(("name", "folder", "type", "label", "description"), rows)


def _type(dimension: Dimension) -> str:
    return " ".join(filter(None, (dimension.type, "personal" if dimension.personal else None)))


def _exports(layer: Layer, search: str | None) -> None:
    from exporters.definitions import load_exports

    rows = [
        (export.name, export.schedule.cron if export.schedule else "", export.description)
        for export in load_exports(layer.model).values()
        if search is None or search.casefold() in f"{export.name} {export.description}".casefold()
    ]
    _print(("name", "schedule", "description"), rows)


def _is_listed(name: str, thing: Described, search: str | None) -> bool:
    """Return whether people are to see it, and look for it."""
    words = (name, thing.label or "", thing.description, thing.folder or "", *thing.synonyms, *thing.tags)
    return not thing.hidden and (search is None or search.casefold() in " ".join(words).casefold())


def _print(names: Row, rows: Iterable[Row]) -> None:
    from scheduler.output import text_table

    for line in text_table(names, sorted(rows)):
        click.echo(line, nl=False)


LISTS = {"metrics": _metrics, "segments": _segments, "dimensions": _dimensions, "exports": _exports}


@click.command(epilog=EXPLAIN_EXAMPLES, short_help="Say what a metric is, or what an error means.")
@click.argument("metric", metavar="METRIC|CODE")
@project_option
def explain(project: Path, metric: str) -> None:
    """Say what a metric is, down to its columns, and what it can be cut by, and why not by the rest.

    Of an error's code, such as E209, say what it means, with an example of it wrong and right.
    """
    for line in _explained_code(metric) or _explained_metric(project, metric):
        click.echo(line)


def _explained_code(name: str) -> list[str]:
    """The lines of the error reference; none for what is no code."""
    from scheduler.reference import CODE, section_lines

    if not CODE.fullmatch(name):
        return []
    lines = list(section_lines(name))
    if not lines:
        message = f"there is no error {name}; semantic/ERRORS.md lists them"
        raise Refusal(message)
    return lines


def _explained_metric(project: Path, name: str) -> Iterator[str]:
    from scheduler.explain import explanation_lines

    with open_layer(project) as layer:
        yield from explanation_lines(layer.explain(name))
