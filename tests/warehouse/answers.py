"""Arrow batches from the columns of the Thrift protocol, in which dates, times and decimals are texts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

_PLAIN = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "binary": pa.binary(),
    "void": pa.null(),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_KINDS = ("boolVal", "byteVal", "i16Val", "i32Val", "i64Val", "doubleVal", "stringVal", "binaryVal")


def arrow_type(words: str) -> pa.DataType:
    """What a warehouse sends for a type of Spark; what is nested comes as text here."""
    if decimal := _DECIMAL.fullmatch(words):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return _PLAIN.get(words, pa.string())


def record_batch(schema: pa.Schema, columns: list[Any]) -> pa.RecordBatch:
    """The rows of one answer; a statement without any has no columns either."""
    if not columns:
        return pa.RecordBatch.from_pylist([], schema)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(column: Any, kind: pa.DataType) -> pa.Array:
    held = next(found for name in _KINDS if (found := getattr(column, name)) is not None)
    bits = np.unpackbits(np.frombuffer(held.nulls, np.uint8), bitorder="little").astype(bool)
    absent = np.zeros(len(held.values), bool)
    absent[: len(bits)] = bits[: len(absent)]
    if pa.types.is_null(kind):
        return pa.nulls(len(absent))
    found = pa.array(held.values, mask=absent)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return found.cast(pa.timestamp("us")).cast(kind)  # the session runs in UTC
    return found.cast(kind)
