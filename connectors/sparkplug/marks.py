"""The tags of what died: marked bad, so that nobody believes the last value; and shown again after a birth."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from connectors.codecs.base import Rows
from connectors.sparkplug.addresses import Target
from connectors.sparkplug.quality import DEAD
from park.batch import SampleBatch

#: What is further ahead of our clock is no time (and quarantined by the intake).
_AHEAD_US = 60_000_000


class Marks:
    """``newest_us``: source time of the newest sample the journal has, by tag index; None: not known."""

    def __init__(self, size: int, newest_us: NDArray[np.int64] | None) -> None:
        self._newest_us = np.zeros(size, np.int64)
        if newest_us is not None:
            np.maximum(newest_us[:size], 0, out=self._newest_us[: len(newest_us)])
        self._marked: dict[int, int] = {}

    def learn(self, batch: SampleBatch, now_us: int) -> None:
        """Samples that go into the journal."""
        times = np.where(batch.time_us <= now_us + _AHEAD_US, batch.time_us, 0)
        np.maximum.at(self._newest_us, batch.tag, times)

    def mark(self, targets: Iterable[Target], at_us: int, rows: Rows) -> None:
        """A sample of bad quality without a value for each tag, newer than all it had: else it would count as late."""
        for target in targets:
            time_us = max(at_us, int(self._newest_us[target.ix]) + 1)
            rows.add(target.ix, time_us, float("nan"), DEAD)
            self._marked[target.ix] = time_us

    def revive(self, rows: Rows, ix: int, at_us: int, born_us: int, value: float, quality: int) -> None:
        """A birth says that ``value``, measured at ``at_us``, holds.

        Edge nodes that report by exception may have measured it before the death: it would count as late, and the tag
        stay bad until it changes. So where it is older than the mark, it is shown at the time of the birth too.
        """
        marked_us = self._marked.pop(ix, None)
        if marked_us is not None and at_us <= marked_us and born_us:
            rows.add(ix, max(born_us, marked_us + 1), value, quality)
