"""Edge nodes, a real broker and the connector: births, deaths, requests for rebirth, and who is told what."""

import asyncio
import json
from collections.abc import Callable

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from connectors.base import State
from connectors.sparkplug.payload_pb2 import Payload
from deploy.embedded import EmbeddedBroker
from park.quality import describe
from tests.integration.mqtt.rig import still, until
from tests.integration.sparkplug.rig import Rig, now_ms
from tests.unit.connectors.sparkplug.plant import double


def _qualities(rig: Rig, tag: str) -> list[str]:
    return [describe(quality) for one, _, quality in rig.samples() if one == tag]


async def test_data_by_alias_arrive_under_the_names_of_the_births(rig: Rig, version: str) -> None:
    async with rig.running(version=version) as running:
        with rig.edge() as edge:
            edge.birth()
            edge.data(51.0)
            edge.device_data(13.0)
            await until(lambda: rig.values("E1.stack.so2") == [12.5, 13.0])
        assert rig.values("E1.tank.level")[:2] == [50.0, 51.0]
        devices = running.connector.health.devices
        assert devices[f"{rig.word}/EON1/CEMS1"].received >= 3
        assert rig.shelf.reasons == []
        assert edge.rebirths_asked == 0


async def test_a_birth_of_thousands_is_read_beside_the_event_loop(rig: Rig) -> None:
    async with rig.running():
        with rig.edge() as edge:
            others = [double(f"Area {number}/Instrument {number}/Value", 1.0, 100 + number) for number in range(12_000)]
            payload = Payload(timestamp=now_ms(), seq=0, metrics=[double("Tank/Level", 50.0, 1), *others])
            assert payload.ByteSize() > 512 * 1024
            edge.send("NBIRTH", payload.metrics)
            edge.data(51.0)
            await until(lambda: rig.values("E1.tank.level") == [50.0, 51.0])


async def test_a_gap_asks_for_a_rebirth_and_gets_it(rig: Rig, version: str) -> None:
    async with rig.running(version=version):
        with rig.edge() as edge:
            edge.birth()
            edge.lose_a_message()
            edge.data(51.0)
            await until(lambda: rig.values("E1.tank.level") == [50.0, 51.0, 50.0])
            assert edge.rebirths_asked == 1
            edge.data(52.0)
            await until(lambda: rig.values("E1.tank.level")[-1] == 52.0)
            assert edge.rebirths_asked == 1


async def test_a_host_that_comes_late_asks_and_keeps_what_it_cannot_name(rig: Rig) -> None:
    with rig.edge() as edge:
        edge.birth()
        edge.sent.wait_for_publish(15.0)
        async with rig.running():
            edge.data(51.0)
            await until(lambda: rig.values("E1.tank.level") == [50.0])
            edge.data(52.0)
            await until(lambda: rig.values("E1.tank.level") == [50.0, 52.0])
    (letter,) = rig.shelf.letters
    assert (letter.reason, letter.enterprise) == ("unknown_alias", "E1")
    assert Payload.FromString(letter.raw).metrics[0].double_value == 51.0


async def test_edge_nodes_of_the_park_are_asked_soon_after_connecting(rig: Rig) -> None:
    with rig.edge() as edge:
        async with rig.running(birth_wait="0s"):
            await until(lambda: rig.values("E1.tank.level") == [50.0])
        assert edge.rebirths_asked == 1


async def test_an_edge_node_that_does_not_answer_is_asked_again_and_shown(rig: Rig) -> None:
    async with rig.running(rebirth_first="50ms", rebirth_max="100ms") as running:
        with rig.edge(obeys=False) as edge:
            edge.data(51.0)
            await until(lambda: edge.rebirths_asked >= 3)
            await until(lambda: running.state is State.DEGRADED)
            assert "does not answer" in running.connector.health.bad_addresses[f"{rig.word}/EON1"]
            edge.birth()
            await until(lambda: running.state is State.CONNECTED)


async def test_an_edge_node_that_vanishes_takes_all_its_tags_with_it(rig: Rig) -> None:
    async with rig.running() as running:
        with rig.edge() as edge:
            edge.birth()
            await until(lambda: len(rig.samples()) == 4)
            edge.vanish()
            await until(lambda: len(rig.samples()) == 9)
        assert [quality for _, _, quality in rig.samples()[4:]] == [rig.samples()[4][2]] * 5
        assert _qualities(rig, "E1.tank.level") == ["good", "bad/not_connected"]
        assert _qualities(rig, "E1.plc.speed") == ["bad/not_connected"]
        assert not running.connector.health.devices[f"{rig.word}/EON1"].connected
        with rig.edge(bd_seq=1) as again:
            again.birth(60.0)
            await until(lambda: _qualities(rig, "E1.tank.level") == ["good", "bad/not_connected", "good"])


