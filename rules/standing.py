"""Alerts that stand, in columns: enough to end each one though its rule or tag is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from park.model import Level
from rules.arrays import Bools, Bytes, Columns, Floats, Ints, lines, text
from rules.transition import Change, Transition, alert_id

SIDES = ("high", "low", "")
LEVEL_NAMES = (*(level.value for level in Level), "")
#: What a transition says of the quality of the value; the first three are `park.quality.Quality`.
QUALITIES = ("good", "uncertain", "bad", "stale")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Columns of one length. NaN where an alert has no such number."""

    target: tuple[str, ...]
    #: Index into `SIDES`, `LEVEL_NAMES`, `QUALITIES`.
    side: Bytes
    level: Bytes
    quality: Bytes
    onset_us: Ints
    #: Effective time of the newest transition told.
    told_us: Ints
    value: Floats
    limit: Floats
    peak: Floats
    unverified: Bools

    def __len__(self) -> int:
        return len(self.target)

    def take(self, which: Bools) -> "Standing":
        """Those that a mask names."""
        rows = np.flatnonzero(which)
        numbers = {name: getattr(self, name)[rows] for name in _NUMBERS}
        return Standing(target=tuple(self.target[row] for row in rows), **numbers)

    def cleared(self, rule: str, now_us: int, why: str) -> list[Transition]:
        """The transitions that end them all."""
        return [self._cleared(row, rule, now_us, why) for row in range(len(self))]

    def _cleared(self, row: int, rule: str, now_us: int, why: str) -> Transition:
        side, onset_us = SIDES[self.side[row]], int(self.onset_us[row])
        return Transition(
            alert_id=alert_id(rule, self.target[row], side, onset_us),
            change=Change.CLEARED,
            rule=rule,
            target=self.target[row],
            side=side,
            level=LEVEL_NAMES[self.level[row]],
            onset_us=onset_us,
            effective_us=max(now_us, int(self.told_us[row])),
            detected_us=now_us,
            value=number_or_none(self.value[row]),
            limit=number_or_none(self.limit[row]),
            peak=number_or_none(self.peak[row]),
            quality=QUALITIES[self.quality[row]],
            unverified=bool(self.unverified[row]),
            why=why,
        )

    def to_columns(self) -> Columns:
        """For a snapshot."""
        return {"target": text(self.target), **{name: getattr(self, name) for name in _NUMBERS}}

    @staticmethod
    def from_columns(columns: Columns) -> "Standing":
        """The inverse of `to_columns`."""
        return Standing(target=tuple(lines(columns["target"])), **{name: columns[name] for name in _NUMBERS})


_NUMBERS = ("side", "level", "quality", "onset_us", "told_us", "value", "limit", "peak", "unverified")


def joined(parts: Sequence[Standing]) -> Standing:
    """All of them, in the order given; at least one part."""
    numbers = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _NUMBERS}
    return Standing(target=tuple(target for part in parts for target in part.target), **numbers)


def number_or_none(number: float) -> float | None:
    """A plain float; None for NaN and the infinities, which JSON does not have."""
    return float(number) if isfinite(number) else None
