"""The demonstration data as Parquet files: the same rows, whatever the ranges; whole, or gone on with."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

import duckdb
import pytest

from scheduler.demo.generate import TABLES, GeneratedCounts
from scheduler.demo.parquet import CATALOG, Recipe, begin, finish, open_workshop, write_range
from tests.cli_project import run
from tests.test_demo_generation import FINGERPRINT, fingerprint

SMALL = Recipe(users=200)
QUESTIONS = (
    ("active_users", "new_user_share", "--by", "month,gender", "--totals"),
    ("activities", "points_earned", "--by", "quarter,segment"),
    ("response_lift", "--by", "campaign"),
)
parquet = sys.modules["scheduler.demo.parquet"]


def write(folder: Path, recipe: Recipe = SMALL, *, ranges: int | None = None) -> tuple[range, ...]:
    """Write what is missing, or only that many ranges of it, and return the ranges written."""
    missing = begin(folder, recipe)[:ranges]
    for users in missing:
        with open_workshop() as connection:
            write_range(connection, folder, recipe, users)
    return missing


def make(folder: Path, recipe: Recipe = SMALL) -> GeneratedCounts:
    write(folder, recipe)
    return finish(folder, recipe)


def names(folder: Path) -> list[str]:
    """Every file, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def three_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ACTIVITIES_PER_RANGE", 74 * 70)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parquet") / "small"
    make(folder)
    return folder


# --- the rows ------------------------------------------------------------------------------------------


def test_the_rows_are_those_of_the_demo(small: Path) -> None:
    assert fingerprint(small / CATALOG) == FINGERPRINT
    assert len(list(small.rglob("*.parquet"))) == len(TABLES)


@pytest.mark.usefixtures("three_ranges")
def test_the_rows_do_not_depend_on_the_ranges(tmp_path: Path) -> None:
    assert [len(users) for users in SMALL.ranges] == [70, 70, 60]
    counts = make(tmp_path)
    assert fingerprint(tmp_path / CATALOG) == FINGERPRINT
    assert (counts.users, counts.campaigns) == (200, 9)


def test_files_are_small_enough_to_be_made_in_memory() -> None:
    many = Recipe(users=1_000_000, activities_per_user=100)
    assert {len(users) for users in many.ranges} == {10_000}
    assert sum(map(len, many.ranges)) == 1_000_000
    assert many.ranges[-1][-1] == 1_000_000
    assert len(Recipe(users=3, activities_per_user=1_000).ranges) == 1


@pytest.mark.parametrize("wanted", [20, 100])
def test_the_average_is_as_asked_and_the_room_enough(tmp_path: Path, wanted: int) -> None:
    recipe = Recipe(users=6_000, activities_per_user=wanted, seed=2)
    counts = make(tmp_path, recipe)
    assert counts.activity_log / counts.users == pytest.approx(wanted, rel=0.1)
    taken = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))
    assert taken < recipe.bytes_for(recipe.users) < 1.6 * taken


def test_only_how_often_people_come_is_changed(small: Path, tmp_path: Path) -> None:
    make(tmp_path, Recipe(users=200, activities_per_user=150))
    people = "select * from {} order by all"
    for table in ("users", "campaigns", "campaign_exposures"):
        assert ask(tmp_path, people.format(table)) == ask(small, people.format(table))


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / CATALOG), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_memory_and_threads_are_limited() -> None:
    with open_workshop() as connection:
        settings = "select current_setting('memory_limit'), current_setting('threads')"
        ((memory, threads),) = connection.execute(settings).fetchall()
    assert memory == "953.6 MiB"
    assert 1 <= threads <= 4


# --- whole, or gone on with ----------------------------------------------------------------------------


@pytest.mark.usefixtures("three_ranges")
def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    write(folder, ranges=1)
    assert not (folder / CATALOG).exists()
    first = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    assert len(first) == len(TABLES)
    assert [users[0] for users in write(folder)] == [71, 141]
    finish(folder, SMALL)
    assert fingerprint(folder / CATALOG) == FINGERPRINT
    assert {path: path.stat().st_mtime_ns for path in first} == first


@pytest.mark.usefixtures("three_ranges")
def test_a_range_without_all_its_files_is_made_again(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "points_ledger" / "users_000000071_000000140.parquet").unlink()
    assert [users[0] for users in write(tmp_path)] == [71]
    finish(tmp_path, SMALL)
    assert fingerprint(tmp_path / CATALOG) == FINGERPRINT


def test_a_range_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path, SMALL)
    before = names(tmp_path)
    monkeypatch.setattr(sys.modules["scheduler.demo.generate"], "PER_RANGE", ("users.sql", "missing.sql"))
    with open_workshop() as connection, pytest.raises(FileNotFoundError):
        write_range(connection, tmp_path, SMALL, SMALL.ranges[0])
    assert names(tmp_path) == before == ["recipe.txt"]


