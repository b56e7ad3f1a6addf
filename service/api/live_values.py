"""The latest values of chosen tags, coalesced: of all that came since the last time only the newest."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo
from park.quality import describe
from service.api.view import ServiceView

_QUALITIES = np.array([describe(byte) for byte in range(256)], dtype=object)


class ValueWatch:
    """What one listener wants to see move."""

    def __init__(self, view: ServiceView, tags: Sequence[TagInfo], every_s: float) -> None:
        self._view = view
        self.every_s = every_s
        self._ids = np.array([info.id for info in tags], dtype=object)
        self._ix: NDArray[np.intp] = np.array([info.ix for info in tags], dtype=np.intp)
        self._sent_us: NDArray[np.int64] = np.zeros(len(tags), dtype=np.int64)

    def changed(self) -> dict[str, Any] | None:
        """Columns tag, time (source time), value, quality; None where nothing is new."""
        latest = self._view.latest()
        time_us = latest.time_us[self._ix]
        fresh = np.flatnonzero(time_us > self._sent_us)
        if not len(fresh):
            return None
        self._sent_us = np.maximum(time_us, self._sent_us)
        ix = self._ix[fresh]
        return {
            "tag": self._ids[fresh].tolist(),
            "time": time_us[fresh].astype("datetime64[us]"),
            "value": latest.value[ix],
            "quality": _QUALITIES[latest.quality[ix]].tolist(),
        }
