"""The demonstration data as a folder of Parquet files: a range of users after the other, each in the same memory.

A folder for each table, in it a file for each range; a database of views over them, written last. Files are written
beside and renamed, and every range is a pure function of the recipe, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import glob
import hashlib
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from exporters.staging import beside, place
from scheduler.demo.generate import ONCE, PER_RANGE, TABLES, GeneratedCounts, Parameters, add_users, make_tables, script

CATALOG = "engagement.duckdb"
RECIPE = "recipe.txt"
USUAL_ACTIVITIES = 74  # per user, at the pace of the demo

_WHOLE_TABLE = "campaigns"
_ACTIVITIES_PER_RANGE = 1_000_000
_MEMORY, _THREADS = "1GB", 4  # threads take memory that the limit does not count
# Measured with 100,000 users: activities at pace 0 and for each percent of it; bytes, with a fifth to spare.
_ACTIVITIES_ANYWAY, _ACTIVITIES_PER_PERCENT = 4, 0.704
_BYTES_PER_USER, _BYTES_PER_ACTIVITY = 200, 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the rows depend on. `activities_per_user` is the average over many users, met within two percent."""

    users: int
    activities_per_user: int = USUAL_ACTIVITIES
    seed: int = 1

    @property
    def parameters(self) -> Parameters:
        """Those of the SQL; the usual number of activities is the pace of the demo."""
        pace = math.ceil((self.activities_per_user - _ACTIVITIES_ANYWAY) / _ACTIVITIES_PER_PERCENT)
        return Parameters(seed=self.seed, pace=pace)

    @property
    def ranges(self) -> tuple[range, ...]:
        """The users, in ranges of as many as fit in memory."""
        size = max(1, _ACTIVITIES_PER_RANGE // self.activities_per_user)
        return tuple(range(first, min(first + size, self.users + 1)) for first in range(1, self.users + 1, size))

    def bytes_for(self, users: int) -> int:
        """Return about how much disk that many of the users take."""
        return users * (_BYTES_PER_USER + _BYTES_PER_ACTIVITY * self.activities_per_user)

    def text(self) -> str:
        """Return what the folder keeps, so that files of two recipes, or two generators, are never mixed."""
        scripts = "".join(script(name) for name in (*ONCE, *PER_RANGE))
        generator = hashlib.sha256(f"{scripts}{self.parameters}{_ACTIVITIES_PER_RANGE}".encode()).hexdigest()
        return (
            f"users: {self.users}\nactivities per user: {self.activities_per_user}\nseed: {self.seed}\n"
            f"generator: {generator[:16]}\n"
        )


def begin(folder: Path, recipe: Recipe) -> tuple[range, ...]:
    """Make `folder` and return the ranges of users that are not in it yet.

    Raises FileExistsError when something else is in there, OSError when the disk has too little room.
    """
    _refuse_other_files(folder, recipe)
    missing = tuple(users for users in recipe.ranges if not all(path.exists() for path in _files(folder, users)))
    _require_room(folder, recipe.bytes_for(sum(map(len, missing))))
    with beside(folder / RECIPE) as staged:
        staged.write_text(recipe.text(), encoding="utf-8")
        place(staged, folder / RECIPE, folder)
    return missing


def open_workshop() -> duckdb.DuckDBPyConnection:
    """Return the connection in which one range is made, whose memory goes when it is closed."""
    threads = min(_THREADS, os.cpu_count() or 1)
    return duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": threads})


def write_range(connection: duckdb.DuckDBPyConnection, folder: Path, recipe: Recipe, users: range) -> None:
    """Write the files of one range, each whole or not at all, with a connection of its own."""
    with ExitStack() as stack, _plain_errors():
        staged = {path: stack.enter_context(beside(path)) for path in _files(folder, users)}
        spill = next(iter(staged.values())).with_suffix(".spill")
        connection.execute("set temp_directory = $1", [str(spill)])
        connection.execute("set enable_progress_bar = false")
        make_tables(connection, recipe.parameters)
        add_users(connection, recipe.parameters, users[0], users[-1])
        for path, fresh in staged.items():
            connection.table(path.parent.name).write_parquet(str(fresh), compression="zstd")
        for path, fresh in staged.items():
            place(fresh, path, folder)


def finish(folder: Path, recipe: Recipe) -> GeneratedCounts:
    """Write the database of views over the files, all of which must be there, and return how many rows they hold.

    The views name each file by its absolute path: a file that is lost is an error, never a smaller number.
    """
    folder = folder.resolve()
    with beside(folder / CATALOG) as staged, _plain_errors():
        with duckdb.connect(str(staged)) as connection:
            counts = GeneratedCounts(*(_make_view(connection, folder, recipe, table) for table in TABLES))
        place(staged, folder / CATALOG, folder)
    return counts


def _make_view(connection: duckdb.DuckDBPyConnection, folder: Path, recipe: Recipe, table: str) -> int:
    """Make the view and return how many rows it has. A folder called a=b is no column of it."""
    paths = (path for users in recipe.ranges for path in _files(folder, users) if path.parent.name == table)
    files = connection.read_parquet([glob.escape(str(path)) for path in paths], hive_partitioning=False)
    files.create_view(table)
    return connection.view(table).shape[0]


def _files(folder: Path, users: range) -> Iterator[Path]:
    """Yield the file of every table for that range of users; the campaigns come with the first one."""
    for table in TABLES:
        if table != _WHOLE_TABLE:
            yield folder / table / f"users_{users[0]:09}_{users[-1]:09}.parquet"
        elif users[0] == 1:
            yield folder / table / "all.parquet"


def _refuse_other_files(folder: Path, recipe: Recipe) -> None:
    """Raise FileExistsError unless the folder is empty, or holds the beginning of this very recipe."""
    if not folder.exists() or not any(not entry.name.startswith(".") for entry in folder.iterdir()):
        return
    if not (folder / RECIPE).exists():
        message = f"{folder} holds other files\n  name a new folder, or an empty one"
        raise FileExistsError(message)
    held = (folder / RECIPE).read_text(encoding="utf-8")
    if held != recipe.text():
        other = ", ".join(line for line in held.splitlines() if line not in recipe.text().splitlines())
        message = f"{folder} holds other sample data ({other})\n  name a new folder, or delete this one"
        raise FileExistsError(message)


def _require_room(folder: Path, size: int) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if size > free:
        message = (
            f"{folder} needs about {size / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free there\n"
            "  name a folder on another disk, or fewer --users or --activities-per-user"
        )
        raise OSError(message)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say in plain words what the disk or the memory refused, or which file is damaged."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InvalidInputException) as error:
        message = f"{str(error).splitlines()[0]}\n  files that are whole stay; the same command goes on from there"
        raise OSError(message) from error
