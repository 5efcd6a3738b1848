"""The shapes of a project: what the YAML says, frozen, with every implied thing made explicit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from semantic.bins import Bins, Edges, as_bins
from semantic.checking.shape import Check
from semantic.complete import Complete
from semantic.described import Described, Names
from semantic.expressions import TIME_WORDS, Expression, ExpressionError
from semantic.metric_types.base import Metric
from semantic.parse import parse_key
from semantic.periods import Calendar, YearMonth
from semantic.source import Documents, Node, Shape, Written, WrittenLater
from semantic.vocabulary import Kind

RESERVED = (*TIME_WORDS, "at", "as_of", "is_total", "is_complete", "complete_only")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ENGINE_KEYS = {
    "duckdb": ("database",),
    "databricks": ("host", "http_path", "token_variable", "client_id_variable", "client_secret_variable"),
}
ValueType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "timestamptz"]


def _as_variable(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError("this must be the name of an environment variable, in capitals, never a secret itself")
    return value


def _as_mapping(value: Any) -> Any:
    return {} if value is None else value


def _as_values(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    if not all(isinstance(each, str) for each in value):
        raise ValueError(
            "'values' is a list of values, [a, b], or a mapping of values to labels, {a: First, b: Second}"
        )
    if len(set(value)) != len(value):
        raise ValueError("a value stands in 'values' twice")
    return dict.fromkeys(value)


def _plain_key(text: str) -> str | None:
    """The column that an entry of `on` names; None for an expression, and for one that is wrong."""
    try:
        key = parse_key(text)
    except ExpressionError:
        return None
    return key if isinstance(key, str) else None


VariableName = Annotated[str | None, BeforeValidator(_as_variable)]


class Dimension(Described):
    """A row-level expression of a dataset.

    expr: a row expression over this dataset's *columns*; default: the column of the same name. May use `at` (the time
        of the metric's own row, business-local; a DATE if that clock is a date) and `as_of` (the query's instant,
        business-local timestamp)
    type: `string`, `integer`, `number`, `boolean`, `date`, `timestamp` (naive, in `zone`), `timestamptz`; left out:
        not known. What is known is checked: no `sum` of a string, no date compared with a number, no filter that is
        no condition
    zone: for `timestamp`: the zone in which it is written. Default UTC
    bins: edges `[18, 25]` or `{edges, labels}`: bins are `[a, b)`; n edges make n + 1 bins; they are ordered by their
        edges; NULL stays NULL
    values: the values in the order in which people want to see them, `[bronze, silver, gold]`, or with labels, `{f:
        Female, m: Male}`; other values come after them
    personal: `true` masks it in every answer that states no purpose
    """

    expr: str | None = None
    type: ValueType | None = None
    zone: str = "UTC"
    bins: Annotated[Bins | None, BeforeValidator(as_bins, json_schema_input_type=Edges | Bins | None)] = None
    values: Annotated[
        Mapping[str, str | None],
        BeforeValidator(_as_values, json_schema_input_type=tuple[str, ...] | Mapping[str, str | None]),
    ] = Field(default_factory=dict)
    personal: bool = False

    @model_validator(mode="after")
    def _one_order(self) -> Dimension:
        if self.bins is not None and self.values:
            raise ValueError("bins have an order and labels of their own: leave 'values' out")
        return self

    @property
    def kind(self) -> Kind | None:
        """What kind of value this is, None if nobody said."""
        return "text" if self.bins else _KINDS.get(self.type or "")

    @property
    def is_time(self) -> bool:
        """Whether this is declared to be a date or a time."""
        return self.type in ("date", "timestamp", "timestamptz")


_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}


class Join(Shape):
    """A many-to-one lookup of another dataset's row by its primary key, or of the one valid at `as_of`.

    on: columns of this dataset, or row expressions over them (`lower(email)`), in the order of the other's primary key
    dataset: the other dataset; default: the join's name
    as_of: for a dataset with `validity`: a time dimension of this dataset; `on` then matches the other's primary key
        without its `validity.from` column
    """

    on: Names = Field(min_length=1)
    dataset: str | None = None
    as_of: str | None = None

    @property
    def keys(self) -> tuple[str | Expression, ...]:
        """What is looked up: names of columns, and expressions. Raises ExpressionError."""
        return tuple(map(parse_key, self.on))

    @property
    def columns(self) -> tuple[str, ...]:
        """The entries of `on` that are plain columns."""
        return tuple(key for text in self.on for key in [_plain_key(text)] if key is not None)


class Validity(Shape):
    """The columns between which a row of a slowly changing dataset holds: from <= t < to.

    from: the first moment
    to: the first moment after; NULL: still valid
    """

    from_: str = Field(alias="from")
    to: str


class Dataset(Shape):
    """A table or SQL with a primary key, a default clock, lookups and dimensions.

    label: its name as a heading
    description: what a row is
    table: a table or view (`schema.table` too), or a glob of `.parquet`, `.csv`, `.json` files, relative to the
        project folder. May differ per target: `"{{ target.schema }}.activity"`
    sql: instead of `table`: a SELECT, written in DuckDB's SQL; other engines take what is known to mean the same there
    primary_key: one column or a list
    time: name of the time dimension that is the default clock; a naive UTC timestamp unless its `type` under
        `dimensions` says otherwise
    complete: `{watermark, lag}`: up to when the rows are complete, for `is_complete` of a query. Left out: up to the
        last row by each metric's clock
    recorded: the time dimension that says when a row became known, such as the time of loading: with an earlier as-of
        nothing sees what was recorded after it. Rows without one are seen. Left out: rows are as they are now
    joins: name → what is looked up, see below
    validity: `{from, to}`: columns of a slowly changing dataset; at most one row per rest of the key is valid at any
        time. Their type and zone are those of the dimensions of the same names, if declared, else naive UTC
        timestamps
    via: dataset or join name → the dotted path of joins that leads there, when several do
    hierarchies: name → dimensions from coarse to fine, `geography: [country, city]`, of its own or of what it can look
        up (`users.province`); tools offer them for drilling down
    dimensions: name → see below; primary-key columns, plain `on` columns and the `time` column are dimensions without
        being listed
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["table"]}, {"required": ["sql"]}]})

    name: str
    label: str | None = None
    description: str = ""
    table: str | None = None
    sql: str | None = None
    primary_key: Names = ()
    time: str | None = None
    complete: Complete | None = None
    recorded: str | None = None
    joins: Annotated[Mapping[str, Join], BeforeValidator(_as_mapping)] = Field(default_factory=dict)
    validity: Validity | None = None
    via: Mapping[str, str] = Field(default_factory=dict)
    hierarchies: Mapping[str, Names] = Field(default_factory=dict)
    dimensions: Annotated[
        Mapping[str, Annotated[Dimension, BeforeValidator(_as_mapping, json_schema_input_type=Dimension | None)]],
        BeforeValidator(_as_mapping),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Dataset:
        if (self.table is None) == (self.sql is None):
            raise ValueError(f"dataset '{self.name}' needs either 'table' or 'sql'")
        return self

    @property
    def looked_up_keys(self) -> tuple[str, ...]:
        """The key columns that a lookup matches: all of the primary key but the start of validity."""
        start = self.validity.from_ if self.validity is not None else None
        return tuple(column for column in self.primary_key if column != start)

    def all_dimensions(self) -> Mapping[str, Dimension]:
        """The listed dimensions and those that need no listing: clock, validity, keys and join columns."""
        found = dict(self.dimensions)
        times = [self.time]
        if self.validity is not None:
            times += [self.validity.from_, self.validity.to]
        for name in filter(None, times):
            listed = found.get(name) or Dimension.model_construct()
            if listed.type is None:
                found[name] = listed.model_copy(update={"type": "timestamp"})
        for name in (*self.primary_key, *(column for join in self.joins.values() for column in join.columns)):
            if name not in RESERVED:  # a column of such a name is a key, and no dimension
                found.setdefault(name, Dimension.model_construct())
        return found


class Segment(Described):
    """A named condition over dimensions.

    filter: a condition over dimensions (bare when unique, else qualified) and other segments; no time words. It
        stands where its name stands, in parentheses; its names resolve against the metric's dataset like those of
        `where`. In a metric's `filter` a segment's name wins over a column of that name
    """

    name: str
    filter: str


class Target(Shape):
    """Where queries run. Any text of it may take a value from the environment: `"{{ env.WAREHOUSE_FILE }}"`.

    engine: `duckdb` or `databricks`; see DATABRICKS.md for the latter
    database: DuckDB: the file, relative to the project folder; left out: in memory
    host: Databricks: the workspace, `dbc-….cloud.databricks.com`, as in its address
    http_path: Databricks: the SQL warehouse, `/sql/1.0/warehouses/…`, or a cluster, from its connection details
    token_variable: Databricks: the environment variable that holds the access token. Default DATABRICKS_TOKEN
    client_id_variable: Databricks: the one that holds the id of an OAuth client. Default DATABRICKS_CLIENT_ID
    client_secret_variable: Databricks: the one that holds its secret. Default DATABRICKS_CLIENT_SECRET
    schema: for tables that are written `"{{ target.schema }}.activity"`; on Databricks also for those without a schema
    catalog: for tables that are written `"{{ target.catalog }}.sales.activity"`; on Databricks like `schema`
    variables: names of your own, for tables that are written `"{{ target.name_of_your_own }}"`
    """

    engine: Literal["duckdb", "databricks"]
    database: str | None = None
    host: str | None = None
    http_path: str | None = None
    token_variable: VariableName = None
    client_id_variable: VariableName = None
    client_secret_variable: VariableName = None
    schema_: str | None = Field(default=None, alias="schema")
    catalog: str | None = None
    variables: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_its_engine(self) -> Target:
        wrong = [key for engine, keys in _ENGINE_KEYS.items() if engine != self.engine for key in keys]
        if extra := [key for key in wrong if getattr(self, key) is not None]:
            raise ValueError(f"'{extra[0]}' is no setting of {self.engine}")
        if self.engine == "databricks" and (self.host is None or self.http_path is None):
            raise ValueError("a target on databricks needs host and http_path")
        return self


class Project(Shape):
    """The settings of project.yml.

    name: the project's name, shown in workbooks
    time_zone: business time zone, an IANA name: periods, `at`, days, weeks are in it. Default UTC
    week_start: the weekday on which a week starts. Default monday
    fiscal_year_start: the month with which fiscal years begin: `fiscal_year`, `fiscal_quarter`, `FY2025`. Default
        january
    default_target: the target used when none is named; may be left out when there is one target
    targets: name → where queries run, see below. Default: a DuckDB in memory
    """

    name: str = "metricast"
    time_zone: str = "UTC"
    week_start: Weekday = "monday"
    fiscal_year_start: YearMonth = "january"
    targets: Mapping[str, Target] = Field(default_factory=lambda: {"local": Target(engine="duckdb")})
    default_target: str | None = None


def _spread_personal(datasets: Mapping[str, Dataset], dimensions: Mapping[str, dict[str, Dimension]]) -> bool:
    """Mark the columns that are looked up in a personal key as personal too, unless they say; whether any was not."""
    found = False
    for name, dataset in datasets.items():
        for role, join in dataset.joins.items():
            target = datasets.get(join.dataset or role)
            for text, key in zip(join.on, target.looked_up_keys if target else (), strict=False):
                own = dimensions[name].get(_plain_key(text) or "")
                theirs = dimensions[join.dataset or role].get(key)
                if own and theirs and theirs.personal and not own.personal and "personal" not in own.model_fields_set:
                    dimensions[name][str(_plain_key(text))] = own.model_copy(update={"personal": True})
                    found = True
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A checked project: what queries are compiled against."""

    project: Project
    datasets: Mapping[str, Dataset]
    metrics: Mapping[str, Metric]
    segments: Mapping[str, Segment] = field(default_factory=dict)
    root: Path | None = None
    written: Written | WrittenLater = field(default_factory=Written)
    checks: Mapping[str, Check] = field(default_factory=dict)
    dimensions: Mapping[str, Mapping[str, Dimension]] = field(init=False)
    owners: Mapping[str, tuple[str, ...]] = field(init=False)
    holds_personal: bool = field(init=False)

    def __post_init__(self) -> None:
        dimensions = {name: dict(dataset.all_dimensions()) for name, dataset in self.datasets.items()}
        while _spread_personal(self.datasets, dimensions):
            continue
        owners: dict[str, tuple[str, ...]] = {}
        for dataset, found in dimensions.items():
            for name in found:
                owners[name] = (*owners.get(name, ()), dataset)
        object.__setattr__(self, "dimensions", MappingProxyType(dimensions))
        object.__setattr__(self, "owners", MappingProxyType(owners))
        personal = any(found.personal for all_ in dimensions.values() for found in all_.values())
        object.__setattr__(self, "holds_personal", personal)

    @property
    def documents(self) -> Documents:
        """The YAML files, but for project.yml."""
        return self.written.documents

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Where every named entry stands in them: `datasets.users`, `metrics.aov`."""
        return self.written.nodes

    @property
    def name(self) -> str:
        """The project's name."""
        return self.project.name

    @property
    def time_zone(self) -> str:
        """The business time zone, an IANA name."""
        return self.project.time_zone

    @property
    def week_start(self) -> str:
        """The weekday on which a week starts."""
        return self.project.week_start

    @property
    def calendar(self) -> Calendar:
        """The business time zone, and where weeks and fiscal years start."""
        return Calendar(self.time_zone, self.week_start, self.project.fiscal_year_start)
