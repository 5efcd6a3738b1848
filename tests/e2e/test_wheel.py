"""The wheel, in an empty environment and an empty folder: what a person gets who never saw the repository."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES = 400


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds the wheel and nothing else."""

    wheel: Path
    folder: Path
    seconds: float

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command; nothing of the checkout is on its path."""
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(cwd), "LANG": "C.UTF-8"}
        command = [str(self.folder / "bin" / "metricast"), *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("env") / "venv"
    venv.create(folder, with_pip=True)
    began = time.monotonic()
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True, cwd=folder)
    return Installed(wheel, folder, time.monotonic() - began)


def test_the_wheel_carries_the_shipped_project_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "metrics").rglob("*.yml")}
    assert {f"scheduler/shipped/{name}" for name in shipped} <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        "semantic",
        "exporters",
        "scheduler",
        next(top for top in tops if top.endswith(".dist-info")),
    }


def test_the_base_install_stays_small(installed: Installed) -> None:
    size = sum(path.lstat().st_size for path in installed.folder.rglob("*") if path.is_file())
    print(f"\nbase install: {size / 1e6:.0f} MB in {installed.seconds:.0f} s")
    assert size < MEGABYTES * 1e6


def test_init_then_demo(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("init", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "metrics" / "project.yml").is_file()
    _demo(installed, tmp_path)


def test_demo_alone_and_what_it_suggests(installed: Installed, tmp_path: Path) -> None:
    for line in _demo(installed, tmp_path):
        told = installed.run(*shlex.split(line)[1:], cwd=tmp_path)
        assert told.returncode == 0, f"{line}\n{told.stderr}"
        assert told.stdout


def _demo(installed: Installed, folder: Path) -> list[str]:
    """Run the demo and return the commands that it says to try next."""
    done = installed.run("demo", cwd=folder)
    assert done.returncode == 0, done.stderr
    (workbook,) = folder.rglob("*.xlsx")
    assert workbook.name in done.stdout
    assert openpyxl.load_workbook(workbook, read_only=True).sheetnames
    suggested = [line.strip() for line in done.stdout.splitlines() if line.strip().startswith("metricast ")]
    assert len(suggested) == 3
    return suggested
