"""`metricast demo`: sample data, the first export of the project, a small table, and what to try next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from scheduler.cli.console import Refusal, say, working
from scheduler.cli.options import open_layer, project_option

if TYPE_CHECKING:
    from exporters.base import Export
    from semantic import Diagnostic, Layer

USERS = 20_000
ROWS_SHOWN = 6
EXAMPLES = """\b
Examples:
  metricast demo
  metricast demo --project my-metrics
"""


@click.command(epilog=EXAMPLES, short_help="Make sample data and a workbook from it.")
@project_option
def demo(project: Path) -> None:
    """Make sample data, run the weekly export, and say where the workbook is.

    In an empty folder the shipped project is put there first. Sample data are made only where the project's
    database does not exist yet; nothing is overwritten but the workbook.
    """
    run_demo(project, USERS)


def run_demo(project: Path, users: int) -> None:
    """Do what the command says, with that many users in the sample data."""
    _make_project(project)
    _make_data(project, users)
    from scheduler.cli.deliver import run_now

    with open_layer(project) as layer:
        export = _first_export(layer)
        moment = _logical_time(export, layer.model.time_zone)
        report = run_now(layer, export, moment)
        click.echo(f"\n{export.name}, as of {moment:%Y-%m-%d %H:%M} {layer.model.time_zone}:\n")
        _show_first_query(layer, export, moment)
        for delivery in report.deliveries:
            click.echo(f"\nworkbook: {project / delivery.destination}")
        click.echo("\ntry next:")
        for line in _suggestions(export, project):
            click.echo(f"  {line}")


def _make_project(project: Path) -> None:
    """Put the shipped project into an empty folder; leave a project alone; refuse anything else."""
    from scheduler.shipped import copy_project, has_project

    if has_project(project):
        return
    if project.exists() and any(not entry.name.startswith(".") for entry in project.iterdir()):
        message = (
            f"{project.resolve()} is not empty and has no metrics/ folder\n"
            "  go to an empty folder, or make a project with `metricast init DIR`"
        )
        raise Refusal(message)
    copy_project(project)
    say(f"no project here yet: the shipped one was copied to {project / 'metrics'}")


def _make_data(project: Path, users: int) -> None:
    """Generate the sample data where the default target's database is, unless there is one."""
    database = _database(project)
    if database.exists():
        say(f"data: {database} (kept as it is)")
        return
    from scheduler.demo import generate

    counts = working("making sample data", lambda: generate(database, users=users))
    say(f"data: {database}, {counts.users:,} users, {counts.activity_log:,} activities")


def _database(project: Path) -> Path:
    """Return the default target's database file; anything but a file inside the project is left alone."""
    from semantic.targets import settled_target

    with open_layer(project) as layer:
        target = settled_target(layer.model, layer.target, layer.environment)
    if target.database is None:
        message = "the demo makes a DuckDB file, but the default target of project.yml names none"
        raise Refusal(message)
    database = Path(project, target.database)
    if not database.resolve().is_relative_to(project.resolve()):
        message = f"the demo writes inside the project folder only; the default target is {database}"
        raise Refusal(message)
    return database


def _first_export(layer: Layer) -> Export:
    from exporters.definitions import load_exports

    exports = load_exports(layer.model)
    if not exports:
        message = "this project has no exports: the demo has nothing to run"
        raise Refusal(message)
    return next(iter(exports.values()))


def _logical_time(export: Export, time_zone: str) -> datetime:
    """Return the export's last scheduled time before the sample data end; their end if it has no schedule."""
    from scheduler.demo import DEFAULT_END
    from scheduler.schedule import read_timetable
    from semantic.errors import ModelError

    zone = ZoneInfo(time_zone)
    end = datetime.combine(DEFAULT_END + timedelta(days=1), time(), zone)
    mistakes: list[Diagnostic] = []
    timetable = read_timetable(export, mistakes.append)
    if mistakes:
        raise ModelError(*mistakes)
    due = timetable.latest_until(end) if timetable else None
    return (due or end).astimezone(zone)


def _show_first_query(layer: Layer, export: Export, moment: datetime) -> None:
    """Print the last rows of the export's first query."""
    from scheduler.output import result_table

    query = next(iter(export.queries.values()))
    result = layer.run(query, as_of=moment)
    rows = result.rows()
    for line in result_table(result.columns, rows[-ROWS_SHOWN:], ZoneInfo(result.time_zone)):
        click.echo(line, nl=False)
    if len(rows) > ROWS_SHOWN:
        click.echo(f"(the last {ROWS_SHOWN} of {len(rows)} rows)")


def _suggestions(export: Export, project: Path) -> Iterator[str]:
    """Yield three commands that work in this project."""
    from scheduler.demo import DEFAULT_END

    first, *others = next(iter(export.queries.values())).metrics
    command = _own_name()
    place = "" if project.resolve() == Path.cwd() else f" --project {shlex.quote(str(project))}"
    yield f"{command} query {first} --by month --period {DEFAULT_END.year}{place}"
    yield f"{command} explain {others[-1] if others else first}{place}"
    yield f"{command} list metrics{place}"


def _own_name() -> str:
    """Return what to type for this very command: its name where the shell finds it, else its path."""
    started = Path(sys.argv[0])
    found = shutil.which(started.stem)
    if started.stem != "metricast" or (found and Path(found).samefile(started)):
        return "metricast"
    path = started.resolve()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
