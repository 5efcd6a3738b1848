"""What a query takes for granted about the data it reads, checked on the data before it runs.

A lookup by a key that is not unique would multiply rows, overlapping validity as well, and a DATE read as a UTC
timestamp would slip into another day: numbers that are wrong and look right. Each is checked once per connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from semantic.column_types import Found, key_type_mistakes, type_mistakes
from semantic.dialects import DIALECTS
from semantic.engines.base import Engine
from semantic.errors import Diagnostic, EngineError, Span
from semantic.joins import key_columns
from semantic.model import Dataset, Model, Validity
from semantic.places import value_place
from semantic.plan import Plan
from semantic.scan_select import source_of
from semantic.seen import Seen
from semantic.trees import column, named, select, subquery

CONCERNED = "concerned$"


@dataclass(frozen=True, slots=True)
class Guard:
    """What must not be in a dataset's rows, and what to say if it is.

    `faults` has a row for each fault, with the columns `keys` and, as CONCERNED, the number of rows that it is of.
    """

    faults: exp.Select
    keys: tuple[str, ...]
    message: str
    hint: str

    def diagnostic(self, count: int, span: Span) -> Diagnostic:
        """What to say of a number of faults."""
        return Diagnostic("E411", self.message.format(count=count), span, self.hint)


def check_guards(engine: Engine, plan: Plan, model: Model, passed: set[tuple[str, str]]) -> None:
    """Check every dataset of a plan; `passed` holds the checks that need not be repeated. Raises EngineError."""
    scans = plan.all_scans
    lookups = [lookup for scan in scans for lookup in scan.lookups]
    read = {scan.dataset.name for scan in scans} | {lookup.dataset.name for lookup in lookups}
    for name in sorted(read):
        if ("types", name) not in passed:
            _refuse(type_mistakes(engine, model, model.datasets[name], model.dimensions[name]))
            passed.add(("types", name))
    for lookup in lookups:
        if ("key", rows := _rows_of(lookup.dataset)) not in passed:
            _check(engine, model, lookup.dataset)
            passed.add(("key", rows))
        if lookup.by_day:
            continue
        way = f"{lookup.owner.name}.{lookup.path[-1]}"
        if ("way", way) not in passed:
            _refuse(key_type_mistakes(engine, model, lookup.owner, lookup.path[-1]))
            passed.add(("way", way))


def _rows_of(dataset: Dataset) -> str:
    """What tells the rows of a dataset from those that are seen of it at another time."""
    return f"{dataset.name} until {dataset.until}" if isinstance(dataset, Seen) else dataset.name


def lookup_guard(dataset: Dataset) -> Guard:
    """That at most one row answers a lookup."""
    return unique_guard(dataset) if dataset.validity is None else overlap_guard(dataset, dataset.validity)


def unique_guard(dataset: Dataset) -> Guard:
    """That no primary key stands on two rows; a key with a NULL in it is none."""
    keys = dataset.primary_key
    repeated = select([*map(column, keys), named(_count(), CONCERNED)], source_of(dataset, dataset.name))
    repeated.where(*map(present, map(column, keys)), copy=False)
    repeated.set("group", exp.Group(expressions=[column(key) for key in keys]))
    repeated.set("having", exp.Having(this=exp.GT(this=_count(), expression=exp.Literal.number(1))))
    message = f"dataset '{dataset.name}' has keys ({', '.join(keys)}) that stand on more than one row: {{count:,}}"
    return Guard(repeated, keys, message, "looking them up would multiply rows; mend the data or the primary_key")


def overlap_guard(dataset: Dataset, validity: Validity) -> Guard:
    """That at most one row of a key is valid at any time."""
    message = f"dataset '{dataset.name}' has rows whose validity overlaps the next one of the same key: {{count:,}}"
    hint = f"looking them up would multiply rows; mend {validity.from_} and {validity.to}"
    return Guard(_overlaps(dataset, validity), key_columns(dataset), message, hint)


def present(value: exp.Expr) -> exp.Expr:
    """That a value is not NULL."""
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _check(engine: Engine, model: Model, dataset: Dataset) -> None:
    guard = lookup_guard(dataset)
    query = select([named(_count(), "wrong")], subquery(guard.faults, "faults"))
    found = engine.execute(DIALECTS[engine.dialect].emit(query)).to_pylist()[0]["wrong"]
    if found:
        raise EngineError(guard.diagnostic(found, guard_place(model, dataset)))


def guard_place(model: Model, dataset: Dataset) -> Span:
    """Where it is declared that at most one row answers a lookup."""
    key = "primary_key" if dataset.validity is None else "validity"
    return value_place(model, f"datasets.{dataset.name}", key)


def _refuse(mistakes: Iterable[Found]) -> None:
    for mistake in mistakes:
        raise EngineError(mistake.diagnostic)


def _overlaps(dataset: Dataset, validity: Validity) -> exp.Select:
    """Rows that are valid at some time, and still when the next one of their key begins."""
    keys = key_columns(dataset)
    start, end = column(validity.from_), column(validity.to)
    window = exp.Window(
        this=exp.Lead(this=start.copy()),
        partition_by=[column(key) for key in keys],
        order=exp.Order(expressions=[exp.Ordered(this=start.copy()), exp.Ordered(this=end.copy())]),
    )
    values = [*map(column, keys), named(end.copy(), "ends$"), named(window, "next_starts$")]
    rows = select(values, source_of(dataset, dataset.name)).where(
        *map(present, (*map(column, keys), start)),
        _open_or(end, exp.LT(this=start.copy(), expression=end.copy())),
        copy=False,
    )
    still = _open_or(column("ends$"), exp.GT(this=column("ends$"), expression=column("next_starts$")))
    found = select([*map(column, keys), named(exp.Literal.number(1), CONCERNED)], subquery(rows, "valid"))
    return found.where(present(column("next_starts$")), still, copy=False)


def _open_or(end: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.Or(this=exp.Is(this=end.copy(), expression=exp.Null()), expression=condition))


def _count() -> exp.Expr:
    return exp.Count(this=exp.Star())
