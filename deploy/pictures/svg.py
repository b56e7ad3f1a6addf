"""Writes SVG: a few shapes, numbers rounded, so that the same picture is the same bytes everywhere."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr


class Svg:
    """A drawing of a size in pixels, on a background of its own: readable on a white page and on a dark one."""

    def __init__(self, width: float, title: str) -> None:
        self._width = width
        self._title = title
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str, **more: object) -> None:
        """A filled box."""
        self._add("rect", {"x": x, "y": y, "width": max(width, 0.5), "height": height, "fill": fill, **more})

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, **more: object) -> None:
        """A straight line."""
        self._add("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": stroke, **more})

    def path(self, points: Iterable[tuple[float, float]], stroke: str, **more: object) -> None:
        """Straight from point to point."""
        told = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self._add("polyline", {"points": told, "fill": "none", "stroke": stroke, **more})

    def circle(self, x: float, y: float, radius: float, fill: str, **more: object) -> None:
        """A dot."""
        self._add("circle", {"cx": x, "cy": y, "r": radius, "fill": fill, **more})

    def text(self, x: float, y: float, text: str, fill: str = "#222222", **more: object) -> None:
        """One line of text; ``y`` is its baseline."""
        self._add("text", {"x": x, "y": y, "fill": fill, **more}, text)

    def to_text(self, height: float) -> str:
        """The file. The height is known last."""
        size = f'width="{_number(self._width)}" height="{_number(height)}"'
        view = f'viewBox="0 0 {_number(self._width)} {_number(height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} font-family="sans-serif" font-size="11">'
        back = f'<rect {size} rx="6" fill="#ffffff"/>'
        return "\n".join((head, f"<title>{escape(self._title)}</title>", _HATCH, back, *self._parts, "</svg>")) + "\n"

    def _add(self, name: str, attributes: dict[str, object], content: str = "") -> None:
        told = "".join(f" {key.replace('_', '-')}={quoteattr(_value(one))}" for key, one in attributes.items())
        self._parts.append(f"<{name}{told}>{escape(content)}</{name}>" if content else f"<{name}{told}/>")


#: Laid over what cannot be verified.
_HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="3" height="6" fill="#ffffff" fill-opacity="0.75"/></pattern></defs>'
)


def _value(one: object) -> str:
    return _number(one) if isinstance(one, (int, float)) else str(one)


def _number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
