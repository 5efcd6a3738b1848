"""Ways between datasets: found or refused at once, however many there are."""

from __future__ import annotations

import pytest

from semantic import QueryError
from semantic.joins import find_route
from semantic.load import load_texts


def test_many_ways_are_refused_at_once_and_listed() -> None:
    names = [f"d{number}" for number in range(9)]
    joins = {name: ", ".join(f"{other}: {{on: {other}_id}}" for other in names if other != name) for name in names}
    text = "datasets:\n" + "".join(
        f"  {name}: {{table: {name}, primary_key: id, joins: {{{joins[name]}}}}}\n" for name in names
    )
    loaded = load_texts({"a.yml": text})
    assert loaded.model is not None, loaded.diagnostics
    with pytest.raises(QueryError, match=r"E311 +6 or more join paths lead from 'd0' to 'd8'"):
        find_route(loaded.model, "d0", "d8")
    assert find_route(loaded.model, "d0", "nowhere") is None
