"""What an outage left missing: the logger's own resends first, then requests for the rest, and the gap that is told."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from connectors.base import Gap
from connectors.hj212.beijing import text_of, time_us
from connectors.hj212.packet import Packet, build
from tests.integration.hj212.rig import MINUTE_US, MN, START_US, Logger, Station, until

_QUICK: dict[str, Any] = {
    "settle": "100ms",
    "pause": "0s",
    "periods_a_request": 4,
    "retry_first": "100ms",
    "retry_max": "100ms",
    "look_back": "0s",
}


def _minutes(request: Packet) -> range:
    """That a request for minute data asks for, from the start."""
    first, last = (time_us(request.params[name]) for name in ("BeginTime", "EndTime"))
    assert first is not None
    assert last is not None
    return range((first - START_US) // MINUTE_US, (last - START_US) // MINUTE_US + 1)


class Archive:
    """A logger's memory: it has every minute but those that are lost, and counts what it is asked."""

    def __init__(self, *, lost: tuple[int, ...] = (), hours: bool = False) -> None:
        self.lost, self.hours = lost, hours
        self.asked: list[tuple[str, int, int]] = []

    async def __call__(self, logger: Logger, request: Packet) -> None:
        logger.accept(request)
        if request.cn == "1063":
            logger.send(logger.frame("1063", "MinInterval=1", qn=request.qn, flag=4))
            logger.done(request)
            return
        minutes = _minutes(request)
        self.asked.append((request.cn, minutes[0], minutes[-1]))
        if request.cn != "2051":
            logger.done(request, 100)
            return
        for minute in minutes:
            if minute not in self.lost:
                logger.send(logger.minute(minute, qn=request.qn, flag=4))
        logger.done(request)

    @property
    def minutes(self) -> list[int]:
        """All that were asked for."""
        return [minute for cn, first, last in self.asked if cn == "2051" for minute in range(first, last + 1)]


def _one_gap(station: Station) -> Gap:
    """Told when it was over, and again when its history was in."""
    first, last = station.gaps
    assert first == replace(last, refilled=None)
    return last


async def _away(station: Station, minutes: int) -> None:
    """The logger is gone for so long."""
    await until(lambda: not station.connector.health.devices[MN].connected)
    station.ahead_us += minutes * MINUTE_US


async def test_what_an_outage_left_missing_is_asked_for_and_told() -> None:
    archive = Archive()
    async with Station(history=_QUICK).running() as station:
        async with Logger(station).connected() as before:
            before.send(before.minute(-2))
            before.send(before.minute(-1))
            await before.until("9014", 2)
        await _away(station, 10)
        async with Logger(station, script=archive).connected() as after:
            after.send(after.realtime(600, 1.0))
            await until(lambda: len(station.gaps) == 2)
            gap = _one_gap(station)
            assert (gap.connector, gap.refilled) == (f"loggers/{MN}", 9)
            assert gap.reason.startswith("connection lost")
            assert gap.from_us < START_US + MINUTE_US < START_US + 9 * MINUTE_US < gap.to_us
        assert sorted(minute for minute, asked in station.minutes() if asked) == list(range(9))
        assert [first for cn, first, _ in archive.asked if cn == "2051"] == [0, 4, 8]  # four a request


async def test_what_the_logger_sends_by_itself_is_not_asked_for() -> None:
    archive = Archive()
    async with Station(history=_QUICK | {"settle": "1s"}).running() as station:
        async with Logger(station).connected() as before:
            before.send(before.minute(-1))
            await before.until("9014")
        await _away(station, 10)
        async with Logger(station, script=archive).connected() as after:
            for minute in (0, 1, 2, 5, 6, 7, 8):
                after.send(after.minute(minute))
            await until(lambda: len(station.gaps) == 2)
        assert archive.minutes == [3, 4]
        assert _one_gap(station).refilled == 9
        assert sorted(station.minutes()) == [(minute, minute in (3, 4)) for minute in range(-1, 9)]


async def test_after_our_own_absence_the_time_since_the_journals_newest_is_asked_for() -> None:
    archive = Archive()
    station = Station(history=_QUICK, newest_us=START_US - 5 * MINUTE_US - 20_000_000)
    async with station.running(), Logger(station, script=archive).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        gap = _one_gap(station)
        assert (gap.from_us, gap.reason) == (START_US - 5 * MINUTE_US - 20_000_000, "the service was not there")
        assert sorted({minute for minute, asked in station.minutes() if asked}) == [-6, -5, -4, -3, -2]


async def test_after_a_start_the_interval_need_not_be_known() -> None:
    archive = Archive()
    station = Station(history=_QUICK, newest_us=START_US - 5 * MINUTE_US, interval=None)
    async with station.running(), Logger(station, script=archive).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert {minute for minute, asked in station.minutes() if asked} == set(range(-5, -1))
        assert {int(length_s) for batch in station.intake.periods for length_s in batch.length_s} == {60}


