"""After a gap the server's own history fills it, by the same road, beside the live values; the gap says how much."""

import asyncio
from datetime import UTC, datetime, timedelta

from connectors.base import State
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import Plant
from tests.integration.opcua.proxy import Proxy
from tests.integration.opcua.rig import Running


async def _outage(plant: Plant, proxy: Proxy, running: Running, writes: dict[str, list[float]]) -> None:
    """Cut the link, let the plant go on, and join them again."""
    proxy.blackhole()
    proxy.reset()
    await running.until_state(State.DISCONNECTED)
    for name, values in writes.items():
        for value in values:
            await plant.write(name, value)
            await asyncio.sleep(0.03)  # asyncua's history keeps one value in 10 ms: it has a subscription of its own
    proxy.heal()
    await running.until_state(State.CONNECTED)


async def test_what_was_missed_is_read_from_history_and_counted(plant: Plant, name: str, run: Run) -> None:
    node = await plant.add(name, 0.0)
    await plant.server.historize_node_data_change(node)
    async with Proxy(plant.port) as proxy:
        running = run([f"ns=2;s={name}"], f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await running.until_values(0, 0.0)
        await _outage(plant, proxy, running, {name: [1.0, 2.0, 3.0, 4.0]})
        await until(lambda: running.intake.gaps, what=str(running.health))
        assert sorted(set(running.intake.values())) == [0.0, 1.0, 2.0, 3.0, 4.0]
        (gap,) = running.intake.gaps
        assert gap.refilled == 4
        await running.stop()


async def test_without_history_the_gap_says_so(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    async with Proxy(plant.port) as proxy:
        running = run([f"ns=2;s={name}"], f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await running.until_values(0, 0.0)
        await _outage(plant, proxy, running, {name: [1.0, 2.0]})
        await until(lambda: running.intake.gaps)
        await running.until_values(0, 0.0, 2.0)  # the present value comes with the new subscription
        assert running.intake.gaps[0].refilled is None
        await running.stop()


async def test_only_tags_with_history_are_asked_and_each_from_its_own_last_value(
    plant: Plant, name: str, run: Run
) -> None:
    node = await plant.add(name, 0.0)
    await plant.server.historize_node_data_change(node)
    await plant.add(f"{name}-plain", 10.0)
    async with Proxy(plant.port) as proxy:
        addresses = [f"ns=2;s={name}", f"ns=2;s={name}-plain", "ns=2;s=NoSuchTag"]
        running = run(addresses, f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await running.until_values(0, 0.0)
        proxy.blackhole()
        proxy.reset()
        await running.until_state(State.DISCONNECTED)
        for value in (1.0, 2.0):
            await plant.write(name, value)
            await asyncio.sleep(0.03)
        proxy.heal()
        await until(lambda: running.intake.gaps)
        assert running.intake.gaps[0].refilled == 2
        assert running.intake.values(1) == [10.0, 10.0]
        await running.stop()


async def test_a_long_history_comes_in_pieces_while_live_values_keep_coming(plant: Plant, name: str, run: Run) -> None:
    node = await plant.add(name, -1.0)
    await plant.add(f"{name}-live", 0.0)
    await plant.server.historize_node_data_change(node)
    async with Proxy(plant.port) as proxy:
        history = {"values_per_node": 10, "rest": "100ms"}
        running = run(
            [f"ns=2;s={name}", f"ns=2;s={name}-live"], f"opc.tcp://127.0.0.1:{proxy.port}/plant", history=history
        )
        await running.until_values(0, -1.0)
        await _outage(plant, proxy, running, {name: [float(value) for value in range(100)]})
        # Ten pieces with a rest of 100 ms: the refill takes a second. A live value must not wait for it.
        await plant.write(f"{name}-live", 1.0)
        await running.until_values(1, 1.0, within_s=0.6)
        assert not running.intake.gaps
        await until(lambda: running.intake.gaps)
        assert running.intake.gaps[0].refilled == 100
        assert sorted(set(running.intake.values())) == [float(value) for value in range(-1, 100)]
        await running.stop()


async def test_a_refill_cut_short_by_the_next_failure_is_done_by_the_next_session(
    plant: Plant, name: str, run: Run
) -> None:
    node = await plant.add(name, -1.0)
    await plant.server.historize_node_data_change(node)
    async with Proxy(plant.port) as proxy:
        history = {"values_per_node": 5, "rest": "200ms"}
        running = run([f"ns=2;s={name}"], f"opc.tcp://127.0.0.1:{proxy.port}/plant", history=history)
        await running.until_values(0, -1.0)
        await _outage(plant, proxy, running, {name: [float(value) for value in range(20)]})
        await until(lambda: len(running.intake.of(0)) > 6)
        await _outage(plant, proxy, running, {name: [100.0]})
        await until(lambda: len(running.intake.gaps) == 2)
        assert set(running.intake.values()) == {-1.0, *map(float, range(20)), 100.0}
        assert running.health.gaps == 2
        await running.stop()


async def test_at_start_as_much_is_read_as_is_configured(plant: Plant, name: str, run: Run) -> None:
    node = await plant.add(name, 0.0)
    await plant.server.historize_node_data_change(node)
    now = datetime.now(UTC)
    for minutes, value in ((120, 1.0), (50, 2.0), (10, 3.0)):
        await plant.write(name, value, moment=now - timedelta(minutes=minutes))
        await asyncio.sleep(0.05)
    running = run([f"ns=2;s={name}"], plant.endpoint, history={"at_start": "1h"})
    await until(lambda: running.intake.gaps)
    assert running.intake.gaps[0].reason == "start of the service"
    await until(lambda: set(running.intake.values()) == {0.0, 2.0, 3.0})
    assert running.health.state is State.CONNECTED


async def test_after_a_restart_of_the_service_what_it_missed_is_read_from_history(
    plant: Plant, name: str, run: Run
) -> None:
    node = await plant.add(name, 0.0)
    await plant.server.historize_node_data_change(node)
    now = datetime.now(UTC)
    for minutes, value in ((30, 1.0), (20, 2.0), (10, 3.0)):
        await plant.write(name, value, moment=now - timedelta(minutes=minutes))
        await asyncio.sleep(0.05)
    stopped_us = round((now - timedelta(minutes=25)).timestamp() * 1e6)
    running = run([f"ns=2;s={name}"], plant.endpoint, newest_us=[stopped_us])
    await until(lambda: running.intake.gaps)
    assert set(running.intake.values()) >= {2.0, 3.0}
    assert 1.0 not in running.intake.values()
    (gap,) = running.intake.gaps
    assert (gap.from_us, gap.reason) == (stopped_us, "start of the service")


async def test_history_may_be_switched_off(plant: Plant, name: str, run: Run) -> None:
    node = await plant.add(name, 0.0)
    await plant.server.historize_node_data_change(node)
    async with Proxy(plant.port) as proxy:
        running = run([f"ns=2;s={name}"], f"opc.tcp://127.0.0.1:{proxy.port}/plant", history={"enabled": False})
        await running.until_values(0, 0.0)
        await _outage(plant, proxy, running, {name: [1.0, 2.0]})
        await until(lambda: running.intake.gaps)
        await running.until_values(0, 0.0, 2.0)  # the present value comes with the subscription, 1.0 never does
        assert running.intake.gaps[0].refilled is None
        await running.stop()


async def test_a_server_that_fails_at_history_costs_no_live_value(own_plant: Plant, run: Run) -> None:
    node = await own_plant.add("TI-1", 0.0)
    await own_plant.server.historize_node_data_change(node)
    own_plant.break_history()
    async with Proxy(own_plant.port) as proxy:
        running = run(["ns=2;s=TI-1"], f"opc.tcp://127.0.0.1:{proxy.port}/plant")
        await running.until_values(0, 0.0)
        await _outage(own_plant, proxy, running, {"TI-1": [1.0, 2.0]})
        await until(lambda: running.intake.gaps)
        assert running.intake.gaps[0].refilled is None
        await own_plant.write("TI-1", 3.0)
        await running.until_values(0, 3.0)
        assert running.health.reconnects == 1
        await running.stop()
