"""Durations as people write them in configuration: ``5s``, ``10m``, ``1h``, ``1.5h``, ``250ms``, ``7d``."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNIT_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_PATTERN = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(us|ms|s|m|h|d)")
#: Longer ones are typing errors; and sums of a few of them still fit an int64.
_LONGEST_US = 36_500 * _UNIT_US["d"]


def parse_duration_us(text: object) -> int:
    """Microseconds. Raises ValueError naming the value and the form wanted; a bare number (no unit) is refused."""
    if isinstance(text, str) and (match := _PATTERN.fullmatch(text.strip())):
        us = round(float(match[1]) * _UNIT_US[match[2]])
        if us > _LONGEST_US:
            raise ValueError(f"{text!r} is longer than a hundred years; check the unit")
        return us
    if text == 0 and not isinstance(text, bool):
        return 0
    raise ValueError(f"{text!r} is not a duration; write a number and its unit, such as 5s, 10m, 1h")


def format_duration(us: int) -> str:
    """For people: the shortest text that `parse_duration_us` reads back as ``us``, cut to whole milliseconds."""
    for unit in ("d", "h", "m", "s"):
        if us and us % _UNIT_US[unit] == 0:
            return f"{us // _UNIT_US[unit]}{unit}"
    return f"{us // 1_000}ms" if us else "0s"


def _exact(us: int) -> str:
    return f"{us}us" if us % 1_000 else format_duration(us)


#: A pydantic field that reads ``5s`` and holds microseconds; JSON gets ``5s`` again.
DurationUs = Annotated[int, BeforeValidator(parse_duration_us), PlainSerializer(_exact, when_used="json")]
