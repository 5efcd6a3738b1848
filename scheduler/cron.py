"""Five-field cron text and the wall-clock minutes that it names.

The text is the one of crontab(5): `minute hour day-of-month month day-of-week`; lists, ranges, steps and
English three-letter names; 0 and 7 are Sunday. When both day fields are restricted (neither begins with `*`),
a day that matches either of them counts; otherwise it has to match both.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a text: what is wrong, where in the text, and what to write instead."""

    message: str
    offset: int
    length: int
    hint: str | None = None


OnProblem = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Cron:
    """The minutes that a cron text names; weekdays count from Sunday = 0."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    every_hour: bool
    either_day: bool

    def on_day(self, day: date) -> bool:
        """Does the text name any minute of this day?"""
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday

    def times(self) -> tuple[time, ...]:
        """The wall-clock times of a matching day, ascending."""
        return tuple(time(hour, minute) for hour in self.hours for minute in self.minutes)


def parse_cron(text: str, report: OnProblem) -> Cron | None:
    """The cron text, or None after every mistake in it has been reported.

    >>> parse_cron("0 7 * * mon", print).weekdays
    (1,)
    """
    words = tuple(_Word(found.group(), found.start()) for found in re.finditer(r"\S+", text))
    if len(words) != len(FIELDS):
        report(_wrong_count(text, len(words)))
        return None
    mistakes: list[Problem] = []
    values = tuple(_values(word, field, mistakes.append) for word, field in zip(words, FIELDS, strict=True))
    if not mistakes:
        cron = _assemble(text, words, values)
        mistakes.extend(_never(cron, words))
    for mistake in mistakes:
        report(mistake)
    return None if mistakes else cron


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    offset: int

    def problem(self, message: str, hint: str | None = None) -> Problem:
        return Problem(message, self.offset, max(len(self.text), 1), hint)

    def split(self, separator: str) -> "tuple[_Word, ...]":
        parts: list[_Word] = []
        offset = self.offset
        for part in self.text.split(separator):
            parts.append(_Word(part, offset))
            offset += len(part) + len(separator)
        return tuple(parts)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, word: _Word, report: OnProblem) -> int | None:
        """The value that a number or a name stands for."""
        if word.text.isascii() and word.text.isdigit():
            value = int(word.text)
            if self.low <= value <= self.high:
                return value
            report(word.problem(f"{self.name} {value} is not between {self.low} and {self.high}"))
        elif word.text.lower() in self.names:
            return self.low + self.names.index(word.text.lower())
        else:
            report(word.problem(f"'{word.text}' is no {self.name}", self._nearest(word.text.lower())))
        return None

    def _nearest(self, text: str) -> str | None:
        if text[:3] in self.names:
            return f"write '{text[:3]}'"
        return f"{self.low} to {self.high}" + (", or " + " ".join(self.names) if self.names else "")


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _WEEKDAYS),
)
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def _wrong_count(text: str, count: int) -> Problem:
    hint = "minute hour day-of-month month day-of-week, as in '0 7 * * mon'"
    if count == 6:
        hint = "seconds are not supported: " + hint
    return Problem(f"a cron text has 5 fields, this one has {count}", 0, max(len(text), 1), hint)


def _assemble(text: str, words: tuple[_Word, ...], values: tuple[frozenset[int], ...]) -> Cron:
    minutes, hours, days, months, weekdays = (tuple(sorted(each)) for each in values)
    stars = tuple(word.text.startswith("*") for word in words)
    return Cron(
        text,
        minutes,
        hours,
        days,
        months,
        tuple(sorted({day % 7 for day in weekdays})),
        every_hour=words[1].text == "*",
        either_day=not stars[2] and not stars[4],
    )


def _never(cron: Cron, words: tuple[_Word, ...]) -> tuple[Problem, ...]:
    """A text such as `0 0 30 2 *`, whose day no year has."""
    longest = max(_LONGEST.get(month, 31) for month in cron.months)
    if cron.either_day or cron.days[0] <= longest:
        return ()
    return (words[2].problem("no such day in these months: the cron text never comes due"),)


def _values(word: _Word, field: _Field, report: OnProblem) -> frozenset[int]:
    return frozenset(value for item in word.split(",") for value in _item(item, field, report))


def _item(word: _Word, field: _Field, report: OnProblem) -> range:
    """One element of a list: `*`, `7`, `mon-fri`, `*/15`, `8-18/2`."""
    body, *steps = word.split("/")
    if len(steps) > 1:
        report(word.problem("more than one '/'"))
        return range(0)
    if steps and body.text != "*" and "-" not in body.text:
        wanted = f"write '{body.text}-{field.high}/{steps[0].text}'"
        report(word.problem("a step needs a range or '*' before it", wanted))
        return range(0)
    span = _range(body, field, report)
    return span[:: _step(steps[0], field, report)] if steps else span


def _step(word: _Word, field: _Field, report: OnProblem) -> int:
    value = int(word.text) if word.text.isascii() and word.text.isdigit() else 0
    if 0 < value <= field.high:
        return value
    report(word.problem(f"'{word.text}' is no step for the {field.name}", f"1 to {field.high}"))
    return 1


def _range(word: _Word, field: _Field, report: OnProblem) -> range:
    if word.text == "*":
        return range(field.low, min(field.high, 6 if field.high == 7 else field.high) + 1)
    ends = word.split("-")
    if len(ends) > 2:
        report(word.problem(f"'{word.text}' is no range"))
        return range(0)
    numbers = tuple(field.number(end, report) for end in ends)
    first, last = numbers[0], numbers[-1]
    if first is None or last is None:
        return range(0)
    if last == 0 and first > 0 and field.high == 7:
        last = 7
    if first > last:
        hint = f"write '{ends[0].text}-{field.high},{field.low}-{ends[1].text}'"
        report(word.problem(f"the range '{word.text}' runs backwards", hint))
    return range(first, last + 1)
