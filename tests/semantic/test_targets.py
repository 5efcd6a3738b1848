"""Names of tables and settings per target: what Jinja2 may say, what is missing where, and what nobody gets to see."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from semantic import EngineError, Layer, MetricastError, ModelError, Query
from semantic.compile import compile_query
from semantic.load import Loaded, load_texts
from tests.cli_project import run

SETTINGS = """
name: shop
default_target: near
targets:
  near: {engine: duckdb, database: near.duckdb, schema: main, variables: {prefix: "", folder: data}}
  far:
    engine: duckdb
    database: "{{ env.FAR_FILE }}"
    schema: "{{ env.FAR_SCHEMA }}"
    variables: {prefix: "{{ env.FAR_PREFIX }}_", folder: archive}
"""
MODEL = """
datasets:
  sales:
    table: "{{ target.schema }}.{{ target.prefix }}sales"
    primary_key: id
    dimensions: {shop: {}}
metrics:
  sales: {dataset: sales, agg: count}
exports:
  all_sales:
    queries: {q: {metrics: [sales], by: [shop]}}
    to: [excel: {path: sales.xlsx}]
"""
FAR = {"FAR_FILE": "s3cret-place.duckdb", "FAR_SCHEMA": "archive", "FAR_PREFIX": "old"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "project.yml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "metrics" / "model.yml").write_text(MODEL, encoding="utf-8")
    with duckdb.connect(str(tmp_path / "near.duckdb")) as connection:
        connection.execute("CREATE TABLE sales AS FROM (VALUES (1, 'a'), (2, 'b')) t(id, shop)")
    with duckdb.connect(str(tmp_path / "s3cret-place.duckdb")) as connection:
        connection.execute("CREATE SCHEMA archive")
        connection.execute("CREATE TABLE archive.old_sales AS FROM (VALUES (1, 'c')) t(id, shop)")
        connection.execute("CREATE TABLE sales AS FROM (VALUES (1, 'x'), (2, 'y'), (3, 'z')) t(id, shop)")
    return tmp_path


def load(table: str, settings: str = SETTINGS) -> Loaded:
    named = json.dumps(table, ensure_ascii=False)
    text = f"datasets:\n  sales: {{table: {named}}}\nmetrics: {{sales: {{dataset: sales, agg: count}}}}\n"
    return load_texts({"metrics/project.yml": settings, "metrics/model.yml": text})


def layer(table: str, settings: str, target: str | None = None, **environment: str) -> Layer:
    loaded = load(table, settings)
    assert loaded.model is not None, loaded.diagnostics
    return Layer(loaded.model, target=target, environment=environment)


# --- which table ------------------------------------------------------------


def test_the_target_says_which_table(shop: Path) -> None:
    with Layer(shop, environment={}) as near, Layer(shop, target="far", environment=FAR) as far:
        assert near.query("sales", by="shop").rows() == [("a", 1), ("b", 1)]
        assert far.query("sales", by="shop").rows() == [("c", 1)]
        assert "main.sales" in near.sql("sales")
        assert "archive.old_sales" in far.sql("sales")


def test_so_does_the_flag(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FAR.items():
        monkeypatch.setenv(name, value)
    asked = ("query", "sales", "--by", "shop", "--format", "csv", "--project", shop)
    assert run(*asked).stdout.splitlines() == ["shop,sales", "a,1", "b,1"]
    assert run(*asked, "--target", "near").stdout == run(*asked).stdout
    assert run(*asked, "--target", "far").stdout.splitlines() == ["shop,sales", "c,1"]
    assert run("validate", "--target", "far", "--project", shop).exit_code == 0
    refused = run(*asked, "--target", "fra")
    assert (refused.exit_code, "did you mean 'far'?" in refused.stderr) == (1, True)


def test_a_kept_model_holds_the_template_and_no_value(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICAST_CACHE", str(tmp_path / "kept"))
    environment = {**FAR, "METRICAST_CACHE": str(tmp_path / "kept")}
    for _ in range(2):  # the second time from what was kept
        with Layer(shop, target="far", environment=environment) as far:
            assert far.query("sales").rows() == [(1,)]
        with Layer(shop, environment=environment) as near:
            assert near.query("sales").rows() == [(2,)]
    (kept,) = (tmp_path / "kept").glob("*.model")
    assert b"{{ target.schema }}" in kept.read_bytes()
    assert b"s3cret" not in kept.read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
def test_globs_of_files_may_differ_too(tmp_path: Path, kind: str) -> None:
    for folder, rows in (("data", 2), ("archive", 5)):
        (tmp_path / folder).mkdir()
        for number in (1, 2):
            duckdb.execute(f"COPY (FROM range({rows}) t(id)) TO '{tmp_path / folder}/sales-{number}.{kind}'")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "project.yml").write_text(
        "default_target: new\ntargets: {new: {engine: duckdb, variables: {folder: data}}, "
        "old: {engine: duckdb, variables: {folder: archive}}}\n"
    )
    (tmp_path / "metrics" / "a.yml").write_text(
        f"datasets: {{sales: {{table: '{{{{ target.folder }}}}/sales-*.{kind}'}}}}\n"
        "metrics: {sales: {dataset: sales, agg: count}}\n"
    )
    with Layer(tmp_path) as new, Layer(tmp_path, target="old") as old:
        assert (new.query("sales").rows(), old.query("sales").rows()) == ([(4,)], [(10,)])


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("{{ target.schema }}.sales", "main.sales"),
        ("{{target.schema}}.sales", "main.sales"),
        ("{{ target.name }}_{{ target.engine }}", "near_duckdb"),
        ("{{ target.folder }}.{{ target.schema }}.{{ target.folder }}", "data.main.data"),
        ("{# the old one #}sales", "FROM sales"),
        ('"{{ target.folder }}-x".sales', '"data-x".sales'),
        ("{{ target.prefix }}sales", "FROM sales"),
    ],
)
def test_names_are_filled_in(table: str, named: str) -> None:
    assert named in layer(table, SETTINGS).sql("sales")


def test_the_name_of_the_database_may_stand_in_a_table() -> None:
    settings = "targets: {a: {engine: duckdb, database: '{{ env.BASE }}', catalog: '{{ env.BASE }}'}}\n"
    found = layer("{{ target.database }}.main.sales", settings, BASE="base")
    assert "base.main.sales" in found.sql("sales")


@pytest.mark.parametrize(
    "table", ["{{ target.schema }}.{{ target.prefix }}sales", "{{ target.folder }}/*.parquet", "{# x #}s"]
)
def test_without_a_target_the_template_stands_for_the_table(table: str) -> None:
    model = load(table).model
    assert model is not None
    sql = compile_query(model, Query(("sales",)), as_of=datetime(2025, 1, 1, tzinfo=UTC)).sql
    assert table in sql


# --- mistakes in templates ------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "code", "column", "words"),
    [
        ("{{ target.schema }.sales", "E113", 19, "this is not Jinja2"),
        ("{{ target. }}.sales", "E113", 19, "this is not Jinja2"),
        ("{% if %}sales", "E113", 19, "this is not Jinja2"),
        ("{{ taret.schema }}.sales", "E113", 22, "did you mean 'target'?"),
        ("{{ env.X }}.sales", "E113", 22, "unknown word 'env'"),
        ("{{ target }}.sales", "E113", 22, "'target' cannot be filled in"),
        ("{{ schema }}.sales", "E113", 22, "{{ target.schema }} in a table"),
        ("{{ target.schema | upper }}.sales", "E113", 18, "'filter' of Jinja2"),
        ("{{ target.schema() }}.sales", "E113", 18, "'call' of Jinja2"),
        ("{{ target['schema'] }}.sales", "E113", 18, "'getitem' of Jinja2"),
        ("{{ target.schema.x }}.sales", "E113", 18, "'getattr' of Jinja2"),
        ("{{ 'x' }}.sales", "E113", 18, "'const' of Jinja2"),
        ("{{ target.schema if true else 'x' }}", "E113", 18, "'condexpr' of Jinja2"),
        ("{{ target.schema ~ 's' }}", "E113", 18, "'concat' of Jinja2"),
        ("{% for x in target %}x{% endfor %}", "E113", 18, "'for' of Jinja2"),
        ("{% set x = 1 %}sales", "E113", 18, "'assign' of Jinja2"),
        ("{% include 'x' %}", "E113", 18, "'include' of Jinja2"),
        ("{{ target.schma }}.sales", "E115", 29, "did you mean 'schema'?"),
        ("{{ target.ελλάδα }}.sales", "E115", 29, "has no 'ελλάδα'"),
        ("{{ target.schema }} sales", "E212", 18, "'main sales', which is no name"),
        ("sales }}", "E212", 18, "neither the name of a table"),
    ],
)
def test_a_template_says_names_and_nothing_else(table: str, code: str, column: int, words: str) -> None:
    settings = "targets: {near: {engine: duckdb, schema: main}}\n"
    (found,) = load(table, settings).diagnostics
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == (code, 2, column)
    assert words in found.render()


def test_every_target_has_what_a_table_asks_for() -> None:
    settings = "default_target: a\ntargets: {a: {engine: duckdb, schema: s}, b: {engine: duckdb}}\n"
    (found,) = load("{{ target.schema }}.sales", settings).diagnostics
    assert (found.code, found.message) == ("E115", "the target 'b' has no 'schema'")
    assert "targets: {b: {schema: …}}" in found.render()


def test_sql_holds_no_template() -> None:
    text = "datasets: {sales: {sql: 'SELECT * FROM {{ target.schema }}.sales'}}\n"
    (found,) = load_texts({"metrics/project.yml": SETTINGS, "metrics/a.yml": text}).diagnostics
    assert (found.code, str(found.span)) == ("E113", "metrics/a.yml:1:25")


@pytest.mark.parametrize("key", ["expr: '{{ target.schema }}'", "filter: '{{ env.X }} = 1'"])
def test_nor_does_an_expression(key: str) -> None:
    text = f"datasets: {{sales: {{table: t}}}}\nmetrics: {{m: {{dataset: sales, agg: count, {key}}}}}\n"
    assert {each.code for each in load_texts({"metrics/a.yml": text}).diagnostics} == {"E210"}


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("schema: '{{ target.x }}'", "E113", "unknown word 'target': here it is env"),
        ("database: '{{ env.X | lower }}'", "E113", "'filter' of Jinja2"),
        ("database: '{{ env }}'", "E113", "'env' cannot be filled in"),
        ("catalog: '{{ env.X }'", "E113", "this is not Jinja2"),
        ("variables: {a: '{{ env[1] }}'}", "E113", "'getitem' of Jinja2"),
        ("variables: {schema: x}", "E116", "the name of a setting"),
        ("variables: {name: x}", "E116", "{{ target.name }} is the setting"),
    ],
)
def test_a_setting_takes_values_of_the_environment_and_nothing_else(setting: str, code: str, words: str) -> None:
    (found,) = load("sales", f"targets: {{near: {{engine: duckdb, {setting}}}}}\n").diagnostics
    assert found.code == code
    assert found.span is not None
    assert found.span.file == "metrics/project.yml"
    assert words in found.render()


# --- the environment ------------------------------------------------------------


def test_a_missing_variable_matters_to_its_own_target_alone(shop: Path) -> None:
    with Layer(shop, environment={}) as near:
        assert near.query("sales").rows() == [(2,)]
    with pytest.raises(ModelError) as refused:
        Layer(shop, target="far", environment={"FAR_FILE": "x"})
    assert [(each.code, str(each.span)) for each in refused.value.diagnostics] == [
        ("E114", "metrics/project.yml:9:21"),
        ("E114", "metrics/project.yml:10:33"),
    ]


def test_validate_says_what_is_missing_of_the_target_that_was_named(shop: Path) -> None:
    assert run("validate", "--project", shop).exit_code == 0
    without = run("validate", "--target", "far", "--project", shop)
    assert without.exit_code == 1
    assert "E114 the environment variable 'FAR_SCHEMA' is not set" in without.stdout
    assert run("query", "sales", "--target", "far", "--project", shop).exit_code == 1


def test_an_empty_variable_is_a_missing_one(shop: Path) -> None:
    with pytest.raises(ModelError, match=r"E114 the environment variable 'FAR_SCHEMA' is empty"):
        Layer(shop, target="far", environment={**FAR, "FAR_SCHEMA": ""})


@pytest.mark.parametrize("schema", ["a;b", "my schema", "{{ x }}", "x'; DROP TABLE sales; --", "a.b.c", "\n", "ä-ö"])
def test_a_value_that_makes_no_name_of_a_table_is_refused_and_not_shown(shop: Path, schema: str) -> None:
    with pytest.raises(ModelError, match="E212") as refused:
        Layer(shop, target="far", environment={**FAR, "FAR_SCHEMA": schema})
    assert schema.strip() == "" or schema not in str(refused.value).replace("{{ target.schema }}", "")


SECRETS = {**FAR, "FAR_FILE": "t0ken/Ωmega-s3cret.duckdb"}


@pytest.mark.parametrize(
    "command",
    [
        ("validate",), ("validate", "--data"), ("validate", "--format", "json"), ("query", "sales"),
        ("query", "sales", "--by", "shop", "--format", "json"), ("export", "all_sales"), ("list",),
        ("explain", "sales"), ("sql", "sales"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("there", ["missing", "a folder", "no database", "there"])
def test_no_command_shows_where_the_database_is(
    shop: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], there: str
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    place = shop / SECRETS["FAR_FILE"]
    place.parent.mkdir()
    match there:
        case "a folder":
            place.mkdir()
        case "no database":
            place.write_text("nothing of the kind" * 999)
        case "there":
            (shop / "s3cret-place.duckdb").rename(place)
    target = () if command[0] in ("list", "explain") else ("--target", "far")
    done = run(*command, *target, "--project", shop)
    assert "s3cret" not in done.output + done.stderr
    if there != "there" and command[0] in ("query", "export"):
        assert (done.exit_code, "{{ env.FAR_FILE }}" in done.stderr) == (1, True)
    place.unlink() if place.is_file() else None
    left = [path for path in shop.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
    assert len(left) >= 2
    for path in left:
        assert "s3cret" not in _readable(path), path


def _readable(path: Path) -> str:
    if path.suffix != ".sqlite":
        return path.read_bytes().decode("latin-1")
    with sqlite3.connect(path) as store:
        return "\n".join(store.iterdump())


def test_the_demo_takes_the_database_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scheduler.cli.demo import _database

    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "project.yml").write_text("targets: {a: {engine: duckdb, database: '{{ env.DEMO_FILE }}'}}")
    monkeypatch.setenv("DEMO_FILE", "demo.duckdb")
    assert _database(tmp_path) == tmp_path / "demo.duckdb"
    monkeypatch.delenv("DEMO_FILE")
    with pytest.raises(MetricastError, match="E114"):
        _database(tmp_path)


def test_another_error_than_that_of_opening_keeps_its_words(shop: Path) -> None:
    (shop / "metrics" / "model.yml").write_text(MODEL.replace("prefix }}sales", "prefix }}sails"), encoding="utf-8")
    with Layer(shop, target="far", environment=FAR) as far, pytest.raises(EngineError) as refused:
        far.query("sales")
    assert "did you mean 'old_sales'?" in str(refused.value)
