"""Samples in columns: what goes onto the disk comes back bit for bit, and nothing else is taken for samples."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from park.batch import SCHEMA, SampleBatch, concat, empty_batch

_COLUMNS = ("tag", "time_us", "value", "quality")
_DTYPES = (np.int32, np.int64, np.float64, np.uint8)


@st.composite
def batches(draw: st.DrawFn, max_size: int = 50) -> SampleBatch:
    """Any batch at all, NaNs with payload and infinities included."""
    size = draw(st.integers(0, max_size))
    return SampleBatch(
        tag=draw(arrays.arrays(np.int32, size)),
        time_us=draw(arrays.arrays(np.int64, size)),
        value=draw(arrays.arrays(np.float64, size)),
        quality=draw(arrays.arrays(np.uint8, size)),
        received_us=draw(st.integers(-(2**63), 2**63 - 1)),
        origin=draw(st.text(st.characters(codec="utf-8"), max_size=20)),
    )


def some(**columns: Any) -> SampleBatch:
    """A valid batch with the columns given."""
    valid: dict[str, Any] = {"tag": [1, 2], "time_us": [10, 20], "value": [1.5, 2.5], "quality": [0, 2]}
    return SampleBatch(**valid | columns, received_us=7, origin="dcs")


def same(one: SampleBatch, other: SampleBatch) -> bool:
    """Equal in every bit."""
    columns = all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in _COLUMNS)
    return columns and (one.received_us, one.origin) == (other.received_us, other.origin)


@given(batches())
def test_bytes_read_back_are_the_batch_bit_for_bit(batch: SampleBatch) -> None:
    assert same(SampleBatch.from_bytes(batch.to_bytes()), batch)


@given(batches())
def test_columns_keep_their_types_on_the_way(batch: SampleBatch) -> None:
    read = SampleBatch.from_bytes(batch.to_bytes())
    assert [getattr(read, name).dtype for name in _COLUMNS] == list(map(np.dtype, _DTYPES))


@pytest.mark.parametrize("column", _COLUMNS)
def test_columns_cannot_be_written_to(column: str) -> None:
    batch = some()
    for one in (batch, SampleBatch.from_bytes(batch.to_bytes()), batch.take(np.array([True, False]))):
        with pytest.raises(ValueError, match="read-only"):
            getattr(one, column)[0] = 1


def test_fields_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError):
        some().origin = "another"  # type: ignore[misc]


def test_the_makers_own_array_stays_writable() -> None:
    value = np.array([1.0, 2.0])
    some(value=value)
    value[0] = 3.0


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"tag": [1]}, id="one short"),
        pytest.param({"quality": [0, 0, 0]}, id="one long"),
        pytest.param({name: np.zeros((2, 2)) for name in _COLUMNS}, id="two dimensions"),
        pytest.param({"value": 1.0}, id="no dimension"),
    ],
)
def test_columns_of_unequal_shape_are_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one length"):
        some(**columns)


_WRONG_SCHEMAS = [
    pytest.param(pa.schema([field.with_nullable(True) for field in SCHEMA]), id="nullable"),
    pytest.param(pa.schema(list(SCHEMA)[::-1]), id="other order"),
    pytest.param(pa.schema(list(SCHEMA)[:3]), id="column missing"),
    pytest.param(SCHEMA.append(pa.field("extra", pa.int8())), id="column too many"),
    pytest.param(SCHEMA.set(2, pa.field("value", pa.float32(), nullable=False)), id="half the precision"),
]


def stream(schema: pa.Schema, batches: int = 1) -> bytes:
    """An Arrow stream of so many batches of one row."""
    sink = pa.BufferOutputStream()
    record = pa.RecordBatch.from_arrays([pa.array([1], field.type) for field in schema], schema=schema)
    with pa.ipc.new_stream(sink, schema) as writer:
        for _ in range(batches):
            writer.write_batch(record)
    data: bytes = sink.getvalue().to_pybytes()
    return data


@pytest.mark.parametrize("schema", _WRONG_SCHEMAS)
def test_foreign_schema_is_refused(schema: pa.Schema) -> None:
    with pytest.raises(ValueError, match="not a sample batch"):
        SampleBatch.from_bytes(stream(schema))


@pytest.mark.parametrize("count", [0, 2])
def test_stream_of_any_other_number_of_batches_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"holds {count} record batches"):
        SampleBatch.from_bytes(stream(SCHEMA, count))


def test_null_in_a_column_that_may_have_none_is_refused() -> None:
    columns = [pa.array([None], field.type) for field in SCHEMA]
    with pytest.raises(ValueError, match="null"):
        SampleBatch.from_arrow(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        SampleBatch.from_bytes(data)


@given(cut=st.integers(0, 600))
def test_a_stream_cut_short_raises_value_error_or_is_whole(cut: int) -> None:
    data = some().to_bytes()[:cut]
    try:
        assert same(SampleBatch.from_bytes(data), some())
    except ValueError:
        assert cut < 700


def test_foreign_stream_without_our_metadata_is_read() -> None:
    batch = SampleBatch.from_bytes(stream(SCHEMA))
    assert (len(batch), batch.received_us, batch.origin) == (1, 0, "")


@given(batches(), st.data())
def test_take_gives_the_rows_asked_for_in_that_order(batch: SampleBatch, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(batch) - 1)) if len(batch) else st.just([]))
    taken = batch.take(np.array(rows, dtype=np.intp))
    assert taken.tag.tolist() == [int(batch.tag[row]) for row in rows]
    assert taken.time_us.tolist() == [int(batch.time_us[row]) for row in rows]
    assert (taken.received_us, taken.origin) == (batch.received_us, batch.origin)


@given(st.lists(batches(max_size=5), max_size=4))
def test_concat_keeps_every_row_in_order(parts: list[SampleBatch]) -> None:
    whole = concat(parts, received_us=1, origin="several")
    for name in _COLUMNS:
        assert getattr(whole, name).tobytes() == b"".join(getattr(part, name).tobytes() for part in parts)


def test_empty_batch_has_no_rows_and_travels() -> None:
    empty = empty_batch(received_us=5, origin="x")
    assert len(empty) == 0
    assert same(SampleBatch.from_bytes(empty.to_bytes()), empty)
