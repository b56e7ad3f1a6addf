"""Alerts that stand, in columns: enough to end each one though its rule or tag is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

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

    rule: tuple[str, ...]
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
        words: dict[str, Any] = {name: tuple(getattr(self, name)[row] for row in rows) for name in _WORDS}
        return Standing(**words, **numbers)

    def cleared(self, now_us: int, why: str) -> list[Transition]:
        """The transitions that end them all."""
        return [self._cleared(row, now_us, why) for row in range(len(self))]

    def _cleared(self, row: int, now_us: int, why: str) -> Transition:
        rule = self.rule[row]
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
        words = {name: text(getattr(self, name)) for name in _WORDS}
        return words | {name: getattr(self, name) for name in _NUMBERS}

    @staticmethod
    def from_columns(columns: Columns) -> "Standing":
        """The inverse of `to_columns`."""
        words: dict[str, Any] = {name: tuple(lines(columns[name])) for name in _WORDS}
        numbers: dict[str, Any] = {name: columns[name] for name in _NUMBERS}
        return Standing(**words, **numbers)


_WORDS = ("rule", "target")
_NUMBERS: dict[str, type] = {
    **dict.fromkeys(("side", "level", "quality"), np.uint8),
    **dict.fromkeys(("onset_us", "told_us"), np.int64),
    **dict.fromkeys(("value", "limit", "peak"), np.float64),
    "unverified": np.bool_,
}


def joined(parts: Sequence[Standing]) -> Standing:
    """All of them, in the order given; at least one part."""
    numbers: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _NUMBERS}
    words: dict[str, Any] = {name: tuple(word for part in parts for word in getattr(part, name)) for name in _WORDS}
    return Standing(**words, **numbers)


def none_standing() -> Standing:
    """No alert at all."""
    numbers: dict[str, Any] = {name: np.empty(0, dtype=_NUMBERS[name]) for name in _NUMBERS}
    return Standing(rule=(), target=(), **numbers)


def number_or_none(number: float) -> float | None:
    """A plain float; None for NaN and the infinities, which JSON does not have."""
    return float(number) if isfinite(number) else None
