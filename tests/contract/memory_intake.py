"""An intake in memory: takes everything at once."""

from collections.abc import Sequence

from connectors.base import RawFrame
from park.batch import DeadLetter, SampleBatch
from park.periods import PeriodBatch


class MemoryIntake:
    """Implements `connectors.base.Intake`."""

    def __init__(self) -> None:
        self.batches: list[SampleBatch] = []
        self.letters: list[DeadLetter] = []
        self.periods: list[PeriodBatch] = []
        self.frames: list[RawFrame] = []

    async def put(
        self,
        batch: SampleBatch,
        letters: Sequence[DeadLetter] = (),
        *,
        periods: PeriodBatch | None = None,
        frames: Sequence[RawFrame] = (),
    ) -> None:
        """See `Intake`."""
        self.batches.append(batch)
        self.letters.extend(letters)
        self.frames.extend(frames)
        if periods is not None:
            self.periods.append(periods)
