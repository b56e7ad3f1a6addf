"""The decoder agrees with the standard on every layout, alone and mixed, and refuses what breaks it."""

import math
import struct

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary, variant_to_binary
from hypothesis import given
from hypothesis import strategies as st

from connectors.opcua.decode import Kind, Undecodable, decode_values, type_name
from tests.unit.connectors.opcua import wire
from tests.unit.connectors.opcua.wire import DataValue

_RANGES = {
    1: (0, 1), 2: (-128, 127), 3: (0, 255), 4: (-(2**15), 2**15 - 1), 5: (0, 2**16 - 1),
    6: (-(2**31), 2**31 - 1), 7: (0, 2**32 - 1), 8: (-(2**63), 2**63 - 1), 9: (0, 2**64 - 1),
}  # fmt: skip
_TIMES = st.integers(min_value=0, max_value=2**62)
_PICOS = st.integers(min_value=0, max_value=9999)


@st.composite
def _numbers(draw: st.DrawFn) -> tuple[bytes, float, Kind]:
    type_ = draw(st.integers(min_value=1, max_value=11))
    if type_ in _RANGES:
        whole = draw(st.integers(*_RANGES[type_]))
        return wire.number(type_, whole), float(whole), Kind.NUMBER
    value = draw(st.floats(width=32 if type_ == 10 else 64))
    return wire.number(type_, value), value, Kind.NUMBER


_ODD = st.sampled_from(
    [
        (b"\x00", math.nan, Kind.NULL),
        (wire.text("störung"), math.nan, Kind.OTHER),
        (wire.text(None), math.nan, Kind.OTHER),
        (wire.array(11, [1.0, 2.0]), math.nan, Kind.ARRAY),
        (wire.array(3, []), math.nan, Kind.ARRAY),
        (variant_to_binary(ua.Variant(ua.EUInformation())), math.nan, Kind.OTHER),
        (variant_to_binary(ua.Variant(ua.LocalizedText("auf", "de"))), math.nan, Kind.OTHER),
    ]
)


@st.composite
def _values(draw: st.DrawFn) -> tuple[DataValue, float, Kind]:
    variant, value, kind = draw(st.one_of(_numbers(), _ODD, st.just((None, math.nan, Kind.NULL))))
    optional = DataValue(
        variant=variant,
        status=draw(st.none() | st.integers(min_value=0, max_value=2**32 - 1)),
        source=draw(st.none() | _TIMES),
        server=draw(st.none() | _TIMES),
        source_pico=draw(st.none() | _PICOS),
        server_pico=draw(st.none() | _PICOS),
    )
    return optional, value, kind


@given(st.lists(_values(), max_size=30), st.booleans())
def test_every_layout_comes_out_as_it_went_in(rows: list[tuple[DataValue, float, Kind]], handles: bool) -> None:
    given_values = [row[0] for row in rows]
    encoded = wire.items(given_values, first_handle=5) if handles else b"".join(one.encode() for one in given_values)
    found, end = decode_values(b"before" + encoded + b"after", 6, len(rows), handles=handles)
    assert end == 6 + len(encoded)
    np.testing.assert_array_equal(found.value, np.array([row[1] for row in rows], float))
    assert found.kind.tolist() == [int(row[2]) for row in rows]
    assert found.status.tolist() == [one.status or 0 for one in given_values]
    assert found.source.tolist() == [one.source or 0 for one in given_values]
    assert found.server.tolist() == [one.server or 0 for one in given_values]
    assert [found.raw(row) for row in range(len(rows))] == [one.encode() for one in given_values]
    if handles:
        assert found.handle.tolist() == list(range(5, 5 + len(rows)))


@given(_values(), st.integers(min_value=1, max_value=50))
def test_a_message_of_one_layout_gives_the_same_without_a_walk(row: tuple[DataValue, float, Kind], count: int) -> None:
    encoded = wire.items([row[0]] * count)
    found, end = decode_values(encoded, 0, count, handles=True)
    assert end == len(encoded)
    np.testing.assert_array_equal(found.value, np.full(count, row[1]))
    assert found.source.tolist() == [row[0].source or 0] * count


def test_a_boolean_of_any_nonzero_byte_is_one() -> None:
    found, _ = decode_values(b"\x01\x01\xff" + b"\x01\x01\x00", 0, 2, handles=False)
    assert found.value.tolist() == [1.0, 0.0]


def test_picoseconds_stand_where_the_standard_puts_them() -> None:
    value = DataValue(variant=wire.number(11, 1.0), source=100, server=200, source_pico=11, server_pico=22)
    found, _ = decode_values(value.encode(), 0, 1, handles=False)
    assert (found.source[0], found.server[0]) == (100, 200)


def test_what_asyncua_encodes_is_understood() -> None:
    given_value = ua.DataValue(ua.Variant(2.5), ua.StatusCode(ua.UInt32(0x408F0000)))
    found, _ = decode_values(struct_to_binary(given_value), 0, 1, handles=False)
    assert (found.value[0], found.status[0]) == (2.5, 0x408F0000)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        pytest.param(b"", 1, id="nothing at all"),
        pytest.param(b"\x01\x0b\x00\x00", 1, id="ends inside a number"),
        pytest.param(b"\x05\x0b" + bytes(10), 1, id="ends inside a time"),
        pytest.param(b"\x01\x3f" + bytes(8), 1, id="a type that does not exist"),
        pytest.param(b"\x40" + bytes(8), 1, id="a mask that does not exist"),
        pytest.param(b"\x01\x0c" + struct.pack("<i", 1000), 1, id="a string longer than the message"),
        pytest.param(b"\x01\x8b" + struct.pack("<i", 2**31 - 1), 1, id="an array longer than the message"),
        pytest.param(b"\x00\x00", 2**31 - 1, id="more values than bytes"),
        pytest.param(b"\x00\x00", -1, id="fewer than none"),
    ],
)
def test_bytes_that_break_the_rules_are_refused(body: bytes, count: int) -> None:
    with pytest.raises(Undecodable):
        decode_values(body, 0, count, handles=False)


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=20), st.booleans())
def test_no_bytes_do_worse_than_be_refused(body: bytes, count: int, handles: bool) -> None:
    try:
        found, end = decode_values(body, 0, count, handles=handles)
    except Undecodable:
        return
    assert len(found) == count
    assert end <= len(body)


def test_types_have_the_names_of_the_standard() -> None:
    assert [type_name(number) for number in (1, 11, 12, 22, 31)] == [
        "Boolean",
        "Double",
        "String",
        "ExtensionObject",
        "type 31",
    ]
