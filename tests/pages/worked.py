"""Worked examples on a page: the cases `tests/cases/example_*.yml` as text, and what may stand in what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from textwrap import dedent
from typing import Any

from exporters.definitions import TopShape
from semantic.calendars import CalendarTable
from semantic.complete import Complete
from semantic.keys import summary
from semantic.metric_types import METRIC_TYPES, Metric
from semantic.metric_types.per import Per
from semantic.metric_types.semi_additive import SemiAdditive
from semantic.source import Shape
from tests.case_files import FOLDER, Case, Expected, load_cases
from tests.pages.markdown import INDENT

EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n.*?<!-- end of example -->", re.DOTALL)
INSIDE = re.compile(r"<!-- inside -->\n.*?<!-- end of inside -->", re.DOTALL)
_MODEL = re.compile(r"^model:\n(.*?)^tables:\n", re.MULTILINE | re.DOTALL)
_FLAGS = ("totals", "fill", "is_complete", "complete_only")
EXPLAINED: dict[str, type[Shape]] = {**METRIC_TYPES, "complete": Complete, "top": TopShape, "calendar": CalendarTable}


def with_examples(text: str) -> str:
    """A page with its worked examples as the cases are, and the table of what may stand in what as the types say."""
    text = EXAMPLE.sub(lambda found: f"<!-- example: {found[1]} -->\n{example(found[1])}<!-- end of example -->", text)
    return INSIDE.sub(f"<!-- inside -->\n{inside()}\n<!-- end of inside -->", text)


def shown(text: str) -> list[str]:
    """The types, or keys, that have an example on a page, in order."""
    return [found[1] for found in EXAMPLE.finditer(text)]


@cache
def example(kind: str) -> str:
    """What the type, key of a dataset or part of a query is, the model, rows, what is asked, and the answer."""
    cases = [case for case in load_cases() if case.id.startswith(f"example_{kind}::")]
    parts = [summary(EXPLAINED[kind]), model(kind), *_rows(cases[0])]
    for case in cases:
        assert isinstance(case.outcome, Expected)
        parts += [f"`{asked(case)}`", _table(case.outcome.answer.columns, case.outcome.answer.rows), case.why]
    return "\n\n".join(parts) + "\n"


def model(kind: str) -> str:
    """The model of an example as it is written, as a block of code."""
    found = _MODEL.search((FOLDER / f"example_{kind}.yml").read_text(encoding="utf-8"))
    assert found is not None
    return "\n".join(INDENT + line if line else "" for line in dedent(found[1]).rstrip().splitlines())


def _rows(case: Case) -> list[str]:
    return [_table([name for name, _ in table.columns], table.rows, table.name) for table in case.tables]


def asked(case: Case) -> str:
    """The query of a case as a command."""
    query = dict(case.query)
    flags = [f"--{name.replace('_', '-')}" for name in _FLAGS if query.get(name)]
    others = [f"--by {','.join(query['by'])}"] if query.get("by") else []
    others += [f"--period {query['period']}"] if query.get("period") else []
    others += [f"--top {query['top']['dimension']}:{query['top']['n']}:{query['top']['by']}"] if "top" in query else []
    known = {"metrics", "by", "period", "top", *_FLAGS}
    assert set(query) <= known, f"{case.id}: {query} cannot be written as a command yet"
    return " ".join(["metricast query", *query["metrics"], *others, *flags])


def _table(columns: Iterable[str], rows: Iterable[Iterable[Any]], name: str = "") -> str:
    head = [f"`{name}` {column}" if at == 0 and name else column for at, column in enumerate(columns)]
    lines = [head, ["---"] * len(head), *(list(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix("+00:00")


def inside() -> str:
    """A table of the types that may stand within each, at any depth."""
    lines = ["| type | may be made of |", "|---|---|"]
    for name, kind in METRIC_TYPES.items():
        if name == "simple":
            continue
        if kind is Per:
            lines.append(f"| `per` with `grain` | {_allowed(kind.not_inside)} |")
            lines.append(f"| `per` with `entity` | {_allowed(_per_entity().forbidden)} |")
        elif kind is SemiAdditive:
            lines.append(f"| `{name}` | `simple`: `count`, `sum` |")
        else:
            lines.append(f"| `{name}` | {_allowed(kind.not_inside)} |")
    return "\n".join(lines)


def _per_entity() -> Metric:
    return Per(name="example", type="per", metric="example", entity="users.user_id", agg="avg")


def _allowed(forbidden: tuple[str, ...]) -> str:
    left = [name for name in METRIC_TYPES if name not in forbidden]
    return ", ".join(f"`{name}`" for name in left) if forbidden else "all"
