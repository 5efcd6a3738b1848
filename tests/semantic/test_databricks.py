"""Targets on Databricks without any: settings, logins, what errors mean, and that no secret is shown."""

from __future__ import annotations

import importlib.util
import socket
import urllib.error
from email.message import Message
from pathlib import Path

import pytest
from databricks.sql import exc
from pydantic import ValidationError
from urllib3.exceptions import MaxRetryError, ProtocolError, ResponseError

from semantic import EngineError
from semantic.engines import Limits, open_engine
from semantic.engines.databricks.address import Address
from semantic.engines.databricks.login import find_login
from semantic.engines.databricks.refusals import Refusal, explain_refusal
from semantic.engines.databricks.trouble import trouble_of
from semantic.engines.databricks.types import column_type
from semantic.layer import Layer
from semantic.model import Target
from tests.cli_project import MODEL, ROWS, make_project, run

PLACE = {"engine": "databricks", "host": "dbc-1.cloud.databricks.com", "http_path": "/sql/1.0/warehouses/w1"}
TOKEN = {"DATABRICKS_TOKEN": "secret-token"}
CLIENT = {"DATABRICKS_CLIENT_ID": "id", "DATABRICKS_CLIENT_SECRET": "secret-of-it"}


def said(error: pytest.ExceptionInfo[EngineError]) -> str:
    return str(error.value)


