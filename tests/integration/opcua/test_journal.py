"""The journal decides the pace: what it has is acknowledged, what it has not is kept, and never without bound."""

import asyncio

from connectors.base import State
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import Plant


def _unacknowledged(plant: Plant) -> int:
    (subscription,) = plant.server.iserver.subscription_service.subscriptions.values()
    return len(subscription._not_acknowledged_results)


async def test_only_what_the_journal_has_is_acknowledged(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 0.0)
    await own_plant.write("TI-1", 1.0)
    await running.until_values(0, 1.0)
    running.intake.block()
    for value in (2.0, 3.0, 4.0):
        await own_plant.write("TI-1", value)
        await asyncio.sleep(0.15)
    assert _unacknowledged(own_plant) >= 3
    running.intake.unblock()
    await running.until_values(0, 1.0, 2.0, 3.0, 4.0)
    await own_plant.write("TI-1", 5.0)  # the next request carries the acknowledgements
    await running.until_values(0, 5.0)
    await until(lambda: _unacknowledged(own_plant) <= 1)


async def test_a_full_journal_stops_the_reading_and_the_server_waits(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, publish_requests=3, queue_size=500, lifetime="30s")
    await running.until_values(0, 0.0)
    running.intake.block()
    for value in range(1, 31):
        await own_plant.write("TI-1", float(value))
        await asyncio.sleep(0.06)
    # One message each 50 ms would have been some 30; only as many as there are requests may be in memory.
    assert running.health.messages <= 1 + 3 + 1
    assert running.health.state is State.CONNECTED
    running.intake.unblock()
    await running.until_values(0, *map(float, range(31)))


async def test_a_stall_longer_than_the_servers_queues_is_a_gap(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, publish_requests=1, queue_size=2, lifetime="30s")
    await running.until_values(0, 0.0)
    running.intake.block()
    for value in range(1, 11):
        await own_plant.write("TI-1", float(value))
        await asyncio.sleep(0.06)
    running.intake.unblock()
    await running.until_values(0, 9.0, 10.0)
    await until(lambda: running.intake.gaps)
    assert len(running.intake.values()) < 11
    assert running.intake.gaps[0].reason.startswith("the journal was behind for 0.")
    assert running.health.reconnects == 0


async def test_what_the_journal_refuses_is_kept_and_offered_again(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, queue_size=50, lifetime="30s")
    await running.until_values(0, 0.0)
    running.intake.refuse()
    for value in (1.0, 2.0, 3.0):
        await own_plant.write("TI-1", value)
        await asyncio.sleep(0.1)
    await running.until_state(State.DEGRADED)
    assert running.health.last_error == "the journal refuses what was received: disk full"
    assert running.health.journalled == 1
    running.intake.refuse(False)
    await running.until_values(0, 0.0, 1.0, 2.0, 3.0)
    await running.until_state(State.CONNECTED)


async def test_a_journal_behind_for_longer_than_the_subscription_lives_costs_a_gap_only(
    own_plant: Plant, run: Run
) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint, publish_requests=1, lifetime="1.5s")
    await running.until_values(0, 0.0)
    running.intake.block()
    blocked_us = running.now_us()
    await own_plant.write("TI-1", 1.0)
    await asyncio.sleep(0.2)
    for value in range(2, 40):
        await own_plant.write("TI-1", float(value))
        await asyncio.sleep(0.06)
    assert not own_plant.subscriptions()
    running.intake.unblock()
    await running.until_values(0, 39.0)
    await running.until_state(State.CONNECTED)
    assert running.health.reconnects == 1
    assert min(gap.from_us for gap in running.intake.gaps) < blocked_us + 200_000


async def test_what_was_received_is_journalled_although_the_server_is_gone(run: Run) -> None:
    plant = Plant()
    await plant.start()
    await plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], plant.endpoint)
    await running.until_values(0, 0.0)
    running.intake.block()
    await plant.write("TI-1", 1.0)
    await until(lambda: running.health.messages == 2)
    await plant.stop()
    await running.until_state(State.DISCONNECTED)
    running.intake.unblock()
    await running.until_values(0, 0.0, 1.0)


async def test_a_lost_notification_is_fetched_again(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 0.0)
    own_plant.lose_notifications(1)
    await own_plant.write("TI-1", 1.0)
    await asyncio.sleep(0.2)
    await own_plant.write("TI-1", 2.0)
    await until(lambda: sorted(running.intake.values()) == [0.0, 1.0, 2.0], what=str(running.intake.values()))
    assert running.connector.counts["republished"] == 1
    assert not running.intake.gaps


async def test_a_notification_lost_for_good_is_a_gap_and_all_values_are_read(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    await own_plant.add("TI-2", 0.0)
    running = run(["ns=2;s=TI-1", "ns=2;s=TI-2"], own_plant.endpoint)
    await running.until_values(1, 0.0)
    own_plant.lose_notifications(1, for_good=True)
    await own_plant.write("TI-1", 1.0)  # the last change of this tag for a long time
    await asyncio.sleep(0.2)
    await own_plant.write("TI-2", 2.0)
    await running.until_values(0, 0.0, 1.0)
    await running.until_values(1, 2.0)
    await until(lambda: running.intake.gaps)
    assert running.intake.gaps[0].reason == "1 notifications of the server were lost"
    assert running.health.gaps == 1
    assert running.health.reconnects == 0


async def test_a_lost_notification_is_noticed_by_the_next_keep_alive(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 0.0)
    own_plant.lose_notifications(1, for_good=True)
    await own_plant.write("TI-1", 1.0)
    await running.until_values(0, 0.0, 1.0, within_s=3.0)


async def test_bytes_that_break_the_encoding_are_kept_and_all_values_read(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    await own_plant.add("TI-2", 0.0)
    running = run(["ns=2;s=TI-1", "ns=2;s=TI-2"], own_plant.endpoint)
    await running.until_values(1, 0.0)
    own_plant.garble_notifications(1)
    await own_plant.write("TI-1", 1.0)
    await own_plant.write("TI-2", 2.0)
    await running.until_values(0, 1.0)
    await running.until_values(1, 2.0)
    (letter,) = running.intake.letters
    assert letter.reason == "undecodable"
    assert letter.raw
    assert letter.address == own_plant.endpoint
    await until(lambda: running.intake.gaps)
    assert running.health.reconnects == 0
