"""The command line as a person or a script meets it: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click
import duckdb
import pyarrow.parquet
import pytest

from scheduler.cli import cli
from tests.cli_project import ask, make_project, run

# --- query ------------------------------------------------------------


def test_csv_has_the_names_that_were_asked_for_and_nothing_else(tiny: Path) -> None:
    result = run("query", "spend", "events", "--by", "users.gender", "--format", "csv", "--project", tiny)
    assert result.stdout_bytes.decode() == "users.gender,spend,events\r\nf,1.50,1\r\nm,2.25,1\r\n,,1\r\n"


def test_csv_quotes_what_needs_it(tiny: Path) -> None:
    assert ask(tiny, "events", "--by", "kind", "--format", "csv").splitlines()[1] == '"a, ""b""",1'


def test_json_is_exact(tiny: Path) -> None:
    document = json.loads(ask(tiny, "events", "spend", "--by", "gender,day", "--no-fill", "--format", "json"))
    assert document["columns"] == ["gender", "day", "events", "spend"]
    assert document["rows"] == [
        ["f", "2025-01-05", 1, 1.5],
        ["m", "2025-01-07", 1, 2.25],
        [None, "2025-02-01", 1, None],
    ]


def test_an_instant_carries_the_offset_of_the_project(tiny: Path) -> None:
    rows = json.loads(ask(tiny, "events", "--by", "hour", "--no-fill", "--format", "json"))["rows"]
    assert rows[0] == ["2025-01-05T17:00:00+07:00", 1]


def test_the_table_is_for_people(tiny: Path) -> None:
    assert ask(tiny, "events", "--by", "gender").splitlines() == [
        "gender  events",
        "------  ------",
        "f            1",
        "m            1",
        "NULL         1",
    ]


def test_the_total_is_no_group_of_nulls(tiny: Path) -> None:
    lines = ask(tiny, "events", "--by", "gender,kind", "--totals").splitlines()
    assert lines[-1].split() == ["(total)", "3", "true"]
    assert lines[-2].split() == ["NULL", "login", "1", "false"]


def test_every_flag_reaches_the_query(tiny: Path) -> None:
    out = ask(
        tiny, "events", "--by", "month", "--by", "gender", "--where", "kind = 'login'",
        "--period", "2025-01..2025-03",
        "--having", "events > 0", "--order", "events desc, gender", "--limit", "1", "--totals", "--no-fill",
        "--format", "csv",
    )  # fmt: skip
    assert out.splitlines() == ["month,gender,events,is_total", "2025-01-01,m,1,false", ",,2,true"]


def test_the_marks_come_after_the_metrics_the_total_last(tiny: Path) -> None:
    asked = ("events", "--by", "month", "--period", "2025-01..2025-03", "--totals")
    lines = ask(tiny, *asked, "--is-complete", "--format", "csv").splitlines()
    assert lines == [
        "month,events,is_complete,is_total",
        "2025-01-01,2,true,false",
        "2025-02-01,1,false,false",
        "2025-03-01,0,false,false",
        ",3,false,true",
    ]
    table = ask(tiny, *asked, "--is-complete", "--complete-only").splitlines()
    assert [line.split() for line in table[2:]] == [
        ["2025-01-01", "2", "true", "false"],
        ["(total)", "3", "false", "true"],
    ]
    assert "events" in run("sql", *asked, "--complete-only", "--project", tiny).stdout


def test_no_metrics_lists_combinations(tiny: Path) -> None:
    assert ask(tiny, "--by", "kind", "--format", "csv").splitlines() == ["kind", '"a, ""b"""', "login"]


def test_parquet_goes_to_a_file_whole(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.parquet"
    result = run("query", "events", "--by", "gender", "--format", "parquet", "--output", path, "--project", tiny)
    assert (result.exit_code, result.stdout) == (0, "")
    assert pyarrow.parquet.read_table(path).to_pydict() == {"gender": ["f", "m", None], "events": [1, 1, 1]}
    assert [entry.name for entry in path.parent.iterdir()] == ["rows.parquet"]


def test_parquet_without_a_file_is_wrong_use(tiny: Path) -> None:
    result = run("query", "events", "--format", "parquet", "--project", tiny)
    assert result.exit_code == 2
    assert "--output" in result.stderr


@pytest.mark.parametrize("flag", ["--where", "--having", "--period"])
def test_a_condition_is_never_dropped_silently(tiny: Path, flag: str) -> None:
    result = run("query", "events", flag, "events > 0", flag, "events > 1", "--project", tiny)
    assert result.exit_code == 2
    assert flag in result.stderr


# --- as-of ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2025-02-01", "2025-02-01"),
        ("2025-01-31 23:59", "2025-01-01"),
        ("2025-02-01T00:00", "2025-02-01"),
        ("2025-01-31T17:00:00Z", "2025-02-01"),
        ("2025-01-31T16:59:59+00:00", "2025-01-01"),
    ],
)
def test_as_of_is_local_unless_it_says_otherwise(tiny: Path, text: str, month: str) -> None:
    flags = ("--by", "month", "--period", "this month", "--format", "csv")
    result = run("query", "events", *flags, "--as-of", text, "--project", tiny)
    assert result.stdout.splitlines()[1].startswith(month)


