"""Peers that are hostile, slow, deaf, gone or too many: bounded, and the others do not notice."""

import asyncio
import random
import socket
from typing import Any

import pytest

from connectors.base import State
from tests.integration.hj212.rig import MN, PW, START_US, Logger, Station, until


async def _still_serves(station: Station, second: int = 50) -> None:
    """An honest logger gets its answer."""
    async with Logger(station).connected() as honest:
        honest.send(honest.realtime(second, float(second)))
        await honest.until("9014")


async def test_rubbish_is_bounded_told_and_ended() -> None:
    async with Station(max_rejects=5).running() as station, Logger(station).connected() as hostile:
        hostile.send(b"GET / HTTP/1.1\r\n" * 50)
        await hostile.closed.wait()
        await until(lambda: station.connector.health.last_error)
        assert "rejected pieces" in station.connector.health.last_error
        assert set(station.reasons) <= {"noise", "bad_header"}
        assert hostile.got == []
        await _still_serves(station)
        assert station.connector.health.state is State.CONNECTED


async def test_rubbish_in_the_smallest_pieces_is_given_up_early() -> None:
    async with Station().running() as station, Logger(station).connected() as hostile:
        hostile.send(b"x\n" * 100_000)
        await hostile.closed.wait()
        await until(lambda: not station.connector._server._inbox)
        assert station.connector.health.messages < 5_000
        await _still_serves(station)


async def test_a_logger_that_is_gone_before_it_is_read_is_stored_and_not_connected() -> None:
    async with Station(gather="200ms").running() as station:
        async with Logger(station).connected() as logger:
            logger.send(logger.realtime(1, 1.0))
        await until(lambda: station.values("acme.outlet.cod") == [(1, 1.0)])
        assert not station.connector.health.devices[MN].connected
        assert station.connector._devices[MN].peers == {}


async def test_random_bytes_never_hurt() -> None:
    chance = random.Random(212)
    async with Station().running() as station:
        for _ in range(5):
            async with Logger(station).connected() as hostile:
                for _ in range(20):
                    if hostile.closed.is_set():
                        break
                    hostile.send(b"##" * chance.randint(0, 2) + chance.randbytes(chance.randint(1, 3_000)))
                    await asyncio.sleep(0)
        await _still_serves(station)


async def test_valid_frames_between_rubbish_keep_a_connection_open() -> None:
    async with Station(max_rejects=3).running() as station, Logger(station).connected() as noisy:
        for second in range(5):
            noisy.send(b"rubbish\r\n" * 2 + noisy.realtime(second, 1.0))
        await noisy.until("9014", 5)
        assert not noisy.closed.is_set()
        assert station.connector.health.devices[MN].rejected > 0


async def test_strangers_leave_only_so_many_dead_letters() -> None:
    async with Station(max_letters_per_hour=5, max_rejects=100).running() as station:
        async with Logger(station, mn="NOBODY").connected() as stranger:
            for second in range(20):
                stranger.send(stranger.realtime(second, 1.0))
            await until(lambda: station.connector.health.messages == 20)
        await _still_serves(station)
        assert station.reasons == ["unknown_device"] * 5 + ["too_many_rejects"]


async def test_too_many_connections_are_turned_away_and_those_there_are_served() -> None:
    async with Station(max_connections=2).running() as station:
        async with Logger(station).connected() as first, Logger(station).connected():
            await until(lambda: station.connector._server.connections == 2)
            async with Logger(station).connected() as third:
                await third.closed.wait()
            first.send(first.realtime(1, 1.0))
            await first.until("9014")
        await until(lambda: not station.connector._server.connections)
        await _still_serves(station)


async def test_one_address_may_not_take_all_connections() -> None:
    async with Station(max_connections_per_address=1).running() as station, Logger(station).connected() as first:
        await until(lambda: station.connector._server.connections == 1)
        async with Logger(station).connected() as second:
            await second.closed.wait()
        first.send(first.realtime(1, 1.0))
        await first.until("9014")


async def test_connections_over_which_nobody_is_known_are_closed() -> None:
    async with Station(identify_within="100ms").running() as station, Logger(station).connected() as known:
        known.send(known.realtime(1, 1.0))
        await known.until("9014")
        async with Logger(station).connected() as stranger:
            stranger.send(b"##01")
            await stranger.closed.wait()
        known.send(known.realtime(2, 1.0))
        await known.until("9014", 2)


async def test_silent_connections_are_closed_and_the_device_is_away() -> None:
    async with Station(idle_timeout="200ms").running() as station, Logger(station).connected() as logger:
        logger.send(logger.realtime(1, 1.0))
        await logger.closed.wait()
        health = station.connector.health.devices[MN]
        await until(lambda: not health.connected)
        assert "nothing has come" in health.last_error


