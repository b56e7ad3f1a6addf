"""All nodes of all expressions of a kind; what is the same for the same tags is there once."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from rules.arrays import FAR, Rows
from rules.expression.leaves import TagValue
from rules.expression.nodes import Node, Tick
from rules.expression.rings import Ring
from rules.expression.windows import RINGS, OverWindow
from rules.memory import Memory
from rules.samples import Samples

N = TypeVar("N", bound=Node)


class Pool:
    """Nodes in an order in which parts come before what is made of them."""

    def __init__(self, size: int) -> None:
        """``size`` of arrays by tag index."""
        self.nodes: list[Node] = []
        self.rings: list[Ring] = []
        self._made: dict[tuple[Any, ...], Node] = {}
        self._tags: dict[bytes, Rows] = {}
        self._touched = np.zeros(size, dtype=np.bool_)
        self._ticks = 0

    def make(self, make: Callable[..., N], *args: Any) -> N:
        """The node that ``make(*args)`` makes, or the one that it has made before."""
        key = (make, *args)
        node = self._made.get(key)
        if node is None:
            self._made[key] = node = self.add(make(*args))
        return node  # type: ignore[return-value]

    def add(self, node: N) -> N:
        """One that nobody else shall share."""
        self.nodes.append(node)
        return node

    def value(self, ix: Rows, strict: bool) -> TagValue:
        """Of these tags, by source."""
        return self._of_tags("value", ix, strict, lambda: TagValue(self._same(ix), strict))

    def window(self, what: str, ix: Rows, window_us: int, strict: bool) -> OverWindow:
        """What a function makes of the last ``window_us`` of these tags, by source."""
        key = ("over", what, window_us)
        return self._of_tags(key, ix, strict, lambda: OverWindow(what, *self.ring(what, ix, window_us, strict)))

    def ring(self, what: str, ix: Rows, window_us: int, strict: bool) -> tuple[Ring, Rows | None]:
        """The window of these tags, and where it has each source's; None: at the same place."""
        found, place = np.unique(self._same(ix), return_inverse=True)
        tags = self._tags.setdefault(found.tobytes(), found)
        kind = RINGS[what]
        ring = self._of_tags((kind, window_us), tags, strict, lambda: self._ring(kind(tags, window_us, strict)))
        in_order = len(place) == len(tags) and bool((place == np.arange(len(tags))).all())
        return ring, None if in_order else place

    def _ring(self, ring: Ring) -> Ring:
        self.rings.append(ring)
        return ring

    def _of_tags(self, what: object, ix: Rows, strict: bool, make: Callable[[], N]) -> N:
        key = (what, self._same(ix).tobytes(), strict)
        node = self._made.get(key)
        if node is None:
            self._made[key] = node = self.add(make())
        return node  # type: ignore[return-value]

    def _same(self, ix: Rows) -> Rows:
        """One tag in place of one a source, where it is always the same."""
        return ix[:1] if len(ix) and (ix == ix[0]).all() else ix

    def tick(self, now_us: int, samples: Samples | None, memory: Memory) -> Tick:
        """Bring all nodes up to date."""
        self._ticks += 1
        if samples is not None:
            self._touched[samples.tag] = True
        tick = Tick(self._ticks, now_us, samples, memory, self._touched)
        with np.errstate(all="ignore"):
            for node in self.nodes:
                node.look(tick)
        if samples is not None:
            self._touched[samples.tag] = False
        return tick

    @property
    def wake_us(self) -> int:
        """No node moves before, unless there are samples."""
        return min((node.wake_us for node in self.nodes), default=FAR)

    def forget(self) -> None:
        """The clock was put back, or state was loaded: look at everything anew."""
        for node in self.nodes:
            node.forget()
