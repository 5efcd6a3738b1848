"""The shape of a check in YAML, and the query whose rows it judges.

checks:
  points_balance:
    opening: points_opening_balance
    flows: [points_earned, -points_redeemed]
    closing: points_balance
    by: [month]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from semantic.described import Names
from semantic.query import Query
from semantic.source import Exact, Shape

_BALANCE = ("opening", "flows", "closing")
_VALUE = ("metric", "expect")


def _as_expectation(value: Any) -> Any:
    if value == "zero":
        return {"min": 0, "max": 0}
    is_mapping = value is None or isinstance(value, dict | Expectation)
    if not is_mapping:
        raise ValueError("write expect: zero, {min: 0}, {min: 0, max: 1} or {equal: another_metric}")
    return value


class Expectation(Shape):
    """What a value must be; `zero` is short for `{min: 0, max: 0}`.

    min: this, or more
    max: this, or less
    equal: the value of this other metric in the same row
    """

    min: Exact | None = None
    max: Exact | None = None
    equal: str | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Expectation:
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if (self.equal is None) != bool(bounds):
            raise ValueError("a value is held against either 'min' and 'max' or 'equal'")
        if len(bounds) > 1 and bounds[0] > bounds[1]:
            raise ValueError(f"no value is at least {bounds[0]} and at most {bounds[1]}")
        return self


@dataclass(frozen=True, slots=True)
class Mention:
    """A metric that a check names, what it is counted times, and where its name begins in the text at a path."""

    metric: str
    path: tuple[str | int, ...]
    start: int = 0
    sign: Literal[1, -1] = 1


class Check(Shape):
    """Something that must hold in every row of a query: of one metric's value, or of an opening and a closing balance.

    description: what it makes sure of
    owner: who is asked where it fails
    metric: whose value must be as `expect` says
    expect: `zero`, `{min: 0, max: 1}` (or one of them), or `{equal: another_metric}`. No value at all does not hold,
        unless both are without one
    opening: instead of `metric`: the balance before the period; opening and flows together must be the closing balance.
        No value counts as 0 in all of them
    flows: what moves the balance in the period: names of metrics, with a `-` before what is taken off
    closing: the balance at the end of the period
    by: dimensions and time words, as in a query; the check must hold in every row. Default: the one row without any
    where: which rows count, as in a query
    period: which periods are looked at, as in a query; default: all
    tolerance: by how much a value may miss what is expected, as in `0.001`; default: by nothing
    severity: `error` (default), or `warning`, which is shown and does not change the exit status
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [*_VALUE]}, {"required": [*_BALANCE]}]})

    name: str
    description: str = ""
    owner: str | None = None
    metric: str | None = None
    expect: Annotated[
        Expectation | None,
        BeforeValidator(_as_expectation, json_schema_input_type=Literal["zero"] | Expectation | None),
    ] = None
    opening: str | None = None
    flows: Names = ()
    closing: str | None = None
    by: Names = ()
    where: str | None = None
    period: str | None = None
    tolerance: Annotated[Decimal, Field(ge=0, max_digits=38)] = Decimal(0)
    severity: Literal["error", "warning"] = "error"

    @model_validator(mode="after")
    def _of_one_kind(self) -> Check:
        said = [key for key in (*_VALUE, *_BALANCE) if getattr(self, key)]
        if said not in ([*_VALUE], [*_BALANCE]):
            missing = [key for key in (_BALANCE if set(said) & set(_BALANCE) else _VALUE) if key not in said]
            lacks = f"; '{missing[0]}' is missing" if missing else ""
            raise ValueError(f"a check has either 'metric' and 'expect', or 'opening', 'flows' and 'closing'{lacks}")
        return self

    @property
    def is_balance(self) -> bool:
        """Whether an opening balance and flows must give a closing one."""
        return self.opening is not None

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The metrics that it names, in the order of the query's columns."""
        return tuple(self._mentions())

    def _mentions(self) -> Iterator[Mention]:
        if self.metric is not None:
            yield Mention(self.metric, ("metric",))
        if self.expect is not None and self.expect.equal is not None:
            yield Mention(self.expect.equal, ("expect", "equal"))
        if self.opening is not None:
            yield Mention(self.opening, ("opening",))
        for number, flow in enumerate(self.flows):
            name = flow.removeprefix("-").strip()
            yield Mention(name, ("flows", number), flow.find(name), -1 if flow.startswith("-") else 1)
        if self.closing is not None:
            yield Mention(self.closing, ("closing",))

    @property
    def query(self) -> Query:
        """The query whose rows are judged."""
        metrics = tuple(mention.metric for mention in self.mentions)
        return Query(metrics, self.by, self.where, period=self.period)
