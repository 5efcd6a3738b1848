"""The command `metricast`: its group, its exit codes, and nothing that takes long to import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from scheduler.cli.console import Refusal, say, silence_stdout, write_utf8
from scheduler.cli.deliver import export, serve
from scheduler.cli.demo import demo
from scheduler.cli.demo_data import demo_data
from scheduler.cli.init import init
from scheduler.cli.inspect import explain, list_
from scheduler.cli.query import query, sql
from scheduler.cli.schema import schema
from scheduler.cli.validate import validate

EXIT_REFUSED, EXIT_INTERRUPTED = 1, 130


class Application(click.Group):
    """A group whose `main` never shows a traceback for what the person can mend.

    Exit codes: 0 done, 1 refused (the reason is on stderr), 2 wrong use of the command line, 130 Ctrl-C.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line and exit."""
        write_utf8()
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except (click.Abort, KeyboardInterrupt):
            say("stopped")
            code = EXIT_INTERRUPTED
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the layer and the file system refuse becomes a plain message."""
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            return silence_stdout()
        except OSError as error:
            raise Refusal(_file_message(error)) from error
        except Exception as error:
            if not _is_refusal(error):
                raise
            raise Refusal(str(error)) from error
        return done


def _is_refusal(error: Exception) -> bool:
    """Return whether the error is one of the project's own, without importing the project for `--help`."""
    errors = sys.modules.get("semantic.errors")
    return errors is not None and isinstance(error, errors.MetricastError)


def _file_message(error: OSError) -> str:
    """Say which file and why, as the shell would."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"


@click.group(
    cls=Application,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n  metricast init my-metrics\n  metricast demo --project my-metrics",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that holds metrics/. Default: the current folder.",
)
@click.version_option(package_name="metricast", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, project: Path | None) -> None:
    """Define a metric once; get the same number everywhere."""
    ctx.obj = project


for command in (init, demo, demo_data, validate, list_, query, sql, explain, export, serve, schema):
    cli.add_command(command)


def main() -> None:
    """Run the command line on this process's arguments."""
    cli(prog_name="metricast")
