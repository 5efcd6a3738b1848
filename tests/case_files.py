"""Reading the cases: tables and a query beside the rows it must give, and an oracle that computes them on its own.

The shape of a file in `tests/cases/`:

    name: the file's name
    why: the decision or invariant it holds
    as_of: 2025-06-15T00:00:00Z           # the default of its queries
    project: {time_zone: UTC}             # optional: settings of project.yml
    model: {datasets: …, metrics: …, segments: …}      # as in semantic/LANGUAGE.md
    tables:
      users: {columns: {user_id: VARCHAR}, rows: [[a], [b]]}
    views: {joined: SELECT …}             # optional: what several oracles have in common
    queries:
      - name: unique in the file
        query: {metrics: […], by: […], where: …}
        expect: {columns: […], rows: [[…]]}     # in order
        oracle: SELECT …                        # DuckDB SQL over the tables, written by hand
      - name: another
        query: {…}
        refused: {names: [words, that, the, message, contains]}
    broken:                                     # optional: what does not load beside the model
      - name: unique in the file
        model: {metrics: …}
        refused: {code: E215, names: [words, that, the, diagnostic, contains]}     # the code may be left out
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "cases"
FILE_KEYS = {"name", "why", "as_of", "model", "tables", "queries"}
OPTIONAL_KEYS = {"project", "views", "broken"}
QUERY_KEYS = {"name", "query", "as_of", "expect", "oracle", "refused"}
BROKEN_KEYS = {"name", "model", "refused"}
BROKEN_FILE = "metrics/broken.yml"
PARTS = {
    "metrics", "by", "where", "having", "period", "order", "limit", "totals", "fill", "time_zone",
    "is_complete", "complete_only", "top",
}  # fmt: skip

Row = tuple[Any, ...]


class CaseError(ValueError):
    """A case file that could pass without testing anything."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in order, with the columns' names where they matter."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    answer: Answer
    oracle: str


