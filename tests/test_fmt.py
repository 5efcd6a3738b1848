"""The style of the house: one order of keys, two spaces, and nothing else changed, least of all a comment's place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.project_schema import file_schema, project_schema
from semantic.editing.house_style import in_house_style
from semantic.editing.json_schema import Schema
from semantic.errors import Diagnostic
from semantic.source import Node, read_yaml
from tests.case_files import load_cases
from tests.strategies.pages import Writer

ROOT = Path(__file__).parent.parent


@cache
def schema(settings: bool = False) -> Schema:
    return project_schema() if settings else file_schema()


def style(text: str, settings: bool = False) -> str:
    found: list[Diagnostic] = []
    styled = in_house_style("a.yml", text, schema(settings), found.append)
    assert styled is not None, "\n".join(diagnostic.render() for diagnostic in found) + "\n" + text
    return styled


def becomes(before: str, after: str) -> None:
    """A text becomes another, which then stays."""
    before, after = (dedent(text).lstrip("\n") for text in (before, after))
    assert style(before) == after
    assert style(after) == after


# --- keys ------------------------------------------------------------------------------------------------


def test_keys_have_one_order_and_names_keep_theirs() -> None:
    becomes(
        """
        metrics:
          logins: {agg: count, type: simple, filter: activity_type = 'login', label: Logins, dataset: activity}
          active_users:
            tags: [a]
            format: {decimals: 2, type: percent}
            expr: user_id
            agg: count_distinct
            dataset: activity
            zzz: unknown
            owner: Growth
            description: People.
            label: Active users
        datasets:
          b: {table: b}
          a:
            dimensions:
              z: {type: date, values: {f: Female, a: All}}
              a: {bins: {labels: [x, y], edges: [1]}, label: A}
            primary_key: id
            table: a
        """,
        """
        datasets:
          b: {table: b}
          a:
            table: a
            primary_key: id
            dimensions:
              z: {type: date, values: {f: Female, a: All}}
              a: {label: A, bins: {edges: [1], labels: [x, y]}}
        metrics:
          logins: {label: Logins, type: simple, dataset: activity, agg: count, filter: activity_type = 'login'}
          active_users:
            label: Active users
            description: People.
            dataset: activity
            agg: count_distinct
            expr: user_id
            owner: Growth
            format: {type: percent, decimals: 2}
            tags: [a]
            zzz: unknown
        """,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{denominator: b, numerator: {ignore: [c], metric: a}, type: ratio}", "numerator: {metric: a, ignore: [c]}"),
        ("{expr: a - b, type: derived, label: L}", "{label: L, type: derived, expr: a - b}"),
    ],
)
def test_each_type_of_metric_has_its_own(before: str, after: str) -> None:
    assert after in style(f"metrics: {{m: {before}}}\n")


def test_exports_and_settings_have_an_order_too() -> None:
    becomes(
        """
        exports:
          e:
            to:
              - excel: {sheets: [{title: T, query: q}], path: a.xlsx}
            queries:
              q: {totals: true, by: [week], metrics: [m]}
            schedule: {timezone: UTC, cron: 0 7 * * 1}
        """,
        """
        exports:
          e:
            schedule: {cron: 0 7 * * 1, timezone: UTC}
            queries:
              q: {metrics: [m], by: [week], totals: true}
            to:
              - excel: {path: a.xlsx, sheets: [{query: q, title: T}]}
        """,
    )
    assert style("week_start: monday\nname: n\n", settings=True) == "name: n\nweek_start: monday\n"


# --- comments and blank lines ----------------------------------------------------------------------------


def test_comments_go_with_their_keys() -> None:
    becomes(
        """
        # The page.
        metrics:
          # All money.

          # What came in.
          revenue:      # in euros
            # how
            agg: sum    # not avg
                        # because
            # which

            # values
            expr: amount

            dataset: sales
            # the end of revenue
          # What went out.
          cost: {dataset: sales}   # beside cost
          # the end of metrics
        # the end of the page
        """,
        """
        # The page.
        metrics:
          # All money.

          # What came in.
          revenue:      # in euros
            dataset: sales
            # how
            agg: sum    # not avg
                        # because

            # which

            # values
            expr: amount
            # the end of revenue
          # What went out.
          cost: {dataset: sales}   # beside cost
          # the end of metrics
        # the end of the page
        """,
    )


def test_the_head_of_a_page_stays_there() -> None:
    becomes(
        """
        # yaml-language-server: $schema=metricast.schema.json
        # About all.

        # About metrics.
        metrics: {m: {dataset: d}}
        # About datasets.
        datasets: {d: {table: t}}
        """,
        """
        # yaml-language-server: $schema=metricast.schema.json
        # About all.

        # About datasets.
        datasets: {d: {table: t}}
        # About metrics.
        metrics: {m: {dataset: d}}
        """,
    )


def test_comments_of_items_go_with_the_key_or_stay_with_the_item() -> None:
    becomes(
        """
        exports:
          e:
            to:
            # first
            -   excel:
                  sheets:
                  - title: T     # beside title
                    # above query
                    query: q
                  # above the second
                  -
                      title: U
                  path: a.xlsx
        """,
        """
        exports:
          e:
            to:
              # first
              - excel:
                  path: a.xlsx
                  sheets:
                    # above query
                    - query: q
                      title: T     # beside title
                    # above the second
                    -
                      title: U
        """,
    )


def test_comments_between_braces_go_with_their_keys() -> None:
    becomes(
        """
        metrics:
          m: {  # opened
            # above agg
            agg: count,  # beside agg
            label: L, # beside label

            # above dataset
            dataset: d
            # the end
          }
          n: {agg: count, dataset: d}  # on one line
        """,
        """
        metrics:
          m: {  # opened
            label: L, # beside label

            # above dataset
            dataset: d,
            # above agg
            agg: count  # beside agg
            # the end
          }
          n: {dataset: d, agg: count}  # on one line
        """,
    )


@pytest.mark.parametrize(
    "text",
    [
        "metrics:\n  m: {agg: count, # of rows\n    dataset: d}\n",
        "metrics:\n  m: {\n    agg: count # of rows\n    , dataset: d\n  }\n",
        "metrics:\n  m: {\n    agg: count # of rows\n    ,\n    dataset: d\n  }\n",
        "metrics:\n  m: {\n    agg: count,\n    # of rows\n    dataset: d }\n",
    ],
)
def test_keys_that_share_lines_with_comments_between_braces_stay(text: str) -> None:
    assert style(text) == text


# --- what is as it was -----------------------------------------------------------------------------------


def test_texts_keep_their_lines_quotes_and_styles() -> None:
    becomes(
        """
        datasets:
            d:
                sql: |
                     select 1,

                       2  -- two
                description: a plain text
                   on two lines
                label: 'it''s'
                time:
                    on_its_own_line
                table: >2-
                     folded
                    text
                primary_key: [a,
                              "ü\\u00fc"]
        """,
        """
        datasets:
          d:
            label: 'it''s'
            description: a plain text
               on two lines
            table: >2-
                 folded
                text
            sql: |
              select 1,

                2  -- two
            primary_key: [a,
                          "ü\\u00fc"]
            time:
              on_its_own_line
        """,
    )


def test_comments_below_a_text_stay_comments() -> None:
    becomes(
        """
        datasets:
          d:
            sql: |
                  select 1
                # below sql
            description: |4
                    indented
               # below description
            label: D
        """,
        """
        datasets:
          d:
            label: D
            description: |4
                    indented
               # below description
            sql: |
              select 1
             # below sql
        """,
    )


def test_blanks_that_belong_to_a_text_stay() -> None:
    text = "datasets:\n  d:\n    label: |\n      a\n{}    table: t\n"
    for blanks in ("        \n", "\n        \n", "        \n\n", "       \n        \n"):
        assert style(text.format(blanks)) == text.format(blanks)
    assert style(text.format("   \n")) == text.format("\n")


def test_a_text_at_the_end_without_a_line_break_gets_none() -> None:
    before = "datasets:\n  d:\n    sql: |\n      select 1"
    after = "datasets:\n  d:\n    sql: |-\n      select 1\n"
    assert style(before) == after == style(after)


def test_blank_lines_that_belong_to_a_text_are_not_moved() -> None:
    text = "datasets:\n  d:\n    sql: |+\n      select 1\n\n\n    label: D\n"
    assert style(text) == text


def test_an_anchor_stays_before_its_alias() -> None:
    text = "metrics:\n  m: {owner: &o Growth, description: *o}\n"
    assert style(text) == text
    becomes(
        "metrics:\n  m: {owner: &o Growth, label: M}\n  n: {owner: *o, label: N}\n",
        "metrics:\n  m: {label: M, owner: &o Growth}\n  n: {label: N, owner: *o}\n",
    )


@pytest.mark.parametrize(
    "text", ["", "\n", "# only a comment\n", "metrics:\n", "metrics: {}\n", "---\nmetrics:\n...\n"]
)
def test_there_may_be_nothing_to_do(text: str) -> None:
    assert style(text) == text


def test_what_the_repository_has_in_yaml_is_taken() -> None:
    texts = {text for case in load_cases() for _, text in case.texts}
    for path in (*ROOT.glob("tests/completejourney/metrics/*.yml"), *ROOT.glob("tests/*/*.yml")):
        texts.add(path.read_text(encoding="utf-8"))
    assert len(texts) > 100
    for text in texts:
        once = style(text)
        assert style(once) == once


# --- what is left alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("metrics: {a: b: c}\n", "E101", ""),
        ("metrics:\n  a: 1\n  a: 2\n", "E103", "twice"),
        ("metrics:\n  ? a\n  : {agg: count, dataset: d}\n", "E118", "'?'"),
        ("metrics:\n  a: 'x\u2028y'\n", "E118", "do not show"),
        ("metrics:\r  a: {agg: count}\r", "E118", "do not show"),
    ],
)
def test_some_files_are_left_alone(text: str, code: str, words: str) -> None:
    found: list[Diagnostic] = []
    assert in_house_style("a.yml", text, schema(), found.append) is None
    assert [diagnostic.code for diagnostic in found] == [code]
    assert words in found[0].message


def test_a_file_that_would_say_something_else_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import semantic.editing.house_style as module

    for wrong, words in (("metrics: {b: 1}  # c\n", "say the same"), ("metrics: {a: 1}\n", "comment")):
        monkeypatch.setattr(module, "restyle", lambda text, schema, wrong=wrong: wrong)
        found: list[Diagnostic] = []
        assert in_house_style("a.yml", "metrics: {a: 1}  # c\n", schema(), found.append) is None
        assert (found[0].code, words in found[0].message) == ("E118", True)


# --- any page --------------------------------------------------------------------------------------------


def parsed(text: str) -> Node:
    found: list[Diagnostic] = []
    node = read_yaml("a.yml", text, found.append)
    assert node is not None
    assert not found, found[0].render() + "\n" + text
    return node


def check_page(text: str) -> None:
    before, styled = parsed(text), style(text)
    after = parsed(styled)
    assert before.value == after.value
    assert style(styled) == styled
    assert names(before.value) == names(after.value)
    check_comments(text, styled, after)


def names(value: Any, depth: int = 0) -> Any:
    """The names of the author's, in order: those below a section."""
    return {key: list(held) for key, held in value.items() if isinstance(held, dict) and key != "defaults"}


