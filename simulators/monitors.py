"""What smells the air and what feeds it: gas detectors, fence-line and air stations, stacks and their treatment.

A leak reaches every instrument that can see its substance by `plume.leak_field`; stacks add their own plumes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from park.index import TagInfo
from park.model import SourceKind
from simulators import plume
from simulators.chemicals import reading_per_kg_m3
from simulators.noise import Floats

RECEPTOR_KINDS = (SourceKind.GAS_DETECTORS, SourceKind.FENCE_LINE, SourceKind.AIR_STATION, SourceKind.WASTE_STORE)
#: Detectors of a group stand on a ring of this radius about the group's position.
_RING_M = 4.0
_DETECTOR_LAG_S, _STATION_LAG_S = 15.0, 60.0
_STACK_HEIGHT_M = 20.0
_SOLVENT = "solvent"
#: Quantities of a stack that count as emitted solvent.
EMITTED = ("nmhc", "voc", "tvoc")


class Receptors:
    """All instruments that sample the air."""

    def __init__(self, infos: Sequence[TagInfo], origin: tuple[float, float]) -> None:
        self.tags = np.array([info.ix for info in infos], np.intp)
        self._kinds = [(info.tag.quantity, info.tag.unit) for info in infos]
        places = np.array([plume.local_m(info.source.position, origin) for info in infos], np.float64).reshape(-1, 2)
        self.east_m, self.north_m = (places + self._ring(infos)).T
        near = np.array([info.source.kind is SourceKind.GAS_DETECTORS for info in infos], np.bool_)
        self._lag_s = np.where(near, _DETECTOR_LAG_S, _STATION_LAG_S)
        self._shown: Floats = np.zeros(len(infos))
        self._sees: dict[str, Floats] = {}

    @staticmethod
    def _ring(infos: Sequence[TagInfo]) -> Floats:
        offsets = np.zeros((len(infos), 2))
        for i, info in enumerate(infos):
            if info.source.kind is SourceKind.GAS_DETECTORS:
                place = info.source.tags.index(info.tag)
                angle = 2 * np.pi * place / len(info.source.tags)
                offsets[i] = _RING_M * np.cos(angle), _RING_M * np.sin(angle)
        return offsets

    def sees(self, chemical: str) -> Floats:
        """``(n,)`` reading for 1 kg/m3 of it; 0 where an instrument is blind to it."""
        if chemical not in self._sees:
            factors = [reading_per_kg_m3(quantity, unit, chemical) for quantity, unit in self._kinds]
            self._sees[chemical] = np.array(factors, np.float64)
        return self._sees[chemical]

    def from_leak(
        self, *, chemical: str, rate_kg_s: float, at_m: tuple[float, float], from_deg: float, wind_m_s: float
    ) -> Floats:
        """``(n,)`` what a leak adds to the readings once the air is settled."""
        field = plume.leak_field(
            rate_kg_s=rate_kg_s,
            dx_m=self.east_m - at_m[0],
            dy_m=self.north_m - at_m[1],
            from_deg=from_deg,
            wind_m_s=wind_m_s,
        )
        return field * self.sees(chemical)

    def respond(self, added: Floats, dt_s: float) -> Floats:
        """``(n,)`` what the instruments show of it, after their lag."""
        self._shown += (1.0 - np.exp(-dt_s / self._lag_s)) * (added - self._shown)
        # Far below what any instrument resolves; a tail that never ends would cost time for nothing.
        self._shown[np.abs(self._shown) < 1e-9] = 0.0
        return self._shown


class Stacks:
    """Waste gas outlets as sources of solvent vapour."""

    def __init__(self, infos: Sequence[TagInfo], flow_nm3_h: Floats, origin: tuple[float, float]) -> None:
        self.tags = np.array([info.ix for info in infos], np.intp)
        self._kg_s_per_mg_m3 = flow_nm3_h / 3600.0 * 1e-6
        places = np.array([plume.local_m(info.source.position, origin) for info in infos], np.float64).reshape(-1, 2)
        self._east_m, self._north_m = places.T

    def on(self, receptors: Receptors, from_deg: float, wind_m_s: float) -> NDArray[np.float64]:
        """``(receptors, stacks)``: reading added for 1 mg/m3 in a stack; valid while the wind holds."""
        sees = receptors.sees(_SOLVENT)
        matrix = np.zeros((len(receptors.tags), len(self.tags)))
        rows = np.flatnonzero(sees)
        dx = receptors.east_m[rows, None] - self._east_m[None, :]
        dy = receptors.north_m[rows, None] - self._north_m[None, :]
        x, y = plume.downwind(dx, dy, from_deg)
        per_kg_s = plume.concentration(rate_kg_s=1.0, x_m=x, y_m=y, height_m=_STACK_HEIGHT_M, wind_m_s=wind_m_s)
        matrix[rows] = per_kg_s * sees[rows, None] * self._kg_s_per_mg_m3[None, :]
        return matrix
