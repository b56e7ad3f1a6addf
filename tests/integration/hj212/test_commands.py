"""Host commands to a logger that follows a script: request, 9011, data, 9012 (HJ 212-2017, 6.6 and annex C)."""

import asyncio
from typing import Any

import pytest

from connectors.devices import (
    Command,
    CommandForbidden,
    CommandInvalid,
    DeviceAway,
    DeviceSilent,
    DeviceUnknown,
    Outcome,
    Result,
)
from connectors.hj212.packet import Packet
from tests.integration.hj212.rig import MN, Logger, Station, until


def _command(name: str, device: str = MN, **parameters: Any) -> Command:
    return Command(device=device, name=name, parameters={key.rstrip("_"): value for key, value in parameters.items()})


async def _ask(station: Station, logger: Logger, command: Command) -> Outcome:
    """Once the logger has shown itself."""
    logger.send(logger.realtime(0, 0.0))
    await logger.until("9014")
    return await station.connector.command(command)


async def _obedient(logger: Logger, request: Packet) -> None:
    logger.accept(request)
    logger.done(request)


async def _informative(logger: Logger, request: Packet) -> None:
    """The way of annex C.2: accepted, the answer in a packet of the same CN, done."""
    logger.accept(request)
    logger.send(logger.frame(request.cn, "PolId=w01018;w01018-SN=010000A8900016F000169DC1", flag=4, qn=request.qn))
    logger.done(request)


async def test_a_command_is_written_as_the_standard_has_it() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        outcome = await _ask(station, logger, _command("set-realtime-interval", seconds=30))
        assert (outcome.result, outcome.words, outcome.code, outcome.answer) == (Result.DONE, "done", "1062", 1)
        request = logger.got[-1]
        assert (request.st, request.cn, request.flag, request.content) == ("32", "1062", 5, "RtdInterval=30")
        assert (request.mn, request.pw, len(request.qn)) == (MN, "123456", 17)


async def test_data_come_with_the_outcome() -> None:
    async with Station().running() as station, Logger(station, script=_informative).connected() as logger:
        outcome = await _ask(station, logger, _command("get-serial", pollutant="w01018"))
        assert (outcome.result, outcome.packets) == (Result.DONE, 1)
        assert outcome.data == ({"PolId": "w01018", "w01018-SN": "010000A8900016F000169DC1"},)


async def test_the_clock_is_set_to_ours() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        await _ask(station, logger, _command("set-clock"))
        assert logger.got[-1].content.startswith("SystemTime=2026110108")


async def test_a_clock_is_set_to_the_time_of_each_sending() -> None:
    async def deaf_at_first(logger: Logger, request: Packet) -> None:
        logger.station.ahead_us += 600_000_000
        if len(logger.answers("1012")) > 1:
            await _obedient(logger, request)

    station = Station(answer_timeout="200ms", resends=20)
    async with station.running(), Logger(station, script=deaf_at_first).connected() as logger:
        await _ask(station, logger, _command("set-clock"))
        first, second = (packet.params["SystemTime"] for packet in logger.got if packet.cn == "1012")
        assert (first[:12], second[:12]) == ("202611010800", "202611010810")


@pytest.mark.parametrize(
    ("code", "words"), [(2, "refuses"), (3, "PW is wrong"), (8, "does not know this command"), (77, "77")]
)
async def test_a_refusal_is_told_in_words(code: int, words: str) -> None:
    async def refuse(logger: Logger, request: Packet) -> None:
        logger.accept(request, code)

    async with Station().running() as station, Logger(station, script=refuse).connected() as logger:
        outcome = await _ask(station, logger, _command("get-clock"))
        assert (outcome.result, outcome.answer) == (Result.REFUSED, code)
        assert words in outcome.words


