"""Numbers in fields that know no sign, against what Python says they are."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sparkplug.payload_pb2 import Metric
from connectors.sparkplug.values import DataType, NoNumber, number, signed
from tests.unit.connectors.sparkplug import wire


def _read(datatype: int, *fields: wire.Field) -> tuple[float, list[str]]:
    notes: list[str] = []
    value = number(Metric.FromString(wire.metric(*fields)), datatype, notes.append)
    return value, notes


@given(st.sampled_from([8, 16, 32, 64]), st.data())
def test_signed_number_comes_back_from_its_twos_complement(bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1))
    for width in {bits, 32, 64} - {8, 16} | {bits}:
        if width >= bits:
            assert signed(value % (1 << width), bits) == value


@given(st.integers(0, (1 << 64) - 1))
def test_a_number_is_signed_or_refused_and_never_cut(value: int) -> None:
    try:
        read = signed(value, 8)
    except NoNumber:
        assert 128 <= value < (1 << 64) - 128
        assert not (1 << 8) - 128 <= value < 1 << 8
        assert not (1 << 32) - 128 <= value < 1 << 32
    else:
        assert -128 <= read < 128
        assert read % 256 == value % 256


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "value"),
    [
        (DataType.INT8, wire.INT, 0xF9, -7),
        (DataType.INT8, wire.INT, 0xFFFFFFF9, -7),
        (DataType.INT16, wire.INT, 0x8000, -32768),
        (DataType.INT32, wire.INT, 0x80000000, -(2**31)),
        (DataType.INT64, wire.LONG, 0xFFFFFFFFFFFFFFFF, -1),
        (DataType.UINT8, wire.INT, 255, 255),
        (DataType.UINT16, wire.INT, 65535, 65535),
        (DataType.UINT32, wire.INT, 0xFFFFFFFF, 4294967295),
        (DataType.UINT64, wire.LONG, 0xFFFFFFFFFFFFFFFF, 1.8446744073709552e19),
        (DataType.DOUBLE, wire.DOUBLE, 0.1, 0.1),
        (DataType.FLOAT, wire.FLOAT, wire.Single(0.1), struct.unpack("<f", struct.pack("<f", 0.1))[0]),
        (DataType.BOOLEAN, wire.BOOLEAN, 1, 1.0),
        (DataType.BOOLEAN, wire.BOOLEAN, 0, 0.0),
        (DataType.DATETIME, wire.LONG, 1_795_323_600_000, 1_795_323_600_000.0),
    ],
)
def test_every_type_is_read_from_its_own_field(datatype: int, field: int, raw: int | float, value: float) -> None:
    assert _read(datatype, (field, raw)) == (value, [])


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "value"),
    [
        (DataType.INT32, wire.LONG, 0xFFFFFFFFFFFFFFF9, -7),
        (DataType.UINT64, wire.INT, 7, 7),
        (DataType.FLOAT, wire.DOUBLE, 0.5, 0.5),
        (DataType.DOUBLE, wire.FLOAT, wire.Single(0.5), 0.5),
        (DataType.BOOLEAN, wire.INT, 1, 1.0),
    ],
)
def test_number_in_a_neighbouring_field_is_read_and_counted(
    datatype: int, field: int, raw: int | float, value: float
) -> None:
    assert _read(datatype, (field, raw)) == (value, ["wrong_field"])


@pytest.mark.parametrize(
    ("datatype", "fields", "reason"),
    [
        (DataType.INT8, [(wire.INT, 300)], "bad_value"),
        (DataType.UINT8, [(wire.INT, 256)], "bad_value"),
        (DataType.UINT32, [(wire.LONG, 1 << 32)], "bad_value"),
        (DataType.BOOLEAN, [(wire.INT, 2)], "bad_value"),
        (DataType.INT64, [(wire.INT, 0xFFFFFFF9)], "wrong_field"),
        (DataType.DOUBLE, [(wire.INT, 1)], "wrong_field"),
        (DataType.DOUBLE, [(wire.STRING, "1.5")], "wrong_field"),
        (DataType.DOUBLE, [], "no_value"),
        (DataType.STRING, [(wire.STRING, "on")], "not_numeric"),
        (DataType.DATASET, [(wire.DATASET, b"")], "not_numeric"),
        (DataType.TEMPLATE, [(wire.TEMPLATE, b"")], "not_numeric"),
        (DataType.FLOAT_ARRAY, [(wire.BYTES, b"\0\0\0\0")], "not_numeric"),
        (99, [(wire.INT, 1)], "not_numeric"),
        (DataType.UNKNOWN, [(wire.INT, 1)], "unknown_type"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(datatype: int, fields: list[wire.Field], reason: str) -> None:
    with pytest.raises(NoNumber) as refused:
        _read(datatype, *fields)
    assert refused.value.args[0] == reason


def test_a_field_that_leaves_no_doubt_needs_no_datatype() -> None:
    assert _read(DataType.UNKNOWN, (wire.DOUBLE, 2.5)) == (2.5, ["no_datatype"])