async def test_an_interval_that_nobody_tells_is_learnt_before_minutes_are_asked_for() -> None:
    archive = Archive()

    async def reserved(logger: Logger, request: Packet) -> None:
        if request.cn == "1063":
            logger.accept(request, 8)
        else:
            await archive(logger, request)

    station = Station(history=_QUICK, newest_us=START_US - 8 * MINUTE_US, interval=None)
    async with station.running(), Logger(station, script=reserved).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert archive.minutes == []
        for minute in (-3, -2):
            logger.send(logger.minute(minute))
        await until(lambda: len(archive.minutes) == 5)
        assert archive.minutes == [-8, -7, -6, -5, -4]


async def test_a_device_that_was_never_heard_is_not_asked_for_its_past() -> None:
    archive = Archive()
    async with Station(history=_QUICK).running() as station, Logger(station, script=archive).connected() as logger:
        logger.send(logger.minute(-1))
        logger.send(logger.minute(0))
        await logger.until("9014", 2)
        assert (archive.asked, station.gaps) == ([], [])


async def test_a_lost_packet_leaves_a_hole_that_is_asked_for() -> None:
    archive = Archive()
    async with Station(history=_QUICK).running() as station, Logger(station, script=archive).connected() as logger:
        for minute in (-9, -8, -5, -4):
            logger.send(logger.minute(minute))
        await until(lambda: len(station.minutes()) == 6)
        assert archive.minutes == [-7, -6]
        assert station.gaps == []


async def test_what_the_logger_does_not_have_is_asked_for_once() -> None:
    archive = Archive(lost=(-7,))
    async with Station(history=_QUICK).running() as station, Logger(station, script=archive).connected() as logger:
        for minute in (-9, -8, -5):
            logger.send(logger.minute(minute))
        await until(lambda: len(station.minutes()) == 4)
        logger.send(logger.minute(-3))
        await until(lambda: len(station.minutes()) == 6)
        assert archive.minutes == [-7, -6, -4]


async def test_a_logger_that_refuses_is_not_asked_again() -> None:
    asked: list[str] = []

    async def refusing(logger: Logger, request: Packet) -> None:
        asked.append(request.cn)
        logger.accept(request, 8)

    async with Station(history=_QUICK).running() as station, Logger(station, script=refusing).connected() as logger:
        for minute in (-9, -7):
            logger.send(logger.minute(minute))
        await until(lambda: asked)
        await until(lambda: "refused" in station.connector.health.devices[MN].last_error)
        for minute in (-5, -3):
            logger.send(logger.minute(minute))
        await logger.until("9014", 4)
        await until(lambda: not station.connector._history._wanted)
        assert asked == ["2051"]


async def test_a_gap_of_a_logger_without_history_has_no_number() -> None:
    async def refusing(logger: Logger, request: Packet) -> None:
        logger.accept(request, 8)

    station = Station(history=_QUICK, newest_us=START_US - 30 * MINUTE_US)
    async with station.running(), Logger(station, script=refusing).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert _one_gap(station).refilled is None


async def test_a_silent_logger_is_asked_again_later() -> None:
    archive = Archive()
    seen: list[str] = []

    async def asleep(logger: Logger, request: Packet) -> None:
        seen.append(request.qn)
        if len(set(seen)) > 1:
            await archive(logger, request)

    station = Station(history=_QUICK, newest_us=START_US - 3 * MINUTE_US, answer_timeout="500ms", resends=1)
    async with station.running(), Logger(station, script=asleep).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert _one_gap(station).refilled == len(archive.minutes) == 2


async def test_a_busy_logger_is_asked_again_later() -> None:
    archive = Archive()
    asked: list[str] = []

    async def busy(logger: Logger, request: Packet) -> None:
        asked.append(request.qn)
        if len(asked) > 1:
            await archive(logger, request)
        else:
            logger.accept(request)
            logger.done(request, 5)

    station = Station(history=_QUICK, newest_us=START_US - 3 * MINUTE_US)
    async with station.running(), Logger(station, script=busy).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert len(archive.minutes) > 0


async def test_hours_and_days_are_asked_for_where_one_has_passed() -> None:
    archive = Archive()
    station = Station(history=_QUICK | {"periods_a_request": 5_000}, newest_us=START_US - 10 * 60 * MINUTE_US)
    async with station.running(), Logger(station, script=archive).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        asked = {cn: (first, last) for cn, first, last in archive.asked}
        # 08:00 now, 22:00 yesterday then: hours 22 to 06 have not come, and yesterday's mean
        assert asked["2061"] == (-600, -120)
        assert asked["2031"] == (-60 * 32, -60 * 32)


