"""Acknowledged after the journal and never before; what is no packet gets silence; a resend is stored once."""

import asyncio

import pytest

from connectors.base import State
from connectors.hj212.packet import parse
from tests.integration.hj212.rig import BOREALIS, MN, OTHER, PW, Logger, Station, until


async def test_data_are_acknowledged_with_their_own_qn_and_stored() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        logger.send(logger.realtime(1, 41.5, qn="20261101080001223"))
        assert await logger.until("9014") == ["20261101080001223"]
        (ack,) = logger.got
        assert (ack.st, ack.pw, ack.mn, ack.flag, ack.content) == ("91", PW, MN, 4, "")
        assert station.values("acme.outlet.cod") == [(1, 41.5)]
        assert [(one.enterprise, one.device) for one in station.intake.frames] == [("acme", MN)]
        assert b"w01018-Rtd=41.5" in station.intake.frames[0].data


async def test_nothing_is_acknowledged_before_the_journal_has_it() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        station.intake.open.clear()
        logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.intake.begun)
        logger.send(logger.realtime(2, 2.0))
        await until(lambda: station.intake.begun == 2)
        assert logger.got == []
        station.intake.open.set()
        assert len(await logger.until("9014", 2)) == 2
        assert station.connector.health.devices[MN].acknowledged == 2


async def test_what_the_journal_refuses_is_not_acknowledged_until_it_takes_it() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        station.intake.refuses = True
        logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.connector.health.state is State.DEGRADED)
        assert "disk is full" in station.connector.health.last_error
        assert logger.got == []
        station.intake.refuses = False
        await logger.until("9014")
        await until(lambda: station.connector.health.state is State.CONNECTED)
        assert station.values("acme.outlet.cod") == [(1, 1.0)]


async def test_data_that_want_no_answer_get_none() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        logger.send(logger.minute(0, flag=4))
        logger.send(logger.minute(1))
        assert len(await logger.until("9014")) == 1
        assert [minute for minute, _ in station.minutes()] == [0, 1]


async def test_a_notification_is_answered_as_one() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        logger.send(logger.frame("9015", "", flag=9, qn="20261101080001001"))
        logger.send(logger.frame("1013", "PolId=w01018", qn="20261101080001002"))
        assert await logger.until("9013", 2) == ["20261101080001001", "20261101080001002"]
        assert [packet.flag for packet in logger.got] == [8, 4]


async def test_bad_crc_gets_silence_and_becomes_a_dead_letter() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        good = logger.realtime(1, 1.0)
        logger.send(good)
        logger.send(good.replace(b"w01018-Rtd=1.0", b"w01018-Rtd=2.0"))
        logger.send(logger.realtime(2, 3.0))
        await logger.until("9014", 2)
        await until(lambda: station.intake.letters)
        assert station.values("acme.outlet.cod") == [(1, 1.0), (2, 3.0)]
        (letter,) = station.intake.letters
        assert (letter.reason, letter.enterprise) == ("bad_crc", "acme")
        assert b"w01018-Rtd=2.0" in letter.raw
        assert station.connector.health.devices[MN].rejected == 1


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_how_bytes_are_cut_makes_no_difference(size: int) -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        data = b"".join(logger.realtime(second, second) for second in range(3))
        for at in range(0, len(data), size):
            logger.send(data[at : at + size])
            await asyncio.sleep(0)
        await logger.until("9014", 3)
        assert station.values("acme.outlet.cod") == [(0, 0.0), (1, 1.0), (2, 2.0)]


async def test_every_part_of_a_split_packet_is_acknowledged() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        time = "DataTime=20261101080000"
        logger.send(logger.frame("2011", f"{time};w01018-Rtd=5.5,w01018-Flag=N", flag=7, pnum=2, pno=1))
        logger.send(logger.frame("2011", f"{time};w01001-Rtd=7.1,w01001-Flag=N", flag=7, pnum=2, pno=2))
        await logger.until("9014", 2)
        assert station.values("acme.outlet.cod") == [(0, 5.5)]
        assert station.values("acme.outlet.ph") == [(0, 7.1)]


async def test_a_resend_is_acknowledged_again_and_stored_once() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        frame = logger.realtime(1, 1.0)
        logger.send(frame)
        await logger.until("9014")
        logger.send(frame)
        await logger.until("9014", 2)
        logger.send(logger.realtime(1, 1.0))  # the same under a new QN
        await logger.until("9014", 3)
        assert station.values("acme.outlet.cod") == [(1, 1.0)]
        assert len(station.intake.frames) == 1
        assert station.connector.health.devices[MN].resent == 2


async def test_a_resend_of_what_the_journal_does_not_have_yet_is_not_acknowledged_early() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        station.intake.open.clear()
        frame = logger.realtime(1, 1.0)
        logger.send(frame)
        await until(lambda: station.intake.begun == 1)
        logger.send(frame)
        await until(lambda: station.intake.begun == 2)
        assert logger.got == []
        station.intake.open.set()
        await logger.until("9014", 2)


async def test_two_heartbeats_are_two_and_no_resend() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        for _ in range(2):
            logger.send(logger.frame("9015", "", flag=9))
        await logger.until("9013", 2)
        assert station.connector.health.devices[MN].resent == 0


