"""`metricast validate`: everything that is wrong with a project, in one go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.checks import check_data
from scheduler.cli.console import COLOUR, say, working
from scheduler.cli.options import project_option, target_option

if TYPE_CHECKING:
    from scheduler.validate import Validated
    from semantic import Diagnostic
    from semantic.model import Model

FORMATS = ("text", "json", "github")
EXAMPLES = """\b
Examples:
  metricast validate
  metricast validate --data
  metricast validate --format github
"""


@click.command(epilog=EXAMPLES, short_help="Check the YAML, and the data with --data.")
@click.option("--data", is_flag=True, help="Look at the data too: tables, columns, primary keys, validity.")
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write the mistakes: for people, for programs, or as annotations of a pull request on GitHub.",
)
@target_option
@project_option
@click.pass_context
def validate(ctx: click.Context, project: Path, target: str | None, data: bool, style: str) -> None:
    """Check the project's YAML and show every mistake with its place, on stdout.

    The exit code is 1 if there is a mistake.
    """
    from scheduler.validate import validate_files

    validated = validate_files(project)
    mistakes = validated.mistakes
    if validated.model is not None:
        mistakes = (*mistakes, *_check_target(validated.model, target, data))
    click.secho(_written(mistakes, style, project), nl=False, fg="red" if style == "text" else None, color=COLOUR)
    if mistakes:
        ctx.exit(1)
    say("no mistakes in " + _counts(validated))


def _check_target(model: Model, target: str | None, data: bool) -> tuple[Diagnostic, ...]:
    """The target is there, and with `data` what it holds is as the model says."""
    from semantic import Layer, MetricastError

    try:
        with Layer(model, target=target) as layer:
            return working("checking the data", lambda: check_data(layer), layer.cancel) if data else ()
    except MetricastError as error:
        return error.diagnostics


def _written(mistakes: tuple[Diagnostic, ...], style: str, project: Path) -> str:
    from scheduler.report import as_annotations, as_json, as_text

    match style:
        case "json":
            return as_json(mistakes)
        case "github":
            return as_annotations(mistakes, lambda file: _from_here(project / file))
        case _:
            return as_text(mistakes)


def _from_here(path: Path) -> str:
    """The path of a file as seen from the current folder, where a workflow begins in its repository."""
    whole, here = path.resolve(), Path.cwd()
    return (whole.relative_to(here) if whole.is_relative_to(here) else path).as_posix()


def _counts(validated: Validated) -> str:
    model = validated.model
    counts = {"dataset": model and model.datasets, "metric": model and model.metrics, "export": validated.exports}
    return ", ".join(_count(word, len(things or ())) for word, things in counts.items())


def _count(word: str, number: int) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
