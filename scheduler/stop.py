"""Stopping a run from outside: whatever is not visible yet stays so, and what is visible is recorded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from exporters.base import DeliveredFile, Delivery, Destination, RowExporter, Staged
from semantic.errors import Diagnostic, ScheduleError


class Stopped(ScheduleError):
    """The run was told to stop, and stops here."""

    def __init__(self) -> None:
        super().__init__(Diagnostic("E615", "stopped on request"))


class Stop:
    """A request to stop, made in one thread and heard in another."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        """Has somebody asked?"""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask the run to stop; one that is delivering already finishes that delivery."""
        self._asked.set()

    def check(self) -> None:
        """Raise Stopped if somebody has asked."""
        if self.asked:
            raise Stopped

    def before_visible(self, destination: Destination) -> Destination:
        """The destination, except that nothing becomes visible there once the stop is asked for."""
        if not isinstance(destination.exporter, RowExporter):
            return destination
        return replace(destination, exporter=_Stoppable(destination.exporter, self))


class _Stoppable(RowExporter[Any]):
    """An exporter that asks for leave before it commits."""

    def __init__(self, exporter: RowExporter[Any], stop: Stop) -> None:
        self._exporter = exporter
        self._stop = stop

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._exporter, attribute)

    def destination(self, options: Any) -> str:
        """As the exporter says."""
        return self._exporter.destination(options)

    @contextmanager
    def stage(self, delivery: Delivery, options: Any) -> Iterator[Staged]:
        """As the exporter does, with leave to commit."""
        with self._exporter.stage(delivery, options) as staged:

            def commit() -> tuple[DeliveredFile, ...]:
                self._stop.check()
                return staged.commit()

            yield replace(staged, commit=commit)
