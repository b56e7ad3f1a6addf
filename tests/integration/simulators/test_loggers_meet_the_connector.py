"""Simulated data loggers of every maker and the service's own connector: what is measured arrives, whoever wrote it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.base import Context
from connectors.devices import Command, Result
from connectors.hj212.connector import Hj212Connector
from connectors.registry import parse_config
from park.index import TagTable
from park.periods import concat_periods
from simulators.hj212_config import LoggerConfig
from simulators.hj212_profiles import Profile
from tests.contract.memory_intake import MemoryIntake
from tests.unit.simulators.hj212.parks import DA002, DW002, GAS, NINE_US, Plant, park

_S = 1_000_000
_UNDERSTOOD = [one for one in Profile if one is not Profile.MODBUS_CRC]


class Meeting:
    """A connector on a free port, and loggers that talk to it; the test moves the time."""

    def __init__(self, **options: Any) -> None:
        self.now_us = NINE_US
        self.intake = MemoryIntake()
        self.table = TagTable(park())
        told = {"kind": "hj212", "id": "hj212", "host": "127.0.0.1", "port": 0, "gap_after": "10m", **options}
        told = {"defaults": {"minute_interval": "1m"}, **told}
        context = Context(tags=self.table, intake=self.intake, clock=lambda: self.now_us, on_gap=lambda gap: None)
        connector = parse_config.validate_python(told)
        self.connector = Hj212Connector(connector, context)  # type: ignore[arg-type]
        self.plant: Plant

    @asynccontextmanager
    async def of(self, **options: Any) -> AsyncIterator["Meeting"]:
        running = asyncio.create_task(self.connector.run())
        await self.until(lambda: self.connector.port > 0)
        usual = {"realtime_every": "5s", "ack_timeout": "500ms", "backoff": "50ms", "most_backoff": "200ms"}
        self.plant = Plant(port=self.connector.port, **{**usual, **options})
        await self.plant.fleet.start()
        try:
            yield self
        finally:
            await self.plant.fleet.stop()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def play(self, seconds: int) -> None:
        """So many seconds of the plant, and until all of it was heard."""
        for at_us in range(self.now_us, self.now_us + seconds * _S, 5 * _S):
            self.now_us = at_us
            await self.plant.show(at_us)
        self.now_us += 5 * _S
        await self.until(lambda: self.plant.fleet.counts()["waiting"] == 0)

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not enough():
                await asyncio.sleep(0.01)

    def samples(self, tag: str) -> dict[int, float]:
        """By time."""
        ix = self.table.ix_of[tag]
        return {
            int(t): float(v)
            for batch in self.intake.batches
            for t, v in zip(batch.time_us[batch.tag == ix], batch.value[batch.tag == ix], strict=True)
        }

    def minutes(self, tag: str) -> dict[int, float]:
        """Means by start."""
        found = concat_periods(self.intake.periods)
        mine = (found.tag == self.table.ix_of[tag]) & (found.length_s == 60)
        return dict(zip(found.start_us[mine].tolist(), found.avg[mine].tolist(), strict=True))


@pytest.mark.parametrize("profile", _UNDERSTOOD)
async def test_what_any_maker_sends_arrives(profile: Profile) -> None:
    async with Meeting().of(gas=LoggerConfig(profile=profile)) as meeting:
        await meeting.play(130)
    times = [NINE_US + k * _S for k in range(5, 130, 5)]
    assert meeting.samples(f"{DA002}.so2") == dict.fromkeys(times, 20.0)
    assert meeting.samples(f"{DA002}.o2") == dict.fromkeys(times, 5.5)
    assert meeting.samples(f"{DW002}.cod") == dict.fromkeys(times, 100.0)
    assert meeting.minutes(f"{DA002}.so2") == {NINE_US: 20.0, NINE_US + 60 * _S: 20.0}
    assert meeting.intake.letters == []


async def test_converted_values_arrive_beside_the_measured_ones() -> None:
    async with Meeting().of() as meeting:
        await meeting.play(10)
    assert list(meeting.samples(f"{DA002}.so2_converted").values()) == [23.2]


async def test_a_maker_with_the_wrong_crc_is_kept_as_dead_letters() -> None:
    async with Meeting().of(gas=LoggerConfig(profile=Profile.MODBUS_CRC), resends=0) as meeting:
        await meeting.plant.run(NINE_US, NINE_US + 10 * _S)
        await meeting.until(lambda: len(meeting.intake.letters) > 0)
    assert {one.reason for one in meeting.intake.letters} == {"bad_crc"}
    assert meeting.samples(f"{DA002}.so2") == {}


async def test_split_packets_arrive_whole() -> None:
    async with Meeting().of(gas=LoggerConfig(split_at=1)) as meeting:
        await meeting.play(70)
    assert len(meeting.samples(f"{DA002}.so2")) == len(meeting.samples(f"{DA002}.flow")) == 13
    assert meeting.minutes(f"{DA002}.flow") == {NINE_US: 3600.0}


@pytest.mark.parametrize("profile", [Profile.STANDARD_2017, Profile.SEMICOLON_MESS, Profile.OLD_2005, Profile.V2025])
async def test_history_is_had_from_any_maker(profile: Profile) -> None:
    async with Meeting().of(gas=LoggerConfig(profile=profile), realtime_every="60s") as meeting:
        await meeting.play(600)
        span = {"of": "minute", "from": "2026-11-10T09:02:00+08:00", "to": "2026-11-10T09:06:00+08:00"}
        outcome = await meeting.connector.command(Command(device=GAS, name="history", parameters=span))
    assert (outcome.result, outcome.packets) == (Result.DONE, 5)
    told = [one["DataTime"] for one in outcome.data]
    assert told == [f"20261110090{minute}00" for minute in range(2, 7)]


async def test_a_logger_that_asks_for_the_time_gets_it() -> None:
    config = LoggerConfig(asks_time=True, ahead_s=100.0)
    async with Meeting(set_clocks=True).of(gas=config) as meeting:
        clock = next(one.logger for one in meeting.plant.fleet.loggers if one.logger.mn == GAS).clock
        await meeting.plant.show(NINE_US)
        await meeting.until(lambda: abs(clock.read(NINE_US) - NINE_US) < 2 * _S)
