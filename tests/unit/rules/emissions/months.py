"""Made-up days and months of an outlet with everything that happens to data: flags, gaps, marks, late and refilled."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from park.periods import PeriodBatch
from park.quality import HJ212_FLAGS, LATE, Detail, Quality, quality_byte
from rules.arrays import Floats, Ints
from rules.emissions.marks import Kind, Marks
from rules.emissions.periods import DAY_US, MINUTE_US

#: The tags of every such outlet: sulphur dioxide and oxygen of a stack; COD, flow and pH of a drain.
SO2, O2, COD, FLOW, PH = range(5)
_LEVEL = {SO2: (40.0, 15.0), O2: (12.0, 3.0), COD: (50.0, 10.0), FLOW: (8.0, 5.0), PH: (7.4, 0.7)}
_FLAGS = "FMSDCTB"
#: Bytes that say something else than a plain flag: unknown, overridden, last usable value, uncertain sensor.
_ODD = (
    quality_byte(Quality.BAD),
    quality_byte(Quality.GOOD, Detail.LOCAL_OVERRIDE),
    quality_byte(Quality.UNCERTAIN, Detail.LAST_USABLE_VALUE),
    quality_byte(Quality.UNCERTAIN, Detail.SENSOR_NOT_ACCURATE),
)


@dataclass(frozen=True)
class Story:
    """What came from the outlet, in the order of arrival, and what was marked."""

    start_us: int
    days: int
    tag: NDArray[np.int32]
    time_us: Ints
    value: Floats
    quality: NDArray[np.uint8]
    lag_us: Ints
    reported: PeriodBatch
    marks: Marks

    @property
    def end_us(self) -> int:
        return self.start_us + self.days * DAY_US


def story(seed: int, start_us: int, days: int) -> Story:
    """One of them; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    minutes = days * 1440
    parts = [_samples(rng, tag, minutes) for tag in _LEVEL]
    tag, time, value, quality, lag = (np.concatenate(column) for column in zip(*parts, strict=True))
    shuffled = rng.permutation(len(tag))
    return Story(
        start_us=start_us,
        days=days,
        tag=tag[shuffled].astype(np.int32),
        time_us=start_us + time[shuffled].astype(np.int64),
        value=value[shuffled],
        quality=quality[shuffled].astype(np.uint8),
        lag_us=lag[shuffled].astype(np.int64),
        reported=_reports(rng, start_us, minutes),
        marks=_marks(rng, start_us, minutes),
    )


def _samples(rng: np.random.Generator, tag: int, minutes: int) -> tuple[NDArray[Any], ...]:
    """One tag: none to four samples a minute. Hours are quiet, near the 45 minutes, or spoilt by a single value."""
    hours = minutes // 60
    # Days are calm, near the 20 hours, or rough.
    rough = rng.random(hours) < np.repeat(rng.choice([0.0, 0.0, 0.15, 1.0], hours // 24), 24)
    missing = np.repeat(rng.choice([0.0, 0.02, 0.25], hours) * rough, 60)
    flawed = np.repeat(rng.choice([0.0, 0.0, 0.02, 0.25], hours) * rough, 60)
    number = rng.choice([1, 1, 1, 2, 4], minutes) * (rng.random(minutes) >= missing)
    at = np.repeat(np.arange(minutes), number)
    flags = np.array([HJ212_FLAGS["N"]] * minutes, np.uint8)
    lag = np.full(minutes, 2_000_000)
    kinds = np.array([HJ212_FLAGS[flag] for flag in _FLAGS] + list(_ODD), np.uint8)
    for _ in range(rng.integers(0, 3 + minutes // 2000)):
        begin, end = _span(rng, minutes)
        flags[begin:end] = rng.choice(kinds)
    for _ in range(rng.integers(0, 2 + minutes // 2000)):
        begin, end = _span(rng, minutes)
        lag[begin:end] = rng.choice([299_999_999, 300_000_000, 300_000_001, 7_200_000_000])
    quality = flags[at]
    noise = rng.random(len(at)) < flawed[at]
    quality[noise] = rng.choice(kinds, noise.sum())
    quality[rng.random(len(at)) < 0.01] |= LATE
    centre, spread = _LEVEL[tag]
    slow = np.repeat(rng.normal(centre, spread, hours), 60)[at]
    value = slow + rng.normal(0, spread / 10, len(at))
    # Water stands still for hours; a counter turns back; a value is no number.
    if tag == FLOW:
        value = np.where(slow < centre / 3, 0.0, value)
    value[(rng.random(len(at)) < 0.003)] = np.nan
    whole = rng.random() < 0.2
    silent = np.zeros(minutes, np.bool_)
    for _ in range(rng.integers(0, 3 + minutes // 3000)):
        begin, end = _span(rng, minutes)
        silent[begin:end] = not whole
    heard = ~silent[at]
    time = at * MINUTE_US + rng.integers(0, MINUTE_US, len(at))
    columns = (np.full(len(at), tag), time, value, quality, lag[at])
    return tuple(column[heard] for column in columns)


def _span(rng: np.random.Generator, minutes: int) -> tuple[int, int]:
    begin = int(rng.integers(0, minutes))
    length = int(rng.choice([1, 15, 16, 60, 60, 240, 300, 1440]))
    begin -= begin % 60 if rng.random() < 0.5 else 0
    return begin, min(begin + length, minutes)


def _reports(rng: np.random.Generator, start_us: int, minutes: int) -> PeriodBatch:
    """Spans in which the logger reports means itself; some on request, some twice, some without flag or mean."""
    rows: list[tuple[int, int, int, float, int, bool]] = []
    for _ in range(rng.integers(0, 4 + minutes // 600)):
        tag = int(rng.choice(list(_LEVEL)))
        length = int(rng.choice([30, 60, 60, 60, 300, 600, 1800, 3600]))
        begin, end = _span(rng, minutes)
        step = max(length // 60, 1)
        asked = bool(rng.random() < 0.5)
        for at in range(begin, end, step):
            if rng.random() < 0.05:
                continue
            flag = ord(rng.choice(list("N" * 200 + _FLAGS + "X"))) if rng.random() < 0.8 else 0
            average = float(rng.normal(*_LEVEL[tag])) if rng.random() > 0.02 else float("nan")
            rows.append((tag, length, start_us + at * MINUTE_US + int(rng.integers(0, 3)), average, flag, asked))
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 6
    tags, length_s, start, means, flags, requested = columns
    none = np.full(len(rows), np.nan)
    others = dict.fromkeys(("min", "max", "cou", "zs_avg", "zs_min", "zs_max"), none)
    return PeriodBatch(
        tag=np.array(tags, np.int32),
        length_s=np.array(length_s, np.int32),
        start_us=np.array(start, np.int64),
        avg=np.array(means, np.float64),
        flag=np.array(flags, np.uint8),
        asked=np.array(requested, np.bool_),
        **others,
    )


def _marks(rng: np.random.Generator, start_us: int, minutes: int) -> Marks:
    number = int(rng.integers(0, 4 + minutes // 1000))
    spans = np.array([_span(rng, minutes) for _ in range(number)], np.int64).reshape(number, 2)
    ragged = rng.integers(-30_000_000, 30_000_000, (number, 2)) * (rng.random((number, 1)) < 0.5)
    times = start_us + spans * MINUTE_US + ragged
    return Marks(
        tag=rng.choice(list(_LEVEL), number).astype(np.int32),
        begin_us=times[:, 0],
        end_us=times[:, 1],
        kind=rng.choice([Kind.CONDITION, Kind.ANOMALY], number).astype(np.uint8),
    )
