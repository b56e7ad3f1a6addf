"""A tag that cannot be read is named with its reason, tried again, and stops no other."""

import pytest

from connectors.base import State
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import Plant


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ns=2;s=NoSuchTag", "BadNodeIdUnknown: The node id refers to a node that does not exist"),
        ("ns=9;s=TI-1", "BadNodeIdUnknown"),
        ("/Objects/2:Plant/2:NoSuchTag", "the path leads nowhere (BadNoMatch: "),
        ("nsu=http://elsewhere.org;s=TI-1", "the server has no namespace 'http://elsewhere.org'; it has "),
        ("ns=plant;s=TI-1", "'plant' is not in the connector's namespaces"),
        ("TI-1", "not a NodeId (ns=2;s=TI-101) and not a browse path (/Objects/2:Plant/2:TI-101)"),
        ("i=many", "'many' is not an identifier of kind 'i'"),
        ("/Objects//2:Plant", "an empty step"),
        ("i=85", "BadAttributeIdInvalid"),  # a folder has no value
    ],
)
async def test_a_bad_address_is_named_and_stops_no_other(
    plant: Plant, name: str, run: Run, address: str, reason: str
) -> None:
    await plant.add(name, 1.0)
    running = run([address, f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(1, 1.0)
    await running.until_state(State.DEGRADED)
    assert list(running.health.bad_addresses) == [address]
    assert running.health.bad_addresses[address].startswith(reason)
    assert running.health.last_error.startswith(f"cannot read {address}: {reason}")


async def test_a_node_out_of_service_at_creation_is_tried_until_it_is_back(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 1.0)
    await own_plant.add("TI-2", 2.0)
    refused = {"TI-1": 0x808D0000}
    own_plant.refuse_items(refused)
    running = run(["ns=2;s=TI-1", "ns=2;s=TI-2"], own_plant.endpoint)
    await running.until_values(1, 2.0)
    await running.until_state(State.DEGRADED)
    assert running.health.bad_addresses["ns=2;s=TI-1"].startswith("BadOutOfService: ")
    refused.clear()
    await running.until_values(0, 1.0)
    await running.until_state(State.CONNECTED)
    assert not running.health.bad_addresses


async def test_a_node_that_appears_later_is_found(plant: Plant, name: str, run: Run) -> None:
    running = run([f"ns=2;s={name}", f"/Objects/2:Plant/2:{name}-path"], plant.endpoint)
    await running.until_state(State.DEGRADED)
    await plant.add(name, 5.0)
    await plant.add(f"{name}-path", 6.0)
    await running.until_values(0, 5.0)
    await running.until_values(1, 6.0)
    await running.until_state(State.CONNECTED)


async def test_a_status_that_says_the_node_is_gone_makes_the_address_bad(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 1.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, retry_bad_every="1s")
    await running.until_values(0, 1.0)
    await plant.write(name, None, status=0x80340000)
    await running.until_state(State.DEGRADED)
    assert f"ns=2;s={name}" in running.health.bad_addresses
    await plant.write(name, 2.0)
    await running.until_values(0, 2.0)
    await running.until_state(State.CONNECTED)


async def _tags(plant: Plant, number: int) -> list[str]:
    for one in range(number):
        await plant.add(f"TI-{one}", float(one))
    return [f"ns=2;s=TI-{one}" for one in range(number)]


async def test_a_limit_the_server_announces_is_kept_from_the_start(own_plant: Plant, run: Run) -> None:
    addresses = await _tags(own_plant, 250)
    await own_plant.announce_limit(100)
    sizes = own_plant.limit_monitored_items(100)
    running = run(addresses, own_plant.endpoint)
    await until(lambda: len(running.intake.tags()) == 250)
    assert sizes == [100, 100, 50]
    assert running.health.state is State.CONNECTED


async def test_a_limit_the_server_only_refuses_with_is_found_out(own_plant: Plant, run: Run) -> None:
    addresses = await _tags(own_plant, 250)
    sizes = own_plant.limit_monitored_items(100)
    running = run(addresses, own_plant.endpoint)
    await until(lambda: len(running.intake.tags()) == 250)
    assert sizes == [250, 125, 62, 62, 62, 62, 2]
    assert running.health.state is State.CONNECTED


async def test_tags_are_spread_over_subscriptions_where_one_holds_only_so_many(own_plant: Plant, run: Run) -> None:
    addresses = await _tags(own_plant, 100)
    running = run(addresses, own_plant.endpoint, items_per_subscription=40)
    await until(lambda: len(running.intake.tags()) == 100)
    assert len(own_plant.subscriptions()) == 3
    await own_plant.write("TI-99", -1.0)
    await running.until_values(99, -1.0)


async def test_a_server_that_refuses_the_filter_is_asked_without(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 1.0)
    own_plant.refuse_filters()
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 1.0)
    await running.until_state(State.CONNECTED)
    assert running.connector.counts["no_filter"] == 1
