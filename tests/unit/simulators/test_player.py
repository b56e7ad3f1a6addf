"""Frames come when they fall due; a live plant skips what was missed, a recording never does."""

import asyncio

from simulators.frame import Frame
from simulators.live import LiveSource
from simulators.player import Clock, play
from tests.unit.simulators.conftest import START_US, MakeWorld
from tests.unit.simulators.test_faults import _fault

_S = 1_000_000


class _Screen:
    """A sink that remembers."""

    connector = "opcua-hengtai"

    def __init__(self) -> None:
        self.shown: list[int] = []
        self.present: list[bool] = []

    async def show(self, frame: Frame, clock: Clock) -> None:
        self.shown.append(frame.now_us - START_US)

    async def be_present(self, present: bool) -> None:
        self.present.append(present)


class _Time:
    """A clock that jumps a little further each time it is read."""

    def __init__(self, step_us: int) -> None:
        self._now_us, self._step_us = START_US, step_us

    def __call__(self) -> int:
        self._now_us += self._step_us
        return self._now_us


async def test_a_live_plant_shows_one_frame_a_period_until_its_end(make_world: MakeWorld) -> None:
    source = LiveSource(make_world(), period_us=_S // 10, until_us=START_US + _S)
    screen = _Screen()
    await play(source, [screen], asyncio.Event(), _Time(20_000))
    assert [shown * 10 // _S for shown in screen.shown] == list(range(11))


async def test_a_late_player_gets_the_present_of_a_live_plant(make_world: MakeWorld) -> None:
    source = LiveSource(make_world(), period_us=_S)
    assert source.take(START_US + 10 * _S + 5).now_us == START_US + 10 * _S + 5
    assert source.due_us() == START_US + 11 * _S


async def test_a_server_that_is_meant_to_be_away_is_told_so(make_world: MakeWorld) -> None:
    world = make_world(_fault(kind="server_restart", target="opcua-hengtai", at="200ms", **{"for": "300ms"}))
    screen = _Screen()
    source = LiveSource(world, period_us=_S // 10, until_us=START_US + 8 * _S // 10)
    await play(source, [screen], asyncio.Event(), _Time(25_000))
    assert screen.present.count(False) == 3
    assert len(screen.shown) == len(screen.present) - 3


async def test_a_fault_can_be_injected_while_it_plays(make_world: MakeWorld) -> None:
    source = LiveSource(make_world(speed=60.0), period_us=_S)
    source.take(START_US + 5 * _S)
    source.inject(_fault(kind="frozen", target="hengtai.T101", at="1s", **{"for": "60s"}), START_US + 5 * _S)
    frames = [source.take(START_US + k * _S) for k in range(6, 12)]
    level = source.table.ix_of["hengtai.T101.level"]
    assert len({float(frame.value[level]) for frame in frames}) == 1


async def test_stopping_is_prompt(make_world: MakeWorld) -> None:
    stop = asyncio.Event()
    source = LiveSource(make_world(), period_us=3600 * _S)
    task = asyncio.create_task(play(source, [_Screen()], stop, lambda: START_US + 1))
    await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(task, 1.0)
