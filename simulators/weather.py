"""The weather over the park: wind that veers and gusts slowly, the day's temperature, humidity, pressure, rain."""

import math

import numpy as np

from simulators.noise import Wander, generator

_DAY_S = 86_400.0


class Weather:
    """Stepped, never clocked; all of it follows from the seed and the time of day given at the beginning."""

    def __init__(
        self,
        seed: int,
        *,
        day_s: float = 0.0,
        from_deg: float = 135.0,
        speed_m_s: float = 3.0,
        wander_deg: float = 15.0,
    ) -> None:
        rng = generator(seed, "weather")
        self._day_s, self._from_deg, self._mean_m_s, self._wander_deg = day_s, from_deg, speed_m_s, wander_deg
        self._turn = Wander(1, 1800.0, rng, most=2.5)
        self._gust = Wander(1, 600.0, rng, most=2.5)
        self._rest = Wander(3, 3 * 3600.0, rng)

    def step(self, dt_s: float) -> None:
        """Go ``dt_s`` seconds on."""
        self._day_s = (self._day_s + dt_s) % _DAY_S
        self._turn.step(dt_s)
        self._gust.step(dt_s)
        self._rest.step(dt_s)

    @property
    def from_deg(self) -> float:
        """Where the wind comes from, degrees clockwise from north, [0, 360)."""
        return float(self._from_deg + self._wander_deg * self._turn.value[0]) % 360.0

    @property
    def speed_m_s(self) -> float:
        """Wind speed at 10 m."""
        return float(self._mean_m_s * np.exp(0.15 * self._gust.value[0]))

    @property
    def temperature_c(self) -> float:
        """Coolest at 5 h, warmest at 14 h or so."""
        hour = self._day_s / 3600.0
        return 20.0 + 5.0 * math.sin((hour - 9.5) / 24.0 * 2 * math.pi) + float(self._rest.value[0])

    @property
    def humidity_pct(self) -> float:
        """Relative; it falls as the day warms."""
        return float(np.clip(70.0 - 2.0 * (self.temperature_c - 20.0) + 5.0 * self._rest.value[1], 20.0, 98.0))

    @property
    def pressure_kpa(self) -> float:
        """At the station's height."""
        return 101.3 + 0.3 * float(self._rest.value[2])

    def reading(self, quantity: str) -> float | None:
        """What a station shows for a quantity; None: not of the weather."""
        return {
            "wind_speed": self.speed_m_s,
            "wind_direction": self.from_deg,
            "temperature": self.temperature_c,
            "humidity": self.humidity_pct,
            "pressure": self.pressure_kpa,
            "rain": 0.0,
            "rainfall": 0.0,
        }.get(quantity)
