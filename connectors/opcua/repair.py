"""What to do about a notification that never came or could not be read: fetch it again, or read all values."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError
from numpy.typing import NDArray

from connectors.opcua.decode import Undecodable
from connectors.opcua.errors import describe
from connectors.opcua.holes import Hole
from connectors.opcua.items import Items
from connectors.opcua.lasting import Lasting
from connectors.opcua.link import Link, in_batches
from connectors.opcua.message import Rubbish, read_republish, read_values
from connectors.opcua.publish import Missing

_log = logging.getLogger("parkwatch.opcua")


@dataclass(frozen=True, slots=True)
class _Damage:
    """A hole in what the subscription brought, as it was when it was noticed."""

    #: By our clock, when all was still well.
    from_us: int
    #: What each tag had then.
    last_us: NDArray[np.int64]
    what: Missing | Rubbish


class Repair:
    """Of one session."""

    def __init__(self, link: Link, items: Items, lasting: Lasting) -> None:
        self._link, self._items, self._lasting = link, items, lasting
        self._damage: asyncio.Queue[_Damage] = asyncio.Queue()

    def note(self, what: Missing | Rubbish, from_us: int) -> None:
        """Never waits."""
        self._damage.put_nowait(_Damage(from_us, self._lasting.sifter.last_us.copy(), what))

    async def run(self) -> NoReturn:
        """Until cancelled or the link fails."""
        while True:
            damage = await self._damage.get()
            what = damage.what
            if isinstance(what, Missing):
                if await self._republish(what):
                    continue
                reason = f"{len(what.sequences)} notifications of the server were lost"
            else:
                letter = self._lasting.sifter.undecodable(what.body, what.why, self._lasting.context.clock())
                await self._lasting.feeder.put_letter(letter)
                if letter is None:  # it does so all the time, and we said so a moment ago
                    continue
                reason = f"a notification of the server could not be read: {what.why}"
            self._lasting.health.errors += 1
            self._lasting.holes.open(Hole(damage.from_us, self._lasting.context.clock(), reason, damage.last_us))
            await self.read_all()

    async def _republish(self, missing: Missing) -> bool:
        """True where all of it came. It is late then, and nothing worse."""
        if not missing.available.issuperset(missing.sequences):
            return False
        for sequence in missing.sequences:
            request = ua.RepublishRequest()
            request.Parameters.SubscriptionId = missing.subscription
            request.Parameters.RetransmitSequenceNumber = sequence
            try:
                found = read_republish(await self._link.call_raw(request), missing.subscription)
            except UaStatusCodeError:
                return False
            if found.rubbish or found.keep_alive:
                return False
            for values in found.values:
                await self._lasting.feeder.put(values, values.handle.astype(np.intp))
        self._lasting.sifter.counts["republished"] += len(missing.sequences)
        return True

    async def read_all(self) -> None:
        """The present value of every watched tag, because its last change may be what was lost."""

        async def call(some: Sequence[int]) -> Sequence[int]:
            request = ua.ReadRequest()
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            request.Parameters.NodesToRead = [self._wanted(slot) for slot in some]
            await self._lasting.feeder.put(read_values(await self._link.call_raw(request)), np.array(some, np.intp))
            return some

        slots = sorted(self._items.watched)
        try:
            await in_batches(slots, self._lasting.config.items_per_call, self._link.limits.read, call)
        except Undecodable as error:
            _log.warning("OPC UA values cannot be read.", extra={"error": describe(error)})

    def _wanted(self, slot: int) -> ua.ReadValueId:
        wanted = ua.ReadValueId()
        wanted.NodeId = self._items.nodes[slot]
        wanted.AttributeId = AttributeIds.Value
        return wanted
