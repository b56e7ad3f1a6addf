"""A simulated plant as a real OPC UA client sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.subscription import DataChangeNotif
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from pydantic import SecretStr

from deploy.embedded.certs import Authority
from deploy.embedded.ports import free_port
from park.index import TagTable
from park.model import Park
from park.quality import from_opcua_status
from simulators.faults import BadQuality, Fault
from simulators.live import LiveSource
from simulators.opcua_plant import APPLICATION_URI, OpcUaPlant, ServerConfig, quiet_logs
from simulators.park_maker import make_park
from simulators.player import play, wall_clock_us
from simulators.recording import RecordingConfig, RecordingSource, read_recording
from simulators.world import World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
_S = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEVEL = "ns=2;s=T101.LI"


def _micros(moment: datetime | None) -> int:
    assert moment is not None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _clock_at(now_us: int) -> Callable[[], int]:
    return lambda: now_us


def _source(park: Park, *faults: Fault, period_us: int = 100_000) -> LiveSource:
    return LiveSource(World(park, seed=1, start_us=wall_clock_us(), faults=faults), period_us=period_us)


def _plant(park: Park, **options: object) -> OpcUaPlant:
    quiet_logs()
    config = {"connector": "opcua-hengtai", "endpoint": f"opc.tcp://127.0.0.1:{free_port()}/", **options}
    return OpcUaPlant(ServerConfig.model_validate(config), TagTable(park))


@pytest.fixture(scope="module")
async def plant(small_park: Park) -> AsyncIterator[OpcUaPlant]:
    """Shared by tests that leave it as it is: it has history and a limit of 50 items a call."""
    one = _plant(small_park, history="1m", max_items_per_call=50)
    await one.start()
    yield one
    await one.stop()


async def test_what_is_written_is_read_back_with_its_time_and_status(plant: OpcUaPlant, small_park: Park) -> None:
    frame = _source(small_park).take(wall_clock_us())
    await plant.show(frame, lambda: frame.now_us)
    info = TagTable(small_park).by_id("hengtai.T101.level")
    assert info is not None
    async with Client(plant.endpoint) as client:
        data = await client.get_node(LEVEL).read_data_value()
    assert data.Value is not None
    assert data.Value.Value == frame.value[info.ix]
    assert _micros(data.SourceTimestamp) == frame.now_us
    assert data.StatusCode is not None
    assert data.StatusCode.is_good()


async def test_live_values_carry_the_moment_of_writing(plant: OpcUaPlant, small_park: Park) -> None:
    source = _source(small_park)
    frame = source.take(wall_clock_us())
    await plant.show(frame, lambda: frame.now_us + 7)
    async with Client(plant.endpoint) as client:
        data = await client.get_node(LEVEL).read_data_value()
    assert _micros(data.SourceTimestamp) == frame.now_us + 7


@pytest.mark.parametrize("word", ["bad", "uncertain"])
async def test_quality_arrives_as_a_status_code(plant: OpcUaPlant, small_park: Park, word: str) -> None:
    fault = BadQuality.model_validate(
        {"kind": "bad_quality", "target": "hengtai.T101", "at": 0, "for": "1h", "quality": word}
    )
    frame = _source(small_park, fault).take(wall_clock_us())
    await plant.show(frame, wall_clock_us)
    async with Client(plant.endpoint) as client:
        data = await client.get_node(LEVEL).read_data_value(raise_on_bad_status=False)
    assert data.StatusCode is not None
    info = TagTable(small_park).by_id("hengtai.T101.level")
    assert info is not None
    assert from_opcua_status(data.StatusCode.value) == frame.quality[info.ix]


async def test_tags_are_found_by_browsing(plant: OpcUaPlant) -> None:
    async with Client(plant.endpoint) as client:
        node = await client.nodes.root.get_child(["0:Objects", "2:hengtai", "2:T101", "2:level"])
        assert node.nodeid.to_string() == LEVEL
        assert (await node.read_browse_name()).Name == "level"
        assert "苯储罐" in str((await node.read_description()).Text)
        folders = await client.nodes.objects.get_children()
        assert "hengtai" in [(await one.read_browse_name()).Name for one in folders]


async def test_too_many_items_in_one_call_are_refused_and_the_limit_is_announced(plant: OpcUaPlant) -> None:
    class Handler:
        def datachange_notification(self, node: object, value: object, data: DataChangeNotif) -> None:
            """Not needed."""

    async with Client(plant.endpoint) as client:
        limit = client.get_node("i=11714")
        assert await limit.read_value() == 50
        subscription = await client.create_subscription(100, Handler())
        node = client.get_node(LEVEL)
        with pytest.raises(UaStatusCodeError, match="BadTooManyOperations"):
            await subscription.subscribe_data_change([node] * 51)
        assert len(await subscription.subscribe_data_change([node] * 50)) == 50


async def test_history_gives_back_all_that_was_written_page_by_page(plant: OpcUaPlant, small_park: Park) -> None:
    source = _source(small_park)
    began = wall_clock_us()
    for k in range(20):
        frame = source.take(began + k * 1000)
        await plant.show(frame, _clock_at(frame.now_us))
    start = _EPOCH + timedelta(microseconds=began)
    async with Client(plant.endpoint) as client:
        node = client.get_node("ns=2;s=T102.LI")
        all_values = await node.read_raw_history(start, start + timedelta(seconds=1))
        first = await node.read_raw_history(start, start + timedelta(milliseconds=4))
    assert [_micros(one.SourceTimestamp) - began for one in all_values] == [k * 1000 for k in range(20)]
    assert len(first) == 5


async def test_a_restart_loses_the_sessions_and_keeps_the_tags(small_park: Park) -> None:
    plant = _plant(small_park)
    await plant.start()
    frame = _source(small_park).take(wall_clock_us())
    async with Client(plant.endpoint) as client:
        await client.get_node(LEVEL).read_browse_name()
    await plant.stop()
    with pytest.raises(ConnectionRefusedError):
        await Client(plant.endpoint, timeout=1).connect()
    await plant.restart()
    await plant.show(frame, wall_clock_us)
    async with Client(plant.endpoint) as client:
        assert await client.get_node(LEVEL).read_value() > 0
    await plant.stop()
    assert plant.restarts == 1


async def test_only_known_users_come_in_over_an_encrypted_channel(small_park: Park, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.application("server", uri=APPLICATION_URI)
    mine = authority.application("client", uri="urn:test:client")
    plant = _plant(
        small_park,
        policies=["Basic256Sha256"],
        certificate=server.certificate,
        private_key=server.key,
        users={"park": SecretStr("right")},
    )
    await plant.start()

    async def name(password: str) -> str:
        client = Client(plant.endpoint)
        client.application_uri = "urn:test:client"
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            str(mine.certificate),
            str(mine.key),
            server_certificate=str(server.certificate),
        )
        client.set_user("park")
        client.set_password(password)
        async with client:
            return str((await client.get_node(LEVEL).read_browse_name()).Name)

    try:
        assert await name("right") == "level"
        with pytest.raises(UaStatusCodeError):
            await name("wrong")
        with pytest.raises(UaError, match="No matching endpoints"):
            async with Client(plant.endpoint):
                pass
    finally:
        await plant.stop()


async def test_a_recording_at_speed_600_reaches_a_subscriber_row_by_row(small_park: Park, tmp_path: Path) -> None:
    rows = "".join(f"{10 * k},{k / 10}\n" for k in range(1, 121))
    file = tmp_path / "r.csv"
    file.write_text(f"time_s,T101.level\n{rows}", "utf-8")
    plant = _plant(small_park)
    await plant.start()
    seen: list[tuple[int, float]] = []

    class Handler:
        def datachange_notification(self, node: object, value: float, data: DataChangeNotif) -> None:
            seen.append((_micros(data.monitored_item.Value.SourceTimestamp), value))

    async with Client(plant.endpoint) as client:
        subscription = await client.create_subscription(50, Handler())
        await subscription.subscribe_data_change(client.get_node(LEVEL), queuesize=100)
        table = TagTable(small_park)
        recording = read_recording(RecordingConfig(file=file), table)
        source = RecordingSource(recording, table, start_us=0, play_from_us=wall_clock_us(), speed=600.0)
        began = time.monotonic()
        await play(source, [plant], asyncio.Event())
        assert time.monotonic() - began == pytest.approx(2.0, abs=0.7)
        async with asyncio.timeout(5):
            while len([one for one in seen if one[1] is not None]) < 120:
                await asyncio.sleep(0.05)
    await plant.stop()
    assert [one for one in seen if one[1] is not None] == [(10 * k * _S, k / 10) for k in range(1, 121)]


async def test_a_plant_of_five_thousand_tags_is_up_in_seconds(tmp_path: Path) -> None:
    park = make_park(10, 6000, 1, gateways=1)
    plant = _plant(park, connector="opcua-g1")
    began = time.monotonic()
    await plant.start()
    took_s = time.monotonic() - began
    try:
        async with Client(plant.endpoint) as client:
            children = await (await client.nodes.objects.get_child("2:e001")).get_children()
            assert children
            for folder in children[:20]:
                assert len(await folder.get_children()) <= 100
    finally:
        await plant.stop()
    assert took_s < 20.0


def test_a_connector_that_brings_nothing_has_no_plant(small_park: Park) -> None:
    with pytest.raises(ValueError, match="opcua-nobody"):
        _plant(small_park, connector="opcua-nobody")


@pytest.mark.parametrize("address", ["/Objects/2:Plant/2:Area/2:TI-1", "TI-1", "ns=2;i=77", "ns=2;s=TI-1"])
async def test_every_form_of_address_is_served(address: str) -> None:
    park = Park.model_validate(
        {
            "id": "p",
            "name": "p",
            "enterprises": [
                {
                    "id": "e",
                    "name": "e",
                    "sources": [
                        {
                            "id": "S",
                            "kind": "unit",
                            "position": [120, 30],
                            "tags": [
                                {
                                    "id": "t",
                                    "quantity": "flow",
                                    "unit": "m3/h",
                                    "from": {"connector": "c", "address": address},
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )
    plant = _plant(park, connector="c")
    await plant.start()
    await plant.show(_source(park).take(wall_clock_us()), wall_clock_us)
    try:
        async with Client(plant.endpoint) as client:
            if address.startswith("/"):
                node = await client.nodes.root.get_child(["0:Objects", "2:Plant", "2:Area", "2:TI-1"])
            else:
                node = client.get_node(address if "=" in address else f"ns=2;s={address}")
            assert await node.read_value() > 0
            assert (await node.read_data_type_as_variant_type()) is ua.VariantType.Double
    finally:
        await plant.stop()
