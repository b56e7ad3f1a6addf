"""When a logger was away, and how much of that time came afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.base import Gap, Health
from connectors.hj212.devices import Device

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
    """Those that are over and whose history is not in yet. One a device: a second one ends the first.

    Each is told of when it is over, and again when its history is in.
    """

    def __init__(self, health: Health, on_gap: Callable[[Gap], None]) -> None:
        self._health, self._on_gap = health, on_gap
        self._open: dict[str, Outage] = {}

    def begin(self, device: Device, from_us: int, to_us: int, reason: str) -> None:
        """A logger is back after an absence."""
        self.tell(device)
        outage = self._open[device.mn] = Outage(device, from_us, to_us, reason)
        self._health.gaps += 1
        self._record(outage, None)

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
        if outage is not None:
            self._record(outage, outage.refilled if outage.has_history or outage.refilled else None)

    def _record(self, outage: Outage, refilled: int | None) -> None:
        """The same gap again takes the place of its first record."""
        self._on_gap(
            Gap(
                connector=f"{self._health.connector}/{outage.device.mn}",
                from_us=outage.from_us,
                to_us=outage.to_us,
                reason=outage.reason,
                refilled=refilled,
            )
        )

    def tell_all(self) -> None:
        """We are stopping."""
        for outage in list(self._open.values()):
            self.tell(outage.device)
