"""Tags that nothing physical drives: each wanders about a working point, well inside its limits.

A generated park has twenty thousand tags; most are of this kind, and one numpy call moves them all.
"""

from collections.abc import Sequence

import numpy as np

from park.model import Level, Tag
from simulators.noise import Floats, Wander, generator

#: Quantities that lie near zero in normal operation, as a share of the first high limit.
_NEAR_ZERO = frozenset(
    (
        "combustible_gas",
        "lel",
        "flammable_gas",
        "toxic_gas",
        "hydrogen_sulfide",
        "h2s",
        "chlorine",
        "ammonia",
        "benzene",
        "toluene",
        "xylene",
        "styrene",
        "phosgene",
        "hydrogen_chloride",
        "hydrogen_fluoride",
        "acrylonitrile",
        "ethylene_oxide",
        "methanol",
        "epichlorohydrin",
        "bromine",
        "vinyl_chloride",
        "carbon_monoxide",
        "vibration",
        "leak",
    )
)
#: Working points where a tag has neither limits nor span.
_TYPICAL = {"temperature": 40.0, "pressure": 300.0, "level": 50.0, "flow": 20.0, "ph": 7.4, "oxygen": 20.9}


def window(tag: Tag) -> tuple[float, float]:
    """The range in which a tag's normal values lie: between the innermost limits, else the span."""
    low, high = tag.span or (0.0, 2.0 * _TYPICAL.get(tag.quantity, 10.0))
    for level, limit in tag.alarms.limits() if tag.alarms else ():
        if level in (Level.LL, Level.L):
            low = max(low, limit.limit)
        else:
            high = min(high, limit.limit)
    return low, max(high, low + 1e-6)


def working_point(tag: Tag, share: float) -> tuple[float, float]:
    """(mean, standard deviation) of normal operation; ``share`` in [0, 1] tells like tags apart.

    Twelve standard deviations and more lie between the mean and the nearest limit.
    """
    low, high = window(tag)
    width = high - low
    if tag.discrete:
        return round(low + 0.5 * width) if tag.alarms else low, 0.0
    if tag.quantity in _NEAR_ZERO:
        mean = low + (0.04 + 0.06 * share) * width
        return mean, 0.002 * width
    if tag.quantity == "oxygen" and low < 20.9 < high:
        return 20.9, min(20.9 - low, high - 20.9) / 40.0
    mean = low + (0.35 + 0.2 * share) * width
    return mean, 0.01 * width


class SteadyTags:
    """Any number of such tags."""

    def __init__(self, tags: Sequence[Tag], seed: int) -> None:
        rng = generator(seed, "steady")
        points = [working_point(tag, share) for tag, share in zip(tags, rng.uniform(0, 1, len(tags)), strict=True)]
        self._mean = np.array([mean for mean, _ in points], np.float64)
        self._sigma = np.array([sigma for _, sigma in points], np.float64)
        self._floor = np.array([tag.span[0] if tag.span else -np.inf for tag in tags], np.float64)
        self._wander = Wander(len(tags), rng.uniform(120.0, 1800.0, len(tags)), rng)
        self._rng = rng

    def step(self, dt_s: float) -> Floats:
        """Values after ``dt_s`` more seconds."""
        noise = 0.2 * np.clip(self._rng.standard_normal(len(self._mean)), -4.0, 4.0)
        return np.maximum(self._mean + self._sigma * (self._wander.step(dt_s) + noise), self._floor)
