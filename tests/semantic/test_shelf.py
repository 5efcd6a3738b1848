"""Kept models: the same answers, never out of date, never somebody else's."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import semantic.load
from exporters.definitions import read_exports
from semantic import Layer, ModelError
from semantic.shelf import KEPT, Shelf
from tests.cli_project import MODEL, ROWS, make_project

ASKED: dict[str, Any] = {"metrics": ["spend_per_user"], "by": ["month", "gender"], "totals": True}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", MODEL, ROWS)


@pytest.fixture
def shelf(tmp_path: Path) -> dict[str, str]:
    """The environment of a user with a cache folder of their own."""
    return {"METRICAST_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The projects that were read from YAML."""
    found: list[Path] = []
    load: Callable[[Path], semantic.load.Loaded] = semantic.load.load_project

    def counted(root: Path) -> semantic.load.Loaded:
        found.append(root)
        return load(root)

    monkeypatch.setattr(semantic.load, "load_project", counted)
    return found


def test_a_kept_model_gives_the_same_answers(project: Path, shelf: dict[str, str], loads: list[Path]) -> None:
    with Layer(project, environment={"METRICAST_CACHE": ""}) as layer:
        expected, sql = layer.query(**ASKED).rows(), layer.sql(**ASKED)
    for _ in range(2):
        with Layer(project, environment=shelf) as layer:
            assert (layer.query(**ASKED).rows(), layer.sql(**ASKED)) == (expected, sql)
    assert loads == [project, project]


def test_a_kept_model_still_knows_where_things_stand(project: Path, shelf: dict[str, str], loads: list[Path]) -> None:
    places = [Layer(project, environment=shelf).model.nodes["metrics.spend"].span for _ in range(2)]
    assert places[0] == places[1]
    model = Layer(project, environment=shelf).model
    assert [span.file for _, _, span in model.documents.entries("metrics")]
    assert read_exports(model, lambda mistake: pytest.fail(mistake.message)) == ()


def test_a_changed_file_is_read_again(project: Path, shelf: dict[str, str], loads: list[Path]) -> None:
    Layer(project, environment=shelf)
    (path,) = (found for found in (project / "metrics").glob("*.yml") if found.name != "project.yml")
    path.write_text(path.read_text().replace("agg: sum", "agg: max"))
    assert "MAX(" in Layer(project, environment=shelf).sql("spend")
    path.write_text(path.read_text().replace("agg: max", "agg: mux"))
    with pytest.raises(ModelError):
        Layer(project, environment=shelf)
    (path.parent / "more.yml").write_text("metrics: {more: {dataset: events, agg: count}}")
    path.write_text(path.read_text().replace("agg: mux", "agg: max"))
    assert "more" in Layer(project, environment=shelf).model.metrics


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 500])
def test_a_damaged_one_is_read_again(
    project: Path, shelf: dict[str, str], loads: list[Path], damage: bytes, tmp_path: Path
) -> None:
    Layer(project, environment=shelf)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(damage)
    assert Layer(project, environment=shelf).sql(**ASKED)
    assert len(loads) == 2


class Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("somebody else's pickle was read",)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no owners of files")
def test_one_that_others_can_write_is_not_trusted(project: Path, shelf: dict[str, str], tmp_path: Path) -> None:
    import hashlib

    Layer(project, environment=shelf)
    (kept,) = (tmp_path / "cache").iterdir()
    attack = pickle.dumps(Attack())
    kept.write_bytes(hashlib.sha256(attack).digest() + attack)
    kept.chmod(0o666)
    assert Layer(project, environment=shelf).sql(**ASKED)


def test_without_a_folder_to_write_to_all_goes_on(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert Layer(project, environment={"METRICAST_CACHE": str(tmp_path / "file" / "cache")}).sql(**ASKED)


def test_only_the_latest_are_kept(project: Path, shelf: dict[str, str], tmp_path: Path) -> None:
    (path,) = (found for found in (project / "metrics").glob("*.yml") if found.name != "project.yml")
    written = path.read_text()
    for number in range(KEPT + 3):
        path.write_text(f"{written}# {number}\n")
        Layer(project, environment=shelf)
    assert len(list((tmp_path / "cache").iterdir())) == KEPT


def test_the_folder_is_the_users_own() -> None:
    assert Shelf.of_user({"METRICAST_CACHE": ""}) is None
    assert Shelf.of_user({"METRICAST_CACHE": "/x"}) == Shelf(Path("/x"))
    assert Shelf.of_user({"XDG_CACHE_HOME": "/caches"}) == Shelf(Path("/caches/metricast"))
    usual = Shelf.of_user({})
    assert usual is None or usual.folder == Path.home() / ".cache" / "metricast"


def test_a_file_that_changes_while_it_is_read_is_not_kept_as_it_was(
    project: Path, shelf: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (found for found in (project / "metrics").glob("*.yml") if found.name != "project.yml")
    load: Callable[[Path], semantic.load.Loaded] = semantic.load.load_project

    def overtaken(root: Path) -> semantic.load.Loaded:
        loaded = load(root)
        path.write_text(path.read_text().replace("agg: sum", "agg: max"))
        return loaded

    monkeypatch.setattr(semantic.load, "load_project", overtaken)
    assert "SUM(" in Layer(project, environment=shelf).sql("spend")
    monkeypatch.setattr(semantic.load, "load_project", load)
    assert "MAX(" in Layer(project, environment=shelf).sql("spend")
