"""The one place where the service reads the machine's clock."""

import time
from collections.abc import Callable

#: Gives now as epoch microseconds, UTC. An argument everywhere, so that a replay may run on its own time.
Clock = Callable[[], int]


def machine_clock() -> int:
    """Now by the machine's clock."""
    return time.time_ns() // 1_000
