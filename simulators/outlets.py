"""Waste gas outlets and the treatment before them: when the RTO fails, the stack shows it, and so does the fence.

A unit with a hot chamber burns the organics of its enterprise's outlets; one with a liquor (pH) washes acid gases out
of what the nearest stack emits.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo, TagTable
from park.model import SourceKind
from simulators import plume
from simulators.chemicals import SUBSTANCES
from simulators.faults import Bypass, TreatmentFailure
from simulators.monitors import EMITTED, Receptors, Stacks
from simulators.noise import Floats
from simulators.vessels import pick
from simulators.weather import Weather

#: What the stacks add to the air is reckoned anew so often (plant time).
_STACKS_EVERY_S = 30.0
_OUTLET_LAG_S = 45.0
_CHAMBER_DROP_K = 350.0
_FLOW_NM3_H = 20_000.0
#: What a scrubber keeps back.
_ACID_GASES = ("sulfur_dioxide", "so2", "hydrogen_chloride", "hcl", "hydrogen_fluoride", "chlorine")
#: Oxygen in the air, in the flue gas of a furnace above the reference of its standard.
_AIR_O2, _O2_ABOVE_REFERENCE = 20.9, 2.5


class _Failure:
    """How far a unit has failed: 0 is well, 1 is down; and what it then lets through."""

    def __init__(self) -> None:
        self.depth, self.size = 0.0, 1.0
        #: Down because its chamber is cold; else because its valve lets the gas past.
        self.cold = False

    def step(self, dt_s: float, fault: TreatmentFailure | Bypass | None) -> None:
        size = None if fault is None else fault.size
        self.size = size or self.size
        self.cold = isinstance(fault, TreatmentFailure) or (self.cold and fault is None)
        target = 0.0 if size is None else 1.0
        self.depth = target + (self.depth - target) * float(np.exp(-dt_s / _OUTLET_LAG_S))
        if self.depth < 1e-6:
            self.depth = 0.0


class Outlets:
    """All of a park."""

    def __init__(self, table: TagTable, origin: tuple[float, float]) -> None:
        infos = table.infos
        #: Treatment unit -> tags of the organic pollutants behind it.
        self.units: dict[str, NDArray[np.intp]] = {}
        self._chambers: dict[str, NDArray[np.intp]] = {}
        self._valves: dict[str, NDArray[np.intp]] = {}
        self._failures: dict[str, _Failure] = {}
        for info in pick(infos, SourceKind.TREATMENT_UNIT):
            if info.source_id not in self.units:
                self._add(info, infos)
        stacks = [info for info in pick(infos, SourceKind.WASTE_GAS_OUTLET) if info.tag.quantity in EMITTED]
        self._stacks = Stacks(stacks, np.full(len(stacks), _FLOW_NM3_H), origin)
        self._burnt = _flue_gas_oxygen(infos)
        self._smelt: Floats | None = None
        self._since_s = 0.0

    def _add(self, unit: TagInfo, infos: Sequence[TagInfo]) -> None:
        own = [info for info in infos if info.enterprise == unit.enterprise]
        stacks = pick(own, SourceKind.WASTE_GAS_OUTLET)
        parts = [info for info in own if info.source is unit.source]
        chamber = [info.ix for info in parts if info.tag.quantity == "temperature"]
        washes = not chamber and any(info.tag.quantity == "ph" for info in parts)
        treated = _nearest_acid_gases(unit, stacks) if washes else [info.ix for info in stacks if _is_organic(info)]
        self.units[unit.source_id] = np.array(treated, np.intp)
        self._chambers[unit.source_id] = np.array(chamber, np.intp)
        valves = [info.ix for info in parts if info.tag.quantity == "valve_state"]
        self._valves[unit.source_id] = np.array(valves, np.intp)

    def apply(self, plant: Floats, dt_s: float, failures: Sequence[TreatmentFailure | Bypass]) -> None:
        """Raise what the outlets of failed units emit; let the chamber cool, or the valve beside it show open."""
        tags, oxygen = self._burnt
        plant[tags] += oxygen - _AIR_O2
        wanted = {fault.target: fault for fault in failures}
        for unit in wanted:
            self._failures.setdefault(unit, _Failure())
        for unit, failure in self._failures.items():
            failure.step(dt_s, wanted.get(unit))
            plant[self.units[unit]] *= 1.0 + (failure.size - 1.0) * failure.depth
            if failure.cold:
                plant[self._chambers[unit]] -= _CHAMBER_DROP_K * failure.depth
            if isinstance(wanted.get(unit), Bypass):
                plant[self._valves[unit]] = 1.0

    def smell(self, plant: Floats, receptors: Receptors, weather: Weather, dt_s: float) -> Floats:
        """What the stacks add to the receptors' readings."""
        if not len(self._stacks.tags) or not len(receptors.tags):
            return np.zeros(len(receptors.tags))
        self._since_s += dt_s
        if self._smelt is None or self._since_s >= _STACKS_EVERY_S:
            matrix = self._stacks.on(receptors, weather.from_deg, weather.speed_m_s)
            self._smelt, self._since_s = matrix @ plant[self._stacks.tags], 0.0
        return self._smelt


def _is_organic(info: TagInfo) -> bool:
    quantity = info.tag.quantity
    return quantity in EMITTED or (quantity in SUBSTANCES and SUBSTANCES[quantity].organic)


def _nearest_acid_gases(unit: TagInfo, stacks: Sequence[TagInfo]) -> list[int]:
    """Of the stack that stands next to the scrubber."""
    acid = [info for info in stacks if info.tag.quantity in _ACID_GASES]
    if not acid:
        return []
    nearest = min(acid, key=lambda info: math.hypot(*plume.local_m(info.source.position, unit.source.position)))
    return [info.ix for info in acid if info.source is nearest.source]


def _flue_gas_oxygen(infos: Sequence[TagInfo]) -> tuple[NDArray[np.intp], Floats]:
    """Oxygen tags of furnaces, and about what they show: where a standard has a reference, something is burnt."""
    found = [
        (info.ix, reference + _O2_ABOVE_REFERENCE)
        for info in pick(infos, SourceKind.WASTE_GAS_OUTLET)
        if info.tag.quantity == "oxygen"
        and info.source.outlet is not None
        and (reference := info.source.outlet.reference_oxygen) is not None
    ]
    return np.array([ix for ix, _ in found], np.intp), np.array([mean for _, mean in found], np.float64)
