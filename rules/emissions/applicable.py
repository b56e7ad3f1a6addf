"""A limit as it is held against the values of one tag, and over which time; with all that an exceedance must name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.emissions.limit_file import BasisSureness, LimitBasis, Sureness
from rules.emissions.periods import DAY_US, ZONE_US

#: End of what has no end.
FOREVER_US = 2**62
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def day_begins_us(day: date, plus: int = 0) -> int:
    """Midnight of UTC+08:00 at which the day (or the ``plus``-th after it) begins, epoch microseconds UTC."""
    return (day.toordinal() - _EPOCH_DAY + plus) * DAY_US - ZONE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """A limit as it is held against the values of one tag, with all that an exceedance must name."""

    #: In ``unit``: a value above ``limit``, or below ``lower``, exceeds.
    limit: float
    lower: float | None
    unit: str
    basis: LimitBasis
    #: Oxygen content to which the value is converted first (折算), % by volume; None: held as measured.
    o2_reference: float | None
    #: In its place the standard's excess-air coefficient (过量空气系数), or None.
    excess_air: float | None
    #: Days (fixed UTC+08:00) in force, the last included.
    valid_from: date
    valid_to: date | None
    #: Of the standard. Empty (and ``confidence`` read) where the permit alone has a limit.
    row: str = ""
    standard: str = ""
    title: str = ""
    version: str = ""
    clause: str = ""
    confidence: Sureness = "read"
    #: ``inferred``: the standard names no averaging time; that a mean of this length counts is our reading.
    basis_confidence: BasisSureness = "read"
    dates_confidence: Sureness = "read"
    source: str = ""
    note: str = ""
    #: Who confirmed a row that was not read, and when.
    confirmed_by: str = ""
    confirmed_on: date | None = None
    #: Number of the discharge permit whose limit this is; ``overrides`` is the standard's that it takes the place of.
    permit: str = ""
    overrides: "Applicable | None" = None

    def facts(self) -> dict[str, Any]:
        """All of it in JSON types, for records and reports; ``overrides`` within it likewise."""
        found: dict[str, Any] = {}
        for field in self.__slots__:
            value = getattr(self, field)
            if isinstance(value, Applicable):
                value = value.facts()
            found[field] = value.isoformat() if isinstance(value, date) else value
        return found

    def words(self) -> str:
        """One line: ``60 mg/m3 (hour), GB 31572-2015 表5``."""
        least = f"{self.lower:g} to " if self.lower is not None else ""
        origin = f"permit {self.permit}" if self.permit else f"{self.standard} {self.clause}"
        doubt = ", averaging time inferred" if self.basis_confidence == "inferred" else ""
        return f"{least}{self.limit:g} {self.unit} ({self.basis}{doubt}), {origin}"


@dataclass(frozen=True, slots=True)
class Spans:
    """What applies to one tag and basis over time: spans in order, disjoint; between them nothing applies."""

    spans: tuple[tuple[int, int, Applicable], ...]

    def __iter__(self) -> Iterator[tuple[int, int, Applicable]]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def at(self, at_us: int) -> Applicable | None:
        """What applies to data of this time (the start of an hour or day), or None."""
        return next((found for begin, end, found in self.spans if begin <= at_us < end), None)

    def which(self, times_us: NDArray[np.int64]) -> NDArray[np.intp]:
        """Position in ``spans`` of what applies to each time; -1 where nothing does. Shape ``(n,)``."""
        if not self.spans:
            return np.full(np.shape(times_us), -1, np.intp)
        begins, ends = (np.array([one[i] for one in self.spans], np.int64) for i in (0, 1))
        found = np.searchsorted(begins, times_us, side="right") - 1
        return np.where((found >= 0) & (times_us < ends[found]), found, -1)

    def columns(self, times_us: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(limit, lower limit) for each time, NaN where there is none. Shapes ``(n,)``."""
        which = self.which(times_us)
        limits = np.array([one.limit for _, _, one in self.spans] + [np.nan])
        lowers = np.array([np.nan if one.lower is None else one.lower for _, _, one in self.spans] + [np.nan])
        return limits[which], lowers[which]
