"""From what a session received to the journal: sifted, merged, put, and only then settled with the server."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.base import Context, Health, IntakeRefused
from connectors.opcua.condition import Condition
from connectors.opcua.decode import Values
from connectors.opcua.errors import describe
from connectors.opcua.sift import Sifted, Sifter
from park.batch import DeadLetter, SampleBatch, concat, empty_batch

_log = logging.getLogger("parkwatch.opcua")
_REFUSED_FIRST_S, _REFUSED_MAX_S = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """Values received together."""

    values: Values
    slots: NDArray[np.intp]
    received_us: int
    #: Called once the journal has them: now the server may forget them. True: something newer than before.
    settle: Callable[[bool], None]


class Feeder:
    """Lives as long as the connector, so what a session received reaches the journal even when the session dies.

    What waits here is bounded by the sessions: they ask the server for more only as parcels are settled.
    """

    def __init__(self, context: Context, sifter: Sifter, health: Health, condition: Condition) -> None:
        self._context, self._sifter, self._health, self._condition = context, sifter, health, condition
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue()
        #: Called with the slots whose nodes the server no longer knows.
        self.on_gone: Callable[[list[int]], None] = lambda slots: None

    def hand_over(self, parcel: Parcel) -> None:
        """Take it; never waits."""
        self._health.messages += 1
        self._health.last_received_us = parcel.received_us
        self._queue.put_nowait(parcel)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            parcels = [await self._queue.get()]
            while not self._queue.empty():
                parcels.append(self._queue.get_nowait())
            sifted = [self._sift_or_keep(parcel) for parcel in parcels]
            await self._journal(sifted)
            for parcel, one in zip(parcels, sifted, strict=True):
                parcel.settle(self._sifter.commit(one))

    async def put(self, values: Values, slots: NDArray[np.intp]) -> int:
        """Values that were read, by the same road; the number of samples the journal then has."""
        sifted = self._sift(values, slots, self._context.clock())
        await self._journal([sifted])
        self._sifter.commit(sifted)
        return len(sifted.batch)

    async def put_letter(self, letter: DeadLetter | None) -> None:
        """Something that is no value at all."""
        self._health.dead_letters += 1
        if letter is not None:
            nothing = empty_batch(received_us=letter.received_us, origin=letter.origin)
            await self._put(nothing, [letter])

    def _sift_or_keep(self, parcel: Parcel) -> Sifted:
        try:
            return self._sift(parcel.values, parcel.slots, parcel.received_us)
        except Exception as error:
            # A mistake of ours. One message must not stop all that follow; its bytes are kept, and the next tell more.
            _log.exception("A message of an OPC UA server could not be taken in.")
            self._health.errors += 1
            self._health.dead_letters += 1
            return self._sifter.given_up(parcel.values.body, repr(error), parcel.received_us)

    def _sift(self, values: Values, slots: NDArray[np.intp], received_us: int) -> Sifted:
        sifted = self._sifter.sift(values, slots, received_us)
        self._health.received += len(sifted.batch) + sifted.dead
        self._health.dead_letters += sifted.dead
        if len(sifted.batch):
            self._health.note_source_time(sifted.batch.time_us, received_us)
        if sifted.gone:
            self.on_gone(sifted.gone)
        return sifted

    async def _journal(self, parts: list[Sifted]) -> None:
        letters = [letter for part in parts for letter in part.letters]
        batches = [part.batch for part in parts]
        batch = (
            batches[0]
            if len(batches) == 1
            else concat(batches, received_us=max(one.received_us for one in batches), origin=batches[0].origin)
        )
        if len(batch) or letters:
            await self._put(batch, letters)

    async def _put(self, batch: SampleBatch, letters: Sequence[DeadLetter]) -> None:
        """Until it is taken: what was received is not given up because a disk is full."""
        pause_s = _REFUSED_FIRST_S
        while True:
            try:
                await self._context.intake.put(batch, letters)
            except IntakeRefused as error:
                self._health.errors += 1
                self._condition.trouble("journal", f"the journal refuses what was received: {describe(error)}")
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _REFUSED_MAX_S)
            else:
                self._condition.fine("journal")
                self._health.journalled += len(batch)
                return