@pytest.mark.parametrize(
    ("zone", "text", "words"),
    [
        ("Europe/Berlin", "2025-03-30 02:30", "does not exist"),
        ("Europe/Berlin", "2025-10-26 02:30", "happens twice"),
        ("Europe/Berlin", "soon", "cannot read"),
    ],
)
def test_an_as_of_without_one_meaning_is_refused(zone: str, text: str, words: str) -> None:
    from scheduler.cli.options import instant

    with pytest.raises(click.ClickException, match=words):
        instant(text, zone)


def test_a_day_begins_when_its_clocks_say_so() -> None:
    from scheduler.cli.options import instant

    assert instant("2025-09-07", "America/Santiago").isoformat() == "2025-09-07T01:00:00-03:00"
    assert instant("2025-10-26 02:30+01:00", "Europe/Berlin").isoformat() == "2025-10-26T02:30:00+01:00"


# --- refusals ------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query", "event"], "did you mean 'events'"),
        (["query", "events", "--by", "colour"], "colour"),
        (["query", "events", "--as-of", "yesterday-ish"], "--as-of"),
        (["query", "events", "--target", "nowhere"], "nowhere"),
        (["sql", "events", "--dialect", "klingon"], "klingon"),
        (["explain", "event"], "did you mean 'events'"),
        (["export", "weekly"], "weekly"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_be_mended_ends_with_1_and_a_reason(tiny: Path, arguments: list[str], words: str) -> None:
    result = run(*arguments, "--project", tiny)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_broken_yaml_is_shown_with_its_place(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "model.yml").write_text(
        "metrics:\n  n: {dataset: nowhere, agg: count}\n  m: {agg: cuont}\n"
    )
    for command in (["validate"], ["query", "n"], ["list"]):
        result = run(*command, "--project", tmp_path)
        assert result.exit_code == 1
        shown = result.stdout if command == ["validate"] else result.stderr
        assert "model.yml:2:" in shown
        assert "model.yml:3:" in shown


def test_a_folder_without_a_project_says_what_to_do(tmp_path: Path) -> None:
    result = run("query", "events", "--project", tmp_path)
    assert result.exit_code == 1
    assert "metricast init" in result.stderr


def test_a_file_that_cannot_be_written_is_named(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("query", "events", "--format", "csv", "--output", tmp_path / "file" / "x.csv", "--project", tiny)
    assert result.exit_code == 1
    assert "file" in result.stderr


def test_wrong_use_ends_with_2() -> None:
    assert run("query", "--no-such-flag").exit_code == 2
    assert run("no-such-command").exit_code == 2
    assert run("query", "events", "--limit", "-1").exit_code == 2


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "9999-12-31", "9999-12-31T23:59-12:00"])
def test_an_as_of_beyond_the_calendar_is_refused(tiny: Path, text: str) -> None:
    done = run("query", "events", "--period", "this year", "--as-of", text, "--project", tiny)
    assert done.exit_code == 1
    assert "between 1900 and 9998" in done.stderr


def test_limits_of_a_query(tiny: Path) -> None:
    asked = ("query", "events", "--by", "kind", "--project", tiny)
    assert run(*asked, "--max-rows", "2").exit_code == 0
    refused = run(*asked, "--max-rows", "1")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "E403" in refused.stderr
    assert run(*asked, "--timeout", "0").exit_code == 2


def test_a_query_is_stopped_after_its_time(tmp_path: Path) -> None:
    rows = "SELECT a.range AS id FROM range(10000000) a, range(100000) b"
    metric = "{dataset: slow, agg: median, expr: id}"
    model = f'datasets: {{slow: {{sql: "{rows}", primary_key: id}}}}\nmetrics: {{n: {metric}}}\n'
    folder = make_project(tmp_path, model, "SELECT 1")
    done = run("query", "n", "--timeout", "1", "--project", folder)
    assert done.exit_code == 1
    assert "E404" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes of this kind")
