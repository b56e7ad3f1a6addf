"""Which source times are believed: one rule for the intake and for connectors that tell their senders at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from park.model import Park

_DAY_US = 86_400_000_000


class Unbelieved(NamedTuple):
    """Masks of one shape, that of the times."""

    #: Ahead of the clock by more than the park's ``future_limit``.
    future: NDArray[np.bool_]
    #: Older than the park's ``past_limit_days``.
    past: NDArray[np.bool_]


def unbelieved(park: Park, time_us: NDArray[np.int64], now_us: int) -> Unbelieved:
    """``time_us`` and ``now_us``: epoch microseconds, UTC."""
    return Unbelieved(
        future=time_us > now_us + park.future_limit,
        past=time_us < now_us - park.past_limit_days * _DAY_US,
    )
