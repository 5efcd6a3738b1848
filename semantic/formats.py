"""How a metric's value is shown, and when it is good or bad. The value itself stays what it is."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from semantic.source import Exact, Shape

FormatType = Literal["integer", "number", "percent", "currency", "duration", "custom"]
Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days"]
_OWNERS = {"currency": "currency", "unit": "duration", "pattern": "custom"}
_DECIMALS = {"integer": 0, "number": 2, "percent": 1, "currency": 2}
_WITHOUT_CENTS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_LONGEST_PATTERN = 200
_SPOKEN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|General|E[+-]')  # parts of a pattern that may hold any letter
_DIGITS = re.compile(r"[^A-Za-z\"\\\[\]]*")


class Format(Shape):
    """How a number is shown: `integer`, `number`, `percent`, `duration`, or a mapping with more.

    type: `integer`, `number`, `percent`, `currency`, `duration`, `custom`; a mapping may leave it out where another
        key says it
    decimals: digits after the point; default 0 of an integer, 1 of a percentage, 2 of a number, those usual for the
        currency
    currency: the ISO 4217 code, `EUR`
    unit: what a duration counts: `milliseconds`, `seconds` (default), `minutes`, `hours`, `days`
    pattern: of a custom format, an Excel number format such as `0.0,"k"`
    """

    model_config = ConfigDict(
        json_schema_extra={"required": [], "anyOf": [{"required": [key]} for key in ("type", *_OWNERS)]}
    )

    type: FormatType
    decimals: int | None = Field(default=None, ge=0, le=9)
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    unit: Unit = "seconds"
    pattern: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _imply_type(cls, value: Any) -> Any:
        if isinstance(value, dict) and "type" not in value:
            implied = [kind for key, kind in _OWNERS.items() if key in value]
            if not implied:
                raise ValueError("a format needs a 'type', such as {type: percent, decimals: 2}")
            return {**value, "type": implied[0]}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Format:
        if self.type == "currency" and self.currency is None:
            raise ValueError("a currency needs its code: format: {currency: EUR}")
        if self.type == "custom" and not self.pattern:
            raise ValueError("""a custom format needs a pattern: format: {pattern: '0.0,"k"'}""")
        for key in sorted(self.model_fields_set & set(_OWNERS)):
            if self.type != _OWNERS[key]:
                raise ValueError(f"'{key}' belongs to the format {_OWNERS[key]}, not to {self.type}")
        if self.pattern is not None and not _is_pattern(self.pattern):
            raise ValueError("this is no pattern for numbers: digits are 0 and #, text stands between double quotes")
        if self.decimals is not None and self.type not in _DECIMALS:
            raise ValueError(f"the format {self.type} has no decimals")
        return self

    @property
    def digits(self) -> int:
        """Digits after the point."""
        if self.decimals is not None:
            return self.decimals
        return 0 if self.currency in _WITHOUT_CENTS else _DECIMALS.get(self.type, 0)

    def __str__(self) -> str:
        """As people say it: `percent`, `currency EUR`, `duration in minutes`."""
        match self.type:
            case "currency":
                return f"currency {self.currency}"
            case "duration":
                return f"duration in {self.unit}"
            case "custom":
                return f"custom {self.pattern}"
            case _:
                return self.type


def _is_pattern(pattern: str) -> bool:
    return len(pattern) <= _LONGEST_PATTERN and _DIGITS.fullmatch(_SPOKEN.sub("", pattern)) is not None


def _as_format(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


NamedFormat = Annotated[Format, BeforeValidator(_as_format, json_schema_input_type=FormatType | Format)]


class Thresholds(Shape):
    """From where on a value is good and from where on it is bad; which of the two is larger says which way is better.

    good: at or beyond this the value is good
    bad: at or beyond this, the other way, it is bad
    """

    good: Exact
    bad: Exact

    @model_validator(mode="after")
    def _two_sides(self) -> Thresholds:
        if self.good == self.bad:
            raise ValueError("'good' and 'bad' are the same number, so neither way is better")
        return self

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is the better one."""
        return self.good > self.bad
