"""Data loggers' packets: received by the server, decoded in lots, acknowledged (9014) once the journal has them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from connectors.base import Context, Health, IntakeRefused, State
from connectors.devices import Command, Outcome, Told, Value
from connectors.hj212.config import Hj212Config
from connectors.hj212.devices import known_devices
from connectors.hj212.history import History
from connectors.hj212.host import Host
from connectors.hj212.inbound import Inbound, Lot
from connectors.hj212.outages import Outages
from connectors.hj212.peer import Peer
from connectors.hj212.presence import Presence
from connectors.hj212.server import Arrived, Server, why_not

_log = structlog.get_logger(__name__)

#: A lot is decoded in one go, so it bounds how long the event loop is busy.
_LOT_FRAMES = 300
_LOT_BYTES = 512 * 1024
#: Lots on their way into the journal at once, so that the tick of the intake does not limit the flow.
_LOTS_IN_FLIGHT = 32
#: How long what the intake already has may take when we are told to stop.
_STOP_WITHIN_S = 2.0
_RETRY_REFUSED_S = 1.0
_SUPERVISE_EVERY_S = 1.0


class Hj212Connector:
    """See `connectors.base.Connector` and `connectors.devices.Commandable`. Samples come at least once."""

    def __init__(self, config: Hj212Config, context: Context) -> None:
        """Raises ValueError or OSError where the configuration cannot work: unknown enterprise, unreadable file."""
        self._config = config
        self._context = context
        self._health = Health(connector=config.id, kind=config.kind)
        self._devices = known_devices(config, context.tags)
        self._outages = Outages(self._health, context.on_gap)
        self._host = Host(config, self._devices, context.clock)
        self._history = History(config.history, self._devices, self._outages, context.clock, self._host.note_own)
        self._health.devices = {mn: device.health for mn, device in self._devices.items()}
        self._remember(context)
        self._presence = Presence(config, self._devices, self._health, self._outages, self._history)
        self._inbound = Inbound(config, context.tags, self._devices, self._health, self._outages, self._presence)
        self._server = Server(config, self._closed)
        self._slots = asyncio.Semaphore(_LOTS_IN_FLIGHT)
        self._last_lot: asyncio.Task[None] | None = None
        self._lots: set[asyncio.Task[None]] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._refusing = ""

    @property
    def health(self) -> Health:
        """What this connector says about itself."""
        return self._health

    @property
    def port(self) -> int:
        """Where it listens; 0: nowhere."""
        return self._server.port

    async def run(self) -> None:
        """See `connectors.base.Connector`."""
        self._health.turn(State.STARTING, self._context.clock())
        try:
            await self._listen()
            async with self._beside(self._history.run()), self._beside(self._supervise()):
                await self._pump()
        finally:
            self._server.shut()
            for task in (*self._errands,):
                task.cancel()
            await self._finish_lots()  # so that their acknowledgements still go out
            self._server.hang_up()
            await asyncio.gather(*self._errands, return_exceptions=True)
            self._health.turn(State.STOPPED, self._context.clock())

    # --- connectors.devices.Commandable

    def check(self, command: Command) -> Mapping[str, Value]:
        """See `connectors.devices.Commandable`."""
        return self._host.check(command)

    async def command(self, command: Command) -> Outcome:
        """See `connectors.devices.Commandable`."""
        return await self._host.command(command)

    def tell_of(self, told: Told) -> None:
        """See `connectors.devices.Commandable`."""
        self._host.tell_of(told)

    # --- connections

    async def _listen(self) -> None:
        """Until the port is ours."""
        pause_s = self._config.retry_first / 1e6
        while True:
            try:
                await self._server.open()
            except OSError as error:
                why = why_not(error, self._config.host, self._config.port)
                self._health.errors += 1
                if why != self._health.last_error:  # not once an attempt
                    _log.error("No logger can connect.", connector=self._config.id, why=why)
                self._health.turn(State.DISCONNECTED, self._context.clock(), why)
            else:
                _log.info("Loggers may connect.", connector=self._config.id, port=self.port)
                self._health.turn(State.CONNECTED, self._context.clock())
                return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self._config.retry_max / 1e6)

    def _closed(self, peer: Peer, reason: str) -> None:
        self._presence.closed(peer, reason, self._context.clock())
        if not peer.devices and peer.rejects:
            self._health.errors += 1
            self._health.last_error = f"{peer.name}: {reason}"

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(_SUPERVISE_EVERY_S)
            try:
                self._server.check()
            except Exception:  # of ours; the next check may do
                _log.exception("Connections could not be looked after.", connector=self._config.id)

    def _remember(self, context: Context) -> None:
        """Since when we were away, by device: after its newest sample that the journal has."""
        if context.newest_us is None:
            return
        for info in context.tags.of_connector(self._config.id):
            device = self._devices.get(info.from_.device or "") if info.from_ else None
            if device is not None and info.ix < len(context.newest_us):
                device.away_since_us = max(device.away_since_us, int(context.newest_us[info.ix]))

    # --- lots

    async def _pump(self) -> None:
        while True:
            await self._server.wait()
            await asyncio.sleep(self._config.gather / 1e6)
            while taken := self._server.take(_LOT_FRAMES, _LOT_BYTES):
                try:
                    await self._start_lot(taken)
                except Exception:  # of ours: these are not acknowledged, and come again
                    self._health.errors += 1
                    _log.exception("Frames could not be decoded.", connector=self._config.id)
                await asyncio.sleep(0)

    async def _start_lot(self, taken: list[Arrived]) -> None:
        await self._slots.acquire()
        try:
            lot = self._inbound.decode(taken, self._context.clock())
        except BaseException:
            self._server.release(taken)
            self._slots.release()
            raise
        self._last_lot = asyncio.create_task(self._journal(taken, lot, self._last_lot))
        self._lots.add(self._last_lot)
        self._last_lot.add_done_callback(self._lots.discard)

    async def _journal(self, taken: list[Arrived], lot: Lot, before: asyncio.Task[None] | None) -> None:
        """Put a lot, then acknowledge it."""
        try:
            if len(lot.batch) or lot.letters or lot.frames or lot.periods is not None:
                await self._put(lot, before)
        finally:
            self._server.release(taken)
            self._slots.release()
        self._health.journalled += len(lot.batch)
        self._health.dead_letters += len(lot.letters)
        for device, key in lot.journalled:
            device.note_journalled(key)
        for answer in lot.answers:
            if answer.peer.send(answer.frame) and answer.device is not None:
                answer.device.health.acknowledged += 1
        for device, pollutant in lot.ask_for_time:
            if self._config.set_clocks:
                self._errand(self._host.set_clock(device, pollutant))

    async def _put(self, lot: Lot, before: asyncio.Task[None] | None) -> None:
        """Until the intake has it. What it refuses is offered again, oldest first; loggers send it again too."""
        while True:
            if self._refusing and before is not None and not before.done():
                await asyncio.wait([before])
            try:
                await self._context.intake.put(lot.batch, lot.letters, periods=lot.periods, frames=lot.frames)
            except IntakeRefused as error:
                self._refused(f"the journal refuses: {error}; nothing is acknowledged, the loggers keep their data")
            except Exception as error:  # an intake that fails otherwise has not stored either
                _log.exception("The intake failed.", connector=self._config.id)
                self._refused(f"the intake failed: {type(error).__name__}: {error}")
            else:
                if self._refusing:
                    self._refusing = ""
                    self._health.turn(State.CONNECTED, self._context.clock())
                return
            await asyncio.sleep(_RETRY_REFUSED_S)

    def _refused(self, why: str) -> None:
        self._health.errors += 1
        if not self._refusing:
            _log.error("Nothing is stored.", connector=self._config.id, why=why)
        self._refusing = why
        self._health.turn(State.DEGRADED, self._context.clock(), why)

    async def _finish_lots(self) -> None:
        """Let what the intake already has be stored and acknowledged; give up what takes too long."""
        if self._lots:
            _, late = await asyncio.wait(set(self._lots), timeout=_STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # --- tasks

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    @asynccontextmanager
    async def _beside(self, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        task = asyncio.create_task(work)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
