"""Asks loggers for what an outage left missing (2051 minutes, 2061 hours, 2031 days), one request at a time each."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from connectors.devices import DeviceAway, DeviceSilent, Outcome, Result
from connectors.hj212 import commands
from connectors.hj212.config import HistoryConfig
from connectors.hj212.coverage import Span, pieces
from connectors.hj212.devices import DAY, HOUR, MINUTE, Device
from connectors.hj212.outages import Outages

_log = structlog.get_logger(__name__)

_KINDS = (MINUTE, HOUR, DAY)
_INTERVAL = "1063"
#: Data are overdue after so many periods and so long, which is also how often that is looked for.
_OVERDUE_PERIODS, _OVERDUE_US = 3, 600_000_000
_MINUTE_US = 60_000_000
#: A span is asked for so often at most.
_TIMES = 2
#: A period is sent a moment after its end; what ended just now is not missing yet.
_GRACE_US = 30_000_000
_LOOK_EVERY_S = 1.0
#: A gap whose history cannot be had is told of after this time.
_TELL_AFTER_US = 3_600_000_000
#: Old data may keep coming by themselves for so long before the rest is asked for.
_PATIENCE_US = 3_600_000_000
#: ExeRtn after which the same may work later: failed, timed out behind the logger, busy, system fault.
_LATER = frozenset({2, 4, 5, 6})

OnRequest = Callable[[Device, commands.Built, Outcome | None], None]


@dataclass(slots=True)
class _Wanted:
    """What is wanted of one logger."""

    device: Device
    since_us: int = 0
    #: Missing up to here is asked for, though nothing newer has come: the logger was away until then.
    until_us: int = 0
    #: It is there, and these kinds of data have not come from it for long; empty: it was away.
    overdue: frozenset[str] = frozenset()
    not_before_us: int = 0
    retry_us: int = 0
    #: How often a span was asked for, by kind and start.
    times: dict[tuple[str, int], int] = field(default_factory=dict)


class History:
    """What is missing by device; `run` asks for it. ``on_request`` is told of each request and what came of it."""

    def __init__(
        self,
        config: HistoryConfig,
        devices: Mapping[str, Device],
        outages: Outages,
        clock: Callable[[], int],
        on_request: OnRequest,
    ) -> None:
        self._devices = devices
        self._config, self._outages, self._clock, self._on_request = config, outages, clock, on_request
        self._wanted: dict[str, _Wanted] = {}
        self._refused_until_us: dict[tuple[str, str], int] = {}
        #: By device and kind: it is there, sends no such data by itself, and has none.
        self._sends_none_until_us: dict[tuple[str, str], int] = {}
        self._overdue_at_us = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _asks(self, device: Device) -> bool:
        return self._config.enabled and device.config.history and device.has_tags

    def returned(self, device: Device, since_us: int, now_us: int) -> None:
        """A logger is back: what it missed since then is wanted, after it has sent what it kept."""
        since_us = max(since_us, now_us - self._config.reach)
        for coverage in device.coverage.values():
            coverage.begin(since_us)
        if not self._asks(device):
            return
        wanted = self._wanted.setdefault(device.mn, _Wanted(device))
        wanted.since_us = wanted.until_us = now_us
        wanted.overdue = frozenset()
        wanted.retry_us, wanted.not_before_us = 0, now_us + self._config.settle

    def more_to_come(self, device: Device, now_us: int) -> None:
        """Something old came by itself: wait for the rest of it, but not for ever."""
        wanted = self._wanted.get(device.mn)
        if wanted is not None and device.mn not in self._tasks and now_us - wanted.since_us < _PATIENCE_US:
            wanted.not_before_us = max(wanted.not_before_us, now_us + self._config.settle)

    def hole(self, device: Device, now_us: int) -> None:
        """A period came, and one before it has not."""
        if self._asks(device) and device.mn not in self._wanted:
            self._wanted[device.mn] = _Wanted(device, since_us=now_us, not_before_us=now_us + self._config.settle)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await asyncio.sleep(min(_LOOK_EVERY_S, max(self._config.settle / 1e6, 0.05)))
                try:
                    self._look()
                except Exception:  # of ours; the next look may do
                    _log.exception("History could not be looked after.")
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._outages.tell_all()

    def _look(self) -> None:
        """Begin what is due; tell of gaps that nothing more is to be done about."""
        now_us = self._clock()
        for outage in self._outages.ended_before(now_us - self._config.settle):
            outage.has_history = outage.has_history and self._asks(outage.device)
            if outage.device.mn not in self._wanted or now_us - outage.to_us > _TELL_AFTER_US:
                self._outages.tell(outage.device)
        self._look_for_overdue(now_us)
        for mn, wanted in self._wanted.items():
            if len(self._tasks) >= self._config.at_once:
                return
            due = now_us >= wanted.not_before_us and wanted.device.peer is not None
            if due and mn not in self._tasks and not wanted.device.dialogue.busy:
                self._begin(wanted)

    def _look_for_overdue(self, now_us: int) -> None:
        """Loggers that are there, and whose minutes, hours or days have stopped coming by themselves."""
        if now_us < self._overdue_at_us:
            return
        self._overdue_at_us = now_us + _OVERDUE_US
        for device in self._devices.values():
            if device.peer is None or device.mn in self._wanted or not self._asks(device):
                continue
            overdue = frozenset(cn for cn in _KINDS if self._is_overdue(device, cn, now_us))
            if overdue:
                self._wanted[device.mn] = _Wanted(device, since_us=now_us, until_us=now_us, overdue=overdue)

    def _is_overdue(self, device: Device, cn: str, now_us: int) -> bool:
        coverage = device.coverage[cn]
        if coverage.length_us is None or coverage.newest_us is None:
            return False
        late_us = now_us - coverage.newest_us - _OVERDUE_PERIODS * coverage.length_us
        return late_us > _OVERDUE_US and self._sends_none_until_us.get((device.mn, cn), 0) <= now_us

    def _begin(self, wanted: _Wanted) -> None:
        mn = wanted.device.mn
        task = self._tasks[mn] = asyncio.create_task(self._fill_quietly(wanted), name=f"history of {mn}")
        task.add_done_callback(lambda _: self._tasks.pop(mn, None))

    async def _fill_quietly(self, wanted: _Wanted) -> None:
        try:
            done = await self._fill(wanted)
        except (DeviceAway, DeviceSilent) as error:
            wanted.device.health.last_error = f"history: {error}"
            done = False
        except Exception:  # of ours; the other loggers' history goes on
            _log.exception("History could not be asked for.", device=wanted.device.mn)
            done = False
        if not done:
            wanted.retry_us = min(max(wanted.retry_us * 2, self._config.retry_first), self._config.retry_max)
            wanted.not_before_us = self._clock() + wanted.retry_us

    async def _fill(self, wanted: _Wanted) -> bool:
        """All that is missing now; False: the logger says that it cannot at the moment."""
        got = refused = False
        await self._ask_interval(wanted.device)
        while (request := self._next(wanted)) is not None:
            outcome = await self._ask(wanted, *request)
            got = got or outcome.packets > 0 or outcome.result in (Result.DONE, Result.NO_DATA)
            refused = refused or outcome.result is Result.REFUSED
            if outcome.answer in _LATER and outcome.result is Result.FAILED and not outcome.packets:
                return False
            wanted.retry_us = 0
            await asyncio.sleep(self._config.pause / 1e6)
        self._wanted.pop(wanted.device.mn, None)
        if (outage := self._outages.of(wanted.device)) is not None:
            outage.has_history = got or not refused
            self._outages.tell(wanted.device)
        return True

    def _next(self, wanted: _Wanted) -> tuple[str, Span] | None:
        """The next request: minutes first, then hours, then days; the oldest first."""
        now_us = self._clock()
        for cn in _KINDS:
            if self._refused_until_us.get((wanted.device.mn, cn), 0) <= now_us:
                spans = self._missing(wanted, cn, now_us)
                if spans:
                    length_us = wanted.device.coverage[cn].length_us
                    assert length_us is not None
                    return cn, next(pieces(spans[0], length_us, self._config.periods_a_request))
        return None

    def _missing(self, wanted: _Wanted, cn: str, now_us: int) -> list[Span]:
        """None of a kind whose periods' length is not known: two of them that come will tell it."""
        coverage = wanted.device.coverage[cn]
        if wanted.overdue and cn not in wanted.overdue:
            return coverage.missing(now_us - self._config.reach, 0)
        return coverage.missing(now_us - self._config.reach, min(wanted.until_us, now_us - _GRACE_US))

    async def _ask_interval(self, device: Device) -> None:
        """How long its minute data are (1063), where neither the configuration nor what came has told."""
        key, now_us = (device.mn, _INTERVAL), self._clock()
        if device.coverage[MINUTE].length_us is not None or self._refused_until_us.get(key, 0) > now_us:
            return
        self._refused_until_us[key] = now_us + self._config.ask_refusing_again
        built = commands.build("get-minute-interval", {}, now_us=now_us, allow_control=False)
        try:
            outcome = await device.dialogue.ask(built)
        except (DeviceAway, DeviceSilent):
            self._on_request(device, built, None)
            return  # it may answer other requests
        self._on_request(device, built, outcome)
        for packet in outcome.data:
            minutes = packet.get("MinInterval", "")
            if minutes.isascii() and minutes.isdigit() and len(minutes) < 3:
                device.coverage[MINUTE].tell_length(int(minutes) * _MINUTE_US)

    async def _ask(self, wanted: _Wanted, cn: str, span: Span) -> Outcome:
        """One request. What it did not bring is not missed any more, unless something of it may have been lost."""
        device, coverage = wanted.device, wanted.device.coverage[cn]
        rejected = device.health.rejected
        built = commands.history(cn, span[0], max(span[0], span[1] - (coverage.length_us or 0)))
        times = wanted.times[cn, span[0]] = wanted.times.get((cn, span[0]), 0) + 1
        try:
            outcome = await device.dialogue.ask(built)
        except (DeviceAway, DeviceSilent):
            self._on_request(device, built, None)
            raise
        self._on_request(device, built, outcome)
        if outcome.result is Result.REFUSED:
            self._refused_until_us[device.mn, cn] = self._clock() + self._config.ask_refusing_again
            device.health.last_error = f"history by {cn} is refused: {outcome.words}"
            return outcome
        if cn in wanted.overdue and not outcome.packets:
            self._sends_none_until_us[device.mn, cn] = self._clock() + self._config.ask_refusing_again
        whole = outcome.answer is not None and device.health.rejected == rejected
        if outcome.result is Result.FAILED:
            device.health.last_error = f"history by {cn}: {outcome.words}"
            whole = outcome.answer not in _LATER
        if whole or times >= _TIMES:
            coverage.settle(*span)
        return outcome