@pytest.mark.usefixtures("three_ranges")
def test_a_lost_file_is_an_error_and_no_smaller_number(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "activity_log" / "users_000000071_000000140.parquet").unlink()
    with pytest.raises(duckdb.IOException, match="No files found"):
        ask(tmp_path, "select count(*) from activity_log")
    with pytest.raises(OSError, match="No files found"):
        finish(tmp_path, SMALL)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    damaged = next(tmp_path.glob("users/*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    with pytest.raises(OSError, match=damaged.name):
        finish(tmp_path, SMALL)


def test_a_folder_that_was_moved_is_mended_by_the_same_command(tmp_path: Path) -> None:
    make(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert write(tmp_path / "there") == ()
    finish(tmp_path / "there", SMALL)
    assert fingerprint(tmp_path / "there" / CATALOG) == FINGERPRINT


def test_the_name_of_the_folder_is_no_pattern_and_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "run=3" / "a[1]*'b"
    make(folder)
    assert fingerprint(folder / CATALOG) == FINGERPRINT


# --- the command ---------------------------------------------------------------------------------------


def test_the_command_writes_the_folder_and_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    for _ in range(2):
        result = run("demo-data", folder, "--users", "200")
        assert (result.exit_code, result.stdout) == (0, f"{folder / CATALOG}\n"), result.stderr
        assert "200 users, 17,277 activities" in result.stderr
    assert fingerprint(folder / CATALOG) == FINGERPRINT


@pytest.mark.usefixtures("three_ranges")
def test_progress_goes_to_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.cli.console.PATIENCE", 0.0)
    result = run("demo-data", tmp_path / "large", "--users", "200")
    lines = [line for line in result.stderr.splitlines() if line.endswith("…")]
    assert [line.split(" to go")[0].rsplit(", ", 1)[0] for line in lines][1:] == [
        "users 71 to 140 of 200",
        "users 141 to 200 of 200",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--users", "201"), "users: 200"),
        (("--users", "200", "--seed", "2"), "seed: 1"),
        (("--users", "200", "--activities-per-user", "75"), "activities per user: 74"),
    ],
)
def test_two_recipes_are_never_mixed(small: Path, arguments: tuple[str, ...], words: str) -> None:
    before = names(small)
    result = run("demo-data", small, *arguments)
    assert result.exit_code == 1
    assert f"holds other sample data ({words}" in result.stderr
    assert names(small) == before


def test_files_of_another_generator_are_never_mixed(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "script", lambda name: f"-- a later {name}")
    result = run("demo-data", small, "--users", "200")
    assert result.exit_code == 1
    assert "holds other sample data (generator: " in result.stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    result = run("demo-data", tmp_path, "--users", "200")
    assert result.exit_code == 1
    assert "holds other files" in result.stderr
    assert names(tmp_path) == ["letter.txt"]


def test_a_disk_without_room_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=2_000_000_000)
    monkeypatch.setattr(parquet.shutil, "disk_usage", lambda path: usage)
    folder = tmp_path / "deep" / "large"
    result = run("demo-data", folder, "--users", "1000000", "--activities-per-user", "100")
    assert result.exit_code == 1
    assert "needs about 2.2 GB, and 2.0 GB are free" in result.stderr
    assert "Errno" not in result.stderr
    assert list(tmp_path.iterdir()) == []


# --- asking it -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped project with two targets: the demo's database, and the same as Parquet, as the command says."""
    from scheduler.demo import generate

    folder = tmp_path_factory.mktemp("asked")
    assert run("init", folder).exit_code == 0
    generate(folder / ".metricast" / "engagement.duckdb", users=3_000)
    said = run("demo-data", folder / "large", "--users", "3000").stderr
    with (folder / "metrics" / "project.yml").open("a", encoding="utf-8") as settings:
        settings.write(said.splitlines()[-1] + "\n")
    return folder


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_the_shipped_metrics_can_be_asked_over_parquet(project: Path, question: tuple[str, ...]) -> None:
    asked = partial(run, "query", *question, "--as-of", "2026-11-01", "--project", project)
    over_file, over_parquet = asked(), asked("--target", "large")
    assert over_parquet.exit_code == 0, over_parquet.stderr
    assert over_parquet.stdout == over_file.stdout
    assert len(over_parquet.stdout.splitlines()) > 5


def test_the_shipped_project_fits_the_parquet_files(project: Path) -> None:
    result = run("validate", "--data", "--target", "large", "--project", project)
    assert result.exit_code == 0, result.stderr


def test_the_example_in_project_yml_works(tmp_path: Path) -> None:
    """The target that is commented out there, and the command beside it."""
    assert run("init", tmp_path).exit_code == 0
    settings = tmp_path / "metrics" / "project.yml"
    settings.write_text(settings.read_text().replace("  # large:", "  large:"))
    assert run("demo-data", tmp_path / "large", "--users", "100").exit_code == 0
    result = run("query", "activities", "--target", "large", "--project", tmp_path)
    assert result.exit_code == 0, result.stderr
