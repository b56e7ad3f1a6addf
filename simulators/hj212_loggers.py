"""Many data loggers, each with a line of its own to the host: a `player.Sink`."""

import asyncio
import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, NamedTuple

from park.index import TagInfo, TagTable
from simulators.faults import CrcErrors, Duplicates, Fault, HalfFrames, LinkDown, Reorder, WrongMn
from simulators.frame import Frame
from simulators.hj212_channels import wire
from simulators.hj212_commands import Commands
from simulators.hj212_config import FleetConfig, LoggerConfig
from simulators.hj212_link import Link, Manners, Troubles
from simulators.hj212_logger import Logger
from simulators.hj212_packet import beijing
from simulators.hj212_periods import Closed
from simulators.player import Clock, wall_clock_us

#: At the end, for the host to hear what is still to be said.
_DRAIN_S = 10.0


class Installed(NamedTuple):
    """A logger, its line, its tags."""

    logger: Logger
    link: Link
    tags: frozenset[int]


class LoggerFleet:
    """A `player.Sink`. Constructing connects nothing; ``start`` lets the loggers look for their host."""

    def __init__(self, config: FleetConfig, table: TagTable) -> None:
        self._config = config
        self._clock: Clock = wall_clock_us
        self._began_us: int | None = None
        self._last_us: int | None = None
        self._ledger: IO[str] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        devices: dict[str, list[TagInfo]] = {}
        for info in table.of_connector(config.connector):
            if info.from_ is None or info.from_.device is None:
                raise ValueError(f"{info.id}: from.device must be the MN of the logger it hangs on")
            devices.setdefault(info.from_.device, []).append(info)
        if not devices:
            raise ValueError(f"no tag of park {table.park.id!r} comes from connector {config.connector!r}")
        if unknown := config.loggers.keys() - devices.keys():
            raise ValueError(f"loggers names {', '.join(sorted(unknown))}; known: {', '.join(devices)}")
        self.loggers = [self._install(mn, infos) for mn, infos in devices.items()]

    def _install(self, mn: str, infos: Sequence[TagInfo]) -> Installed:
        fleet = self._config
        config = fleet.loggers.get(mn) or LoggerConfig()
        outlet = infos[0].source.outlet
        reference = config.o2_reference
        if reference is None and outlet is not None:
            reference = outlet.reference_oxygen
        wiring = wire(infos, system=config.st, o2_reference=reference)
        logger = Logger(mn, wiring, config, fleet, now=self._now, on_closed=self._note)
        manners = Manners(
            host=fleet.host,
            port=fleet.port,
            ack_timeout_s=fleet.ack_timeout / 1e6,
            resends=fleet.resends,
            backoff_s=(fleet.backoff / 1e6, fleet.most_backoff / 1e6),
        )
        link = Link(logger.hand, logger.outbox, manners, Commands(logger).answer, seed=mn)
        return Installed(logger, link, frozenset(info.ix for info in infos))

    @property
    def connector(self) -> str:
        """See `player.Sink`."""
        return self._config.connector

    def _base(self, now_us: int) -> int:
        """The plant's time at that moment of the wall clock."""
        config = self._config
        if self._began_us is None or config.clock_from_us is None:
            return now_us
        return min(now_us, config.clock_from_us + round((now_us - self._began_us) * config.clock_speed))

    def _now(self) -> int:
        return self._base(self._clock())

    async def start(self) -> None:
        """Let the loggers connect: each by itself, for as long as it takes."""
        if self._config.ledger is not None and self._ledger is None:
            self._ledger = await asyncio.to_thread(self._config.ledger.open, "a", encoding="utf-8")
        if not self._tasks:
            self._tasks = [asyncio.create_task(one.link.run()) for one in self.loggers]

    async def stop(self) -> None:
        """Wait until all is said and heard, but not for ever; disconnect."""
        if self._tasks:
            reachable = [one for one in self.loggers if one.link.connected]
            waiting = [one.logger.outbox.emptied() for one in reachable]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*waiting), _DRAIN_S)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks = []
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    async def be_present(self, present: bool) -> None:
        """See `player.Sink`. Away: there is no power where the loggers are."""
        await self.start()
        if not present:
            for one in self.loggers:
                one.link.suffer(Troubles(down=True))

    async def show(self, frame: Frame, clock: Clock) -> None:
        """See `player.Sink`. Returns before anything is sent: the lines have a pace of their own."""
        self._clock = clock
        if self._began_us is None:
            self._began_us = frame.now_us
        moments_us = self._moments(self._base(frame.now_us))
        for one in self.loggers:
            acting = [fault for fault, tags in frame.on_the_wire if one.tags.intersection(tags)]
            one.link.suffer(troubles(acting))
            for base_us in moments_us:
                one.logger.observe(frame, base_us)

    def _moments(self, base_us: int) -> Sequence[int]:
        """When the frame is measured: once; where clocks run fast, in every sample's time since the last frame."""
        last_us, self._last_us = self._last_us, base_us
        if self._config.clock_from_us is None or last_us is None:
            return (base_us,)
        step_us = self._config.sample_every
        return range((last_us // step_us + 1) * step_us, base_us + 1, step_us)

    def _note(self, mn: str, closed: Closed) -> None:
        if self._ledger is None:
            return
        means = {
            channel.code: {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in asdict(mean).items()
            }
            for channel, mean in closed.means.items()
        }
        line = {"mn": mn, "cn": closed.cn, "start": beijing(closed.start_us), "start_us": closed.start_us}
        self._ledger.write(json.dumps({**line, "length_us": closed.length_us, "means": means}) + "\n")
        self._ledger.flush()

    def counts(self) -> dict[str, int]:
        """What was sent and heard so far, over all lines."""
        total: dict[str, int] = {}
        for one in self.loggers:
            for name, count in asdict(one.link.counts).items():
                total[name] = total.get(name, 0) + count
        total["waiting"] = sum(len(one.logger.outbox) for one in self.loggers)
        total["dropped"] = sum(one.logger.outbox.dropped for one in self.loggers)
        total["connected"] = sum(one.link.connected for one in self.loggers)
        return total


def troubles(acting: Sequence[Fault]) -> Troubles:
    """What faults do to a line."""
    return Troubles(
        down=any(isinstance(one, LinkDown) for one in acting),
        spoilt=max((one.share for one in acting if isinstance(one, CrcErrors)), default=0.0),
        halved=max((one.share for one in acting if isinstance(one, HalfFrames)), default=0.0),
        wrong_mn=any(isinstance(one, WrongMn) for one in acting),
        copies=max((one.size for one in acting if isinstance(one, Duplicates)), default=1),
        reorder=any(isinstance(one, Reorder) for one in acting),
    )
