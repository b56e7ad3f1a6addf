"""When nobody listened, and how much of it the broker had kept for us."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from connectors.base import Gap

#: The backlog of an outage is over when nothing of it has come for so long.
_QUIET_US = 10_000_000
#: The reason before the first connection was tried: connecting at once is no gap.
STARTING = "starting"


class GapLog:
    """Tells of each gap once: when samples newer than it come, or none for some seconds.

    A broker that kept our session queued what it could. Nobody says how much that is, so the samples whose source time
    lies in the gap are counted as they come: that is ``refilled``. None: no session was kept, and nothing came.
    """

    def __init__(self, connector: str, on_gap: Callable[[Gap], None]) -> None:
        self._connector = connector
        self._on_gap = on_gap
        self._down: tuple[int, str] | None = None
        self._open: tuple[int, int, str] | None = None
        self._kept = False
        self._refilled = 0
        self._quiet_since_us = 0
        self._passed = False
        self.count = 0

    def down(self, now_us: int, reason: str) -> None:
        """From here on nobody listens. Of several calls in a row the first tells since when, the last why."""
        self.settle(now_us, at_once=True)
        self._down = (self._down[0] if self._down else now_us, reason)

    def up(self, now_us: int, *, session_present: bool) -> None:
        """Somebody listens again."""
        if self._down is None:
            return
        (from_us, reason), self._down = self._down, None
        if reason == STARTING:
            return
        self._open = (from_us, now_us, reason)
        self._kept, self._refilled, self._passed, self._quiet_since_us = session_present, 0, False, now_us
        self.count += 1

    def samples(self, time_us: NDArray[np.int64], now_us: int) -> None:
        """Samples came."""
        if self._open is None:
            return
        from_us, to_us, _ = self._open
        inside = int(np.count_nonzero((time_us >= from_us) & (time_us < to_us)))
        if inside:
            self._refilled += inside
            self._quiet_since_us = now_us
        else:
            self._passed = self._passed or bool(time_us.max() >= to_us)

    def settle(self, now_us: int, *, at_once: bool = False) -> None:
        """Tell of a gap whose backlog is over."""
        if self._open is None or not (at_once or self._passed or now_us - self._quiet_since_us >= _QUIET_US):
            return
        (from_us, to_us, reason), self._open = self._open, None
        refilled = self._refilled if self._kept or self._refilled else None
        self._on_gap(Gap(connector=self._connector, from_us=from_us, to_us=to_us, reason=reason, refilled=refilled))