async def test_one_at_a_time_and_not_all_loggers_at_once() -> None:
    busy: set[str] = set()
    most: list[int] = []

    async def counting(logger: Logger, request: Packet) -> None:
        assert logger.mn not in busy
        busy.add(logger.mn)
        most.append(len(busy))
        logger.accept(request)
        await asyncio.sleep(0.02)
        logger.done(request, 100)
        busy.discard(logger.mn)

    fleet = [{"mn": f"FLEET{number}", "enterprise": "acme"} for number in range(6)]
    station = Station(history=_QUICK | {"at_once": 2}, devices=fleet)
    async with station.running():
        for one in fleet:
            device = station.connector._devices[one["mn"]]
            device.away_since_us, device.has_tags = START_US - 10 * MINUTE_US, True
        async with AsyncExitStack() as stack:
            for one in fleet:
                logger = Logger(station, mn=one["mn"], script=counting)
                await stack.enter_async_context(logger.connected())
                logger.send(logger.realtime(0, 1.0))
            await until(lambda: len(station.gaps) == 2 * len(fleet))
    assert max(most) <= 2


async def test_loggers_that_connect_only_to_send_have_no_gaps() -> None:
    async with Station(gap_after="1m").running() as station:
        for visit in range(6):
            async with Logger(station).connected() as logger:
                logger.send(logger.minute(10 * visit - 10))
                await logger.until("9014")
            await _away(station, 10)
        assert len({gap.from_us for gap in station.gaps}) <= 1  # the first time nobody could know


async def test_a_logger_that_is_always_there_has_a_gap_each_time_it_is_not() -> None:
    async with Station(gap_after="1m").running() as station:
        for visit in range(4):
            async with Logger(station).connected() as logger:
                for minute in (0, 60):
                    station.ahead_us += minute * MINUTE_US
                    logger.send(logger.realtime(visit, float(minute)))
                    await logger.until("9014", 1 + (minute > 0))
            await _away(station, 10)
    assert len({gap.from_us for gap in station.gaps}) == 3


async def test_a_clock_is_not_read_from_the_numbers_that_we_gave() -> None:
    async with Station(history=_QUICK).running() as station, Logger(station, script=Archive()).connected() as logger:
        behind = text_of(station.now_us() - 90_000_000, milliseconds=True)
        logger.send(logger.realtime(0, 1.0, qn=behind))
        for minute in (-9, -7):
            logger.send(logger.minute(minute, qn=behind))
        await until(lambda: len(station.minutes()) == 3)
        ahead_s = station.connector.health.devices[MN].clock_ahead_s
        assert ahead_s is not None
        assert ahead_s < -85


async def test_the_clock_of_a_logger_without_numbers_is_read_from_its_values() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        for second in (-600, 60):  # what was kept says nothing
            content = f"DataTime={text_of(START_US + second * 1_000_000)};w01018-Rtd=1.0"
            logger.send(build(cn="2011", mn=MN, pw=logger.pw, flag=None, content=content))
        await until(lambda: len(station.values("acme.outlet.cod")) == 2)
        ahead_s = station.connector.health.devices[MN].clock_ahead_s
        assert ahead_s is not None
        assert 0 < ahead_s < 60


async def test_minutes_that_stop_coming_are_asked_for_and_no_more_where_there_are_none() -> None:
    archive = Archive()
    async with Station(history=_QUICK).running() as station, Logger(station, script=archive).connected() as logger:
        logger.send(logger.minute(-1))
        await logger.until("9014")
        station.ahead_us += 20 * MINUTE_US
        logger.send(logger.realtime(1_200, 1.0))
        await until(lambda: len(station.minutes()) > 1)
        await until(lambda: not station.connector._history._wanted)
        known = archive.minutes
        assert known == list(range(len(known)))
        assert len(known) >= 19
        archive.lost = tuple(range(1_000))
        for _ in range(3):
            asked = len(archive.asked)
            station.ahead_us += 20 * MINUTE_US
            await until(lambda: station.connector._history._overdue_at_us > station.now_us())
            await until(lambda: not station.connector._history._wanted)
        assert len(archive.asked) == asked


async def test_a_period_of_the_future_leaves_no_hole() -> None:
    archive = Archive()
    async with Station(history=_QUICK).running() as station, Logger(station, script=archive).connected() as logger:
        for minute in (-9, 40_000_000, -8, -6):
            logger.send(logger.minute(minute))
        await until(lambda: archive.minutes)
        await until(lambda: not station.connector._history._wanted)
        assert archive.minutes == [-7]


async def test_disabled_history_asks_nothing_and_still_tells_the_gap() -> None:
    archive = Archive()
    station = Station(history={"enabled": False, "settle": "100ms"}, newest_us=START_US - 30 * MINUTE_US)
    async with station.running(), Logger(station, script=archive).connected() as logger:
        logger.send(logger.realtime(0, 1.0))
        await until(lambda: len(station.gaps) == 2)
        assert (_one_gap(station).refilled, archive.asked) == (None, [])
