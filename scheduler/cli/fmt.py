"""`metricast fmt`: a project's YAML in the style of the house."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.console import Refusal, say
from scheduler.cli.options import project_option

if TYPE_CHECKING:
    from scheduler.formatting import Styled
    from semantic import Diagnostic

FMT_EXAMPLES = """\b
Examples:
  metricast fmt
  metricast fmt metrics/engagement/activity.yml
  metricast fmt --check
"""


@click.command(epilog=FMT_EXAMPLES, short_help="Bring the YAML into one order of keys and one indentation.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--check", is_flag=True, help="Change nothing; list the files that would change, and exit with 1.")
@project_option
def fmt(paths: tuple[Path, ...], project: Path, check: bool) -> None:
    """Bring the project's YAML files, or those at PATH, into the style of the house.

    The keys of an entry stand in one order: what it is called, how it is computed, how it is shown, who looks after
    it. Blocks are indented by two spaces. Comments go with their keys; names, texts, quotes and line breaks stay as
    they are. A file that would not say the same afterwards is left alone.
    """
    from scheduler.formatting import styled, yaml_files

    mistakes: list[Diagnostic] = []
    files = [found for path in yaml_files(project, paths) if (found := styled(path, mistakes.append))]
    changed = [file for file in files if file.differs]
    for file in changed:
        if not check:
            file.write()
        click.echo(str(file.path))
    _conclude(files, changed, mistakes, check)


def _conclude(files: list[Styled], changed: list[Styled], mistakes: list[Diagnostic], check: bool) -> None:
    """Say what was done, and end with 1 where something is left to do."""
    if mistakes:
        raise Refusal("\n".join(diagnostic.render() for diagnostic in mistakes))
    would = "would change" if check else "changed"
    message = f"{len(changed)} of {len(files)} files {would}"
    if check and changed:
        raise Refusal(f"{message}; `metricast fmt` changes them")
    say(message if changed else f"all {len(files)} files are in the style of the house")
