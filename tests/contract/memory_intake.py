"""An intake in memory: takes everything at once."""

from collections.abc import Sequence

from park.batch import DeadLetter, SampleBatch


class MemoryIntake:
    """Implements `connectors.base.Intake`."""

    def __init__(self) -> None:
        self.batches: list[SampleBatch] = []
        self.letters: list[DeadLetter] = []

    async def put(self, batch: SampleBatch, letters: Sequence[DeadLetter] = ()) -> None:
        """See `Intake`."""
        self.batches.append(batch)
        self.letters.extend(letters)
