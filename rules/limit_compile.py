"""Turns the limits of a rule or of its tags into the arrays that `rules.levels` works on."""

from dataclasses import dataclass

import numpy as np

from park.index import TagInfo
from park.model import Alarms, Level
from rules.levels import Side, SideName
from rules.spec import LimitRule

#: Levels of each side, nearer first.
_NEARER_FIRST: dict[SideName, tuple[Level, Level]] = {
    SideName.high: (Level.H, Level.HH),
    SideName.low: (Level.L, Level.LL),
}
_Cell = tuple[int, int, float, float, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The sides of all tags of a rule; slot ``i`` is the tag ``infos[i]``."""

    infos: list[TagInfo]
    sides: tuple[Side, Side]
    #: By side, level and slot: ``H``, ``HH``, ...; empty where a tag has no such level.
    names: tuple[tuple[list[str], list[str]], ...]


def compile_limits(infos: list[TagInfo], rule: LimitRule) -> Compiled:
    """Tags without any limit are left out."""
    limited = [(info, alarms) for info in infos if (alarms := rule.limits or info.tag.alarms) and alarms.limits()]
    sides = Side(SideName.high, len(limited)), Side(SideName.low, len(limited))
    names = tuple(([""] * len(limited), [""] * len(limited)) for _ in sides)
    for side, its_names in zip(sides, names, strict=True):
        cells: list[_Cell] = []
        for slot, (_, alarms) in enumerate(limited):
            cells.extend(_cells(side, its_names, slot, alarms))
        _fill(side, cells)
    return Compiled(infos=[info for info, _ in limited], sides=sides, names=names)


def _cells(side: Side, names: tuple[list[str], list[str]], slot: int, alarms: Alarms) -> list[_Cell]:
    given = dict(alarms.limits())
    cells: list[_Cell] = []
    for place, level in enumerate(level for level in _NEARER_FIRST[side.name] if level in given):
        limit = given[level]
        x = side.sign * limit.limit
        deadband = alarms.deadband if limit.deadband is None else limit.deadband
        on_delay_us = alarms.on_delay if limit.on_delay is None else limit.on_delay
        off_delay_us = alarms.off_delay if limit.off_delay is None else limit.off_delay
        names[place][slot] = level.value
        cells.append((place, slot, x, x - deadband, on_delay_us, off_delay_us))
    return cells


def _fill(side: Side, cells: list[_Cell]) -> None:
    if not cells:
        return
    place, slot, limit, reset, on_delay_us, off_delay_us = (np.array(column) for column in zip(*cells, strict=True))
    side.limit[place, slot] = limit
    side.reset[place, slot] = reset
    side.on_delay_us[place, slot] = on_delay_us
    side.off_delay_us[place, slot] = off_delay_us
