"""Which periods of one kind of stored data have come from a logger, and which are missing. No I/O, no clock."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

from connectors.hj212.config import MINUTE_INTERVALS

_MIN_US = 60_000_000
_ALLOWED_US = frozenset(minutes * _MIN_US for minutes in MINUTE_INTERVALS)
#: Runs that are remembered; with more of them the oldest hole is no longer missed.
_MOST_RUNS = 500
#: Starts that are kept while a logger's interval is not certain.
_STARTS = 100
#: So many equal distances in a row are the interval, though it used to be shorter.
_STEADY = 5

Span = tuple[int, int]
#: Of Beijing time: its days are the periods of 2031.
_OFFSET_US = 8 * 3_600_000_000


def floor_us(time_us: int, length_us: int) -> int:
    """Start of the period of this length, counted from Beijing midnight, that holds a time."""
    return (time_us + _OFFSET_US) // length_us * length_us - _OFFSET_US


def ceil_us(time_us: int, length_us: int) -> int:
    """The first start of a period at or after a time."""
    return floor_us(time_us + length_us - 1, length_us)


class Coverage:
    """Runs of periods that are there, as half-open spans of their starts. All times epoch microseconds, UTC.

    ``length_us``: of one period; None: not known, then it is learnt from how far apart they come.
    """

    def __init__(self, length_us: int | None) -> None:
        self._length_us = length_us
        self._learns = length_us is None
        self._runs: list[Span] = []
        self._starts: deque[int] = deque(maxlen=_STARTS)
        self._begun_us: int | None = None

    @property
    def length_us(self) -> int | None:
        """Of one period; None: not known yet."""
        return self._length_us

    @property
    def has_holes(self) -> bool:
        """Something is missing between what is there."""
        return len(self._runs) > 1

    @property
    def newest_us(self) -> int | None:
        """Up to where everything is there or given up, but for holes; None: nothing is known yet."""
        return self._runs[-1][1] if self._runs else None

    def begin(self, time_us: int) -> None:
        """All that was complete at this time is there; what came before is never missed. Only the first call counts."""
        if self._begun_us is None and not self._runs:
            self._begun_us = time_us
            self._seed()

    def tell_length(self, length_us: int) -> None:
        """The logger says that its periods are this long."""
        if length_us in _ALLOWED_US and length_us != self._length_us:
            self._use(length_us)

    def add(self, start_us: int) -> None:
        """The period that begins here came."""
        if self._learns:
            self._learn(start_us)
        length_us = self._length_us
        if length_us is None:
            return
        start_us = floor_us(start_us, length_us)
        if not self._runs or start_us >= self._runs[0][0]:
            self._add_span(start_us, start_us + length_us)

    def settle(self, from_us: int, to_us: int) -> None:
        """Miss nothing here any more: the logger does not have it."""
        if self._runs and to_us > self._runs[0][0]:
            self._add_span(max(from_us, self._runs[0][0]), to_us)

    def missing(self, from_us: int, to_us: int) -> list[Span]:
        """Spans of starts without data, from what is there on up to ``to_us`` or the newest; oldest first.

        What lies before ``from_us`` is given up.
        """
        length_us = self._length_us
        if length_us is None or not self._runs:
            return []
        if self._runs[0][1] < (from_us := ceil_us(from_us, length_us)):
            self.settle(self._runs[0][1], from_us)
        newest_us = self._runs[-1][1]
        ends = [*self._runs, (max(floor_us(to_us, length_us), newest_us), 0)]
        return [(one[1], following[0]) for one, following in pairwise(ends) if one[1] < following[0]]

    def _seed(self) -> None:
        if self._begun_us is not None and self._length_us is not None:
            until_us = floor_us(self._begun_us, self._length_us)
            self._add_span(until_us - self._length_us, until_us)

    def _learn(self, start_us: int) -> None:
        apart_us = min((abs(start_us - one) for one in self._starts if one != start_us), default=0)
        self._starts.append(start_us)
        if self._length_us is None:
            apart = [b - a for a, b in pairwise(sorted(set(self._starts)))]
            usual = [one for one in apart if one in _ALLOWED_US]
            if usual:
                self._use(min(usual))
        else:
            self._look_again(apart_us)

    def _look_again(self, apart_us: int) -> None:
        """An interval that was changed, or was taken for too long at first."""
        assert self._length_us is not None
        if apart_us not in _ALLOWED_US or apart_us == self._length_us:
            return
        last = list(self._starts)[-1 - _STEADY :]
        steady = len(last) > _STEADY and {b - a for a, b in pairwise(last)} == {apart_us}
        if apart_us < self._length_us or steady:
            self._use(apart_us)

    def _use(self, length_us: int) -> None:
        """Lay out anew what has come, in periods of this length."""
        known_from_us = self._runs[0][0] if self._runs else None
        self._length_us, self._runs = length_us, []
        self._seed()
        if len(self._starts) == _STARTS and known_from_us is not None:  # what came before these is forgotten
            self._runs = []
            self._add_span(floor_us(known_from_us, length_us), floor_us(min(self._starts), length_us))
        for one in sorted(self._starts):
            start_us = floor_us(one, length_us)
            if not self._runs or start_us >= self._runs[0][0]:
                self._add_span(start_us, start_us + length_us)

    def _add_span(self, from_us: int, to_us: int) -> None:
        runs = self._runs
        if from_us >= to_us:
            return
        first = bisect_right(runs, (from_us, 0))
        while first and runs[first - 1][1] >= from_us:
            first -= 1
        last = first
        while last < len(runs) and runs[last][0] <= to_us:
            from_us, to_us = min(from_us, runs[last][0]), max(to_us, runs[last][1])
            last += 1
        runs[first:last] = [(from_us, to_us)]
        if len(runs) > _MOST_RUNS:
            runs[:2] = [(runs[0][0], runs[1][1])]


def pieces(span: Span, length_us: int, most: int) -> Iterator[Span]:
    """A span of starts, cut into requests of at most ``most`` periods."""
    from_us, to_us = span
    while from_us < to_us:
        end_us = min(from_us + most * length_us, to_us)
        yield from_us, end_us
        from_us = end_us