async def test_half_open_connections_are_found_by_the_network() -> None:
    async with Station().running() as station, Logger(station).connected():
        await until(lambda: station.connector._server.connections)
        (peer,) = station.connector._server._peers
        assert peer._transport is not None
        one = peer._transport.get_extra_info("socket")
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60


async def test_a_cut_connection_leaves_its_half_frame_as_a_dead_letter() -> None:
    async with Station().running() as station:
        async with Logger(station).connected() as logger:
            logger.send(logger.realtime(1, 1.0))
            await logger.until("9014")
            logger.send(logger.realtime(2, 2.0)[:60])
        await until(lambda: station.reasons == ["truncated"])
        assert not station.connector.health.devices[MN].connected


async def test_a_flood_is_read_at_the_pace_that_is_allowed_and_nothing_is_lost() -> None:
    station = Station(max_frames_per_s=1_000.0, burst_frames=50)
    async with station.running(), Logger(station).connected() as fast:
        for second in range(400):
            fast.send(fast.realtime(second, 1.0))
        await until(lambda: any(peer.slowed for peer in station.connector._server._peers))
        await _still_serves(station, 1_000)
        await fast.until("9014", 400)
        assert len(station.values("acme.outlet.cod")) == 401


async def test_a_journal_that_stands_still_bounds_what_is_held() -> None:
    limit = 16_384
    station = Station(max_unjournalled_bytes_per_connection=limit)
    async with station.running(), Logger(station).connected() as logger:
        station.intake.open.clear()
        count = 3_000
        for second in range(count):
            logger.send(logger.realtime(second, 1.0))
        await until(lambda: any("journal" in peer._stopped_for for peer in station.connector._server._peers))
        (peer,) = station.connector._server._peers
        held = peer.held_bytes
        assert limit < held < limit + 2 * 262_144  # what one reading of the socket may bring beyond it
        await asyncio.sleep(0.1)
        assert peer.held_bytes == held
        station.intake.open.set()
        await logger.until("9014", count)


async def test_who_does_not_read_our_answers_is_closed() -> None:
    async with Station(max_unread_bytes=2_048, max_frames_per_s=1e6, burst_frames=1_000_000).running() as station:
        loop = asyncio.get_running_loop()
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", station.connector.port))
        try:
            with pytest.raises(ConnectionError):
                await _talk(loop, deaf, Logger(station))
        finally:
            deaf.close()
        await _still_serves(station, 999_999)


async def _talk(loop: asyncio.AbstractEventLoop, deaf: socket.socket, logger: Logger) -> None:
    """And never listen: our answers fill the network's buffers first, then ours."""
    second = 0
    async with asyncio.timeout(60):
        while True:
            second += 1
            await loop.sock_sendall(deaf, logger.realtime(second, 1.0))


async def test_300_loggers_at_once_are_all_answered() -> None:
    count = 300
    devices: list[dict[str, Any]] = [
        {"mn": f"FLEET{number:04d}", "password": PW, "enterprise": "acme"} for number in range(count)
    ]
    async with Station(devices=devices).running() as station:

        async def one(number: int) -> None:
            async with Logger(station, mn=f"FLEET{number:04d}").connected() as logger:
                for second in range(3):
                    logger.send(logger.realtime(second, float(number)))
                await logger.until("9014", 3)

        await asyncio.gather(*(one(number) for number in range(count)))
        assert {len(one.data) > 0 for one in station.intake.frames} == {True}
        assert len(station.intake.frames) == 3 * count
        health = station.connector.health
        assert sum(one.acknowledged for one in health.devices.values()) == 3 * count
        assert station.intake.begun < 3 * count / 2  # many in one


async def test_stopping_ends_connections_and_leaves_no_task_and_it_may_run_again() -> None:
    station = Station(history={"settle": "50ms", "pause": "0s"}, newest_us=START_US - 600_000_000)
    before = asyncio.all_tasks()
    for second in range(2):
        async with station.running():
            async with Logger(station).connected() as logger:
                logger.send(logger.realtime(second, 1.0))
                await logger.until("9014")
                station.task.cancel()
                await logger.closed.wait()
            await until(station.task.done)
            assert (station.task.cancelled(), station.connector.health.state) == (True, State.STOPPED)
        await until(lambda: asyncio.all_tasks() <= before)
        assert not station.connector.health.devices[MN].connected
    assert station.values("acme.outlet.cod") == [(0, 1.0), (1, 1.0)]
