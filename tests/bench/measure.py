"""Taking times and printing them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table; the times are seconds."""

    what: str
    best: float
    middle: float
    note: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        """Return the line as texts."""
        return self.what, _readable(self.best), _readable(self.middle), self.note


def measure(what: str, call: Callable[[], object], *, repeats: int, note: str = "") -> Measurement:
    """Return the best and the median of `repeats` calls, after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        with stopwatch() as elapsed:
            call()
        times.append(elapsed())
    return Measurement(what, min(times), median(times), note)


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Give a function that returns the seconds spent in the block."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: ended[0] if ended else time.perf_counter() - began
    ended.append(time.perf_counter() - began)


def _readable(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
