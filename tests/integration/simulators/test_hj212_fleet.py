"""Data loggers and a host over TCP: two implementations of one standard that know nothing of each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.hj212.packet import Packet
from simulators.frame import Frame
from simulators.hj212_config import LoggerConfig
from simulators.hj212_link import Troubles
from simulators.hj212_packet import beijing
from simulators.hj212_profiles import Profile
from tests.integration.simulators.hj212_host import Host
from tests.unit.simulators.hj212.parks import DA002, GAS, NINE_US, WATER, Plant

_S = 1_000_000


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with Host().listening() as one:
        yield one


@asynccontextmanager
async def _plant(port: int, **options: Any) -> AsyncIterator[Plant]:
    """Patience of a few tenths of a second; the test moves the time."""
    usual = {"realtime_every": "5s", "ack_timeout": "200ms", "backoff": "50ms", "most_backoff": "200ms"}
    plant = Plant(port=port, **{**usual, **options})
    await plant.fleet.start()
    try:
        yield plant
    finally:
        await plant.fleet.stop()


def _times(packets: list[Packet]) -> list[str]:
    return [one.params["DataTime"] for one in packets]


def _moments(first: int, last: int, step: int = 5) -> list[str]:
    return [beijing(NINE_US + k * _S) for k in range(first, last, step)]


def _suffer(plant: Plant, mn: str, **troubles: Any) -> None:
    next(one.link for one in plant.fleet.loggers if one.logger.mn == mn).suffer(Troubles(**troubles))


def _count(cn: str, count: int) -> Callable[[Host], bool]:
    return lambda host: len({one.qn for one in host.of(cn, GAS)}) >= count


async def test_everything_is_said_once_where_the_host_hears(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 3601 * _S)
        await host.until(lambda host: bool(host.of("2061", GAS) and host.of("2061", WATER)))
    assert _times(host.of("2011", GAS)) == _moments(5, 3601)
    assert _times(host.of("2051", WATER)) == _moments(0, 3600, 60)
    assert _times(host.of("2061", GAS)) == [beijing(NINE_US)]
    counts = plant.fleet.counts()
    assert counts["messages"] == counts["acknowledged"] == len(host.heard)
    assert (counts["waiting"], counts["dropped"], counts["resent"]) == (0, 0, 0)


async def test_what_is_not_acknowledged_is_said_again_and_then_over_a_new_line(host: Host) -> None:
    heard: list[str] = []

    def deaf_at_first(packet: Packet) -> bool:
        heard.append(packet.cn)
        return heard.count("2011") > 6 or packet.cn != "2011"

    host.acknowledges = deaf_at_first
    async with _plant(host.port, resends=1) as plant:
        await plant.run(NINE_US, NINE_US + 16 * _S)
        await host.until(_count("2011", 3))
    counts = plant.fleet.counts()
    assert _times(host.of("2011", GAS))[-1] == _moments(15, 16)[0]
    assert counts["resent"] >= 2
    assert counts["connects"] > 2
    assert counts["waiting"] == 0


async def test_an_outage_is_refilled_with_the_original_times(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 11 * _S)
        await host.until(_count("2011", 2))
        _suffer(plant, GAS, down=True)
        link = next(one.link for one in plant.fleet.loggers if one.logger.mn == GAS)
        while link.connected:
            await asyncio.sleep(0.01)
        for now_us in range(NINE_US + 15 * _S, NINE_US + 60 * _S, 5 * _S):
            frame: Frame = plant.frame(now_us)
            next(one.logger for one in plant.fleet.loggers if one.logger.mn == GAS).observe(frame, now_us)
            await asyncio.sleep(0.01)
        assert not link.connected
        assert len(host.of("2011", GAS)) == 2
        _suffer(plant, GAS)
        await host.until(_count("2011", 11))
    # What was on its way when the line broke may come twice.
    assert list(dict.fromkeys(_times(host.of("2011", GAS)))) == _moments(5, 60)
    assert host.connections == 3


async def test_loggers_wait_for_a_host_that_comes_later(host: Host) -> None:
    port = host.port
    async with _plant(1) as early:
        await early.run(NINE_US, NINE_US + 11 * _S)
        await asyncio.sleep(0.2)
        assert early.fleet.counts()["connects"] == 0
    async with _plant(port) as plant:
        await plant.run(NINE_US, NINE_US + 11 * _S)
        await host.until(_count("2011", 2))


async def test_spoilt_telegrams_are_rejected_and_come_again(host: Host) -> None:
    async with _plant(host.port, resends=20) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        link = next(one.link for one in plant.fleet.loggers if one.logger.mn == GAS)
        link.suffer(Troubles(spoilt=1.0))
        plant.set(f"{DA002}.so2", 33.0)
        next(one.logger for one in plant.fleet.loggers if one.logger.mn == GAS).tell_realtime(NINE_US + 10 * _S)
        await host.until(lambda host: len(host.rejected) >= 2)
        link.suffer(Troubles())
        await host.until(_count("2011", 2))
    assert {one.reason for one in host.rejected} == {"bad_crc"}


async def test_half_telegrams_cost_only_themselves(host: Host) -> None:
    async with _plant(host.port, resends=20) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        link = next(one.link for one in plant.fleet.loggers if one.logger.mn == GAS)
        link.suffer(Troubles(halved=1.0))
        next(one.logger for one in plant.fleet.loggers if one.logger.mn == GAS).tell_realtime(NINE_US + 10 * _S)
        await asyncio.sleep(0.5)
        link.suffer(Troubles())
        await host.until(_count("2011", 2))
    assert host.rejected


async def test_a_changed_number_is_another_logger(host: Host) -> None:
    host.acknowledges = lambda packet: packet.mn in (GAS, WATER)
    async with _plant(host.port, resends=0) as plant:
        link = next(one.link for one in plant.fleet.loggers if one.logger.mn == GAS)
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        link.suffer(Troubles(wrong_mn=True))
        next(one.logger for one in plant.fleet.loggers if one.logger.mn == GAS).tell_realtime(NINE_US + 10 * _S)
        await host.until(lambda host: any(one.mn not in (GAS, WATER) for one in host.heard))
        link.suffer(Troubles())
        await host.until(_count("2011", 2))
    assert {one.mn for one in host.heard} - {GAS, WATER} == {GAS[:-4] + "FFFF"}


async def test_duplicates_and_overtaking_are_played(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        link = next(one.link for one in plant.fleet.loggers if one.logger.mn == GAS)
        logger = next(one.logger for one in plant.fleet.loggers if one.logger.mn == GAS)
        link.suffer(Troubles(copies=3, reorder=True))
        for k in (10, 15):
            logger.tell_realtime(NINE_US + k * _S)
        await host.until(_count("2011", 2))
        link.suffer(Troubles())
        await host.until(_count("2011", 3))
    assert _times(host.of("2011", GAS)) == [*_moments(5, 10), *_moments(15, 20) * 3, *_moments(10, 15)]


async def test_split_uploads_are_acknowledged_part_by_part(host: Host) -> None:
    async with _plant(host.port, gas=LoggerConfig(split_at=2)) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 2))
    parts = host.of("2011", GAS)
    assert [(one.pno, one.pnum, one.is_split) for one in parts] == [(1, 2, True), (2, 2, True)]
    assert len({one.qn for one in parts}) == 2
    assert len(set(_times(parts))) == 1


@pytest.mark.parametrize("profile", [one for one in Profile if one is not Profile.MODBUS_CRC])
async def test_every_maker_gets_its_data_through(host: Host, profile: Profile) -> None:
    async with _plant(host.port, gas=LoggerConfig(profile=profile)) as plant:
        await plant.run(NINE_US, NINE_US + 61 * _S)
        await host.until(lambda host: len(host.of("2051", GAS)) == 1)
    assert _times(host.of("2011", GAS)) == _moments(5, 61)
    assert host.rejected == []


async def test_history_is_what_was_sent_before(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 3601 * _S)
        await host.until(lambda host: bool(host.of("2061", GAS)))
        span = f"BeginTime={beijing(NINE_US + 600 * _S)};EndTime={beijing(NINE_US + 900 * _S)}"
        told = await host.told(GAS, "2051", span)
    sent = {one.params["DataTime"]: one.content for one in host.of("2051", GAS) if one.wants_ack}
    assert [one.cn for one in told] == ["9011", *["2051"] * 6, "9012"]
    assert {one.params["DataTime"]: one.content for one in told[1:-1]} == {
        time: sent[time] for time in _moments(600, 901, 60)
    }
    assert told[-1].params["ExeRtn"] == "1"


@pytest.mark.parametrize(
    ("cn", "content", "answer"),
    [
        pytest.param("1061", "", {"RtdInterval": "5"}, id="real-time interval"),
        pytest.param("1063", "", {"MinInterval": "1"}, id="minute interval"),
        pytest.param("3015", "", {"VaseNo": "1"}, id="retained sample"),
        pytest.param("3017", "PolId=a21026", {"CTime": "2"}, id="sampling period"),
        pytest.param("3018", "PolId=a21026", {"Stime": "40"}, id="sample-out time"),
        pytest.param("3019", "PolId=a21026", {"PolId": "a21026"}, id="serial number"),
        pytest.param("3020", "PolId=a21026;InfoId=i12001", {"PolId": "a21026"}, id="information"),
        pytest.param("2041", "BeginTime=20160801000000;EndTime=20160802000000", None, id="no run hours"),
    ],
)
async def test_questions_are_answered(host: Host, cn: str, content: str, answer: dict[str, str] | None) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        told = await host.told(GAS, cn, content)
    assert told[0].params == {"QnRtn": "1"}
    assert all(one.st == "91" for one in (told[0], told[-1]))
    if answer is None:
        assert [one.params for one in told[1:]] == [{"ExeRtn": "100"}]
    else:
        assert told[1].params.items() >= answer.items()
        assert told[-1].params == {"ExeRtn": "1"}


async def test_a_clock_that_is_set_is_right_from_then_on(host: Host) -> None:
    async with _plant(host.port, gas=LoggerConfig(ahead_s=100.0)) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        asked = await host.told(GAS, "1011")
        assert asked[1].params["SystemTime"] == beijing(NINE_US + 105 * _S)
        done = await host.told(GAS, "1012", f"SystemTime={beijing(NINE_US + 5 * _S)}")
        assert done[-1].params == {"ExeRtn": "1"}
        await plant.run(NINE_US + 10 * _S, NINE_US + 16 * _S)
        await host.until(_count("2011", 3))
    assert _times(host.of("2011", GAS)) == [beijing(NINE_US + k * _S) for k in (105, 10, 15)]


async def test_intervals_that_are_set_are_kept(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        assert (await host.told(GAS, "1062", "RtdInterval=30"))[-1].params == {"ExeRtn": "1"}
        assert (await host.told(GAS, "1062", "RtdInterval=5"))[-1].params == {"ExeRtn": "2"}
        assert (await host.told(GAS, "1064", "MinInterval=10"))[-1].params == {"ExeRtn": "1"}
        assert (await host.told(GAS, "1064", "MinInterval=7"))[-1].params == {"ExeRtn": "2"}
        await plant.run(NINE_US + 10 * _S, NINE_US + 1201 * _S)
        await host.until(lambda host: len(host.of("2051", GAS)) >= 2)
    assert _times(host.of("2011", GAS))[1:4] == _moments(30, 91, 30)
    assert _times(host.of("2051", GAS)) == _moments(0, 601, 600)


async def test_real_time_values_stop_and_start_on_demand(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        assert [one.cn for one in await host.told(GAS, "2012")] == ["9013"]
        await plant.run(NINE_US + 10 * _S, NINE_US + 61 * _S)
        await host.until(lambda host: bool(host.of("2051", GAS)))
        assert len(host.of("2011", GAS)) == 1
        assert (await host.told(GAS, "2011"))[-1].params == {"ExeRtn": "1"}
        await host.until(_count("2011", 2))


async def test_a_new_password_counts_from_the_next_telegram(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        told = await host.told(GAS, "1072", "NewPW=654321")
        assert {one.pw for one in told} == {"123456"}
        assert (await host.told(GAS, "1061"))[0].params == {"QnRtn": "3"}
        assert (await host.told(GAS, "1061", pw="654321"))[-1].params == {"ExeRtn": "1"}


@pytest.mark.parametrize(
    ("cn", "pw", "to", "code"),
    [("1061", "111111", GAS, "3"), ("1061", "123456", GAS[:-1] + "9", "4"), ("4711", "123456", GAS, "8")],
    ids=["password", "number", "command"],
)
async def test_what_is_wrong_with_a_command_is_said(host: Host, cn: str, pw: str, to: str, code: str) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        assert [one.params for one in await host.told(GAS, cn, pw=pw, to=to)] == [{"QnRtn": code}]


async def test_a_calibration_on_command_is_flagged(host: Host) -> None:
    async with _plant(host.port) as plant:
        await plant.run(NINE_US, NINE_US + 6 * _S)
        await host.until(_count("2011", 1))
        assert (await host.told(GAS, "3011", "PolId=a21026"))[-1].params == {"ExeRtn": "1"}
        await plant.run(NINE_US + 10 * _S, NINE_US + 141 * _S)
        await host.until(_count("2011", 27))
    flags = [dict(group.fields)["Flag"] for one in host.of("2011", GAS) for group in one.cp if group.code == "a21026"]
    assert flags == ["N", *"C" * 23, *"N" * 4]
