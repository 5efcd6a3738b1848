"""Talking to the person at the terminal: messages and progress go to stderr, results alone to stdout."""

from __future__ import annotations

import concurrent.futures
import io
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")
PATIENCE = 1.0  # seconds of silence before progress is shown
STOPPING = 5.0  # seconds that a cancelled call may take to end
CLEAR_LINE = "\r\x1b[2K"
COLOUR = False if os.environ.get("NO_COLOR") else None  # None: on a terminal only


class Refusal(click.ClickException):
    """Something the person can mend: its text goes to stderr, the exit code is 1."""

    def show(self, file: object = None) -> None:
        """Print the message to stderr, in red on a terminal."""
        del file
        click.secho(self.message, fg="red", err=True, color=COLOUR)


def say(message: str = "", *, dim: bool | None = None) -> None:
    """Print a message to stderr."""
    click.secho(message, err=True, dim=dim, color=COLOUR)


def working(label: str, call: Callable[[], T], cancel: Callable[[], None] | None = None, *, finish: bool = False) -> T:
    """Return what `call` returns; show `label` on stderr while it takes longer than a second.

    The call runs in a thread of its own, so that Ctrl-C is heard at once: `cancel` is called, then
    KeyboardInterrupt goes on; with `finish`, `call` is waited for and what it returns is returned.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()
    try:
        threading.Thread(target=_settle, args=(future, call), daemon=True).start()
        _watch(label, future)
    except KeyboardInterrupt:
        if cancel is not None:
            _cancel(future, cancel, math.inf if finish else STOPPING)
        if not finish:
            raise
    return future.result()


def _cancel(future: concurrent.futures.Future[T], cancel: Callable[[], None], seconds: float) -> None:
    """Cancel again and again, for a query may begin between two steps; with no end, Ctrl-C is not heard again."""
    until = time.monotonic() + seconds
    while not future.done() and time.monotonic() < until:
        try:
            cancel()
            concurrent.futures.wait([future], timeout=0.2)
        except KeyboardInterrupt:
            if seconds < math.inf:
                raise
            say("stopping …")


def _settle(future: concurrent.futures.Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
        future.set_exception(error)


def _watch(label: str, future: concurrent.futures.Future[T]) -> None:
    """Wait for `future`: silent for a second, then one line, with the seconds on a terminal."""
    began = time.monotonic()
    concurrent.futures.wait([future], timeout=PATIENCE)
    if future.done():
        return
    if not sys.stderr.isatty():
        say(f"{label} …")
        concurrent.futures.wait([future])
        return
    try:
        while not future.done():
            click.echo(f"{CLEAR_LINE}{label} … {time.monotonic() - began:.0f} s", err=True, nl=False)
            concurrent.futures.wait([future], timeout=0.5)
    finally:
        click.echo(CLEAR_LINE, err=True, nl=False)


def write_utf8() -> None:
    """Make stdout UTF-8, as the rows of a query are: SQL and labels are exact whatever the locale can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def silence_stdout() -> None:
    """Point stdout nowhere: its reader has gone, and the interpreter flushes once more at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
