"""Random models, rows and queries: the compiled SQL on DuckDB against the naive evaluator, and the invariants alone.

`make fuzz N=2000 SEED=7` runs many more, and writes each failing example as a case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from semantic.errors import QueryError
from semantic.query import Query
from tests.fuzz import as_case, smallest
from tests.judge import Rejected, agree, compile_example, execute_all, judge
from tests.reference import (
    Comparison,
    Derived,
    Model,
    MovingAverage,
    Rank,
    Ratio,
    Refused,
    Simple,
    Value,
    evaluate,
)
from tests.reference.expressions import names
from tests.strategies import Example, examples

COMPARED = 150
EXAMPLES = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),  # tests/shrink.py makes examples smaller, hypothesis could not
    suppress_health_check=(HealthCheck.filter_too_much, HealthCheck.too_slow),
)

Cells = Mapping[tuple[Value, ...], tuple[Value, ...]]


@settings(EXAMPLES, max_examples=COMPARED)
@given(examples)
def test_the_compiler_agrees_with_the_evaluator(example: Example) -> None:
    verdict = judge(example)
    if verdict.fault is not None:
        small = smallest(example, verdict)
        case = as_case(small, "from_random", "The compiler and the evaluator disagree.")
        pytest.fail(f"{verdict.fault}\n{case}\n{judge(small).detail}")


# -- the invariants, without the evaluator's numbers ---------------------------------------------------------


@settings(EXAMPLES, max_examples=40)
@given(examples)
def test_a_value_depends_on_no_order_and_no_other_metric(example: Example) -> None:
    query = _plain_query(example)
    turned = replace(query, metrics=query.metrics[::-1], by=query.by[::-1])
    alone = [replace(query, metrics=(name,)) for name in query.metrics]
    together, other_way, *singles = _cells(example, [query, turned, *alone])
    backwards = {group[::-1]: values[::-1] for group, values in other_way.items()}
    assert _same_cells(backwards, together)
    for place, single in enumerate(singles):
        assert single.keys() <= together.keys()
        assert _same_cells(single, {group: (together[group][place],) for group in single})


@settings(EXAMPLES, max_examples=40)
@given(examples)
def test_parts_of_an_additive_metric_add_up_to_the_whole(example: Example) -> None:
    query = _plain_query(example)
    additive = tuple(name for name in query.metrics if _is_additive(example, name))
    assume(additive and query.by)
    query = replace(query, metrics=additive)
    parts, whole = _cells(example, [query, replace(query, by=())])
    for place, total in enumerate(whole[()]):
        values: list[Any] = [values[place] for values in parts.values()]
        assert sum(value or 0 for value in values) == pytest.approx(total or 0)


@settings(EXAMPLES, max_examples=40)
@given(examples)
def test_fill_and_totals_change_no_other_cell(example: Example) -> None:
    query = _plain_query(example)
    bare, filled, total = _cells(
        example, [replace(query, fill=False), replace(query, fill=True), replace(query, by=())]
    )
    assert bare.keys() <= filled.keys()
    assert _same_cells(bare, {group: filled[group] for group in bare})
    asked = replace(Query(**example.query_parts()), totals=False, is_complete=False, complete_only=False)
    plain, with_total = _rows(example, [asked, replace(asked, totals=True)])
    assert with_total[:-1] == [(*row, False) for row in plain]
    values = total[()]
    relative = (Comparison, Rank, MovingAverage)  # their totals are no queries without their periods
    assume(not any(holds(example.model, name, relative) for name in query.metrics))
    assert _same_cells({(): with_total[-1]}, {(): (*(None for _ in query.by), *values, True)})


@settings(EXAMPLES, max_examples=40)
@given(examples)
def test_completeness_changes_no_number_and_no_order(example: Example) -> None:
    asked = replace(Query(**example.query_parts()), limit=None, totals=False, is_complete=False, complete_only=False)
    variants = [asked, replace(asked, is_complete=True), replace(asked, complete_only=True)]
    plain, marked, only = _rows(example, variants)
    assert [row[:-1] for row in marked] == plain
    assert [row[:-1] for row in marked if row[-1] is True] == only


def holds(model: Model, name: str, types: tuple[type, ...]) -> bool:
    """Whether a metric is of certain types, or made of one that is."""
    metric = model.metrics[name]
    if isinstance(metric, types):
        return True
    inner = {
        *([metric.metric] if hasattr(metric, "metric") else []),
        *([metric.numerator.metric, metric.denominator.metric] if isinstance(metric, Ratio) else []),
        *(names(metric.expr) if isinstance(metric, Derived) else []),
    }
    return any(holds(model, each, types) for each in inner)


def _plain_query(example: Example) -> Query:
    """The example's query without what drops or sorts rows; examples without metrics or answer are skipped."""
    assume(example.query.metrics)
    try:
        evaluate(example.model, example.query, example.as_of)
    except Refused:
        assume(False)
    bare = replace(Query(**example.query_parts()), having=None, order=(), limit=None, totals=False)
    return replace(bare, is_complete=False, complete_only=False)


def _rows(example: Example, queries: Sequence[Query]) -> list[list[tuple[Value, ...]]]:
    """The rows of variants of a query; examples of which one has no answer are skipped."""
    try:
        statements = [compile_example(example, query).sql for query in queries]
    except (QueryError, Rejected):
        assume(False)
    return [list(answer.rows) for answer in execute_all(example, statements)]


def _cells(example: Example, queries: Sequence[Query]) -> list[Cells]:
    answers = zip(queries, _rows(example, queries), strict=True)
    return [{row[: len(query.by)]: row[len(query.by) :] for row in rows} for query, rows in answers]


def _same_cells(given: Cells, expected: Cells) -> bool:
    if given.keys() != expected.keys():
        return False
    keys = list(given)
    width = len(given[keys[0]]) if keys else 0
    return agree([given[key] for key in keys], [expected[key] for key in keys], [_any_number] * width)


def _any_number(value: Value) -> bool:
    return not isinstance(value, int | Decimal)


def _is_additive(example: Example, name: str) -> bool:
    metric = example.model.metrics[name]
    return isinstance(metric, Simple) and metric.agg in ("count", "sum") and not metric.empty