# Settings and logins ------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"engine": "databricks", "host": "h"}, "a target on databricks needs host and http_path"),
        ({"engine": "duckdb", "host": "h"}, "'host' is no setting of duckdb"),
        ({**PLACE, "database": "x.duckdb"}, "'database' is no setting of databricks"),
        ({**PLACE, "token_variable": "dapi0123"}, "this must be the name of an environment variable"),
    ],
)
def test_settings_are_those_of_the_engine(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Target(**settings)


@pytest.mark.parametrize(
    "host",
    [
        "dbc-1.x.com",
        "https://dbc-1.x.com",
        "https://dbc-1.x.com/",
        "dbc-1.x.com:443",
        "dbc-1.x.com:",
        " dbc-1.x.com\n",
        "https://dbc-1.x.com/?o=1",
        "https://dbc-1.x.com?o=1#workspace/Users/ann@example.com",
        "https://dbc-1.x.com/sql/warehouses/w1?o=1:2",
        "HTTPS://dbc-1.x.com#secret/createScope",
    ],
)
def test_a_host_may_be_written_as_in_its_address(host: str) -> None:
    address = Address.of(Target(**{**PLACE, "host": host}))
    assert (address.host, address.port, address.site) == ("dbc-1.x.com", 443, "dbc-1.x.com")


@pytest.mark.parametrize(
    ("host", "bare", "site"),
    [
        ("localhost:40171/sql?o=1", "localhost", "localhost:40171"),
        ("127.0.0.1:8443", "127.0.0.1", "127.0.0.1:8443"),
        ("https://[::1]:8443/", "::1", "[::1]:8443"),
        ("[::1]", "::1", "[::1]"),
        ("2001:db8::1", "2001:db8::1", "[2001:db8::1]"),
        ("https://bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_may_have_a_port_or_be_a_number_or_no_ascii(host: str, bare: str, site: str) -> None:
    address = Address.of(Target(**{**PLACE, "host": host}))
    assert (address.host, address.site) == (bare, site)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("https://token:pa55@localhost:40171/", "holds a login"),
        ("token:pa55@dbc-1.x.com", "holds a login"),
        ("https://pa55@dbc-1.x.com", "holds a login"),
        ("https://token:pa55/word@dbc-1.x.com", "holds a login"),
        ("https://token:55/pa55@dbc-1.x.com", "holds a login"),
        ("localhost:abc", "the port in the host of the target is no number"),
        ("localhost:65536", "the port in the host of the target is no number"),
        ("localhost:٤٤", "the port in the host of the target is no number"),
        ("[::1]:x", "the port in the host of the target is no number"),
        ("[::1", "no name of a host"),
        ("1:2:3", "no name of a host"),
        ("a b", "no name of a host"),
        ("a..b", "no name of a host"),
        ("é" * 70, "no name of a host"),
        ("https://", "no name of a host"),
        (" ", "no name of a host"),
    ],
)
def test_a_host_that_is_none_is_refused_and_not_repeated(tmp_path: Path, host: str, says: str) -> None:
    folder = make_project(tmp_path, MODEL, ROWS)
    settings = 'targets: {p: {engine: databricks, host: "{{ env.HOST }}", http_path: p}}\n'
    (folder / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
    with pytest.raises(EngineError, match="E401") as layered:
        Layer(folder, environment={**TOKEN, "HOST": host}).query(["events"])
    with pytest.raises(EngineError, match="E401") as caught:
        open_engine(Target(**{**PLACE, "host": host}), None, Limits(), TOKEN)
    for each in (layered, caught):
        assert says in said(each)
        assert [word for word in ("pa55", "token:", "word@") if word in said(each)] == []


def test_a_login_comes_from_the_environment() -> None:
    assert find_login(Target(**PLACE), TOKEN).values == ("secret-token",)
    assert find_login(Target(**PLACE), CLIENT).is_oauth
    assert find_login(Target(**PLACE, client_id_variable="DATABRICKS_CLIENT_ID"), {**TOKEN, **CLIENT}).is_oauth
    other = find_login(Target(**PLACE, token_variable="PROD_TOKEN"), {**TOKEN, "PROD_TOKEN": "another"})
    assert (other.values, "another" in repr(other)) == (("another",), False)


def test_two_logins_or_none_are_refused() -> None:
    with pytest.raises(EngineError) as none:
        find_login(Target(**PLACE), {"DATABRICKS_CLIENT_ID": "id", "DATABRICKS_TOKEN": ""})
    assert said(none) == (
        "E408  there is no login to Databricks in the environment\n"
        "    set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID with DATABRICKS_CLIENT_SECRET"
    )
    with pytest.raises(EngineError, match="there are two logins") as two:
        find_login(Target(**PLACE), {**TOKEN, **CLIENT})
    assert "secret" not in said(two)


def test_without_the_connector_the_command_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError) as caught:
        open_engine(Target(**PLACE), None, Limits(), TOKEN)
    assert said(caught) == "E430  the connector to Databricks is not installed\n    pip install 'metricast[databricks]'"


def test_a_secret_in_yaml_is_not_repeated(tmp_path: Path) -> None:
    folder = make_project(tmp_path, MODEL, ROWS)
    for line in ("token: dapi0123456789", "token_variable: dapi0123456789", "client_secret: 'dapi0123456789'"):
        settings = f"targets:\n  p: {{engine: databricks, host: h, http_path: p, {line}}}\n"
        (folder / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
        for style in ("text", "json", "github"):
            done = run("validate", "--project", folder, "--format", style)
            assert done.exit_code == 1
            assert "dapi" not in done.output


# Names ------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "written"),
    [
        ("activity", "`activity`"),
        ("{{ target.catalog }}.{{ target.schema }}.activity", "`my-shop`.`sales`.`activity`"),
        ('{{ target.catalog }}."a b".activity', "`my-shop`.`a b`.`activity`"),
        ("{{ target.schema }}.order", "`sales`.`order`"),
    ],
)
def test_names_of_tables_are_quoted(tmp_path: Path, table: str, written: str) -> None:
    model = f"datasets: {{activity: {{table: '{table}'}}}}\nmetrics: {{events: {{dataset: activity, agg: count}}}}"
    folder = make_project(tmp_path, model, "SELECT 1")
    settings = "targets: {p: {engine: databricks, host: h, http_path: p, catalog: my-shop, schema: sales}}\n"
    (folder / "metrics" / "project.yml").write_text(settings, encoding="utf-8")
    sql = Layer(folder, target="p", environment={}).sql(["events"])
    found = sql.partition("FROM ")[2].splitlines()[0].partition(" AS ")[0]
    assert found.replace("`", "") == written.replace("`", "")
    assert [part for part in found.split(".") if not part.isidentifier() and not part.startswith("`")] == []


MISSING_TABLE = """[TABLE_OR_VIEW_NOT_FOUND] The table or view `main`.`shop`.`odrers` cannot be found. Check it.
If you did not qualify … SQLSTATE: 42P01; line 1 pos 14"""
MISSING_COLUMN = """[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `amuont`
 cannot be resolved. Did you mean one of the following? [`orders`.`amount`, `orders`.`status`]. SQLSTATE: 42703"""
LINE = "\n"
NO_SCHEMA = "PERMISSION_DENIED: User does not have USE SCHEMA on Schema 'main.shop'."
NO_SELECT = """[INSUFFICIENT_PERMISSIONS] Insufficient privileges:
User does not have SELECT on Table 'main.shop.orders'."""
DIVISION = """org.apache.hive.service.cli.HiveSQLException: Error running query: [DIVIDE_BY_ZERO]
 org.apache.spark.SparkArithmeticException: [DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012
== SQL (line 1, position 8) =="""


# What is said of errors ------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (MISSING_TABLE, "E402  the table 'main.shop.odrers' does not exist in the target; did you mean 'orders'?"),
        (MISSING_COLUMN.replace("\n", ""), "E402  there is no column 'amuont'; did you mean 'amount'?"),
        (
            "[SCHEMA_NOT_FOUND] The schema `main`.`oders` cannot be found. Verify the spelling",
            "E402  there is no schema 'main.oders'; did you mean 'orders'?",
        ),
        (
            "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'mian' was not found. SQLSTATE: 42704",
            "E402  there is no catalog 'mian'; did you mean 'main'?",
        ),
        (NO_SELECT, f"E431  a privilege is missing: {NO_SELECT[27:].replace(LINE, ' ')}; ask the owner for a GRANT"),
        (NO_SCHEMA, f"E431  a privilege is missing: {NO_SCHEMA}; ask the owner for a GRANT"),
        ("Query has timed out after 40 seconds", "E404  the query took longer than 30 s and was stopped"),
        (DIVISION, "E406  Databricks refused the query: Division by zero."),
        (
            "[CAST_INVALID_INPUT] The value 'PERMISSION_DENIED, timed out' cannot be cast. SQLSTATE: 22018",
            "E406  Databricks refused the query: The value 'PERMISSION_DENIED, timed out' cannot be cast.",
        ),
        (
            "[CAST_INVALID_INPUT] The value 'SQLSTATE: 42501' is wrong. SQLSTATE: 22018\n== SQL\n'SQLSTATE: 42501'",
            "E406  Databricks refused the query: The value '",
        ),
        (
            "[UC_X] User 'a' cannot read it. SQLSTATE: 42501",
            "E431  a privilege is missing: User 'a' cannot read it.; ask the owner for a GRANT",
        ),
        (
            "java.lang.XException: For input string: '[UNRESOLVED_COLUMN] `ann` not authorized'",
            "E406  Databricks refused the query: For input string: '[UNRESOLVED_COLUMN] `ann` not authorized'",
        ),
        ("java.lang.OutOfMemoryError: heap", "E406  Databricks refused the query: heap"),
    ],
)
def test_refusals(message: str, expected: str) -> None:
    found = explain_refusal(message, 30, lambda show: {"SHOW CATALOGS": ["main"]}.get(show, ["orders", "users"]))
    assert found.render().replace("\n    ", "; ") == expected


