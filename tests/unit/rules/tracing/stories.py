"""A small park of our own for tracing: one receptor in the middle, wind as asked, sources where asked."""

import math
from collections.abc import Sequence

import numpy as np

from rules.arrays import Floats, Ints
from rules.tracing.case import Candidate, Case, Receptor, WindStation, no_samples

MINUTE_US = 60_000_000
RISE_US = 1_793_491_200_000_000
FROM_US, TO_US = RISE_US - 60 * MINUTE_US, RISE_US + 10 * MINUTE_US


def times(step_s: int = 30) -> Ints:
    """Three hours up to ten minutes after the rise."""
    return np.arange(RISE_US - 170 * MINUTE_US, TO_US, step_s * 1_000_000, dtype=np.int64)


def receptor(
    name: str, east_m: float = 0.0, north_m: float = 0.0, *, peak: float = 0.0, rises_us: int = RISE_US
) -> Receptor:
    """Background 0.05 with a little noise; ``peak`` on top from ``rises_us`` on."""
    rng = np.random.default_rng(sum(name.encode()))
    at = times()
    value = 0.05 + 0.002 * rng.standard_normal(len(at)) + np.where(at >= rises_us, peak, 0.0)
    return Receptor(id=name, east_m=east_m, north_m=north_m, time_us=at, value=value)


def silent(name: str) -> Receptor:
    """It has no samples."""
    time_us, value = no_samples()
    return Receptor(id=name, east_m=0.0, north_m=0.0, time_us=time_us, value=value)


def vane(
    from_deg: float | Floats,
    speed_m_s: float | Floats,
    *,
    name: str = "w",
    at_m: tuple[float, float] = (0.0, 500.0),
    scatter_deg: float = 4.0,
) -> WindStation:
    """Directions and speeds over `times`."""
    at = times()
    rng = np.random.default_rng(7)
    return WindStation(
        id=name,
        east_m=at_m[0],
        north_m=at_m[1],
        speed_time_us=at,
        speed_m_s=np.broadcast_to(np.asarray(speed_m_s, np.float64), at.shape),
        direction_time_us=at,
        from_deg=(np.asarray(from_deg, np.float64) + scatter_deg * rng.standard_normal(len(at))) % 360.0,
    )


def place(name: str, bearing_deg: float, distance_m: float, **more: object) -> Candidate:
    """A source as seen from the middle."""
    rad = math.radians(bearing_deg)
    return Candidate(
        id=name,
        east_m=distance_m * math.sin(rad),
        north_m=distance_m * math.cos(rad),
        **more,  # type: ignore[arg-type]
    )


def around(distance_m: float = 500.0) -> list[Candidate]:
    """Eight sources in all directions, by bearing."""
    return [place(f"s{bearing:03}", float(bearing), distance_m) for bearing in range(0, 360, 45)]


def case(receptors: Sequence[Receptor], stations: Sequence[WindStation], candidates: Sequence[Candidate] = ()) -> Case:
    """Asked about the rise."""
    return Case(
        receptors=receptors,
        stations=stations,
        candidates=candidates or around(),
        at_us=RISE_US,
        from_us=FROM_US,
        to_us=TO_US,
    )
