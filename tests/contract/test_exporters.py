"""Every exporter of the registry obeys its contract; a new one is tested by being listed."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporters import DefinitionExporter, Delivery, RowExporter, Staged, deliver, load_exports
from exporters.base import AnyExporter
from exporters.naming import render, words_of
from exporters.registry import EXPORTERS
from semantic import ModelError
from semantic.errors import Diagnostic, ExportError
from tests.exporters.making import EXPORTS, make_delivery, make_model

ROOT = Path(__file__).resolve().parents[2]
ROWS = [exporter for exporter in EXPORTERS if isinstance(exporter, RowExporter)]
BEFORE = EXPORTS[: EXPORTS.index("    to:")]
every_exporter = pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
every_row_exporter = pytest.mark.parametrize("exporter", ROWS, ids=lambda exporter: exporter.name)


def example(exporter: AnyExporter) -> str:
    """The export of the tests, delivered by the exporter's own example."""
    return f"{BEFORE}    to:\n      - {exporter.example}\n"


def tree(root: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_names_are_unique_words() -> None:
    names = [exporter.name for exporter in EXPORTERS]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@every_exporter
def test_the_example_is_a_valid_destination(exporter: AnyExporter) -> None:
    (destination,) = load_exports(make_model(example(exporter)))["weekly"].destinations
    assert destination.exporter is exporter
    assert isinstance(destination.options, exporter.shape)
    assert exporter.destination(destination.options)


@every_exporter
def test_options_are_closed_and_frozen(exporter: AnyExporter) -> None:
    assert exporter.shape.model_config.get("extra") == "forbid"
    assert exporter.shape.model_config.get("frozen")
    wrong = example(exporter).replace("{path", "{surely_unknown: 1, path")
    with pytest.raises(ModelError, match="E104 unknown key 'surely_unknown'"):
        load_exports(make_model(wrong))


@every_exporter
def test_exporters_read_no_clock_and_no_environment(exporter: AnyExporter) -> None:
    folder = Path(inspect.getfile(type(exporter))).parent
    files = folder.rglob("*.py") if folder.name != "exporters" else [Path(inspect.getfile(type(exporter)))]
    forbidden = {"now", "utcnow", "today", "time_ns", "monotonic", "getenv", "environ", "gettempdir"}
    for file in files:
        used = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        assert not used & forbidden, file


@every_row_exporter
def test_the_receipt_is_true(exporter: RowExporter[Any], tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path, example(exporter))
    receipt = deliver(delivery.export.destinations[0], delivery)
    written = tree(tmp_path)
    assert {file.path for file in receipt.files} == set(written)
    for file in receipt.files:
        assert file.size == len(written[file.path])
    assert {query.name: query.rows for query in receipt.queries} == {
        name: len(result) for name, result in delivery.results.items()
    }
    assert {query.sql_hash for query in receipt.queries} == {result.sql_hash for result in delivery.results.values()}
    assert (receipt.export, receipt.exporter, receipt.as_of) == ("weekly", exporter.name, delivery.as_of)
    assert receipt.verified


@every_row_exporter
def test_equal_input_gives_equal_output(exporter: RowExporter[Any], tmp_path: Path) -> None:
    receipts = []
    for folder in ("one", "two"):
        delivery = make_delivery(tmp_path / folder, example(exporter))
        receipts.append(deliver(delivery.export.destinations[0], delivery))
    assert receipts[0] == receipts[1]
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@every_row_exporter
def test_delivering_again_changes_nothing(exporter: RowExporter[Any], tmp_path: Path) -> None:
    delivery = make_delivery(tmp_path, example(exporter))
    receipts = {deliver(delivery.export.destinations[0], delivery).to_json() for _ in range(2)}
    assert len(receipts) == 1


@every_row_exporter
def test_what_is_staged_is_seen_by_nobody_and_removed_if_not_committed(
    exporter: RowExporter[Any], tmp_path: Path
) -> None:
    delivery = make_delivery(tmp_path, example(exporter))
    receipt = deliver(delivery.export.destinations[0], delivery)
    before = tree(tmp_path)
    with staged(exporter, delivery, tmp_path) as one:
        assert {path: text for path, text in tree(tmp_path).items() if path in before} == before
        assert one.verify() == receipt.verified
    assert tree(tmp_path) == before


@every_row_exporter
@pytest.mark.parametrize("step", ["verify", "commit"])
def test_what_was_there_stays_when_a_step_fails(
    exporter: RowExporter[Any], step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_delivery(tmp_path, example(exporter))
    deliver(delivery.export.destinations[0], delivery)
    before = tree(tmp_path)
    monkeypatch.setattr(type(exporter), "stage", breaking(type(exporter).stage, step))
    with pytest.raises(ExportError, match="E999"):
        deliver(delivery.export.destinations[0], delivery)
    assert tree(tmp_path) == before


@every_row_exporter
def test_what_was_there_stays_when_the_disk_fails(
    exporter: RowExporter[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_delivery(tmp_path, example(exporter))
    deliver(delivery.export.destinations[0], delivery)
    before = tree(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match=r"E520 .* cannot be written: No space left on device"):
        deliver(delivery.export.destinations[0], delivery)
    assert tree(tmp_path) == before


@contextmanager
def staged(exporter: RowExporter[Any], delivery: Delivery, root: Path) -> Iterator[Staged]:
    """The export of a delivery, staged; its templates have been rendered as `deliver` does it."""
    destination = delivery.export.destinations[0]
    with exporter.stage(delivery, render(destination.options, destination.node, words_of(delivery))) as one:
        yield one


def breaking(stage: Any, step: str) -> Any:
    """A `stage` whose result fails at a step."""

    def fail() -> Any:
        raise ExportError(Diagnostic("E999", "broken on purpose"))

    @contextmanager
    def broken(self: Any, delivery: Delivery, options: Any) -> Iterator[Staged]:
        with stage(self, delivery, options) as one:
            yield replace(one, **{step: fail})

    return broken


def test_every_exporter_is_either_of_rows_or_of_definitions() -> None:
    for exporter in EXPORTERS:
        assert isinstance(exporter, RowExporter) != isinstance(exporter, DefinitionExporter)
