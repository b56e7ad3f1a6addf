"""Turns limits into the arrays that `rules.bank.side` works on."""

from collections.abc import Sequence

import numpy as np

from park.model import Alarms, Limit
from rules.arrays import Ints
from rules.bank.side import Side, SideName
from rules.bank.words import Names

_Levels = tuple[tuple[str, Limit | None], ...]


def compile_levels(alarms: Sequence[Alarms]) -> tuple[tuple[Side, Side], Names]:
    """The sides of slots with these limits, and the names of their levels."""
    size = len(alarms)
    sides = Side(SideName.high, size), Side(SideName.low, size)
    names: Names = (([""] * size, [""] * size), ([""] * size, [""] * size))
    high, low = _Cells(), _Cells()
    for slot, limits in enumerate(alarms):
        high.add(slot, limits, (("H", limits.H), ("HH", limits.HH)), names[0])
        low.add(slot, limits, (("L", limits.L), ("LL", limits.LL)), names[1])
    high.fill(sides[0])
    low.fill(sides[1])
    return sides, names


def compile_fault(on_delay_us: Ints, off_delay_us: Ints) -> tuple[tuple[Side, Side], Names]:
    """For slots whose signal is 1 where the fault is there and 0 where it is not."""
    size = len(on_delay_us)
    high, low = Side(SideName.high, size), Side(SideName.low, size)
    high.limit[0] = high.reset[0] = 0.5
    high.on_delay_us[0], high.off_delay_us[0] = on_delay_us, off_delay_us
    return (high, low), (([""] * size, [""] * size), ([""] * size, [""] * size))


def any_level(alarms: Alarms | None) -> bool:
    """Whether there is a limit at all."""
    return alarms is not None and not (
        alarms.H is None and alarms.HH is None and alarms.L is None and alarms.LL is None
    )


class _Cells:
    """The levels of one side of all tags, level by level, in columns. A park has a million: hence no objects."""

    def __init__(self) -> None:
        self.at: tuple[list[int], list[int]] = ([], [])
        self.limit: list[float] = []
        self.deadband: list[float] = []
        self.on_delay_us: list[int] = []
        self.off_delay_us: list[int] = []

    def add(self, slot: int, alarms: Alarms, nearer_first: _Levels, names: tuple[list[str], list[str]]) -> None:
        """The levels that one tag has on this side; a lone one goes first, whichever it is."""
        place = 0
        for name, limit in nearer_first:
            if limit is not None:
                names[place][slot] = name
                self.at[0].append(place)
                self.at[1].append(slot)
                self.limit.append(limit.limit)
                self.deadband.append(alarms.deadband if limit.deadband is None else limit.deadband)
                self.on_delay_us.append(alarms.on_delay if limit.on_delay is None else limit.on_delay)
                self.off_delay_us.append(alarms.off_delay if limit.off_delay is None else limit.off_delay)
                place += 1

    def fill(self, side: Side) -> None:
        """Write them to the side, mirrored where it is the low one."""
        place, slot = (np.array(column, dtype=np.intp) for column in self.at)
        limit = side.sign * np.array(self.limit, dtype=np.float64)
        side.limit[place, slot] = limit
        side.reset[place, slot] = limit - np.array(self.deadband, dtype=np.float64)
        side.on_delay_us[place, slot] = self.on_delay_us
        side.off_delay_us[place, slot] = self.off_delay_us
