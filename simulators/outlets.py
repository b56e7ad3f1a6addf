"""Waste gas outlets and the treatment before them: when the RTO fails, the stack shows it, and so does the fence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo, TagTable
from park.model import SourceKind
from simulators.chemicals import SUBSTANCES
from simulators.faults import TreatmentFailure
from simulators.monitors import EMITTED, Receptors, Stacks
from simulators.noise import Floats
from simulators.vessels import pick
from simulators.weather import Weather

#: What the stacks add to the air is reckoned anew so often (plant time).
_STACKS_EVERY_S = 30.0
_OUTLET_LAG_S = 45.0
_CHAMBER_DROP_K = 350.0
_FLOW_NM3_H = 20_000.0


class _Failure:
    """How far a unit has failed: 0 is well, 1 is down; and what it then lets through."""

    def __init__(self) -> None:
        self.depth, self.size = 0.0, 1.0

    def step(self, dt_s: float, size: float | None) -> None:
        self.size = size or self.size
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
        self._failures: dict[str, _Failure] = {}
        for info in pick(infos, SourceKind.TREATMENT_UNIT):
            if info.source_id not in self.units:
                self._add(info, infos)
        stacks = [info for info in pick(infos, SourceKind.WASTE_GAS_OUTLET) if info.tag.quantity in EMITTED]
        self._stacks = Stacks(stacks, np.full(len(stacks), _FLOW_NM3_H), origin)
        self._smelt: Floats | None = None
        self._since_s = 0.0

    def _add(self, unit: TagInfo, infos: Sequence[TagInfo]) -> None:
        own = [info for info in infos if info.enterprise == unit.enterprise]
        outlets = [info.ix for info in pick(own, SourceKind.WASTE_GAS_OUTLET) if _is_pollutant(info)]
        chamber = [info.ix for info in own if info.source is unit.source and info.tag.quantity == "temperature"]
        self.units[unit.source_id] = np.array(outlets, np.intp)
        self._chambers[unit.source_id] = np.array(chamber, np.intp)

    def apply(self, plant: Floats, dt_s: float, failures: Sequence[TreatmentFailure]) -> None:
        """Raise what the outlets of failed units emit; let the chamber cool."""
        wanted = {fault.target: fault.size for fault in failures}
        for unit in wanted:
            self._failures.setdefault(unit, _Failure())
        for unit, failure in self._failures.items():
            failure.step(dt_s, wanted.get(unit))
            plant[self.units[unit]] *= 1.0 + (failure.size - 1.0) * failure.depth
            plant[self._chambers[unit]] -= _CHAMBER_DROP_K * failure.depth

    def smell(self, plant: Floats, receptors: Receptors, weather: Weather, dt_s: float) -> Floats:
        """What the stacks add to the receptors' readings."""
        if not len(self._stacks.tags) or not len(receptors.tags):
            return np.zeros(len(receptors.tags))
        self._since_s += dt_s
        if self._smelt is None or self._since_s >= _STACKS_EVERY_S:
            matrix = self._stacks.on(receptors, weather.from_deg, weather.speed_m_s)
            self._smelt, self._since_s = matrix @ plant[self._stacks.tags], 0.0
        return self._smelt


def _is_pollutant(info: TagInfo) -> bool:
    quantity = info.tag.quantity
    return quantity in EMITTED or (quantity in SUBSTANCES and SUBSTANCES[quantity].organic)
