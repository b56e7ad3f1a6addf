"""Whether messages of an edge node are missing: ``seq`` counts from 0 to 255, and anew (specification 3.0.0, 6.4.4)."""

from enum import Enum

_ROUND = 256
#: Messages of a gap that may still come; a longer gap is no reordering.
_MOST_MISSING = 16


class Step(Enum):
    """What a message's number says."""

    NEXT = "next"
    #: The message before, once more: QoS 1 may do that.
    AGAIN = "again"
    #: One that had been overtaken.
    LATE = "late"
    #: Messages are missing, or overtaken by this one.
    GAP = "gap"


class Sequence:
    """Of one edge node, from one of its births to the next."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._missing: set[int] = set()
        #: Seen before the birth that they follow: some brokers keep no order between topics.
        self._early: set[int] = set()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return not self._missing

    @property
    def last(self) -> int | None:
        """The newest number; None: there was no birth."""
        return self._last

    def begin(self, seq: int) -> None:
        """A birth of the edge node; what had come before it and follows it counts."""
        self._last, self._missing = seq, set()
        while (following := (self._last + 1) % _ROUND) in self._early:
            self._early.discard(following)
            self._last = following
        self._early.clear()

    def end(self) -> None:
        """The edge node died, or is lost to us."""
        self._last, self._missing = None, set()
        self._early.clear()

    def step(self, seq: int) -> Step:
        """A message that is no birth of the edge node."""
        seq %= _ROUND
        if self._last is None:
            if len(self._early) < _MOST_MISSING:
                self._early.add(seq)
            return Step.NEXT
        expected = (self._last + 1) % _ROUND
        if seq == expected:
            self._last = seq
            return Step.NEXT
        if seq in self._missing:
            self._missing.discard(seq)
            return Step.LATE
        if seq == self._last:
            return Step.AGAIN
        count = (seq - expected) % _ROUND
        # A gap that cannot close by itself is marked by a number that no message has.
        self._missing |= {(expected + i) % _ROUND for i in range(count)} if count <= _MOST_MISSING else {-1}
        self._last = seq
        return Step.GAP
