"""From topics and payloads to one batch and its dead letters."""

from typing import Any

import pytest

from connectors.codecs.base import Refusal
from connectors.mqtt.config import MqttConfig
from connectors.mqtt.events import Arrived
from connectors.mqtt.inbound import Decoded, Inbound, matches
from tests.unit.connectors.codecs.parks import NOON_US, TABLE

GOOD = b'{"tag": "TK-101.LI-101", "t": 0, "v": 1}'


def inbound(**fields: Any) -> Inbound:
    return Inbound(MqttConfig.model_validate({"id": "gate", "kind": "mqtt", "host": "b", **fields}), TABLE)


def message(topic: str | bytes, payload: bytes = GOOD, *, retain: bool = False) -> Arrived:
    raw = topic.encode() if isinstance(topic, str) else topic
    return Arrived(raw, payload, len(payload), 1, 1, retain)


def reasons(decoded: Decoded) -> list[str]:
    return [letter.reason for letter in decoded.letters]


def stored_ids(decoded: Decoded) -> list[str]:
    return [info.id for ix in decoded.batch.tag.tolist() if (info := TABLE.by_ix(ix))]


def test_many_messages_become_one_batch() -> None:
    decoded = inbound().decode([message("parkwatch/v1/E001/a"), message("parkwatch/v1/E002/b")], NOON_US)
    assert stored_ids(decoded) == ["E001.TK-101.LI-101", "E002.TK-101.LI-101"]
    assert (decoded.batch.origin, decoded.batch.received_us) == ("gate", NOON_US)


def test_the_topic_decides_whose_tags_may_appear() -> None:
    payload = b'{"t": 0, "values": {"E001.TK-101.LI-101": 1, "TK-101.LI-101": 2}}'
    decoded = inbound().decode([message("parkwatch/v1/E002/x", payload)], NOON_US)
    assert stored_ids(decoded) == ["E002.TK-101.LI-101"]
    letter = decoded.letters[0]
    assert (letter.reason, letter.enterprise, letter.address) == ("foreign_tag", "E002", "parkwatch/v1/E002/x")
    assert letter.raw == payload


def test_a_broker_may_belong_to_one_enterprise() -> None:
    fixed = inbound(enterprise="E002", topics=["#"])
    assert stored_ids(fixed.decode([message("any/thing")], NOON_US)) == ["E002.TK-101.LI-101"]


def test_the_enterprise_may_stand_at_another_level() -> None:
    assert stored_ids(inbound(enterprise_level=0, topics=["+/data"]).decode([message("E002/data")], 0)) == [
        "E002.TK-101.LI-101"
    ]


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("parkwatch/v1/E009/x", "unknown_enterprise"),
        ("elsewhere/x/E001", "unexpected_topic"),
        (b"parkwatch/v1/\xff/x", "unknown_enterprise"),
        ("parkwatch/v1", "unexpected_topic"),
    ],
)
def test_a_topic_that_leads_nowhere_makes_a_dead_letter(topic: str | bytes, reason: str) -> None:
    decoded = inbound().decode([message(topic)], NOON_US)
    assert reasons(decoded) == [reason]
    assert decoded.letters[0].raw == GOOD
    assert not len(decoded.batch)


def test_retained_messages_are_counted_and_not_stored() -> None:
    decoded = inbound().decode([message("parkwatch/v1/E001/a", retain=True)], NOON_US)
    assert (decoded.retained, len(decoded.batch), decoded.letters) == (1, 0, [])


def test_a_message_that_is_too_large_is_not_decoded() -> None:
    cut = Arrived(b"parkwatch/v1/E001/a", GOOD, 5_000_000, 1, 1, retain=False)
    decoded = inbound().decode([cut], NOON_US)
    assert reasons(decoded) == ["too_large"]
    assert "5000000 bytes" in decoded.letters[0].detail


def test_made_up_topics_do_not_make_us_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mqtt.inbound._MAX_ROUTES", 10)
    here = inbound()
    decoded = here.decode([message(f"parkwatch/v1/E001/{n}") for n in range(100)], NOON_US)
    assert len(decoded.batch) == 100
    assert len(here._routes) <= 10


def test_a_codec_that_fails_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def decode(self, payload: bytes, *_: object) -> list[Refusal]:
            raise ZeroDivisionError("oh")

    monkeypatch.setattr("connectors.mqtt.inbound.CODECS", {"json": Broken})
    decoded = inbound().decode([message("parkwatch/v1/E001/a")], NOON_US)
    assert reasons(decoded) == ["codec_failed"]
    assert decoded.letters[0].raw == GOOD


@pytest.mark.parametrize(
    ("wanted", "topic", "match"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("+/+", "/a", True),
    ],
)
def test_filters_match_as_the_standard_says(wanted: str, topic: str, match: bool) -> None:
    assert matches(wanted.split("/"), topic.split("/")) is match
