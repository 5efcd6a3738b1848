"""Values: their kinds, rounding, and the hash that says whether two results are equal."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.values import content_hash, plain, round_double, rows_of
from tests.exporters.making import make_result, metric


def hash_of(*values: Any, kind: pa.DataType | None = None, name: str = "value") -> str:
    return content_hash(make_result([metric(name)], [pa.array(values, kind)]))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (b"\x00\xff", "00ff"),
        ([1, None, "ü"], '[1, null, "ü"]'),
        ({"a": Decimal("1.50"), "b": b"\x01"}, '{"a": "1.50", "b": "01"}'),
        (0.1 + 0.2, 0.3),
        (pa.MonthDayNano([0, 1, 3_600_000_000_000]), timedelta(hours=25)),
        (pa.MonthDayNano([0, 1, -3_600_000_001_000]), timedelta(hours=23, microseconds=-1)),
        (pa.MonthDayNano([0, 0, 0]), timedelta()),
        (pa.MonthDayNano([1, 0, 0]), "P1M"),
        (pa.MonthDayNano([14, 3, 14_706_500_000_000]), "P1Y2M3DT4H5M6.5S"),
        (pa.MonthDayNano([-14, 3, -61_000_001_000]), "P-1Y-2M3DT-1M-1.000001S"),
        (pa.MonthDayNano([12, 0, 60_000_000_000_000]), "P1YT16H40M"),
        (pa.MonthDayNano([0, 2_000_000_000, 10**9]), "P2000000000DT1S"),
        (True, True),
        (None, None),
    ],
)
def test_everything_becomes_one_of_the_known_kinds(given: Any, expected: Any) -> None:
    assert plain(given) == expected
    assert type(plain(given)) is type(expected)


@given(st.floats())
def test_rounding_keeps_twelve_digits_and_one_zero(value: float) -> None:
    rounded = round_double(value)
    if math.isfinite(value) and math.isfinite(rounded):
        assert abs(rounded - value) <= abs(value) * 5.01e-12 or abs(value) < 1e-300
        assert round_double(rounded) == rounded
        assert math.copysign(1, rounded) == 1 or rounded != 0


def test_the_order_of_addition_does_not_show() -> None:
    assert hash_of(0.1 + 0.2 + 0.3) == hash_of(0.3 + 0.2 + 0.1)


def test_equal_numbers_of_any_type_are_one_number() -> None:
    twos = [hash_of(2), hash_of(2.0), hash_of(Decimal("2.00")), hash_of(2, kind=pa.decimal128(38, 0))]
    assert len(set(twos)) == 1
    large = 2**120 + 1
    assert hash_of(large, kind=pa.decimal128(38, 0)) != hash_of(large - 1, kind=pa.decimal128(38, 0))


def test_different_values_have_different_hashes() -> None:
    instant = datetime(2025, 1, 1, tzinfo=UTC)
    different = [
        hash_of(None, kind=pa.string()), hash_of("2"), hash_of(2), hash_of(True), hash_of(""), hash_of("None"),
        hash_of("a", "b"), hash_of("b", "a"), hash_of("ab"), hash_of("a"), hash_of("a", name="other"),
        hash_of(instant.date()), hash_of(str(instant.date())), hash_of(instant), hash_of(instant.replace(tzinfo=None)),
        hash_of(math.nan), hash_of(math.inf), hash_of(timedelta(1)), hash_of(),
    ]  # fmt: skip
    assert len(set(different)) == len(different)


def test_an_instant_is_the_same_on_every_clock() -> None:
    instant = datetime(2025, 1, 1, 12, tzinfo=UTC)
    kinds = [pa.timestamp("us", zone) for zone in ("UTC", "Asia/Bangkok")]
    assert len({hash_of(instant, kind=kind) for kind in kinds}) == 1


def test_the_hash_does_not_depend_on_how_the_rows_are_chunked() -> None:
    whole = pa.chunked_array([[1, 2, 3]])
    pieces = pa.chunked_array([[1], [], [2, 3]])
    assert len({content_hash(make_result([metric()], [array])) for array in (whole, pieces)}) == 1


def test_nanoseconds_are_cut_to_what_python_holds() -> None:
    table = pa.table(
        {
            "at": pa.array([1_735_689_600_123_456_789], pa.timestamp("ns", "Europe/Berlin")),
            "took": pa.array([1_500], pa.duration("ns")),
            "time": pa.array([1_500], pa.time64("ns")),
        }
    )
    ((at, took, time),) = rows_of(table)
    assert at == datetime(2025, 1, 1, 1, 0, 0, 123456, tzinfo=ZoneInfo("Europe/Berlin"))
    assert took == timedelta(microseconds=1)
    assert time is not None
    assert str(time) == "00:00:00.000001"


def test_times_that_python_does_not_know_are_text() -> None:
    at = pa.array([2**63 - 1, 1 - 2**63, 10**18, 0], pa.int64()).cast(pa.timestamp("us", "UTC"))
    day = pa.array([2**31 - 1, 1 - 2**31, 10**7, 0], pa.int32()).cast(pa.date32())
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert list(rows_of(pa.table({"at": at, "day": day}))) == [
        ("infinity", "infinity"),
        ("-infinity", "-infinity"),
        ("1000000000000000000 us from 1970-01-01", "10000000 days from 1970-01-01"),
        (epoch, epoch.date()),
    ]
