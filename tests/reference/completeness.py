"""Whether all of a period's data are there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

from tests.reference.asked import Asked
from tests.reference.frames import Edge, Frame, common, instant_of, is_before, is_reached, moved, period_of
from tests.reference.model import Complete, Dataset, Refused, Simple
from tests.reference.rows import Group
from tests.reference.times import Moment

Clocks = set[tuple[str, str | None]]  # datasets, and their clocks


def clocks_of(asked: Asked, root: Dataset | None) -> Clocks:
    """The clocks that must have got to a period's end: those of all metrics; without metrics that of the rows."""
    if root is not None:
        return {(root.name, root.time)}
    metrics = [leaf.metric for leaf in asked.leaves(asked.query.metrics)]
    return {(metric.dataset, _clock(asked, metric)) for metric in metrics}


def _clock(asked: Asked, metric: Simple) -> str | None:
    return metric.time or asked.model.datasets[metric.dataset].time


def check(asked: Asked, clocks: Clocks) -> None:
    """Refuse what has no period, no clock, or days that belong to another zone."""
    if not asked.words and asked.period is None:
        raise Refused("there is no period that could be complete")
    for name, time in clocks:
        dataset = asked.model.datasets[name]
        watermark = dataset.complete.watermark if dataset.complete and dataset.complete.watermark else time
        if time is None or watermark is None:
            raise Refused(f"{name} has no time dimension")
        types = {found.type for found in (dataset.dimension(time), dataset.dimension(watermark)) if found}
        if "date" in types and asked.clock.zone.key != asked.model.time_zone:
            raise Refused(f"the days of {name} are days in {asked.model.time_zone}")


def of_group(asked: Asked, clocks: Clocks, group: Group) -> bool | None:
    """Whether a cell is complete; None where its time is NULL."""
    labels: list[Any] = [group[place] for place in asked.places]
    if None in labels:
        return None
    if not labels:
        return of_period(asked, clocks)
    periods = [period_of(label, word, asked.clock) for label, word in zip(labels, asked.words, strict=True)]
    return _is_complete(asked, clocks, reduce(lambda a, b: common(a, b, asked.clock), periods))


def of_period(asked: Asked, clocks: Clocks) -> bool | None:
    """Whether the query's period is complete; None where it has none."""
    return None if asked.period is None else _is_complete(asked, clocks, asked.limit)


def _is_complete(asked: Asked, clocks: Clocks, period: Frame) -> bool:
    start, end, limit, clock = period.start, period.end, asked.limit, asked.clock
    assert start is not None
    assert end is not None
    if limit.start is not None and is_before(start.moment, limit.start.moment, clock):
        return False
    if limit.end is not None and is_before(limit.end.moment, end.moment, clock):
        return False
    if instant_of(end.moment, clock) > clock.as_of:
        return False
    return all(_reach(asked, asked.model.datasets[name], time, end) for name, time in clocks)


def _reach(asked: Asked, dataset: Dataset, time: str | None, end: Edge) -> bool:
    """Whether the data of a dataset reach the end of a period: the latest of its rows, less a lag."""
    declared, clock = dataset.complete or Complete(), asked.clock
    name = declared.watermark or time
    assert name is not None
    marks: list[Any] = list(_until_now(asked, dataset, name))
    if not marks:
        return False
    mark = moved(max(marks), *declared.lag, clock) if declared.lag else max(marks)
    return is_reached(end, instant_of(mark, clock), clock.day(mark))


def _until_now(asked: Asked, dataset: Dataset, name: str) -> Iterator[Moment]:
    """The times of all rows, up to as-of."""
    for row in dataset.rows:
        at = asked.reader.clock_of(dataset, row, name)
        if at is not None and asked.clock.started(at):
            yield at
