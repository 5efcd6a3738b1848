"""`calendars:`: tables with a row for every date, which make periods of their own and say what is special on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from semantic.described import Described
from semantic.model import Dataset, Dimension, Model, ValueType
from semantic.source import Shape
from semantic.vocabulary import Kind

_TYPES: Mapping[str, ValueType] = {"text": "string", "boolean": "boolean", "integer": "integer"}
_KINDS: Mapping[str, Kind] = {"text": "text", "boolean": "boolean", "integer": "number"}


def _as_column(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip() or value.isdecimal():
        raise ValueError("the name of a column is expected here")
    return value


def _as_period(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


DATE = "date"
ColumnName = Annotated[str, BeforeValidator(_as_column)]


class CalendarPeriod(Described):
    """A period of a calendar: the dates in a row that share a value.

    column: the column with that value, whatever it is; NULL for dates in no period
    """

    column: ColumnName


class CalendarDimension(Described):
    """What a calendar says of a date.

    column: the column that says it
    type: `text`, `boolean` or `integer`; left out: not known
    """

    column: ColumnName
    type: Literal["text", "boolean", "integer"] | None = None


class CalendarTable(Shape):
    """A table or SQL with one row for every date.

    label: its name as a heading
    description: what kind of calendar it is
    table: as of a dataset
    sql: instead of `table`, as of a dataset
    date: the column of the dates, a DATE
    periods: name → the column with the same value on all dates of a period, from fine to coarse: `{retail_week: week,
        retail_month: {column: month_no, label: Retail month}}`. A period is named by its first date
    dimensions: name → what is said of a date, `{is_holiday: {column: closed, type: boolean}}`
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["table"]}, {"required": ["sql"]}]})

    name: str
    label: str | None = None
    description: str = ""
    table: str | None = None
    sql: str | None = None
    date: ColumnName
    periods: Mapping[
        str, Annotated[CalendarPeriod, BeforeValidator(_as_period, json_schema_input_type=str | CalendarPeriod)]
    ] = Field(default_factory=dict)
    dimensions: Mapping[str, CalendarDimension] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> CalendarTable:
        if (self.table is None) == (self.sql is None):
            raise ValueError(f"calendar '{self.name}' needs either 'table' or 'sql'")
        for name in self.periods.keys() & self.dimensions.keys():
            raise ValueError(f"'{name}' is a period and a dimension: give one of them another name")
        return self

    @property
    def days(self) -> Days:
        """The dataset that its dates are."""
        dates = {name: Dimension(type="date", hidden=True) for name in (DATE, *self.periods)}
        said = {n: Dimension(type=_TYPES.get(each.type or ""), hidden=True) for n, each in self.dimensions.items()}
        dataset = Dataset(
            name=self.name,
            label=self.label,
            description=self.description,
            table=self.table,
            sql=self.sql,
            primary_key=(DATE,),
            time=DATE,
            dimensions={**said, **dates},
        )
        return Days(dataset, self)


class Days(Dataset):
    """The dates of a calendar as a dataset, in which their column is called `date`.

    date: the column of the dates in the table
    periods: its periods, from fine to coarse
    columns: of what it says of a date the columns
    """

    date: str
    periods: Mapping[str, CalendarPeriod]
    columns: Mapping[str, str]
    _calendar: CalendarTable = PrivateAttr()

    def __init__(self, dataset: Dataset, calendar: CalendarTable) -> None:
        columns = {name: each.column for name, each in calendar.dimensions.items()}
        own: dict[str, Any] = {"date": calendar.date, "periods": calendar.periods, "columns": columns}
        super().__init__(**dict(dataset), **own)
        self._calendar = calendar

    @property
    def words(self) -> Mapping[str, CalendarPeriod | CalendarDimension]:
        """What it says of a date, by name."""
        return {**self._calendar.dimensions, **self._calendar.periods}


@dataclass(frozen=True, slots=True)
class CalendarWord:
    """A name that a calendar gives to what it says of a day, or to a period."""

    name: str
    days: Days
    meaning: CalendarPeriod | CalendarDimension

    @property
    def is_period(self) -> bool:
        """Whether it is a period, whose value is its first date."""
        return isinstance(self.meaning, CalendarPeriod)

    @property
    def kind(self) -> Kind | None:
        """What kind of value it has, None if nobody said."""
        return "date" if isinstance(self.meaning, CalendarPeriod) else _KINDS.get(self.meaning.type or "")


def calendars_of(model: Model) -> tuple[Days, ...]:
    """The calendars of a project."""
    return tuple(found for found in model.datasets.values() if isinstance(found, Days))


@lru_cache(maxsize=64)
def calendar_words(model: Model) -> Mapping[str, CalendarWord]:
    """What the calendars mean by the names that they give."""
    return {
        name: CalendarWord(name, days, meaning) for days in calendars_of(model) for name, meaning in days.words.items()
    }