def test_only_the_schema_that_was_asked_is_looked_into() -> None:
    shown: list[str] = []

    def show(statement: str) -> list[str]:
        shown.append(statement)
        return []

    message = "[TABLE_OR_VIEW_NOT_FOUND] The table or view `a-b`.`c``d`.`x` cannot be found."
    explain_refusal(message, None, show)
    assert shown == ["SHOW TABLES IN `a-b`.`c``d`"]
    assert Refusal.read(message).names == ("a-b", "c`d", "x")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Could not convert 'ann@example.com' with type str"),
        exc.OperationalError("ann@example.com"),
        ProtocolError("ann@example.com"),
        exc.RequestError("x", {"http-code": 500, "error-message": "ann@example.com"}),
    ],
)
def test_once_rows_may_have_come_words_that_may_quote_them_are_left_out(error: Exception) -> None:
    words = trouble_of(error, "dbc-1.x.com", "/sql").diagnostic.message
    none = trouble_of(error, "dbc-1.x.com", "/sql", with_words=False).diagnostic.message
    assert ("ann@" in words, "ann@" in none, "dbc-1.x.com" in none) == (True, False, True)


def _request_error(status: int, said: str = "", error: Exception | None = None) -> Exception:
    context = {"http-code": status, "error-message": said, "method": "OpenSession"}
    made: Exception = exc.RequestError("Error during request to server", context, None, error)
    return made


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (_request_error(403, ": Invalid access token.", ValueError()), "E409", "lasting"),
        (_request_error(401), "E409", "lasting"),
        (_request_error(400, "Invalid Token"), "E409", "lasting"),
        (_request_error(403, "User does not have permission to use warehouse w1."), "E431", "lasting"),
        (_request_error(404), "E401", "lasting"),
        (_request_error(502), "E401", "lasting"),
        (_request_error(503), "E401", "busy"),
        (_request_error(0, error=exc.MaxRetryDurationError("later")), "E401", "busy"),
        (MaxRetryError(None, "/", ResponseError("too many 429 error responses")), "E401", "busy"),  # type: ignore[arg-type]
        (urllib.error.HTTPError("u", 503, "busy", Message(), None), "E401", "busy"),
        (ImportError("databricks-sql-kernel"), "E401", "lasting"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "E401", "lasting"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "E401", "unreachable"),
        (ConnectionRefusedError(111, "Connection refused"), "E401", "unreachable"),
        (_request_error(200, error=ConnectionResetError(104, "reset")), "E401", "unreachable"),
    ],
)
def test_troubles(error: Exception, code: str, kind: str) -> None:
    found = trouble_of(error, "dbc-1.x.com", "/sql/1.0/warehouses/w1")
    assert (found.diagnostic.code, found.kind) == (code, kind)
    assert found.diagnostic.hint


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("bigint", "integer"),
        ("decimal(38,0)", "number"),
        ("varchar(20)", "text"),
        ("string collate UNICODE_CI", "other"),
        ("timestamp", "timestamptz"),
        ("timestamp_ntz", "timestamp"),
        ("array<int>", "other"),
    ],
)
def test_types(words: str, kind: str) -> None:
    assert column_type(words).kind == kind
