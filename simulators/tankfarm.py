"""A farm of tanks and vessels: level, temperature, pressure, filling campaigns, and what can go wrong with them.

Everything is an array over the vessels. The mass balance closes exactly: what is in a vessel is what was in it, plus
what flowed in, less what flowed out, leaked and spilled over. Time comes in by ``step``; nothing reads a clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.noise import Floats, Wander, generator

#: Longest step in which the equations are integrated; longer ones are cut up.
_LONGEST_STEP_S = 5.0
_HEAT_OF_REACTION_K = 160.0  # adiabatic rise of a full charge
_E_FOLD_K = 18.0  # a reaction goes e times as fast for every 18 K: about twice for 12 K
_PSV_KPA = 6.0  # relief opens this far above a blanketed tank's working pressure


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselSpec:
    """One tank or reactor as built."""

    id: str
    volume_m3: float
    density_kg_m3: float = 850.0
    #: Working temperature; a tank without jacket follows the weather about it.
    temperature_c: float = 25.0
    #: Working pressure, gauge.
    pressure_kpa: float = 1.5
    #: A jacket or coil holds the working temperature.
    jacketed: bool = False
    #: A batch vessel keeps its charge; a tank is filled and emptied by campaigns.
    batch: bool = False
    #: Campaigns move the level between these, % of the volume.
    lowest_pct: float = 30.0
    highest_pct: float = 65.0


class TankFarm:
    """All vessels of a park, or of one plant."""

    def __init__(self, specs: Sequence[VesselSpec], seed: int) -> None:
        self.specs = tuple(specs)
        n = len(self.specs)
        self._rng = generator(seed, "tankfarm")
        self.volume_m3 = np.array([one.volume_m3 for one in specs], np.float64)
        self.density_kg_m3 = np.array([one.density_kg_m3 for one in specs], np.float64)
        self._working_c = np.array([one.temperature_c for one in specs], np.float64)
        self._working_kpa = np.array([one.pressure_kpa for one in specs], np.float64)
        self._jacketed = np.array([one.jacketed for one in specs], np.bool_)
        self._batch = np.array([one.batch for one in specs], np.bool_)
        self._lowest = np.array([one.lowest_pct for one in specs], np.float64)
        self._highest = np.array([one.highest_pct for one in specs], np.float64)
        start_pct = self._lowest + (self._highest - self._lowest) * self._rng.uniform(0.2, 0.8, n)
        #: Liquid in the vessel, m3.
        self.held_m3: Floats = self.volume_m3 * start_pct / 100.0
        self.temperature_c: Floats = self._working_c + self._rng.normal(0.0, 0.3, n)
        self.pressure_kpa: Floats = self._working_kpa.copy()
        self.inflow_m3_h: Floats = np.zeros(n)
        self.outflow_m3_h: Floats = np.zeros(n)
        #: Since the beginning, m3 each: the four terms of the balance.
        self.total_in_m3, self.total_out_m3 = np.zeros(n), np.zeros(n)
        self.total_leaked_m3, self.total_spilled_m3 = np.zeros(n), np.zeros(n)
        #: Reactive charge left, 0 to 1; only a runaway burns it.
        self.charge: Floats = np.ones(n)
        self._campaign: NDArray[np.int8] = self._rng.integers(-1, 2, n).astype(np.int8)
        self._left_s: Floats = self._rng.uniform(600.0, 7200.0, n)
        self._rate_pct_h: Floats = self._rng.uniform(2.0, 8.0, n)
        self._heat = Wander(n, 1800.0, self._rng)
        self._breath = Wander(n, 300.0, self._rng)

    def __len__(self) -> int:
        return len(self.specs)

    @property
    def level_pct(self) -> Floats:
        """Level, % of the vessel's volume."""
        return self.held_m3 / self.volume_m3 * 100.0

    def step(
        self,
        dt_s: float,
        *,
        ambient_c: float = 20.0,
        leak_kg_s: Floats | None = None,
        overfill_pct_min: Floats | None = None,
        runaway_k_min: Floats | None = None,
    ) -> None:
        """Go ``dt_s`` seconds on; each fault is an array over the vessels, 0 where there is none."""
        zero = np.zeros(len(self))
        leak = zero if leak_kg_s is None else leak_kg_s
        overfill = zero if overfill_pct_min is None else overfill_pct_min
        runaway = zero if runaway_k_min is None else runaway_k_min
        pieces = max(1, int(np.ceil(dt_s / _LONGEST_STEP_S)))
        for _ in range(pieces):
            self._flows(dt_s / pieces, overfill)
            self._balance(dt_s / pieces, leak)
            self._warm(dt_s / pieces, ambient_c, runaway)
        self._pressurise(dt_s, runaway)

    def _flows(self, dt_s: float, overfill_pct_min: Floats) -> None:
        self._left_s -= dt_s
        level = self.level_pct
        full, empty = level >= self._highest, level <= self._lowest
        over = (self._left_s <= 0) | (full & (self._campaign > 0)) | (empty & (self._campaign < 0))
        if over.any():
            self._next_campaign(over, full, empty)
        rate = self._rate_pct_h / 100.0 * self.volume_m3
        idle = self._batch
        forced = overfill_pct_min > 0
        self.inflow_m3_h = np.where((self._campaign > 0) & ~idle, rate, 0.0)
        self.outflow_m3_h = np.where((self._campaign < 0) & ~idle & ~forced, rate, 0.0)
        self.inflow_m3_h = np.where(forced, overfill_pct_min * 60.0 / 100.0 * self.volume_m3, self.inflow_m3_h)

    def _next_campaign(self, over: NDArray[np.bool_], full: NDArray[np.bool_], empty: NDArray[np.bool_]) -> None:
        n = len(self)
        fresh = self._rng.integers(-1, 2, n).astype(np.int8)
        fresh = np.where(full, np.minimum(fresh, 0), np.where(empty, np.maximum(fresh, 0), fresh)).astype(np.int8)
        # Above the campaigns' range (after an overfill) the level is drawn down, never left standing.
        fresh = np.where(self.level_pct > self._highest + 3.0, -1, fresh).astype(np.int8)
        self._campaign = np.where(over, fresh, self._campaign).astype(np.int8)
        self._left_s = np.where(over, self._rng.uniform(1800.0, 10800.0, n), self._left_s)
        self._rate_pct_h = np.where(over, self._rng.uniform(2.0, 8.0, n), self._rate_pct_h)

    def _balance(self, dt_s: float, leak_kg_s: Floats) -> None:
        hours = dt_s / 3600.0
        entered = self.inflow_m3_h * hours
        there = self.held_m3 + entered
        left = np.minimum(self.outflow_m3_h * hours, there)
        leaked = np.minimum(leak_kg_s * dt_s / self.density_kg_m3, there - left)
        after = there - left - leaked
        spilled = np.maximum(after - self.volume_m3, 0.0)
        self.held_m3 = after - spilled
        self.total_in_m3 += entered
        self.total_out_m3 += left
        self.total_leaked_m3 += leaked
        self.total_spilled_m3 += spilled

    def _warm(self, dt_s: float, ambient_c: float, runaway_k_min: Floats) -> None:
        target = np.where(self._jacketed, self._working_c, self._working_c + 0.2 * (ambient_c - 20.0))
        tau_s = np.where(self._jacketed, 1800.0, 8 * 3600.0)
        # A full vessel is slow; the cooling fails for as long as the runaway lasts.
        runs = runaway_k_min > 0
        keep = np.where(runs, 1.0, np.exp(-dt_s / tau_s))
        drift = 0.6 * self._heat.step(dt_s)
        self.temperature_c = target + drift + (self.temperature_c - target - drift) * keep
        if runs.any():
            excess = np.maximum(self.temperature_c - self._working_c, 0.0)
            rate = runaway_k_min / 60.0 * np.exp(np.minimum(excess / _E_FOLD_K, 8.0)) * self.charge
            rise = np.minimum(rate * dt_s, self.charge * _HEAT_OF_REACTION_K)
            self.temperature_c = self.temperature_c + np.where(runs, rise, 0.0)
            self.charge = self.charge - np.where(runs, rise / _HEAT_OF_REACTION_K, 0.0)

    def _pressurise(self, dt_s: float, runaway_k_min: Floats) -> None:
        breath = 0.03 * np.maximum(self._working_kpa, 1.0) * self._breath.step(dt_s)
        # Filling pushes vapour out, emptying draws it in; the blanket's valves keep most of it away.
        moved = (self.inflow_m3_h - self.outflow_m3_h) / self.volume_m3
        pumped = np.clip(0.3 * moved * np.maximum(self._working_kpa, 1.0), -0.1, 0.1) * np.maximum(self._working_kpa, 1)
        hot = np.maximum(self.temperature_c - self._working_c - 5.0, 0.0)
        vapour = (101.3 + self._working_kpa) * np.expm1(np.minimum(hot / 30.0, 4.0)) * 0.5
        # An atmospheric tank relieves; a vessel built for pressure holds it.
        relieved = np.where(self._working_kpa < 20.0, np.minimum(vapour, _PSV_KPA), vapour)
        settled = self._working_kpa + breath + pumped + relieved
        gain = 1.0 - np.exp(-dt_s / 60.0)
        self.pressure_kpa = self.pressure_kpa + gain * (settled - self.pressure_kpa)
