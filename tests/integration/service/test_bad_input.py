"""Whatever a gateway sends that is no good: kept as it came, with the reason, for those whom it concerns."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.embedded import EmbeddedBroker
from deploy.embedded.broker import BrokerLimits
from park.batch import SampleBatch
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, now_ms, sample

_MIB = 1024 * 1024
_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A message, and what must become of it."""

    id: str
    payload: bytes
    reason: str
    #: Words that tell a person what is wrong.
    detail: str
    enterprise: str = "acme"
    #: As the letter tells; empty where the topic names no enterprise of the park.
    told_enterprise: str = "acme"


def _bad_messages() -> list[Bad]:
    now = now_ms()
    return [
        Bad(id="unknown tag", payload=sample(1.0, "tank.XT"), reason="unknown_tag", detail="tank.XT"),
        Bad(
            id="tag of another enterprise", payload=sample(1.0, "zeta.outlet.nmhc"), reason="foreign_tag", detail="zeta"
        ),
        Bad(
            id="enterprise that is none",
            payload=sample(1.0),
            reason="unknown_enterprise",
            detail="'nobody'",
            enterprise="nobody",
            told_enterprise="",
        ),
        Bad(id="future", payload=sample(2.0, t_ms=now + _DAY_MS), reason="future", detail="ahead of our clock"),
        Bad(id="far past", payload=sample(3.0, t_ms=now - 3_000 * _DAY_MS), reason="past", detail="older than"),
        Bad(id="no time", payload=b'{"tag": "tank.LT", "v": 4}', reason="missing_time", detail="t"),
        Bad(
            id="time without a zone",
            payload=b'{"tag": "tank.LT", "v": 4, "t": "2026-11-22T05:00:00"}',
            reason="naive_time",
            detail="zone",
        ),
        Bad(id="NaN", payload=b'{"tag": "tank.LT", "v": NaN, "t": %d}' % now, reason="undecodable", detail="JSON"),
        Bad(id="text", payload=b'{"tag": "tank.LT", "v": "n/a", "t": %d}' % now, reason="not_a_number", detail="n/a"),
        Bad(id="unit of something else", payload=sample(5.0, u="kPa"), reason="unit_mismatch", detail="kPa"),
        Bad(id="cut off", payload=sample(6.0)[:-5], reason="undecodable", detail="JSON"),
        Bad(id="no JSON at all", payload=b"\x00\xff\x10HJ212", reason="undecodable", detail=""),
        Bad(
            id="10 MB", payload=b'{"x": "' + b"x" * (10 * _MIB) + b'"}', reason="too_large", detail="max_message_bytes"
        ),
    ]


_BAD = _bad_messages()


@dataclass
class Sent:
    """A service that has got all of it, and one good sample after it."""

    rig: Rig
    letters: list[dict[str, Any]]

    def letter_of(self, bad: Bad) -> dict[str, Any]:
        """The one letter that a message left."""
        found = [one for one in self.letters if one["reason"] == bad.reason and bad.detail in one["detail"]]
        raw = [one for one in found if _raw(one) == bad.payload[:65_536]]
        assert len(raw or found) == 1, found
        return (raw or found)[0]


def _raw(letter: dict[str, Any]) -> bytes:
    return base64.b64decode(letter["raw_base64"])


@pytest.fixture(scope="module")
async def sent(
    server_directory: Path, tmp_path_factory: pytest.TempPathFactory, new_database: Callable[..., Any]
) -> AsyncIterator[Sent]:
    """On a broker that lets large messages through, as that of an enterprise may."""
    dsn, drop = new_database()
    limits = BrokerLimits(max_packet_bytes=16 * _MIB)
    with pytest.MonkeyPatch.context() as environment, EmbeddedBroker(server_directory / "bad", limits=limits) as broker:
        environment.delenv("DATABASE_URL", raising=False)
        park = SmallPark(tmp_path_factory.mktemp("bad"), broker_port=broker.port)
        async with Rig(park, dsn).running() as rig:
            for bad in _BAD:
                await rig.gateway.send(bad.payload, topic=park.topic(bad.enterprise))
            await rig.gateway.send(sample(50.0))
            await rig.until_stored(1)
            letters = (await rig.get("dead-letters", limit=500))["items"]
            yield Sent(rig, letters)
    drop()


@pytest.mark.parametrize("bad", _BAD, ids=lambda bad: bad.id)
def test_bad_message_leaves_one_letter_with_reason_and_sender(sent: Sent, bad: Bad) -> None:
    letter = sent.letter_of(bad)
    assert (letter["reason"], letter["origin"], letter["enterprise"]) == (bad.reason, "gate", bad.told_enterprise)
    assert bad.detail in letter["detail"]


@pytest.mark.parametrize("bad", [bad for bad in _BAD if bad.reason not in ("future", "past")], ids=lambda bad: bad.id)
def test_letter_holds_the_bytes_as_they_came(sent: Sent, bad: Bad) -> None:
    assert _raw(sent.letter_of(bad)) == bad.payload[:65_536]


@pytest.mark.parametrize(("reason", "value"), [("future", 2.0), ("past", 3.0)])
def test_sample_of_another_time_is_kept_with_its_value_and_time(sent: Sent, reason: str, value: float) -> None:
    [letter] = [one for one in sent.letters if one["reason"] == reason]
    kept = SampleBatch.from_bytes(_raw(letter))
    [bad] = [bad for bad in _BAD if bad.reason == reason]
    assert kept.value.tolist() == [value]
    assert kept.time_us.tolist() == [json.loads(bad.payload)["t"] * 1_000]


def test_nothing_of_it_is_stored_and_the_good_sample_is(sent: Sent) -> None:
    assert sent.rig.rows("SELECT value FROM sample") == [(50.0,)]
    assert len(sent.letters) == len(_BAD)
    assert len(sent.rig.rows("SELECT 1 FROM dead_letter")) == len(_BAD)


async def test_each_is_counted_and_nothing_is_called_a_failure(sent: Sent) -> None:
    [gate] = (await sent.rig.get("connectors"))["items"]
    status = await sent.rig.get("status")
    assert gate["dead_letters"] + status["quarantined"] == len(_BAD)
    assert (gate["state"], status["problems"]) == ("connected", [])


@pytest.mark.parametrize(("enterprise", "sees"), [("acme", len(_BAD) - 1), ("zeta", 0)])
async def test_enterprise_sees_its_own_letters_only(sent: Sent, enterprise: str, sees: int) -> None:
    key = sent.rig.park.key(enterprise=enterprise)
    async with sent.rig.client(key) as client:
        answer = await client.get("dead-letters", params={"limit": 500})
    assert answer.status_code == httpx.codes.OK
    assert len(answer.json()["items"]) == sees


async def test_letters_can_be_asked_for_by_reason(sent: Sent) -> None:
    found = (await sent.rig.get("dead-letters", reason="undecodable"))["items"]
    assert len(found) == 3
