"""Which places the air that reached a receptor had passed, how long before, and how much of their smell was left.

The way of the air is followed backwards through the measured wind, step by step. A place at distance ρ from a step of
that way counts with a Gaussian weight whose width grows with the length of the way, by the scatter of the wind's
direction; slow air spreads by itself besides. What is left falls with width and height of the plume.
"""

import numpy as np
from numpy.typing import NDArray

from rules.arrays import Floats
from rules.tracing.wind import Wind

#: Least half-angle of a plume, degrees; and the share of the vanes' short scatter that widens it (the way of the air
#: follows the rest).
LEAST_SCATTER_DEG, _SCATTER_SHARE = 5.0, 0.5
#: A cloud is at least this wide, and it spreads at least this fast, however still the air.
_LEAST_WIDTH_M = 10.0
_SPREAD_M_S = 0.1
#: Height of a plume: so much at once, and so much more a metre of way, up to the mixed layer.
_HEIGHT_M, _HEIGHT_A_M, _MIXED_M = 3.0, 0.05, 400.0
#: What a source some way straight upwind gives; see `reference`.
_REFERENCE_M = 500.0

Single = NDArray[np.float32]


def coupling(
    wind: Wind,
    ends: NDArray[np.intp],
    lags: int,
    east_m: Floats,
    north_m: Floats,
    *,
    bias_deg: float = 0.0,
) -> Single:
    """``(places, times, lags)``: concentration for a unit rate that is owed to air of each age (in steps of the wind).

    ``east_m``, ``north_m``: ``(places,)`` of the receptor as seen from a place; ``ends``: ``(times,)`` steps of the
    wind's grid at which the receptor is looked at, each at least ``lags``. ``bias_deg``: the vanes are taken to be off
    by it.
    """
    start_e, start_n, step_e, step_n, width, height, dt_s = _ways(wind, ends, lags)
    turn = np.radians(bias_deg)
    places_e = east_m * np.cos(turn) - north_m * np.sin(turn)
    places_n = east_m * np.sin(turn) + north_m * np.cos(turn)
    length = np.maximum(np.hypot(step_e, step_n), 0.05 * dt_s)
    along_e, along_n = step_e / length, step_n / length
    rel_e = places_e[:, None, None].astype(np.float32) - start_e
    rel_n = places_n[:, None, None].astype(np.float32) - start_n
    along = rel_e * along_e + rel_n * along_n
    across2 = np.maximum(rel_e * rel_e + rel_n * rel_n - along * along, 0.0)
    passed = _normal((length - along) / width) - _normal(-along / width)
    scale = dt_s / (length * width * height * np.float32(2.5066))
    return np.asarray(scale * np.exp(-0.5 * across2 / (width * width)) * passed, np.float32)


def _ways(wind: Wind, ends: NDArray[np.intp], lags: int) -> tuple[Single, ...]:
    """``(times, lags)`` each: where a step of the way begins (as displacement), the step, width and height there."""
    dt_s = wind.grid.step_us / 1e6
    passed_e, passed_n = (np.concatenate(([0.0], np.cumsum(part * dt_s))) for part in (wind.east_m_s, wind.north_m_s))
    lengths = np.concatenate(([0.0], np.cumsum(np.hypot(wind.east_m_s, wind.north_m_s) * dt_s)))
    ages = np.arange(lags + 1)
    at = ends[:, None] - ages[None, :]
    way_e, way_n, way = (line[ends][:, None] - line[at] for line in (passed_e, passed_n, lengths))
    middle = 0.5 * (way[:, 1:] + way[:, :-1])
    age_s = (ages[1:] - 0.5) * dt_s
    scatter = np.radians(np.hypot(LEAST_SCATTER_DEG, _SCATTER_SHARE * wind.scatter_deg))
    width = np.sqrt(_LEAST_WIDTH_M**2 + (min(scatter, 1.0) * middle) ** 2 + (_SPREAD_M_S * age_s) ** 2)
    height = np.minimum(_HEIGHT_M + _HEIGHT_A_M * np.hypot(middle, _SPREAD_M_S * age_s), _MIXED_M)
    steps = np.diff(way_e, axis=1), np.diff(way_n, axis=1)
    parts = (way_e[:, :-1], way_n[:, :-1], *steps, width, height, np.float32(dt_s))
    return tuple(np.asarray(part, np.float32) for part in parts)


def _normal(x: Single) -> Single:
    # Logistic form of the normal distribution function, within 0.01 of it: numpy has no error function.
    return np.asarray(1.0 / (1.0 + np.exp(-1.702 * np.clip(x, -40.0, 40.0))), np.float32)


def reference(wind: Wind) -> float:
    """What a unit rate gives on the axis some hundred metres downwind: the scale of what is usual."""
    speed = max(float(np.median(np.hypot(wind.east_m_s, wind.north_m_s))), 0.5)
    scatter = np.radians(np.hypot(LEAST_SCATTER_DEG, _SCATTER_SHARE * wind.scatter_deg))
    width = np.hypot(_LEAST_WIDTH_M, scatter * _REFERENCE_M)
    return float(1.0 / (2.5066 * speed * width * (_HEIGHT_M + _HEIGHT_A_M * _REFERENCE_M)))