async def test_unknown_mn_is_not_acknowledged_and_kept() -> None:
    async with Station().running() as station, Logger(station, mn="NOBODY").connected() as logger:
        logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.reasons == ["unknown_device"])
        logger.send(logger.frame("1013", "PolId=w01018"))
        await logger.until("9011")
        assert [packet.params for packet in logger.got] == [{"QnRtn": "4"}]
        assert station.values("acme.outlet.cod") == []
        assert {letter.enterprise for letter in station.intake.letters} == {""}


async def test_wrong_password_is_not_acknowledged_and_never_told() -> None:
    async with Station().running() as station, Logger(station, pw="999999").connected() as logger:
        logger.send(logger.realtime(1, 1.0))
        logger.send(logger.frame("1013", "PolId=w01018"))
        await logger.until("9011")
        assert [packet.params for packet in logger.got] == [{"QnRtn": "3"}]
        assert station.reasons == ["wrong_password"] * 2
        assert {letter.enterprise for letter in station.intake.letters} == {"acme"}
        said = [station.connector.health.devices[MN].last_error, *(one.detail for one in station.intake.letters)]
        assert not [text for text in said if PW in text or "999999" in text]
        assert station.values("acme.outlet.cod") == []


async def test_a_logger_that_only_the_park_file_names_is_known() -> None:
    async with Station().running() as station, Logger(station, mn=BOREALIS, pw="anything").connected() as logger:
        logger.send(logger.realtime(1, 5.0))
        await logger.until("9014")
        assert station.values("borealis.outlet.cod") == [(1, 5.0)]
        assert station.intake.frames[0].enterprise == "borealis"


async def test_several_loggers_speak_over_one_connection() -> None:
    async with Station().running() as station, Logger(station).connected() as gateway:
        other = Logger(station, mn=OTHER)
        gateway.send(gateway.realtime(1, 1.0))
        gateway.send(other.frame("2011", "DataTime=20261101080001;a21026-Rtd=30,a21026-Flag=N", st="31"))
        await gateway.until("9014", 2)
        assert [packet.mn for packet in gateway.got] == [MN, OTHER]
        assert station.values("acme.stack.so2") == [(1, 30.0)]
        assert all(station.connector.health.devices[mn].connected for mn in (MN, OTHER))


async def test_what_is_damaged_counts_for_the_logger_that_it_names() -> None:
    async with Station().running() as station, Logger(station).connected() as gateway:
        other = Logger(station, mn=OTHER)
        for one in (gateway, other):
            gateway.send(one.realtime(1, 1.0))
        await gateway.until("9014", 2)
        gateway.send(gateway.realtime(2, 1.0).replace(b"Rtd=1.0", b"Rtd=2.0"))
        gateway.send(b"rubbish\r\n")
        await until(lambda: len(station.intake.letters) == 2)
        devices = station.connector.health.devices
        assert (devices[MN].rejected, devices[OTHER].rejected) == (1, 0)
        assert {letter.enterprise for letter in station.intake.letters} == {"acme"}


async def test_strict_devices_are_read_strictly_and_others_are_counted() -> None:
    strict = {"mn": OTHER, "password": PW, "strict": True}
    async with Station(devices=[strict]).running() as station, Logger(station).connected() as logger:
        odd = "DataTime=20261101080001; w01018-Rtd=1.0"
        logger.send(logger.frame("2011", odd))
        await logger.until("9014")
        assert sum(station.connector.health.devices[MN].deviations.values()) == 1
        logger.mn = OTHER
        logger.send(logger.frame("2011", odd))
        await until(lambda: station.reasons == ["strict"])
        assert len(logger.answers("9014")) == 1


async def test_2005_senders_without_qn_and_flag_are_stored() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        frame = logger.frame("2011", "DataTime=20261101080001;011-Rtd=36.5,011-Flag=N", flag=None)
        packet = parse(frame[6:-6])
        assert packet.flag is None
        logger.send(frame)
        await until(lambda: station.values("acme.outlet.cod") == [(1, 36.5)])
        assert logger.got == []
        assert station.connector.health.devices[MN].protocol == "HJ/T 212-2005"


async def test_an_error_of_ours_is_not_acknowledged_and_the_next_frame_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Station().running() as station, Logger(station).connected() as logger:

        def broken(*_: object) -> None:
            raise RuntimeError("a gap in our reading")

        monkeypatch.setattr(station.connector._inbound, "_finish", broken)
        logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.connector.health.errors)
        monkeypatch.undo()
        logger.send(logger.realtime(1, 1.0))
        assert len(await logger.until("9014")) == 1
        assert station.values("acme.outlet.cod") == [(1, 1.0)]
        assert station.connector._server._held_bytes == 0


async def test_what_the_journal_takes_while_we_stop_is_still_acknowledged() -> None:
    async with Station().running() as station, Logger(station).connected() as logger:
        station.intake.open.clear()
        logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.intake.begun)
        station.task.cancel()
        await asyncio.sleep(0)
        station.intake.open.set()
        await logger.until("9014")
        await until(station.task.done)
        assert station.connector.health.state is State.STOPPED
