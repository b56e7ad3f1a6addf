"""A chart as a drawing for PDF: bars against levels. What is set off by colour is set off by a sign or a hatch too."""

import math
from itertools import count
from typing import Literal

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth

from service.reports.model import Bar, Chart, Sign
from service.reports.words import AROUND, with_unit

_BAR, _RED, _AMBER, _GREY, _LIMIT, _INK = (
    HexColor(one) for one in ("#3b6ea5", "#c62828", "#b26a00", "#7b8794", "#8e1b1b", "#1f2933")
)
_LEFT, _RIGHT, _BOTTOM, _TOP = 46.0, 12.0, 30.0, 30.0
_SMALL, _SIGN = 7.0, 10.0
_THICKEST = 42.0
#: Labels below the axis that fit beside each other.
_MOST_LABELS = 32


def draw(chart: Chart, *, font: str, width: float, height: float) -> Drawing:
    """Points wide and high; ``font`` is registered."""
    drawing = Drawing(width, height)
    low, high, step = _scale(chart)
    plot_width, plot_height = width - _LEFT - _RIGHT, height - _BOTTOM - _TOP

    def y_of(value: float) -> float:
        return _BOTTOM + (value - low) / (high - low) * plot_height

    def text(
        x: float,
        y: float,
        words: str,
        anchor: Literal["start", "middle", "end"] = "middle",
        size: float = _SMALL,
        colour: Color = _INK,
    ) -> None:
        drawing.add(String(x, y, words, fontName=font, fontSize=size, textAnchor=anchor, fillColor=colour))

    text(_LEFT, height - 12, with_unit(chart.title, chart.unit), "start", 9.5)
    for tick in count():
        value = low + tick * step
        if value > high + step / 1e6:
            break
        drawing.add(Line(_LEFT, y_of(value), width - _RIGHT, y_of(value), strokeColor=HexColor("#e4e7eb")))
        text(_LEFT - 4, y_of(value) - 2.5, f"{value:.6g}", "end")
    slot = plot_width / max(len(chart.bars), 1)
    every = math.ceil(len(chart.bars) / _MOST_LABELS)
    for place, bar in enumerate(chart.bars):
        x = _LEFT + slot * place
        if bar.value is not None:
            thick = min(slot * 0.7, _THICKEST)
            _bar(drawing, bar, x + (slot - thick) / 2, thick, y_of(max(low, 0.0)), y_of(bar.value))
            sign = "".join(AROUND[bar.sign])
            text(x + slot / 2, max(y_of(bar.value), _BOTTOM) + 2, sign, size=_SIGN, colour=_colour(bar.sign))
        if place % every == 0:
            text(x + slot / 2, _BOTTOM - 10, bar.label)
    drawing.add(Line(_LEFT, _BOTTOM, width - _RIGHT, _BOTTOM, strokeColor=_INK))
    for line in chart.lines:
        y = y_of(line.value)
        drawing.add(Line(_LEFT, y, width - _RIGHT, y, strokeColor=_LIMIT, strokeDashArray=[4, 2], strokeWidth=1.2))
        wide = stringWidth(line.label, font, _SMALL)
        behind = Rect(width - _RIGHT - wide - 2, y + 1.5, wide + 2, _SMALL + 1)
        behind.fillColor, behind.strokeColor = white, None
        drawing.add(behind)
        text(width - _RIGHT, y + 3, line.label, "end", colour=_LIMIT)
    text(_LEFT, 6, chart.legend, "start")
    return drawing


def _scale(chart: Chart) -> tuple[float, float, float]:
    """Lower and upper end of the axis, and the distance of its ticks."""
    values = [bar.value for bar in chart.bars if bar.value is not None] + [line.value for line in chart.lines]
    low, high = min(values, default=0.0), max(values, default=1.0)
    low = min(low, 0.0)
    reach = (high - low) or 1.0
    raw = reach * 1.1 / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    return math.floor(low / step) * step, math.ceil((high + reach * 0.08) / step) * step, step


def _colour(sign: Sign) -> Color:
    colours = {Sign.EXCEEDED: _RED, Sign.WARNING: _AMBER, Sign.INVALID: _GREY}
    return colours.get(sign, _BAR)


def _bar(drawing: Drawing, bar: Bar, x: float, width: float, y0: float, y1: float) -> None:
    bottom, height = min(y0, y1), abs(y1 - y0)
    hollow = bar.sign is Sign.INVALID
    box = Rect(x, bottom, width, height)
    box.fillColor = white if hollow else _colour(bar.sign)
    box.strokeColor = _colour(bar.sign)
    box.strokeWidth = 0.7
    drawing.add(box)
    if hollow:
        _hatch(drawing, x, bottom, width, height)


def _hatch(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    """Diagonals across a box, cut at its edges."""
    distance = 4.0
    for number in range(1, int((width + height) / distance) + 1):
        offset = number * distance
        x0, y0 = (x, y + offset) if offset <= height else (x + offset - height, y + height)
        x1, y1 = (x + offset, y) if offset <= width else (x + width, y + offset - width)
        drawing.add(Line(x0, y0, x1, y1, strokeColor=_GREY, strokeWidth=0.5))