@pytest.mark.parametrize(
    ("code", "result", "words"), [(2, Result.FAILED, "cause unknown"), (100, Result.NO_DATA, "no data")]
)
async def test_a_failure_is_told_in_words(code: int, result: Result, words: str) -> None:
    async def fail(logger: Logger, request: Packet) -> None:
        logger.accept(request)
        logger.done(request, code)

    async with Station().running() as station, Logger(station, script=fail).connected() as logger:
        outcome = await _ask(station, logger, _command("get-clock"))
        assert outcome.result is result
        assert words in outcome.words


async def test_a_silent_device_is_told_again_with_the_same_qn_and_then_given_up() -> None:
    async with Station(answer_timeout="100ms").running() as station, Logger(station).connected() as logger:
        with pytest.raises(DeviceSilent, match="4 times"):
            await _ask(station, logger, _command("get-clock"))
        assert len(logger.answers("1011")) == 4
        assert len(set(logger.answers("1011"))) == 1


async def test_an_answer_to_the_second_sending_counts() -> None:
    told: list[str] = []

    async def hesitant(logger: Logger, request: Packet) -> None:
        told.append(request.qn)
        if len(told) == 2:
            await _obedient(logger, request)

    station = Station(answer_timeout="300ms", resends=20)
    async with station.running(), Logger(station, script=hesitant).connected() as logger:
        outcome = await _ask(station, logger, _command("set-minute-interval", minutes=10))
        assert outcome.result is Result.DONE
        assert len(told) >= 2


async def test_an_answer_to_another_request_does_not_count() -> None:
    async def confused(logger: Logger, request: Packet) -> None:
        request.qn = "20200101000000000"
        await _obedient(logger, request)

    station = Station(resends=0, answer_timeout="200ms")
    async with station.running(), Logger(station, script=confused).connected() as logger:
        with pytest.raises(DeviceSilent):
            await _ask(station, logger, _command("get-clock"))


async def test_accepted_without_a_result_is_no_success() -> None:
    async def lazy(logger: Logger, request: Packet) -> None:
        logger.accept(request)

    station = Station(execution_timeout="200ms")
    async with station.running(), Logger(station, script=lazy).connected() as logger:
        outcome = await _ask(station, logger, _command("set-clock"))
        assert outcome.result is Result.ACCEPTED
        assert "no result" in outcome.words


async def test_a_new_minute_interval_is_gone_by_at_once() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        await _ask(station, logger, _command("set-minute-interval", minutes=10))
        assert station.connector._devices[MN].coverage["2051"].length_us == 600_000_000
        assert "configuration" in station.connector.health.devices[MN].last_error


async def test_stopping_is_a_notification() -> None:
    async def note(logger: Logger, request: Packet) -> None:
        logger._reply(request, "9013", "")

    async with Station().running() as station, Logger(station, script=note).connected() as logger:
        assert (await _ask(station, logger, _command("stop-realtime"))).result is Result.DONE


async def test_a_device_that_is_not_there_cannot_be_told() -> None:
    async with Station().running() as station:
        with pytest.raises(DeviceAway, match="has not spoken since we started"):
            station.connector.check(_command("get-clock"))
        with pytest.raises(DeviceAway, match="not connected"):
            await station.connector.command(_command("get-clock"))
        with pytest.raises(DeviceUnknown):
            station.connector.check(_command("get-clock", "NOBODY"))


async def test_what_acts_on_instruments_needs_to_be_allowed() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        with pytest.raises(CommandForbidden, match="allow_control"):
            await _ask(station, logger, _command("calibrate", pollutant="w01018"))
        assert logger.answers("3011") == []
    async with (
        Station(allow_control=True).running() as station,
        Logger(station, script=_obedient).connected() as logger,
    ):
        outcome = await _ask(station, logger, _command("calibrate", pollutant="w01018"))
        assert (outcome.result, logger.got[-1].content) == (Result.DONE, "PolId=w01018")


async def test_wrong_parameters_are_not_sent() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        with pytest.raises(CommandInvalid, match="seconds"):
            await _ask(station, logger, _command("set-realtime-interval", seconds=10))
        assert logger.answers("1062") == []


