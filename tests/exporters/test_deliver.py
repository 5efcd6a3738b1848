"""The life of a delivery: verified before it is visible; definitions are published until nothing is left to change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from exporters import Change, DefinitionExporter, Delivery, Destination, Receipt, RowExporter, Staged, deliver
from exporters.base import DeliveredFile, Publication
from exporters.naming import Title
from semantic.errors import Diagnostic, ExportError
from semantic.source import Shape
from tests.exporters.making import AS_OF, make_delivery, no_node


class Plain(Shape):
    title: Title = "{{ export.name }}"


@dataclass
class Tool(DefinitionExporter[Plain]):
    """A tool in memory that keeps definitions by metric, and forgets what it should not if told to."""

    forgets: bool = False
    held: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    name = "tool"
    shape = Plain
    example = "tool: {}"

    def destination(self, options: Plain) -> str:
        return f"tool of {options.title}"

    def plan(self, publication: Publication, options: Plain) -> tuple[Change, ...]:
        wanted = {name: metric.definition for name, metric in publication.model.metrics.items()}
        create = [Change(name, "create") for name in wanted if name not in self.held]
        update = [Change(name, "update") for name in wanted if self.held.get(name, wanted[name]) != wanted[name]]
        return (*create, *update, *(Change(name, "remove") for name in self.held if name not in wanted))

    def apply(self, publication: Publication, options: Plain, changes: tuple[Change, ...]) -> None:
        for change in changes[: len(changes) // 2] if self.forgets else changes:
            self.writes += 1
            if change.action == "remove":
                del self.held[change.definition]
            else:
                self.held[change.definition] = publication.model.metrics[change.definition].definition

    def verify(self, publication: Publication, options: Plain) -> str:
        return f"asked for {len(self.held)} metrics"


class Recorder(RowExporter[Plain]):
    """Writes down in which order its steps are taken; one of them fails if told to."""

    name = "recorder"
    shape = Plain
    example = "recorder: {}"

    def __init__(self, fails: str = "", error: BaseException | None = None) -> None:
        self.steps: list[str] = []
        self.fails, self.error = fails, error or ExportError(Diagnostic("E521", "differs"))

    def destination(self, options: Plain) -> str:
        return options.title

    def step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.fails:
            raise self.error

    @contextmanager
    def stage(self, delivery: Delivery, options: Plain) -> Iterator[Staged]:
        try:
            self.step("stage")
            yield Staged(("trend",), self._verify, self._commit)
        finally:
            self.steps.append("clean up")

    def _verify(self) -> str:
        self.step("verify")
        return "by hand"

    def _commit(self) -> tuple[DeliveredFile, ...]:
        self.step("commit")
        return (DeliveredFile("a", 1, "00"),)


def send(exporter: RowExporter[Plain] | DefinitionExporter[Plain], delivery: Delivery) -> Receipt:
    return deliver(Destination(exporter, Plain(), no_node()), delivery)


def test_rows_are_staged_verified_and_only_then_committed(tmp_path: Path) -> None:
    recorder = Recorder()
    receipt = send(recorder, make_delivery(tmp_path))
    assert recorder.steps == ["stage", "verify", "commit", "clean up"]
    assert (receipt.export, receipt.exporter, receipt.destination) == ("weekly", "recorder", "weekly")
    assert (receipt.as_of, receipt.verified) == (AS_OF, "by hand")
    (query,) = receipt.queries
    assert (query.name, query.rows) == ("trend", 14)
    assert len(query.sql_hash) == len(query.content_hash) == 64


@pytest.mark.parametrize("step", ["stage", "verify", "commit"])
def test_a_step_that_fails_is_the_last_and_there_is_no_receipt(tmp_path: Path, step: str) -> None:
    recorder = Recorder(step)
    with pytest.raises(ExportError, match="E521  differs"):
        send(recorder, make_delivery(tmp_path))
    order = ["stage", "verify", "commit"]
    assert recorder.steps == [*order[: order.index(step) + 1], "clean up"]


def test_trouble_with_the_file_system_is_told_with_place_and_reason(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="E520 'weekly' cannot be written: No space left on device"):
        send(Recorder("commit", OSError(28, "No space left on device")), make_delivery(tmp_path))


def test_a_bug_is_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        send(Recorder("stage", ZeroDivisionError()), make_delivery(tmp_path))


def test_definitions_are_published_until_nothing_is_left_to_change(tmp_path: Path) -> None:
    tool = Tool(held={"gone": "count(rows)", "spend": "old"})
    receipt = send(tool, make_delivery(tmp_path))
    assert {(change.definition, change.action) for change in receipt.changes} == {
        ("active_users", "create"), ("activities", "create"), ("logins", "create"), ("login_share", "create"),
        ("spend", "update"), ("gone", "remove"),
    }  # fmt: skip
    assert (receipt.verified, receipt.destination, receipt.queries) == ("asked for 5 metrics", "tool of weekly", ())


def test_a_second_publication_writes_nothing_and_is_verified_all_the_same(tmp_path: Path) -> None:
    tool, delivery = Tool(), make_delivery(tmp_path)
    send(tool, delivery)
    writes = tool.writes
    receipt = send(tool, delivery)
    assert (tool.writes, receipt.changes, receipt.verified) == (writes, (), "asked for 5 metrics")


def test_a_publication_that_stays_unfinished_has_no_receipt(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match="E522  'tool of weekly' still differs from the model after publishing: create"
    ):
        send(Tool(forgets=True), make_delivery(tmp_path))


def test_a_receipt_is_one_line_of_json_equal_for_equal_receipts(tmp_path: Path) -> None:
    receipt = send(Recorder(), make_delivery(tmp_path))
    text = receipt.to_json()
    assert "\n" not in text
    assert text == replace(receipt).to_json()
    read = json.loads(text)
    assert read["as_of"] == "2025-04-07T00:00:00+00:00"
    assert set(read) == {"export", "exporter", "destination", "as_of", "verified", "files", "queries", "changes"}
    assert read["files"] == [{"path": "a", "size": 1, "sha256": "00"}]
