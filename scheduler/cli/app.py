"""The command `metricast`: its group, its exit codes, and nothing that takes long to import."""

from __future__ import annotations

import gc
import sys
from collections import UserDict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from scheduler.cli.console import Refusal, say, silence_stdout, write_utf8

PLACES = {  # command: its module in this folder, its name there
    "init": ("init", "init"),
    "demo": ("demo", "demo"),
    "demo-data": ("demo_data", "demo_data"),
    "validate": ("validate", "validate"),
    "check": ("check", "check"),
    "diff": ("diff", "diff"),
    "list": ("inspect", "list_"),
    "explain": ("inspect", "explain"),
    "query": ("query", "query"),
    "sql": ("query", "sql"),
    "export": ("deliver", "export"),
    "serve": ("deliver", "serve"),
    "fmt": ("fmt", "fmt"),
    "schema": ("schema", "schema"),
}
OBJECTS = 50_000  # that Python makes before it looks for garbage: starting makes many, and no garbage
EXIT_REFUSED, EXIT_INTERRUPTED = 1, 130


class Application(click.Group):
    """A group whose `main` never shows a traceback for what the person can mend.

    Exit codes: 0 done, 1 refused (the reason is on stderr), 2 wrong use of the command line, 130 Ctrl-C; `diff` has one
    more.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line and exit."""
        write_utf8()
        try:
            _refuse_odd_bytes(args[0] if args else kwargs.get("args") or sys.argv[1:])
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


def _refuse_odd_bytes(words: Iterable[str]) -> None:
    """Refuse words that are no UTF-8: they could be neither written down nor compared."""
    for word in words:
        if not word.isascii() and any("\udc80" <= character <= "\udcff" for character in word):
            shown = word.encode(errors="backslashreplace").decode()
            message = f"the command line holds bytes that are not UTF-8: {shown}"
            raise Refusal(message)


def _is_refusal(error: Exception) -> bool:
    """Return whether the error is one of the project's own, without importing the project for `--help`."""
    errors = sys.modules.get("semantic.errors")
    return errors is not None and isinstance(error, errors.MetricastError)


def _file_message(error: OSError) -> str:
    """Say which file and why, as the shell would."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"


class Commands(UserDict[str, click.Command]):
    """The commands by name, each imported when it is needed; a command that was put here itself stays."""

    def __getitem__(self, name: str) -> click.Command:
        """Return the command, importing it at its first use."""
        found = super().__getitem__(name) if name in self.data else None
        if found is None:
            module, attribute = PLACES[name]
            found = self.data[name] = getattr(import_module(f"scheduler.cli.{module}"), attribute)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.data or name in PLACES

    def __iter__(self) -> Iterator[str]:
        return iter({**PLACES, **self.data})

    def __len__(self) -> int:
        return len({**PLACES, **self.data})


@click.group(
    cls=Application,
    commands=Commands(),
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


def main() -> None:
    """Run the command line on this process's arguments."""
    gc.set_threshold(OBJECTS)
    cli(prog_name="metricast")
