"""Gaussian plume over flat ground, Pasquill-Gifford dispersion by Briggs' open-country formulas.

``C = Q / (2 π u σy σz) · exp(-y²/2σy²) · [exp(-(z-h)²/2σz²) + exp(-(z+h)²/2σz²)]``, x downwind, y across.
Valid from some 50 m to 10 km; nearer than that `bund_cloud` takes over.
"""

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_EARTH_M_PER_DEG = 111_320.0
_LOWEST_WIND_M_S = 0.5


class Stability(StrEnum):
    """Pasquill's classes of the atmosphere, from very unstable to stable."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


# σy = a·x/√(1 + 0.0001 x); σz = b·x·(1 + c·x)^p (Briggs 1973, open country)
_SIGMA = {
    Stability.A: (0.22, 0.20, 0.0, 0.0),
    Stability.B: (0.16, 0.12, 0.0, 0.0),
    Stability.C: (0.11, 0.08, 0.0002, -0.5),
    Stability.D: (0.08, 0.06, 0.0015, -0.5),
    Stability.E: (0.06, 0.03, 0.0003, -1.0),
    Stability.F: (0.04, 0.016, 0.0003, -1.0),
}


def sigmas(x_m: Floats, stability: Stability) -> tuple[Floats, Floats]:
    """(σy, σz) in metres at ``x_m`` downwind."""
    a, b, c, p = _SIGMA[stability]
    return a * x_m / np.sqrt(1.0 + 0.0001 * x_m), b * x_m * (1.0 + c * x_m) ** p


def downwind(dx_m: Floats, dy_m: Floats, from_deg: float) -> tuple[Floats, Floats]:
    """(x along the wind, y across it) of points east ``dx_m`` and north ``dy_m`` of the source.

    ``from_deg`` is the meteorological direction: where the wind comes from, clockwise from north.
    """
    to_rad = math.radians(from_deg + 180.0)
    east, north = math.sin(to_rad), math.cos(to_rad)
    return dx_m * east + dy_m * north, dx_m * north - dy_m * east


def concentration(
    *,
    rate_kg_s: float,
    x_m: Floats,
    y_m: Floats,
    z_m: Floats | float = 1.5,
    height_m: float = 0.0,
    wind_m_s: float,
    stability: Stability = Stability.D,
) -> Floats:
    """kg/m3 at points ``x_m`` downwind, ``y_m`` across, ``z_m`` above ground; 0 upwind."""
    u = max(wind_m_s, _LOWEST_WIND_M_S)
    x = np.maximum(x_m, 1.0)
    sy, sz = sigmas(x, stability)
    across = np.exp(-0.5 * (y_m / sy) ** 2)
    up = np.exp(-0.5 * ((z_m - height_m) / sz) ** 2) + np.exp(-0.5 * ((z_m + height_m) / sz) ** 2)
    return np.where(x_m > 0.0, rate_kg_s / (2.0 * np.pi * u * sy * sz) * across * up, 0.0)


#: A leak first fills the bund around its tank: radius and height of that well-mixed cloud.
_BUND_RADIUS_M = 15.0
_CLOUD_HEIGHT_M = 2.0


def bund_cloud(*, rate_kg_s: float, distance_m: Floats, wind_m_s: float) -> Floats:
    """kg/m3 inside the cloud that stands over the bund, whatever the wind's direction; it fades beyond the wall."""
    u = max(wind_m_s, _LOWEST_WIND_M_S)
    inside = rate_kg_s / (u * 2.0 * _BUND_RADIUS_M * _CLOUD_HEIGHT_M)
    return inside * np.exp(-((distance_m / _BUND_RADIUS_M) ** 2))


def leak_field(
    *,
    rate_kg_s: float,
    dx_m: Floats,
    dy_m: Floats,
    from_deg: float,
    wind_m_s: float,
    stability: Stability = Stability.D,
    height_m: float = 0.0,
) -> Floats:
    """kg/m3 at points east ``dx_m``, north ``dy_m`` of a leak near the ground: the cloud near by, the plume beyond."""
    x, y = downwind(dx_m, dy_m, from_deg)
    distance = np.hypot(dx_m, dy_m)
    near = bund_cloud(rate_kg_s=rate_kg_s, distance_m=distance, wind_m_s=wind_m_s)
    # The plume starts as wide as the bund: a virtual source some way upwind.
    shifted = np.where(x > 0.0, x + 4.0 * _BUND_RADIUS_M, x)
    far = concentration(
        rate_kg_s=rate_kg_s, x_m=shifted, y_m=y, wind_m_s=wind_m_s, stability=stability, height_m=height_m
    )
    return np.maximum(near, np.where(distance > _BUND_RADIUS_M, far, 0.0))


def local_m(position: tuple[float, float], origin: tuple[float, float]) -> tuple[float, float]:
    """(east, north) in metres of a WGS 84 position, flat around ``origin``; good within tens of kilometres."""
    scale = math.cos(math.radians(origin[1]))
    return (position[0] - origin[0]) * _EARTH_M_PER_DEG * scale, (position[1] - origin[1]) * _EARTH_M_PER_DEG


def position_at(east_m: float, north_m: float, origin: tuple[float, float]) -> tuple[float, float]:
    """The inverse of `local_m`."""
    scale = math.cos(math.radians(origin[1]))
    return origin[0] + east_m / (_EARTH_M_PER_DEG * scale), origin[1] + north_m / _EARTH_M_PER_DEG
