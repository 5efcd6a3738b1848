"""What custom calendars say of days: the periods in which they lie, and the dimensions that they have."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from tests.reference.model import BELOW_DAY, Calendar, Value

Span = tuple[date, date]  # [first day, the day after the last one)


class Calendars:
    """The calendars of a model, compared by identity."""

    def __init__(self, calendars: Collection[Calendar] = ()) -> None:
        self._values: dict[str, dict[date, Value]] = {}  # of each name: day → what the column says
        self._spans: dict[str, list[Span]] = {}  # of each period's name: in the order of their days
        self._labels: dict[str, dict[date, date]] = {}  # of each period's name: day → the first day of its period
        self._orders = [list(calendar.periods) for calendar in calendars]
        for calendar in calendars:
            for name, column in (*calendar.periods.items(), *calendar.dimensions.items()):
                self._values[name] = _by_day(calendar, column)
            for name in calendar.periods:
                self._spans[name] = _spans(self._values[name])
                self._labels[name] = {day: span[0] for span in self._spans[name] for day in _days(span)}

    def has_period(self, name: str | None) -> bool:
        return name in self._spans

    def has_dimension(self, name: str) -> bool:
        return name in self._values and name not in self._spans

    def value(self, day: date, name: str) -> Value:
        """A dimension of a day; NULL where the calendar does not have the day."""
        return self._values[name].get(day)

    def label(self, day: date, name: str) -> date | None:
        """The first day of the period in which a day lies; NULL where it lies in none."""
        return self._labels[name].get(day)

    def spans(self, name: str) -> list[Span]:
        """The periods of this name, one after the other."""
        return self._spans[name]

    def span(self, label: date, name: str) -> Span:
        return next(span for span in self._spans[name] if span[0] == label)

    def back(self, label: date, name: str, count: int) -> date | None:
        """The period so many before the one with this label, if there is one."""
        labels = [first for first, _ in self._spans[name]]
        place = labels.index(label) - count
        return labels[place] if place >= 0 else None

    def nests(self, fine: str, coarse: str) -> bool:
        """Whether whole periods of the one make one of the other, where at least one is a calendar's."""
        if not self.has_period(coarse):
            return False
        if fine in BELOW_DAY or fine == "day":
            return True
        return any(fine in order[: order.index(coarse) + 1] for order in self._orders if coarse in order)


NO_CALENDARS = Calendars()


def _by_day(calendar: Calendar, column: str) -> dict[date, Value]:
    found: dict[date, Value] = {}
    for row in calendar.rows:
        day = row[calendar.date]
        assert type(day) is date
        assert day not in found, f"{calendar.name} has {day} twice"
        found[day] = row[column]
    return found


def _spans(values: dict[date, Value]) -> list[Span]:
    """The stretches of days that share a value; the days of each follow each other."""
    days: dict[Value, list[date]] = {}
    for day in sorted(values):
        if values[day] is not None:
            days.setdefault(values[day], []).append(day)
    spans = [(each[0], each[-1] + timedelta(days=1)) for each in days.values()]
    assert all(list(_days(span)) == each for span, each in zip(spans, days.values(), strict=True)), "a period has a gap"
    return sorted(spans)


def _days(span: Span) -> Iterable[date]:
    return (span[0] + timedelta(days=offset) for offset in range((span[1] - span[0]).days))
