"""`metricast init` and `metricast demo`: from nothing to a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.console import Refusal, say, working
from scheduler.cli.options import project_option

INIT_EXAMPLES = """\b
Examples:
  metricast init my-metrics
  metricast demo --project my-metrics
"""

DEMO_EXAMPLES = """\b
Examples:
  metricast demo
  metricast demo --project my-metrics
"""


@click.command(epilog=INIT_EXAMPLES, short_help="Put a copy of the shipped project into DIR.")
@click.argument("directory", metavar="DIR", default=".", type=click.Path(path_type=Path, file_okay=False))
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


@click.command(epilog=DEMO_EXAMPLES, short_help="Make sample data and a workbook from it.")
@project_option
def demo(project: Path) -> None:
    """Make sample data, run the weekly export, and say where the workbook is.

    In an empty folder the shipped project is put there first. Everything is kept in the project folder.
    """
    from scheduler.shipped import copy_project, has_project

    if not has_project(project):
        _refuse_other_things(project)
        copy_project(project)
        say(f"no project here yet: the shipped one was copied to {project / 'metrics'}")
    from scheduler.demo.command import run_demo

    run_demo(project, working)


def _refuse_other_things(folder: Path) -> None:
    """Refuse to start a project in a folder that holds something else."""
    if folder.exists() and any(entry.name[0] != "." for entry in folder.iterdir()):
        message = (
            f"{folder.resolve()} is not empty and has no metrics/ folder\n"
            "  go to an empty folder, or make a project with `metricast init DIR`"
        )
        raise Refusal(message)
