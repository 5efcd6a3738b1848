"""`metricast schema` and `metricast fmt`, as a person or a hook meets them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

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


# --- fmt ------------------------------------------------------------

UNTIDY = "metrics:\n    # how many\n    m:\n        agg: count   # rows\n        dataset: d\n"
TIDY = "metrics:\n  # how many\n  m:\n    dataset: d\n    agg: count   # rows\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an untidy file, a tidy one, and settings."""
    (tmp_path / "metrics" / "deep").mkdir(parents=True)
    (tmp_path / "metrics" / "deep" / "untidy.yml").write_text(UNTIDY, encoding="utf-8")
    (tmp_path / "metrics" / "tidy.yaml").write_text(TIDY, encoding="utf-8")
    (tmp_path / "metrics" / "project.yml").write_text("week_start: monday\nname: p\n", encoding="utf-8")
    (tmp_path / "other.yml").write_text(UNTIDY, encoding="utf-8")
    return tmp_path


def test_fmt_names_the_files_that_it_changes(project: Path) -> None:
    result = run("fmt", "--project", project)
    changed = [project / "metrics" / "deep" / "untidy.yml", project / "metrics" / "project.yml"]
    assert (result.exit_code, result.stdout.splitlines()) == (0, [str(path) for path in changed])
    assert result.stderr == "2 of 3 files changed\n"
    assert changed[0].read_text(encoding="utf-8") == TIDY
    assert changed[1].read_text(encoding="utf-8") == "name: p\nweek_start: monday\n"
    assert (project / "other.yml").read_text(encoding="utf-8") == UNTIDY
    again = run("fmt", "--project", project)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "all 3 files are in the style of the house\n"
    assert sorted(path.name for path in project.rglob("*")) == sorted(
        ["metrics", "deep", "untidy.yml", "tidy.yaml", "project.yml", "other.yml"]
    )


def test_check_changes_nothing_and_ends_with_1(project: Path) -> None:
    result = run("fmt", "--check", "--project", project)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert "2 of 3 files would change" in result.stderr
    assert (project / "metrics" / "deep" / "untidy.yml").read_text(encoding="utf-8") == UNTIDY
    run("fmt", "--project", project)
    assert run("fmt", "--check", "--project", project).exit_code == 0


def test_files_and_folders_can_be_named(project: Path) -> None:
    result = run("fmt", project / "other.yml", project / "metrics" / "deep")
    assert [Path(line).name for line in result.stdout.splitlines()] == ["other.yml", "untidy.yml"]
    inside = run("fmt", project)
    assert [Path(line).name for line in inside.stdout.splitlines()] == ["project.yml"]


def test_a_file_with_a_mistake_is_left_alone_and_the_others_are_not(project: Path) -> None:
    broken = project / "metrics" / "broken.yml"
    broken.write_text("metrics:\n    m: 1\n    m: 2\n", encoding="utf-8")
    binary = project / "metrics" / "binary.yml"
    binary.write_bytes(b"label: caf\xe9\n")
    result = run("fmt", "--project", project)
    assert result.exit_code == 1
    assert "broken.yml:3:5  E103 the key 'm' stands here twice" in result.stderr
    assert "binary.yml:1:1  E111 the file is not UTF-8" in result.stderr
    assert broken.read_text(encoding="utf-8") == "metrics:\n    m: 1\n    m: 2\n"
    assert (project / "metrics" / "deep" / "untidy.yml").read_text(encoding="utf-8") == TIDY


def test_line_ends_byte_order_mark_mode_and_links_stay(project: Path) -> None:
    path, link = project / "other.yml", project / "link.yml"
    path.write_bytes(b"\xef\xbb\xbf" + UNTIDY.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    link.symlink_to(path)
    assert run("fmt", link).exit_code == 0
    assert link.is_symlink()
    assert path.read_bytes() == b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that cannot be written to")
def test_a_folder_that_cannot_be_written_to_is_named(project: Path) -> None:
    (project / "metrics" / "deep").chmod(0o500)
    result = run("fmt", "--project", project)
    assert (result.exit_code, "deep" in result.stderr) == (1, True)


def test_without_a_project_there_is_nothing_to_format(tmp_path: Path) -> None:
    result = run("fmt", "--project", tmp_path)
    assert result.exit_code == 1
    assert "E110" in result.stderr
    assert run("fmt", tmp_path / "missing.yml").exit_code == 2


def test_the_shipped_project_is_in_the_style_of_the_house() -> None:
    result = run("fmt", "--check", "--project", shipped_project())
    assert result.exit_code == 0, result.output
