"""What people are told about a metric or a dimension; none of it changes a number."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from semantic.source import Shape


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_deprecated(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...])]


class Deprecated(Shape):
    """A name that goes away.

    use: the name to use from now on
    note: why, and until when the old one stays
    """

    use: str
    note: str = ""


class Described(Shape):
    """A thing that people look for, read about and pick from a list.

    label: its name as a heading
    description: what it is, in a sentence
    synonyms: other names that people know it by; `metricast list` finds them, and a query that uses one is told the
        right name
    folder: where lists and tools show it, `Users/Activity`
    tags: words to sort it by
    hidden: `true` leaves it out of lists and of what is published; asked for by name it answers
    deprecated: the successor's name, or `{use, note}`: it still answers, and says what to use instead
    """

    label: str | None = None
    description: str = ""
    synonyms: Names = ()
    folder: str | None = None
    tags: Names = ()
    hidden: bool = False
    deprecated: Annotated[
        Deprecated | None, BeforeValidator(_as_deprecated, json_schema_input_type=str | Deprecated | None)
    ] = None
