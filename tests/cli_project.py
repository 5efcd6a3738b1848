"""A small project for tests of the command line, and ways to ask it."""

from __future__ import annotations

from pathlib import Path

import duckdb
from click.testing import CliRunner, Result

from scheduler.cli import cli

PROJECT = """
name: tiny
time_zone: Asia/Bangkok
targets:
  local: {engine: duckdb, database: .metricast/tiny.duckdb}
"""
MODEL = """
datasets:
  users: {table: users, primary_key: user_id, dimensions: {gender: {label: Gender}}}
  events:
    table: events
    primary_key: event_id
    time: at_utc
    joins: {users: {on: user_id}}
    dimensions: {kind: {description: What happened.}}
  notes: {table: notes, primary_key: note_id, dimensions: {colour: {}}}
metrics:
  events: {dataset: events, agg: count, label: Events, format: integer}
  active_users: {dataset: events, agg: count_distinct, expr: user_id, description: Distinct users.}
  spend: {dataset: events, agg: sum, expr: amount}
  spend_per_user: {type: ratio, numerator: spend, denominator: active_users}
"""
ROWS = """
CREATE TABLE users AS FROM (VALUES ('u1', 'f'), ('u2', 'm')) t(user_id, gender);
CREATE TABLE notes AS FROM (VALUES (1, 'red')) t(note_id, colour);
CREATE TABLE events AS FROM (VALUES
    ('e1', 'u1', TIMESTAMP '2025-01-05 10:00', 'a, "b"', 1.50::DECIMAL(10, 2)),
    ('e2', 'u2', TIMESTAMP '2025-01-06 18:00', 'login', 2.25),
    ('e3', NULL, TIMESTAMP '2025-02-01 00:00', 'login', NULL)) t(event_id, user_id, at_utc, kind, amount);
"""


def make_project(folder: Path, model: str, rows: str) -> Path:
    """A project of that model over the tables that `rows` makes."""
    (folder / "metrics").mkdir(parents=True)
    (folder / ".metricast").mkdir()
    (folder / "metrics" / "project.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "metrics" / "model.yml").write_text(model, encoding="utf-8")
    with duckdb.connect(str(folder / ".metricast" / "tiny.duckdb")) as connection:
        connection.execute(rows)
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def ask(tiny: Path, *arguments: str) -> str:
    result = run("query", *arguments, "--project", tiny, "--as-of", "2025-03-01")
    assert result.exit_code == 0, result.stderr
    return result.stdout
