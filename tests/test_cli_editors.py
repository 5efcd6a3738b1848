"""`metricast schema` and `metricast fmt`, as a person or a hook meets them."""

from __future__ import annotations

import json
from pathlib import Path

from scheduler.shipped import shipped_project
from tests.cli_project import run

# --- schema ------------------------------------------------------------


def test_the_schema_goes_to_stdout() -> None:
    result = run("schema")
    assert "metrics" in json.loads(result.stdout)["else"]["properties"]
    assert result.stderr == ""
    assert "time_zone" in json.loads(run("schema", "project").stdout)["properties"]


def test_the_schema_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    result = run("schema", "--output", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text(encoding="utf-8") == run("schema").stdout
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_no_file_for_a_schema(tmp_path: Path) -> None:
    assert run("schema", "--output", tmp_path).exit_code == 2


def test_init_brings_the_schemas_that_its_files_name(tmp_path: Path) -> None:
    run("init", tmp_path)
    for name in ("metricast.schema.json", "project.schema.json"):
        copy = tmp_path / "metrics" / name
        assert copy.read_bytes() == (shipped_project() / "metrics" / name).read_bytes()
