"""What is said about a metric is what a query of it would do."""

from __future__ import annotations

from semantic.explain import explain_metric
from semantic.expressions import PARTS
from semantic.load import load_texts

MODEL = """
datasets:
  posts:
    table: posts
    primary_key: id
    joins: {author: {dataset: users, on: author_id}, likes: {on: like_id}}
  likes: {table: liked, primary_key: like_id, time: liked_on, dimensions: {liked_on: {type: date}}}
  users:
    table: people
    primary_key: user_id
    dimensions: {name: {}, age: {expr: "age_years(born, at)"}, old: {expr: born < date '1960-01-01'}}
  apart: {table: apart, primary_key: id, dimensions: {colour: {}}}
segments: {seniors: {filter: author.old}}
metrics:
  posts: {dataset: posts, agg: count}
  of_seniors: {dataset: posts, agg: sum, expr: score, filter: seniors}
  likes: {dataset: likes, agg: count}
"""


def test_dimensions_are_those_that_a_query_takes() -> None:
    loaded = load_texts({"a.yml": MODEL})
    assert loaded.model is not None, loaded.diagnostics
    found = explain_metric(loaded.model, "posts")
    assert {"posts.id", "users.name", "author.name", "author.old", "likes.liked_on"} <= set(found.reachable)
    reasons = dict(found.unreachable)
    assert "no join" in reasons["apart.colour"]
    assert "no time dimension" in reasons["author.age"]
    assert (found.clocks, found.grains) == ((), ())


def test_what_an_earlier_as_of_does_not_hide_is_named() -> None:
    known = "table: posts\n    recorded: seen_on\n    dimensions: {seen_on: {type: date}}"
    loaded = load_texts({"a.yml": MODEL.replace("table: posts", known)})
    assert loaded.model is not None, loaded.diagnostics
    assert [explain_metric(loaded.model, name).as_now for name in ("posts", "of_seniors", "likes")] == [
        (),
        ("users",),
        ("likes",),
    ]


def test_columns_are_those_of_every_table_on_the_way() -> None:
    loaded = load_texts({"a.yml": MODEL})
    assert loaded.model is not None, loaded.diagnostics
    found = explain_metric(loaded.model, "of_seniors")
    assert found.columns == ("people.born", "people.user_id", "posts.author_id", "posts.score")


def test_time_words_are_those_that_the_clock_has() -> None:
    loaded = load_texts({"a.yml": MODEL})
    assert loaded.model is not None, loaded.diagnostics
    found = explain_metric(loaded.model, "likes")
    assert found.clocks == ("likes.liked_on",)
    assert found.grains == ("day", "week", "month", "quarter", "fiscal_quarter", "year", "fiscal_year")
    assert found.date_parts == PARTS[1:]


def test_what_calendars_say_is_among_the_parts_of_a_time() -> None:
    calendar = (
        "calendars: {shop: {table: days, date: day, periods: {shop_month: m}, dimensions: {is_open: {column: o}}}}"
    )
    loaded = load_texts({"a.yml": MODEL, "b.yml": calendar})
    assert loaded.model is not None, loaded.diagnostics
    assert explain_metric(loaded.model, "likes").date_parts == (*PARTS[1:], "is_open", "shop_month")
    assert explain_metric(loaded.model, "posts").date_parts == ()
