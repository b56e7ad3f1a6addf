"""What a simulated plant shows at one moment, and where the players (OPC UA server, MQTT fleet) get it from."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from park.index import TagTable
from simulators.faults import WireFault


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Arrays by tag index, ``(size,)`` each."""

    #: The player's clock when it was taken.
    now_us: int
    #: True: its times are those of the moment of writing, so a player that takes a while may move them on.
    live: bool
    value: NDArray[np.float64]
    #: Bytes of `park.quality`.
    quality: NDArray[np.uint8]
    #: Source time, epoch microseconds, UTC.
    time_us: NDArray[np.int64]
    #: False: the tag says nothing this time.
    present: NDArray[np.bool_]
    #: How many times over the tag is sent; more than 1 in a storm.
    copies: NDArray[np.int32]
    #: Faults of data loggers' lines that act now, and the tags behind those lines.
    on_the_wire: tuple[tuple[WireFault, frozenset[int]], ...] = ()


class FrameSource(Protocol):
    """Gives frames when they fall due. Never reads a clock: the player passes the time in."""

    @property
    def table(self) -> TagTable:
        """The tags that frames are about."""

    def due_us(self) -> int | None:
        """When the next frame falls due, on the player's clock; None: there are no more."""

    def take(self, now_us: int) -> Frame:
        """The next frame. A player that is late takes one after the other and leaves none out."""

    def absent(self, connector: str, now_us: int) -> bool:
        """Whether that connector's server is meant to be away at this moment."""
