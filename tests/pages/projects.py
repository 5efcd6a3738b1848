"""The projects that examples start from, and putting the YAML of a page into them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import duckdb
import yaml

from scheduler.demo import generate
from semantic.load import SECTIONS
from tests.pages.markdown import ROOT, Block, PageError

HERE = Path(__file__).parent
SHIPPED = "shipped"
NAME = "my-metrics"  # of the project's folder, as README calls it
USERS = 200  # of the demo's data: enough for examples whose numbers are not shown


def build(name: str, parent: Path) -> Path:
    """Make a project in a folder: the shipped one over generated data, or that of a page over its rows."""
    folder = parent / NAME
    if name == SHIPPED:
        shutil.copytree(ROOT / "metrics", folder / "metrics")
        generate(folder / ".metricast" / "engagement.duckdb", users=USERS)
        return folder
    shutil.copytree(HERE / name, folder / "metrics", ignore=shutil.ignore_patterns("*.sql"))
    _make_rows(folder, (HERE / name / "rows.sql").read_text(encoding="utf-8"))
    return folder


def _make_rows(folder: Path, rows: str) -> None:
    settings = yaml.safe_load((folder / "metrics" / "project.yml").read_text(encoding="utf-8"))
    target = settings.get("default_target") or next(iter(settings["targets"]))
    database = folder / settings["targets"][target]["database"]
    database.parent.mkdir(exist_ok=True)
    with chdir(folder), duckdb.connect(str(database)) as connection:
        connection.execute(rows)


def put(block: Block, folder: Path) -> Iterator[Path | None]:
    """Put the YAML of a block into a project. Yields whenever the project is to be looked at: the block's own file."""
    each, inside = block.directive("each line in"), block.directive("in")
    if each is not None:
        for line in filter(None, block.text.splitlines()):
            _put_inside(folder, each, _mapping(line, block), depth=1)
            yield None
    elif inside is not None:
        _put_inside(folder, inside, _mapping(block.text, block), depth=3)
        yield None
    elif yaml.compose(block.text, yaml.SafeLoader) is None:  # a comment, which stands at the top of a file
        _file_of(block, folder).write_text(f"{block.text}metrics: {{}}\n", encoding="utf-8")
        yield None
    else:
        yield _put_file(folder, block)


def _put_file(folder: Path, block: Block) -> Path | None:
    node = _mapping(block.text, block)
    if not set(_parts(node)) & set(SECTIONS):
        _write_settings(folder, node)
        return None
    for section, entries in _parts(node).items():
        if section != "defaults":
            for path, document in _files(folder):
                _remove(path, document, section, set(_parts(entries)))
    path = _file_of(block, folder)
    path.write_text(block.text, encoding="utf-8")
    return path


def _file_of(block: Block, folder: Path) -> Path:
    return folder / (block.directive("base") or f"metrics/line_{block.start + 1}.yml")


def _write_settings(folder: Path, settings: yaml.Node) -> None:
    """Write settings over those that are there."""
    path = folder / "metrics" / "project.yml"
    if path.exists() and (there := yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)):
        settings = _merged(there, settings, depth=1)
    _write(path, settings)


def _put_inside(folder: Path, entry: str, added: yaml.MappingNode, depth: int) -> None:
    """Write keys into an entry, wherever it stands; mappings are joined with those that are there, to that depth."""
    section, name = entry.split(".")
    for path, document in _files(folder):
        found = _parts(_parts(document).get(section)).get(name)
        if isinstance(found, yaml.MappingNode):
            found.value = _merged(found, added, depth).value
            _write(path, document)
            return
    raise PageError(f"there is no {entry} to put this into")


def _merged(old: yaml.Node, new: yaml.Node, depth: int) -> yaml.MappingNode:
    """The keys of both mappings, those of the new one where both have them; to that depth."""
    assert isinstance(old, yaml.MappingNode)
    assert isinstance(new, yaml.MappingNode)
    kept, parts = [], _parts(new)
    for key, value in old.value:
        both = key.value in parts and isinstance(value, yaml.MappingNode)
        if both and depth > 1 and isinstance(parts[key.value], yaml.MappingNode):
            kept.append((key, _merged(value, parts[key.value], depth - 1)))
        elif key.value not in parts:
            kept.append((key, value))
    there = {key.value for key, _ in kept}
    return yaml.MappingNode(old.tag, [*kept, *((key, value) for key, value in new.value if key.value not in there)])


def _remove(path: Path, document: yaml.Node, section: str, names: set[str]) -> None:
    """Take entries out of a file that has them."""
    entries = _parts(document).get(section)
    if isinstance(entries, yaml.MappingNode) and names & set(_parts(entries)):
        entries.value = [(key, value) for key, value in entries.value if key.value not in names]
        _write(path, document)


def _files(folder: Path) -> Iterator[tuple[Path, yaml.Node]]:
    for path in sorted((folder / "metrics").rglob("*.yml")):
        if path.name != "project.yml" and (document := yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)):
            yield path, document


def _mapping(text: str, block: Block) -> yaml.MappingNode:
    node = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise PageError(f"{block.place}: no YAML of a project")
    return node


def _parts(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """The values of a mapping by key; as text, for PyYAML would read the key `on` as true."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _write(path: Path, document: yaml.Node) -> None:
    path.write_text(str(yaml.serialize(document, width=1000, allow_unicode=True)), encoding="utf-8")
