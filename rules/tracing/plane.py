"""Positions as metres on a plane that touches the globe in the middle of the park."""

import math

#: Metres of a degree on a sphere of the Earth's mean radius (6 371 008.8 m).
_DEGREE_M = math.radians(6_371_008.8)


def to_plane(position: tuple[float, float], origin: tuple[float, float]) -> tuple[float, float]:
    """(east, north) in metres of (longitude, latitude), WGS 84 degrees; within 0.5 % inside 20 km."""
    turned = (position[0] - origin[0] + 180.0) % 360.0 - 180.0
    return turned * _DEGREE_M * math.cos(math.radians(origin[1])), (position[1] - origin[1]) * _DEGREE_M


def bearing_deg(east_m: float, north_m: float) -> float:
    """Clockwise from north, [0, 360)."""
    return math.degrees(math.atan2(east_m, north_m)) % 360.0


def turn_deg(from_deg: float, to_deg: float) -> float:
    """How far to turn, clockwise positive, (-180, 180]."""
    return -((from_deg - to_deg + 180.0) % 360.0 - 180.0)
