"""What cannot be stored is kept as a dead letter, acknowledged, and in nobody's way."""

from collections.abc import Callable

import pytest

from connectors.base import State
from deploy.embedded import EmbeddedBroker
from deploy.embedded.broker import BrokerLimits
from tests.integration.mqtt.rig import Rig, sample, still, until

MIB = 1024 * 1024


async def test_a_tag_of_another_enterprise_is_refused(rig: Rig) -> None:
    async with rig.running() as running:
        with rig.gateway() as gateway:
            await gateway.send(sample(1, "E002.TK-101.SECRET"), sample(2))
        await until(lambda: rig.shelf.values == [2.0])
        letter = rig.shelf.letters[0]
        assert (letter.reason, letter.enterprise, letter.address) == ("foreign_tag", "E001", rig.topic())
        await until(lambda: running.connector.health.dead_letters == 1)


async def test_the_same_name_under_another_enterprise_is_that_enterprises_tag(rig: Rig) -> None:
    async with rig.running():
        with rig.gateway() as gateway:
            await gateway.send(sample(1), topic=rig.topic("E002"))
        await until(lambda: rig.shelf.values == [1.0])
        assert not rig.shelf.letters


async def test_rubbish_is_kept_and_acknowledged(rig: Rig, version: str) -> None:
    rubbish = [b"", b"\xff" * 100, b'{"tag": ', b"[1]", b'{"v": NaN}']
    async with rig.running(version=version):
        with rig.gateway() as gateway:
            await gateway.send(*rubbish)
            await gateway.send_values(1)
        await until(lambda: rig.shelf.values == [1.0])
    assert [letter.raw for letter in rig.shelf.letters] == rubbish
    async with rig.running(version=version):
        await still(lambda: len(rig.shelf.letters) == len(rubbish))


async def test_retained_messages_are_not_live_data(rig: Rig, version: str) -> None:
    with rig.gateway() as gateway:
        await gateway.send(sample(1), retain=True)
        async with rig.running(version=version) as running:
            await gateway.send_values(2)
            await until(lambda: rig.shelf.values == [2.0])
            # MQTT 5 lets us ask not to be shown them; in 3.1.1 they come, and are counted.
            await until(lambda: running.connector.retained == (0 if version == "5" else 1))
            await gateway.send(sample(3), retain=True)  # published now: live, and retained for others
            await until(lambda: rig.shelf.values == [2.0, 3.0])
        await gateway.send(b"", retain=True)


async def test_ten_megabytes_in_one_message_hurt_nobody(
    own_broker: Callable[..., EmbeddedBroker], version: str
) -> None:
    with own_broker(limits=BrokerLimits(max_packet_bytes=64 * MIB)) as broker:
        rig = Rig(broker)
        async with rig.running(version=version) as running:
            with rig.gateway() as gateway:
                await gateway.send(sample(1), b"x" * (10 * MIB), sample(2))
            await until(lambda: rig.shelf.values == [1.0, 2.0])
            letter = rig.shelf.letters[0]
            assert (letter.reason, len(letter.raw)) == ("too_large", 65_536)
            assert str(10 * MIB) in letter.detail
            assert running.state is State.CONNECTED
        async with rig.running(version=version):
            await still(lambda: len(rig.shelf.letters) == 1)


async def test_a_packet_larger_than_we_allow_is_discarded_by_the_broker_and_blocks_nothing(rig: Rig) -> None:
    async with rig.running(max_packet_bytes=65_536):
        with rig.gateway() as gateway:
            await gateway.send(sample(1), b"x" * 100_000, sample(2))
        await until(lambda: rig.shelf.values == [1.0, 2.0])
        assert not rig.shelf.letters


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_any_quality_of_service_is_taken(rig: Rig, qos: int, version: str) -> None:
    async with rig.running(version=version):
        with rig.gateway() as gateway:
            await gateway.send(*(sample(value) for value in range(20)), qos=qos)
            await until(lambda: rig.shelf.values == list(range(20)))
