"""How long to wait: for the next attempt, and for data that do not come. No clock in here; seconds are arguments."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Doubles from ``first_s`` to ``most_s``, with jitter, so that a hundred connectors do not knock at once."""

    first_s: float
    most_s: float
    jitter: Callable[[], float] = random.random
    _failures: int = field(default=0, init=False)

    def next_s(self) -> float:
        """Between half of the step and all of it."""
        step = min(self.most_s, self.first_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return step * (0.5 + 0.5 * self.jitter())

    def reset(self) -> None:
        """It worked."""
        self._failures = 0


@dataclass(slots=True)
class DataAge:
    """Tells a plant that rightly stands still from a subscription that is dead although it answers.

    Older than ``most_s``: say so. Older than the patience: rebuild, and have twice the patience next time, so that a
    silent plant is rebuilt after one minute, two, four, ... and at most every ``patience_most_s``. News resets it.
    """

    #: 0: never too old.
    most_s: float
    patience_most_s: float
    #: When there was news, or when waiting for it began.
    since_s: float = field(default=0.0, init=False)
    patience_s: float = field(init=False)
    #: When silence last led to a rebuild, without any news since then; None: it did not.
    rebuilt: bool = field(default=False, init=False)
    _waiting_since_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.patience_s = self.most_s

    def news(self, now_s: float) -> None:
        """Something newer than before arrived."""
        self.since_s = self._waiting_since_s = now_s
        self.patience_s, self.rebuilt = self.most_s, False

    def begin(self, now_s: float) -> None:
        """A new subscription: the patience counts from here, the age goes on."""
        self._waiting_since_s = now_s

    def too_old(self, now_s: float) -> bool:
        """A person should know."""
        return 0 < self.most_s < now_s - self.since_s

    def give_up(self, now_s: float) -> bool:
        """Rebuild now. True once; the patience has doubled then."""
        if not 0 < self.patience_s < now_s - self._waiting_since_s:
            return False
        self.patience_s = min(self.patience_s * 2, self.patience_most_s)
        self.rebuilt = True
        return True