@dataclass(frozen=True, slots=True)
class Refused:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unloadable:
    """The model must not load, because of what stands in BROKEN_FILE."""

    names: tuple[str, ...]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One query of one file."""

    id: str
    why: str
    texts: tuple[tuple[str, str], ...]  # path -> YAML, as the loader of projects takes it
    tables: tuple[Table, ...]
    views: tuple[tuple[str, str], ...]  # name -> SELECT, for the oracles
    query: tuple[tuple[str, Any], ...]
    as_of: datetime
    outcome: Expected | Refused | Unloadable


# --- reading -------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML with exact decimals, and an error where a key stands twice."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise CaseError(f"{node.start_mark}: '{key}' stands twice")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _number(loader: _Loader, node: yaml.ScalarNode) -> Decimal | float:
    """A decimal, or what none can be: `.nan`, `.inf`, `-.inf`."""
    text = str(node.value)
    return float(text.replace(".", "", 1)) if text.lower().endswith(("nan", "inf")) else Decimal(text)


_Loader.add_constructor("tag:yaml.org,2002:float", _number)


@cache
def load_cases() -> tuple[Case, ...]:
    """All queries of all files; raises CaseError for a file that is wrong or tests nothing."""
    return read_folder(FOLDER)


def read_folder(folder: Path) -> tuple[Case, ...]:
    paths = sorted(folder.glob("*.yml"))
    _require(bool(paths), f"no cases in {folder}")
    return tuple(case for path in paths for case in _read(path))


def _read(path: Path) -> Iterator[Case]:
    text = path.read_text(encoding="utf-8")
    content = yaml.load(text, _Loader)
    _check_file(content, path.stem)
    tables = tuple(_table(name, shape) for name, shape in content["tables"].items())
    texts = _texts(text)
    for entry in content["queries"]:
        yield _case(content, entry, texts, tables)
    for entry, extra in zip(content.get("broken", ()), _broken_texts(text), strict=True):
        yield _broken_case(content, entry, (*texts, (BROKEN_FILE, extra)))


def _texts(text: str) -> tuple[tuple[str, str], ...]:
    """The model and the settings as text again: PyYAML would read the key `on` as true."""
    parts = _parts(yaml.compose(text, yaml.SafeLoader))
    project = _text(parts["project"]) if "project" in parts else "{name: cases}\n"
    return ("metrics/project.yml", project), ("metrics/model.yml", _text(parts["model"]))


def _broken_texts(text: str) -> list[str]:
    broken = _parts(yaml.compose(text, yaml.SafeLoader)).get("broken")
    return [_text(_parts(entry)["model"]) for entry in broken.value] if broken else []


def _parts(node: yaml.Node | None) -> dict[str, yaml.Node]:
    assert isinstance(node, yaml.MappingNode)
    return {key.value: value for key, value in node.value}


def _text(node: yaml.Node) -> str:
    return str(yaml.serialize(node, width=1000, allow_unicode=True))


def _table(name: str, shape: dict[str, Any]) -> Table:
    _require(set(shape) == {"columns", "rows"}, f"table '{name}' takes columns and rows")
    _require(bool(shape["columns"]), f"table '{name}' has no columns")
    columns = tuple(shape["columns"].items())
    rows = tuple(tuple(row) for row in shape["rows"])
    _require(all(len(row) == len(columns) for row in rows), f"table '{name}' has a row of another length")
    return Table(name, columns, rows)


def _case(
    content: dict[str, Any],
    entry: dict[str, Any],
    texts: tuple[tuple[str, str], ...],
    tables: tuple[Table, ...],
) -> Case:
    as_of = entry.get("as_of", content["as_of"])
    case_id = f"{content['name']}::{entry['name']}"
    _require(isinstance(as_of, datetime) and as_of.tzinfo is not None, f"{case_id}: as_of needs a zone")
    query = tuple((key, _part(key, value)) for key, value in entry["query"].items())
    views = tuple(content.get("views", {}).items())
    return Case(case_id, content["why"], texts, tables, views, query, as_of, _outcome(entry, case_id))


def _broken_case(content: dict[str, Any], entry: dict[str, Any], texts: tuple[tuple[str, str], ...]) -> Case:
    case_id = f"{content['name']}::{entry['name']}"
    refused = entry["refused"]
    _require(set(refused) | {"code"} == {"names", "code"}, f"{case_id}: refused takes names and a code")
    _require(bool(refused["names"]), f"{case_id}: a refusal names something")
    outcome = Unloadable(tuple(refused["names"]), refused.get("code"))
    return Case(case_id, content["why"], texts, (), (), (), content["as_of"], outcome)


def _part(key: str, value: Any) -> Any:
    if key == "period":
        return str(value)
    return tuple(value) if isinstance(value, list) else value


def _outcome(entry: dict[str, Any], case_id: str) -> Expected | Refused:
    if "refused" in entry:
        _require(set(entry["refused"]) == {"names"}, f"{case_id}: refused takes names")
        _require(bool(entry["refused"]["names"]), f"{case_id}: a refusal names something")
        return Refused(tuple(entry["refused"]["names"]))
    expect = entry["expect"]
    _require(set(expect) == {"columns", "rows"}, f"{case_id}: expect takes columns and rows")
    columns, rows = tuple(expect["columns"]), tuple(tuple(row) for row in expect["rows"])
    _require(bool(columns), f"{case_id}: no columns")
    _require(all(len(row) == len(columns) for row in rows), f"{case_id}: a row of another length")
    return Expected(Answer(columns, rows), entry["oracle"])


# --- what makes a file worth having --------------------------------------------------------------------


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise CaseError(message)


def _check_file(content: dict[str, Any], stem: str) -> None:
    odd = (set(content) - OPTIONAL_KEYS) ^ FILE_KEYS
    _require(not odd, f"{stem}: {sorted(odd)} missing or unknown")
    _require(content["name"] == stem, f"{stem}: its name is '{content['name']}'")
    _require(bool(str(content["why"]).strip()), f"{stem}: says not why")
    _require(bool(content["tables"]) and bool(content["queries"]), f"{stem}: empty")
    broken = content.get("broken", [])
    names = [entry["name"] for entry in (*content["queries"], *broken)]
    _require(len(set(names)) == len(names), f"{stem}: two queries of one name")
    for entry in broken:
        _require(set(entry) == BROKEN_KEYS, f"{stem}::{entry['name']}: takes {sorted(BROKEN_KEYS)}")
    for entry in content["queries"]:
        _check_entry(entry, f"{stem}::{entry['name']}")
    _check_use(content, stem)


def _check_entry(entry: dict[str, Any], case_id: str) -> None:
    _require(set(entry) <= QUERY_KEYS, f"{case_id}: unknown {sorted(set(entry) - QUERY_KEYS)}")
    _require(set(entry["query"]) <= PARTS, f"{case_id}: unknown {sorted(set(entry['query']) - PARTS)}")
    outcome = set(entry) & {"expect", "oracle", "refused"}
    _require(outcome in ({"expect", "oracle"}, {"refused"}), f"{case_id}: expect and oracle, or refused")


def _check_use(content: dict[str, Any], stem: str) -> None:
    """Every table feeds the model, every oracle reads, every metric is asked for or part of another."""
    model = content["model"]
    declared = str([model["datasets"], model.get("calendars")])
    for table in content["tables"]:
        _require(_says(declared, table), f"{stem}: table '{table}' is unused")
    metrics: dict[str, Any] = model.get("metrics", {})
    asked = str([entry["query"] for entry in content["queries"]])
    for name in metrics:
        others = str([shape for other, shape in metrics.items() if other != name])
        _require(_says(asked, name) or _says(others, name), f"{stem}: metric '{name}' is unused")
    for name in (segments := model.get("segments", {})):
        others = str([metrics, *(shape for other, shape in segments.items() if other != name)])
        _require(_says(asked, name) or _says(others, name), f"{stem}: segment '{name}' is unused")
    _check_oracles(content, stem)


def _check_oracles(content: dict[str, Any], stem: str) -> None:
    views: dict[str, str] = content.get("views", {})
    oracles = [entry["oracle"] for entry in content["queries"] if "oracle" in entry]
    for name in views:
        _require(_says(str(oracles), name), f"{stem}: view '{name}' is unused")
    for oracle in oracles:
        reads = any(_says(oracle, name) for name in (*content["tables"], *views))
        _require(reads, f"{stem}: an oracle that reads no table: {oracle}")


def _says(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text) is not None
