"""Red, yellow, green: what an enterprise gathered in a month, what each of it counts, and the light that follows."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.duty.config import Lights

#: Fields of `Lights` that are counted, in the order in which they are told.
COUNTED = ("alarm_p1", "alarm_p2", "exceedance", "case_overdue", "duty_missed", "defect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reason."""

    what: str
    count: int
    each: int

    @property
    def points(self) -> int:
        """What it adds."""
        return self.count * self.each


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Of one enterprise and month."""

    colour: str
    #: 100 less the points, 0 at least.
    score: int
    points: int
    lines: tuple[Line, ...]


def light_of(counts: Mapping[str, int], rule: Lights) -> Light:
    """What is missing in ``counts`` is none."""
    lines = tuple(Line(what=one, count=counts.get(one, 0), each=getattr(rule, one)) for one in COUNTED)
    points = sum(one.points for one in lines)
    colour = "red" if points >= rule.red else "yellow" if points >= rule.yellow else "green"
    return Light(colour=colour, score=max(0, 100 - points), points=points, lines=lines)
