"""What the server says is what the journal gets: value, source time and status, every change, and nothing made up."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua

from connectors.base import State
from park.quality import Detail, Quality, quality_byte
from tests.integration.opcua.conftest import Run
from tests.integration.opcua.intake import until
from tests.integration.opcua.plant import PLANT_URI, Plant, data_value, micros


async def test_source_time_and_value_arrive_as_the_instrument_gave_them(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 1.5)
    moment = datetime.now(UTC) - timedelta(minutes=3)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 1.5)
    await plant.write(name, 2.5, moment=moment)
    await running.until_values(0, 2.5)
    assert running.intake.times()[-1] == micros(moment)
    assert running.health.state is State.CONNECTED


async def test_ten_changes_within_one_publish_all_arrive(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, sample_every="50ms", publish_every="500ms")
    await running.until_values(0, 0.0)
    for value in range(1, 11):
        await plant.write(name, float(value))
    await running.until_values(0, *map(float, range(1, 11)))


async def test_a_value_measured_again_and_the_same_arrives_again(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 7.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 7.0)
    again_us = await plant.write(name, 7.0)
    await running.until_values(0, 7.0, 7.0)
    assert running.intake.times()[-1] == again_us


async def test_with_trigger_status_value_a_mere_time_is_no_news(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 7.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, trigger="status_value")
    await running.until_values(0, 7.0)
    await plant.write(name, 7.0)
    await plant.write(name, 8.0)
    await running.until_values(0, 8.0)
    assert running.intake.values() == [7.0, 8.0]


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        pytest.param(0x00960000, quality_byte(Quality.GOOD, Detail.LOCAL_OVERRIDE), id="good, local override"),
        pytest.param(0x40930000, quality_byte(Quality.UNCERTAIN, Detail.SENSOR_NOT_ACCURATE), id="uncertain"),
    ],
)
async def test_good_and_uncertain_keep_value_and_detail(
    plant: Plant, name: str, run: Run, status: int, quality: int
) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    await plant.write(name, 3.0, status=status)
    await running.until_values(0, 3.0)
    assert running.intake.of(0).quality[-1] == quality


@pytest.mark.parametrize("value", [42.0, ua.Variant(None), "broken", [1.0, 2.0], math.nan])
async def test_bad_status_is_a_sample_without_a_value(plant: Plant, name: str, run: Run, value: object) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    time_us = await plant.write(name, value, status=0x808C0000)
    await until(lambda: len(running.intake.of(0)) == 2)
    assert math.isnan(running.intake.values()[-1])
    assert running.intake.times()[-1] == time_us
    assert running.intake.of(0).quality[-1] == quality_byte(Quality.BAD, Detail.SENSOR_FAILURE)
    assert not running.intake.letters


@pytest.mark.parametrize(
    ("kind", "sent", "received"),
    [
        (ua.VariantType.Boolean, True, 1.0),
        (ua.VariantType.SByte, -5, -5.0),
        (ua.VariantType.Byte, 250, 250.0),
        (ua.VariantType.Int16, -300, -300.0),
        (ua.VariantType.UInt16, 65535, 65535.0),
        (ua.VariantType.Int32, -70000, -70000.0),
        (ua.VariantType.UInt32, 4_000_000_000, 4e9),
        (ua.VariantType.Int64, -(2**40), -(2.0**40)),
        (ua.VariantType.UInt64, 2**50, 2.0**50),
        (ua.VariantType.Float, 0.5, 0.5),
        (ua.VariantType.Double, 1e-300, 1e-300),
    ],
)
async def test_every_numeric_type_becomes_its_number(
    plant: Plant, name: str, run: Run, kind: ua.VariantType, sent: object, received: float
) -> None:
    await plant.add(name, ua.Variant(sent, kind))
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, received)


async def test_types_mixed_in_one_notification_do_not_disturb_each_other(plant: Plant, name: str, run: Run) -> None:
    values: list[object] = [1.5, True, "text", ua.Variant(7, ua.VariantType.Int16), [1.0], 2.5, ua.Variant(None), 3.5]
    for number, value in enumerate(values):
        await plant.add(f"{name}-{number}", value)
    running = run([f"ns=2;s={name}-{number}" for number in range(len(values))], plant.endpoint)
    await until(lambda: running.health.received == len(values))
    await until(lambda: len(running.intake.letters) == 3)
    assert [running.intake.values(tag) for tag in (0, 1, 3, 5, 7)] == [[1.5], [1.0], [7.0], [2.5], [3.5]]
    assert {letter.reason for letter in running.intake.letters} == {"wrong_type", "array", "no_value"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, "not_a_number"),
        (math.inf, "not_a_number"),
        ("running", "wrong_type"),
        (datetime(2026, 1, 1, tzinfo=UTC), "wrong_type"),
        (ua.Variant(ua.EUInformation()), "wrong_type"),
        ([1.0, 2.0], "array"),
        (ua.Variant(None), "no_value"),
    ],
)
async def test_what_is_no_measurement_is_a_dead_letter_with_its_bytes(
    plant: Plant, name: str, run: Run, value: object, reason: str
) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    await plant.write(name, value)
    await until(lambda: running.intake.letters)
    (letter,) = running.intake.letters
    assert letter.reason == reason
    assert letter.detail.startswith("park.unit.t0: ")
    assert letter.address == f"{plant.endpoint} ns=2;s={name}"
    assert letter.enterprise == "park"
    assert letter.raw
    assert running.intake.values() == [0.0]
    assert running.health.dead_letters == 1


async def test_a_tag_that_sends_rubbish_without_end_does_not_flood(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, letter_every="1s", queue_size=50)
    await running.until_values(0, 0.0)
    for _ in range(20):
        await plant.write(name, math.nan)
    await until(lambda: running.health.dead_letters == 20)
    assert len(running.intake.letters) == 1
    await plant.write(name, "now text")  # another reason has a letter of its own
    await until(lambda: [letter.reason for letter in running.intake.letters] == ["not_a_number", "wrong_type"])


async def test_after_a_while_the_next_letter_tells_how_many_went_without(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint, letter_every="300ms")
    await running.until_values(0, 0.0)
    for _ in range(4):
        await plant.write(name, math.inf)
    await until(lambda: running.health.dead_letters == 4)
    await until(lambda: running.now_us() - running.intake.letters[0].received_us > 300_000)
    await plant.write(name, math.inf)
    await until(lambda: len(running.intake.letters) == 2)
    assert running.intake.letters[1].detail.endswith("(3 more since the last letter)")


async def test_without_a_source_time_the_servers_time_is_taken_and_counted(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    moment = datetime.now(UTC) - timedelta(seconds=9)
    await plant.put(name, data_value(ua.Variant(1.0), None, moment))
    await running.until_values(0, 1.0)
    assert running.intake.times()[-1] == micros(moment)
    assert running.connector.counts["server_time"] == 1


async def test_without_any_time_it_is_a_dead_letter(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    await plant.put(name, data_value(ua.Variant(1.0), None, None))
    await until(lambda: [letter.reason for letter in running.intake.letters] == ["no_timestamp"])
    assert running.intake.values() == [0.0]


async def test_all_ways_to_write_an_address_reach_their_node(plant: Plant, run: Run) -> None:
    await plant.add("FIC/7:PV", 11.0)
    addresses = [
        "ns=2;s=FIC/7:PV",
        f"nsu={PLANT_URI};s=FIC/7:PV",
        "ns=plant;s=FIC/7:PV",
        "/Objects/2:Plant/2:FIC&/7&:PV",
        "/Objects/plant:Plant/plant:FIC&/7&:PV",
        "i=2267",  # ServiceLevel: a Byte of the server itself
    ]
    running = run(addresses, plant.endpoint, namespaces={"plant": PLANT_URI})
    await until(lambda: running.intake.tags() == set(range(6)), what=str(running.health))
    assert [running.intake.values(tag) for tag in range(5)] == [[11.0]] * 5
    assert not running.health.bad_addresses


async def test_health_counts_what_came(plant: Plant, name: str, run: Run) -> None:
    await plant.add(name, 0.0)
    before_us = micros(datetime.now(UTC))
    running = run([f"ns=2;s={name}"], plant.endpoint)
    await running.until_values(0, 0.0)
    last_us = await plant.write(name, 1.0)
    await running.until_values(0, 1.0)
    health = running.health
    assert (health.connector, health.kind, health.state) == ("dcs", "opcua", State.CONNECTED)
    assert (health.received, health.journalled, health.messages, health.dead_letters) == (2, 2, 2, 0)
    assert health.last_source_us == last_us
    assert health.last_received_us >= last_us
    assert health.since_us >= before_us
    assert (health.errors, health.reconnects, health.gaps, health.last_error) == (0, 0, 0, "")


async def test_when_stopped_it_leaves_no_subscription_and_says_so(own_plant: Plant, run: Run) -> None:
    await own_plant.add("TI-1", 0.0)
    running = run(["ns=2;s=TI-1"], own_plant.endpoint)
    await running.until_values(0, 0.0)
    assert len(own_plant.subscriptions()) == 1
    await running.stop()
    assert running.health.state is State.STOPPED
    assert not own_plant.subscriptions()
