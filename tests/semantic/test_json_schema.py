"""The JSON Schemas of the YAML: valid, explained in full, and of one mind with the loader about what may be written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from exporters.definitions import ExportShape
from scheduler.project_schema import PUBLISHED, file_schema, project_schema, schema_text
from semantic.errors import Diagnostic
from semantic.metric_types import METRIC_TYPES
from semantic.model import Dataset, Segment
from semantic.source import Shape, read_shape, read_yaml
from tests.case_files import load_cases
from tests.pages.markdown import blocks, pages, read
from tests.pages.owned import is_owned

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "metrics"
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")

# --- reading YAML as an editor does: by the core schema of YAML 1.2 --------------------------------------


def as_editor(text: str) -> Any:
    node = yaml.compose(text, yaml.SafeLoader)
    return None if node is None else _value(node)


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _value(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(str(node.value)) if node.style is None else node.value


def _scalar(text: str) -> Any:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return text


@cache
def validator(kind: str) -> Draft7Validator:
    return Draft7Validator(project_schema() if kind == "project" else file_schema())


def refusals(file: str, text: str) -> list[str]:
    kind = "project" if Path(file).name == "project.yml" else "metrics"
    return [f"{error.json_path}: {error.message}" for error in validator(kind).iter_errors(as_editor(text))]


# --- the schemas themselves ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_schema_is_one(kind: str) -> None:
    schema = json.loads(schema_text(kind))
    Draft7Validator.check_schema(schema)
    for found in walk(schema):
        if "$ref" in found:
            assert found["$ref"].removeprefix("#/definitions/") in schema["definitions"]
            assert set(found) == {"$ref"}, "in draft 7 nothing counts beside a $ref"


@pytest.mark.parametrize("kind", PUBLISHED)
def test_every_key_is_explained_and_unknown_ones_are_refused(kind: str) -> None:
    shapes = [found for found in walk(json.loads(schema_text(kind))) if found.get("additionalProperties") is False]
    assert len(shapes) >= 2
    for shape in shapes:
        for key, schema in shape["properties"].items():
            assert schema["markdownDescription"], key
            assert schema["description"] == schema["markdownDescription"].replace("`", "")


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    if isinstance(schema, dict | list):
        for below in schema.values() if isinstance(schema, dict) else schema:
            yield from walk(below)


@pytest.mark.parametrize(("kind", "name"), PUBLISHED.items())
def test_the_published_schema_is_that_of_the_shapes(kind: str, name: str) -> None:
    if os.environ.get("METRICAST_WRITE_DOCS"):
        (SHIPPED / name).write_text(schema_text(kind), encoding="utf-8")
    assert (SHIPPED / name).read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yml")), ids=lambda path: path.name)
def test_shipped_files_name_their_schema(path: Path) -> None:
    found = MODELINE.fullmatch(path.read_text(encoding="utf-8").splitlines()[0])
    assert found is not None
    kind = "project" if path.name == "project.yml" else "metrics"
    assert (path.parent / found[1]).resolve() == SHIPPED / PUBLISHED[kind]


# --- what is right is accepted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [*SHIPPED.rglob("*.yml"), *(ROOT / "tests/completejourney/metrics").rglob("*.yml")],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_projects_are_accepted(path: Path) -> None:
    assert refusals(path.name, path.read_text(encoding="utf-8")) == []


def test_the_models_of_all_cases_are_accepted() -> None:
    texts = {text: file for case in load_cases() for file, text in case.texts if "broken" not in file}
    assert len(texts) > 80
    assert {text: found for text, file in texts.items() if (found := refusals(file, text))} == {}


def _documented() -> Iterator[tuple[str, str, str]]:
    """The YAML on the pages, the error reference aside, that is a file or stands within a dataset: page, file, text."""
    for block in (block for page in pages() for block in blocks(read(page), page)):
        if block.language != "yaml" or is_owned(block) or block.directive("each line in") is not None:
            continue
        if (entry := block.directive("in")) is not None:
            section, name = entry.split(".")
            table = "" if "table:" in block.text else "table: t\n"
            yield block.page, "metrics/a.yml", f"{section}:\n  {name}:\n{indent(table + block.text, '    ')}"
        elif re.match(r"(defaults|datasets|metrics|segments|checks|exports):\n", block.text):
            yield block.page, "metrics/a.yml", block.text
        elif not block.text.startswith("#"):
            yield block.page, "metrics/project.yml", block.text


def test_the_documented_yaml_is_accepted() -> None:
    found = list(_documented())
    assert {"README.md", "semantic/LANGUAGE.md", "semantic/RECIPES.md"} <= {page for page, _, _ in found}
    assert len(found) >= 30
    assert {text: wrong for _, file, text in found if (wrong := refusals(file, text))} == {}


SHAPES: dict[str, tuple[str, type[Shape]]] = {
    "dataset": ("datasets", Dataset),
    "segment": ("segments", Segment),
    "export": ("exports", ExportShape),
    **{kind: ("metrics", shape) for kind, shape in METRIC_TYPES.items()},
}
VALUES = [
    *(
        "",
        "~",
        "null",
        "NULL",
        "'null'",
        "1",
        "1.10",
        "-3",
        "'0.5'",
        "2.",
        ".5",
        "1e3",
        "9",
        "7.0",
        "true",
        "yes",
        "No",
    ),
    *("off", "'y'", "0", "12:30:00", "2024-01-01", "x", "'a b'", "lower(x) = 'y'", "[]", "{}", "[a]", "[a, 1, true]"),
    *("[1, 2.5]", "[1, '2']", "[a, ~]", "{a: b}", "{a: ~}", "{a: 1}", "{a: {}}", "{a: [b]}", "count", "sum", "percent"),
    *("{type: percent, decimals: 2}", "{currency: EUR}", "{unit: hours}", "{decimals: 1}", "{good: 1, bad: '0'}"),
    *("{metric: m, ignore: [d]}", "{metric: m, ignore: d}", "{use: x, note: }", "{edges: [1], labels: [a, b]}"),
    *("{from: a, to: b}", "{j: {on: k}}", "{j: {on: [k, 'lower(l)'], dataset: d, as_of: t}}", "{d: , e: {type: date}}"),
    *("{d: {bins: [1, 2]}}", "{d: {bins: {edges: [1]}, hidden: on}}", "{d: {values: [1, b]}}", "{d: {values: {f: }}}"),
    *("{cron: '0 7 * * 1', catch_up: all}", "{cron: x, timezone: }", "{q: {metrics: m, by: [week], limit: '3'}}"),
    *("{q: {metrics: [m], period: 2025, totals: yes}}", "[{excel: {path: a.xlsx}}]", "[{excel: {path: a}, csv: {}}]"),
    *("[{excel: {path: a.xlsx, title: , sheets: [{query: q}]}}]", "[excel]"),
]


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, str]:
    """An entry of some kind with values that fit, or do not."""
    kind = draw(st.sampled_from(sorted(SHAPES)))
    shape = SHAPES[kind][1]
    known = [info.alias or name for name, info in shape.model_fields.items() if name not in ("name", "type")]
    needed = [key for key in known if key in ("dataset", "agg", "expr", "numerator", "denominator", "filter", "to")]
    keys = dict.fromkeys([*needed, *draw(st.lists(st.sampled_from(known), max_size=3))])
    written = "" if kind not in METRIC_TYPES or kind == "simple" else f"type: {kind}, "
    return kind, written + ", ".join(f"{key}: {draw(st.sampled_from(VALUES))}" for key in keys)


@given(entries())
@settings(max_examples=1500, deadline=None)
def test_what_the_loader_accepts_the_schema_accepts(entry: tuple[str, str]) -> None:
    kind, text = entry
    section, shape = SHAPES[kind]
    found: list[Diagnostic] = []
    node = read_yaml("a.yml", f"{{{text}}}", found.append)
    assert node is not None
    if read_shape(node, shape, found.append, "", name="e") is not None and not _undelivered(shape, node.value):
        assert refusals("a.yml", f"{section}: {{e: {{{text}}}}}") == []


def _undelivered(shape: type[Shape], value: Any) -> bool:
    """Items of `to` are read apart, by their exporter."""
    return shape is ExportShape and not all(
        isinstance(item, dict) and list(item) == ["excel"] and "path" in (item["excel"] or {}) for item in value["to"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "metrics:\ndatasets:\n",
        "datasets: {d: {table: 2024, sql: , primary_key: [1, b], dimensions: }}",
        "metrics: {m: {dataset: d, agg: sum, expr: 1, hidden: yes, empty: '0', deprecated: other}}",
        "metrics: {m: {dataset: d, expr: sum(a) / count(*), format: {currency: EUR}, tags: x}}",
        "metrics: {m: {type: ratio, numerator: a, denominator: {metric: b, ignore: [c]}, owner: ~}}",
        "defaults: {metrics: {dataset: d, agg: count}}\nmetrics: {m: , n: {label: N}}",
        "defaults: {metrics: {type: ratio, denominator: d}}\nmetrics: {m: {numerator: a}}",
        "defaults: {datasets: {table: t}, dimensions: {folder: F}, segments: {filter: x}}\ndatasets: {d: }",
        "defaults: {exports: {to: [{excel: {path: a.xlsx}}]}}\nexports: {e: {owner: me}}",
    ],
)
def test_short_and_empty_forms_are_accepted(text: str) -> None:
    assert refusals("a.yml", text) == []


def test_settings_may_be_empty() -> None:
    assert refusals("project.yml", "") == refusals("project.yml", "name: \ntargets: {a: {engine: duckdb}}") == []


# --- what is wrong is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("metric: {}", "$"),
        ("metrics: {m: {dataset: d, agg: conut}}", "$.metrics.m.agg"),
        ("metrics: {m: {dataset: d, agg: sum}}", "$.metrics.m"),
        ("metrics: {m: {dataset: d}}", "$.metrics.m"),
        ("metrics: {m: {agg: count}}", "$.metrics.m"),
        ("metrics: {m: }", "$.metrics.m"),
        ("metrics: {m: {dataset: d, agg: count, numerator: x}}", "$.metrics.m"),
        ("metrics: {m: {type: ratio, numerator: x, denominator: y, agg: count}}", "$.metrics.m"),
        ("metrics: {m: {type: ratio, numerator: x}}", "$.metrics.m"),
        ("metrics: {m: {type: derived}}", "$.metrics.m"),
        ("metrics: {m: {type: ration}}", "$.metrics.m.type"),
        ("metrics: {m: {dataset: [d], agg: count}}", "$.metrics.m.dataset"),
        ("metrics: {m: {dataset: d, agg: count, hidden: maybe}}", "$.metrics.m.hidden"),
        ("metrics: {m: {dataset: d, agg: count, empty: none}}", "$.metrics.m.empty"),
        ("metrics: {m: {dataset: d, agg: count, format: prcent}}", "$.metrics.m.format"),
        ("metrics: {m: {dataset: d, agg: count, thresholds: {good: 1}}}", "$.metrics.m.thresholds"),
        ("defaults: {metrics: {dataste: d}}", "$.defaults.metrics"),
        ("defaults: {metrics: {owner: me}}\nmetrics: {m: {numerator: d}}", "$.metrics.m"),
        ("defaults: {metrics: {owner: me}}\nmetrics: {m: {type: ratio, agg: d}}", "$.metrics.m"),
        ("datasets: {d: {primary_key: id}}", "$.datasets.d"),
        ("datasets: {d: {table: t, dimensions: {a: {bins: []}}}}", "$.datasets.d.dimensions.a"),
        ("datasets: {d: {table: t, dimensions: {a: {tpye: date}}}}", "$.datasets.d.dimensions.a"),
        ("datasets: {d: {table: t, joins: {a: {dataset: b}}}}", "$.datasets.d.joins.a"),
        ("segments: {s: {label: S}}", "$.segments.s"),
        ("exports: {e: {owner: me}}", "$.exports.e"),
        ("exports: {e: {to: [{exel: {path: x}}]}}", "$.exports.e.to[0]"),
        ("exports: {e: {to: [{excel: {title: x}}]}}", "$.exports.e.to[0].excel"),
        ("exports: {e: {to: [{excel: {path: x}}], queries: {q: {limit: many}}}}", "$.exports.e.queries.q.limit"),
    ],
)
def test_mistakes_are_seen_where_they_are(text: str, place: str) -> None:
    assert place in {error.json_path for error in validator("metrics").iter_errors(as_editor(text))}


SEEN = {"E104", "E105", "E106", "E201"}  # unknown key, missing key, wrong type, unknown metric type
UNSEEN = {
    "more::numbers that no engine holds": "how many digits a number has",
    "shapes::bins that do not ascend, and too few labels": "values that contradict each other",
    "values::values that are none of the dimension, or stand there twice": "the same",
}


def _broken() -> Iterator[tuple[str, str, str, set[str]]]:
    """Every file of every case: the case, the file, its text, the codes that are expected there."""
    for path in sorted((ROOT / "tests" / "errors").glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            for file, text in entry["files"].items():
                codes = {expected.split()[0] for expected in entry["expect"] if f" {file}:" in expected}
                yield f"{path.stem}::{entry['name']}", file, text, codes


def test_of_the_broken_files_those_are_refused_whose_shape_is_wrong() -> None:
    wrong: dict[str, object] = {}
    for case, file, text, codes in _broken():
        if codes & {"E101", "E102", "E103"}:  # no YAML: an editor says so itself
            continue
        expected = bool(codes & SEEN) and case not in UNSEEN
        if bool(found := refusals(file, text)) != expected:
            wrong[f"{case} {file}"] = (codes, found)
    assert wrong == {}
    assert set(UNSEEN) <= {case for case, *_ in _broken()}
