"""Minutes, hours and days made by hand, for the tests of judgement."""

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.quality import HJ212_FLAGS, Quality
from rules.arrays import Bools, Floats, Ints
from rules.emissions.flags import Flag
from rules.emissions.means import Means
from rules.emissions.minutes import Minutes, Origin
from rules.emissions.periods import MINUTE_US

ZONE = timedelta(hours=8)
#: What a valid part measures in these tests, and what an abnormal one pretends to.
GOOD, FALSE = 10.0, 99.0
GAP = "–"


def us(text: str) -> int:
    """Epoch microseconds of a Beijing time, ``2026-11-01 08:00``."""
    local = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((local - ZONE).timestamp() * 1e6)


#: An hour, a day and a month begin here.
START = us("2026-11-01 00:00")


def spelled(text: str) -> list[tuple[str, bool]]:
    """``45 N 15 C*``: each part, and whether it is marked."""
    found = re.findall(r"(\d+) ([A-Z–])(\*?)", text)
    return [(letter, star == "*") for number, letter, star in found for _ in range(int(number))]


def minutes_of(
    letters: Sequence[str],
    *,
    tag: int = 0,
    start_us: int = START,
    value: Sequence[float] | Floats | None = None,
) -> Minutes:
    """One minute for each letter, in order; where there is a gap there is no row."""
    at = [i for i, letter in enumerate(letters) if letter != GAP]
    usual = [GOOD if letters[i] == "N" else FALSE for i in at]
    n = len(at)
    return Minutes(
        tag=np.full(n, tag, np.int32),
        minute_us=start_us + np.array(at, np.int64) * MINUTE_US,
        value=np.array(usual if value is None else [value[i] for i in at], np.float64),
        n=np.ones(n, np.int32),
        flag=np.array([Flag[letters[i]] for i in at], np.uint8),
        origin=np.full(n, Origin.SAMPLES, np.uint8),
        late=np.zeros(n, np.bool_),
        refilled=np.zeros(n, np.bool_),
    )


def quality_of(letters: Sequence[str]) -> NDArray[np.uint8]:
    """Quality bytes; a gap is a good sample, whose value is then no number."""
    return np.array([HJ212_FLAGS.get(letter, int(Quality.GOOD)) for letter in letters], np.uint8)


def values_of(letters: Sequence[str]) -> Floats:
    return np.array([{"N": GOOD, GAP: np.nan}.get(letter, FALSE) for letter in letters])


def bools(mask: Sequence[bool]) -> Bools:
    return np.array(mask, np.bool_)


def ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, np.int64)


def tags(numbers: Sequence[int]) -> NDArray[np.int32]:
    return np.array(numbers, np.int32)


def joined(parts: Sequence[Means]) -> Means:
    """Rows of several, in the order given."""
    whole = parts[0]
    judged: dict[str, Any] = {
        side: replace(
            getattr(whole, side),
            **{
                one.name: np.concatenate([getattr(getattr(part, side), one.name) for part in parts])
                for one in fields(whole.every)
            },
        )
        for side in ("every", "unmarked")
    }
    plain: dict[str, Any] = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(whole)
        if one.name not in judged
    }
    return Means(**plain, **judged)
