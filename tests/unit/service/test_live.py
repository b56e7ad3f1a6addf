"""The live hub: whoever comes back gets what it missed exactly once, and nobody slow holds the others up."""

import asyncio
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import live as live_module
from service.alerts.model import Event
from service.alerts.states import State, Trigger
from service.live import Listener, LiveHub, Overrun


def event(seq: int) -> Event:
    """The event with this number."""
    return Event(
        chain="c",
        seq=seq,
        alert_id="a",
        trigger=Trigger.COMMENT,
        from_state=State.UNACK,
        to_state=State.UNACK,
        level="H",
        actor="li",
        reason="",
        effective_us=seq,
        recorded_us=seq,
        alert={},
        prev_hash="",
        hash="",
    )


def numbers(events: Iterable[Event]) -> list[int]:
    return [one.seq for one in events]


def publish(hub: LiveHub, count: int) -> None:
    """So many events more."""
    hub.publish([event(seq) for seq in range(hub.seq + 1, hub.seq + 1 + count)])


class Browser:
    """Listens as the stream does: subscribe first, then what was missed, then what comes, each number once."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub
        self._opening: object = None
        self._listener: Listener | None = None
        self.last = 0
        self.got: list[int] = []
        self.started_over: list[int] = []

    def connect(self) -> None:
        self.leave()
        self._opening = context = self._hub.listen()
        self._listener = context.__enter__()
        try:
            self._note(self._hub.since(self.last))
        except Overrun:
            self.start_over()

    def start_over(self) -> None:
        self.last = self._hub.seq
        self.started_over.append(self.last)

    def leave(self) -> None:
        if self._listener is not None:
            self._opening.__exit__(None, None, None)  # type: ignore[attr-defined]
            self._listener = None

    async def take(self) -> None:
        if self._listener is None:
            return
        try:
            self._note(await self._listener.take(0))
        except Overrun:
            self.leave()
            self.start_over()

    def _note(self, events: Iterable[Event]) -> None:
        fresh = [seq for seq in numbers(events) if seq > self.last]
        self.got += fresh
        self.last = max(self.last, *fresh) if fresh else self.last


_deeds = st.lists(
    st.tuples(
        st.sampled_from(["publish", "publish", "connect", "leave", "take", "take"]),
        st.integers(0, 2),
        st.integers(1, 9),
    ),
    max_size=60,
)


@given(_deeds)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_each_browser_gets_every_number_once_or_is_told_to_start_over(deeds: list[tuple[str, int, int]]) -> None:
    hub = LiveHub()
    browsers = [Browser(hub) for _ in range(3)]
    for deed, who, count in deeds:
        if deed == "publish":
            publish(hub, count)
        elif deed == "take":
            await browsers[who].take()
        else:
            getattr(browsers[who], deed)()
    for browser in browsers:
        browser.connect()
        await browser.take()
        assert browser.got == list(range(1, hub.seq + 1))
        assert browser.started_over == []
        browser.leave()
    assert hub.listeners == 0


@given(_deeds)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_with_little_memory_a_browser_misses_only_what_it_was_told_it_missed(
    deeds: list[tuple[str, int, int]],
) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(live_module, "_RING", 7)
        small.setattr(live_module, "_MOST_WAITING", 5)
        hub = LiveHub()
        browser = Browser(hub)
        for deed, _, count in [*deeds, ("connect", 0, 0), ("take", 0, 0)]:
            if deed == "publish":
                publish(hub, count)
            elif deed == "take":
                await browser.take()
            else:
                getattr(browser, deed)()
    expected = [0, *browser.got]
    for one, next_ in itertools.pairwise(expected):
        skipped = next_ != one + 1
        assert not skipped or next_ - 1 in browser.started_over, f"{one} to {next_} without a word"


async def test_listener_waits_for_the_next_event() -> None:
    hub = LiveHub()
    with hub.listen() as listener:
        taking = asyncio.create_task(listener.take(10))
        await asyncio.sleep(0.01)
        assert not taking.done()
        publish(hub, 2)
        assert numbers(await taking) == [1, 2]
        assert await listener.take(0.01) == [], "nothing more for a while"


async def test_slow_listener_is_overrun_and_the_others_do_not_notice() -> None:
    hub = LiveHub()
    with hub.listen() as slow, hub.listen() as quick:
        for _ in range(60):
            publish(hub, 100)
            assert len(await quick.take(1)) == 100
        assert slow.overrun
        with pytest.raises(Overrun, match="fell too far behind"):
            await slow.take(1)
        publish(hub, 1)
        with pytest.raises(Overrun):
            await slow.take(1)


async def test_listener_that_waits_is_woken_by_its_overrun() -> None:
    hub = LiveHub()
    with hub.listen() as listener:
        taking = asyncio.create_task(listener.take(10))
        await asyncio.sleep(0)
        publish(hub, 6_000)
        with pytest.raises(Overrun):
            await taking


def test_events_published_again_after_a_replay_are_not_sent_again() -> None:
    hub = LiveHub()
    publish(hub, 5)
    with hub.listen() as listener:
        hub.publish([event(seq) for seq in range(3, 8)])
        assert numbers(listener._waiting) == [6, 7]
    assert numbers(hub.since(0)) == [1, 2, 3, 4, 5, 6, 7]


def test_after_a_restart_what_is_only_in_the_store_is_not_pretended_to_be_here() -> None:
    hub = LiveHub()
    hub.start_at(100)
    assert hub.since(100) == []
    with pytest.raises(Overrun, match="event 100 is no longer in memory; the oldest is 101"):
        hub.since(99)
    publish(hub, 1)
    assert numbers(hub.since(100)) == [101]


def test_memory_holds_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_RING", 10)
    hub = LiveHub()
    publish(hub, 25)
    assert hub.oldest == 16
    assert numbers(hub.since(15)) == list(range(16, 26))
    with pytest.raises(Overrun):
        hub.since(14)


async def test_closing_ends_every_stream_after_what_is_waiting() -> None:
    hub = LiveHub()
    with hub.listen() as listener:
        publish(hub, 3)
        hub.close()
        assert listener.closed
        assert numbers(await listener.take(10)) == [1, 2, 3]
        assert await listener.take(10) == [], "and does not wait"


def test_listener_that_leaves_is_forgotten() -> None:
    hub = LiveHub()
    with hub.listen():
        assert hub.listeners == 1
    assert hub.listeners == 0
    publish(hub, 1)
