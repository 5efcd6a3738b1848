"""`metricast export` and `metricast serve`: making deliveries, once or on schedule."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.cli.console import Refusal, say, working
from scheduler.cli.options import as_of_option, instant, open_layer, project_option, target_option

if TYPE_CHECKING:
    from exporters.base import Export
    from scheduler.runs import RunReport
    from semantic import Layer

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
    """Run one export now and say where its deliveries are.

    An export that was delivered for the same time already is delivered again.
    """
    with open_layer(project, target) as layer:
        moment = instant(as_of, layer.model.time_zone)
        report = run_now(layer, find_export(layer, name), moment)
        for delivery in report.deliveries:
            click.echo(delivery.destination)


def find_export(layer: Layer, name: str) -> Export:
    """Return the export of that name; a name that is not there is refused."""
    from exporters.definitions import load_exports
    from semantic.errors import Diagnostic, ScheduleError, listing, suggest

    exports = load_exports(layer.model)
    if name in exports:
        return exports[name]
    hint = suggest(name, exports) or f"exports: {listing(sorted(exports))}"
    raise ScheduleError(Diagnostic("E604", f"the project has no export '{name}'", hint=hint))


def run_now(layer: Layer, export: Export, moment: datetime) -> RunReport:
    """Run and deliver an export as of `moment`; a run that did not succeed is refused with its reason."""
    from scheduler.run import run_export
    from scheduler.runs import RunState
    from scheduler.stop import Stop
    from scheduler.store import Store

    stop = Stop()

    def cancel() -> None:
        stop.ask()
        layer.cancel()

    _show_faults_alone()
    with Store.of_project(layer.model.root or Path()) as store:
        report = working(
            f"exporting {export.name}",
            lambda: run_export(layer, export, logical_time=moment, store=store, again=True, stop=stop),
            cancel,
            finish=True,
        )
    if stop.asked:
        _say_what_was_stopped(report)
    if report.run.state is not RunState.SUCCEEDED:
        raise Refusal(report.run.error or f"{report.run} is being carried out by another process")
    return report


def _say_what_was_stopped(report: RunReport) -> None:
    """Say what Ctrl-C has stopped; where it came too late, go on."""
    from scheduler.runs import RunState

    if report.run.state is RunState.SUCCEEDED:
        say("too late to stop: it had been delivered")
        return
    delivered = ", ".join(delivery.destination for delivery in report.deliveries)
    say(f"delivered before the stop: {delivered}" if delivered else "nothing was delivered")
    raise KeyboardInterrupt


def _show_faults_alone() -> None:
    """Let the log show tracebacks of faults; what else goes wrong is said once, at the end."""
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: "Traceback" in record.getMessage())
    logging.getLogger("metricast").addHandler(handler)


@click.command(epilog=SERVE_EXAMPLES, short_help="Run every export on its schedule.")
@target_option
@project_option
def serve(project: Path, target: str | None) -> None:
    """Stay up and run every export on its schedule; Ctrl-C stops."""
    from scheduler.service import serve as run_service

    run_service(project, target)
