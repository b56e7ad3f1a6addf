"""What the alert book knows of the engine's alerts, as the engine needs it where its own state cannot be read."""

from collections.abc import Iterable

import numpy as np

from rules.standing import LEVEL_NAMES, QUALITIES, SIDES, Standing
from service.alerts.law import OWN_KINDS
from service.alerts.model import Alert
from service.alerts.standing import STANDS


def standing_of(alerts: Iterable[Alert], now_us: int) -> Standing:
    """Those that an engine raised and whose condition stands, in the order in which they were raised."""
    found = [one for one in alerts if one.state in STANDS and one.rule not in OWN_KINDS]
    found.sort(key=lambda one: (one.raised_us, one.id))
    numbers = {
        name: np.array([_number(getattr(one, name)) for one in found], dtype=np.float64)
        for name in ("value", "limit", "peak")
    }
    return Standing(
        rule=tuple(one.rule for one in found),
        target=tuple(one.target for one in found),
        side=np.array([SIDES.index(one.side) for one in found], dtype=np.uint8),
        level=np.array([LEVEL_NAMES.index(one.level) for one in found], dtype=np.uint8),
        quality=np.array([QUALITIES.index(one.quality) for one in found], dtype=np.uint8),
        onset_us=np.array([one.onset_us for one in found], dtype=np.int64),
        # At least the effective time of whatever was told of it.
        told_us=np.array([max(one.raised_us, now_us) for one in found], dtype=np.int64),
        unverified=np.array([one.unverified for one in found], dtype=np.bool_),
        **numbers,
    )


def _number(number: float | None) -> float:
    return np.nan if number is None else number
