"""Personal data: what a query may not say without a purpose, and the masks that stand for values.

A mask is a keyed hash made after the rows have arrived, so the key never reaches the target, a log or the SQL. What is
masked is ordered by its mask, here and not in SQL: an order by the values would say which mask is whose.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from semantic.aggregates import PICKING
from semantic.errors import Diagnostic, EngineError, QueryError
from semantic.expressions import Expression, ExpressionError, Name
from semantic.metric_types import Simple
from semantic.model import Dimension, Model
from semantic.names import DimensionRef, Reference, datasets_called, dimensions_of, names_within, read_name
from semantic.parse import parse
from semantic.query import Query

if TYPE_CHECKING:
    import pyarrow as pa

    from semantic.plan import Plan

KEY = "METRICAST_MASK_KEY"
_LEAST, _DIGITS, _LONGEST = 16, 20, 500
_QUOTED = re.compile(r"'.*'|\".*\"|['\"].*", re.DOTALL)  # as far as can be: what is quoted may hold quotes
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\w.:+-]*")
_WAY = ("E401", "E407", "E408", "E409", "E430", "E431", "E432")  # on the way to the target: no row has been read
_NAMES = ("E402", "E403", "E404", "E405", "E410", "E411", "E412")  # written by us, from names alone
_HINT = "state what it is for, with --purpose or purpose=; it is recorded"


def is_personal(model: Model, reference: Reference) -> bool:
    """Whether a name in a query can mean a personal dimension."""
    return isinstance(reference, DimensionRef) and any(found.personal for found in dimensions_of(model, reference))


def uses_at(model: Model, reference: Reference) -> bool:
    """Whether a name in a query can mean a dimension that is made of the time of the metric's rows."""
    if not isinstance(reference, DimensionRef):
        return False
    owners = datasets_called(model, reference.qualifier)
    return any("at" in _read(model.dimensions[owner], reference.name) for owner in owners)


def unmarked(model: Model) -> Iterator[tuple[str, str, str]]:
    """Dimensions that read a personal column and do not say whether they are personal: dataset, name, that column."""
    for dataset, dimensions in model.dimensions.items():
        read = {name: _read(dimensions, name) - {"at", "as_of"} for name in dimensions}
        personal = [name for name, dimension in dimensions.items() if dimension.personal]
        for name, dimension in dimensions.items():
            if not dimension.personal and "personal" not in dimension.model_fields_set:
                touched = (other for other in personal if not read[other].isdisjoint(read[name]))
                yield from ((dataset, name, other) for other in islice(touched, 1))


def check_purpose(purpose: str | None) -> None:
    """A purpose says something. Raises QueryError."""
    if purpose is not None and not 0 < len(purpose.strip()) <= _LONGEST:
        message = f"a purpose is a text of 1 to {_LONGEST} characters"
        raise QueryError(Diagnostic("E333", message, hint="say in a few words what the data are for"))


def refuse_conditions(model: Model, where: Expression | None, order: Iterable[Reference]) -> None:
    """Without a purpose no condition and no order is about personal data. Raises QueryError."""
    asked = [("where", read_name(model, name)) for name in names_within(model, where)] if where else []
    _refuse(model, (*asked, *(("order", reference) for reference in order)))


def refuse_top(model: Model, dimensions: Iterable[Reference]) -> None:
    """Without a purpose no values of personal data are the first. Raises QueryError."""
    _refuse(model, (("top", reference) for reference in dimensions))


def _refuse(model: Model, asked: Iterable[tuple[str, Reference]]) -> None:
    for part, reference in asked:
        if is_personal(model, reference):
            message = f"'{reference}' is personal: {part} would say something about single people"
            raise QueryError(Diagnostic("E331", message, hint=_HINT))


def refuse_picking(model: Model, leaves: Iterable[Simple]) -> None:
    """Without a purpose no metric picks a personal value out of the rows. Raises QueryError."""
    for leaf in leaves:
        for aggregation in leaf.aggregations:
            name = next(filter(None, (_personal_name(model, leaf, value) for value in aggregation.values)), None)
            if aggregation.agg in PICKING and name is not None:
                message = f"metric '{leaf.name}' would show a single person's '{name}' ({aggregation.agg})"
                raise QueryError(Diagnostic("E332", message, hint=_HINT))


def refuse_clocks(model: Model, leaves: Iterable[Simple], word: str) -> None:
    """Without a purpose no time word is a personal date. Raises QueryError."""
    for leaf in leaves:
        clock = leaf.time or model.datasets[leaf.dataset].time
        found = model.dimensions[leaf.dataset].get(clock or "")
        if found is not None and found.personal:
            message = f"'{word}' is about '{leaf.dataset}.{clock}', the time of metric '{leaf.name}', which is personal"
            raise QueryError(Diagnostic("E331", message, hint=_HINT))


