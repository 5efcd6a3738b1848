"""`metricast export` and `metricast serve`: making deliveries, once or on schedule."""

from __future__ import annotations

from pathlib import Path

import click

from scheduler.cli.console import say, working
from scheduler.cli.options import as_of_option, instant, open_layer, project_option, target_option

EXPORT_EXAMPLES = """\b
Examples:
  metricast export weekly_engagement
  metricast export weekly_engagement --as-of 2026-10-26
"""
SERVE_EXAMPLES = """\b
Examples:
  metricast serve
  metricast serve --project /srv/metrics --target warehouse
"""


@click.command(epilog=EXPORT_EXAMPLES)
@click.argument("name", metavar="NAME")
@as_of_option
@target_option
@project_option
def export(project: Path, target: str | None, as_of: str | None, name: str) -> None:
    """Run one export now and say what was delivered."""
    from scheduler.run import run_export

    with open_layer(project, target) as layer:
        moment = instant(as_of, layer.model.time_zone)
        receipts = working(
            f"exporting {name}", lambda: run_export(layer, name, logical_time=moment), layer.cancel
        )
        for receipt in receipts:
            say(str(receipt))


@click.command(epilog=SERVE_EXAMPLES, short_help="Run every export on its schedule.")
@target_option
@project_option
def serve(project: Path, target: str | None) -> None:
    """Stay up and run every export on its schedule; Ctrl-C stops."""
    from scheduler.service import serve as run_service

    run_service(project, target)