async def test_a_device_that_is_lost_takes_its_own_tags(rig: Rig) -> None:
    async with rig.running():
        with rig.edge() as edge:
            edge.birth()
            edge.device_death()
            edge.data(51.0)
            await until(lambda: rig.values("E1.tank.level") == [50.0, 51.0])
            assert _qualities(rig, "E1.stack.so2") == ["good", "bad/not_connected"]


async def test_edge_nodes_are_told_that_the_host_is_there_and_that_it_goes(rig: Rig, version: str) -> None:
    with rig.listener(f"spBv1.0/STATE/{rig.word}") as heard:
        async with rig.running(host_id=rig.word, version=version):
            await until(lambda: len(heard) == 1)
        await until(lambda: len(heard) == 2)
    said = [json.loads(one.payload) for one in heard]
    assert [one["online"] for one in said] == [True, False]
    assert said[0]["timestamp"] <= said[1]["timestamp"]
    with rig.listener(f"spBv1.0/STATE/{rig.word}") as kept:
        await until(lambda: len(kept) == 1)
    assert kept[0].retain
    assert json.loads(kept[0].payload)["online"] is False


async def test_old_edge_nodes_are_told_in_their_own_words(rig: Rig) -> None:
    with rig.listener(f"STATE/{rig.word}") as heard:
        async with rig.running(host_id=rig.word, state_form="2.2"):
            await until(lambda: heard)
        await until(lambda: len(heard) == 2)
    assert [one.payload for one in heard] == [b"ONLINE", b"OFFLINE"]


async def test_the_broker_tells_of_a_host_that_died(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker() as broker:
        rig = Rig(broker)
        with rig.listener(f"spBv1.0/STATE/{rig.word}") as heard:
            async with rig.running(host_id=rig.word, retry_first="1m", retry_max="1m"):
                await until(lambda: len(heard) == 1)
                # Another client by the same name: the broker throws us out, as though we had died.
                thief = Client(CallbackAPIVersion.VERSION2, client_id=rig.word)
                thief.connect("localhost", broker.port)
                thief.loop_start()
                await until(lambda: len(heard) == 2)
                thief.disconnect()
                thief.loop_stop()
    said = [json.loads(one.payload) for one in heard]
    assert said == [
        {"online": True, "timestamp": said[0]["timestamp"]},
        {"online": False, "timestamp": said[0]["timestamp"]},
    ]


async def test_who_denies_the_host_is_contradicted(rig: Rig) -> None:
    topic = f"spBv1.0/STATE/{rig.word}"
    with rig.listener(topic) as heard:
        async with rig.running(host_id=rig.word):
            await until(lambda: len(heard) == 1)
            with rig.edge() as edge:
                edge.client.publish(topic, b'{"online": false, "timestamp": 1}', qos=1, retain=True)
                await until(lambda: len(heard) == 3)
    assert [json.loads(one.payload)["online"] for one in heard[:3]] == [True, False, True]


async def test_nothing_is_acknowledged_before_the_journal_has_it(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker() as broker:
        rig = Rig(broker)
        with rig.edge(qos=1) as edge:
            async with rig.running(session_expiry="1h") as running:
                edge.birth()
                await until(lambda: len(rig.samples()) == 4)
                rig.shelf.open.clear()
                edge.data(51.0)
                await until(lambda: rig.shelf.waiting > 0)
                await still(lambda: rig.values("E1.tank.level") == [50.0], 0.2)
                running.task.cancel()
                await asyncio.wait({running.task})
            rig.shelf.open.set()
            async with rig.running(session_expiry="1h"):
                # It comes again; this host has heard no birth, so it asks for one and keeps the message.
                await until(lambda: len(rig.values("E1.tank.level")) >= 2)
    assert [Payload.FromString(one.raw).metrics[0].double_value for one in rig.shelf.letters] == [51.0]


async def test_a_broker_that_stays_away_leaves_no_value_to_be_believed(
    own_broker: Callable[..., EmbeddedBroker],
) -> None:
    with own_broker() as broker:
        rig = Rig(broker)
        async with rig.running(mark_after="300ms") as running:
            with rig.edge() as edge:
                edge.birth()
                await until(lambda: len(rig.samples()) == 4)
                broker.kill()
                await until(lambda: _qualities(rig, "E1.tank.level") == ["good", "bad/not_connected"])
                broker.start()
                await until(lambda: running.state is State.CONNECTED)
            with rig.edge(bd_seq=1) as again:
                again.birth(61.0)
                await until(lambda: rig.values("E1.tank.level")[-1] == 61.0)
        assert _qualities(rig, "E1.tank.level") == ["good", "bad/not_connected", "good"]
        assert len(running.gaps) == 1


async def test_a_short_absence_of_the_broker_marks_nothing(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker() as broker:
        rig = Rig(broker)
        async with rig.running() as running:
            with rig.edge() as edge:
                edge.birth()
                await until(lambda: len(rig.samples()) == 4)
                broker.kill()
                await until(lambda: running.state is State.DISCONNECTED)
                broker.start()
                await until(lambda: running.state is State.CONNECTED)
                assert _qualities(rig, "E1.tank.level") == ["good"]
