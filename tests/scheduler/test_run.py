"""One run, from claim to end, on a real project and a real store; only the destination is a double."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from exporters.base import Export
from scheduler.clock import SimulatedClock
from scheduler.journal import Worker, mask_from
from scheduler.run import OpenExport, carry_out, new_worker, run_export
from scheduler.runs import Lease, Pace, Run, RunReport, RunState
from scheduler.service import open_project
from scheduler.store import Store
from semantic.engines import Limits
from semantic.layer import Layer
from tests.scheduler.shop import MEMO, MONDAY, MemoOptions, commits, make_shop, open_shop

MEMO_FILE = "drops/weekly_2025-03-03.txt"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


@pytest.fixture
def store(shop: Path) -> Iterator[Store]:
    with Store.of_project(shop) as opened:
        yield opened


def export_weekly(shop: Path, store: Store, *options: MemoOptions, again: bool = False) -> RunReport:
    with open_shop(shop, *options) as (layer, exports):
        clock = SimulatedClock(MONDAY + timedelta(minutes=1))
        return run_export(layer, exports["weekly"], logical_time=MONDAY, store=store, clock=clock, again=again)


def claim_and_carry_out(run: Run, open_export: OpenExport, worker: Worker) -> RunReport:
    claimed = worker.store.claim(run, worker.lease(), worker.clock.now())
    assert claimed
    return carry_out(claimed, open_export, worker)


def steps(store: Store, report: RunReport) -> list[str]:
    return [step.name for step in store.steps(report.run)]


def test_a_run_delivers_and_is_recorded(shop: Path, store: Store) -> None:
    report = export_weekly(shop, store)
    assert (report.run.state, report.run.error, report.carried_out) == (RunState.SUCCEEDED, None, True)
    assert report.run.logical_time == MONDAY
    (delivery,) = report.deliveries
    receipt = json.loads(delivery.receipt)
    assert (delivery.destination, receipt["as_of"]) == (MEMO_FILE, "2025-03-03T06:00:00+00:00")
    assert [(each["name"], each["rows"]) for each in receipt["queries"]] == [("trend", 4)]
    assert len(receipt["queries"][0]["sql_hash"]) == 64
    assert len((shop / MEMO_FILE).read_text().splitlines()) == 4
    assert steps(store, report) == [
        *("queued", "claimed", "querying", "queried", "delivering", "delivered", "succeeded")
    ]


def test_a_deprecated_name_is_noted_at_every_run(shop: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with (shop / "metrics" / "sales.yml").open("a") as metrics:
        metrics.write("  income: {dataset: sales, agg: sum, expr: amount, deprecated: {use: revenue}}\n")
    export = shop / "metrics" / "exports" / "weekly.yml"
    export.write_text(export.read_text().replace("[revenue]", "[income]"))
    report = export_weekly(shop, store)
    noted = [step.detail for step in store.steps(report.run) if step.name == "deprecated"]
    assert noted == ["trend: 'income' is deprecated: use 'revenue' instead"]
    assert "export weekly, query trend: 'income' is deprecated" in caplog.text


def test_the_logical_time_is_the_as_of(shop: Path, store: Store) -> None:
    with open_shop(shop) as (layer, exports):
        later = MONDAY + timedelta(days=7)
        report = run_export(layer, exports["weekly"], logical_time=later, store=store)
        (delivery,) = report.deliveries
    assert delivery.destination == "drops/weekly_2025-03-10.txt"
    assert (shop / delivery.destination).read_text().startswith("2025-02-10 7\n")


def test_what_is_delivered_is_not_delivered_twice(shop: Path, store: Store) -> None:
    first, second = export_weekly(shop, store), export_weekly(shop, store)
    assert second.run == first.run
    assert (second.deliveries, second.carried_out) == (first.deliveries, False)
    assert commits(shop) == [MEMO_FILE]


def test_a_finished_run_is_delivered_again_on_demand(shop: Path, store: Store) -> None:
    export_weekly(shop, store)
    report = export_weekly(shop, store, again=True)
    assert (report.run.state, report.run.attempt, len(report.deliveries)) == (RunState.SUCCEEDED, 2, 1)
    assert commits(shop) == [MEMO_FILE] * 2


def test_every_destination_gets_its_chance_and_a_retry_delivers_only_the_rest(shop: Path, store: Store) -> None:
    paths = ("one.txt", "two.txt", "three.txt")
    one, two, three = (MemoOptions(path=path) for path in paths)
    broken = two.model_copy(update={"fault": "refused"})
    report = export_weekly(shop, store, one, broken, three)
    assert report.run.state is RunState.FAILED
    assert "E520  'two.txt' cannot be written" in (report.run.error or "")
    assert [delivery.destination for delivery in report.deliveries] == ["one.txt", "three.txt"]
    report = export_weekly(shop, store, one, two, three)
    assert (report.run.state, report.run.error) == (RunState.SUCCEEDED, None)
    assert commits(shop) == ["one.txt", "three.txt", "two.txt"]


def test_the_exporters_of_the_yaml_deliver(shop: Path, store: Store) -> None:
    with open_project(shop) as (layer, exports):
        report = run_export(layer, exports["weekly"], logical_time=MONDAY, store=store)
    assert report.run.error is None
    assert [each.destination for each in report.deliveries] == ["drops/weekly_2025-03-03.xlsx"]
    assert (shop / "drops/weekly_2025-03-03.xlsx").stat().st_size > 1000


def test_equal_destinations_are_told_apart(shop: Path, store: Store) -> None:
    report = export_weekly(shop, store, MEMO, MEMO)
    assert report.run.state is RunState.SUCCEEDED
    assert [each.entry for each in report.deliveries] == [f"memo {MEMO.path}", f"memo {MEMO.path} (2)"]


def test_nothing_is_queried_when_all_was_delivered_before_the_process_died(shop: Path, store: Store) -> None:
    run = export_weekly(shop, store).run
    with store._transaction() as database:
        database.execute("UPDATE runs SET state = 'queued', ended_at = NULL")
    make_shop(shop, sales=FAULTY_SALES)
    with open_shop(shop) as (layer, exports):
        report = claim_and_carry_out(run, lambda: nullcontext((layer, exports["weekly"])), new_worker(store))
    assert report.run.state is RunState.SUCCEEDED
    assert commits(shop) == [MEMO_FILE]


def test_a_failing_query_fails_the_run_readably(shop: Path, store: Store) -> None:
    make_shop(shop, sales=FAULTY_SALES)
    report = export_weekly(shop, store)
    assert report.run.state is RunState.FAILED
    assert "E4" in (report.run.error or "")
    assert "not_there" in (report.run.error or "")
    assert "Traceback" not in (report.run.error or "")
    assert report.deliveries == ()
    assert commits(shop) == []


FAULTY_SALES = """
datasets:
  sales: {table: not_there, primary_key: sale_id, time: sold_at}