def _personal_name(model: Model, leaf: Simple, value: Expression) -> Name | None:
    """The first name of a metric's own expression that leads to personal data."""
    return next((name for name in value.names if _leads_to_personal(model, leaf, name)), None)


def _leads_to_personal(model: Model, leaf: Simple, name: Name) -> bool:
    clock = leaf.time or model.datasets[leaf.dataset].time
    for dimensions, meant in _meanings(model, leaf.dataset, name):
        if _is_touched(dimensions, meant):
            return True
        if clock and "at" in _read(dimensions, meant) and _is_touched(model.dimensions[leaf.dataset], clock):
            return True
    return False


def _meanings(model: Model, dataset: str, name: Name) -> Iterator[tuple[Mapping[str, Dimension], str]]:
    """The dimensions, or columns, that a name in a metric of a dataset can mean, each beside its siblings."""
    if name.qualifier in ("", dataset):
        yield model.dimensions[dataset], name.name
        return
    reference = read_name(model, name)
    if isinstance(reference, DimensionRef):
        yield from ((model.dimensions[owner], reference.name) for owner in datasets_called(model, reference.qualifier))


def _is_touched(dimensions: Mapping[str, Dimension], name: str) -> bool:
    """Whether a dimension, or a column, is personal or made of a column that a personal dimension reads."""
    personal = {word for key, found in dimensions.items() if found.personal for word in _read(dimensions, key)}
    return not (personal - {"at", "as_of"}).isdisjoint(_read(dimensions, name))


def _read(dimensions: Mapping[str, Dimension], name: str) -> set[str]:
    """A name, and the columns and `at` behind it if it is a dimension's; engines do not tell upper from lower case."""
    found = dimensions.get(name)
    try:
        names = parse(found.expr).names if found is not None and found.expr is not None else ()
    except ExpressionError:
        names = ()
    return {name.lower(), *(each.name.lower() for each in names)}


def reads_personal(plan: Plan, model: Model) -> bool:
    """Whether any dataset of a plan holds personal data, so that what the engine says may quote it."""
    scans = plan.all_scans
    datasets = [scan.dataset for scan in scans] + [lookup.dataset for scan in scans for lookup in scan.lookups]
    return any(dimension.personal for dataset in datasets for dimension in model.dimensions[dataset.name].values())


def without_quotes(error: EngineError, query: Query | None = None) -> EngineError:
    """The same refusal; where the target may quote rows, without texts and numbers, which could be somebody's data."""
    return EngineError(*(_without_quotes(each, query) for each in error.diagnostics))


def _without_quotes(found: Diagnostic, query: Query | None) -> Diagnostic:
    if found.code == "E403" and query is not None and query.limit is not None and query.purpose is None:
        hint = "masked values are put in order after they have arrived, so the limit does not help: filter, or raise it"
        return replace(found, hint=hint)
    if found.code in _WAY + _NAMES:
        return found
    return replace(found, message=_NUMBER.sub("…", _QUOTED.sub("'…'", found.message)), hint=None)


def mask_key(environment: Mapping[str, str]) -> bytes:
    """The key of all masks. Raises QueryError where there is none, or one that is easily guessed."""
    key = environment.get(KEY, "").encode()
    if len(key) < _LEAST:
        what = "is not set" if not key else f"holds less than {_LEAST} bytes"
        message = f"the query shows personal data, which are masked, and the environment variable {KEY} {what}"
        raise QueryError(Diagnostic("E334", message, hint=f"set it to a secret text of {_LEAST} bytes or more"))
    return key


def masked(table: pa.Table, columns: Iterable[int], key: bytes) -> pa.Table:
    """The table with masks in place of the values of some columns."""
    import pyarrow as pa

    for at in columns:
        masks = pa.array([_mask(value, key) for value in python_values(table.column(at))], pa.string())
        table = table.set_column(at, table.schema.field(at).name, masks)
    return table


def python_values(column: pa.ChunkedArray) -> Iterator[Any]:
    """The values of a column; a time that Python does not know as a number."""
    for value in column:
        try:
            yield value.as_py()
        except (OverflowError, ValueError):  # a time that Python does not know
            yield value.value


def _mask(value: Any, key: bytes) -> str | None:
    return None if value is None else hmac.new(key, _text(value).encode(), "sha256").hexdigest()[:_DIGITS]


def _text(value: Any) -> str:
    """The text of a value, the same whatever the engine."""
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat(" ")
        case date():
            return value.isoformat()
        case _:
            return str(value)
