"""Draws a scene: values and limits over time, the alarm as a bar below, and what the engine said when."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from deploy.pictures.scene import COLORS, SECOND, START_US, Line, Point, Scene
from deploy.pictures.svg import Svg
from park.quality import Quality
from rules.transition import Change, Transition

_WIDTH, _LEFT, _RIGHT = 760.0, 52.0, 128.0
_TOP, _PLOT = 34.0, 170.0
_LANE, _ROW = 16.0, 15.0
_INK, _GREY = "#222222", "#8a8a8a"
_VALUES = ("#1f5fa8", "#1b8a5a", "#7b52ab", "#a0522d")
_FAULT = "#c62828"


@dataclass(frozen=True, slots=True)
class _Axes:
    end_s: float
    low: float
    high: float

    def x(self, second: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * second / self.end_s

    def y(self, value: float) -> float:
        return _TOP + _PLOT * (self.high - value) / (self.high - self.low)


def draw(scene: Scene) -> str:
    """The SVG file."""
    told = scene.told()
    axes = _axes(scene)
    svg = Svg(_WIDTH, f"{scene.name}: {scene.caption}")
    svg.text(_LEFT, 20, scene.caption, font_size=13, font_weight="bold")
    _grid(svg, scene, axes)
    ends: list[tuple[float, str, str]] = []
    for line in scene.lines:
        ends.append(_line(svg, axes, line))
    for number, (tag, points) in enumerate(scene.tags):
        label, color = f"{tag['id']} {tag['unit']}".strip(), _VALUES[number]
        if tag.get("discrete"):
            ends.append(_states(svg, axes, color, label, points))
        else:
            ends.append(_values(svg, axes, color, label, points))
    _labels(svg, ends)
    for one in told:
        if one.value is not None and axes.low <= one.value <= axes.high and len(scene.tags) <= 2:
            svg.circle(axes.x(_second(one)), axes.y(one.value), 4, "none", stroke=_INK, stroke_width=1.2)
    y = _bars(svg, axes, told, _TOP + _PLOT + 26)
    return svg.to_text(_sentences(svg, scene, told, y + 8) + 4)


def _axes(scene: Scene) -> _Axes:
    values = [point.value for _, points in scene.tags for point in points if math.isfinite(point.value)]
    values += [value for line in scene.lines for _, value in line.points]
    step = _nice((max(values) - min(values) or 1) / 4)
    return _Axes(scene.end_s, math.floor(min(values) / step) * step, math.ceil(max(values) / step) * step)


def _nice(step: float) -> float:
    """The next larger of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * number for number in (1, 2, 5, 10) if power * number >= step * (1 - 1e-9))


def _grid(svg: Svg, scene: Scene, axes: _Axes) -> None:
    step = _nice((axes.high - axes.low) / 5)
    for number in range(round((axes.high - axes.low) / step) + 1):
        value = axes.low + number * step
        svg.line(_LEFT, axes.y(value), axes.x(scene.end_s), axes.y(value), "#e4e4e4")
        svg.text(_LEFT - 6, axes.y(value) + 4, f"{value:.6g}", _GREY, text_anchor="end")
    length, unit = scene.unit
    tick = _nice(scene.end_s / length / 10)
    for number in range(math.floor(scene.end_s / length / tick) + 1):
        x = axes.x(number * tick * length)
        svg.line(x, _TOP + _PLOT, x, _TOP + _PLOT + 4, _GREY)
        svg.text(x, _TOP + _PLOT + 16, f"{number * tick:.6g}", _GREY, text_anchor="middle")
    svg.text(axes.x(scene.end_s) + 14, _TOP + _PLOT + 16, unit, _GREY)
    for second in scene.resets:
        svg.line(axes.x(second), _TOP, axes.x(second), _TOP + _PLOT + 26 + _LANE, _GREY, stroke_dasharray="1 2")
        svg.text(axes.x(second) + 4, _TOP + 10, "reset", _GREY)


def _line(svg: Svg, axes: _Axes, line: Line) -> tuple[float, str, str]:
    points = list(_stepped(line.points) if line.steps else line.points)
    svg.path([(axes.x(second), axes.y(value)) for second, value in points], line.color, stroke_dasharray="5 3")
    return axes.y(points[-1][1]), line.label, line.color


