"""A dataset's own SQL in another dialect: what is carried over, and what is refused by its words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from semantic import Query, QueryError
from semantic.compile import compile_query
from semantic.load import load_texts

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)


def _sql(written: str, dialect: str) -> str:
    model = load_texts(
        {
            "metrics/project.yml": "{name: x}",
            "metrics/model.yml": f"""
datasets:
  t:
    sql: |
      {written}
    primary_key: id
  u: {{table: u, primary_key: id, joins: {{t: {{on: t_id}}}}}}
metrics:
  rows: {{dataset: t, agg: count}}
  others: {{dataset: u, agg: count}}
""",
        }
    ).model
    assert model is not None
    return compile_query(model, Query(("others",), ("t.id",)), as_of=AS_OF, dialect=dialect).sql


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("SELECT id, strftime(d, '%Y') AS y FROM t", "STRFTIME(d, '%Y')"),
        ("SELECT id, date_trunc('month', d) AS m FROM t", "DATE_TRUNC('MONTH', d)"),
        ("SELECT id, a / 2 AS half FROM t", "a / 2"),
        ("SELECT id, a // 2 AS half, a % 2 AS rest FROM t", "a // 2, a % 2"),
        ("SELECT id, a::INTEGER AS a FROM t", "CAST(a AS INT)"),
        ("SELECT id, TRY_CAST(a AS DOUBLE) AS a FROM t", "TRY_CAST"),
        ("SELECT id, avg(a) AS a FROM t GROUP BY id", "AVG(a)"),
        ("SELECT id, trim(a) AS a FROM t", "TRIM(a)"),
        ("SELECT id, d + INTERVAL 1 DAY AS d FROM t", "INTERVAL '1' DAY"),
        ("SELECT id, greatest(a) AS a FROM t", "GREATEST(a)"),
        ("SELECT id, count(DISTINCT (a, b)) AS n FROM t GROUP BY id", "(a, b)"),
        ("SELECT DISTINCT ON (a) id, a FROM t", "DISTINCT ON (a)"),
        ("SELECT * REPLACE (id + 1 AS id) FROM t", "REPLACE"),
        ("SELECT * FROM t ASOF JOIN s USING (id)", "ASOF JOIN"),
        ("SELECT * FROM t POSITIONAL JOIN s", "POSITIONAL JOIN"),
        ("SELECT id FROM t UNION ALL BY NAME SELECT id FROM s", "BY NAME"),
        ("SELECT * FROM read_csv('x.csv')", "READ_CSV('x.csv')"),
        ("SELECT id FROM t, unnest(a) AS s(x)", "UNNEST"),
        ("SELECT id FROM t USING SAMPLE 10%", "SAMPLE"),
        ("SELECT id FROM t ORDER BY id LIMIT 2 OFFSET 1", "OFFSET 1"),
        ("SELECT id, myown(a) AS a FROM t", "MYOWN(a)"),
        ("SELECT id, a IN (SELECT b FROM s) AS a FROM t", "a IN (SELECT b FROM s)"),
        ("SELECT id FROM t WHERE (a IN (SELECT b FROM s)) IS NULL", "a IN (SELECT b FROM s)"),
        ("SELECT id FROM t WHERE id > 1 OR NOT a IN (SELECT b FROM s)", "a IN (SELECT b FROM s)"),
        ("SELECT id, a FROM t UNION ALL SELECT id, b FROM s", "UNION and the like, unless each column is cast"),
        ("SELECT 1 AS id, 'x' AS a UNION ALL SELECT 2, 3", "UNION and the like"),
        ("SELECT 1 AS id, NULL AS a UNION SELECT 2, 'x' UNION SELECT 3, 4", "UNION and the like"),
        ("SELECT cast(id AS TEXT) AS id FROM t EXCEPT SELECT id FROM s", "UNION and the like"),
    ],
)
def test_what_may_differ_is_refused_by_its_words(written: str, words: str) -> None:
    assert "FROM" in _sql(written, "duckdb")
    with pytest.raises(QueryError) as refused:
        _sql(written, "databricks")
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E325"
    assert words in diagnostic.message
    assert diagnostic.span is not None
    assert diagnostic.span.line == 4


def test_what_is_known_is_carried_over() -> None:
    sql = _sql("SELECT * EXCLUDE (b) FROM t WHERE a LIKE '%\\%' AND upper(c) = 'ẞ'", "databricks")
    for words in ("EXCEPT (b)", r"LIKE '%\\\\%'", "UPPER(TRANSLATE(c, 'ß', 'ẞ'))"):
        assert words in sql


@pytest.mark.parametrize(
    "written",
    [
        "SELECT id FROM t WHERE a IN (SELECT b FROM s) OR id = 1",
        "SELECT id FROM t WHERE a NOT IN (SELECT b FROM s) AND id = 1",
        "SELECT cast(id AS TEXT) AS id, NULL AS n FROM t UNION ALL SELECT a || id, length(a) FROM s UNION SELECT '', 5",
        "SELECT cast(id AS DECIMAL(9, 0)) AS id, d = e AS same FROM t UNION ALL (SELECT count(*), true FROM s)",
        "SELECT CASE WHEN a THEN 1 ELSE 2 END AS id FROM t UNION SELECT n + 1 FROM s",
    ],
)
def test_what_is_plain_enough_is_carried_over(written: str) -> None:
    assert "FROM" in _sql(written, "databricks")


def test_other_datasets_of_the_model_do_not_matter() -> None:
    model = load_texts(
        {
            "metrics/model.yml": """
datasets:
  t: {sql: "SELECT id, a / 2 AS half FROM t", primary_key: id}
  u: {table: u, primary_key: id}
metrics: {others: {dataset: u, agg: count}}
"""
        }
    ).model
    assert model is not None
    assert compile_query(model, Query(("others",)), as_of=AS_OF, dialect="databricks").sql.endswith("FROM u")


def _files_sql(table: str, dialect: str) -> str:
    text = f"datasets: {{u: {{table: {table}, primary_key: id}}}}\nmetrics: {{others: {{dataset: u, agg: count}}}}\n"
    model = load_texts({"metrics/model.yml": text}).model
    assert model is not None
    return compile_query(model, Query(("others",)), as_of=AS_OF, dialect=dialect).sql


@pytest.mark.parametrize("table", ["x/*.csv", "x.JSON", "x/y.ndjson"])
def test_files_that_are_text_are_refused(table: str) -> None:
    assert table in _files_sql(table, "duckdb")
    with pytest.raises(QueryError, match=r"E325 the files of dataset 'u'"):
        _files_sql(table, "databricks")


def test_parquet_files_are_read() -> None:
    assert "parquet.`x/*.parquet`" in _files_sql("x/*.parquet", "databricks")
