"""How a metric's value is shown, and when it is good or bad. The value itself stays what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from semantic.source import Exact, Shape

FormatType = Literal["integer", "number", "percent", "currency", "duration", "custom"]
Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days"]
_OWNERS = {"currency": "currency", "unit": "duration", "pattern": "custom"}
_DECIMALS = {"integer": 0, "number": 2, "percent": 1, "currency": 2}
_WITHOUT_CENTS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_WITH_MILLS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_LONGEST_PATTERN, _MOST_SECTIONS = 200, 4
_COLOURS = "Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color ?[1-9][0-9]?"
_BRACKETS = rf"\[(?:{_COLOURS}|(?:[<>]=?|=|<>)-?[0-9]+(?:\.[0-9]+)?|\$[^\]]*)\]"  # no others: [h] is one of a time
_SPOKEN = re.compile(rf'"[^"]*"|\\.|_.|\*.|{_BRACKETS}|E[+-]', re.IGNORECASE)  # parts that may hold any letter
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # what no workbook can hold there
_DIGITS = re.compile(r"[^A-Za-z\"\\\[\]_*]*")


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

    @field_validator("currency", mode="before")
    @classmethod
    def _is_code(cls, value: Any) -> Any:
        if value is not None and not re.fullmatch("[A-Z]{3}", str(value)):
            raise ValueError(f"'{value}' is no currency: write its ISO 4217 code of three capital letters, such as EUR")
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
        usual = {**dict.fromkeys(_WITHOUT_CENTS, 0), **dict.fromkeys(_WITH_MILLS, 3)}
        return usual.get(self.currency or "", _DECIMALS.get(self.type, 0))

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
    """Whether Excel takes it for the format of a number: up to four sections, with a place for digits."""
    bare = _SPOKEN.sub("", pattern).replace("General", "0")
    return (
        len(pattern) <= _LONGEST_PATTERN
        and _UNSEEN.search(pattern) is None
        and bare.count(";") < _MOST_SECTIONS
        and not {"0", "#", "?"}.isdisjoint(bare)
        and _DIGITS.fullmatch(bare) is not None
    )


def as_text(value: object) -> str:
    """A value as listed values are compared where nobody said its type."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def comparable(value: object) -> object:
    """A value that is equal to what it is equal to in SQL: 1.5 and 1.50, but not true and 1."""
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value


def label_of(labels: Mapping[object, str], value: object) -> str | None:
    """What people read instead of a value of a dimension, if it has a label."""
    if value is None or not labels:
        return None
    return labels.get(comparable(value)) or labels.get(as_text(value))


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
