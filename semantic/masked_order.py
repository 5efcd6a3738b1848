"""The order and the limit of an answer whose values are masked: after the masks are made, with the rules of SQL's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from semantic.formats import as_text, comparable
from semantic.plan import Key, Plan, Sort
from semantic.privacy import python_values
from semantic.trees import IS_TOTAL
from semantic.value_order import literal_value

if TYPE_CHECKING:
    import pyarrow as pa


def in_order(table: pa.Table, plan: Plan, masked: frozenset[str]) -> pa.Table:
    """The rows by the plan's order, ties by all keys, NULLs last, at most `limit` of them; the total is the last row.

    `masked` are the keys whose values are masks, which have no other order than their own.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    named = {sort.name for sort in plan.order}
    sorts = (*plan.order, *(Sort(key.name) for key in plan.keys if key.name not in named))
    keys = {key.name: key for key in plan.keys if key.name not in masked}
    columns = [(IS_TOTAL, table.column(IS_TOTAL), False)] if plan.totals else []
    for sort in sorts:
        key = keys.get(sort.name)
        if key is not None and key.last is not None and sort.name not in named:
            columns.append((sort.name, _is_last(table.column(sort.name), key.last), False))
        columns += _sort_columns(_sortable(table.column(sort.name)), sort, key)
    by = pa.table([column for _, column, _ in columns], names=[str(at) for at in range(len(columns))])
    orders = [(str(at), "descending" if falls else "ascending") for at, (_, _, falls) in enumerate(columns)]
    found = table.take(pc.sort_indices(by, sort_keys=orders))
    if plan.limit is None:
        return found
    if not plan.totals:
        return found.slice(0, plan.limit)
    return pa.concat_tables([found.slice(0, min(plan.limit, len(found) - 1)), found.slice(len(found) - 1)])


def _is_last(column: Any, last: str) -> Any:
    import pyarrow as pa

    return pa.array([value == last for value in column.to_pylist()], pa.bool_())


def _sortable(column: Any) -> Any:
    """The column itself, of an enumeration its texts, of what has no order the text of each value."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_nested(kind) or kind == pa.month_day_nano_interval():
        return pa.chunked_array(
            [pa.array([None if each is None else str(each) for each in column.to_pylist()], pa.string())]
        )
    return column


def _sort_columns(column: Any, sort: Sort, key: Key | None) -> Iterator[tuple[str, Any, bool]]:
    """What a column is sorted by: its rank in a listed order, NaN as the largest number, its value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if key is not None and key.values:
        ranks = {literal_value(literal): place for place, literal in enumerate(key.values)}
        same = as_text if key.as_text else comparable
        found = [None if value is None else ranks.get(same(value)) for value in python_values(column)]
        yield sort.name, pa.array(found, pa.int64()), sort.descending
    if sort.descending and pa.types.is_floating(column.type):
        yield sort.name, pc.is_nan(column), True
    yield sort.name, column, sort.descending
