"""`metricast check`: whether the numbers hold that must hold, asked of the data as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from scheduler.cli.console import COLOUR, say, working
from scheduler.cli.options import as_of_option, instant, open_layer, project_option, target_option
from scheduler.cli.validate import FORMATS, from_here

if TYPE_CHECKING:
    from semantic import Layer
    from semantic.checking.run import CheckResult

EXAMPLES = """\b
Examples:
  metricast check
  metricast check points_balance --target production
  metricast check --as-of 2026-10-31
  metricast check --format github
"""


@click.command(epilog=EXAMPLES, short_help="Run the checks of the project: what must hold of its numbers.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write the results: for people, for programs, or as annotations of a pull request on GitHub.",
)
@as_of_option
@target_option
@project_option
@click.pass_context
def check(
    ctx: click.Context, *, names: tuple[str, ...], project: Path, target: str | None, as_of: str | None, style: str
) -> None:
    """Run the checks of the project, or those of these names, and show each on stdout with the rows that do not hold.

    A check is an entry of `checks:` in the YAML. The exit code is 1 if one of severity error does not hold, or cannot
    be run.
    """
    with open_layer(project, target) as layer:
        moment = instant(as_of, layer.model.time_zone)
        results = working("checking", lambda: layer.check(names, as_of=moment), layer.cancel)
        text = _written(results, layer, style, project)
    failed = any(result.is_error for result in results)
    click.secho(text, nl=False, fg="red" if failed and style == "text" else None, color=COLOUR)
    say(_conclusion(results), dim=True)
    if failed:
        ctx.exit(1)


def _written(results: tuple[CheckResult, ...], layer: Layer, style: str, project: Path) -> str:
    from scheduler.judgement import result_lines, results_annotations, results_json

    match style:
        case "json":
            return results_json(results, layer.model)
        case "github":
            return results_annotations(results, layer.model, lambda file: from_here(project / file))
        case _:
            lines = result_lines(results, ZoneInfo(layer.model.time_zone))
            return "".join(f"{line}\n" for line in lines)


def _conclusion(results: tuple[CheckResult, ...]) -> str:
    if not results:
        return "the project has no checks"
    passed = sum(result.passed for result in results)
    return f"{passed} of {len(results)} checks passed" if len(results) > 1 else f"{passed} of 1 check passed"
