"""When a logger was away, and how much of that time came afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.base import Gap, Health
from connectors.hj212.devices import Device

#: Away for more than so many times what is usual between a logger's packets: some connect only to send.
_UNUSUAL = 3
#: The packet that ended an absence is of just before it arrived: that was not missed.
_LIVE_US = 5_000_000


@dataclass(slots=True)
class Outage:
    """One logger, one absence. Epoch microseconds, UTC."""

    device: Device
    from_us: int
    to_us: int
    reason: str
    #: Rows that came after it and tell of times within it: samples and reported means.
    refilled: int = 0
    #: False: nothing can be had from the logger.
    has_history: bool = True


class Outages:
    """Those that are over and whose history is not in yet. One a device: a second one ends the first."""

    def __init__(self, health: Health, on_gap: Callable[[Gap], None], gap_after_us: int) -> None:
        self._health, self._on_gap, self._gap_after_us = health, on_gap, gap_after_us
        self._open: dict[str, Outage] = {}

    def returned(self, device: Device, since_us: int, now_us: int, reason: str) -> bool:
        """A logger spoke after silence; whether that was an absence."""
        away_us = now_us - since_us
        if not since_us or away_us < self._gap_after_us or away_us < _UNUSUAL * device.usual_spacing_us():
            return False
        self.tell(device)
        self._open[device.mn] = Outage(device, since_us, now_us, reason)
        self._health.gaps += 1
        return True

    def of(self, device: Device) -> Outage | None:
        """The one whose history is not in yet."""
        return self._open.get(device.mn)

    def rows(self, device: Device, time_us: NDArray[np.int64]) -> None:
        """Rows of these times came; of a mean, the last moment of its period."""
        if self._open and (outage := self._open.get(device.mn)) is not None:
            inside = (time_us >= outage.from_us) & (time_us < outage.to_us - _LIVE_US)
            outage.refilled += int(np.count_nonzero(inside))

    def ended_before(self, time_us: int) -> list[Outage]:
        """Those that are over since this time or longer."""
        return [one for one in self._open.values() if one.to_us <= time_us]

    def tell(self, device: Device) -> None:
        """Its history is in, as far as it will be."""
        outage = self._open.pop(device.mn, None)
        if outage is None:
            return
        self._on_gap(
            Gap(
                connector=f"{self._health.connector}/{device.mn}",
                from_us=outage.from_us,
                to_us=outage.to_us,
                reason=outage.reason,
                refilled=outage.refilled if outage.has_history or outage.refilled else None,
            )
        )

    def tell_all(self) -> None:
        """We are stopping."""
        for outage in list(self._open.values()):
            self.tell(outage.device)
