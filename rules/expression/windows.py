"""Numbers over windows, as nodes."""

from rules.arrays import Floats, Rows
from rules.expression.nodes import Numbers, Tick
from rules.expression.rings import ExtremeRing, LeastRing, MeanRing, RateRing, Ring, SpreadRing

#: What keeps the samples that a function needs.
RINGS: dict[str, type[Ring]] = {
    "mean": MeanRing,
    "sum": MeanRing,
    "count": MeanRing,
    "max": ExtremeRing,
    "min": LeastRing,
    "stddev": SpreadRing,
    "rate": RateRing,
}


class OverWindow(Numbers):
    """What a function makes of a ring."""

    __slots__ = ("_place", "_ring", "_what")

    def __init__(self, what: str, ring: Ring, place: Rows | None) -> None:
        """``place``: by source, where the ring has its tag; None: the same place."""
        super().__init__(ring)
        self._what, self._ring, self._place = what, ring, place

    def reckon(self, tick: Tick) -> None:
        """See `rules.expression.nodes.Node`."""
        value = self._value()
        grade = self._ring.count_grade() if self._what == "count" else self._ring.grade()
        if self._place is None:
            self.value, self.grade = value, grade
        else:
            self.value = value.take(self._place)
            self.grade = None if grade is None else grade.take(self._place)

    def _value(self) -> Floats:
        ring = self._ring
        match self._what, ring:
            case "mean", MeanRing():
                return ring.mean()
            case "sum", MeanRing():
                return ring.sum()
            case (("max" | "min"), ExtremeRing()):
                return ring.extreme()
            case "stddev", SpreadRing():
                return ring.stddev()
            case "rate", RateRing():
                return ring.rate()
        return ring.number