def test_only_a_regular_file_is_replaced(tiny: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = run("query", "events", "--format", "csv", "--output", tmp_path / "pipe", "--project", tiny)
    assert done.exit_code == 1
    assert "not a regular file" in done.stderr
    assert (tmp_path / "pipe").is_fifo()


def test_a_file_that_is_replaced_keeps_its_mode(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("older")
    path.chmod(0o640)
    assert run("query", "events", "--format", "csv", "--output", path, "--project", tiny).exit_code == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("events\n3\n", 0o640)


def test_a_file_needs_a_name(tiny: Path) -> None:
    done = run("query", "events", "--format", "json", "--output", "", "--project", tiny)
    assert done.exit_code == 2
    assert "--output" in done.stderr


@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_a_date_beyond_the_calendar_is_text(tmp_path: Path, style: str) -> None:
    model = """
datasets: {days: {table: days, primary_key: day_id, dimensions: {on_day: {type: date}}}}
metrics: {days: {dataset: days, agg: count}}
"""
    days = "(1, DATE 'infinity'), (2, DATE '-infinity'), (3, DATE '20000-01-01'), (4, DATE '2025-01-01')"
    folder = make_project(tmp_path, model, f"CREATE TABLE days AS FROM (VALUES {days}) t(day_id, on_day)")
    done = run("query", "--by", "on_day", "--format", style, "--project", folder)
    assert done.exit_code == 0, done.stderr
    for text in ("infinity", "-infinity", "20000-01-01", "2025-01-01"):
        assert text in done.stdout


# --- the other commands ------------------------------------------------------------


def test_project_may_stand_before_the_command(tiny: Path) -> None:
    assert run("--project", tiny, "list", "metrics").exit_code == 0


def test_list(tiny: Path) -> None:
    metrics = run("list", "metrics", "--project", tiny).stdout
    assert "spend_per_user" in metrics
    assert "spend / active_users" in metrics
    assert "users.gender" in run("list", "dimensions", "--project", tiny).stdout
    everything = run("list", "--project", tiny).stdout
    assert {"metrics", "dimensions", "exports"} <= set(everything.splitlines())


def test_sql_is_sql_that_runs(tiny: Path) -> None:
    result = run("sql", "events", "--by", "gender", "--project", tiny, "--as-of", "2025-03-01")
    assert result.exit_code == 0, result.stderr
    with duckdb.connect(str(tiny / ".metricast" / "tiny.duckdb"), read_only=True) as connection:
        assert len(connection.execute(result.stdout).fetchall()) == 3


def test_explain_says_what_and_how_and_why_not(tiny: Path) -> None:
    result = run("explain", "spend_per_user", "--project", tiny)
    assert result.exit_code == 0, result.stderr
    for word in (
        "spend / active_users",
        "events.amount",
        "users.gender",
        "colour",
        "quarter fiscal_quarter year fiscal_year: of events.at_utc",
    ):
        assert word in result.stdout


def test_validate(tiny: Path) -> None:
    assert run("validate", "--project", tiny).exit_code == 0
    result = run("validate", "--data", "--project", tiny)
    assert result.exit_code == 0, result.stderr


CLOCKLESS = """
datasets:
  people:
    table: people
    primary_key: person_id
    dimensions:
      age: {expr: "age_years(born, at)"}
      height: {expr: hieght}
metrics:
  people: {dataset: people, agg: count}
"""


def test_validate_goes_on_where_a_dimension_needs_a_clock(tmp_path: Path) -> None:
    folder = make_project(
        tmp_path, CLOCKLESS, "CREATE TABLE people AS SELECT 1 person_id, DATE '2000-01-01' born, 2 hieght"
    )
    done = run("validate", "--data", "--project", folder)
    assert done.exit_code == 0, done.stderr
    folder = make_project(
        tmp_path / "b", CLOCKLESS, "CREATE TABLE people AS SELECT 1 person_id, DATE '2000-01-01' born"
    )
    done = run("validate", "--data", "--project", folder)
    assert done.exit_code == 1
    assert "hieght" in done.stdout
    assert "E312" not in done.stdout


def test_init_never_overwrites(tmp_path: Path) -> None:
    assert run("init", tmp_path / "mine").exit_code == 0
    assert ".metricast/" in (tmp_path / "mine" / ".gitignore").read_text()
    before = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    again = run("init", tmp_path / "mine")
    assert again.exit_code == 1
    assert {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()} == before


def test_demo_keeps_out_of_a_folder_with_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("")
    result = run("demo", "--project", tmp_path)
    assert result.exit_code == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_help_has_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"metricast {command}" in result.stdout
