"""The page of the language: its tables of keys are made from the shapes. METRICAST_WRITE_DOCS=1 writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from exporters.definitions import QueryShape, TopShape
from semantic.aggregates import AGGREGATE_NAMES, MEANINGS
from semantic.bins import Bins
from semantic.calendars import CalendarDimension, CalendarPeriod, CalendarTable
from semantic.checking.shape import Check, Expectation
from semantic.complete import Complete
from semantic.described import Deprecated, Described
from semantic.dialects import DIALECTS
from semantic.formats import Format, Thresholds
from semantic.keys import key_texts
from semantic.metric_types import METRIC_TYPES, Derived, Metric, Ratio, Simple
from semantic.metric_types.ratio import Part
from semantic.model import Dataset, Dimension, Join, Project, Segment, Target, Validity
from semantic.parse import parse
from semantic.trees import column, select
from semantic.vocabulary import VOCABULARY, Function
from tests.pages.tables import marked, with_tables

PAGE = Path(__file__).parents[2] / "semantic" / "LANGUAGE.md"
AGGREGATES = re.compile(r"<!-- aggregates -->\n.*?<!-- end of aggregates -->", re.DOTALL)
FUNCTIONS = re.compile(r"<!-- functions -->\n.*?<!-- end of functions -->", re.DOTALL)
TABLES: dict[str, tuple[str, type[BaseModel]]] = {
    "Project": ("key", Project),
    "Target": ("target key", Target),
    "Dataset": ("dataset key", Dataset),
    "Complete": ("complete key", Complete),
    "Join": ("join key", Join),
    "Dimension": ("dimension key", Dimension),
    "Described": ("metrics, dimensions and segments", Described),
    "Metric": ("metric key", Metric),
    "Simple": ("simple", Simple),
    "Ratio": ("ratio", Ratio),
    "Derived": ("derived", Derived),
    **{shape.__name__: (name, shape) for name, shape in METRIC_TYPES.items() if shape not in (Simple, Ratio, Derived)},
    "Format": ("format key", Format),
    "Thresholds": ("thresholds key", Thresholds),
    "Segment": ("segment key", Segment),
    "CalendarTable": ("calendar key", CalendarTable),
    "CalendarPeriod": ("period of a calendar", CalendarPeriod),
    "CalendarDimension": ("dimension of a calendar", CalendarDimension),
    "Check": ("check key", Check),
    "Expectation": ("expect key", Expectation),
    "Query": ("part of a query", QueryShape),
    "Top": ("top key", TopShape),
}
OTHERS: tuple[type[BaseModel], ...] = (Bins, Deprecated, Part, Validity)


def written(text: str) -> str:
    """The page with its tables as the shapes and the vocabulary say."""
    functions = f"<!-- functions -->\n{_functions()}\n<!-- end of functions -->"
    aggregates = f"<!-- aggregates -->\n{_aggregates()}\n<!-- end of aggregates -->"
    text = AGGREGATES.sub(lambda _: aggregates, with_tables(text, TABLES))
    return FUNCTIONS.sub(lambda _: functions, text)


def _aggregates() -> str:
    rows = [f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items()]
    return "\n".join(["| `agg` | value |", "|---|---|", *rows])


def _functions() -> str:
    """A table of the vocabulary, each function as it is written on both engines."""
    rows = ["| function | takes | gives | meaning | DuckDB | Databricks |", "|---|---|---|---|---|---|"]
    for name, function in VOCABULARY.items():
        takes = ["a unit"] * function.unit + [kind or "any" for kind in function.takes]
        gives = "the same" if function.alike else str(function.gives)
        cells = (f"`{_example(name)}`", _counted(takes, function), gives, function.meaning)
        written = (f"`{_emitted(name, dialect)}`".replace("|", "\\|") for dialect in DIALECTS)
        rows.append("| " + " | ".join((*cells, *written)) + " |")
    return "\n".join(rows)


def _counted(takes: list[str], function: Function) -> str:
    optional = len(takes) - function.least
    shown = takes[: len(takes) - optional] + [f"[{kind}]" for kind in takes[len(takes) - optional :]]
    return ", ".join(shown) + (", …" if function.more else "")


def _arguments(name: str) -> list[str]:
    function = VOCABULARY[name]
    columns = list("abc"[: len(function.takes) + function.more])
    if name == "round":
        columns[1] = "2"  # its digits must be written out
    if function.pattern:
        columns[-1] = "'^a.*b$'"
    return [*(["'month'"] * function.unit), *columns]


def _example(name: str) -> str:
    return f"{name}({', '.join(_arguments(name))})"


def _emitted(name: str, dialect: str) -> str:
    tree = parse(_example(name)).replace_names(lambda found: column(found.name))
    return " ".join(DIALECTS[dialect].emit(select([tree])).split()).removeprefix("SELECT ")


def test_the_tables_are_those_of_the_shapes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("METRICAST_WRITE_DOCS"):
        PAGE.write_text(written(text), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written(text)
    assert set(marked(text)) == set(TABLES)
    assert tuple(MEANINGS) == AGGREGATE_NAMES


@pytest.mark.parametrize("shape", [*(shape for _, shape in TABLES.values()), *OTHERS], ids=lambda shape: shape.__name__)
def test_every_key_says_what_it_means(shape: type[BaseModel]) -> None:
    texts = key_texts(shape)
    given = set() if "name" in texts else {"name"}  # an entry's name is its key in the YAML
    assert set(texts) == {field.alias or name for name, field in shape.model_fields.items()} - given
