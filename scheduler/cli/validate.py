"""`metricast validate`: everything that is wrong with a project, in one go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.checks import Checked, check_columns, check_data, check_metrics
from scheduler.cli.console import COLOUR, say, working
from scheduler.cli.options import as_of_option, instant, project_option, target_option

if TYPE_CHECKING:
    from scheduler.validate import Validated
    from semantic import Diagnostic
    from semantic.audit import Finding
    from semantic.model import Model

FORMATS = ("text", "json", "github")
UNSET = "E114"  # an environment variable that the target needs
EXAMPLES = """\b
Examples:
  metricast validate
  metricast validate --target production
  metricast validate --data
  metricast validate --data --as-of 2026-10-31
  metricast validate --format github
"""


@click.command(epilog=EXAMPLES, short_help="Check the YAML, and what the target has: columns, metrics, data.")
@click.option("--data", is_flag=True, help="Look at the rows too: keys, lookups, validity, times.")
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write the mistakes: for people, for programs, or as annotations of a pull request on GitHub.",
)
@as_of_option
@target_option
@project_option
@click.pass_context
def validate(
    ctx: click.Context, *, project: Path, target: str | None, as_of: str | None, data: bool, style: str
) -> None:
    """Check the project and show every mistake with its place, on stdout.

    Tables and columns are compared with those of the target if it can be reached. With --target, it must be, and it
    plans every metric (EXPLAIN). With --data, what is odd about the rows without making a number wrong is shown apart.
    The exit code is 1 if there is a mistake.
    """
    from scheduler.validate import validate_files
    from semantic.errors import in_order

    validated = validate_files(project)
    rows = data and validated.model is not None
    checked = _check_target(validated.sound, target, as_of, rows) if validated.sound is not None else Checked()
    if validated.model is not None and style == "text":
        _show_rows(checked, validated.model.time_zone)
    mistakes = in_order((*validated.mistakes, *validated.not_explained(checked.mistakes)))
    written = _written(mistakes, checked.findings, validated.warnings, style, project)
    click.secho(written, nl=False, fg="red" if style == "text" else None, color=COLOUR)
    for warning in validated.warnings if style == "text" else ():
        say(f"warning: {warning.render()}")
    if checked.unreachable is not None:
        say(f"columns were not checked: {checked.unreachable.message}")
    if mistakes and style == "text" and sys.stderr.isatty():
        say(
            f"{_count('mistake', len(mistakes))}; metricast explain {mistakes[0].code} says more of the first", dim=True
        )
    if mistakes:
        ctx.exit(1)
    say("no mistakes in " + _counts(validated))


def _check_target(model: Model, target: str | None, as_of: str | None, data: bool) -> Checked:
    """The target has what the model names, and with `data` what it holds is as the model says."""
    from semantic import Layer, MetricastError

    moment = instant(as_of, model.time_zone)
    try:
        with Layer(model, target=target) as layer:
            if data:
                return working("checking the data", lambda: check_data(layer, moment), layer.cancel)
            if target is not None:
                return working("checking the metrics", lambda: check_metrics(layer), layer.cancel)
            return working("checking the columns", lambda: check_columns(layer), layer.cancel)
    except MetricastError as error:
        unset = not data and target is None and all(each.code == UNSET for each in error.diagnostics)
        return Checked(unreachable=error.diagnostics[0]) if unset else Checked(error.diagnostics)


def _show_rows(checked: Checked, time_zone: str) -> None:
    from scheduler.findings import finding_lines

    for line in finding_lines(checked.extents, checked.findings, time_zone):
        click.echo(line)


def _written(
    mistakes: tuple[Diagnostic, ...],
    findings: tuple[Finding, ...],
    warnings: tuple[Diagnostic, ...],
    style: str,
    project: Path,
) -> str:
    from scheduler.report import as_annotations, as_json, as_text

    match style:
        case "json":
            return as_json(mistakes, findings, warnings)
        case "github":
            return as_annotations(mistakes, lambda file: from_here(project / file), findings, warnings)
        case _:
            return as_text(mistakes)


def from_here(path: Path) -> str:
    """The path of a file as seen from the current folder, where a workflow begins in its repository."""
    whole, here = path.resolve(), Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else path).as_posix()


def _counts(validated: Validated) -> str:
    model = validated.model
    counts = {"dataset": model and model.datasets, "metric": model and model.metrics, "export": validated.exports}
    return ", ".join(_count(word, len(things or ())) for word, things in counts.items())


def _count(word: str, number: int) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
