"""For how long alarms may be put aside, and what belongs together: configuration, with defaults that hold anywhere.

It decides what journal rows mean, so it is kept with every checkpoint, as the park and the rules are.
"""

from typing import Literal

import msgspec

H_US = 3_600_000_000
DAY_US = 24 * H_US


def _shelve_us() -> dict[int, int]:
    return {1: H_US, 2: 4 * H_US, 3: 8 * H_US, 4: 24 * H_US}


def _context_us() -> dict[str, int]:
    # Permits as GB 30871-2022 has them: hot work of the second grade 72 h (special and first 8 h), confined space 24 h,
    # work at height 7 d.
    return {
        "start_up": 72 * H_US,
        "shutdown": 72 * H_US,
        "overhaul": 60 * DAY_US,
        "calibration": 8 * H_US,
        "maintenance": 72 * H_US,
        "hot_work": 72 * H_US,
        "confined_space": 24 * H_US,
        "special_work": 7 * DAY_US,
    }


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Durations are microseconds."""

    #: Longest shelving, by priority.
    shelve_us: dict[int, int] = msgspec.field(default_factory=_shelve_us)
    #: Longest time out of service.
    take_out_us: int = 30 * DAY_US
    #: Longest context entry, by kind.
    context_us: dict[str, int] = msgspec.field(default_factory=_context_us)
    #: A gas alarm of the same enterprise within this distance of a permit's source is inside it.
    stop_work_m: float = 100.0
    #: Alerts of one of these are one first-out group.
    first_out: Literal["source", "enterprise"] = "source"
