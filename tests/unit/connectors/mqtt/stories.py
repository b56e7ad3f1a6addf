"""An intake that remembers, refuses or keeps waiting, as the story asks."""

import asyncio
from collections.abc import Sequence

from connectors.base import IntakeRefused
from park.batch import DeadLetter, SampleBatch


class Shelf:
    """Implements `connectors.base.Intake`: what is put lies in ``batches`` and ``letters`` once it is let through."""

    def __init__(self) -> None:
        self.batches: list[SampleBatch] = []
        self.letters: list[DeadLetter] = []
        #: Not set: whoever puts waits, as with a disk that does not answer.
        self.open = asyncio.Event()
        self.open.set()
        #: Not empty: refused with these words.
        self.refusing = ""
        self.refused = 0
        self.waiting = 0

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = (), **_: object) -> None:
        """See `connectors.base.Intake`."""
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        if self.refusing:
            self.refused += 1
            raise IntakeRefused(self.refusing)
        self.batches.append(batch)
        self.letters.extend(letters)

    @property
    def values(self) -> list[float]:
        """Of all samples, in the order stored."""
        return [value for batch in self.batches for value in batch.value.tolist()]

    @property
    def reasons(self) -> list[str]:
        """Of all dead letters, in the order stored."""
        return [letter.reason for letter in self.letters]
