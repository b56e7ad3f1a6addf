"""HJ 212 packets inside messages: the same samples, means, raw packets and refusals as over TCP."""

import numpy as np
import pytest

from connectors.base import RawFrame
from connectors.codecs import CODECS
from connectors.codecs.base import Refusal, Rows
from connectors.codecs.names import names_by_enterprise
from connectors.mqtt.config import MqttConfig, Topic
from connectors.mqtt.events import Arrived
from connectors.mqtt.inbound import Decoded, Inbound
from park.index import TagTable
from tests.unit.connectors.hj212.oracles import MN, tags_at, telegram

TAGS = tags_at("w01018", "w01001")
PACKET = telegram("DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N")


def decoded(payload: bytes, tags: TagTable = TAGS) -> tuple[Rows, list[Refusal]]:
    rows = Rows()
    names = names_by_enterprise(tags, "hj")["works"]
    return rows, list(CODECS["hj212"]().decode(payload, "topic", names, rows))


def test_a_packet_in_a_message_becomes_samples_and_is_kept() -> None:
    rows, refusals = decoded(PACKET)
    assert refusals == []
    assert (rows.tag, rows.time_us, rows.value, rows.quality) == ([0], [1_470_013_137_000_000], [2.2], [0])
    assert rows.frames == [RawFrame(enterprise="works", device=MN, data=PACKET)]


def test_several_packets_in_one_message_are_all_taken() -> None:
    rows, _ = decoded(PACKET + telegram("DataTime=20160801085957;w01018-Rtd=2.3"))
    assert rows.value == [2.2, 2.3]


def test_a_line_end_that_the_gateway_left_out_is_tolerated_and_counted() -> None:
    rows, refusals = decoded(PACKET[:-2])
    assert (rows.value, refusals) == ([2.2], [])
    assert rows.frames[0].data == PACKET[:-2]
    assert rows.heard["works", MN].deviations == {"no_tail": 1}


def test_reported_means_go_into_periods() -> None:
    rows, _ = decoded(telegram("DataTime=20160801080000;w01018-Avg=40.1,w01018-Flag=N", cn="2061"))
    batch = rows.period_batch()
    assert batch is not None
    assert (batch.tag.tolist(), batch.length_s.tolist(), batch.avg.tolist()) == ([0], [3600], [40.1])
    assert np.isnan(batch.cou[0])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(PACKET.replace(b"2.2", b"2.3"), "bad_crc", id="wrong CRC"),
        pytest.param(PACKET[6:], "bad_header", id="no header"),
        pytest.param(telegram("DataTime=20160801085857", mn="OTHER"), "unknown_device", id="another's MN"),
        pytest.param(telegram("DataTime=20160231000000;w01018-Rtd=1"), "bad_time", id="31 February"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_reason(payload: bytes, reason: str) -> None:
    rows, refusals = decoded(payload)
    assert [one.reason for one in refusals] == [reason]
    assert len(rows) == 0


def test_there_is_one_refusal_a_reason() -> None:
    _, refusals = decoded(PACKET.replace(b"2.2", b"2.3") * 3)
    assert [one.reason for one in refusals] == ["bad_crc"]
    assert refusals[0].detail.endswith("and 2 more")


def test_the_mqtt_connector_hands_on_means_packets_and_what_was_tolerated() -> None:
    config = MqttConfig(
        id="hj", kind="mqtt", host="h", enterprise="works", topics=(Topic(filter="hj/#", codec="hj212"),)
    )
    found: Decoded = Inbound(config, TAGS).decode([_arrived(PACKET), _arrived(PACKET[:-2])], 5)
    assert len(found.batch) == 2
    assert len(found.frames) == 2
    assert found.heard["works", MN].deviations == {"no_tail": 1}
    assert found.heard["works", MN].messages == 2
    assert not found.is_empty


def _arrived(payload: bytes) -> Arrived:
    return Arrived(topic=b"hj/x", payload=payload, payload_bytes=len(payload), retain=False, qos=1, identifier=1)
