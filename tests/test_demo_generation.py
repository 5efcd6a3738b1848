"""Generating the demonstration data: the same for the same seed, and all of it or nothing."""

from __future__ import annotations

import hashlib
import sys
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import duckdb
import pytest

from scheduler.demo import DEFAULT_END, generate

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("users", "activity_log", "points_ledger", "user_segments", "campaigns", "campaign_exposures")

# Of 200 users and seed 1. A new number here means that everybody's demonstration changes.
FINGERPRINT = "4125bb4055da816592f21d1ebf801f6ae60ef88f604517c54caa6b705d35e5be"

generator = sys.modules["scheduler.demo.generate"]


def fingerprint(database: Path) -> str:
    digest = hashlib.sha256()
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in TABLES:
            rows = connection.table(table).order("all").fetchall()
            digest.update(repr((table, rows)).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("demo") / "small.duckdb"
    generate(database, users=200)
    return database


def test_the_data_never_changes(small: Path) -> None:
    assert fingerprint(small) == FINGERPRINT


def test_the_number_of_threads_does_not_matter(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_thread = partial(duckdb.connect, config={"threads": 1})
    monkeypatch.setattr(generator.duckdb, "connect", one_thread)
    generate(tmp_path / "one.duckdb", users=200)
    monkeypatch.undo()
    assert fingerprint(tmp_path / "one.duckdb") == fingerprint(small)


def test_the_users_can_be_generated_range_after_range(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator, "_USERS_PER_RANGE", 70)
    generate(tmp_path / "ranges.duckdb", users=200)
    assert fingerprint(tmp_path / "ranges.duckdb") == fingerprint(small)


def test_another_seed_is_another_world(small: Path, tmp_path: Path) -> None:
    generate(tmp_path / "other.duckdb", users=200, seed=2)
    assert fingerprint(tmp_path / "other.duckdb") != fingerprint(small)


def test_the_dates_can_be_chosen(tmp_path: Path) -> None:
    counts = generate(tmp_path / "short.duckdb", users=50, start=date(2024, 2, 1), end=date(2024, 3, 31))
    assert counts.users == 50
    assert counts.campaigns == 0
    with duckdb.connect(str(tmp_path / "short.duckdb"), read_only=True) as connection:
        times = "select min(occurred_at), max(occurred_at) from activity_log"
        ((first, last),) = connection.execute(times).fetchall()
    assert datetime(2024, 1, 31, 17) <= first < last < datetime(2024, 3, 31, 17)


@pytest.mark.parametrize(("users", "end"), [(0, DEFAULT_END), (10, date(2022, 12, 31))])
def test_nothing_to_generate_is_refused(tmp_path: Path, users: int, end: date) -> None:
    with pytest.raises(ValueError, match="nothing to generate"):
        generate(tmp_path / "none.duckdb", users=users, end=end)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "kept.duckdb"
    generate(database, users=10)
    before = database.read_bytes()
    monkeypatch.setattr(generator, "PER_RANGE", ("users.sql", "missing.sql"))
    with pytest.raises(FileNotFoundError):
        generate(database, users=20)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.duckdb"]
    assert database.read_bytes() == before
