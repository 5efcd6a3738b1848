"""What a value becomes in a cell of a workbook. Every form here is a promise, and `reading.py` checks it.

| value | cell |
|---|---|
| NULL | nothing; in a dimension the text (unknown), in the first one of a total row the text Total |
| boolean | TRUE, FALSE |
| integer | number; text with all its digits from 16 digits on, where Excel would change them |
| decimal | number at 15 significant digits; text with all its digits if 16 or more stand before the point |
| double | number at 12 significant digits; NaN, Infinity, -Infinity and what Excel cannot hold (beyond 1e308) as text |
| date | date; text (ISO) before 1900-03-01, where Excel counts a day that never was |
| naive date and time | date and time, cut to milliseconds, which is what Excel keeps; text (ISO) before 1900-03-01 |
| instant | the same on the project's clock; if that clock is ever put back or forward in those years, the column
            to the right has the offset from UTC as text (+02:00), so that the two 02:00 hours of a night stay two |
| time of day | text, 07:30:00 |
| duration | elapsed time [h]:mm:ss; text with a minus if negative, which Excel cannot show |
| interval | the same if it has no months, its days being 24 hours; else ISO 8601 text, P1Y2M3DT4H5M6.5S |
| text | text, also if it begins with = + - @, a tab or a line's end, or looks like a number, a date or an error |

Characters that XML cannot hold are escaped as Excel escapes them (_x0001_), and so is text that looks like such an
escape; surrogates without a partner and U+FFFE, U+FFFF, which no XML can hold, become U+FFFD.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from zoneinfo import ZoneInfo

from exporters.values import Value

CellValue = None | bool | int | float | str | date | datetime | timedelta
MAX_TEXT = 32_767  # UTF-16 code units, escapes included
FIRST_DAY = date(1900, 3, 1)
_EXACT = 10**15
_FIFTEEN_DIGITS = Context(prec=15)
_SMALLEST, _LARGEST = 2.2250738585073e-308, 9.99999999999e307
_LONGEST = timedelta(days=2_958_465)
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_BLANK = re.compile(r"[\x00-\x20]")
_ESCAPED = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")


def to_cell(value: Value, zone: ZoneInfo) -> CellValue:
    """The value as it stands in a cell; text is not escaped yet."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < _EXACT else str(value)
        case Decimal():
            return _decimal(value)
        case float():
            return value if value == 0 or _SMALLEST <= abs(value) <= _LARGEST else _odd_double(value)
        case datetime():
            return _moment(value, zone)
        case date():
            return value if value >= FIRST_DAY else value.isoformat()
        case time():
            return value.isoformat()
        case timedelta():
            return _duration(value)


def offset_text(value: Value, zone: ZoneInfo) -> str | None:
    """The offset from UTC at an instant, `+07:00`."""
    local = _local(value, zone) if isinstance(value, datetime) else None
    if local is None:
        return None
    text = f"{local:%z}"
    return ":".join(filter(None, (text[:3], text[3:5], text[5:7])))  # seconds in the days of local mean time


def escape(text: str) -> str:
    """The text as it has to be written so that Excel shows it unchanged.

    >>> escape("a_x0041_")
    'a_x005F_x0041_'
    """
    text = _NO_XML.sub("\ufffd", text)
    if text.isspace():  # openpyxl marks the blank edges of other text as significant, but not these
        return _BLANK.sub(lambda found: _escape(found.group()), text)
    return _ESCAPED.sub(lambda found: _escape(found.group()), text)


def fits(text: str) -> bool:
    """Whether a cell holds the escaped text whole."""
    return len(text) <= MAX_TEXT // 2 or len(text.encode("utf-16-le")) // 2 <= MAX_TEXT


def _escape(character: str) -> str:
    return f"_x{ord(character):04X}_"


def _decimal(value: Decimal) -> CellValue:
    if abs(value) >= _EXACT:
        return f"{value:f}"
    return int(value) if value == value.to_integral_value() else float(_FIFTEEN_DIGITS.plus(value))


def _odd_double(value: float) -> str:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return names.get(str(value), str(value))


def _local(value: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant on the zone's clock; None for a naive time and at the ends of the calendar."""
    try:
        return value.astimezone(zone) if value.tzinfo else None
    except OverflowError:
        return None


def _moment(value: datetime, zone: ZoneInfo) -> CellValue:
    local = _local(value, zone)
    if value.tzinfo and local is None:
        return value.astimezone(UTC).isoformat(" ")
    naive = (local or value).replace(tzinfo=None)
    if naive.date() < FIRST_DAY:
        return naive.isoformat(" ")
    return naive.replace(microsecond=naive.microsecond // 1000 * 1000, fold=0)


def _duration(value: timedelta) -> CellValue:
    if timedelta() <= value < _LONGEST:
        return value - value % timedelta(milliseconds=1)
    minutes, rest = divmod(abs(value), timedelta(minutes=1))
    fraction = f".{rest.microseconds:06}" if rest.microseconds else ""
    sign = "-" if value < timedelta() else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{rest.seconds:02}{fraction}"
