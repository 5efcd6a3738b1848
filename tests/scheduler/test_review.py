"""The parts of a review that no project of the command line's tests brings about."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exporters.base import Change, DefinitionExporter, Destination, Export, Publication
from scheduler.review.document import json_text
from scheduler.review.exports import compare_exports
from scheduler.review.markdown import markdown_lines
from scheduler.review.movement import Comparison, Movement, Row
from scheduler.review.report import Data, Review
from scheduler.review.tables import MOST_DETAILED, MOST_LINES
from scheduler.review.text import text_lines
from semantic.comparing.altered import Altered, KeyChange
from semantic.comparing.compare import Changed, Difference, compare
from semantic.comparing.cuts import Cuts
from semantic.formats import Format
from semantic.load import load_texts
from semantic.model import Model
from semantic.source import Node, Shape, Source

NOTHING = Difference((), (), (), (), (), ())


# --- rows ------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "is_moved", "change", "share"),
    [
        (2, 3, True, 1, 0.5),
        (Decimal("1.10"), Decimal("1.1"), False, 0, 0.0),
        (Decimal("0.1"), 0.3, True, pytest.approx(0.2), pytest.approx(2)),
        (0.1 + 0.2, 0.3, False, pytest.approx(0), pytest.approx(0)),
        (-4, -3, True, 1, 0.25),
        (0, 5, True, 5, None),
        (None, 5, True, None, None),
        (None, None, False, None, None),
        (math.nan, math.nan, False, None, None),
        (math.inf, 1.0, True, None, None),
        (True, False, True, None, None),
        ("a", "b", True, None, None),
    ],
)
def test_what_a_row_says(old: Any, new: Any, is_moved: bool, change: Any, share: Any) -> None:
    row = Row((), old, new)
    assert (row.is_moved, row.change, row.share) == (is_moved, change, share)


def test_a_null_is_not_a_missing_group() -> None:
    assert Row(("x",), None, None, (True, False)).is_moved


def test_what_comes_first() -> None:
    small, large, new = Row((1,), 100, 101), Row((2,), 100, 150), Row((3,), None, 1, (False, True))
    assert sorted([small, large, new], key=lambda row: row.size, reverse=True) == [new, large, small]
    by_group = Movement("group", None, (Comparison(("g",), None, (large,), 3),))
    total = Movement("total", None, (Comparison((), None, (small,), 1),))
    own = Movement("own", None, (Comparison((), None, (), 1),), is_own=True)
    still = Movement("still", None, (Comparison((), None, (), 1),))
    found = sorted([still, by_group, total, own], key=lambda each: each.weight, reverse=True)
    assert [each.metric for each in found] == ["own", "total", "group", "still"]


# --- writing ------------------------------------------------------------


def review(*movements: Movement, difference: Difference = NOTHING) -> Review:
    data = Data("local", datetime(2025, 3, 1, tzinfo=UTC), "Asia/Bangkok", movements)
    return Review("old", "new", difference, (), data)


def test_thousands_of_metrics_and_rows_stay_readable() -> None:
    rows = tuple(Row((number,), 1, 2) for number in range(5_000))
    found = review(*(Movement(f"m{number}", None, (Comparison(("g",), None, rows, 6_000),)) for number in range(2_000)))
    lines = list(text_lines(found, 5))
    assert len(lines) < 2 * MOST_LINES + 20 * MOST_DETAILED
    assert f"    {2_000 - MOST_LINES} more moved less; --format json has all" in lines
    assert "    g: 4,995 more of 6,000 groups moved less" in lines
    assert len("\n".join(markdown_lines(found, 5))) < 60_000  # what a comment may hold


def test_percentages_differ_by_points() -> None:
    found = review(Movement("m", Format(type="percent"), (Comparison((), None, (Row((), 0.10, 0.125),), 1),)))
    assert any(line.split()[1:] == ["total", "10.0%", "12.5%", "+2.5", "pp", "+25.0%"] for line in text_lines(found, 5))


def test_markdown_keeps_what_means_something_to_it() -> None:
    row = Row(("<b>|_x_`@all",), 1, 2)
    found = list(markdown_lines(review(Movement("m", None, (Comparison(("t.g",), None, (row,), 2),))), 5))
    assert "| m | t.g | \\<b\\>\\|\\_x\\_\\`\\@all | 1 | 2 | +1 | +100.0% |" in found


def test_values_that_json_does_not_have_are_null() -> None:
    rows = (
        Row((Decimal("NaN"),), Decimal("Infinity"), math.nan),
        Row((datetime(2025, 1, 1, tzinfo=UTC),), Decimal("1.50"), 2),
    )
    text = json_text(review(Movement("m", None, (Comparison(("g",), None, rows, 2),))), 5)
    assert '"old": null' in text
    assert '"old": 1.5' in text
    assert "2025-01-01T00:00:00+00:00" in text
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_refused_metric_says_why() -> None:
    changed = Changed("m", "a", "b", Cuts(True), (KeyChange("expr", "a", "b"),), (), "it is\nnot\x1b[31m allowed")
    lines = list(text_lines(review(difference=Difference((), (), (), (changed,), (), ())), 5))
    assert "    now         it is refused: it is not\\x1b[31m allowed" in lines


def test_what_is_gone_is_called_so() -> None:
    changed = Changed("m", "a", "a", Cuts(False, (), ("t.g",)), (), (Altered("dimension", "t.g"),))
    lines = list(text_lines(review(difference=Difference((), (), (), (changed,), (), ())), 5))
    assert "    now         it cannot be cut by t.g" in lines
    assert "    because of  dimension t.g, which is new or gone" in lines


# --- exports ------------------------------------------------------------


class Options(Shape):
    pass


class Publisher(DefinitionExporter[Options]):
    """Publishes to nowhere; only what kind of exporter it is matters here."""

    name = "publisher"
    shape = Options
    example = "publisher: {}"

    def destination(self, options: Options) -> str:
        return "nowhere"

    def plan(self, publication: Publication, options: Options) -> tuple[Change, ...]:
        return ()

    def apply(self, publication: Publication, options: Options, changes: tuple[Change, ...]) -> None:
        return

    def verify(self, publication: Publication, options: Options) -> str:
        return "nothing to verify"


def model(label: str) -> Model:
    text = f"datasets: {{t: {{table: t}}}}\nmetrics: {{n: {{dataset: t, agg: count, label: {label}}}}}"
    loaded = load_texts({"m.yml": text}, Path())
    assert loaded.model is not None
    return loaded.model


def test_what_publishes_definitions_is_touched_by_words_too() -> None:
    node = Node(Source("m.yml", "", ()), {}, 0, 0)
    export = Export("page", "", None, None, None, {}, (Destination(Publisher(), Options(), node),), node)
    old, same, new = model("A"), model("A"), model("B")
    exports = {"page": export}
    (found,) = compare_exports((old, exports), (new, exports), compare(old, new))
    assert (found.name, found.status, found.publishes) == ("page", "touched", True)
    assert list(compare_exports((old, exports), (same, exports), compare(old, same))) == []
