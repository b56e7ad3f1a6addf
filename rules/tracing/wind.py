"""The wind at a receptor from the park's stations: vector means, weighted by nearness, with its scatter."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.arrays import Bools, Floats
from rules.tracing.case import WindStation
from rules.tracing.grid import Grid, filled, near_data

#: Below it the wind says nothing of where the air comes from.
CALM_M_S = 0.5
#: A step counts as covered where a sample is this near.
_COVERED_US = 300_000_000
#: A station at the receptor itself shall not outweigh all others without end.
_NEAREST_M = 200.0
#: Steps over which the direction is smoothed before its short scatter is taken.
_SMOOTH_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wind:
    """The air's motion on a grid; gaps are filled. Made by `combine`."""

    grid: Grid
    #: ``(n,)`` towards east and north, m/s.
    east_m_s: Floats
    north_m_s: Floats
    covered: Bools
    #: Short scatter of the direction, degrees: what the air's way cannot follow.
    scatter_deg: float
    #: How far the stations disagree, degrees.
    spread_deg: float
    stations: Sequence[tuple[str, float]]

    def mean(self, first: int, last: int) -> tuple[float, float, float]:
        """(speed of the vector mean m/s, where from, standard deviation of direction in degrees) of ``[first, last)``.

        The deviation is Yamartino's (1984), of unit vectors.
        """
        east, north = self.east_m_s[first:last], self.north_m_s[first:last]
        speed = np.hypot(east, north)
        with np.errstate(invalid="ignore", divide="ignore"):
            ue, un = (np.where(speed > 0, part / speed, 0.0) for part in (east, north))
        return (
            float(np.hypot(east.mean(), north.mean())),
            float(np.degrees(np.arctan2(-east.mean(), -north.mean())) % 360.0),
            yamartino_deg(ue, un),
        )


def yamartino_deg(east: Floats, north: Floats) -> float:
    """Standard deviation of directions given as unit vectors, degrees."""
    epsilon = np.sqrt(max(0.0, 1.0 - float(east.mean()) ** 2 - float(north.mean()) ** 2))
    return float(np.degrees(np.arcsin(epsilon) * (1.0 + (2.0 / np.sqrt(3.0) - 1.0) * epsilon**3)))


def combine(grid: Grid, stations: Sequence[WindStation], at_m: tuple[float, float]) -> Wind | None:
    """At a place, weighted by the inverse square of the distance; None where no station has both series."""
    parts = [(one, *_vectors(grid, one)) for one in stations]
    parts = [part for part in parts if np.isfinite(part[1]).any()]
    if not parts:
        return None
    weight = np.array(
        [1.0 / ((one.east_m - at_m[0]) ** 2 + (one.north_m - at_m[1]) ** 2 + _NEAREST_M**2) for one, _, _ in parts]
    )
    east, north = np.array([part[1] for part in parts]), np.array([part[2] for part in parts])
    present = np.isfinite(east)
    shares = weight[:, None] * present
    total = shares.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_east = np.where(total > 0, (np.nan_to_num(east) * shares).sum(axis=0) / total, np.nan)
        mean_north = np.where(total > 0, (np.nan_to_num(north) * shares).sum(axis=0) / total, np.nan)
    used = (weight * present.mean(axis=1)) / (weight * present.mean(axis=1)).sum()
    return Wind(
        grid=grid,
        east_m_s=filled(grid, mean_east),
        north_m_s=filled(grid, mean_north),
        covered=near_data(grid, mean_east, _COVERED_US),
        scatter_deg=max((_scatter_deg(*_vectors(grid, one)) for one, _, _ in parts), default=0.0),
        spread_deg=_spread_deg(east, north),
        stations=[(part[0].id, float(share)) for part, share in zip(parts, used, strict=True)],
    )


def _vectors(grid: Grid, station: WindStation) -> tuple[Floats, Floats]:
    """The air's motion (east, north) in m/s by step: mean speed along the mean direction; NaN where one is missing."""
    rad = np.radians(station.from_deg)
    sin, cos = (grid.means(station.direction_time_us, part) for part in (np.sin(rad), np.cos(rad)))
    speed = grid.means(station.speed_time_us, np.maximum(station.speed_m_s, 0.0))
    # A slow logger may send the two at different seconds: each holds until its next, for five minutes at most.
    held = [np.where(near_data(grid, one, _COVERED_US), filled(grid, one), np.nan) for one in (speed, sin, cos)]
    speed, sin, cos = held
    length = np.hypot(sin, cos)
    with np.errstate(invalid="ignore", divide="ignore"):
        return -speed * sin / length, -speed * cos / length


def _scatter_deg(east: Floats, north: Floats) -> float:
    """Root mean square of the direction about its ten minutes' mean."""
    known = np.isfinite(east)
    if known.sum() < 4:
        return 0.0
    east, north = east[known], north[known]
    kernel = np.ones(min(_SMOOTH_STEPS, len(east)))
    smooth_east, smooth_north = (np.convolve(part, kernel, mode="same") for part in (east, north))
    cross = smooth_east * north - smooth_north * east
    dot = smooth_east * east + smooth_north * north
    return float(np.degrees(np.sqrt(np.mean(np.arctan2(cross, dot) ** 2))))


def _spread_deg(east: Floats, north: Floats) -> float:
    """Root mean square of the angle between the stations' directions and their common one."""
    if len(east) < 2:
        return 0.0
    mean_east, mean_north = np.nanmean(east, axis=1), np.nanmean(north, axis=1)
    cross = mean_east.sum() * mean_north - mean_north.sum() * mean_east
    dot = mean_east.sum() * mean_east + mean_north.sum() * mean_north
    return float(np.degrees(np.sqrt(np.mean(np.arctan2(cross, dot) ** 2))))
