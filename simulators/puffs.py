"""Puffs in a wind that meanders: what a leak smells like at a fence, with gusts, delays and near misses.

Each puff is carried by the wind of its own surroundings: the park's mean wind, which veers and gusts slowly
(`simulators.weather`), a meander of minutes that neighbouring puffs share, and an eddy of its own. It grows by Briggs'
formulas with the way that it has gone (`simulators.plume.sigmas`). Unlike the steady plume, the smell takes its time,
comes in waves, and bends where the wind has turned meanwhile.
"""

import numpy as np
from numpy.typing import NDArray

from simulators.noise import Floats, Wander
from simulators.plume import Stability, sigmas

#: Puffs older than this are forgotten.
_OLDEST_S = 4_500.0
#: Of the eddy that each puff has for itself: how long it keeps it, and its speed as a share of the wind's.
_EDDY_S, _EDDY_SHARE = 90.0, {"A": 0.25, "B": 0.2, "C": 0.16, "D": 0.12, "E": 0.09, "F": 0.07}
_EDDY_LEAST_M_S = 0.08
#: Buildings turn the wind here and there, by so much, over such lengths.
_LENGTH_M = 700.0


class MeanderingWind:
    """The wind at any place of a park. Stepped, never clocked."""

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        from_deg: float,
        speed_m_s: float,
        veer_deg: float = 15.0,
        meander_deg: float = 7.0,
        bend_deg: float = 3.0,
    ) -> None:
        self._from_deg, self._speed_m_s = from_deg, speed_m_s
        self._veer_deg, self._meander_deg, self._bend_deg = veer_deg, meander_deg, bend_deg
        self._veer, self._gust = Wander(1, 1800.0, rng, most=2.5), Wander(1, 600.0, rng, most=2.5)
        self._meander, self._flutter = Wander(1, 150.0, rng), Wander(1, 60.0, rng)
        self._phase = rng.uniform(0.0, 2 * np.pi, 4)

    def step(self, dt_s: float) -> None:
        """Go ``dt_s`` seconds on."""
        for one in (self._veer, self._gust, self._meander, self._flutter):
            one.step(dt_s)

    def at(self, east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
        """(speed m/s, where from in degrees) at places."""
        a, b, c, d = self._phase
        bend = np.sin(east_m / _LENGTH_M * 2 * np.pi + a) + np.sin(north_m / _LENGTH_M * 2 * np.pi + b)
        slow = np.sin(east_m / _LENGTH_M * 2 * np.pi + c) + np.sin(north_m / _LENGTH_M * 2 * np.pi + d)
        from_deg = (
            self._from_deg
            + self._veer_deg * self._veer.value[0]
            + self._meander_deg * self._meander.value[0]
            + self._bend_deg * bend
        )
        speed = self._speed_m_s * np.exp(0.15 * self._gust.value[0] + 0.15 * self._flutter.value[0] + 0.06 * slow)
        return np.asarray(speed, np.float64), np.asarray(from_deg % 360.0, np.float64)


class Puffs:
    """All that one source has let go."""

    def __init__(
        self,
        rng: np.random.Generator,
        wind: MeanderingWind,
        stability: Stability,
        at_m: tuple[float, float],
        height_m: float,
    ) -> None:
        self._rng, self._wind, self._stability = rng, wind, stability
        self._at_m, self._height_m = at_m, height_m
        self._east, self._north, self._gone, self._age_s, self._mass, self._eddy_e, self._eddy_n = np.empty((7, 0))

    def step(self, dt_s: float, rate_kg_s: float) -> None:
        """Carry all on by ``dt_s``; let go of one more where ``rate_kg_s`` is not 0. The wind is stepped elsewhere."""
        if rate_kg_s > 0.0:
            self._let_go(rate_kg_s * dt_s)
        if not len(self._east):
            return
        speed, from_deg = self._wind.at(self._east, self._north)
        share = np.maximum(_EDDY_SHARE[self._stability] * speed, _EDDY_LEAST_M_S)
        keep = np.exp(-dt_s / _EDDY_S)
        fresh = np.sqrt(1.0 - keep * keep) * self._rng.standard_normal((2, len(self._east)))
        self._eddy_e, self._eddy_n = keep * self._eddy_e + fresh[0], keep * self._eddy_n + fresh[1]
        to_rad = np.radians(from_deg + 180.0)
        self._east += (speed * np.sin(to_rad) + share * self._eddy_e) * dt_s
        self._north += (speed * np.cos(to_rad) + share * self._eddy_n) * dt_s
        self._gone += np.maximum(speed, 0.2) * dt_s
        self._age_s += dt_s
        if self._age_s[0] > _OLDEST_S:
            self._keep(self._age_s <= _OLDEST_S)

    def _let_go(self, mass_kg: float) -> None:
        fresh = (*self._at_m, 5.0, 0.0, mass_kg, *self._rng.standard_normal(2))
        columns = (self._east, self._north, self._gone, self._age_s, self._mass, self._eddy_e, self._eddy_n)
        self._set(tuple(np.append(column, one) for column, one in zip(columns, fresh, strict=True)))

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        columns = (self._east, self._north, self._gone, self._age_s, self._mass, self._eddy_e, self._eddy_n)
        self._set(tuple(column[mask] for column in columns))

    def _set(self, columns: tuple[Floats, ...]) -> None:
        self._east, self._north, self._gone, self._age_s, self._mass, self._eddy_e, self._eddy_n = columns

    def smell(self, east_m: Floats, north_m: Floats, z_m: float = 2.0) -> Floats:
        """kg/m3 at places, ``(n,)``."""
        if not len(self._east):
            return np.zeros(len(east_m))
        wide, high = sigmas(self._gone, self._stability)
        wide, high = wide + 4.0, high + 2.0
        off2 = (east_m[:, None] - self._east) ** 2 + (north_m[:, None] - self._north) ** 2
        up = np.exp(-0.5 * ((z_m - self._height_m) / high) ** 2) + np.exp(-0.5 * ((z_m + self._height_m) / high) ** 2)
        each = self._mass * np.exp(-0.5 * off2 / wide**2) * up / ((2 * np.pi) ** 1.5 * wide**2 * high)
        return np.asarray(each.sum(axis=1), np.float64)
