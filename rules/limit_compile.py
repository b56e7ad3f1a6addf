"""Turns the limits of a rule or of its tags into the arrays that `rules.levels` works on."""

from dataclasses import dataclass

import numpy as np

from park.index import TagInfo
from park.model import Alarms, Limit
from rules.levels import Side, SideName
from rules.spec import LimitRule

_Levels = tuple[tuple[str, Limit | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The sides of all tags of a rule; slot ``i`` is the tag ``infos[i]``."""

    infos: list[TagInfo]
    sides: tuple[Side, Side]
    #: By side, level and slot: ``H``, ``HH``, ...; empty where a tag has no such level.
    names: tuple[tuple[list[str], list[str]], ...]


def compile_limits(infos: list[TagInfo], rule: LimitRule) -> Compiled:
    """Tags without any limit are left out."""
    limited = [(info, alarms) for info in infos if (alarms := rule.limits or info.tag.alarms) and _any(alarms)]
    size = len(limited)
    sides = Side(SideName.high, size), Side(SideName.low, size)
    names = (([""] * size, [""] * size), ([""] * size, [""] * size))
    high, low = _Cells(), _Cells()
    for slot, (_, alarms) in enumerate(limited):
        high.add(slot, alarms, (("H", alarms.H), ("HH", alarms.HH)), names[0])
        low.add(slot, alarms, (("L", alarms.L), ("LL", alarms.LL)), names[1])
    high.fill(sides[0])
    low.fill(sides[1])
    return Compiled(infos=[info for info, _ in limited], sides=sides, names=names)


def _any(alarms: Alarms) -> bool:
    return not (alarms.H is None and alarms.HH is None and alarms.L is None and alarms.LL is None)


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
