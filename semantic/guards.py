"""What a query takes for granted about the data it looks things up in, checked on the data before it runs.

A lookup by a key that is not unique would multiply rows, overlapping validity as well, and a DATE read as a UTC
timestamp would slip into another day: numbers that are wrong and look right. Each is checked once per connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from semantic.dialects import DIALECTS
from semantic.engines.base import Engine
from semantic.errors import Diagnostic, EngineError
from semantic.joins import key_columns
from semantic.model import Dataset, Model, Validity
from semantic.plan import Plan
from semantic.scan_select import source_of
from semantic.trees import column, named, select, subquery

_TIME_TYPES = {
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP", "TIMESTAMP_NTZ"),
    "timestamptz": ("TIMESTAMP WITH TIME ZONE",),
}


def check_guards(engine: Engine, plan: Plan, model: Model, known: set[str]) -> None:
    """Check every dataset of a plan; `known` holds those that passed. Raises EngineError."""
    scans = (*plan.scans, *plan.broadcasts)
    for name in sorted({scan.dataset.name for scan in scans} - {key[5:] for key in known if key.startswith("type ")}):
        _check_times(engine, model, model.datasets[name])
        known.add(f"type {name}")
    joined = {lookup.dataset.name for scan in scans for lookup in scan.lookups}
    for name in sorted(joined - {key[4:] for key in known if key.startswith("key ")}):
        _check_times(engine, model, model.datasets[name])
        _check_key(engine, model, model.datasets[name])
        known.add(f"key {name}")


def _check_times(engine: Engine, model: Model, dataset: Dataset) -> None:
    """Columns that are declared as a time are of that type."""
    query = select([exp.Star()], source_of(dataset, dataset.name, model.root))
    types = engine.column_types(DIALECTS[engine.dialect].emit(query))
    for name, dimension in model.dimensions[dataset.name].items():
        found = types.get(name)
        if dimension.expr is not None or dimension.type not in _TIME_TYPES or found is None:
            continue
        if not any(found == kind or found.startswith(f"{kind}_") for kind in _TIME_TYPES[dimension.type]):
            message = f"'{dataset.name}.{name}' is declared as {dimension.type}, but the column is {found}"
            hint = f"declare its type under dimensions of dataset '{dataset.name}'"
            raise EngineError(Diagnostic("E410", message, hint=hint))


def _check_key(engine: Engine, model: Model, dataset: Dataset) -> None:
    for query, message, hint in _key_checks(dataset, model):
        found = engine.execute(DIALECTS[engine.dialect].emit(query)).to_pylist()[0]["wrong"]
        if found:
            raise EngineError(Diagnostic("E411", message.format(count=found), hint=hint))


def _key_checks(dataset: Dataset, model: Model) -> Iterator[tuple[exp.Select, str, str]]:
    keys = list(key_columns(dataset))
    source = source_of(dataset, dataset.name, model.root)
    complete = [exp.Not(this=exp.Is(this=column(key), expression=exp.Null())) for key in keys]
    if dataset.validity is None:
        repeated = select([*map(column, keys)], source).where(*complete, copy=False)
        repeated.set("group", exp.Group(expressions=[column(key) for key in keys]))
        repeated.set("having", exp.Having(this=exp.GT(this=_count(), expression=exp.Literal.number(1))))
        message = f"dataset '{dataset.name}' has {{count:,}} keys ({', '.join(keys)}) that stand on more than one row"
        hint = "looking them up would multiply rows; mend the data or the primary_key"
        yield select([named(_count(), "wrong")], subquery(repeated, "repeated")), message, hint
        return
    overlapping = _overlaps(dataset.validity, keys, source).where(*complete, copy=False)
    message = f"dataset '{dataset.name}' has {{count:,}} rows whose validity overlaps the next one of the same key"
    hint = "looking them up would multiply rows; mend valid_from and valid_to in the data"
    ends = exp.Coalesce(this=column("valid_to_"), expressions=[column("next_")])
    wrong = exp.Or(
        this=exp.Is(this=column("valid_to_"), expression=exp.Null()),
        expression=exp.GT(this=ends, expression=column("next_")),
    )
    not_empty = exp.Or(
        this=exp.Is(this=column("valid_to_"), expression=exp.Null()),
        expression=exp.LT(this=column("valid_from_"), expression=column("valid_to_")),
    )
    found = select([named(_count(), "wrong")], subquery(overlapping, "ordered"))
    has_next = exp.Not(this=exp.Is(this=column("next_"), expression=exp.Null()))
    yield found.where(has_next, exp.paren(wrong), exp.paren(not_empty), copy=False), message, hint


def _overlaps(validity: Validity, keys: list[str], source: exp.Expr) -> exp.Select:
    """Each row with the start of the next one of its key."""
    start, end = column(validity.from_), column(validity.to)
    window = exp.Window(
        this=exp.Lead(this=start.copy()),
        partition_by=[column(key) for key in keys],
        order=exp.Order(expressions=[exp.Ordered(this=start.copy()), exp.Ordered(this=end.copy())]),
    )
    return select([named(start, "valid_from_"), named(end, "valid_to_"), named(window, "next_")], source)


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())
