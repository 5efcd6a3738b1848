"""What holds the house up: imports, sizes, the public surface, and that everything offered is documented."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import click
import pytest
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("semantic", "exporters", "scheduler")
SOURCES = tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))
FUNCTION_MEDIAN, FUNCTION_MOST, FUNCTION_SHARE = 10, 40, 0.95
FILE_USUAL, FILE_MOST, FILE_SHARE = 300, 400, 0.9
STAND_ALONE = {"semantic": "sqlglot", "scheduler.clock": "apscheduler"}

# --- imports ------------------------------------------------------------


def test_imports_point_one_way() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as main; main()",
        "--no-cache",
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_is_imported_only_where_it_is_owned(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for owner, library in STAND_ALONE.items():
        if library in _imported(path):
            assert module == owner or module.startswith(f"{owner}."), f"{module} imports {library}; {owner} owns it"


def _imported(path: Path) -> set[str]:
    """The top-level names that a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], {"sqlglot", "duckdb", "pyarrow", "openpyxl", "apscheduler", "pydantic", "pandas"}),
        (
            ["sql", "--help"],
            {"sqlglot", "duckdb", "pyarrow", "openpyxl", "apscheduler", "pydantic", "pandas"},
        ),
        (
            ["sql", "active_users", "--project", str(ROOT)],
            {"duckdb", "pyarrow", "openpyxl", "apscheduler", "pandas"},
        ),
    ],
    ids=["help", "sql --help", "sql"],
)
def test_a_command_imports_no_more_than_it_needs(arguments: list[str], absent: set[str]) -> None:
    script = "import sys; from scheduler.cli import cli\ntry: cli(sys.argv[1:])\nfinally: print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert not absent & set(result.stdout.splitlines()[-1].split())


# --- sizes ------------------------------------------------------------


def test_functions_are_short() -> None:
    sizes = {f"{path.relative_to(ROOT)}::{name}": size for path in SOURCES for name, size in _functions(path)}
    long = {name: size for name, size in sizes.items() if size > FUNCTION_MOST}
    assert median(sizes.values()) <= FUNCTION_MEDIAN
    assert len(long) <= (1 - FUNCTION_SHARE) * len(sizes), f"over {FUNCTION_MOST} lines: {long}"


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """The lines of every function from `def` to its end, docstring aside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_files_are_of_readable_size() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: size for name, size in sizes.items() if size > FILE_MOST} == {}
    usual = [size for size in sizes.values() if size <= FILE_USUAL]
    assert len(usual) >= FILE_SHARE * len(sizes), f"over {FILE_USUAL} lines: {sorted(sizes.items())}"


# --- the public surface ------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_what_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    names: list[str] = module.__all__
    assert names == sorted(names, key=str.lower) or names == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        exported = getattr(module, name)
        assert exported.__doc__ if callable(exported) else exported is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_the_surface_stays_small(package: str) -> None:
    assert len(importlib.import_module(package).__all__) <= 16


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


# --- documentation ------------------------------------------------------------


@cache
def _pages() -> str:
    found = [
        ROOT / "README.md",
        *(page for package in PACKAGES for page in sorted((ROOT / package).rglob("*.md"))),
    ]
    return "\n".join(page.read_text(encoding="utf-8") for page in found)


def _commands() -> Iterator[tuple[str, click.Command]]:
    from scheduler.cli import cli

    yield from cli.commands.items()


@pytest.mark.parametrize(
    ("name", "command"), list(_commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_flag_is_documented(name: str, command: click.Command) -> None:
    pages = _pages()
    assert f"metricast {name}" in pages
    for parameter in command.params:
        for flag in (*parameter.opts, *parameter.secondary_opts):
            if flag.startswith("--"):
                assert re.search(rf"{re.escape(flag)}\b", pages), f"`metricast {name} {flag}` is documented nowhere"
    assert command.help
    assert "Examples:" in (command.epilog or ""), f"`metricast {name} --help` has no example"


def _shapes() -> Iterator[type[BaseModel]]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        for info in pkgutil.walk_packages(root.__path__, f"{package}."):
            if info.name.endswith("__main__"):
                continue
            module = importlib.import_module(info.name)
            for shape in vars(module).values():
                if isinstance(shape, type) and issubclass(shape, BaseModel) and shape.__module__ == info.name:
                    yield shape


@cache
def _documented_words() -> frozenset[str]:
    """Every word between backticks or in an indented example."""
    code = re.findall(r"`[^`\n]+`|^    .*$", _pages(), re.MULTILINE)
    return frozenset(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", " ".join(code)))


@pytest.mark.parametrize("shape", sorted(set(_shapes()), key=str), ids=lambda shape: f"{shape.__name__}")
def test_every_yaml_key_is_documented(shape: type[BaseModel]) -> None:
    keys = {field.alias or name for name, field in shape.model_fields.items()}
    missing = keys - _documented_words()
    assert not missing, f"documented nowhere: {sorted(missing)}"
