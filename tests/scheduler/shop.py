"""A small project on disk, and an exporter for it whose deliveries can be held up, counted and made to fail."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from exporters.base import DeliveredFile, Delivery, Destination, Export, RowExporter, Staged
from exporters.definitions import load_exports
from exporters.naming import FilePath
from exporters.staging import beside, place
from semantic.errors import Diagnostic, ExportError
from semantic.layer import Layer
from semantic.source import Shape

MONDAY = datetime(2025, 3, 3, 6, tzinfo=UTC)  # 07:00 in Berlin
FILES = {
    "project.yml": "name: shop\ntime_zone: Europe/Berlin\ntargets: {local: {engine: duckdb}}\n",
    "sales.yml": """
datasets:
  sales:
    sql: |
      SELECT * FROM (VALUES (1, TIMESTAMP '2025-02-03 10:00:00', 5), (2, TIMESTAMP '2025-02-12 10:00:00', 7))
      AS sale(sale_id, sold_at, amount)
    primary_key: sale_id
    time: sold_at
metrics:
  revenue: {dataset: sales, agg: sum, expr: amount}
""",
    "exports/weekly.yml": """
exports:
  weekly:
    schedule: {cron: "0 7 * * mon"}
    period: last 4 weeks
    queries:
      trend: {metrics: [revenue], by: [week]}
    to:
      - excel: {path: "drops/weekly_{{ run.date }}.xlsx"}
""",
}


class MemoOptions(Shape):
    """`fault` is what goes wrong when the file is to be written."""

    path: FilePath
    fault: Literal["none", "refused", "bug", "interrupt"] = "none"


class Memo(RowExporter[MemoOptions]):
    """Writes one line per row. A delivery waits while the project has a file `hold`, once it is visible while it has
    a file `hold-recording`; meanwhile it has a file `waiting`.
    """

    name = "memo"
    shape = MemoOptions
    example = "memo: {path: memo.txt}"

    def destination(self, options: MemoOptions) -> str:
        return options.path

    @contextmanager
    def stage(self, delivery: Delivery, options: MemoOptions) -> Iterator[Staged]:
        misbehave(options)
        target = delivery.root / options.path
        with beside(target) as staged:
            rows = (row for result in delivery.results.values() for row in result.rows())
            staged.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
            wait_while(delivery.root / "hold")

            def commit() -> tuple[DeliveredFile, ...]:
                count_commit(delivery.root, options.path)
                file = place(staged, target, delivery.root)
                wait_while(delivery.root / "hold-recording")
                return (file,)

            yield Staged(tuple(delivery.results), lambda: "by looking at it", commit)


def misbehave(options: MemoOptions) -> None:
    match options.fault:
        case "refused":
            raise ExportError(Diagnostic("E520", f"'{options.path}' cannot be written"))
        case "bug":
            raise ZeroDivisionError("a bug with hunter2-hunter2 in it")
        case "interrupt":
            raise KeyboardInterrupt
        case "none":
            return


def wait_while(held: Path) -> None:
    while held.exists():
        held.with_name("waiting").touch()
        time.sleep(0.01)


def count_commit(root: Path, path: str) -> None:
    with (root / "commits.log").open("a") as log:
        log.write(f"{os.getpid()} {path}\n")


def commits(root: Path) -> list[str]:
    """The paths of all deliveries that became visible, in order."""
    log = root / "commits.log"
    return [line.split()[1] for line in log.read_text().splitlines()] if log.exists() else []


def make_shop(root: Path, **files: str) -> Path:
    """Write the project below `root`; `files` replace or add some of FILES (`weekly` is exports/weekly.yml)."""
    named = {("exports/weekly.yml" if name == "weekly" else f"{name}.yml"): text for name, text in files.items()}
    for name, text in {**FILES, **named}.items():
        path = root / "metrics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def with_memos(export: Export, *options: MemoOptions) -> Export:
    """The export with memos as its destinations."""
    memo = Memo()
    return replace(export, destinations=tuple(Destination(memo, each, export.node) for each in options))


MEMO = MemoOptions(path="drops/{{ export.name }}_{{ run.date }}.txt")


@contextmanager
def open_shop(root: Path, *options: MemoOptions) -> Iterator[tuple[Layer, Mapping[str, Export]]]:
    """What a service opens for every run, with memos instead of the destinations of the YAML."""
    with Layer(root) as layer:
        exports = load_exports(layer.model)
        yield layer, {name: with_memos(export, *options or (MEMO,)) for name, export in exports.items()}
