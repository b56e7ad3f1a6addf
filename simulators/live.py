"""A simulated park as a source of frames: one every period, for as long as its scenario lasts."""

from park.index import TagTable
from simulators.faults import Fault
from simulators.frame import Frame
from simulators.world import World


class LiveSource:
    """Frames of a `World` at a fixed rhythm. A late player gets the present, not the past: a plant waits for nobody."""

    def __init__(self, world: World, *, period_us: int = 1_000_000, until_us: int | None = None) -> None:
        self._world, self._period_us, self._until_us = world, period_us, until_us
        self._due_us = world.start_us
        self._begun = False

    @property
    def table(self) -> TagTable:
        """The park's tags."""
        return self._world.table

    def due_us(self) -> int | None:
        """See `FrameSource`."""
        over = self._until_us is not None and self._due_us > self._until_us
        return None if over else self._due_us

    def take(self, now_us: int) -> Frame:
        """See `FrameSource`."""
        self._begun = True
        periods = max(0, now_us - self._due_us) // self._period_us
        self._due_us += (periods + 1) * self._period_us
        return self._world.frame(max(now_us, self._world.start_us))

    def absent(self, connector: str, now_us: int) -> bool:
        """See `FrameSource`."""
        return self._world.overlay.absent(connector, now_us - self._world.start_us)

    def begin(self, start_us: int) -> None:
        """Begin then instead, earlier or later. Raises ValueError where it has begun already."""
        if self._begun:
            raise ValueError("it has begun already")
        moved_us = start_us - self._world.start_us
        self._world.start_us = self._due_us = start_us
        if self._until_us is not None:
            self._until_us += moved_us

    def end(self, now_us: int) -> None:
        """No more frames; what serves them stays."""
        self._until_us = now_us - 1

    def inject(self, fault: Fault, now_us: int) -> None:
        """Let a fault happen; its ``at`` counts from now. Raises ValueError where its target does not fit."""
        begins = now_us - self._world.start_us + fault.at_us
        self._world.add_fault(fault.model_copy(update={"at_us": begins}))
