"""The shipped project on two engines: `--target` alone decides, no metric is edited, and the numbers are the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from semantic.layer import Layer
from semantic.query import Query
from tests.cli_project import run
from tests.oracles import Oracle, differences, load_oracles
from tests.warehouse.front import PATHS
from tests.warehouse.handle import Handle
from tests.warehouse.shipped import shipped_project

ROOT = Path(__file__).resolve().parents[2]
ORACLES = load_oracles(ROOT / "tests" / "oracle")
MONDAY_MORNING = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
USERS = 200


@pytest.fixture(scope="module")
def project(spark_warehouse: Handle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shipped YAML with a second target, and the same rows on both."""
    folder = tmp_path_factory.mktemp("engagement")
    environment = shipped_project(folder, spark_warehouse, USERS)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield folder


@pytest.fixture(scope="module")
def layers(project: Path) -> Iterator[tuple[Layer, Layer]]:
    with Layer(project, target="local") as local, Layer(project, target="production") as production:
        yield local, production


def test_all_metrics_are_compared() -> None:
    assert {metric for oracle in ORACLES for metric in oracle.metrics} == set(Layer(ROOT).model.metrics)


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_both_targets_give_the_same_rows(oracle: Oracle, layers: tuple[Layer, Layer]) -> None:
    given, expected = (
        layer.run(Query(**dict(oracle.parts)), as_of=MONDAY_MORNING).rows() for layer in reversed(layers)
    )
    assert differences(given, expected) == []


def test_the_command_asks_either(project: Path, spark_warehouse: Handle) -> None:
    asked = ("query", "active_users", "points_earned", "--by", "month", "--period", "2026-Q2", "--project", project)
    local, production = (run(*asked, "--target", target, "--format", "csv") for target in ("local", "production"))
    assert production.exit_code == 0, production.output
    assert production.stdout == local.stdout
    tags = spark_warehouse.log("ExecuteStatement")[-1]["query_tags"]
    assert tags == "application:metricast,project:engagement,metrics:active_users\\,points_earned"


def test_validate_lets_the_engine_plan_every_metric(project: Path, spark_warehouse: Handle) -> None:
    before = len(spark_warehouse.log("ExecuteStatement"))
    done = run("validate", "--target", "production", "--project", project)
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    planned = [each["statement"] for each in spark_warehouse.log("ExecuteStatement")[before:]]
    assert sum(each.startswith("EXPLAIN") for each in planned) >= len(Layer(project).model.metrics)


def test_validate_lists_all_that_the_engine_has_not(project: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(project, tmp_path / "broken", ignore=shutil.ignore_patterns("*.parquet"))
    for path in (folder / "metrics").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("table: campaigns", "table: campaign").replace("table: users", "table: userz"))
    done = run("validate", "--target", "production", "--project", folder, "--format", "github")
    assert done.exit_code == 1
    lines = [line for line in done.stdout.splitlines() if "E402" in line]
    assert {word for line in lines for word in ("campaigns", "users") if f"did you mean '{word}'?" in line} == {
        "campaigns",
        "users",
    }, done.stdout
    assert all("file=" in line and ",line=" in line for line in lines)


def test_a_missing_login_is_said_before_anything_is_sent(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_TOKEN")
    done = run("query", "active_users", "--project", project, "--target", "production")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("E408  there is no login to Databricks in the environment\n")


def test_no_token_is_ever_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_TOKEN", "a-token-that-has-expired")
    for command in (("query", "active_users"), ("validate",)):
        done = run(*command, "--project", project, "--target", "production")
        assert (done.exit_code, "E409" in done.output) == (1, True)
        assert "a-token-that-has-expired" not in done.output


@pytest.fixture
def copied(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's YAML, to be changed, and a key for its masks."""
    monkeypatch.setenv("METRICAST_MASK_KEY", "a key of the tests, 32 bytes long")
    return shutil.copytree(project, tmp_path / "copied", ignore=shutil.ignore_patterns("*.parquet", "*.duckdb"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"host": "no-such-host.invalid"}, "E401  the host 'no-such-host.invalid' is not known: "),
        ({"host": "localhost:9"}, "E401  localhost:9 cannot be reached: "),
        ({"host": "https://token:pa55@{host}/"}, "E401  the host of the target holds a login"),
        ({"host": "localhost:abc"}, "E401  the port in the host of the target is no number"),
        (
            {"http_path": "/sql/1.0/warehouses/none"},
            "warehouses/none on {host}\n    its page shows the HTTP path",
        ),
        ({"schema": "engagements"}, "'spark_catalog.engagements'\n    did you mean 'engagement'?"),
        (
            {"token": "an-old-token"},
            "E409  {host} does not take the login (403: Invalid access token.)\n    it may",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_target_is_said_although_the_data_are_personal(
    wrong: dict[str, str], says: str, copied: Path, spark_warehouse: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copied / "metrics" / "project.yml"
    text = settings.read_text(encoding="utf-8").replace(PATHS[0], wrong.get("http_path", PATHS[0]))
    settings.write_text(text.replace("schema: engagement", f"schema: {wrong.get('schema', 'engagement')}"), "utf-8")
    if "host" in wrong:
        monkeypatch.setenv("DATABRICKS_HOST", wrong["host"].format(host=spark_warehouse.host))
    if "token" in wrong:
        monkeypatch.setenv("DATABRICKS_TOKEN", wrong["token"])
    done = run("query", "active_users", "--by", "users.user_id", "--project", copied, "--target", "production")
    assert (done.exit_code, done.stdout) == (1, "")
    assert says.format(host=spark_warehouse.host) in done.stderr
    assert [word for word in ("…", "pa55", "an-old-token") if word in done.stderr] == []


def test_a_host_may_be_pasted_from_the_browser(
    project: Path, spark_warehouse: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", f" https://{spark_warehouse.host}/sql/warehouses?o=1#top\n")
    done = run("query", "active_users", "--project", project, "--target", "production")
    assert done.exit_code == 0, done.output
