"""Carry out one run: claim → query → deliver and verify, destination by destination → end.

What an earlier attempt has delivered and recorded is not delivered again. Before each delivery the store is
asked whether the lease still holds; while the run goes on, a thread renews it, and cancels the query once it
is lost. There is no other path from an export to a delivery.
"""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.base import Delivery, Destination, Export
from exporters.deliver import deliver
from scheduler.clock import Clock, SystemClock
from scheduler.journal import LOG, Journal, Worker, mask_from
from scheduler.runs import LeaseLost, Pace, Run, RunReport, RunState
from scheduler.stop import Stop, Stopped
from scheduler.store import Store
from semantic.errors import Diagnostic, ExportError, MetricastError, ScheduleError

if TYPE_CHECKING:
    from semantic.layer import Layer
    from semantic.result import Result

OpenExport = Callable[[], "AbstractContextManager[tuple[Layer, Export]]"]


def run_export(
    layer: "Layer",
    export: Export,
    *,
    logical_time: datetime,
    store: Store,
    clock: Clock | None = None,
    pace: Pace | None = None,
    again: bool = False,
    stop: Stop | None = None,
) -> RunReport:
    """Run an export as of its logical time and report what became of it; errors are in `report.run.error`.

    A run that failed is tried again, without what it has delivered already. One that succeeded, or that
    somebody else is carrying out, is reported as it is. `again` delivers a finished one once more.
    After `stop.ask()` in another thread nothing more is delivered, and the run fails, unless all was delivered then.
    """
    worker = new_worker(store, clock, pace, stop)
    with store.as_one():
        now = worker.clock.now()
        store.requeue_dead(now)
        run = store.enqueue(export.name, logical_time, now)
        if run.state is RunState.FAILED or (again and run.state.is_over):
            store.reopen(run, now, deliver_again=again)
        claimed = store.claim(run, worker.lease(), now)
    if claimed is None:
        return store.report(run)
    return carry_out(claimed, lambda: nullcontext((layer, export)), worker)


def new_worker(store: Store, clock: Clock | None = None, pace: Pace | None = None, stop: Stop | None = None) -> Worker:
    """What the runs of this process share; the environment is read here, for the secrets to mask."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return Worker(store, owner, mask_from(os.environ), clock or SystemClock(), pace or Pace(), stop or Stop())


def carry_out(claimed: Run, open_export: OpenExport, worker: Worker) -> RunReport:
    """Carry out a run that has been claimed. Only trouble with the store itself is raised."""
    try:
        _attempt(Journal(worker, claimed), open_export)
    except LeaseLost as lost:
        LOG.warning("%s; nothing more is written", lost)
    return worker.store.report(claimed, carried_out=True)


def _attempt(journal: Journal, open_export: OpenExport) -> None:
    try:
        with open_export() as (layer, export), _lease_kept(journal, layer.cancel):
            _work(layer, export, journal)
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001 - recorded with its type, and logged with its traceback
        _end_badly(journal, error)
    except BaseException as error:
        with suppress(MetricastError):
            journal.fail(f"E615  stopped by {type(error).__name__}")
        raise


def _end_badly(journal: Journal, error: Exception) -> None:
    if journal.worker.stop.asked:  # whatever came of cancelling
        journal.fail(str(Stopped()))
    elif isinstance(error, MetricastError):
        journal.fail(str(error))
    else:
        journal.crash(error)


def _work(layer: "Layer", export: Export, journal: Journal) -> None:
    delivered = {delivery.entry for delivery in journal.worker.store.report(journal.run).deliveries}
    pending = {entry: each for entry, each in _entries(export).items() if entry not in delivered}
    if pending:
        results = _query(layer, export, journal)
        root = layer.model.root or Path()
        _deliver(pending, Delivery(export, layer.model, journal.run.logical_time, root, results), journal)
    journal.succeed()


def _query(layer: "Layer", export: Export, journal: Journal) -> "Mapping[str, Result]":
    journal.note("querying", ", ".join(export.queries))
    results = {}
    for name, query in export.queries.items():
        tags = {"export": export.name, "query": name, "run": str(journal.run.id)}
        results[name] = result = layer.run(query, as_of=journal.run.logical_time, tags=tags)
        journal.note("queried", f"{name}: {len(result)} rows, SQL {result.sql_hash[:12]}")
        for note in result.notes:
            journal.note("deprecated", f"{name}: {note}")
            LOG.warning("export %s, query %s: %s", export.name, name, note)
    return results


def _deliver(pending: Mapping[str, Destination], delivery: Delivery, journal: Journal) -> None:
    """Every destination gets its chance; what failed is raised together in the end."""
    mistakes: list[Diagnostic] = []
    for entry, destination in pending.items():
        journal.begin_delivery(entry)
        try:
            receipt = deliver(journal.worker.stop.before_visible(destination), delivery)
        except MetricastError as error:
            mistakes.extend(error.diagnostics)
            journal.note("undelivered", f"{entry}: {error}")
        else:
            journal.record_delivery(entry, receipt)
    if mistakes:
        raise ExportError(*mistakes)


def _entries(export: Export) -> Mapping[str, Destination]:
    """The destinations, by names that are the same in every attempt: templates stay as they are written."""
    entries: dict[str, Destination] = {}
    seen: Counter[str] = Counter()
    for destination in export.destinations:
        name = f"{destination.exporter.name} {destination.exporter.destination(destination.options)}"
        seen[name] += 1
        entries[name if seen[name] == 1 else f"{name} ({seen[name]})"] = destination
    return entries


@contextmanager
def _lease_kept(journal: Journal, cancel: Callable[[], None]) -> Iterator[None]:
    """Renew the lease from another thread for as long as the context lasts."""
    done = threading.Event()
    keeper = threading.Thread(target=_keep_lease, args=(journal, cancel, done), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def _keep_lease(journal: Journal, cancel: Callable[[], None], done: threading.Event) -> None:
    while not done.wait(journal.worker.pace.renewal.total_seconds()):
        try:
            journal.renew()
        except LeaseLost:
            if not done.is_set():
                cancel()
            return
        except ScheduleError as error:
            LOG.warning("the lease could not be renewed, it will be tried again: %s", error)
