"""Brokers that stop, stall, vanish and come back; a journal that is slower than the link."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from connectors.base import State
from connectors.mqtt.events import Arrived
from connectors.mqtt.link import Link
from deploy.embedded import EmbeddedBroker
from park.batch import DeadLetter, SampleBatch
from tests.integration.mqtt.rig import Rig, sample, still, until
from tests.unit.connectors.mqtt.stories import Shelf


async def test_a_broker_that_starts_later_is_found(own_broker: Callable[..., EmbeddedBroker]) -> None:
    broker = own_broker()
    broker.start()
    broker.stop()
    rig = Rig(broker)
    async with rig.running(connected=False) as running:
        await until(lambda: "connection refused" in running.last_error)
        assert running.state is State.DISCONNECTED
        broker.start()
        await until(lambda: running.state is State.CONNECTED)
        with rig.gateway() as gateway:
            await gateway.send(_sample_at(time.time() + 1))
        await until(lambda: len(running.gaps) == 1)
        assert "connection refused" in running.gaps[0].reason
        assert running.connector.health.reconnects == 0


async def test_nothing_is_lost_when_the_broker_restarts(
    own_broker: Callable[..., EmbeddedBroker], version: str
) -> None:
    broker = own_broker(persistence=True)
    broker.start()
    rig = Rig(broker)
    async with rig.running(version=version) as running:
        rig.shelf.open.clear()
        with rig.gateway() as gateway:
            await gateway.send_values(*range(300))
        await until(lambda: running.connector.health.messages >= 20)
        broker.stop()
        await until(lambda: running.state is State.DISCONNECTED)
        broker.start()
        await until(lambda: running.state is State.CONNECTED)
        assert running.connector.health.reconnects == 1
        rig.shelf.open.set()
        await until(lambda: set(rig.shelf.values) == set(range(300)))


async def test_an_acknowledgement_never_reaches_a_later_connection(own_broker: Callable[..., EmbeddedBroker]) -> None:
    broker = own_broker(persistence=True)
    broker.start()
    gated = Gated()
    rig = Rig(broker, shelf=gated)
    async with rig.running() as first:
        with rig.gateway() as gateway:
            await gateway.send_values(1, 2, 3)
        await until(lambda: gated.waiting_samples == 3)
        of_the_first = list(gated.gates)
        broker.stop()
        broker.start()
        await until(lambda: gated.waiting_samples == 6)  # the same three again, on a new connection
        for gate in of_the_first:  # the journal answers for the first three, whose connection is gone
            gate.set()
        await until(lambda: gated.values == [1, 2, 3])
        await asyncio.sleep(0.2)
        await first.kill()
    rig.shelf = Shelf()
    async with rig.running():
        await until(lambda: rig.shelf.values == [1, 2, 3])


class Gated(Shelf):
    """Every put waits at a gate of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: list[asyncio.Event] = []
        self.waiting_samples = 0

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = (), **_: object) -> None:
        gate = asyncio.Event()
        self.gates.append(gate)
        self.waiting_samples += len(batch)
        await gate.wait()
        await super().put(batch, letters)


async def test_a_broker_that_falls_silent_is_noticed_by_keepalive(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker() as broker:
        rig = Rig(broker)
        async with rig.running(keepalive="1s", connect_timeout="500ms") as running:
            broker.pause()
            began_s = time.monotonic()
            await until(lambda: running.state is State.DISCONNECTED)
            assert time.monotonic() - began_s < 4.0
            assert "fell silent" in running.last_error
            broker.resume()
            await until(lambda: running.state is State.CONNECTED)
            with rig.gateway() as gateway:
                await gateway.send_values(1)
            await until(lambda: rig.shelf.values == [1.0])


async def test_a_gap_tells_how_much_of_it_the_broker_had_kept(own_broker: Callable[..., EmbeddedBroker]) -> None:
    with own_broker(persistence=True) as broker:
        rig = Rig(broker)
        async with rig.running() as running:
            broker.stop()
            await until(lambda: running.state is State.DISCONNECTED)
            broker.start()
            await until(lambda: running.state is State.CONNECTED)
            lost_s = running.connector.health.since_us / 1e6 - 0.05
            with rig.gateway() as gateway:
                await gateway.send(_sample_at(lost_s), _sample_at(lost_s))
                await until(lambda: len(rig.shelf.values) == 2)
                assert running.gaps == []
                await gateway.send(_sample_at(time.time() + 1))
            await until(lambda: len(running.gaps) == 1)
            gap = running.gaps[0]
            assert gap.from_us < gap.to_us
            assert gap.refilled == 2
            assert running.connector.health.gaps == 1


async def test_a_flood_without_flow_control_is_left_in_the_broker(rig: Rig) -> None:
    rig.shelf.open.clear()
    payload = b'{"tag": "TK-101.LI-101", "t": 0, "v": 1, "padding": "%s"}' % (b"x" * 50_000)
    async with rig.running(max_unjournalled_bytes=1024 * 1024, keepalive="1s") as running:
        with rig.gateway() as gateway:
            await gateway.send(*[payload] * 200, qos=0)
            await gateway.send(*[payload] * 200, qos=1)
            await until(lambda: running.connector.health.messages > 10)
            await still(lambda: running.connector.health.messages < 40, for_s=3.0)
            # Longer than the broker waits for a silent client, and than we wait for a silent broker.
            assert running.state is State.CONNECTED
            assert running.connector.health.reconnects == 0
            rig.shelf.open.set()
            await until(lambda: len(rig.shelf.values) >= 200)
            await gateway.send(sample(7))
        await until(lambda: rig.shelf.values[-1] == 7.0)


async def test_two_with_one_name_are_told_so(rig: Rig) -> None:
    # By the broker's own word, or where the connection is closed before it is read, by ours.
    told = ("another client uses our client_id", "does another client use our client_id")
    async with rig.running() as one, rig.running(connected=False):
        await until(lambda: any(words in one.last_error for words in told))


async def test_stopping_while_the_journal_hangs_takes_seconds_not_forever(rig: Rig) -> None:
    async with rig.running() as running:
        rig.shelf.open.clear()
        with rig.gateway() as gateway:
            await gateway.send_values(1)
        await until(lambda: rig.shelf.waiting == 1)
        began_s = time.monotonic()
        await running.kill()
        assert time.monotonic() - began_s < 5.0


async def test_a_network_thread_that_dies_is_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver, calls = Link._deliver, 0

    def fails_once(link: Link, one: Arrived) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise MemoryError("cannot deliver")
        deliver(link, one)

    monkeypatch.setattr(Link, "_deliver", fails_once)
    async with rig.running() as running:
        with rig.gateway() as gateway:
            await gateway.send_values(1)
        await until(lambda: "cannot deliver" in running.last_error)
        await until(lambda: rig.shelf.values == [1.0])
        assert running.state is State.CONNECTED


def _sample_at(epoch_s: float) -> bytes:
    return b'{"tag": "TK-101.LI-101", "t": %d, "v": 1}' % round(epoch_s * 1000)
