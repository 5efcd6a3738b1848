"""`metricast query` and `metricast sql`: the two doors to one query."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scheduler.cli.console import say, working
from scheduler.cli.options import build_query, instant, open_layer, query_options

if TYPE_CHECKING:
    from semantic import Result

LONGEST = 7 * 24 * 3600  # seconds; a timer cannot take any number
FORMATS = ("table", "csv", "json", "parquet")

EXAMPLES = """\b
Examples:
  metricast {name} active_users --by month --period 2025
  metricast {name} active_users new_users --by week,gender --period 'last 13 weeks'
  metricast {name} active_users --by age_group --where "gender = 'female'" --totals
  metricast {name} points_earned --by campaign --having "points_earned > 1000" \\
      --order "points_earned desc" --limit 10 {more}
"""


def _file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse a path that names no file, as the empty one."""
    del ctx, param
    if value is not None and not value.name:
        message = "name a file"
        raise click.BadParameter(message)
    return value


@click.command(epilog=EXAMPLES.format(name="query", more="--format csv"))
@query_options
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to write the rows.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_file,
    metavar="FILE",
    help="Write to FILE (whole or not at all) instead of stdout; parquet needs it.",
)
@click.option("--max-rows", type=click.IntRange(min=0), metavar="N", help="Refuse a result of more rows than N.")
@click.option(
    "--timeout",
    type=click.IntRange(min=1, max=LONGEST),
    metavar="SECONDS",
    help="Stop a query that takes longer.",
)
def query(
    *,
    project: Path,
    target: str | None,
    as_of: str | None,
    style: str,
    output: Path | None,
    max_rows: int | None,
    timeout: int | None,
    **flags: Any,
) -> None:
    """Ask for metrics and print the rows.

    Rows go to stdout, messages to stderr. json is {"columns": [names], "rows": [[values]]}.
    """
    if style == "parquet" and output is None:
        message = "parquet is not for a terminal: add --output FILE"
        raise click.UsageError(message)
    from semantic.engines import Limits

    with open_layer(project, target, Limits(max_rows, timeout)) as layer:
        moment, request = instant(as_of, layer.model.time_zone), build_query(flags)
        result = working("querying", lambda: layer.run(request, as_of=moment), layer.cancel)
        for note in result.notes:
            say(note)
        _deliver(result, style, output)


def _deliver(result: Result, style: str, output: Path | None) -> None:
    from scheduler.output import write_beside, write_result

    if output is None:
        write_result(result, style, sys.stdout.buffer)
    else:
        write_beside(result, style, output)
    if output is not None or (style == "table" and sys.stderr.isatty()):
        rows = "1 row" if len(result) == 1 else f"{len(result):,} rows"
        where = "" if output is None else f" in {output}"
        say(f"{rows}{where}, as of {result.as_of.isoformat(sep=' ', timespec='seconds')}", dim=True)


@click.command(epilog=EXAMPLES.format(name="sql", more="--dialect databricks"))
@query_options
@click.option("--dialect", metavar="NAME", help="duckdb or databricks. Default: the target's own.")
def sql(project: Path, target: str | None, as_of: str | None, dialect: str | None, **flags: Any) -> None:
    """Print the SQL of a query without running it."""
    with open_layer(project, target) as layer:
        request, moment = build_query(flags), instant(as_of, layer.model.time_zone)
        click.echo(layer.compile(request, as_of=moment, dialect=dialect).sql)
