"""What is said of a wrong query: everything at once, at the very word of a condition, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from semantic.compile import compile_query
from semantic.errors import QueryError
from semantic.load import load_texts
from semantic.model import Model
from semantic.query import Query

AS_OF = datetime(2025, 6, 15, tzinfo=UTC)
MODEL = """
datasets:
  users:
    table: users
    primary_key: user_id
    time: registered_at
    dimensions: {gender: {type: string}, born: {type: date}}
  orders:
    table: orders
    primary_key: order_id
    time: ordered_at
    joins: {users: {on: user_id}}
    dimensions: {status: {type: string}, amount: {type: number}}
  notes: {sql: select 'red' as colour, dimensions: {colour: {}}}
  gifts: {table: gifts, joins: {giver: {dataset: users, on: giver_id}, taker: {dataset: users, on: taker_id}}}
segments:
  women: {filter: users.gender = 'f'}
metrics:
  people: {dataset: users, agg: count}
  births: {dataset: users, agg: count, time: born}
  orders: {dataset: orders, agg: count}
  revenue: {dataset: orders, agg: sum, expr: amount}
  notes: {dataset: notes, agg: count}
  gifts: {dataset: gifts, agg: count}
"""


@pytest.fixture(scope="module")
def model() -> Model:
    loaded = load_texts({"metrics/a.yml": MODEL})
    assert loaded.model is not None, loaded.diagnostics
    return loaded.model


def refused(model: Model, **parts: Any) -> list[str]:
    """The mistakes as `CODE place message hint`."""
    with pytest.raises(QueryError) as caught:
        compile_query(model, Query(**parts), as_of=AS_OF)
    return [f"{each.code} {each.span or '-'} {each.message} {each.hint or ''}" for each in caught.value.diagnostics]


def test_everything_is_said_at_once(model: Model) -> None:
    said = refused(
        model,
        metrics=("order", "revenue", "revenue"),
        by=("gendr", "user.gender", "users.registered_at.moth"),
        where="stats = 'x' and wmoen",
        having="people > 1",
        order=("foo", "revenue down"),
        limit=-1,
        period="lst week",
    )
    assert [each.split(" ")[:2] for each in said] == [
        ["E303", "-"],
        ["E305", "-"],
        ["E306", "-"],
        ["E302", "-"],
        ["E301", "-"],
        ["E315", "-"],
        ["E302", "where:1:1"],
        ["E302", "where:1:17"],
        ["E308", "having:1:1"],
        ["E309", "-"],
        ["E309", "-"],
        ["E320", "-"],
    ]


@pytest.mark.parametrize(
    ("parts", "start", "words"),
    [
        ({"where": "status = 5"}, "E330 where:1:10", "text and a number cannot be compared"),
        ({"where": "status\n  = 5"}, "E330 where:2:5", "text and a number cannot be compared"),
        ({"where": "users.born > 'soon'"}, "E330 where:1:14", "write 2025-01-31"),
        ({"where": "status"}, "E330 where:1:1", "a condition is expected here"),
        ({"where": "hour(users.born) = 3"}, "E330 where:1:6", "it has no hour"),
        ({"where": "ifnull(status, 'x') = 'x'"}, "E330 where:1:1", "write coalesce"),
        ({"where": "revenue > 5"}, "E302 where:1:1", "it is a metric"),
        ({"where": "user_id = 1"}, "E310 where:1:1", "one of users.user_id, orders.user_id"),
        ({"having": "orders > 'x'"}, "E330 having:1:11", "a number and text cannot be compared"),
        ({"having": "orders"}, "E330 having:1:1", "a condition is expected here"),
        ({"having": "orders > (1"}, "E330 having:1:11", "close it with ')'"),
        ({"by": ("users",)}, "E302 -", "it is a dataset; its dimensions are users.gender"),
        ({"by": ("weekly",)}, "E302 -", "did you mean 'week'?"),
        ({"by": ("users.born.hour",)}, "E314 -", "ask for day or coarser"),
        ({"by": ("status.month",)}, "E315 -", "so it has no grain"),
        ({"by": ("colour",)}, "E316 -", "no join that leads to 'notes'"),
        ({"metrics": ("people",), "by": ("status",)}, "E316 -", "one row of 'users' has many of 'orders'"),
        ({"metrics": ("people",), "by": ("status",)}, "E316 -", "count from 'orders'"),
        ({"metrics": ("people",), "where": "status = 'x'"}, "E317 -", "(fan-out)"),
        ({"metrics": ("gifts",), "by": ("users.gender",)}, "E311 -", "via: {users: giver}"),
        ({"metrics": ("notes",), "by": ("month",)}, "E312 -", "time: … in dataset 'notes'"),
        ({"metrics": (), "by": ("month",)}, "E307 -", "users.registered_at.month"),
        ({"metrics": (), "by": ("gender", "colour")}, "E319 -", "ask for a metric"),
        ({"by": ("second",), "period": "2025"}, "E322 -", "do not fill"),
        ({"time_zone": "Berlin"}, "E321 -", "IANA"),
        ({"metrics": ("births",), "by": ("year",), "time_zone": "Asia/Tokyo"}, "E313 -", "business days"),
    ],
    ids=str,
)
def test_a_mistake_and_what_to_do(model: Model, parts: dict[str, Any], start: str, words: str) -> None:
    (said,) = refused(model, **{"metrics": ("orders",), **parts})
    assert said.startswith(f"{start} ")
    assert words in said
