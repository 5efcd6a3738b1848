"""`recorded:` of a dataset: what was known of it at as-of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import PrivateAttr
from sqlglot import exp

from semantic.clocks import Clock
from semantic.frames import Stretch
from semantic.model import Dataset


class Seen(Dataset):
    """A dataset of which only the rows are there that were recorded until an instant, or nobody knows when."""

    _shows: exp.Expr = PrivateAttr()
    _until: datetime = PrivateAttr()

    def __init__(self, dataset: Dataset, recorded: Clock, as_of: datetime) -> None:
        super().__init__(**dict(dataset))
        self._until = as_of.astimezone(UTC).replace(tzinfo=None)
        (known,) = recorded.within(Stretch(end=self._until + timedelta.resolution))
        self._shows = exp.Or(this=exp.Is(this=recorded.value.copy(), expression=exp.Null()), expression=known)
        for column in self._shows.find_all(exp.Column):
            column.set("table", None)

    @property
    def shows(self) -> exp.Expr:
        """What holds for its rows, over the columns of the table, without its name."""
        return self._shows

    @property
    def until(self) -> datetime:
        """The instant (naive UTC), itself included."""
        return self._until
