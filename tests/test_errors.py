"""Broken YAML and what is said about it: every mistake, its code, its line and column, and the words that help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from semantic.bins import Bins
from semantic.load import load_project, load_texts
from tests.cli_project import run

FOLDER = Path(__file__).parent / "errors"


@dataclass(frozen=True)
class ErrorCase:
    """One broken project: its files, and for each diagnostic `CODE file:line:column [words of the text]`."""

    id: str
    files: dict[str, str]
    expect: tuple[str, ...]


def _cases() -> list[ErrorCase]:
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert entries, f"{path.name} is empty"
        for entry in entries:
            assert set(entry) == {"name", "files", "expect"}, f"{path.name}: {entry.get('name')}"
            found.append(ErrorCase(f"{path.stem}::{entry['name']}", entry["files"], tuple(entry["expect"])))
    assert len({case.id for case in found}) == len(found), "two cases have one name"
    return found


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case.id)
def test_every_mistake_is_reported_at_its_place(case: ErrorCase) -> None:
    diagnostics = load_texts(case.files).diagnostics
    assert [f"{found.code} {found.span}" for found in diagnostics] == [
        " ".join(e.split(" ")[:2]) for e in case.expect
    ], "\n".join(found.render() for found in diagnostics)
    for found, expected in zip(diagnostics, case.expect, strict=True):
        words = " ".join(expected.split(" ")[2:])
        assert words in found.render(), found.render()


def _commands() -> list[dict[str, Any]]:
    paths = sorted((FOLDER / "commands").glob("*.yml"))
    return [entry for path in paths for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", _commands(), ids=lambda case: case["name"])
def test_what_is_wrong_around_the_yaml_is_said(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICAST_EMPTY", "")
    for name, text in case["files"].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = run(*case["command"].split(), "--project", tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    for word in case["expect"].split(" "):
        assert word in done.stderr, done.stderr


def test_the_caret_stands_under_the_word() -> None:
    text = (
        "metrics:\n  aov: {type: ratio, numerator: revnue, denominator: revenue}\n  revenue: {dataset: s, agg: count}\n"
    )
    text += "datasets: {s: {table: s}}\n"
    (found,) = load_texts({"metrics/sales.yml": text}).diagnostics
    assert found.render() == (
        "metrics/sales.yml:2:33  E209 unknown metric 'revnue' in ratio 'aov'\n"
        "    aov: {type: ratio, numerator: revnue, denominator: revenue}\n"
        "                                  ^^^^^^   did you mean 'revenue'?"
    )


def test_yes_no_and_times_are_text_as_they_are_written() -> None:
    text = "datasets: {no: {table: on, description: 12:30:00, label: yes}}\n"
    loaded = load_texts({"a.yml": text})
    assert loaded.model is not None
    dataset = loaded.model.datasets["no"]
    assert (dataset.table, dataset.description, dataset.label) == ("on", "12:30:00", "yes")


def test_a_key_without_a_value_is_as_if_it_were_not_there() -> None:
    text = "datasets: {users: {table: users, label: , description: ~, time: null, dimensions: {age: , sex: ~}}}\n"
    loaded = load_texts({"a.yml": text, "b.yml": "metrics:\n"})
    assert loaded.model is not None, loaded.diagnostics
    dataset = loaded.model.datasets["users"]
    assert (dataset.label, dataset.description, dataset.time, list(dataset.dimensions)) == (
        None,
        "",
        None,
        ["age", "sex"],
    )


def test_numbers_are_read_where_numbers_are_wanted() -> None:
    text = "datasets: {2024_sales: {table: 2024, label: 1.10}}\n"
    assert "not a usable name" in load_texts({"a.yml": text}).diagnostics[0].message
    text = "datasets: {s: {table: 2024, label: 1.10, dimensions: {a: {bins: [1, 2.5]}}}}\n"
    text += "metrics: {m: {dataset: s, agg: sum, expr: 1, empty: 0}}\n"
    model = load_texts({"a.yml": text}).model
    assert model is not None
    assert (model.datasets["s"].label, model.datasets["s"].dimensions["a"].bins) == ("1.10", Bins(edges=(1, 2.5)))
    assert model.metrics["m"].empty == 0


def test_a_folder_without_a_project_says_so(tmp_path: Path) -> None:
    (found,) = load_project(tmp_path).diagnostics
    assert found.code == "E110"
    (tmp_path / "metrics").mkdir()
    (found,) = load_project(tmp_path).diagnostics
    assert found.code == "E110"
    assert "no .yml file" in found.message


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "a.yml").write_bytes(b"datasets: {caf\xe9: {table: x}}")
    (found,) = load_project(tmp_path).diagnostics
    assert found.code == "E111"
    assert str(found.span).startswith("metrics/a.yml")


def test_a_file_that_is_not_utf8_is_reported_at_the_character(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "a.yml").write_bytes(b"datasets:\n  caf\xe9: {table: x}\n")
    (tmp_path / "metrics" / "b.yml").write_text("metrics: {n: {dataset: x, agg: count}}\n")
    (found,) = load_project(tmp_path).diagnostics
    assert (found.code, str(found.span), found.hint) == ("E111", "metrics/a.yml:2:6", "save it as UTF-8")


def test_a_tab_is_shown_where_the_caret_points_at_it() -> None:
    (found,) = load_texts({"a.yml": "metrics:\n\tn: {dataset: users}\n"}).diagnostics
    assert found.render().splitlines()[1:] == [
        "    →n: {dataset: users}",
        "    ^   indent with spaces: YAML forbids tabs",
    ]


def test_the_caret_stands_under_the_word_after_wide_letters_and_marks() -> None:
    text = "datasets:\n  d: {table: t, label: 売上ยอดขาดี่, tabel: x}\n"
    (found,) = load_texts({"a.yml": text}).diagnostics
    line, caret = found.render().splitlines()[1:]
    assert caret.index("^") == line.index("tabel") + len("売上") - len("ี่")


def test_characters_that_move_the_cursor_are_not_printed() -> None:
    (found,) = load_texts({"a.yml": "metrics:\n  n: {dataset: \x1b[2Jusers}\n"}).diagnostics
    assert "\x1b" not in found.render()
