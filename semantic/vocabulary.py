"""The functions of the vocabulary: what each takes, gives and means. `dialects` says how it is written in SQL.

A new one is an entry here, an emitter where dialects differ, cases, and its meaning in the evaluator of the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text", "boolean", "date", "timestamp"]  # a function of dates takes timestamps too


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the kinds of its arguments (None is any), the kind of its value, and what it does.

    `least` arguments are needed; with `more`, the last may be repeated. `unit`: a quoted unit of time stands before the
    arguments. `alike`: all arguments are of one kind, and so is the value. `pattern`: the last argument is a regular
    expression, which is written out.
    """

    takes: tuple[Kind | None, ...]
    gives: Kind | None
    meaning: str
    least: int
    more: bool = False
    unit: bool = False
    alike: bool = False
    pattern: bool = False

    @property
    def most(self) -> int | None:
        """The number of arguments that it takes at most; None for any."""
        return None if self.more else len(self.takes) + self.unit

    def kind_at(self, position: int) -> Kind | None:
        """The kind of an argument, the unit not counted."""
        return self.takes[min(position, len(self.takes) - 1)]


def _of(*takes: Kind | None, gives: Kind | None, meaning: str, least: int | None = None) -> Function:
    return Function(takes, gives, meaning, len(takes) if least is None else least)


def _alike(meaning: str, *, least: int = 1, count: int | None = None) -> Function:
    return Function((None,) * (count or 1), None, meaning, least, more=count is None, alike=True)


VOCABULARY: dict[str, Function] = {
    "abs": _of("number", gives="number", meaning="without its sign"),
    "ceil": _of("number", gives="number", meaning="the next whole number up; integer or double, as the engine has it"),
    "floor": _of("number", gives="number", meaning="the next whole number down"),
    "round": _of("number", "number", gives="number", meaning="half away from zero; digits are written out", least=1),
    "mod": _of("number", "number", gives="number", meaning="the rest, with the sign of the first; NULL for 0"),
    "coalesce": _alike("the first that is not NULL"),
    "nullif": _alike("NULL where both are equal, else the first", least=2, count=2),
    "greatest": _alike("the largest; NULLs are not looked at"),
    "least": _alike("the smallest; NULLs are not looked at"),
    "lower": _of("text", gives="text", meaning="in small letters, each by itself"),
    "upper": _of("text", gives="text", meaning="in capitals, each letter by itself: ß becomes ẞ"),
    "trim": _of("text", gives="text", meaning="without blanks at both ends; tabs and other spaces stay"),
    "length": _of("text", gives="number", meaning="characters"),
    "left": _of("text", "number", gives="text", meaning="the first characters; none for less than 1"),
    "right": _of("text", "number", gives="text", meaning="the last characters; none for less than 1"),
    "substring": _of(
        "text", "number", "number", gives="text", meaning="from a place (1 at least), so many (0 at least)", least=2
    ),
    "replace": _of("text", "text", "text", gives="text", meaning="every second in the first becomes the third"),
    "concat": Function(("text",), "text", "one behind the other, as `||`: NULL where any is NULL", 1, more=True),
    "starts_with": _of("text", "text", gives="boolean", meaning="whether it begins so"),
    "contains": _of("text", "text", gives="boolean", meaning="whether it holds the second"),
    "regexp_matches": Function(
        ("text", "text"), "boolean", "whether a part of it is as the pattern says, see below", 2, pattern=True
    ),
    "year": _of("date", gives="number", meaning="2025"),
    "quarter": _of("date", gives="number", meaning="1 to 4"),
    "month": _of("date", gives="number", meaning="1 to 12"),
    "day": _of("date", gives="number", meaning="of the month"),
    "hour": _of("date", gives="number", meaning="0 to 23, of a timestamp"),
    "iso_weekday": _of("date", gives="number", meaning="1 is Monday, 7 Sunday"),
    "date_trunc": Function(
        ("date",), "date", "the first moment of the unit, weeks from Monday; a DATE from day up", 2, unit=True
    ),
    "date_diff": Function(
        ("date", "date"), "number", "boundaries of the unit crossed, from the first to the second", 3, unit=True
    ),
    "age_years": _of("date", "date", gives="number", meaning="completed years; born on 29 February: on 1 March"),
}
