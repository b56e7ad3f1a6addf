"""What the database gives back is, bit for bit, what was handed to COPY."""

import struct
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store.copy import Rows, copy_new_rows, copy_rows, encode, sort_rows
from service.store.migrate import migrate
from tests.unit.service.making import NOON_US, S_US

_INT32 = 2**31

Sample = tuple[int, int, float, int, int]


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        migrate(connection)
        yield connection


def rows_of(samples: list[Sample]) -> Rows:
    """Columns, as they came."""
    tag, time_us, value, quality, lag_ms = zip(*samples, strict=True)
    return Rows(
        tag=np.array(tag, dtype=np.int32),
        time_us=np.array(time_us, dtype=np.int64),
        value=np.array(value, dtype=np.float64),
        quality=np.array(quality, dtype=np.uint8),
        lag_ms=np.array(lag_ms, dtype=np.int64),
    )


def bits(value: float) -> bytes:
    """NaN equals itself, and minus zero is not zero."""
    return struct.pack(">d", value)


def read(connection: psycopg.Connection) -> list[tuple[int, int, bytes, int, int]]:
    """All samples, the values as bits."""
    cursor = connection.execute(
        "SELECT tag, (extract(epoch FROM time) * 1000000)::bigint, float8send(value), quality, lag_ms FROM sample"
        " ORDER BY tag, time"
    )
    return [(tag, time_us, bytes(value), quality, lag_ms) for tag, time_us, value, quality, lag_ms in cursor]


def expected(samples: list[Sample]) -> list[tuple[int, int, bytes, int, int]]:
    """The first of each (tag, time), in order."""
    first: dict[tuple[int, int], tuple[int, int, bytes, int, int]] = {}
    for tag, time_us, value, quality, lag_ms in samples:
        cut_ms = min(max(lag_ms, -_INT32), _INT32 - 1)
        first.setdefault((tag, time_us), (tag, time_us, bits(value), quality, cut_ms))
    return [first[key] for key in sorted(first)]


_samples = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3), st.integers(-_INT32, _INT32 - 1)),
        st.integers(-3, 3).map(lambda i: NOON_US + i) | st.integers(NOON_US - 86_400 * S_US, NOON_US),
        st.floats(),
        st.integers(0, 255),
        st.integers(-5, 5) | st.integers(-(2**62), 2**62),
    ),
    min_size=1,
    max_size=30,
)


@given(_samples)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_database_holds_the_first_of_each_tag_and_time_bit_for_bit(
    connection: psycopg.Connection, samples: list[Sample]
) -> None:
    with connection.cursor() as cursor:
        copy_rows(cursor, encode(sort_rows(rows_of(samples))))
    assert read(connection) == expected(samples)
    connection.rollback()


@given(_samples, _samples)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_way_by_the_staging_table_adds_only_what_is_new(
    connection: psycopg.Connection, before: list[Sample], again: list[Sample]
) -> None:
    with connection.cursor() as cursor:
        copy_rows(cursor, encode(sort_rows(rows_of(before))))
        added = copy_new_rows(cursor, encode(sort_rows(rows_of(again))))
    assert read(connection) == expected([*before, *again])
    assert added == len(expected([*before, *again])) - len(expected(before))
    connection.rollback()


@pytest.mark.parametrize("time_us", [0, 946_684_800_000_000, 253_402_300_799_999_999], ids=["1970", "2000", "9999"])
def test_times_of_any_century_are_exact(connection: psycopg.Connection, time_us: int) -> None:
    with connection.cursor() as cursor:
        copy_rows(cursor, encode(rows_of([(1, time_us, 1.0, 0, 0)])))
    assert [one[1] for one in read(connection)] == [time_us]


def test_duplicate_is_refused_by_the_straight_way(connection: psycopg.Connection) -> None:
    data = encode(rows_of([(1, NOON_US, 1.0, 0, 0)]))
    with connection.cursor() as cursor:
        copy_rows(cursor, data)
        with pytest.raises(psycopg.errors.UniqueViolation):
            copy_rows(cursor, data)
    connection.rollback()


def test_sorting_is_by_tag_then_time_and_keeps_each_row_together() -> None:
    rows = sort_rows(rows_of([(2, 5, 25.0, 1, 3), (1, 9, 19.0, 2, 4), (1, 3, 13.0, 3, 5), (2, 5, 99.0, 9, 9)]))
    assert list(zip(rows.tag, rows.time_us, rows.value, rows.quality, rows.lag_ms, strict=True)) == [
        (1, 3, 13.0, 3, 5),
        (1, 9, 19.0, 2, 4),
        (2, 5, 25.0, 1, 3),
    ]
