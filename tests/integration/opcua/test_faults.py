"""Real sockets, real faults: each is noticed, told, survived, and leaves a gap with its times."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator

import pytest

from connectors.base import State
from deploy.embedded.ports import free_port
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import Plant
from tests.integration.opcua.plant_process import PlantProcess
from tests.integration.opcua.proxy import Proxy
from tests.integration.opcua.rig import Running


@pytest.fixture
async def process() -> AsyncIterator[PlantProcess]:
    """A server that may be killed."""
    process = PlantProcess(free_port())
    await process.start()
    yield process
    process.kill()


async def _recovers(running: Running, *, within_s: float = 15.0) -> None:
    """Connected again, with new values."""
    await running.until_state(State.CONNECTED, within_s=within_s)
    before = running.health.received
    await until(lambda: running.health.received > before + 5, within_s=within_s, what=str(running.health))


async def test_a_killed_server_is_found_again_after_its_restart(process: PlantProcess, run: Run) -> None:
    running = run(["ns=2;s=TI-0", "ns=2;s=TI-4"], process.endpoint)
    await until(lambda: len(running.intake.of(1)) > 3)
    process.kill()
    await running.until_state(State.DISCONNECTED)
    down_us = running.now_us()
    await until(lambda: "connection refused" in running.health.last_error)
    await process.start()
    await _recovers(running)
    up_us = running.now_us()
    assert running.health.reconnects == 1
    await until(lambda: running.intake.gaps)
    (gap,) = running.intake.gaps
    assert gap.connector == "dcs"
    assert gap.from_us <= down_us < gap.to_us <= up_us
    assert "refused" not in gap.reason  # what broke the link, not what kept it from coming back
    assert gap.refilled is None
    assert running.health.gaps == 1


async def test_a_frozen_server_is_given_up_and_taken_back_when_it_thaws(process: PlantProcess, run: Run) -> None:
    running = run(["ns=2;s=TI-0"], process.endpoint)
    await until(lambda: len(running.intake.of(0)) > 3)
    process.signal(signal.SIGSTOP)
    await running.until_state(State.DISCONNECTED, within_s=5.0)
    assert "does not answer" in running.health.last_error
    process.signal(signal.SIGCONT)
    await _recovers(running)
    assert running.health.gaps == 1


async def test_a_swallowed_link_is_noticed_although_the_socket_stays_open(process: PlantProcess, run: Run) -> None:
    async with Proxy(int(process.endpoint.rpartition(":")[2].partition("/")[0])) as proxy:
        running = run(["ns=2;s=TI-0"], f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await until(lambda: len(running.intake.of(0)) > 3)
        proxy.blackhole()
        await running.until_state(State.DISCONNECTED, within_s=5.0)
        assert "does not answer" in running.health.last_error
        proxy.heal()
        await _recovers(running)
        await running.stop()


async def test_a_reset_link_is_back_within_a_moment(process: PlantProcess, run: Run) -> None:
    async with Proxy(int(process.endpoint.rpartition(":")[2].partition("/")[0])) as proxy:
        running = run(["ns=2;s=TI-0"], f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await until(lambda: len(running.intake.of(0)) > 3)
        proxy.reset()
        await running.until_state(State.DISCONNECTED, within_s=1.0)
        await _recovers(running, within_s=3.0)
        assert proxy.connections == 2
        await running.stop()


async def test_a_slow_link_brings_everything(process: PlantProcess, run: Run) -> None:
    async with Proxy(int(process.endpoint.rpartition(":")[2].partition("/")[0])) as proxy:
        proxy.delay_s = 0.1
        running = run(["ns=2;s=TI-0"], f"opc.tcp://127.0.0.1:{proxy.port}/plant", queue_size=20)
        await until(lambda: len(running.intake.of(0)) > 30)
        values = running.intake.values()
        assert values == [values[0] + step for step in range(len(values))]
        await running.stop()


async def test_of_two_servers_the_one_that_is_down_does_not_hold_the_other(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 1.0)
    down = run(["ns=2;s=TI-0"], f"opc.tcp://127.0.0.1:{free_port()}/nobody")
    up = run([f"ns=2;s={name}"], plant.endpoint)
    await up.until_values(0, 1.0)
    await plant.write(name, 2.0)
    await up.until_values(0, 2.0)
    assert down.health.state is State.DISCONNECTED
    assert down.health.last_error.startswith("connection refused")
    assert not down.intake.batches


async def test_a_server_that_comes_late_leaves_a_gap_from_the_start(run: Run) -> None:
    late = Plant()
    running = run(["ns=2;s=TI-1"], late.endpoint)
    began_us = running.now_us()
    await running.until_state(State.DISCONNECTED)
    await late.start()
    await late.add("TI-1", 1.0)
    await running.until_values(0, 1.0)
    await until(lambda: running.intake.gaps)
    assert abs(running.intake.gaps[0].from_us - began_us) < 200_000
    assert running.intake.gaps[0].reason.startswith("connection refused")
    await running.stop()
    await late.stop()


async def test_a_subscription_that_dies_while_the_server_answers_is_rebuilt(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 1.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 1.0)
    # The server forgets to publish: no data, no keep-alive, no error; it answers everything else.
    (dead,) = own_plant.server.iserver.subscription_service.subscriptions.values()
    assert dead._task is not None
    dead._task.cancel()
    await own_plant.write("TI-1", 2.0)
    await running.until_values(0, 2.0, within_s=15.0)
    assert running.health.reconnects == 1
    assert "neither data nor keep-alive" in running.intake.gaps[0].reason


async def test_a_subscription_that_brings_only_keep_alives_is_rebuilt(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 1.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, max_data_age="800ms")
    await running.until_values(0, 1.0)
    # The items are lost, the subscription lives on: what asyncua's own reconnect may leave behind.
    (hollow,) = own_plant.server.iserver.subscription_service.subscriptions.values()
    hollow.monitored_item_srv.delete_all_monitored_items()
    await own_plant.write("TI-1", 2.0)
    await running.until_values(0, 2.0, within_s=5.0)
    await running.until_state(State.CONNECTED)
    await until(lambda: running.intake.gaps)
    assert running.intake.gaps[0].reason == "no data; the subscription was rebuilt"


async def test_a_plant_that_rightly_stands_still_is_rebuilt_ever_more_seldom(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 1.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, max_data_age="300ms", max_patience="10s")
    await running.until_values(0, 1.0)
    await asyncio.sleep(3.5)
    # After 0.3, 0.6, 1.2 s; the next would come 2.4 s later. The connector never calls itself well meanwhile.
    assert 2 <= running.health.reconnects <= 3
    assert running.health.state is not State.CONNECTED
    assert not running.intake.gaps
    await own_plant.write("TI-1", 2.0)
    await running.until_state(State.CONNECTED)


@pytest.mark.parametrize(("offset_s", "words"), [(312, "31[123] s behind"), (-90, "(89|90|91) s ahead")])
async def test_a_clock_that_is_off_degrades_and_stamps_nothing_anew(
    plant: Plant, name: str, run: Run, offset_s: int, words: str
) -> None:
    await plant.add(name, 1.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, clock_offset_us=offset_s * 1_000_000, probe_every="100ms")
    await running.until_values(0, 1.0)
    await running.until_state(State.DEGRADED)
    assert re.fullmatch(f"server clock is {words}", running.health.last_error)
    time_us = await plant.write(name, 2.0)
    await running.until_values(0, 2.0)
    assert running.intake.times()[-1] == time_us


async def test_reconnecting_waits_longer_each_time(run: Run) -> None:
    running = run(["ns=2;s=TI-1"], f"opc.tcp://127.0.0.1:{free_port()}/x", reconnect_min="100ms", reconnect_max="2s")
    await asyncio.sleep(1.5)
    assert 3 <= running.health.errors <= 6
