"""Seeded random processes and instruments, vectorised: what makes a simulated plant look measured."""

import zlib
from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def generator(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each part of a simulation, the same on every machine."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class Wander:
    """Ornstein-Uhlenbeck processes of mean 0, standard deviation 1, cut at ±``most``: slow, never running away."""

    def __init__(self, n: int, tau_s: ArrayLike, rng: np.random.Generator, most: float = 3.0) -> None:
        self._tau_s: Floats = np.broadcast_to(np.asarray(tau_s, dtype=np.float64), (n,))
        self._rng, self._most = rng, most
        self.value: Floats = np.clip(rng.standard_normal(n), -most, most)

    def step(self, dt_s: float) -> Floats:
        """``(n,)`` after ``dt_s`` more seconds; exact for any step."""
        keep = np.exp(-dt_s / self._tau_s)
        fresh = self._rng.standard_normal(len(self._tau_s))
        self.value = np.clip(keep * self.value + np.sqrt(1.0 - keep * keep) * fresh, -self._most, self._most)
        return self.value


class Instruments:
    """Transmitters: dead time, first-order lag, noise, and a range that they cannot leave."""

    def __init__(
        self,
        *,
        low: ArrayLike,
        high: ArrayLike,
        noise: ArrayLike,
        lag_s: ArrayLike,
        rng: np.random.Generator,
        dead_time_s: float = 0.0,
    ) -> None:
        self._low, self._high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        self._noise, self._lag_s = np.asarray(noise, np.float64), np.asarray(lag_s, np.float64)
        self._dead_time_s, self._rng = dead_time_s, rng
        self._pipe: deque[tuple[float, Floats]] = deque()
        self._clock_s = 0.0
        self._state: Floats | None = None

    def _delayed(self, true: Floats) -> Floats:
        if self._dead_time_s <= 0:
            return true
        self._pipe.append((self._clock_s, true.copy()))
        while len(self._pipe) > 1 and self._pipe[1][0] <= self._clock_s - self._dead_time_s:
            self._pipe.popleft()
        return self._pipe[0][1]

    def read(self, true: Floats, dt_s: float) -> Floats:
        """What they show, ``dt_s`` after the last reading, while the plant is at ``true``."""
        self._clock_s += dt_s
        late = np.clip(self._delayed(true), self._low, self._high)
        if self._state is None:
            self._state = late.copy()
        gain = 1.0 - np.exp(-dt_s / np.maximum(self._lag_s, 1e-9))
        self._state += gain * (late - self._state)
        shown = self._state + self._noise * np.clip(self._rng.standard_normal(len(late)), -4.0, 4.0)
        return np.clip(shown, self._low, self._high)
