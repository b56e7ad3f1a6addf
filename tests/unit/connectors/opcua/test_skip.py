"""The length of every value is known without understanding it."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import variant_to_binary

from connectors.opcua.skip import Malformed, after_variant

_SCALARS: list[Any] = [
    None,
    True,
    1.5,
    "text",
    "",
    b"bytes",
    datetime(2026, 1, 2, tzinfo=UTC),
    uuid.UUID(int=7),
    ua.NodeId.from_string("i=5"),
    ua.NodeId.from_string("ns=3;i=500"),
    ua.NodeId.from_string("ns=300;i=70000"),
    ua.NodeId.from_string("ns=2;s=TI-1"),
    ua.NodeId.from_string("ns=2;g=0a0b0c0d-0000-0000-0000-000000000001"),
    ua.NodeId.from_string("ns=2;b=AAEC"),
    ua.ExpandedNodeId(ua.Int32(5), ua.Int16(0), ua.NodeIdType.Numeric, ua.String("http://example.org"), ua.Int32(3)),
    ua.StatusCode(ua.UInt32(0x80340000)),
    ua.QualifiedName("name", 2),
    ua.LocalizedText("text", "de"),
    ua.LocalizedText("text"),
    ua.LocalizedText(),
    ua.EUInformation(),
    ua.Range(0.0, 100.0),
    ua.DataValue(ua.Variant(1.0)),
    ua.DataValue(ua.Variant("deep")),
    ua.DiagnosticInfo(SymbolicId=ua.Int32(1), AdditionalInfo=ua.String("more"), InnerStatusCode=ua.StatusCode()),
]


@pytest.mark.parametrize("value", _SCALARS, ids=repr)
def test_each_type_ends_where_asyncua_ends_it(value: object) -> None:
    encoded = variant_to_binary(ua.Variant(value))
    assert after_variant(b"xx" + encoded + b"yy", 2) == 2 + len(encoded)


@pytest.mark.parametrize("value", [one for one in _SCALARS if one is not None], ids=repr)
def test_arrays_of_each_type_too(value: object) -> None:
    encoded = variant_to_binary(ua.Variant([value, value]))
    assert after_variant(encoded, 0) == len(encoded)


def test_an_array_of_variants_and_one_with_dimensions() -> None:
    variants = variant_to_binary(ua.Variant([ua.Variant(1.0), ua.Variant("two")], ua.VariantType.Variant))
    assert after_variant(variants, 0) == len(variants)
    matrix = variant_to_binary(ua.Variant([[1.0, 2.0], [3.0, 4.0]], Dimensions=[ua.Int32(2), ua.Int32(2)]))
    assert after_variant(matrix, 0) == len(matrix)


def test_a_structure_nobody_described_is_skipped_by_its_length() -> None:
    unknown = ua.ExtensionObject(ua.NodeId.from_string("ns=9;i=1234"), ua.ByteString(b"whatever it is"))
    encoded = variant_to_binary(ua.Variant(unknown, ua.VariantType.ExtensionObject))
    assert after_variant(encoded, 0) == len(encoded)


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (b"\x20", "type 32 does not exist"),
        (b"\x0c\x05\x00\x00\x00ab", "ends inside a string"),
        (b"\x8b\x00\x00\x00\x40", "an array of 1073741824 elements in 0 bytes"),
        (b"\x11\x09", "a NodeId of kind 9"),
        (b"\x18" * 40 + b"\x01\x01", "nested more than 32 deep"),
        (b"\x0b\x00", "ends inside a value"),
        (b"", "ends inside a value"),
    ],
)
def test_what_breaks_the_rules_is_malformed(encoded: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        after_variant(encoded, 0)