async def test_history_for_a_span_comes_as_asked_for_and_is_stored() -> None:
    async def remembering(logger: Logger, request: Packet) -> None:
        logger.accept(request)
        for minute in (-3, -2):
            logger.send(logger.minute(minute, float(minute), flag=4))
        logger.send(logger.minute(0))  # by itself, meanwhile
        logger.done(request)

    async with Station().running() as station, Logger(station, script=remembering).connected() as logger:
        span = {"from_": "2026-11-01T07:57:00+08:00", "to": "2026-11-01T07:58:00+08:00"}
        outcome = await _ask(station, logger, _command("history", of="minute", **span))
        assert (outcome.result, outcome.packets) == (Result.DONE, 2)
        assert logger.got[1].content == "BeginTime=20261101075700;EndTime=20261101075800"
        await until(lambda: len(station.minutes()) == 3)
        assert station.minutes() == [(-3, True), (-2, True), (0, False)]


async def test_commands_to_one_device_wait_for_each_other() -> None:
    open_requests: list[str] = []

    async def slow(logger: Logger, request: Packet) -> None:
        open_requests.append(request.cn)
        assert len(open_requests) == 1
        logger.accept(request)
        await asyncio.sleep(0.05)
        open_requests.remove(request.cn)
        logger.done(request)

    async with Station().running() as station, Logger(station, script=slow).connected() as logger:
        await _ask(station, logger, _command("set-clock"))
        asked = [station.connector.command(_command(name)) for name in ("set-clock", "get-clock", "set-clock")]
        assert {one.result for one in await asyncio.gather(*asked)} == {Result.DONE}


async def test_a_logger_that_asks_for_the_time_gets_it_where_that_is_wanted() -> None:
    async with Station(set_clocks=True).running() as station, Logger(station, script=_obedient).connected() as logger:
        logger.send(logger.frame("1013", "PolId=w01018"))
        await logger.until("9013")
        await logger.until("1012")
        assert logger.got[-1].content.startswith("PolId=w01018;SystemTime=20261101")
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        logger.send(logger.frame("1013", "PolId=w01018"))
        await logger.until("9013")
        logger.send(logger.realtime(1, 1.0))
        await logger.until("9014")
        assert logger.answers("1012") == []


async def test_after_a_change_of_password_both_are_taken() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as logger:
        shown = await _changed_password(station, logger)
        assert "654321" not in str(shown)
        for pw in ("123456", "654321"):
            logger.pw = pw
            logger.send(logger.realtime(int(pw[0]), 1.0))
        await logger.until("9014", 3)
        assert (await station.connector.command(_command("get-clock"))).result is Result.DONE
        assert logger.got[-1].pw == "654321"
        assert "configuration" in station.connector.health.devices[MN].last_error


async def _changed_password(station: Station, logger: Logger) -> object:
    command = _command("set-password", password="654321")
    await _ask(station, logger, command)
    return station.connector.check(command)


async def test_commands_go_where_the_logger_spoke_last() -> None:
    async with (
        Station().running() as station,
        Logger(station, script=_obedient).connected() as first,
        Logger(station, script=_obedient).connected() as second,
    ):
        first.send(first.realtime(0, 0.0))
        await first.until("9014")
        await _ask(station, second, _command("get-clock"))
        assert (len(first.answers("1011")), len(second.answers("1011"))) == (0, 1)
        first.send(first.realtime(1, 0.0))
        await first.until("9014", 2)
        await station.connector.command(_command("get-clock"))
        assert (len(first.answers("1011")), len(second.answers("1011"))) == (1, 1)


async def test_where_the_last_connection_ends_the_one_before_is_used() -> None:
    async with Station().running() as station, Logger(station, script=_obedient).connected() as first:
        first.send(first.realtime(0, 0.0))
        await first.until("9014")
        async with Logger(station).connected() as second:
            second.send(second.realtime(1, 0.0))
            await second.until("9014")
        await until(lambda: len(station.connector._devices[MN].peers) == 1)
        assert (await station.connector.command(_command("get-clock"))).result is Result.DONE
