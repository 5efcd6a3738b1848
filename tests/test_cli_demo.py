"""`metricast demo`, `export` and `init`, on a small sample."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from scheduler.cli import cli
from scheduler.cli import demo as demo_module

AS_OF = "2026-10-26"


@pytest.fixture(autouse=True)
def _few_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "USERS", 200)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A folder in which the demo has run once, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_module, "USERS", 200)
        return folder, run("demo", "--project", folder)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_an_empty_folder_becomes_a_project_with_a_workbook(made: tuple[Path, Result]) -> None:
    folder, result = made
    assert result.exit_code == 0, result.stderr
    (workbook,) = folder.rglob("*.xlsx")
    assert f"workbook: {workbook}" in result.stdout
    assert len(openpyxl.load_workbook(workbook, read_only=True).sheetnames) >= 5
    assert result.stdout.count("metricast ") == 3


def test_the_table_shows_what_the_workbook_holds(made: tuple[Path, Result]) -> None:
    folder, result = made
    asked = run(
        "query", "active_users", "--by", "week", "--period", "last 13 weeks", "--as-of", AS_OF, "--project", folder
    )
    last = asked.stdout.splitlines()[-1].split()
    assert any(line.split()[:2] == last for line in result.stdout.splitlines())


def test_the_data_are_made_once(made: tuple[Path, Result]) -> None:
    folder, first = made
    database = folder / ".metricast" / "engagement.duckdb"
    before = database.stat()
    again = run("demo", "--project", folder)
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "kept as it is" in again.stderr
    assert (database.stat().st_ino, database.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (", database: .metricast/engagement.duckdb", "", "names none"),
        (".metricast/engagement.duckdb", "../elsewhere.duckdb", "inside the project folder"),
    ],
)
def test_the_demo_writes_no_other_database(tmp_path: Path, old: str, new: str, words: str) -> None:
    folder = tmp_path / "mine"
    assert run("init", folder).exit_code == 0
    settings = folder / "metrics" / "project.yml"
    settings.write_text(settings.read_text().replace(old, new))
    result = run("demo", "--project", folder)
    assert result.exit_code == 1
    assert words in result.stderr
    assert not (tmp_path / "elsewhere.duckdb").exists()


def test_an_export_prints_where_it_was_delivered(made: tuple[Path, Result]) -> None:
    folder, _ = made
    for _ in range(2):
        result = run("export", "weekly_engagement", "--as-of", "2026-09-07", "--project", folder)
        assert result.exit_code == 0, result.stderr
        assert (folder / result.stdout.strip()).is_file()


def test_an_export_that_fails_says_why_once(made: tuple[Path, Result]) -> None:
    folder, _ = made
    blocked = folder / "drops" / "engagement_2026-08-31.xlsx"
    blocked.mkdir()
    result = run("export", "weekly_engagement", "--as-of", "2026-08-31", "--project", folder)
    blocked.rmdir()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("cannot be written") == 1
    assert "Traceback" not in result.stderr


def test_an_unknown_export_is_refused_with_a_guess(made: tuple[Path, Result]) -> None:
    result = run("export", "weekly_engagment", "--project", made[0])
    assert result.exit_code == 1
    assert "did you mean 'weekly_engagement'?" in result.stderr


def test_validate_looks_at_the_data(made: tuple[Path, Result], tmp_path: Path) -> None:
    folder, _ = made
    assert run("validate", "--data", "--project", folder).exit_code == 0
    model = folder / "metrics" / "engagement" / "activity.yml"
    text = model.read_text()
    model.write_text(text.replace("table: activity_log", "table: activity_logs"))
    result = run("validate", "--data", "--project", folder)
    model.write_text(text)
    assert result.exit_code == 1
    assert "activity_logs" in result.stdout
    assert "did you mean 'activity_log'?" in result.stdout
