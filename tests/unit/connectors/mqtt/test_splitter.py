"""Taking messages out of the byte stream: whatever the pieces it comes in, and whatever it holds."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mqtt.events import Arrived
from connectors.mqtt.stream import KEPT_BYTES, Malformed, Splitter
from tests.unit.connectors.mqtt.packets import pingresp, publish, suback

LIMIT = 256 * 1024


class Split(NamedTuple):
    """What a splitter made of some bytes."""

    messages: list[Arrived]
    rest: bytes


def split(data: bytes, *, piece_bytes: int = 1 << 30, version_5: bool = True, limit: int = LIMIT) -> Split:
    messages: list[Arrived] = []
    splitter = Splitter(version_5=version_5, max_message_bytes=limit, on_message=messages.append)
    for start in range(0, len(data), piece_bytes):
        splitter.feed(data[start : start + piece_bytes])
    return Split(messages, bytes(splitter.rest))


@pytest.mark.parametrize("version_5", [True, False])
def test_a_message_is_taken_out_with_all_that_belongs_to_it(version_5: bool) -> None:
    data = publish("a/b", b"payload", qos=1, identifier=513, retain=True, version_5=version_5)
    assert split(data, version_5=version_5) == ([Arrived(b"a/b", b"payload", 7, 513, 1, True)], b"")


def test_all_other_packets_go_on_to_paho_in_their_order() -> None:
    data = suback() + publish("a", b"1") + pingresp() + publish("a", b"2", qos=2) + publish("a", b"3")
    messages, rest = split(data)
    assert [one.payload for one in messages] == [b"1", b"3"]
    assert rest == suback() + pingresp() + publish("a", b"2", qos=2)


def test_properties_are_passed_over() -> None:
    user_property = b"\x26\x00\x03key" + b"\x00\xc8" + b"v" * 200
    assert split(publish("a", b"x", properties=user_property)).messages[0].payload == b"x"


@given(
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=400), st.integers(0, 1)), max_size=12),
    st.integers(1, 700),
    st.booleans(),
)
def test_the_pieces_make_no_difference(wanted: list[tuple[str, bytes, int]], piece_bytes: int, version_5: bool) -> None:
    packets = [
        publish(topic, payload, qos=qos, identifier=number + 1, version_5=version_5)
        for number, (topic, payload, qos) in enumerate(wanted)
    ]
    data = b"".join(packet + pingresp() for packet in packets)
    messages, rest = split(data, piece_bytes=piece_bytes, version_5=version_5)
    assert [(one.topic.decode(), one.payload, one.qos) for one in messages] == wanted
    assert rest == pingresp() * len(wanted)


@pytest.mark.parametrize("piece_bytes", [1000, 65_536, 1 << 30])
def test_of_a_message_that_is_too_large_only_the_beginning_is_kept(piece_bytes: int) -> None:
    data = publish("a", b"x" * 3_000_000, identifier=7) + publish("a", b"next", identifier=8)
    messages, _ = split(data, piece_bytes=piece_bytes)
    assert messages[0] == Arrived(b"a", b"x" * KEPT_BYTES, 3_000_000, 7, 1, False)
    assert messages[1].payload == b"next"


def test_a_message_a_little_too_large_is_cut_as_well() -> None:
    message = split(publish("a", b"x" * (LIMIT + 1))).messages[0]
    assert (len(message.payload), message.payload_bytes) == (KEPT_BYTES, LIMIT + 1)


def test_a_message_hidden_behind_huge_properties_is_not_taken_for_whole() -> None:
    pairs = b"".join(b"\x26\x00\x01k" + (60_000).to_bytes(2, "big") + b"v" * 60_000 for _ in range(10))
    data = publish("a", b"short", properties=pairs)
    for message in (split(data).messages[0], split(data, piece_bytes=50_000).messages[0]):
        assert message.payload_bytes == 5
        assert message.payload in (b"", b"short")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x32\x02\x00\x05", id="topic longer than the packet"),
        pytest.param(b"\x32\x05\x00\x01a\x00\x00", id="packet identifier 0"),
        pytest.param(b"\x32\x01\x00", id="too short for a topic"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="length of five bytes"),
        pytest.param(b"\x32\x06\x00\x01a\x00\x01\x7f", id="properties longer than the packet"),
    ],
)
def test_what_is_not_mqtt_ends_the_connection(data: bytes) -> None:
    with pytest.raises(Malformed):
        split(data)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_messages_or_rest_or_malformed(data: bytes, piece_bytes: int) -> None:
    try:
        messages, rest = split(data, piece_bytes=piece_bytes)
    except Malformed:
        return
    assert len(rest) + sum(len(one.payload) for one in messages) <= len(data)
