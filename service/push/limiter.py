"""Token buckets: what flows in steadily may be taken out in bursts."""

import time
from collections import OrderedDict
from collections.abc import Callable

from service.push.refused import TooMany

#: Names of keys are few; what is beyond was not heard of for longest.
_MOST_NAMES = 10_000


class Bucket:
    """One bucket a name. ``take`` may overdraw; while there is a debt, ``check`` refuses."""

    def __init__(
        self, what: str, *, per_s: float, at_once: float, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._per_s = per_s
        self._at_once = at_once
        self._steady_s = steady_s
        #: Name -> (tokens, when).
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, name: str, needed: float = 0.0) -> None:
        """Raises TooMany where there are fewer than ``needed`` tokens."""
        left = self._now(name)
        if left < needed:
            wait_s = (needed - left) / self._per_s
            raise TooMany(
                f"this key may send {self._per_s:g} {self._what} a second; come again in {wait_s:.1f} s", wait_s
            )

    def take(self, name: str, count: float) -> None:
        """Take them out, be there enough or not."""
        self._left[name] = (self._now(name) - count, self._steady_s())
        self._left.move_to_end(name)
        while len(self._left) > _MOST_NAMES:
            self._left.popitem(last=False)

    def _now(self, name: str) -> float:
        now_s = self._steady_s()
        left, at_s = self._left.get(name, (self._at_once, now_s))
        return min(left + (now_s - at_s) * self._per_s, self._at_once)
