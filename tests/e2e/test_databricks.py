"""The engine on Databricks' own connector, against a warehouse of tests: what it sends, gets, gives up and says."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from semantic import EngineError
from semantic.engines import Limits
from semantic.engines.databricks import DatabricksEngine
from semantic.engines.databricks.connect import Patience
from semantic.model import Target
from tests.warehouse.front import CLIENT, MACHINE_TOKEN, PATHS, SECRET, TOKEN
from tests.warehouse.handle import Handle, warehouse

WAREHOUSE, CLUSTER = PATHS
HASTY = Patience(starting=20, busy_pause=0.2, pauses=(0.1,), requests=1, request_seconds=5, reach_seconds=2)
SLOW = """SELECT sum(length(done)) AS n FROM (
    SELECT reflect('java.lang.Thread', 'sleep', 500L + id) AS done FROM range(0, 200, 1, 2))"""
BY_TOKEN = {"DATABRICKS_TOKEN": TOKEN}
BY_CLIENT = {"DATABRICKS_CLIENT_ID": CLIENT, "DATABRICKS_CLIENT_SECRET": SECRET}


@contextmanager
def opened(
    handle: Handle,
    environment: Mapping[str, str] = BY_TOKEN,
    limits: Limits | None = None,
    patience: Patience = HASTY,
    **settings: str,
) -> Iterator[DatabricksEngine]:
    target = Target(**{"engine": "databricks", "host": handle.host, "http_path": WAREHOUSE, **settings})
    engine = DatabricksEngine.open(target, environment, limits or Limits(seconds=60), patience)
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def engine(spark_warehouse: Handle) -> Iterator[DatabricksEngine]:
    with opened(spark_warehouse) as engine:
        yield engine


@pytest.fixture
def faulty(spark_warehouse: Handle) -> Iterator[Handle]:
    """The warehouse, for a test that makes it fail."""
    yield spark_warehouse
    spark_warehouse.plan()


def refused(engine: DatabricksEngine, sql: str) -> str:
    with pytest.raises(EngineError) as caught:
        engine.execute(sql)
    text = str(caught.value)
    assert not [secret for secret in (TOKEN, SECRET, MACHINE_TOKEN) if secret in text]
    return text


# Answers ------------------------------------------------------------


def test_values_come_as_they_are(engine: DatabricksEngine) -> None:
    table = engine.execute(
        """SELECT 7 AS whole, CAST(7 AS BIGINT) AS long, 1.50 AS money, 2.5D AS double, 'ü' AS text, true AS yes,
        DATE '2025-01-02' AS day, TIMESTAMP_NTZ '2025-01-02 03:04:05.678' AS naive,
        TIMESTAMP '2025-01-02 03:04:05+07:00' AS instant, CAST(NULL AS INT) AS nothing"""
    )
    instant = datetime(2025, 1, 1, 20, 4, 5, tzinfo=UTC)
    naive = datetime(2025, 1, 2, 3, 4, 5, 678000)
    values = (7, 7, Decimal("1.50"), 2.5, "ü", True, date(2025, 1, 2), naive, instant, None)
    assert tuple(table.to_pylist()[0].values()) == values
    assert table.schema.field("money").type == pa.decimal128(3, 2)


def test_types_have_common_words(engine: DatabricksEngine) -> None:
    columns = """SELECT CAST(1 AS TINYINT) a, 1.5 b, 1.5D c, 'x' d, true e, DATE '2025-01-01' f, TIMESTAMP_NTZ
        '2025-01-01' g, TIMESTAMP '2025-01-01' h, array(1) i, 'x' COLLATE UNICODE_CI j"""
    found = engine.column_types(columns)
    kinds = "integer number number text boolean date timestamp timestamptz other other"
    assert " ".join(each.kind for each in found.values()) == kinds
    assert found["b"].words == "DECIMAL(2,1)"


@pytest.mark.parametrize(
    "text", ["it's", 'a "quote"', "back\\slash", "100%s %(x)s", "why? :x ${y} {{z}}", "-- /* */;", "é\n\t"]
)
def test_texts_get_there_unchanged(engine: DatabricksEngine, text: str) -> None:
    from sqlglot import exp

    from semantic.dialects import DATABRICKS

    query = exp.Select(expressions=[exp.alias_(exp.Literal.string(text), "text")])
    assert engine.execute(DATABRICKS.emit(query)).to_pylist() == [{"text": text}]


def test_the_connector_binds_values(engine: DatabricksEngine) -> None:
    engine.execute("SELECT 1")
    with engine._connection.cursor() as cursor:
        values = {"who": "it's", "money": Decimal("1.25"), "day": date(2025, 1, 2), "none": None}
        cursor.execute("SELECT :who || '!' AS a, :money * 2 AS b, :day + 1 AS c, :none AS d", values)
        assert tuple(cursor.fetchone()) == ("it's!", Decimal("2.50"), date(2025, 1, 3), None)


def test_a_million_rows_come_in_pieces(spark_warehouse: Handle) -> None:
    rows, settled = 1_000_000, 60 * 2**20
    with opened(spark_warehouse, limits=Limits(rows=rows, seconds=120)) as engine:
        engine.execute("SELECT 1")
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _peak()
        table = engine.execute(f"SELECT id, CAST(id AS STRING) AS text, id / 4 AS part FROM range(0, {rows}, 1, 20)")
        grown = _peak() - before
    assert (table.num_rows, table["id"][rows - 1].as_py(), table["text"][rows - 1].as_py()) == (rows, 999_999, "999999")
    assert pa.compute.sum(table["id"]).as_py() == rows * (rows - 1) // 2
    assert max(chunk.num_rows if hasattr(chunk, "num_rows") else len(chunk) for chunk in table["id"].chunks) <= 100_000
    assert grown < table.nbytes + settled, f"{grown:,} bytes for {table.nbytes:,} bytes of rows"


def test_more_rows_than_allowed_are_not_fetched(spark_warehouse: Handle) -> None:
    with opened(spark_warehouse, limits=Limits(rows=150_000, seconds=60)) as engine:
        fetched = len(spark_warehouse.log("FetchResults"))
        assert "E403" in refused(engine, "SELECT id FROM range(0, 1000000, 1, 20)")
        assert len(spark_warehouse.log("FetchResults")) - fetched <= 4
        assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]


# Stopping ------------------------------------------------------------


def test_cancelling_stops_the_statement_there(spark_warehouse: Handle, engine: DatabricksEngine) -> None:
    cancelled = len(spark_warehouse.log("CancelOperation"))
    threading.Timer(1, engine.cancel).start()
    began = time.monotonic()
    assert refused(engine, SLOW).startswith("E405")
    assert time.monotonic() - began < 10
    assert len(spark_warehouse.log("CancelOperation")) == cancelled + 1
    assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]


def test_what_takes_too_long_is_stopped(spark_warehouse: Handle) -> None:
    with opened(spark_warehouse, limits=Limits(seconds=1.5)) as engine:
        engine.limits, limit = Limits(seconds=30), engine.limits
        engine.execute("SELECT 1")
        engine.limits = limit
        began = time.monotonic()
        assert refused(engine, SLOW) == "E404  the query took longer than 1.5 s and was stopped"
        assert time.monotonic() - began < 10
    assert spark_warehouse.log("CancelOperation")


# Sessions ------------------------------------------------------------


def test_sessions_are_asked_for_utc_and_ansi(spark_warehouse: Handle) -> None:
    with (
        opened(spark_warehouse, limits=Limits(seconds=30)) as engine,
        opened(spark_warehouse, http_path=CLUSTER) as other,
    ):
        engine.execute("SELECT 1")
        other.execute("SELECT 1")
    warehouse_, cluster = (each["configuration"] for each in spark_warehouse.log("OpenSession")[-2:])
    assert {"ansi_mode": "true", "timezone": "UTC", "statement_timeout": "40"}.items() <= warehouse_.items()
    assert {"spark.sql.ansi.enabled": "true", "spark.sql.session.timeZone": "UTC"}.items() <= cluster.items()
    assert "QUERY_TAGS" not in cluster


@pytest.mark.parametrize("setting", ["SET spark.sql.ansi.enabled = false", "SET TIME ZONE 'Asia/Bangkok'"])
def test_a_session_by_other_rules_is_refused(faulty: Handle, setting: str) -> None:
    faulty.plan(new_sessions=(setting,))
    with opened(faulty) as engine:
        text = refused(engine, "SELECT 1")
    assert text.startswith("E432  the session has " + ("ANSI mode off" if "ansi" in setting else "the time zone Asia/"))


def test_what_a_query_is_for_is_told(spark_warehouse: Handle, engine: DatabricksEngine) -> None:
    tags = {"metrics": "a,b", "run": "7"}
    engine.execute("SELECT 1", tags)
    assert spark_warehouse.log("ExecuteStatement")[-1]["query_tags"] == "application:metricast,metrics:a\\,b,run:7"
    with opened(spark_warehouse, http_path=CLUSTER) as other:
        other.execute("SELECT 1", tags)
    last = spark_warehouse.log("ExecuteStatement")[-1]
    assert (last["query_tags"], last["statement"]) == (None, "/* metricast metrics=a,b run=7 */\nSELECT 1")


def test_an_oauth_client_gets_its_own_tokens(spark_warehouse: Handle) -> None:
    with opened(spark_warehouse, BY_CLIENT) as engine:
        assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]
    with opened(spark_warehouse, {**BY_CLIENT, "DATABRICKS_CLIENT_SECRET": "an-old-secret"}) as engine:
        text = refused(engine, "SELECT 1")
    assert text.startswith("E409  Databricks gave no token for the OAuth client: 401 invalid_client: no such client")
    assert "an-old-secret" not in text


# Errors ------------------------------------------------------------


def test_a_wrong_token(spark_warehouse: Handle) -> None:
    with opened(spark_warehouse, {"DATABRICKS_TOKEN": "an-old-token"}) as engine:
        text = refused(engine, "SELECT 1")
    assert text.startswith(f"E409  {spark_warehouse.host} does not take the login (403: Invalid access token.)")
    assert "an-old-token" not in text


def test_a_missing_warehouse(spark_warehouse: Handle) -> None:
    with opened(spark_warehouse, http_path="/sql/1.0/warehouses/none") as engine:
        assert refused(engine, "SELECT 1").startswith(
            "E401  there is no SQL warehouse or cluster /sql/1.0/warehouses/none on"
        )


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no-such-host.invalid", "the host 'no-such-host.invalid' is not known"),
        ("localhost:9", "localhost:9 cannot be reached"),
    ],
)
def test_a_wrong_host(spark_warehouse: Handle, host: str, says: str) -> None:
    began = time.monotonic()
    with opened(spark_warehouse, host=host) as engine:
        assert refused(engine, "SELECT 1").startswith(f"E401  {says}")
    assert time.monotonic() - began < 15


def test_a_certificate_that_is_not_trusted(spark_warehouse: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with opened(spark_warehouse) as engine:
        assert "the certificate of localhost" in refused(engine, "SELECT 1")


def test_what_is_not_there_is_named_with_what_was_meant(engine: DatabricksEngine, spark_warehouse: Handle) -> None:
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS my_shop",
        "CREATE OR REPLACE TEMP VIEW `my tills` AS SELECT 1 AS till",
    ):
        engine.execute(statement)
    assert refused(engine, "SELECT * FROM `my tils`") == (
        "E402  the table 'my tils' does not exist in the target\n    did you mean 'my tills'?"
    )
    assert refused(engine, "SELECT tils FROM `my tills`") == "E402  there is no column 'tils'\n    did you mean 'till'?"
    with pytest.raises(EngineError, match="E402  there is no column 'tils'"):
        engine.explain("SELECT tils FROM `my tills`")
    engine.execute("DROP VIEW `my tills`")
    with opened(spark_warehouse, schema="my_shops") as other:
        assert (
            refused(other, "SELECT 1")
            == "E401  there is no schema 'spark_catalog.my_shops'\n    did you mean 'my_shop'?"
        )
    with opened(spark_warehouse, catalog="spark_catalogue", schema="default") as other:
        assert refused(other, "SELECT 1").startswith("E401  there is no ")
    with opened(spark_warehouse, catalog="spark_catalog", schema="my_shop") as other:
        assert other.execute("SELECT current_schema() AS s").to_pylist() == [{"s": "my_shop"}]


def test_data_that_do_not_cast(engine: DatabricksEngine) -> None:
    text = refused(engine, "SELECT CAST(concat('x', id) AS INT) FROM range(3)")
    assert text.startswith("E406  Databricks refused the query: The value 'x")
    assert "org.apache" not in text


# What may be tried again, and what may not ------------------------------------------------------------


def test_a_warehouse_that_starts_is_waited_for(faulty: Handle) -> None:
    faulty.plan(*[("OpenSession", 503)] * 3)
    with opened(faulty, patience=Patience(starting=60, busy_pause=0.2, requests=1, request_seconds=1)) as engine:
        assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]


def test_a_statement_that_was_turned_away_is_sent_again(faulty: Handle) -> None:
    with opened(faulty, patience=Patience(requests=1)) as engine:
        engine.execute("SELECT 1")
        faulty.plan(("ExecuteStatement", 429))
        assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]


def test_waiting_for_a_warehouse_can_be_cancelled(faulty: Handle) -> None:
    faulty.plan(*[("OpenSession", 503)] * 20)
    with opened(faulty, patience=Patience(starting=60, busy_pause=30, requests=1, request_seconds=1)) as engine:
        threading.Timer(2, engine.cancel).start()
        assert refused(engine, "SELECT 1").startswith("E405")


def test_a_statement_that_may_have_run_is_not_sent_again(faulty: Handle) -> None:
    with opened(faulty, patience=Patience()) as engine:
        engine.execute("SELECT 1")
        faulty.plan(("ExecuteStatement", "lose"))
        sent = len(faulty.log("ExecuteStatement"))
        assert "E401" in refused(engine, "SELECT 'only once'")
        assert [each["statement"] for each in faulty.log("ExecuteStatement")[sent:]] == ["SELECT 'only once'"]
        assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}], "the next one has a new session"


def test_a_session_that_has_expired_is_replaced(engine: DatabricksEngine) -> None:
    engine.execute("SELECT 1")
    engine._connection.session.backend.close_session(engine._connection.session.session_id)
    assert engine.execute("SELECT 1 AS a").to_pylist() == [{"a": 1}]


def test_a_server_that_dies_in_mid_query(spark_warehouse: Handle, tmp_path: Path) -> None:
    with warehouse(tmp_path, beside=spark_warehouse) as doomed, opened(doomed) as engine:
        engine.execute("SELECT 1")
        threading.Timer(1, doomed.kill).start()
        began = time.monotonic()
        text = refused(engine, SLOW)
        assert time.monotonic() - began < 30
    assert text.startswith(f"E401  the connection was lost while the query ran: {doomed.host} cannot be reached")
    assert "it is not sent again" in text


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024
