"""What conditions are made of in the end: tags as of now, the time of day, fixed numbers."""

import numpy as np

from park.quality import Quality
from rules.arrays import FAR, NEVER, Ints, Rows
from rules.expression.nodes import FALSE, TRUE, Conditions, Numbers, Tick, of_truth

_BAD = np.uint8(Quality.BAD)
#: What fixed UTC+08:00 is ahead of UTC.
_OFFSET_US = 8 * 3_600_000_000
_MINUTE_US, _HOUR_US, _DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000


class TagValue(Numbers):
    """A tag as of now: its newest value, held until the next sample or until it is stale."""

    __slots__ = ("_next_us", "_strict", "_timeout_us", "ix", "used_us")

    def __init__(self, ix: Rows, strict: bool) -> None:
        super().__init__()
        self.ix = ix
        self._strict = strict
        self._timeout_us: Ints | None = None
        #: Nothing goes stale before this.
        self._next_us = NEVER
        self.used_us: Ints = np.full(len(ix), NEVER, dtype=np.int64)

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        quiet = self.made >= 0 and tick.now_us < self._next_us
        if quiet and (tick.samples is None or not tick.touched.take(self.ix).any()):
            return
        self.made = self.moved = tick.number
        self.reckon(tick)

    def moves_us(self) -> int:
        """See `Node`."""
        return self._next_us

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        memory = tick.memory
        if self._timeout_us is None:
            self._timeout_us = memory.timeout_us.take(self.ix)
        self.used_us = (memory.good_us if self._strict else memory.used_us).take(self.ix)
        self.value = memory.used_value.take(self.ix)
        grade = memory.grade.take(self.ix)
        due_us = self.used_us + self._timeout_us
        self._next_us = int(due_us.min(initial=FAR)) + 1
        if self._next_us <= tick.now_us:
            fresh = due_us >= tick.now_us
            self._next_us = int(due_us[fresh].min(initial=FAR)) + 1
            grade[~fresh] = _BAD
        if grade.any():
            if self._strict:
                grade[grade == Quality.UNCERTAIN] = _BAD
            self.grade = grade
        else:
            self.grade = None


class TagKnown(Conditions):
    """``valid(x)``"""

    __slots__ = ("_of",)

    def __init__(self, of: TagValue) -> None:
        super().__init__(of)
        self._of = of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        grade = self._of.grade
        self.code = of_truth(np.ones(len(self._of.ix), dtype=np.bool_) if grade is None else grade < _BAD, None)


class TagStale(Conditions):
    """``stale(x)``: as `rules.memory.Memory.stale`."""

    __slots__ = ("_of",)

    def __init__(self, of: TagValue) -> None:
        super().__init__(of)
        self._of = of

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        timeout_us = tick.memory.timeout_us.take(self._of.ix)
        self.code = of_truth((tick.now_us - self._of.used_us > timeout_us) & (timeout_us < FAR), None)


class TagAge(Numbers):
    """``age(x)``: moves with every tick."""

    __slots__ = ("_of",)

    def __init__(self, of: TagValue) -> None:
        super().__init__(of)
        self._of = of

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        self.made = self.moved = tick.number
        self.reckon(tick)

    def moves_us(self) -> int:
        """See `Node`."""
        return NEVER

    def reckon(self, tick: Tick) -> None:
        """See `Node`."""
        used_us = self._of.used_us
        self.value = np.maximum(tick.now_us - used_us, 0) / 1e6
        never = used_us == NEVER
        self.grade = np.where(never, _BAD, np.uint8(0)) if never.any() else None


class HourOfDay(Numbers):
    """``hour()``"""

    __slots__ = ("_hour", "_next_us")

    def __init__(self) -> None:
        super().__init__()
        self._hour = -1
        self._next_us = NEVER
        self.grade = None

    def moves_us(self) -> int:
        """See `Node`."""
        return self._next_us

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        hour = (tick.now_us + _OFFSET_US) % _DAY_US // _HOUR_US
        if hour != self._hour or self.made < 0:
            self._hour = hour
            self._next_us = tick.now_us // _HOUR_US * _HOUR_US + _HOUR_US
            self.value = np.array([float(hour)])
            self.made = self.moved = tick.number


class TimeOfDay(Conditions):
    """``between(22:00, 06:00)``"""

    __slots__ = ("_end", "_first", "_is", "_next_us")

    def __init__(self, first: int, end: int) -> None:
        super().__init__()
        self._first, self._end = first, end
        self._is: bool | None = None
        self._next_us = NEVER

    def moves_us(self) -> int:
        """See `Node`."""
        return self._next_us

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        of_day_us = (tick.now_us + _OFFSET_US) % _DAY_US
        minute = of_day_us // _MINUTE_US
        if self._first < self._end:
            now = self._first <= minute < self._end
        else:
            now = minute >= self._first or minute < self._end
        if now is not self._is or self.made < 0:
            self._is = now
            until_us = (self._end if now else self._first) * _MINUTE_US - of_day_us
            self._next_us = tick.now_us + (until_us if until_us > 0 else until_us + _DAY_US)
            self.code = np.array([TRUE if now else FALSE], dtype=np.uint8)
            self.made = self.moved = tick.number


class Constant(Numbers):
    """Never moves but once."""

    __slots__ = ()

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = np.array([value])
        self.grade = None

    def look(self, tick: Tick) -> None:
        """See `Node`."""
        if self.made < 0:
            self.made = self.moved = tick.number
