"""Exports in YAML: what they become, and that every mistake is reported where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from exporters import Schedule, load_exports, read_exports
from exporters.definitions import QueryShape
from semantic import ModelError, Query
from semantic.errors import Diagnostic
from semantic.load import load_texts
from tests.exporters.making import EXPORTS, METRICS, PROJECT, make_model

FILE = "metrics/exports.yml"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A broken text and what has to be reported for it."""

    name: str
    code: str
    says: str
    text: str
    more: str = ""

    @property
    def marked(self) -> str:
        return "exports:\n" + re.sub("^", "  ", self.text, flags=re.MULTILINE)


MISTAKES = [Mistake(**each) for each in yaml.safe_load((Path(__file__).parent / "mistakes.yml").read_text())]


def reported(exports: str, more: str = "") -> list[Diagnostic]:
    files = {"metrics/project.yml": PROJECT.format(zone="UTC"), "metrics/shop.yml": METRICS}
    loaded = load_texts({**files, **({"metrics/more.yml": more} if more else {}), FILE: exports})
    assert loaded.model is not None, loaded.diagnostics
    found: list[Diagnostic] = []
    read_exports(loaded.model, found.append)
    return found


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_reported_where_it_stands(mistake: Mistake) -> None:
    before, marked, _ = re.split("[«»]", mistake.marked)
    (found,) = reported(re.sub("[«»]", "", mistake.marked), mistake.more)
    assert found.span is not None
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    assert (found.code, found.span.file, found.span.line, found.span.column) == (mistake.code, FILE, line, column)
    assert found.span.length == len(marked)
    assert mistake.says in f"{found.message} {found.hint}"


def test_no_two_mistakes_are_named_the_same() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)


def test_all_mistakes_are_reported_at_once() -> None:
    exports = """
exports:
  a: {queries: {q: {metrics: [nope]}}, to: [excel: {path: ../a.xlsx}]}
  b: {queries: {q: {metrics: [activities]}}, to: [excel: {path: b.xlsx, title: "{{ x }}"}, {exel: {}}]}
"""
    with pytest.raises(ModelError) as caught:
        load_exports(make_model(exports))
    assert sorted(each.code for each in caught.value.diagnostics) == ["E303", "E503", "E511", "E512"]


def test_what_an_export_becomes() -> None:
    weekly = load_exports(make_model(EXPORTS))["weekly"]
    assert (weekly.name, weekly.description, weekly.owner) == ("weekly", "Are people coming back?", "Growth team")
    assert weekly.schedule == Schedule("0 7 * * mon", "Asia/Bangkok", "latest")
    assert list(weekly.queries) == ["trend", "kinds", "hours"]
    assert weekly.queries["trend"] == Query(
        metrics=("active_users", "activities", "login_share", "spend"),
        by=("week",),
        period="last 13 weeks",
        totals=True,
    )
    assert weekly.queries["hours"].period == "2025-03-30"
    (destination,) = weekly.destinations
    assert destination.exporter.name == "excel"
    assert destination.node.child("path").value == "drops/{{ export.name }}_{{ run.date }}.xlsx"


def test_what_is_left_out() -> None:
    body = "{schedule: {cron: 0 7 * * *}, queries: {q: {metrics: activities}}, to: [excel: {path: a.xlsx}]}"
    export = load_exports(make_model(f"exports: {{a: {body}}}", zone="Europe/Berlin"))["a"]
    assert export.schedule == Schedule("0 7 * * *", "Europe/Berlin", "latest")
    assert (export.description, export.owner, export.period) == ("", None, None)
    assert export.queries["q"] == Query(metrics=("activities",))


def test_a_year_is_a_period_and_numbers_and_flags_are_read() -> None:
    query = "{metrics: [activities], by: [week], period: 2025, limit: 3, fill: false, totals: true}"
    export = load_exports(make_model(f"exports: {{a: {{queries: {{q: {query}}}, to: [excel: {{path: a.xlsx}}]}}}}"))[
        "a"
    ]
    assert export.queries["q"] == Query(("activities",), ("week",), period="2025", limit=3, fill=False, totals=True)


def test_a_query_can_say_that_it_has_no_period() -> None:
    assert QueryShape(period=None).query("last 13 weeks").period is None
    assert QueryShape().query("last 13 weeks").period == "last 13 weeks"
