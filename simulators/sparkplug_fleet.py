"""Edge nodes for all tags of a Sparkplug connector: what a frame holds for each, and what befalls their lines."""

import asyncio
from collections.abc import Callable, Iterable

from park.index import TagInfo, TagTable
from simulators.faults import LinkDown, LostMessages, NoBirth, WireFault
from simulators.frame import Frame
from simulators.player import Clock, wall_clock_us
from simulators.sparkplug_edge import EdgeNode
from simulators.sparkplug_link import EdgeLink, FleetConfig
from simulators.sparkplug_payload import Reading


class NodeFleet:
    """A `player.Sink`. Constructing connects nothing; ``start`` does. ``clock`` dates births."""

    def __init__(self, config: FleetConfig, table: TagTable, clock: Clock = wall_clock_us) -> None:
        """Raises ValueError where there are no tags, or one names no edge node."""
        self._config = config
        self._clock = clock
        self.links: list[EdgeLink] = []
        for (enterprise, edge), devices in _edges(table.of_connector(config.connector)).items():
            node = EdgeNode(edge, devices, keep=config.keep, by_exception=config.by_exception)
            self.links.append(EdgeLink(config, enterprise, node, lambda: self._clock() // 1000))
        if not self.links:
            raise ValueError(f"no tag of park {table.park.id!r} comes from connector {config.connector!r}")
        self._present = False

    @property
    def connector(self) -> str:
        """See `player.Sink`."""
        return self._config.connector

    def counts(self) -> dict[str, int]:
        """For reports: messages, samples as they came, kept ones sent later, births, requests for them."""
        nodes = [link.node for link in self.links]
        return {
            "messages": sum(link.published for link in self.links),
            "samples": sum(node.samples for node in nodes),
            "history": sum(node.history for node in nodes),
            "births": sum(node.births for node in nodes),
            "rebirths": sum(link.commanded for link in self.links),
            "dropped": sum(node.dropped for node in nodes),
        }

    async def start(self) -> None:
        """Connect all. Raises OSError."""
        if not self._present:
            await self._each(self.links, EdgeLink.open)
            self._present = True

    async def stop(self) -> None:
        """They say that they go, and go."""
        self._present = False
        await self._each(self.links, EdgeLink.close)

    async def be_present(self, present: bool) -> None:
        """See `player.Sink`."""
        if present is not self._present:
            await (self.start() if present else self.stop())

    async def show(self, frame: Frame, clock: Clock) -> None:
        """Each edge node looks at its instruments. See `player.Sink`."""
        self._clock = clock
        # Live values are those of this very moment.
        shift_us = clock() - frame.now_us if frame.live else 0
        for number, link in enumerate(self.links):
            faults = [fault for fault, tags in frame.on_the_wire if link.node.tags.intersection(tags)]
            await self._befall(link, faults)
            link.look({ix: _readings(frame, ix, shift_us) for ix in link.node.tags if frame.present[ix]})
            if number % 20 == 19:
                await asyncio.sleep(0)

    async def _befall(self, link: EdgeLink, faults: list[WireFault]) -> None:
        link.lose(max((fault.share for fault in faults if isinstance(fault, LostMessages)), default=0.0))
        link.hold_births(any(isinstance(fault, NoBirth) for fault in faults))
        down = any(isinstance(fault, LinkDown) for fault in faults)
        if down and link.is_open:
            await asyncio.to_thread(link.vanish)
        elif not down and not link.is_open:
            try:
                await asyncio.to_thread(link.open)
            except OSError:  # the broker is away; the readings are kept, and the next frame tries again
                return

    async def _each(self, links: Iterable[EdgeLink], do: Callable[[EdgeLink], None]) -> None:
        await asyncio.gather(*(asyncio.to_thread(do, link) for link in links))


def _edges(infos: Iterable[TagInfo]) -> dict[tuple[str, str], dict[str, list[TagInfo]]]:
    found: dict[tuple[str, str], dict[str, list[TagInfo]]] = {}
    for info in infos:
        if info.from_ is None or info.from_.device is None:
            raise ValueError(f"{info.id}: from names no device; write the edge node, or EDGE/DEVICE")
        edge, _, device = info.from_.device.partition("/")
        found.setdefault((info.enterprise, edge), {}).setdefault(device, []).append(info)
    return found


def _readings(frame: Frame, ix: int, shift_us: int) -> list[Reading]:
    """One; several in a storm, a millisecond apart."""
    t_ms = (int(frame.time_us[ix]) + shift_us) // 1000
    value, quality = float(frame.value[ix]), int(frame.quality[ix])
    return [Reading(t_ms - back, value, quality) for back in range(int(frame.copies[ix]) - 1, -1, -1)]
