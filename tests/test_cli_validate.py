"""`metricast validate` as an analyst meets it: the columns of the target, the rows with --data, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.cli_project import MODEL, ROWS, make_project, run

BROKEN = "INSERT INTO users VALUES ('u2', 'x'); INSERT INTO events VALUES ('e4', 'u9', NULL, 'login', 1)"


def _project(folder: Path, model: str = MODEL, *more: str) -> Path:
    return make_project(folder, model, ROWS + ";".join(more))


def _write(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / ".metricast" / "tiny.duckdb")) as connection:
        connection.execute(statement)


def test_a_column_that_is_not_there_is_shown_with_a_caret(tmp_path: Path) -> None:
    done = run("validate", "--project", _project(tmp_path, MODEL.replace("expr: amount", "expr: amonut")))
    assert (done.exit_code, done.stderr) == (1, "")
    assert done.stdout == (
        "metrics/model.yml:14:44  E402 the table 'events' has no column 'amonut'\n"
        "    spend: {dataset: events, agg: sum, expr: amonut}\n"
        "                                             ^^^^^^   did you mean 'amount'?\n"
    )


def test_columns_and_exports_are_told_together(tmp_path: Path) -> None:
    folder = _project(tmp_path, MODEL.replace("primary_key: note_id", "primary_key: id"))
    (folder / "metrics" / "e.yml").write_text("exports: {x: {queries: {q: {metrics: [evnts]}}, to: [{csv: {}}]}}\n")
    done = run("validate", "--project", folder)
    assert done.exit_code == 1
    assert "evnts" in done.stdout
    assert "has no column 'id'" in done.stdout


@pytest.mark.parametrize("trouble", ["missing", "in use", "no database"])
def test_without_the_target_the_yaml_alone_is_checked(tmp_path: Path, trouble: str) -> None:
    folder = _project(tmp_path)
    database = folder / ".metricast" / "tiny.duckdb"
    if trouble == "missing":
        database.unlink()
    elif trouble == "no database":
        database.write_text("no database " * 1000)
    with duckdb.connect(str(database) if trouble == "in use" else ":memory:"):
        plain, data = (run("validate", *flags, "--project", folder) for flags in ((), ("--data",)))
    assert plain.exit_code == 0
    assert plain.stderr.startswith("columns were not checked: the database .metricast/tiny.duckdb ")
    assert plain.stderr.endswith("no mistakes in 3 datasets, 4 metrics, 0 exports\n")
    assert len(plain.stderr.splitlines()) == 2
    assert (plain.stdout, data.stderr, data.exit_code) == ("", "", 1)
    assert data.stdout.startswith("E401  the database .metricast/tiny.duckdb ")


@pytest.mark.parametrize("setting", ["database: '{{ env.TINY }}'", "schema: '{{ env.TINY }}'"])
def test_a_target_whose_variable_is_not_set_is_not_reachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.delenv("TINY", raising=False)
    folder = _project(tmp_path, MODEL.replace("table: notes", "table: '{{ target.schema }}.notes'"))
    settings = f"targets: {{local: {{engine: duckdb, schema: main, {setting}}}}}\n".replace(
        "schema: main, schema", "schema"
    )
    (folder / "metrics" / "project.yml").write_text(settings)
    plain, data = (run("validate", *flags, "--project", folder) for flags in ((), ("--data",)))
    assert plain.exit_code == 0, plain.stdout
    assert plain.stderr.startswith("columns were not checked: the environment variable 'TINY' is not set\n")
    assert data.exit_code == 1
    assert "E114" in data.stdout


def test_good_data_are_described(tmp_path: Path) -> None:
    _write(_project(tmp_path), "DELETE FROM events WHERE user_id IS NULL")
    done = run("validate", "--data", "--as-of", "2025-03-01", "--project", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "dataset  rows  first (Asia/Bangkok)  last",
        "-------  ----  --------------------  ----------------",
        "users       2",
        "events      2  2025-01-05 17:00      2025-01-07 01:00",
        "notes       1",
    ]
    assert done.stderr == "no mistakes in 3 datasets, 4 metrics, 0 exports\n"


def test_findings_are_told_and_are_no_mistakes(tmp_path: Path) -> None:
    done = run("validate", "--data", "--as-of", "2025-01-10", "--project", _project(tmp_path))
    assert done.exit_code == 0
    assert done.stdout.split("by it:\n\n")[1] == (
        "metrics/model.yml:7:11  E425 1 of 3 rows of 'events' (33.3%): "
        "at_utc lies in the future, after 2025-01-11 00:00\n"
        "    time: at_utc\n"
        "          ^^^^^^\n"
        "metrics/model.yml:8:25  E422 1 of 3 rows of 'events' (33.3%): user_id is NULL: no lookup by users\n"
        "    joins: {users: {on: user_id}}\n"
        "                        ^^^^^^^\n"
    )


def test_mistakes_in_the_data_end_with_1_below_the_findings(tmp_path: Path) -> None:
    done = run("validate", "--data", "--project", _project(tmp_path, MODEL, BROKEN))
    assert (done.exit_code, done.stderr) == (1, "")
    assert [word for word in done.stdout.split() if word.startswith("E4")] == ["E424", "E421", "E422", "E411"]
    assert "dataset 'users' has keys (user_id) that stand on more than one row: 1; 2 of 3 rows (66.7%)" in done.stdout


def test_findings_are_warnings_for_programs(tmp_path: Path) -> None:
    folder = _project(tmp_path, MODEL, BROKEN)
    done = run("validate", "--data", "--format", "json", "--project", folder)
    found = [(each["code"], each["severity"], each.get("rows"), each.get("of")) for each in json.loads(done.stdout)]
    assert found == [
        ("E411", "error", None, None),
        ("E424", "warning", 1, 4),
        ("E421", "warning", 1, 4),
        ("E422", "warning", 1, 4),
    ]
    done = run("validate", "--data", "--format", "github", "--project", folder)
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["::error", *["::warning"] * 3]


def test_no_value_of_a_text_is_shown(tmp_path: Path) -> None:
    model = MODEL.replace(
        "kind: {description: What happened.}", "kind: {}, bad: {expr: cast(kind as date), type: date}"
    )
    done = run(
        "validate", "--data", "--project", _project(tmp_path, model.replace("time: at_utc", "time: bad"), BROKEN)
    )
    assert done.exit_code == 1
    assert "E413 the rows of dataset 'events' cannot be read" in done.stdout
    for value in ("login", "u9", 'a, "b"'):
        assert value not in done.output


def test_what_only_the_target_refuses_is_found_without_running_it(tmp_path: Path) -> None:
    tags = "ALTER TABLE notes ADD COLUMN tags INT[]"
    model = MODEL + "  longest: {dataset: notes, agg: sum, expr: tags}\n"
    done = run("validate", "--data", "--project", _project(tmp_path, model, tags))
    assert done.exit_code == 1
    assert "metrics/model.yml:16:3  E406 DuckDB refused the query" in done.stdout


def test_personal_metrics_need_no_purpose_to_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICAST_MASK_KEY", raising=False)
    model = MODEL.replace("gender: {label: Gender}", "gender: {personal: true}")
    model += "  some: {dataset: users, agg: max, expr: gender}\n"
    done = run("validate", "--data", "--project", _project(tmp_path, model))
    assert done.exit_code == 0, done.stdout
    assert not (tmp_path / ".metricast" / "personal_access.jsonl").exists()


def test_deprecated_names_that_are_used_are_warnings(tmp_path: Path) -> None:
    model = f"""{MODEL}  people: {{dataset: events, agg: count_distinct, expr: user_id, deprecated: active_users}}
  spend_per_person: {{type: ratio, numerator: spend, denominator: people}}
exports:
  weekly: {{queries: {{q: {{metrics: [people]}}}}, to: [{{excel: {{path: a.xlsx}}}}]}}
"""
    root = _project(tmp_path, model)
    shown = run("validate", "--project", str(root))
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert shown.stderr.count("E223") == 2
    assert "metric 'spend_per_person' uses 'people', which is deprecated" in shown.stderr
    assert "use 'active_users' instead" in shown.stderr
    told = json.loads(run("validate", "--format", "json", "--project", str(root)).stdout)
    assert [(each["code"], each["severity"]) for each in told] == [("E223", "warning")] * 2
    assert told[1]["message"] == "export 'weekly' uses 'people', which is deprecated"
