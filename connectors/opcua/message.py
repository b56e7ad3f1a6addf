"""The answer to a PublishRequest (Part 4, 5.14.5 and 7.26), taken apart down to columns."""

import struct
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from connectors.opcua.decode import Undecodable, Values, decode_values

_DATA_CHANGE = ua.NodeId(ua.Int32(ObjectIds.DataChangeNotification_Encoding_DefaultBinary))
_STATUS_CHANGE = ua.NodeId(ua.Int32(ObjectIds.StatusChangeNotification_Encoding_DefaultBinary))
_HISTORY_DATA = ua.NodeId(ua.Int32(ObjectIds.HistoryData_Encoding_DefaultBinary))
_HAS_BODY = 1


@dataclass(frozen=True, slots=True)
class Rubbish:
    """A part of a notification that breaks the rules of the encoding."""

    body: bytes
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One NotificationMessage."""

    subscription: int
    #: Its own number, or, in a keep-alive, the number that the next message with data will have.
    sequence: int
    #: What the server still keeps for a Republish.
    available: frozenset[int] = frozenset()
    more: bool = False
    values: list[Values] = field(default_factory=list)
    #: The subscription's own end or trouble.
    status_changes: list[int] = field(default_factory=list)
    rubbish: Rubbish | None = None
    #: Messages that carry anything count in the sequence; keep-alives do not.
    keep_alive: bool = False


class Reader:
    """A cursor over a message body."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def number(self, code: str) -> int:
        """One little-endian integer."""
        try:
            (found,) = struct.unpack_from("<" + code, self.body, self.at)
        except struct.error as error:
            raise Undecodable("the message ends early") from error
        self.at += struct.calcsize("<" + code)
        return int(found)

    def count(self, size: int) -> int:
        """The length of an array whose elements take at least ``size`` bytes; a null array is empty."""
        found = max(self.number("i"), 0)
        if found * size > len(self.body) - self.at:
            raise Undecodable(f"an array of {found} elements in {len(self.body) - self.at} bytes")
        return found

    def node_id(self) -> ua.NodeId:
        """A NodeId."""
        buffer = Buffer(self.body, self.at)
        try:
            found = nodeid_from_binary(buffer)
        except Exception as error:  # asyncua raises a dozen types for malformed bytes
            raise Undecodable(f"not a NodeId: {error}") from error
        self.at = buffer.cur_pos
        return found

    def byte_string(self) -> bytes:
        """A ByteString; null is empty."""
        length = self.count(1)
        self.at += length
        return self.body[self.at - length : self.at]

    def header(self) -> ua.ResponseHeader:
        """The type of the answer and its header. Raises the UaStatusCodeError that the header tells."""
        self.node_id()
        buffer = Buffer(self.body, self.at)
        try:
            found = struct_from_binary(ua.ResponseHeader, buffer)
        except Exception as error:
            raise Undecodable(f"not a response header: {error}") from error
        self.at = buffer.cur_pos
        found.ServiceResult.check()
        return found


def read_publish(body: bytes) -> Notification:
    """A PublishResponse. Raises Undecodable, and UaStatusCodeError where the server refused the request."""
    reader = Reader(body)
    reader.header()
    subscription = reader.number("I")
    available = frozenset(reader.number("I") for _ in range(reader.count(4)))
    more = bool(reader.number("B"))
    return _notification(reader, subscription, available, more)


def read_republish(body: bytes, subscription: int) -> Notification:
    """A RepublishResponse. Raises as `read_publish`."""
    reader = Reader(body)
    reader.header()
    return _notification(reader, subscription, frozenset(), False)


def _notification(reader: Reader, subscription: int, available: frozenset[int], more: bool) -> Notification:
    sequence = reader.number("I")
    reader.number("q")  # publish time: when it was sent says nothing about when it was measured
    parts = reader.count(3)
    values: list[Values] = []
    changes: list[int] = []
    rubbish: Rubbish | None = None
    for _ in range(parts):
        rubbish = _part(reader, values, changes) or rubbish
    return Notification(
        subscription=subscription,
        sequence=sequence,
        available=available,
        more=more,
        values=values,
        status_changes=changes,
        rubbish=rubbish,
        keep_alive=not parts,
    )


def _part(reader: Reader, values: list[Values], changes: list[int]) -> Rubbish | None:
    """Rubbish does not hurt what stands after it: each part tells its length."""
    type_id = reader.node_id()
    if not reader.number("B") & _HAS_BODY:
        return None
    length = reader.count(1)
    begin, reader.at = reader.at, reader.at + length
    part = Reader(reader.body[begin : begin + length])
    try:
        if type_id == _DATA_CHANGE:
            count = part.count(5)
            values.append(decode_values(part.body, part.at, count, handles=True)[0])
        elif type_id == _STATUS_CHANGE:
            changes.append(part.number("I"))
    except Undecodable as error:
        return Rubbish(part.body, str(error))
    return None


def read_values(body: bytes) -> Values:
    """The values of a ReadResponse. Raises as `read_publish`."""
    reader = Reader(body)
    reader.header()
    count = reader.count(1)
    return decode_values(body, reader.at, count, handles=False)[0]


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """What a HistoryRead found for one node."""

    status: int
    #: Not empty: there is more.
    continuation: bytes
    #: None where the server sent none.
    values: Values | None


def read_history(body: bytes) -> list[HistoryResult]:
    """A HistoryReadResponse, one result for each node asked. Raises as `read_publish`."""
    reader = Reader(body)
    reader.header()
    return [_history_result(reader) for _ in range(reader.count(9))]


def _history_result(reader: Reader) -> HistoryResult:
    status = reader.number("I")
    continuation = reader.byte_string()
    type_id = reader.node_id()
    if not reader.number("B") & _HAS_BODY:
        return HistoryResult(status, continuation, None)
    end = reader.count(1) + reader.at
    values = None
    if type_id == _HISTORY_DATA:
        count = reader.count(1)
        values, _ = decode_values(reader.body, reader.at, count, handles=False)
    reader.at = end
    return HistoryResult(status, continuation, values)
