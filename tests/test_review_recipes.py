"""REVIEW.md done as it is written: its commands, the hook in a real repository, the steps of the CI."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scheduler.cli import cli
from tests.cli_project import MODEL, ROWS, make_project
from tests.git_project import IDENTITY, commit, edit, git, needs_git, start

pytestmark = [needs_git, pytest.mark.skipif(sys.platform == "win32", reason="the recipes are for a POSIX shell")]

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "scheduler" / "REVIEW.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def commands() -> list[str]:
    """The commands of the prose that compare something."""
    prose = re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    found: list[str] = re.findall(r"(?:^    |`)(metricast .*?)(?:`|  +#.*|$)", prose, re.MULTILINE)
    return [command for command in found if command.startswith("metricast diff ") or command == "metricast diff"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return start(make_project(tmp_path / "repo", MODEL, ROWS))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the commands `metricast`, of this checkout, and `pip`."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, module in (("metricast", "scheduler.cli"), ("pip", "pip")):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def environment(programs: Path, **more: str) -> dict[str, str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**own, **IDENTITY, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **more}


def shell(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# --- the commands ------------------------------------------------------------


def test_every_command_of_the_page_runs(repo: Path, programs: Path) -> None:
    change(repo, "expr: amount * 2")
    git(repo, "tag", "v1.4")
    commit(repo)
    git(repo, "tag", "v1.5")
    git(repo, "update-ref", "refs/remotes/origin/main", "v1.4")
    change(repo, "expr: amount * 3", "expr: amount * 2")
    git(repo, "add", "-A")
    assert len(commands()) == 7
    for command in commands():
        done = shell(command, repo, environment(programs))
        assert done.returncode == 3, f"{command}\n{done.stderr}"
        assert "spend" in done.stdout


def test_every_flag_is_on_the_page() -> None:
    for parameter in cli.commands["diff"].params:
        for flag in parameter.opts:
            assert not flag.startswith("--") or flag == "--project" or flag in PAGE, flag


# --- the hook ------------------------------------------------------------


@pytest.fixture
def hooked(repo: Path) -> Path:
    hook = repo / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(block("sh"), encoding="utf-8")
    hook.chmod(0o755)
    return repo


def change(repo: Path, new: str, old: str = "expr: amount") -> None:
    edit(repo / "metrics" / "model.yml", old, new)


def commit_with_hook(repo: Path, programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "commit", "-m", "change", *arguments]
    own = environment(programs)
    return subprocess.run(command, cwd=repo, env=own, capture_output=True, text=True, check=False)


def test_the_hook_refuses_what_is_not_valid(hooked: Path, programs: Path) -> None:
    before = git(hooked, "rev-parse", "HEAD").stdout
    change(hooked, "numerator: spent", "numerator: spend")
    done = commit_with_hook(hooked, programs, "-a")
    assert done.returncode == 1
    assert "did you mean 'spend'?" in done.stdout + done.stderr
    assert git(hooked, "rev-parse", "HEAD").stdout == before


def test_the_hook_shows_what_a_commit_means_and_lets_it_pass(hooked: Path, programs: Path) -> None:
    change(hooked, "expr: amount * 2")
    done = commit_with_hook(hooked, programs, "-a")
    assert done.returncode == 0, done.stderr
    assert "sum(amount * 2) over events" in done.stdout + done.stderr


def test_the_hook_looks_at_what_is_staged_alone(hooked: Path, programs: Path) -> None:
    change(hooked, "numerator: spent", "numerator: spend")
    git(hooked, "add", "-A")
    change(hooked, "numerator: spend", "numerator: spent")  # mended, and not staged
    assert commit_with_hook(hooked, programs).returncode == 1
    git(hooked, "add", "-A")
    change(hooked, "numerator: spent", "numerator: spend")  # broken again, and not staged
    assert commit_with_hook(hooked, programs, "--allow-empty").returncode == 0


def test_the_hook_lets_the_first_commit_pass(tmp_path: Path, programs: Path) -> None:
    folder = make_project(tmp_path / "new", MODEL, ROWS)
    git(folder, "init", "-q", "-b", "main")
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(block("sh"), encoding="utf-8")
    hook.chmod(0o755)
    git(folder, "add", "metrics")
    done = commit_with_hook(folder, programs)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_leaves_nothing_behind(hooked: Path, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    change(hooked, "expr: amount * 2")
    own = environment(programs, TMPDIR=str(tmp_path / "scratch"))
    subprocess.run(["git", "commit", "-qam", "x"], cwd=hooked, env=own, capture_output=True, check=True)
    assert list((tmp_path / "scratch").iterdir()) == []


# --- the CI ------------------------------------------------------------


def steps() -> list[str]:
    """The shell steps of the workflow; what GitHub itself does is left out."""
    workflow = yaml.safe_load(block("yaml"))
    (job,) = workflow["jobs"].values()
    used = [step["uses"].split("@")[0] for step in job["steps"] if "uses" in step]
    assert used == ["actions/checkout", "actions/setup-python"]
    assert job["steps"][0]["with"] == {"fetch-depth": 0}
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.fixture
def clone(repo: Path, tmp_path: Path) -> Path:
    """What the checkout of a pull request is: a commit on a branch, with the base as origin/main."""
    folder = tmp_path / "clone"
    assert git(tmp_path, "clone", "-q", str(repo), str(folder)).returncode == 0
    git(folder, "checkout", "-q", "-b", "pull")
    return folder


def test_the_steps_of_the_ci(clone: Path, programs: Path, tmp_path: Path) -> None:
    wheels, installed, page = tmp_path / "wheels", tmp_path / "installed", tmp_path / "summary.md"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    own = environment(programs, GITHUB_BASE_REF="main", GITHUB_STEP_SUMMARY=str(page), PYTHONPATH=str(installed))
    own |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_NO_DEPS": "1", "PIP_TARGET": str(installed)}
    change(clone, "expr: amount * 2")
    commit(clone)
    for step in steps():
        done = shell(step, clone, own)
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
    assert page.read_text(encoding="utf-8").startswith("### Metrics: 1 changed in meaning")
    assert (installed / "scheduler" / "cli" / "diff.py").is_file()


def test_the_ci_fails_at_mistakes(clone: Path, programs: Path, tmp_path: Path) -> None:
    change(clone, "numerator: spent", "numerator: spend")
    commit(clone)
    own = environment(programs, GITHUB_BASE_REF="main", GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    _, validate, diff = steps()
    done = shell(validate, clone, own)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=metrics/model.yml,line=")
    assert shell(diff, clone, own).returncode == 1