def check_comments(text: str, styled: str, after: Node) -> None:
    marks = re.compile(r"# (above|beside|below) (\S+) (\d+)")
    lines = styled.split("\n")
    places = {found[3]: number for number, line in enumerate(lines) for found in marks.finditer(line)}
    first = "/" + next(iter(parsed(text).value))
    for where, path, count in marks.findall(text):
        place, own = places[count], key_line(after, path)
        if where == "beside" and own is not None:
            end = after.child(*steps(path)).end
            assert own <= place <= max(own, styled[:end].count("\n")), f"{where} {path} {count}\n{styled}"
        elif where == "above" and own is not None and path != first:
            below = next(n for n in range(place + 1, len(lines)) if not re.match(r"\s*(#|$)", lines[n]))
            assert below == own, f"{where} {path} {count}\n{styled}"
        elif where == "below" and own is not None:
            later = (span.line - 1 for span in after.child(*steps(path)[:-1]).keys.values())
            end = min((line for line in later if line > own), default=len(lines))
            assert own < place < end, f"{where} {path} {count}\n{styled}"


def key_line(root: Node, path: str) -> int | None:
    """The line of a key, counted from 0; of items None, as they have no key."""
    owner, key = root.child(*steps(path)[:-1]), path.rpartition("/")[2]
    return owner.keys[key].line - 1 if key in owner.keys else None


def steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.removeprefix("/").split("/"))


@given(st.integers(min_value=0))
@settings(max_examples=400, deadline=None)
def test_of_any_page_values_and_comments_stay_where_they_belong(seed: int) -> None:
    check_page(Writer(Random(seed)).page())


def test_it_is_the_same_without_the_fast_reader_of_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [Writer(Random(seed)).page() for seed in range(40)]
    fast = [style(page) for page in pages]
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert [style(page) for page in pages] == fast
