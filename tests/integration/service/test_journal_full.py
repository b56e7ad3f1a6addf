"""The journal may grow no further while the store is stuck: nothing is acknowledged, and nothing is lost.

the store is held up ─▶ the journal fills ─▶ the intake refuses ─▶ the broker keeps what is not acknowledged
it goes on ─▶ the journal is trimmed ─▶ the intake takes rows again ─▶ everything that waited is delivered
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from deploy.sse import live
from tests.integration.cli.serve import Serve
from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, now_ms, until

#: Samples of one message; each is some 30 bytes in the journal.
_SAMPLES = 2_000
_MESSAGES = 12
#: So small that a dozen messages fill it; the broker may send two at once, because a row must fit as a whole.
_SMALL: dict[str, Any] = {
    "journal": {"max_bytes": 512 * 1024, "checkpoint_every": "300ms"},
    "gate": {"receive_maximum": 2},
}


def _message(number: int) -> bytes:
    """Columns of one tag, a millisecond apart; no two messages share a time."""
    first = now_ms() - 3_600_000 + number * _SAMPLES
    times = ",".join(str(first + i) for i in range(_SAMPLES))
    values = ",".join(str(number) for _ in range(_SAMPLES))
    return f'{{"tag": "tank.TT", "t": [{times}], "v": [{values}]}}'.encode()


@asynccontextmanager
async def _store_held_up(rig: Rig) -> AsyncIterator[None]:
    """Somebody has a lock on the table of samples, as a careless maintenance job may."""
    async with await psycopg.AsyncConnection.connect(rig.dsn) as holder:
        await holder.execute("LOCK TABLE sample IN ACCESS EXCLUSIVE MODE")
        yield


async def _fill(rig: Rig) -> dict[str, Any]:
    """Send more than fits; the status once the journal refuses."""
    for number in range(_MESSAGES):
        await rig.gateway.send(_message(number))
    return await rig.until_status(lambda status: status["journal"]["error"])


async def test_full_journal_refuses_says_so_and_recovers_without_a_loss(serving: Serving) -> None:
    async with serving(**_SMALL) as rig:
        async with _store_held_up(rig):
            status = await _fill(rig)
            assert not status["ready"]
            assert any("the journal refuses rows" in problem for problem in status["problems"])
            [gate] = (await rig.get("connectors"))["items"]
            assert gate["state"] == "degraded"
            assert gate["journalled"] < gate["received"]
        await rig.until_stored(_MESSAGES * _SAMPLES)
        await rig.until_status(lambda status: status["ready"] and not status["problems"])
        [gate] = (await rig.get("connectors"))["items"]
        assert gate["journalled"] == _MESSAGES * _SAMPLES


async def test_refusal_is_an_alert_that_is_raised_and_cleared(serving: Serving) -> None:
    async with serving(**_SMALL) as rig:
        async with _store_held_up(rig):
            await _fill(rig)
        await rig.until_stored(_MESSAGES * _SAMPLES)

        await rig.until_status(lambda status: not status["problems"])
        alerts = (await rig.get("alerts"))["items"]
    # A smaller row may still fit after a larger one did not: then it is more than one.
    assert alerts
    for alert in alerts:
        assert (alert["rule"], alert["target"], alert["priority"]) == ("service", "service/journal", 1)
        assert alert["cleared"] > alert["raised"]
        assert "the journal refused rows" in alert["why"]


async def test_listeners_are_told_while_it_lasts(serving: Serving) -> None:
    async with serving(**_SMALL) as rig:
        told: list[str] = []

        async def listen() -> None:
            async for message in live(rig.url, rig.park.key()):
                if message.event == "status":
                    told.extend(message.data["problems"])

        listening = asyncio.create_task(listen())
        async with _store_held_up(rig):
            await _fill(rig)

            async def heard() -> bool:
                return any("the journal refuses rows" in problem for problem in told)

            await until(heard)
        listening.cancel()
        await asyncio.wait({listening})


async def test_what_was_refused_comes_again_after_a_kill(
    small_park: SmallPark, database: str, serve: Callable[[Path], Serve]
) -> None:
    """It was not acknowledged, so the broker still has it; what was acknowledged is in the journal."""
    config = small_park.write_config(database, **_SMALL)
    rig = Rig(small_park, database)
    first = serve(config)
    async with rig.looking_at(first.until_up()), _store_held_up(rig):
        await _fill(rig)
        first.destroy()
    second = serve(config)
    async with rig.looking_at(second.until_up()):
        await rig.until_stored(_MESSAGES * _SAMPLES)
