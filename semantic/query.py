"""A query as a person asks it: names and conditions, not yet understood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Top:
    """The first `n` values of a dimension by a metric; all others together are called `other`."""

    dimension: str
    n: int
    by: str
    order: str = "desc"
    other: str = "Other"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; LANGUAGE.md, "Queries", says what each part means."""

    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    where: str | None = None
    having: str | None = None
    period: str | None = None
    order: tuple[str, ...] = ()
    limit: int | None = None
    totals: bool = False
    fill: bool = True
    time_zone: str | None = None
    purpose: str | None = None
    is_complete: bool = False
    complete_only: bool = False
    top: Top | None = None

    @property
    def read_metrics(self) -> tuple[str, ...]:
        """The metrics asked for, and the one that says which values are the first."""
        ranked_by = () if self.top is None or self.top.by in self.metrics else (self.top.by,)
        return (*self.metrics, *ranked_by)