def _stepped(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for number, (second, value) in enumerate(points):
        if number:
            yield second, points[number - 1][1]
        yield second, value


def _states(svg: Svg, axes: _Axes, color: str, label: str, points: Sequence[Point]) -> tuple[float, str, str]:
    """A value that stays until the next one."""
    corners = [*((point.second, point.value) for point in points), (axes.end_s, points[-1].value)]
    svg.path([(axes.x(second), axes.y(value)) for second, value in _stepped(corners)], color, stroke_width=1.4)
    return axes.y(points[-1].value), label, color


def _values(svg: Svg, axes: _Axes, color: str, label: str, points: Sequence[Point]) -> tuple[float, str, str]:
    """Dots, joined where nothing is missing between them; hollow where uncertain, a cross where bad."""
    usable = [point for point in points if point.quality is not Quality.BAD]
    gaps = sorted(after.second - before.second for before, after in pairwise(usable))
    most = 3 * gaps[len(gaps) // 2] if gaps else 0.0
    run: list[tuple[float, float]] = []
    for before, point in zip([None, *points], points, strict=False):
        if before is not None and (point.second - before.second > most or point.quality is Quality.BAD) and run:
            svg.path(run, color, stroke_width=1.4)
            run = []
        x, y = axes.x(point.second), axes.y(point.value)
        if point.quality is Quality.BAD:
            for slope in (-1, 1):
                svg.line(x - 3, y - 3 * slope, x + 3, y + 3 * slope, _GREY, stroke_width=1.4)
            continue
        run.append((x, y))
        if len(points) <= 80 or point.quality is Quality.UNCERTAIN:
            hollow = point.quality is Quality.UNCERTAIN
            svg.circle(x, y, 2, "#ffffff" if hollow else color, stroke=color)
    if run:
        svg.path(run, color, stroke_width=1.4)
    return axes.y(usable[-1].value), label, color


def _labels(svg: Svg, ends: Sequence[tuple[float, str, str]]) -> None:
    """At the right end of what they name, one below the other where they would overlap."""
    free = 0.0
    for y, label, color in sorted(ends):
        free = max(y + 4, free + 13)
        svg.text(_WIDTH - _RIGHT + 8, free, label, color)


def _second(one: Transition) -> float:
    return (one.effective_us - START_US) / SECOND


def _bars(svg: Svg, axes: _Axes, told: Sequence[Transition], top: float) -> float:
    """One lane a target: pale from onset, in the colour of the level from when it was raised, hatched if unverified."""
    targets = list(dict.fromkeys(one.target for one in told)) or [""]
    for lane, target in enumerate(targets):
        y = top + lane * _LANE
        svg.rect(_LEFT, y, axes.x(axes.end_s) - _LEFT, _LANE - 4, "#f1f1f1")
        svg.text(_LEFT - 6, y + 10, "alarm", _GREY, text_anchor="end")
        svg.text(_WIDTH - _RIGHT + 8, y + 10, target.removeprefix("acme.unit."), _GREY)
        mine = [one for one in told if one.target == target]
        for alert in dict.fromkeys(one.alert_id for one in mine):
            _bar(svg, axes, [one for one in mine if one.alert_id == alert], y)
    return top + len(targets) * _LANE


def _bar(svg: Svg, axes: _Axes, story: Sequence[Transition], y: float) -> None:
    onset = axes.x(max((story[0].onset_us - START_US) / SECOND, 0))
    raised = axes.x(_second(story[0]))
    if raised > onset:
        svg.rect(onset, y + 3, raised - onset, _LANE - 10, "#f0c987")
    for number, one in enumerate(story):
        if one.change is Change.CLEARED:
            break
        x = axes.x(_second(one))
        end = axes.x(_second(story[number + 1])) if number + 1 < len(story) else axes.x(axes.end_s)
        svg.rect(x, y, end - x, _LANE - 4, COLORS.get(one.level, _FAULT))
        if one.unverified:
            svg.rect(x, y, end - x, _LANE - 4, "url(#hatch)")
        svg.text(x + 3, y + 10, one.level, "#ffffff", font_size=9)


def _sentences(svg: Svg, scene: Scene, told: Sequence[Transition], y: float) -> float:
    length, unit = scene.unit
    for one in told:
        y += _ROW
        svg.text(_LEFT, y, f"{_second(one) / length:.6g} {unit}", _GREY, text_anchor="start", font_size=10)
        svg.text(_LEFT + 52, y, one.change.value.replace("_", " "), _INK, font_size=10, font_weight="bold")
        for number, part in enumerate(wrap(one.why, 112)):
            y += _ROW if number else 0
            svg.text(_LEFT + 116, y, part, _INK, font_size=10)
    return y + 8
