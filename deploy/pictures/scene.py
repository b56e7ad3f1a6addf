"""What a picture shows: a few tags, one rule, what happens; played through the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from park.batch import SampleBatch
from park.index import TagTable
from park.model import Park
from park.quality import Quality
from rules.engine import Engine
from rules.spec import RuleSet
from rules.transition import Transition

SECOND = 1_000_000
#: A midnight, UTC+08:00.
START_US = 1_800_028_800 * SECOND


@dataclass(frozen=True, slots=True)
class Point:
    """One sample, in seconds since the start."""

    second: float
    value: float
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A dashed line: a limit, or what the rule makes of the values."""

    label: str
    points: tuple[tuple[float, float], ...]
    color: str
    #: What sets it stays until it moves.
    steps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture."""

    #: Names the file: a kind, or a kind and what is special.
    name: str
    caption: str
    rule: dict[str, Any]
    #: As in a park file, with what happens to each.
    tags: tuple[tuple[dict[str, Any], tuple[Point, ...]], ...]
    lines: tuple[Line, ...] = ()
    #: When an operator resets all alerts.
    resets: tuple[float, ...] = ()
    end_s: float
    #: The clock moves by so much.
    step_s: float = 1
    #: Length of a unit of the time axis, and its name.
    unit: tuple[float, str] = (1, "s")

    def told(self) -> list[Transition]:
        """All that the engine tells."""
        table = TagTable(Park.model_validate(_park([tag for tag, _ in self.tags])))
        engine = Engine(table, RuleSet.model_validate({"rules": [{"id": self.name, **self.rule}]}))
        rows = sorted((point.second, ix, point) for ix, (_, points) in enumerate(self.tags) for point in points)
        told: list[Transition] = []
        at = 0
        for tick in range(round(self.end_s / self.step_s) + 1):
            now_s = tick * self.step_s
            first = at
            while at < len(rows) and rows[at][0] <= now_s:
                at += 1
            if at > first:
                engine.step(_batch(rows[first:at]))
            if now_s in self.resets:
                for alert_id in dict.fromkeys(one.alert_id for one in told):
                    engine.reset(alert_id)
            told += engine.advance(START_US + round(now_s * SECOND))
        return told


def limit(label: str, value: float, end_s: float, color: str = "") -> Line:
    """A limit that stays."""
    return Line(label=f"{label} {value:g}", points=((0, value), (end_s, value)), color=color or COLORS[label])


COLORS = {"HH": "#c62828", "LL": "#c62828", "H": "#d98200", "L": "#d98200"}


def _park(tags: Sequence[dict[str, Any]]) -> dict[str, Any]:
    source = {"id": "unit", "kind": "unit", "position": [120, 30], "tags": tags}
    return {"id": "park", "name": "Park", "enterprises": [{"id": "acme", "name": "Acme", "sources": [source]}]}


def _batch(rows: Sequence[tuple[float, int, Point]]) -> SampleBatch:
    return SampleBatch(
        tag=np.array([ix for _, ix, _ in rows], dtype=np.int32),
        time_us=np.array([START_US + round(second * SECOND) for second, _, _ in rows], dtype=np.int64),
        value=np.array([point.value for _, _, point in rows]),
        quality=np.array([int(point.quality) for _, _, point in rows], dtype=np.uint8),
        received_us=0,
        origin="picture",
    )
