"""The ticker in real time, and the package's surface."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import scheduler
from scheduler.clock import SimulatedClock, SystemClock, Ticker

TENTH = timedelta(milliseconds=100)


def test_a_ticker_calls_at_the_times_it_is_given_until_it_is_stopped() -> None:
    start = SystemClock().now()
    times = [start + n * TENTH for n in (1, 2, 3)]
    calls: list[datetime] = []
    enough = threading.Event()

    def call() -> None:
        calls.append(SystemClock().now())
        if len(calls) == len(times):
            enough.set()

    ticker = Ticker()
    ticker.add(lambda after: next((time for time in times if time > after), None), call)
    ticker.start()
    assert enough.wait(5)
    ticker.stop()
    assert all(called >= due for called, due in zip(calls, times, strict=True))


def test_ticks_during_a_call_are_left_out_and_the_next_one_comes() -> None:
    start = SystemClock().now()
    calls: list[datetime] = []
    second = threading.Event()

    def call() -> None:
        calls.append(SystemClock().now())
        if len(calls) > 1:
            second.set()
        threading.Event().wait(0.35 if len(calls) == 1 else 0)

    ticker = Ticker()
    ticker.add(lambda after: after + TENTH if after < start + 20 * TENTH else None, call)
    ticker.start()
    assert second.wait(5)
    ticker.stop()
    assert calls[1] - calls[0] >= 3 * TENTH


def test_clocks_tell_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
    assert SimulatedClock(datetime.fromisoformat("2025-03-03T07:00+01:00")).now().isoformat() == (
        "2025-03-03T06:00:00+00:00"
    )


def test_what_is_exported_is_there_and_documented() -> None:
    assert sorted(scheduler.__all__) == scheduler.__all__ == sorted(scheduler._HOMES)
    for name in scheduler.__all__:
        assert getattr(scheduler, name).__doc__, name
    with pytest.raises(AttributeError, match="nonsense"):
        scheduler.nonsense  # noqa: B018
    assert (Path(scheduler.__file__).parent / "py.typed").exists()
