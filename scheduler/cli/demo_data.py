"""`metricast demo-data`: the sample data for any number of users, as Parquet files."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.console import say, working

if TYPE_CHECKING:
    from scheduler.demo.parquet import Recipe

EXAMPLES = """\b
Examples:
  metricast demo-data large
  metricast demo-data /data/large --users 1000000 --activities-per-user 100
"""


@click.command("demo-data", epilog=EXAMPLES, short_help="Make sample data of any size, as Parquet files.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--users", type=click.IntRange(1, 100_000_000), default=20_000, show_default=True, help="How many users.")
@click.option(
    "--activities-per-user",
    type=click.IntRange(5, 1_000),
    default=74,
    show_default=True,
    help="About how many activities each has, on average; the default is the pace of the demo.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes another world.")
def demo_data(directory: Path, users: int, activities_per_user: int, seed: int) -> None:
    """Make the sample data of `metricast demo`, for any number of users, as Parquet files in DIR.

    A folder for each table, and a DuckDB file of views over them, written last, which a target can name. Memory
    does not grow with the users. When it is stopped, the same command goes on where it was.
    """
    from scheduler.demo.parquet import CATALOG, Recipe, begin, finish

    recipe = Recipe(users, activities_per_user, seed)
    _write(directory, recipe, begin(directory, recipe))
    counts = finish(directory, recipe)
    catalog = directory.resolve() / CATALOG
    click.echo(directory / CATALOG)
    say(f"{counts.users:,} users, {counts.activity_log:,} activities")
    say("to ask it, add a target to metrics/project.yml and name it with --target:")
    say(f"  large: {{engine: duckdb, database: {json.dumps(str(catalog), ensure_ascii=False)}}}")


def _write(directory: Path, recipe: Recipe, missing: tuple[range, ...]) -> None:
    """Write range after range, saying how far it is."""
    from scheduler.demo.parquet import open_workshop, write_range

    began = time.monotonic()
    for done, users in enumerate(missing):
        left = (time.monotonic() - began) * (len(missing) - done) / done if done else None
        soon = "" if left is None else f", {left / 60:.0f} min to go" if left >= 90 else f", {left:.0f} s to go"
        with open_workshop() as connection:
            label = f"users {users[0]:,} to {users[-1]:,} of {recipe.users:,}{soon}"
            working(label, partial(write_range, connection, directory, recipe, users), connection.interrupt)
