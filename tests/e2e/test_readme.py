"""README's five-minute tour, done as it is written: what it shows must be what comes out."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE, COMMAND, YAML = "    ", "    $ ", "      purchases"


def test_the_tour(tmp_path: Path) -> None:
    run("metricast demo", tmp_path)
    model = tmp_path / "metrics" / "engagement" / "activity.yml"
    export = tmp_path / "metrics" / "exports" / "weekly_engagement.yml"
    commands = 0
    for paragraph, output in steps():
        if paragraph.startswith(YAML):
            append(model, paragraph)
        elif paragraph.startswith("Make it"):
            replace(model, "numerator: purchase\n", "numerator: purchases\n")
        elif paragraph.startswith("**5."):
            replace(export, "activities_per_active_user]", "activities_per_active_user, purchases]")
        elif paragraph.startswith(COMMAND):
            for command in paragraph.splitlines():
                shown = run(command.removeprefix(COMMAND), tmp_path)
                assert output is None or unindented(output) == shown.strip(), command
                commands += 1
    assert commands == 6


def steps() -> Iterator[tuple[str, str | None]]:
    """Yield the paragraphs of the tour, each command with the output that is shown right below it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    paragraphs = text.split("## Five minutes")[1].split("\n## ")[0].split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        below = takewhile(lambda each: each.startswith(CODE) and not each.startswith(COMMAND), paragraphs[number + 1 :])
        yield paragraph, "\n\n".join(below) or None


def run(command: str, folder: Path) -> str:
    """Run a command as a person would who reads what it prints, results or reasons."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        shlex.split(command), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout or done.stderr


def append(path: Path, yaml: str) -> None:
    path.write_text(f"{path.read_text().rstrip()}\n\n{unindented(yaml)}\n")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} in {path.name}"
    path.write_text(text.replace(old, new))


def unindented(text: str) -> str:
    return "\n".join(line.removeprefix(CODE) for line in text.splitlines())
