"""Chatter and floods: too many alarms, of one point or altogether. They only change how alarms are presented."""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any

import msgspec

_MINUTE_US = 60_000_000
_TEN_MINUTES_US = 10 * _MINUTE_US
#: ISA-18.2: a point chatters when it is raised so often within a minute.
CHATTER = 3
#: ISA-18.2: a flood begins with more than so many in ten minutes, and ends with fewer than so many.
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
#: Raised times kept of each point: enough to count, even where a backlog comes in between.
_KEEP_RAISED = 16

_Point = tuple[str, str, str]


class Chatter:
    """Counts by effective time, so that a backlog chatters exactly where the plant did."""

    def __init__(self) -> None:
        #: By (rule, target, side): when it was last heard of (row's time), and its newest raised times in order.
        self._raised: OrderedDict[_Point, tuple[int, list[int]]] = OrderedDict()

    def note(self, point: _Point, raised_us: int, now_us: int) -> bool:
        """One more; True where it is at least the third within the minute up to it."""
        _, times = self._raised.pop(point, (0, []))
        times = sorted([*times, raised_us])[-_KEEP_RAISED:]
        self._raised[point] = now_us, times
        while (oldest := next(iter(self._raised.values()))[0]) < now_us - _TEN_MINUTES_US or oldest > now_us:
            self._raised.popitem(last=False)
        return sum(raised_us - _MINUTE_US < one <= raised_us for one in times) >= CHATTER

    def state(self) -> Any:
        """For a snapshot."""
        return list(self._raised.items())

    def load(self, state: Any) -> None:
        """The inverse of `state`."""
        pairs = msgspec.convert(state, list[tuple[_Point, tuple[int, list[int]]]])
        self._raised = OrderedDict(pairs)


class Flood(msgspec.Struct, kw_only=True):
    """More alarms than an operator can take in."""

    #: Empty: the whole park.
    enterprise: str
    #: Row's time at which it began.
    since_us: int
    #: Raised within the last ten minutes, and the most that this was.
    count: int
    most: int


#: Key of the whole park: no enterprise has it as its id.
_ALL = ""


class Floods:
    """Counts by the row's time: what matters is how many alarms came to the operator, whenever they took effect."""

    def __init__(self) -> None:
        self._raised: dict[str, deque[int]] = {}
        self._standing: dict[str, Flood] = {}

    def standing(self) -> list[Flood]:
        """As of the last row, the whole park's first."""
        return [self._standing[one] for one in sorted(self._standing)]

    def note(self, enterprises: Iterable[str], now_us: int) -> None:
        """Alarms were raised now: whose, one entry each."""
        for enterprise in enterprises:
            self._raised.setdefault(_ALL, deque()).append(now_us)
            if enterprise:
                self._raised.setdefault(enterprise, deque()).append(now_us)
        for key in sorted(self._raised):
            self._judge(key, now_us)

    def _judge(self, key: str, now_us: int) -> None:
        times = self._raised[key]
        if max(times[0], times[-1]) > now_us:  # the clock was put back
            times = self._raised[key] = deque(one for one in times if one <= now_us)
        while times and times[0] <= now_us - _TEN_MINUTES_US:
            times.popleft()
        count, flood = len(times), self._standing.get(key)
        if flood is None and count > FLOOD_BEGINS:
            self._standing[key] = Flood(enterprise=key, since_us=now_us, count=count, most=count)
        elif flood is not None and count < FLOOD_ENDS:
            del self._standing[key]
        elif flood is not None:
            flood.count, flood.most = count, max(flood.most, count)
        if not times:
            del self._raised[key]

    def state(self) -> Any:
        """For a snapshot."""
        return {
            "raised": [(key, list(times)) for key, times in self._raised.items()],
            "standing": list(self._standing.values()),
        }

    def load(self, state: Any) -> None:
        """The inverse of `state`."""
        raised = msgspec.convert(state["raised"], list[tuple[str, list[int]]])
        self._raised = {key: deque(times) for key, times in raised}
        self._standing = {one.enterprise: one for one in msgspec.convert(state["standing"], list[Flood])}
