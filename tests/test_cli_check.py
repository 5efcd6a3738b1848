"""`metricast check` as an analyst meets it: a line for each check, the rows that do not hold, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from tests.cli_project import MODEL, ROWS, make_project, run

CHECKS = """
  spend_so_far: {type: cumulative, metric: spend}
  spend_before: {type: comparison, metric: spend_so_far, offset: previous period, as: value}
checks:
  spend_adds_up:
    opening: spend_before
    flows: [spend]
    closing: spend_so_far
    by: [month]
    period: 2024-12..2025-02
  events_are_few: {metric: events, expect: {max: 1}, by: [day], owner: me}
"""
LATE = "INSERT INTO events SELECT 'l' || n, 'u1', TIMESTAMP '2025-02-10 08:00' + n * INTERVAL 1 DAY, 'x', 1 "


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_project(tmp_path, MODEL + CHECKS, ROWS)


def _check(folder: Path, *arguments: str) -> Result:
    return run("check", *arguments, "--project", folder, "--as-of", "2025-03-01")


def _with(folder: Path, old: str, new: str) -> Path:
    path = folder / "metrics" / "model.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_what_holds_is_a_line_each(tiny: Path) -> None:
    done = _check(tiny)
    assert (done.exit_code, done.stderr) == (0, "2 of 2 checks passed\n")
    assert done.stdout == "passed   spend_adds_up   3 rows\npassed   events_are_few  28 rows\n"


def test_what_does_not_hold_is_shown_with_its_rows(tiny: Path) -> None:
    done = _check(_with(tiny, "flows: [spend]", "flows: [-spend]"))
    assert (done.exit_code, done.stderr) == (1, "1 of 2 checks passed\n")
    assert done.stdout.splitlines() == [
        "FAILED   spend_adds_up   1 of 3 rows does not hold",
        "    month 2025-01-01: spend_before NULL, spend 3.75, spend_so_far 3.75: -3.75 is expected, off by 7.5",
        "passed   events_are_few  28 rows",
    ]


def test_five_rows_are_shown_and_the_rest_is_counted(tiny: Path) -> None:
    with duckdb.connect(str(tiny / ".metricast" / "tiny.duckdb")) as connection:
        connection.execute(LATE + "FROM range(7) t(n), range(2)")
    done = _check(tiny, "events_are_few")
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert lines[0] == "FAILED   events_are_few  7 of 43 rows do not hold (owner: me)"
    assert lines[1] == "    day 2025-02-10: events 2: it is more than 1"
    assert (len(lines), lines[-1]) == (7, "    and 2 more")


def test_a_warning_does_not_change_the_exit_code(tiny: Path) -> None:
    done = _check(_with(tiny, "flows: [spend]", "severity: warning\n    flows: [-spend]"))
    assert done.exit_code == 0
    assert done.stdout.startswith("warning  spend_adds_up   1 of 3 rows does not hold\n")


def test_no_rows_are_no_proof(tiny: Path) -> None:
    done = _check(_with(tiny, "by: [day], owner: me", "by: [kind], where: \"kind = 'nothing'\""), "events_are_few")
    assert (done.exit_code, done.stdout) == (0, "passed   events_are_few  0 rows: there was nothing to check\n")


def test_one_that_cannot_be_run_fails_and_the_others_go_on(tiny: Path) -> None:
    with duckdb.connect(str(tiny / ".metricast" / "tiny.duckdb")) as connection:
        connection.execute("ALTER TABLE events RENAME amount TO price")
    done = _check(tiny)
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert lines[0] == "FAILED   spend_adds_up   it could not be run"
    assert "E402" in lines[1] or "E406" in lines[1]
    assert lines[-1] == "passed   events_are_few  28 rows"


def test_for_programs(tiny: Path) -> None:
    done = _check(_with(tiny, "flows: [spend]", "flows: [-spend]"), "--format", "json")
    failed, passed = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (failed["check"], failed["status"], failed["severity"]) == ("spend_adds_up", "failed", "error")
    assert (failed["rows"], failed["broken"]) == (3, 1)
    (example,) = failed["examples"]
    assert example["dimensions"] == {"month": "2025-01-01"}
    assert example["numbers"] == {"spend_before": None, "spend": "3.75", "spend_so_far": "3.75"}
    assert [(each["code"], each["file"]) for each in failed["mistakes"]] == [("E414", "metrics/model.yml")]
    assert (passed["status"], passed["examples"], passed["mistakes"]) == ("passed", [], [])


def test_for_a_pull_request(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny)
    _with(tiny, "flows: [spend]", "flows: [-spend]")
    done = _check(tiny, "--format", "github")
    line = (tiny / "metrics" / "model.yml").read_text().splitlines().index("  spend_adds_up:") + 1
    assert done.stdout.startswith(f"::error file=metrics/model.yml,line={line},col=3,endColumn=16,title=E414::check ")
    assert len(done.stdout.splitlines()) == 1


def test_unknown_names_and_projects_without_checks(tiny: Path) -> None:
    done = _check(tiny, "spend_add_up")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "E348  unknown check 'spend_add_up'" in done.stderr
    assert "did you mean 'spend_adds_up'?" in done.stderr
    _with(tiny, CHECKS, "")
    done = _check(tiny)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "the project has no checks\n")


def test_personal_values_are_not_shown(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICAST_MASK_KEY", "an-example-that-is-no-secret")
    _with(tiny, "dimensions: {kind:", "dimensions: {user_id: {personal: true}, kind:")
    _with(tiny, "expect: {max: 1}, by: [day]", "expect: zero, by: [events.user_id]")
    done = _check(tiny, "events_are_few")
    assert done.exit_code == 1
    assert "user_id" in done.stdout
    assert not {"user_id u1,", "user_id u1:", "user_id u2:"} & {line.strip()[:11] for line in done.stdout.splitlines()}
    assert " u1" not in done.stdout