metrics:
  revenue: {dataset: sales, agg: sum, expr: amount}
"""


def test_an_unexpected_exception_is_recorded_and_its_traceback_logged(
    shop: Path, store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-hunter2")
    with caplog.at_level(logging.INFO):
        report = export_weekly(shop, store, MEMO.model_copy(update={"fault": "bug"}))
    assert report.run.error == "E614  unexpected ZeroDivisionError: a bug with *** in it"
    assert "Traceback (most recent call last)" in caplog.text
    assert "in misbehave" in caplog.text
    assert "hunter2" not in caplog.text
    assert b"hunter2" not in store.path.read_bytes()


def test_an_interrupt_ends_the_run_and_goes_on(shop: Path, store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        export_weekly(shop, store, MEMO.model_copy(update={"fault": "interrupt"}))
    (report,) = store.recent(1)
    assert (report.run.state, report.run.error) == (RunState.FAILED, "E615  stopped by KeyboardInterrupt")


def test_a_run_of_somebody_else_is_left_alone_until_its_lease_is_over(shop: Path, store: Store) -> None:
    run = store.enqueue("weekly", MONDAY, MONDAY)
    store.claim(run, Lease("elsewhere:1", MONDAY + timedelta(minutes=2)), MONDAY)
    report = export_weekly(shop, store)
    assert (report.run.state, report.carried_out) == (RunState.RUNNING, False)
    assert report.run.lease
    assert report.run.lease.owner == "elsewhere:1"
    with store._transaction() as database:
        database.execute("UPDATE runs SET lease_until = '2025-03-03T06:00:30.000000Z'")
    report = export_weekly(shop, store)
    assert (report.run.state, report.run.attempt) == (RunState.SUCCEEDED, 2)
    assert commits(shop) == [MEMO_FILE]


def test_an_attempt_that_lost_its_lease_records_nothing_more(shop: Path, store: Store) -> None:
    run = store.enqueue("weekly", MONDAY, MONDAY)
    with open_shop(shop) as (layer, exports):

        def open_export() -> AbstractContextManager[tuple[Layer, Export]]:
            store.requeue_dead(MONDAY + timedelta(hours=1))
            return nullcontext((layer, exports["weekly"]))

        report = claim_and_carry_out(run, open_export, new_worker(store, SimulatedClock(MONDAY)))
    assert (report.run.state, report.run.error, report.deliveries) == (RunState.QUEUED, None, ())
    assert commits(shop) == []


def test_a_lost_lease_cancels_the_query(shop: Path, store: Store) -> None:
    make_shop(shop, sales=SLOW_SALES)
    run = store.enqueue("weekly", MONDAY, MONDAY)
    worker = new_worker(store, SimulatedClock(MONDAY), Pace(renewal=timedelta(milliseconds=50)))

    def steal() -> None:
        while store.steps(run)[-1].name != "querying":
            time.sleep(0.01)
        time.sleep(0.2)
        store.requeue_dead(MONDAY + timedelta(hours=1))

    thief = threading.Thread(target=steal)
    thief.start()
    began = time.monotonic()
    with open_shop(shop) as (layer, exports):
        layer.limits = Limits(seconds=12)
        report = claim_and_carry_out(run, lambda: nullcontext((layer, exports["weekly"])), worker)
    thief.join()
    assert time.monotonic() - began < 10
    assert report.run.state is RunState.QUEUED
    assert commits(shop) == []


SLOW_SALES = """
datasets:
  sales:
    sql: |
      SELECT a.range AS sale_id, TIMESTAMP '2025-02-03 10:00:00' + INTERVAL (a.range % 7) DAY AS sold_at, 1 AS amount
      FROM range(10000000) AS a, range(10000) AS b
    primary_key: sale_id
    time: sold_at
metrics:
  revenue: {dataset: sales, agg: sum, expr: amount}
"""


def test_secrets_are_masked() -> None:
    mask = mask_from({"DATABRICKS_TOKEN": "dapi123456", "HOME": "/home/me", "MY_SECRET": "abc", "API_KEY": "dapi1234"})
    assert mask("token dapi123456, key dapi1234, home /home/me, abc") == "token ***, key ***, home /home/me, abc"
    folders = mask_from({"PWD": "/srv/shop", "OLDPWD": "/home/me/shop", "DB_PWD": "hunter2-hunter2"})
    assert folders("/srv/shop, /home/me/shop, hunter2-hunter2") == "/srv/shop, /home/me/shop, ***"
    assert mask("https://user:pw@host/x and https://host/a@b") == "https://***@host/x and https://host/a@b"
