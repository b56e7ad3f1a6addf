"""Refills holes from the server's history, beside the live subscription and by the same road into the journal.

What comes from history is older than what is live, so for the engine it is late: stored, and correcting averages. The
live values are not held back for it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from connectors.opcua.decode import Undecodable
from connectors.opcua.errors import describe
from connectors.opcua.holes import Hole
from connectors.opcua.items import Items
from connectors.opcua.lasting import Lasting
from connectors.opcua.link import Link, in_batches
from connectors.opcua.message import HistoryResult, read_history
from connectors.opcua.probe import Probe
from connectors.opcua.sift import EPOCH

_log = logging.getLogger("parkwatch.opcua")
_US_PER_S = 1_000_000
_CAN_READ_HISTORY = 0x04
_SEVERITY_BAD = 2
#: Tags whose histories start within this time are read together.
_NEAR_US = 60 * _US_PER_S
#: Read on a little into what is live: some servers tell their time in whole seconds, and coming twice does no harm.
_OVERLAP_US = 2 * _US_PER_S
#: An archive may take so many times longer than a live answer.
_SLOW = 6
#: After so many tags that the server would not read even alone, it is left in peace.
_MOST_REFUSALS = 3
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class _Read:
    """Where the reading of one tag's history stands."""

    slot: int
    from_us: int
    continuation: bytes = b""


class Refiller:
    """Of one session."""

    def __init__(self, link: Link, items: Items, probe: Probe, lasting: Lasting) -> None:
        self._link, self._items, self._probe, self._config = link, items, probe, lasting.config
        self._feeder, self._holes = lasting.feeder, lasting.holes
        size = lasting.config.history.nodes_per_read
        self._size = min(size, link.limits.history_read or size)
        #: Slots whose nodes have a history; None: not asked yet.
        self._historic: frozenset[int] | None = None

    async def run(self) -> NoReturn:
        """One hole after another, until cancelled or the link fails."""
        while True:
            hole = await self._holes.first()
            refilled: int | None = None
            if self._config.history.enabled:
                if self._historic is None:
                    self._historic = await self._ask_who_has_history()
                refilled = await self._refill(hole, self._historic)
            self._holes.close(refilled)

    async def _refill(self, hole: Hole, historic: frozenset[int]) -> int | None:
        """Samples that the journal got; None where no tag has a history that we may read."""
        if not historic:
            return None
        end_us = hole.to_us + max(self._probe.skew_us, 0) + _OVERLAP_US
        starts = {slot: self._from(hole, slot) for slot in historic}
        waiting = sorted((_Read(*one) for one in starts.items() if one[1] < end_us), key=lambda read: read.from_us)
        found, answered, refused = 0, not waiting, 0
        while waiting and refused < _MOST_REFUSALS:
            now = self._next(waiting)
            results = await self._read(now, end_us)
            waiting = [read for read in waiting if read not in now]
            if not results:
                refused += len(now) == 1
                waiting += now if len(now) > 1 else []
            for read, result in zip(now, results, strict=False):
                answered |= result.status >> 30 < _SEVERITY_BAD
                found += await self._take(read, result)
                if self._goes_on(read, result):
                    waiting.append(read)
            await asyncio.sleep(self._config.history.rest / _US_PER_S)
        return found if answered else None

    def _from(self, hole: Hole, slot: int) -> int:
        """Just after the last sample we have; where we have none, a little before the hole."""
        latest_us = hole.to_us + self._probe.skew_us - self._config.history.longest
        if hole.last_us[slot]:
            return max(int(hole.last_us[slot]) + 1, latest_us)
        unpublished_us = 2 * self._config.publish_every
        return max(hole.from_us + self._probe.skew_us - unpublished_us, latest_us)

    def _next(self, waiting: list[_Read]) -> list[_Read]:
        """Those to read together: what the server has begun to tell, or tags with nearly the same start."""
        begun = [read for read in waiting if read.continuation]
        near = [read for read in waiting if abs(read.from_us - waiting[0].from_us) < _NEAR_US]
        return (begun or near)[: self._size]

    async def _ask_who_has_history(self) -> frozenset[int]:
        slots = sorted(self._items.watched)

        async def call(some: Sequence[int]) -> Sequence[ua.DataValue]:
            nodes = [self._items.nodes[slot] for slot in some]
            return await self._link.client.uaclient.session.read_attributes(nodes, AttributeIds.AccessLevel)

        found = await in_batches(slots, self._config.items_per_call, self._link.limits.read, call)
        return frozenset(slot for slot, level in zip(slots, found, strict=True) if _readable(level))

    async def _read(self, reads: list[_Read], end_us: int) -> list[HistoryResult]:
        """One call. Nothing where the server will not, or takes for ever: that must not cost us the live values."""
        limit_s = _SLOW * self._config.request_timeout / _US_PER_S
        try:
            return read_history(await self._link.call_raw(self._request(reads, end_us), timeout_s=limit_s))
        except (UaStatusCodeError, TimeoutError, Undecodable) as error:
            _log.warning("OPC UA history cannot be read.", extra={"error": describe(error)})
            self._size = max(1, self._size // 2)
            return []

    async def _take(self, read: _Read, result: HistoryResult) -> int:
        if result.status >> 30 >= _SEVERITY_BAD or result.values is None:
            return 0
        # Read together with a tag that starts earlier, it may repeat what we have.
        values = result.values.take(np.flatnonzero(result.values.source >= read.from_us * 10 + EPOCH))
        return await self._feeder.put(values, np.full(len(values), read.slot, np.intp)) if len(values) else 0

    def _goes_on(self, read: _Read, result: HistoryResult) -> bool:
        """Moves ``read`` on. False at the end of what the server has."""
        read.continuation = result.continuation
        if read.continuation:
            return True
        # Some servers cut at the number asked for and give no continuation point: go on from the last one.
        values = result.values
        if values is None or len(values) < self._config.history.values_per_node:
            return False
        last_us = (int(values.source.max()) - EPOCH) // 10
        if last_us < read.from_us:
            return False
        read.from_us = last_us + 1
        return True

    def _request(self, reads: list[_Read], end_us: int) -> ua.HistoryReadRequest:
        details = ua.ReadRawModifiedDetails()
        details.IsReadModified = False
        details.ReturnBounds = False
        details.StartTime = _moment(min(read.from_us for read in reads))
        details.EndTime = _moment(end_us)
        details.NumValuesPerNode = ua.UInt32(self._config.history.values_per_node)
        request = ua.HistoryReadRequest()
        params = request.Parameters
        params.HistoryReadDetails = details
        params.TimestampsToReturn = ua.TimestampsToReturn.Both
        params.ReleaseContinuationPoints = False
        params.NodesToRead = [self._wanted(read) for read in reads]
        return request

    def _wanted(self, read: _Read) -> ua.HistoryReadValueId:
        wanted = ua.HistoryReadValueId()
        wanted.NodeId = self._items.nodes[read.slot]
        wanted.ContinuationPoint = ua.ByteString(read.continuation) if read.continuation else None
        return wanted


def _readable(level: ua.DataValue) -> bool:
    good = level.StatusCode is None or level.StatusCode.is_good()
    value = level.Value.Value if level.Value is not None else None
    return good and isinstance(value, int) and bool(value & _CAN_READ_HISTORY)


def _moment(us: int) -> ua.DateTime:
    moment: ua.DateTime = _1970 + timedelta(microseconds=us)  # type: ignore[assignment]  # any datetime will do
    return moment
