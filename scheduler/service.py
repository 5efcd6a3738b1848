"""The service: queues what comes due, carries out what is queued one by one, until it is told to stop.

Several services may share a project: each logical time is queued once, and each run has one lease.
"""

import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, assert_never

from exporters.base import CatchUp, Export
from scheduler.clock import Clock, Ticker
from scheduler.journal import LOG, Worker
from scheduler.run import OpenExport, carry_out, new_worker
from scheduler.runs import Pace
from scheduler.schedule import Timetable, read_timetable
from scheduler.store import Store
from semantic.errors import Diagnostic, ModelError, ScheduleError, suggest

if TYPE_CHECKING:
    from semantic.layer import Layer

OpenProject = Callable[[], "AbstractContextManager[tuple[Layer, Mapping[str, Export]]]"]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An export that comes due by itself."""

    export: str
    timetable: Timetable
    catch_up: CatchUp


def serve(project: Path, target: str | None = None, *, clock: Clock | None = None, pace: Pace | None = None) -> None:
    """Run the project's exports on their schedules until SIGTERM or SIGINT; finish a run in progress first.

    Which exports there are and when they come due is read once, at the start; everything else in the YAML is read
    anew for every run. Logs to stderr. Raises ModelError or ScheduleError when the project cannot be served at all.
    """
    with Store.of_project(project) as store, logging_to_stderr():
        service = Service(lambda: open_project(project, target), new_worker(store, clock, pace))
        with stopping_on_signals(service):
            service.run()


@contextmanager
def open_project(project: Path, target: str | None = None) -> "Iterator[tuple[Layer, Mapping[str, Export]]]":
    """The project's layer and its exports, as its files are now."""
    from exporters.definitions import load_exports
    from semantic.layer import Layer

    with Layer(project, target=target) as layer:
        yield layer, load_exports(layer.model)


def due_times(
    timetable: Timetable, catch_up: CatchUp, since: datetime, now: datetime, grace: timedelta
) -> tuple[datetime, ...]:
    """Which logical times in `(since, now]` to run: those noticed in time, of the missed by `catch_up`."""
    due = timetable.between(since, now)
    in_time = tuple(each for each in due if each > now - grace)
    match catch_up:
        case "none":
            return in_time
        case "latest":
            return in_time or due[-1:]
        case "all":
            return due
        case _:
            assert_never(catch_up)


class Service:
    """The exports of one project on their schedules. `project` opens it anew for every run."""

    def __init__(self, project: OpenProject, worker: Worker) -> None:
        self.project = project
        self.worker = worker
        self.stopping = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        with project() as (layer, exports):
            self.name = layer.model.name
            self.scheduled = read_scheduled(exports)

    def run(self) -> None:
        """Serve until `stop` is called."""
        LOG.info("serving %s", self.name)
        ticker = Ticker()
        for each in self.scheduled:
            self._announce(each)
            ticker.add(each.timetable.next_after, self._on_tick(each))
        ticker.start()
        try:
            while not self.stopping:
                self.look()
                self.work()
                self._wait()
        finally:
            ticker.stop()
            LOG.info("stopped")

    def stop(self) -> None:
        """Stop after the run in progress; may be called from a signal handler."""
        self.stopping = True
        self._wake.put(None)

    def look(self) -> None:
        """Queue what has come due since the last look, and what a dead process has left behind."""
        with self._store_trouble_is_logged():
            for each in self.scheduled:
                self._queue_due(each)
            for run in self.worker.store.requeue_dead(self.worker.clock.now()):
                LOG.warning("%s  #%d  its process died; now %s", run, run.attempt, run.state)

    def work(self) -> None:
        """Carry out what is queued, oldest logical time first, unless the service is stopping."""
        with self._store_trouble_is_logged():
            for run in self.worker.store.waiting():
                if self.stopping:
                    return
                claimed = self.worker.store.claim(run, self.worker.lease(), self.worker.clock.now())
                if claimed:
                    carry_out(claimed, self._opener(run.export), self.worker)

    def _announce(self, scheduled: Scheduled) -> None:
        following = scheduled.timetable.next_after(self.worker.clock.now())
        LOG.info(
            "%s: %s in %s, next at %s",
            scheduled.export,
            scheduled.timetable.cron.text,
            scheduled.timetable.zone.key,
            f"{following:%Y-%m-%dT%H:%M:%SZ}" if following else "no time",
        )

    def _on_tick(self, scheduled: Scheduled) -> Callable[[], None]:
        def tick() -> None:
            with self._store_trouble_is_logged():
                self._queue_due(scheduled)
            self._wake.put(None)

        return tick

    def _queue_due(self, scheduled: Scheduled) -> None:
        now = self.worker.clock.now()
        let_go = 0

        def choose(since: datetime) -> tuple[datetime, ...]:
            nonlocal let_go
            chosen = due_times(scheduled.timetable, scheduled.catch_up, since, now, self.worker.pace.grace)
            let_go = len(scheduled.timetable.between(since, now)) - len(chosen)
            return chosen

        for run in self.worker.store.come_due(scheduled.export, now, choose):
            LOG.info("%s  due; it is %s", run, run.state)
        if let_go:
            LOG.warning("%s: %d missed times are let go (catch_up: %s)", scheduled.export, let_go, scheduled.catch_up)

    def _opener(self, name: str) -> OpenExport:
        @contextmanager
        def open_export() -> "Iterator[tuple[Layer, Export]]":
            with self.project() as (layer, exports):
                if name not in exports:
                    message = f"the project has no export '{name}' any more"
                    raise ScheduleError(Diagnostic("E604", message, hint=suggest(name, exports)))
                yield layer, exports[name]

        return open_export

    @contextmanager
    def _store_trouble_is_logged(self) -> Iterator[None]:
        """A store that is locked for long does not end the service: it is tried again at the next look."""
        try:
            yield
        except ScheduleError as error:
            LOG.error("%s", self.worker.mask(str(error)))

    def _wait(self) -> None:
        try:
            self._wake.get(timeout=self.worker.pace.look.total_seconds())
        except queue.Empty:
            return


def read_scheduled(exports: Mapping[str, Export]) -> tuple[Scheduled, ...]:
    """The exports that have a schedule; raises ModelError for mistakes, ScheduleError if there is none."""
    mistakes: list[Diagnostic] = []
    found = []
    for export in exports.values():
        timetable = read_timetable(export, mistakes.append)
        if timetable and export.schedule:
            found.append(Scheduled(export.name, timetable, export.schedule.catch_up))
    if mistakes:
        raise ModelError(*mistakes)
    if not found:
        hint = "write schedule: {cron: '0 7 * * mon'} into an export below metrics/exports/"
        raise ScheduleError(Diagnostic("E603", "no export of this project has a schedule", hint=hint))
    return tuple(found)


@contextmanager
def stopping_on_signals(service: Service) -> Iterator[None]:
    """The first SIGTERM or SIGINT stops the service gracefully, the second one at once."""
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        service.stop()
        for each in signals:
            signal.signal(each, signal.SIG_DFL)
        text = f"{signal.Signals(number).name}: stopping after the run in progress; once more stops at once\n"
        os.write(2, text.encode())  # a log handler may be in use by the very code that was interrupted

    before = [(each, signal.signal(each, stop)) for each in signals]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s  %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    level, propagate = LOG.level, LOG.propagate
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)
        LOG.propagate = propagate
