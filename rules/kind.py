"""What every kind of rule offers the engine."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from rules.arrays import Bools, Columns, Ints
from rules.memory import Memory
from rules.samples import Samples
from rules.standing import Standing
from rules.transition import Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The state of some rules of a kind, tags by index."""

    #: Ids; columns name rules by their place in this.
    rules: tuple[str, ...]
    #: By rule. Equal where it means the same for the same tags: then the state may be taken over as it is.
    fingerprints: tuple[str, ...]
    columns: Columns
    standing: Standing


class Kind(Protocol):
    """Evaluates one or more rules for all their targets at once.

    One ``advance`` of the engine is `play`, if there were samples, then `advance` here. The same calls give the same
    transitions. No clock, no I/O, no randomness.
    """

    def play(self, samples: Samples, memory: Memory) -> None:
        """Evaluate samples in source-time order per tag. ``memory`` is as it was before them."""

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """Run the timers to ``now_us`` and hand out all that happened, in order per alert. ``memory`` has learnt
        ``samples`` by now."""

    def resume(self, now_us: int) -> None:
        """The service was away until ``now_us``: that nothing was heard meanwhile is not held against the plant."""

    def set_back(self, now_us: int) -> None:
        """The clock had been ahead and was put right to ``now_us``."""

    def reset(self, alert_ids: Collection[str], now_us: int) -> None:
        """Somebody has reset these alerts: those that are latched and whose condition is over end."""

    def save(self, memory: Memory) -> Saved:
        """All that is needed to go on elsewhere."""

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """Go on from ``saved``, whose tag ``i`` is now ``moved[i]`` (-1: gone). May be called several times, where the
        rules of this stood in several places; what is not here is passed over.

        Returns which of the standing alerts were taken over; the engine ends the others. ``notes`` are for people: what
        could not be taken over and begins anew.
        """


@runtime_checkable
class Sleeper(Protocol):
    """What a kind offers besides that knows when time alone may change something for it."""

    @property
    def wake_us(self) -> int:
        """An `advance` without samples to an earlier time tells nothing, and makes no difference to any later one."""
