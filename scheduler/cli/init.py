"""`metricast init`: a project of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.console import Refusal, say

INIT_EXAMPLES = """\b
Examples:
  metricast init my-metrics
  metricast demo --project my-metrics
"""


@click.command(epilog=INIT_EXAMPLES, short_help="Put a copy of the shipped project into DIR.")
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Put a copy of the shipped project into DIR (default: the current folder).

    The copy is yours to edit. A folder that has a metrics/ already is left alone.
    """
    from scheduler.shipped import copy_project

    try:
        files = copy_project(directory)
    except FileExistsError as error:
        raise Refusal(str(error)) from error
    say(f"{len(files)} files in {directory / 'metrics'}")
    option = "" if directory.resolve() == Path.cwd() else f" --project {directory}"
    say(f"next: metricast demo{option}")
