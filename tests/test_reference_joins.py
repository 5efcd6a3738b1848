"""What the naive evaluator takes a key to be that is an expression, by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.reference import Dataset, Dimension, Expr, Join, Model, Query, Refused, Simple, evaluate, to_sql

AS_OF = datetime(2025, 3, 20, 12, tzinfo=UTC)
LOGIN: Expr = ("lower", ("trim", ("name", "login")))
HOME: Expr = ("coalesce", ("name", "city"), ("lit", "unknown"))

CITIES = Dataset(
    "cities",
    {"city": "VARCHAR", "size": "VARCHAR"},
    ({"city": "Bonn", "size": "big"}, {"city": "unknown", "size": "none"}),
    ("city",),
    dimensions=(Dimension("size"),),
)
USERS = Dataset(
    "users",
    {"login": "VARCHAR", "city": "VARCHAR"},
    ({"login": "ann", "city": "Bonn"}, {"login": "bob", "city": None}),
    ("login",),
    joins=(Join("home", "cities", (HOME,)),),
)
VISITS = Dataset(
    "visits",
    {"id": "BIGINT", "login": "VARCHAR"},
    tuple({"id": place, "login": login} for place, login in enumerate((" Ann", "ann", "BOB", "cid", None))),
    ("id",),
    joins=(Join("users", "users", (LOGIN,)),),
)
MODEL = Model({"visits": VISITS, "users": USERS, "cities": CITIES}, {"n": Simple("n", "visits", "count")})


def answer(by: str, model: Model = MODEL) -> list[tuple[Any, ...]]:
    return list(evaluate(model, Query(("n",), tuple(by.split())), AS_OF).rows)


def test_the_value_of_an_expression_is_looked_up() -> None:
    assert answer("users.login") == [("ann", 2), ("bob", 1), (None, 2)]


def test_an_expression_does_not_rescue_a_chain_that_broke() -> None:
    assert answer("cities.size") == [("big", 2), ("none", 1), (None, 2)]


def test_only_plain_columns_become_dimensions() -> None:
    with pytest.raises(Refused):
        answer("visits.login")
    assert answer("users.login cities.city") == [("ann", "Bonn", 2), ("bob", "unknown", 1), (None, None, 2)]


def test_columns_and_expressions_in_one_key() -> None:
    pairs = Dataset(
        "pairs",
        {"one": "VARCHAR", "other": "BIGINT", "name": "VARCHAR"},
        ({"one": "a", "other": 2, "name": "x"}, {"one": "b", "other": 1, "name": "y"}),
        ("one", "other"),
        dimensions=(Dimension("name"),),
    )
    facts = Dataset(
        "facts",
        {"id": "BIGINT", "one": "VARCHAR", "odd name": "BIGINT"},
        tuple({"id": place, "one": one, "odd name": 1} for place, one in enumerate(("a", "b", None))),
        ("id",),
        joins=(Join("pairs", "pairs", ("one", ("+", ("name", "odd name"), ("lit", 1)))),),
    )
    two = Model({"facts": facts, "pairs": pairs}, {"n": Simple("n", "facts", "count")})
    assert answer("pairs.name facts.one", two) == [("x", "a", 1), (None, "b", 1), (None, None, 1)]


def test_odd_names_are_quoted() -> None:
    assert to_sql(("lower", ("name", "odd name"))) == 'lower("odd name")'
    assert to_sql(("name", "users.gender")) == "users.gender"
