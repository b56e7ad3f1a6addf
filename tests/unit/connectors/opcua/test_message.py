"""A publish response taken apart: what it carries, what it announces, and what is broken about it."""

import struct

import pytest
from asyncua.ua.uaerrors import BadNoSubscription

from connectors.opcua.decode import Undecodable
from connectors.opcua.message import read_history, read_publish, read_republish, read_values
from tests.unit.connectors.opcua import wire
from tests.unit.connectors.opcua.wire import DataValue

_ONE = DataValue(variant=wire.number(11, 1.5), source=wire.filetime(1_000_000))


def test_data_come_with_their_numbers() -> None:
    body = wire.publish_response(
        [wire.data_change([_ONE, _ONE], first_handle=3)], subscription=9, sequence=4, available=[3, 4], more=True
    )
    found = read_publish(body)
    assert (found.subscription, found.sequence, found.more) == (9, 4, True)
    assert found.available == frozenset((3, 4))
    assert not found.keep_alive
    (values,) = found.values
    assert values.handle.tolist() == [3, 4]
    assert values.value.tolist() == [1.5, 1.5]


def test_a_message_without_parts_is_a_keep_alive() -> None:
    assert read_publish(wire.publish_response([])).keep_alive


def test_the_end_of_a_subscription_is_told_by_its_status() -> None:
    assert read_publish(wire.publish_response([wire.status_change(0x800A0000)])).status_changes == [0x800A0000]


def test_a_part_of_another_kind_is_passed_over() -> None:
    found = read_publish(wire.publish_response([wire.extension(916, b"events"), wire.data_change([_ONE])]))
    assert len(found.values) == 1
    assert not found.keep_alive


def test_a_broken_part_is_kept_and_hurts_no_other() -> None:
    broken = wire.extension(811, struct.pack("<iI", 1, 0) + b"\x01\x3f")
    found = read_publish(wire.publish_response([broken, wire.data_change([_ONE])], sequence=6))
    assert found.sequence == 6
    assert found.rubbish is not None
    assert found.rubbish.why == "a value that type 63 does not exist"
    assert found.rubbish.body.endswith(b"\x01\x3f")
    assert [values.value.tolist() for values in found.values] == [[1.5]]


def test_a_refusal_is_raised_as_what_it_is() -> None:
    with pytest.raises(BadNoSubscription):
        read_publish(wire.publish_response([], service_result=0x80790000))


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_a_message_cut_short_is_undecodable(length: int) -> None:
    whole = wire.publish_response([wire.data_change([_ONE])])
    with pytest.raises(Undecodable):
        read_publish(whole[:length])


def test_a_republished_message_belongs_to_the_subscription_asked_for() -> None:
    body = struct.pack("<BBH", 1, 0, 835) + wire.response_header()
    body += struct.pack("<Iqi", 8, 0, 1) + wire.data_change([_ONE])
    found = read_republish(body, 77)
    assert (found.subscription, found.sequence, len(found.values)) == (77, 8, 1)


def test_values_that_were_read_are_decoded_like_those_that_were_sent() -> None:
    body = struct.pack("<BBH", 1, 0, 634) + wire.response_header()
    body += struct.pack("<i", 2) + _ONE.encode() + DataValue(status=0x80340000).encode() + struct.pack("<i", -1)
    found = read_values(body)
    assert found.value[0] == 1.5
    assert found.status.tolist() == [0, 0x80340000]


def test_history_comes_per_node_with_what_is_left() -> None:
    data = struct.pack("<i", 2) + _ONE.encode() * 2
    body = struct.pack("<BBH", 1, 0, 667) + wire.response_header() + struct.pack("<i", 3)
    body += struct.pack("<Ii", 0, 3) + b"abc" + wire.extension(658, data)
    body += struct.pack("<Ii", 0x80720000, -1) + b"\x00\x00\x00"
    body += struct.pack("<Ii", 0, -1) + wire.extension(658, struct.pack("<i", 0))
    first, refused, empty = read_history(body + struct.pack("<i", -1))
    assert first.continuation == b"abc"
    assert first.values is not None
    assert len(first.values) == 2
    assert (refused.status, refused.values) == (0x80720000, None)
    assert empty.values is not None
    assert len(empty.values) == 0
