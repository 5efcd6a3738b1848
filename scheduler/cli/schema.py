"""`metricast schema`: what editors need to complete, explain and check a project's YAML."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.console import say

SCHEMA_EXAMPLES = """\b
Examples:
  metricast schema --output metrics/metricast.schema.json
  metricast schema project --output metrics/project.schema.json
"""


@click.command(epilog=SCHEMA_EXAMPLES, short_help="Print the JSON Schema of the YAML, for editors.")
@click.argument("kind", metavar="[metrics|project]", default="metrics", type=click.Choice(("metrics", "project")))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to FILE (whole or not at all) instead of stdout.",
)
def schema(kind: str, output: Path | None) -> None:
    """Print the JSON Schema (draft 7) of a project's YAML.

    `project` is that of metrics/project.yml, `metrics` (the default) that of all other files below metrics/. Editors
    take completion and hover texts from it when a file begins with a line such as

    \b
      # yaml-language-server: $schema=../metricast.schema.json
    """
    from scheduler.project_schema import schema_text
    from scheduler.writing import replace_file

    text = schema_text(kind)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace_file(output, text.encode())
        say(f"the schema is in {output}")
