"""How long a Variant is, without making anything of it: for values that cannot be samples but stand in the way.

Built-in types and their layouts: OPC UA Part 6, 5.1.2 and 5.2.2. A structure nobody has described to us has a length,
and that is all that is needed to reach the next tag's value.
"""

import struct

#: Size by type number: Boolean to Double, DateTime, Guid, StatusCode.
_FIXED = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 4, 11: 8, 13: 8, 14: 16, 19: 4}
_NODE_ID, _EXPANDED, _QUALIFIED, _TEXT, _STRUCTURE, _DATA_VALUE, _VARIANT, _DIAGNOSTIC = 17, 18, 20, 21, 22, 23, 24, 25
_LAST_TYPE = 31
_ARRAY, _DIMENSIONS = 0x80, 0x40
_DEEPEST = 32


class Malformed(ValueError):
    """The bytes break the rules of the encoding."""


def after_variant(body: bytes, at: int, depth: int = 0) -> int:
    """Where the Variant that begins at ``at`` ends. Raises Malformed."""
    try:
        end = _variant(body, at, depth)
    except (IndexError, struct.error) as error:
        raise Malformed("ends inside a value") from error
    if end > len(body):
        raise Malformed("ends inside a value")
    return end


def _variant(body: bytes, at: int, depth: int) -> int:
    if depth > _DEEPEST:
        raise Malformed(f"values nested more than {_DEEPEST} deep")
    encoding = body[at]
    kind = encoding & 0x3F
    if kind > _LAST_TYPE:
        raise Malformed(f"type {kind} does not exist")
    at += 1
    if encoding & _ARRAY:
        at = _array(body, at, kind, depth)
    elif kind:
        at = _scalar(body, at, kind, depth)
    if encoding & _DIMENSIONS:
        at = _array(body, at, 6, depth)
    return at


def _array(body: bytes, at: int, kind: int, depth: int) -> int:
    count: int = struct.unpack_from("<i", body, at)[0]
    at += 4
    if count > len(body) - at:
        raise Malformed(f"an array of {count} elements in {len(body) - at} bytes")
    if kind in _FIXED:
        return at + max(count, 0) * _FIXED[kind]
    for _ in range(count):
        at = _scalar(body, at, kind, depth)
    return at


def _scalar(body: bytes, at: int, kind: int, depth: int) -> int:
    if kind in _FIXED:
        return at + _FIXED[kind]
    if kind in (_NODE_ID, _EXPANDED):
        return after_node_id(body, at)
    if kind == _QUALIFIED:
        return _string(body, at + 2)
    if kind == _TEXT:
        return _masked_strings(body, at, (0x01, 0x02))
    if kind == _STRUCTURE:
        at = after_node_id(body, at)
        return _string(body, at + 1) if body[at] else at + 1
    if kind == _DATA_VALUE:
        return _data_value(body, at, depth + 1)
    if kind == _VARIANT:
        return _variant(body, at, depth + 1)
    if kind == _DIAGNOSTIC:
        return _diagnostic(body, at, depth + 1)
    # String, ByteString, XmlElement; and 26 to 31, which the standard tells to read as ByteString.
    return _string(body, at)


def _string(body: bytes, at: int) -> int:
    (length,) = struct.unpack_from("<i", body, at)
    at += 4 + max(length, 0)
    if at > len(body):
        raise Malformed("ends inside a string")
    return at


def _masked_strings(body: bytes, at: int, bits: tuple[int, ...]) -> int:
    mask, at = body[at], at + 1
    for bit in bits:
        if mask & bit:
            at = _string(body, at)
    return at


def after_node_id(body: bytes, at: int) -> int:
    """Where the NodeId or ExpandedNodeId that begins at ``at`` ends."""
    flags = body[at]
    kind = flags & 0x3F
    at += 1
    sizes = {0: 1, 1: 3, 2: 6, 4: 18}
    if kind in sizes:
        at += sizes[kind]
    elif kind in (3, 5):
        at = _string(body, at + 2)
    else:
        raise Malformed(f"a NodeId of kind {kind}")
    if flags & 0x80:
        at = _string(body, at)
    return at + 4 if flags & 0x40 else at


def _data_value(body: bytes, at: int, depth: int) -> int:
    mask, at = body[at], at + 1
    if mask & 0x01:
        at = _variant(body, at, depth)
    return at + sum(size for bit, size in ((2, 4), (4, 8), (16, 2), (8, 8), (32, 2)) if mask & bit)


def _diagnostic(body: bytes, at: int, depth: int) -> int:
    if depth > _DEEPEST:
        raise Malformed(f"values nested more than {_DEEPEST} deep")
    mask, at = body[at], at + 1
    at += 4 * sum(1 for bit in (0x01, 0x02, 0x04, 0x08) if mask & bit)
    if mask & 0x10:
        at = _string(body, at)
    if mask & 0x20:
        at += 4
    return _diagnostic(body, at, depth + 1) if mask & 0x40 else at
