"""When exports run, and what became of each run. Importing this package loads nothing else yet."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.run import run_export
    from scheduler.runs import Run, RunReport, RunState
    from scheduler.schedule import check_schedules
    from scheduler.service import serve
    from scheduler.store import Store, recent_runs

_HOMES = {
    "Run": "scheduler.runs",
    "RunReport": "scheduler.runs",
    "RunState": "scheduler.runs",
    "Store": "scheduler.store",
    "check_schedules": "scheduler.schedule",
    "recent_runs": "scheduler.store",
    "run_export": "scheduler.run",
    "serve": "scheduler.service",
}

__all__ = ["Run", "RunReport", "RunState", "Store", "check_schedules", "recent_runs", "run_export", "serve"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
