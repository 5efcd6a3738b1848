"""`metricast validate`: everything that is wrong in one run, for people, for programs and for a CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scheduler.report import as_annotations
from scheduler.validate import validate_files
from semantic.errors import Diagnostic, Span
from tests.cli_project import MODEL, ROWS, make_project, run

BROKEN = {
    "metrics/project.yml": "name: broken\ntime_zone: Asia/Bankok\n",
    "metrics/exports/weekly.yml": """
exports:
  weekly:
    schedule: {cron: "0 25 * * mon"}
    owmer: Growth
    queries:
      trend: {metrics: [event, spend, kinds], by: [month, colour], where: "gendr = 'f' and women"}
      second: {metrics: [women_spend], period: lst week}
    to:
      - excel: {path: ../weekly.xlsx, sheets: [{query: trnd}]}
""",
    "metrics/model.yml": """
datasets:
  users: {table: users, primary_key: user_id, dimensions: {gender: {type: string}, age: {expr: "1 +"}}}
  events:
    table: events
    time: at_utc
    joins: {users: {on: user_id}}
    dimensions: {kind: {type: string}, amount: {type: number}}
segments:
  women: {filter: users.gendre = 'f'}
metrics:
  events: {dataset: events, agg: count}
  spend: {dataset: events, agg: sum, expr: amount, filter: kind = 5}
  kinds: {dataset: events, agg: sum, expr: age}
  women_spend: {dataset: events, agg: sum, expr: amount, filter: women}
""",
    "metrics/syntax.yml": "metrics:\n\tevents: {dataset: events}\n",
}
EXPECTED = [
    "metrics/exports/weekly.yml:4:25 E601",
    "metrics/exports/weekly.yml:5:5 E104",
    "metrics/exports/weekly.yml:7:25 E303",
    "metrics/exports/weekly.yml:7:59 E302",
    "metrics/exports/weekly.yml:7:76 E302",
    "metrics/exports/weekly.yml:8:48 E320",
    "metrics/exports/weekly.yml:10:23 E512",
    "metrics/exports/weekly.yml:10:56 E530",
    "metrics/model.yml:3:99 E210",
    "metrics/model.yml:10:19 E213",
    "metrics/model.yml:13:67 E217",
    "metrics/project.yml:2:12 E108",
    "metrics/syntax.yml:2:1 E101",
]


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_models_segments_exports_and_schedules_are_reported_together(tmp_path: Path) -> None:
    found = validate_files(make(tmp_path, BROKEN)).mistakes
    assert [f"{each.span} {each.code}" for each in found] == EXPECTED


def test_the_report_is_on_stdout_and_the_exit_code_is_1(tmp_path: Path) -> None:
    result = run("validate", "--project", make(tmp_path, BROKEN))
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout.startswith("metrics/exports/weekly.yml:4:25  E601 hour 25 is not between 0 and 23\n")


def test_json_has_one_object_for_each_mistake(tmp_path: Path) -> None:
    result = run("validate", "--format", "json", "--project", make(tmp_path, BROKEN))
    found = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (1, "")
    assert [f"{each['file']}:{each['line']}:{each['column']} {each['code']}" for each in found] == EXPECTED
    assert found[1] == {
        "code": "E104",
        "severity": "error",
        "message": "unknown key 'owmer' in export 'weekly'",
        "file": "metrics/exports/weekly.yml",
        "line": 5,
        "column": 5,
        "end_column": 10,
        "hint": "did you mean 'owner'?",
        "docs": "semantic/ERRORS.md#e104-an-unknown-key",
    }


def test_json_of_a_mistake_without_a_place(tmp_path: Path) -> None:
    result = run("validate", "--format", "json", "--project", tmp_path)
    (found,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["code"] == "E110"
    assert [found[key] for key in ("file", "line", "column", "end_column")] == [None] * 4


def test_json_of_a_project_in_order_is_an_empty_list(tiny: Path) -> None:
    result = run("validate", "--format", "json", "--project", tiny)
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_an_unknown_target_and_one_that_is_down_are_in_the_report(tmp_path: Path) -> None:
    folder = make_project(tmp_path, MODEL, ROWS)
    result = run("validate", "--format", "json", "--target", "lcal", "--project", folder)
    assert [each["code"] for each in json.loads(result.stdout)] == ["E407"]
    (folder / ".metricast" / "tiny.duckdb").unlink()
    result = run("validate", "--data", "--format", "json", "--project", folder)
    assert result.exit_code == 1
    assert {each["code"] for each in json.loads(result.stdout)} == {"E401"}


def test_annotations_name_files_as_the_repository_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "shop", BROKEN)
    monkeypatch.chdir(tmp_path)
    result = run("validate", "--format", "github", "--project", "shop")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1] == (
        "::error file=shop/metrics/exports/weekly.yml,line=5,col=5,endColumn=10,title=E104::"
        "unknown key 'owmer' in export 'weekly'%0Adid you mean 'owner'?"
    )


def test_annotations_are_escaped() -> None:
    span = Span("metrics/a,b:c%.yml", 3, 7, 2, "  x: 100%\r")
    mistake = Diagnostic("E101", "100%, a:b\r\nand more", span, "::error::")
    place = "file=metrics/a%2Cb%3Ac%25.yml,line=3,col=7,endColumn=9,title=E101"
    assert as_annotations([mistake], str) == f"::error {place}::100%25, a:b%0D%0Aand more%0A::error::\n"
    assert as_annotations([Diagnostic("E110", "no project")], str) == "::error title=E110::no project\n"


def test_columns_are_checked_beside_a_mistake_in_the_yaml(tmp_path: Path) -> None:
    folder = make_project(tmp_path, MODEL, ROWS)
    more = """
segments: {late: {filter: knd = 'x'}}
metrics:
  wrong: {dataset: events, agg: sum, expr: amont}
  typo: {dataset: events, agg: sum, exp: 1}
  late: {dataset: events, agg: count, filter: late}
"""
    found = json.loads(
        run("validate", "--format", "json", "--project", make(folder, {"metrics/more.yml": more})).stdout
    )
    assert [(each["line"], each["code"]) for each in found] == [(2, "E203"), (2, "E213"), (4, "E402"), (5, "E104")]


def test_the_target_of_a_broken_project_file_is_not_asked(tmp_path: Path) -> None:
    folder = make_project(tmp_path, MODEL, ROWS)
    make(folder, {"metrics/project.yml": "name: tiny\ntime_zone: Nowhere\n"})
    found = json.loads(run("validate", "--format", "json", "--project", folder).stdout)
    assert [each["code"] for each in found] == ["E108"]


def test_what_an_export_asks_of_a_lost_dataset_is_no_mistake_of_the_export(tmp_path: Path) -> None:
    files = {
        "metrics/project.yml": "name: shop\ntargets: {local: {engine: duckdb}}\n",
        "metrics/model.yml": """
datasets:
  users: {table: "{{ target.schema }}.users", primary_key: user_id, dimensions: {gender: {type: string}}}
metrics:
  users: {dataset: users, agg: count}
""",
        "metrics/exports/weekly.yml": """
exports:
  weekly:
    queries: {trend: {metrics: [users], by: [gender, colour]}}
    to: [{excel: {path: weekly.xlsx}}]
""",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = [(mistake.code, mistake.message) for mistake in validate_files(tmp_path).mistakes]
    assert found == [
        ("E302", "unknown dimension 'colour'"),
        ("E115", "the target 'local' has no 'schema'"),
    ]
