"""`metricast validate`, `list` and `explain`: looking at a project without asking for numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.checks import check_data
from scheduler.cli.console import COLOUR, Refusal, say, working
from scheduler.cli.options import open_layer, project_option, target_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporters.base import Export
    from semantic import Diagnostic, Layer

Row = tuple[str, ...]

VALIDATE_EXAMPLES = """\b
Examples:
  metricast validate
  metricast validate --data
"""
LIST_EXAMPLES = """\b
Examples:
  metricast list
  metricast list dimensions
"""
EXPLAIN_EXAMPLES = """\b
Examples:
  metricast explain active_users
"""


@click.command(epilog=VALIDATE_EXAMPLES, short_help="Check the YAML, and the data with --data.")
@click.option("--data", is_flag=True, help="Look at the data too: tables, columns, primary keys, validity.")
@target_option
@project_option
def validate(project: Path, target: str | None, data: bool) -> None:
    """Check the project's YAML and show every mistake with its place."""
    with open_layer(project, target) as layer:
        exports, found = _read_exports(layer)
        if data:
            found = (*found, *working("checking the data", lambda: check_data(layer), layer.cancel))
        if found:
            raise Refusal("\n".join(diagnostic.render() for diagnostic in found))
        counts = {"dataset": layer.model.datasets, "metric": layer.model.metrics, "export": exports}
        say("no mistakes in " + ", ".join(_count(word, len(things)) for word, things in counts.items()))


def _count(word: str, number: int) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _read_exports(layer: Layer) -> tuple[tuple[Export, ...], tuple[Diagnostic, ...]]:
    from exporters.definitions import read_exports
    from scheduler.schedule import check_schedules

    mistakes: list[Diagnostic] = []
    exports = read_exports(layer.model, mistakes.append)
    return exports, (*mistakes, *check_schedules(exports))


@click.command("list", epilog=LIST_EXAMPLES, short_help="List metrics, dimensions and exports.")
@click.argument("what", required=False, type=click.Choice(("metrics", "dimensions", "exports")))
@project_option
def list_(project: Path, what: str | None) -> None:
    """List what the project defines: metrics, dimensions and exports."""
    with open_layer(project) as layer:
        if what is not None:
            LISTS[what](layer)
            return
        for kind, show in LISTS.items():
            click.secho(kind, bold=True, color=COLOUR)
            show(layer)
            click.echo()


def _metrics(layer: Layer) -> None:
    rows = [(m.name, m.label or "", m.definition, m.description) for m in layer.model.metrics.values()]
    _print(("name", "label", "definition", "description"), rows)


def _dimensions(layer: Layer) -> None:
    rows = [
        (f"{dataset}.{name}", dimension.type or "", dimension.label or "", dimension.description)
        for dataset, dimensions in layer.model.dimensions.items()
        for name, dimension in dimensions.items()
    ]
    _print(("name", "type", "label", "description"), rows)


def _exports(layer: Layer) -> None:
    from exporters.definitions import load_exports

    rows = [
        (export.name, export.schedule.cron if export.schedule else "", export.description)
        for export in load_exports(layer.model).values()
    ]
    _print(("name", "schedule", "description"), rows)


def _print(names: Row, rows: Iterable[Row]) -> None:
    from scheduler.output import text_table

    for line in text_table(names, sorted(rows)):
        click.echo(line, nl=False)


LISTS = {"metrics": _metrics, "dimensions": _dimensions, "exports": _exports}


@click.command(epilog=EXPLAIN_EXAMPLES, short_help="Say what a metric is and how it can be cut.")
@click.argument("metric")
@project_option
def explain(project: Path, metric: str) -> None:
    """Say what a metric is, down to its columns, and what it can be cut by.

    For every other dimension it says why not.
    """
    from scheduler.explain import explanation_lines

    with open_layer(project) as layer:
        for line in explanation_lines(layer.explain(metric)):
            click.echo(line)
