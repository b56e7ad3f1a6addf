"""The scenes: one for every kind of rule, and a few for what is special. No chance: noise is a sum of waves."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from deploy.pictures.scene import Line, Point, Scene, limit
from park.quality import Quality

GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD


def _noise(second: float) -> float:
    return 0.6 * math.sin(1.7 * second) + 0.4 * math.sin(4.1 * second + 1)


def _points(value: Callable[[float], float], seconds: Iterable[float], quality: Quality = GOOD) -> tuple[Point, ...]:
    return tuple(Point(second, round(value(second), 3), quality) for second in seconds)


def _through(*corners: tuple[float, float]) -> Callable[[float], float]:
    """Straight from corner to corner."""

    def value(second: float) -> float:
        for (x1, y1), (x2, y2) in pairwise(corners):
            if second <= x2:
                return y1 + (y2 - y1) * (second - x1) / (x2 - x1)
        return corners[-1][1]

    return value


def _tag(name: str, unit: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "quantity": name, "unit": unit, **fields}


def _limit() -> Scene:
    path = _through((0, 70), (20, 88), (30, 86), (40, 96), (55, 96), (70, 83), (80, 86), (100, 70))
    alarms = {"H": 85, "HH": 94, "deadband": 3, "on_delay": "5s", "off_delay": "10s"}
    return Scene(
        name="limit",
        caption="limit: H 85 and HH 94, deadband 3, on-delay 5 s, off-delay 10 s",
        rule={"kind": "limit", "limits": alarms},
        tags=((_tag("level", "%"), _points(lambda second: path(second) + _noise(second), range(0, 110, 2))),),
        lines=(limit("H", 85, 110), limit("HH", 94, 110), limit("H less deadband", 82, 110, "#e8c48a")),
        end_s=110,
    )


def _limit_bad() -> Scene:
    seconds = range(0, 100, 2)
    path = _through((0, 70), (20, 90), (60, 90), (70, 75), (100, 72))
    points = [
        Point(second, round(path(second) + _noise(second), 3), BAD if 34 <= second <= 44 else GOOD)
        for second in seconds
    ]
    return Scene(
        name="limit-bad-data",
        caption="limit: bad data clear nothing, and mark what stands (hatched)",
        rule={"kind": "limit", "limits": {"H": 85}},
        tags=((_tag("level", "%"), tuple(points)),),
        lines=(limit("H", 85, 100),),
        end_s=100,
    )


def _limit_moving() -> Scene:
    setter = ((0, 60.0), (30, 75.0), (60, 50.0), (80, 70.0))
    path = _through((0, 50), (20, 65), (45, 62), (100, 62))
    return Scene(
        name="limit-moving",
        caption="limit: H is set by another tag, here its value + 5",
        rule={
            "kind": "limit",
            "limits_from": {"H": {"tag": "setpoint", "plus": 5}},
            "applies_to": {"tag": ["temperature"]},
        },
        tags=(
            (_tag("temperature", "°C"), _points(lambda second: path(second) + _noise(second), range(0, 100, 2))),
            (_tag("setpoint", "°C", discrete=True), tuple(Point(second, value) for second, value in setter)),
        ),
        lines=(
            Line(
                label="H = setpoint + 5",
                points=(*((second, value + 5) for second, value in setter), (100, setter[-1][1] + 5)),
                color="#d98200",
                steps=True,
            ),
        ),
        end_s=100,
    )


def _limit_latch() -> Scene:
    values = [20, 22, 27, 24, 28, 21, 29, 27, 24, 20, 19, 18, 17, 18, 17, 18, 17, 18, 17, 18]
    return Scene(
        name="limit-count-latch",
        caption="limit: begins with the 3rd value beyond H within 60 s; latched, it stays until it is reset",
        rule={"kind": "limit", "limits": {"H": 25}, "count": 3, "within": "60s", "latch": True},
        tags=((_tag("chlorine", "ppm"), tuple(Point(10 * at, value) for at, value in enumerate(values))),),
        lines=(limit("H", 25, 190),),
        resets=(75, 150),
        end_s=190,
    )


def _stale() -> Scene:
    seconds = [*range(0, 62, 2), *range(130, 180, 2)]
    return Scene(
        name="stale",
        caption="stale: nothing for more than 20 s, and for 10 s more",
        rule={"kind": "stale"},
        tags=(
            (
                _tag("flow", "m3/h", stale_after="20s", stale_delay="10s"),
                _points(lambda second: 40 + 2 * _noise(second / 3), seconds),
            ),
        ),
        end_s=180,
    )


def _vote() -> Scene:
    seconds = range(0, 120, 4)
    paths = (
        _through((0, 4), (20, 6), (40, 32), (80, 30), (95, 8), (120, 5)),
        _through((0, 5), (40, 8), (60, 34), (90, 28), (100, 6), (120, 5)),
        _through((0, 3), (120, 6)),
    )
    tags = []
    for number, path in enumerate(paths):
        made = tuple(
            Point(
                second, round(path(second) + _noise(second + number), 3), BAD if number == 2 and second >= 72 else GOOD
            )
            for second in seconds
        )
        tags.append(({"id": f"GD-{number + 1}", "quantity": "benzene", "unit": "%LEL"}, made))
    return Scene(
        name="vote",
        caption="vote: 2 of 3 detectors beyond 25 %LEL; as detectors go bad, fewer are needed",
        rule={"kind": "vote", "m": 2, "limit": 25, "deadband": 2},
        tags=tuple(tags),
        lines=(limit("limit", 25, 120, "#d98200"),),
        end_s=120,
    )


def _rate() -> Scene:
    path = _through((0, 200), (60, 206), (100, 240), (120, 243), (180, 244))
    return Scene(
        name="rate",
        caption="rate: rises by more than 30 kPa a minute, measured over 30 s",
        rule={"kind": "rate", "window": "30s", "per": "1m", "limits": {"H": 30, "deadband": 10}},
        tags=((_tag("pressure", "kPa"), _points(lambda second: path(second) + _noise(second), range(0, 180, 3))),),
        end_s=180,
    )


def _frozen() -> Scene:
    def value(second: float) -> float:
        return 7.2 if 60 <= second <= 150 else 7.2 + 0.2 * _noise(second / 5)

    return Scene(
        name="frozen",
        caption="frozen: the same value for a minute",
        rule={"kind": "frozen", "hold": "60s"},
        tags=((_tag("ph", ""), _points(value, range(0, 200, 4))),),
        end_s=200,
    )


def _range() -> Scene:
    path = _through((0, 4), (18, 5), (20, 12.4), (26, 12.4), (28, 5), (60, 6), (70, 10), (110, 10), (118, 6), (130, 6))

    def value(second: float) -> float:
        exact = path(second)
        return exact if exact >= 10 else exact + 0.2 * _noise(second)

    return Scene(
        name="range",
        caption="range: outside the span of 0 to 10; or at its end for 20 s (clipped)",
        rule={"kind": "range", "clipped_for": "20s"},
        tags=((_tag("flow", "m3/h", span=[0, 10]), _points(value, range(0, 132, 2))),),
        lines=(limit("span", 0, 130, "#8a8a8a"), limit("span", 10, 130, "#8a8a8a")),
        end_s=130,
    )


def _quality() -> Scene:
    def quality(second: int) -> Quality:
        return BAD if 20 <= second < 28 or 50 <= second < 110 else GOOD

    points = tuple(Point(second, round(50 + 3 * _noise(second / 4), 3), quality(second)) for second in range(0, 140, 4))
    return Scene(
        name="quality",
        caption="quality: bad for 30 s",
        rule={"kind": "quality", "bad_for": "30s"},
        tags=((_tag("level", "%"), points),),
        end_s=140,
    )


def _deviation() -> Scene:
    one, other = _through((0, 60), (140, 72)), _through((0, 60), (50, 64), (80, 76), (100, 77), (120, 71), (140, 72))
    return Scene(
        name="deviation",
        caption="deviation: more than 5 K away from the sister instrument for 10 s",
        rule={
            "kind": "deviation",
            "reference": "TI-2",
            "limits": {"H": 5, "L": -5, "deadband": 1},
            "on_delay": "10s",
            "applies_to": {"tag": ["TI-1"]},
        },
        tags=(
            (
                _named("TI-1", "temperature", "°C"),
                _points(lambda second: other(second) + _noise(second), range(0, 140, 3)),
            ),
            (
                _named("TI-2", "temperature", "°C"),
                _points(lambda second: one(second) - _noise(second), range(0, 140, 3)),
            ),
        ),
        end_s=140,
    )


def _named(name: str, quantity: str, unit: str) -> dict[str, Any]:
    return {"id": name, "quantity": quantity, "unit": unit}


def _window() -> Scene:
    path = _through((0, 30), (15, 32), (16, 75), (24, 70), (25, 34), (45, 30))
    samples = _points(lambda second: path(second / 60) + 4 * _noise(second / 60), range(0, 45 * 60, 60))
    means = [
        (minute * 60.0, math.fsum(point.value for point in samples[minute - 10 : minute]) / 10)
        for minute in range(10, 46)
    ]
    return Scene(
        name="window",
        caption="window: the mean over 10 minutes, sliding by a minute, passes 50 mg/m3",
        rule={"kind": "window", "window": "10m", "panes": 10, "limits": {"H": 50, "deadband": 2}},
        tags=((_tag("nmhc", "mg/m3"), samples),),
        lines=(
            limit("H", 50, 45 * 60),
            Line(label="mean over 10 min", points=tuple(means), color="#7b52ab"),
        ),
        end_s=45 * 60,
        step_s=5,
        unit=(60, "min"),
    )


def _expression() -> Scene:
    gas = _through((0, 5), (20, 28), (70, 30), (90, 6), (120, 5))
    wind = _through((0, 6), (30, 5.5), (45, 2), (80, 2.2), (100, 5), (120, 6))
    seconds = range(0, 120, 4)
    return Scene(
        name="expression",
        caption="expression: nmhc > 20 mg/m3 and wind < 3 m/s",
        rule={"kind": "expression", "when": "nmhc > 20 mg/m3 and wind < 3 m/s"},
        tags=(
            (_tag("nmhc", "mg/m3"), _points(lambda second: gas(second) + _noise(second), seconds)),
            (_tag("wind", "m/s"), _points(lambda second: wind(second) + 0.2 * _noise(second), seconds)),
        ),
        lines=(limit("nmhc", 20, 120, "#1f5fa8"), limit("wind", 3, 120, "#1b8a5a")),
        end_s=120,
    )


def _sequence() -> Scene:
    level = _through((0, 80), (20, 93), (45, 84), (75, 84), (90, 94), (140, 97), (150, 97))
    valve = ((0, 60.0), (26, 0.0), (60, 60.0), (124, 0.0))
    return Scene(
        name="sequence",
        caption="sequence: after the level passed 90 % the inlet valve must close within 20 s; it did once",
        rule={
            "kind": "sequence",
            "first": "level > 90 %",
            "then": "valve < 5 %",
            "within": "20s",
            "alarm_if": "missing",
        },
        tags=(
            (_tag("level", "%"), _points(lambda second: level(second) + 0.3 * _noise(second), range(0, 152, 3))),
            (_tag("valve", "%", discrete=True), tuple(Point(second, value) for second, value in valve)),
        ),
        lines=(limit("level", 90, 150, "#1f5fa8"),),
        end_s=150,
    )


def _forecast() -> Scene:
    level = _through((0, 50), (20, 51), (60, 86), (70, 87), (90, 87))
    return Scene(
        name="forecast",
        caption="forecast: at the slope of the last 10 minutes the tank is over 95 % within half an hour",
        rule={"kind": "forecast", "of": "value", "window": "10m", "panes": 10, "ahead": "30m", "limits": {"HH": 95}},
        tags=(
            (
                _tag("level", "%"),
                _points(lambda second: level(second / 60) + 0.2 * _noise(second / 60), range(0, 90 * 60, 60)),
            ),
        ),
        lines=(limit("HH", 95, 90 * 60),),
        end_s=90 * 60,
        step_s=10,
        unit=(60, "min"),
    )


def scenes() -> list[Scene]:
    """All of them, by name."""
    limits = [_limit(), _limit_bad(), _limit_moving(), _limit_latch()]
    instruments = [_stale(), _frozen(), _range(), _quality(), _deviation(), _vote()]
    others = [_rate(), _window(), _expression(), _sequence(), _forecast()]
    return sorted([*limits, *instruments, *others], key=lambda scene: scene.name)
