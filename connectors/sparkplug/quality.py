"""The Quality property of a metric (specification 3.0.0, 6.4.9.1) as a byte of `park.quality`."""

from connectors.sparkplug.payload_pb2 import PropertySet, PropertyValue
from park.quality import Detail, Quality, quality_byte

GOOD = quality_byte(Quality.GOOD)
#: Of a metric that is null: there is no value, and nobody says why.
NULL = quality_byte(Quality.BAD)
#: Of all tags of an edge node or device that died.
DEAD = quality_byte(Quality.BAD, Detail.NOT_CONNECTED)
_UNCERTAIN = quality_byte(Quality.UNCERTAIN)

_CODES = {
    0: quality_byte(Quality.BAD),
    192: GOOD,
    500: quality_byte(Quality.UNCERTAIN, Detail.LAST_USABLE_VALUE),
}
#: Bits 6 and 7 of an OPC DA quality, which some gateways pass through.
_OPC_DA = (quality_byte(Quality.BAD), _UNCERTAIN, quality_byte(Quality.BAD), GOOD)


def find(properties: PropertySet, key: str) -> PropertyValue | None:
    """The property of that name, or None."""
    for one, value in zip(properties.keys, properties.values, strict=False):
        if one == key:
            return value
    return None


def of_properties(properties: PropertySet) -> tuple[int, str]:
    """(quality byte, what is odd about it or nothing). No Quality property means good."""
    odd = "" if len(properties.keys) == len(properties.values) else "uneven_properties"
    value = find(properties, "Quality")
    if value is None or value.is_null:
        return GOOD, odd
    field = value.WhichOneof("value")
    if field not in ("int_value", "long_value"):
        return _UNCERTAIN, "quality_type"
    code = int(getattr(value, field))
    if code in _CODES:
        return _CODES[code], odd
    return (_OPC_DA[code >> 6] if code < 256 else _UNCERTAIN), "quality_code"
