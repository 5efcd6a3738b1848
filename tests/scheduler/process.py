"""What the tests of processes start: `python -m tests.scheduler.process serve|export PROJECT`."""

import sys
from datetime import timedelta
from pathlib import Path

from scheduler.run import new_worker, run_export
from scheduler.runs import Pace
from scheduler.service import Service, logging_to_stderr, stopping_on_signals
from scheduler.store import Store
from tests.scheduler.shop import MONDAY, open_shop

PACE = Pace(
    lease=timedelta(seconds=1.5), renewal=timedelta(seconds=0.3), look=timedelta(seconds=0.1), grace=timedelta(0)
)


def serve_memos(root: Path) -> None:
    """As `scheduler.service.serve`, with memos for destinations and leases of a second and a half."""
    with Store.of_project(root) as store, logging_to_stderr():
        service = Service(lambda: open_shop(root), new_worker(store, pace=PACE))
        with stopping_on_signals(service):
            service.run()


def export_memo(root: Path) -> None:
    """Wait for the start signal on stdin, then run the export as of MONDAY and say what became of it."""
    with Store.of_project(root) as store, open_shop(root) as (layer, exports):
        print("ready", flush=True)
        sys.stdin.readline()
        report = run_export(layer, exports["weekly"], logical_time=MONDAY, store=store, pace=PACE)
        print("delivered" if report.carried_out else report.run.state.value, flush=True)


if __name__ == "__main__":
    {"serve": serve_memos, "export": export_memo}[sys.argv[1]](Path(sys.argv[2]))
