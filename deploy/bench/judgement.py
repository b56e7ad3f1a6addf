"""How fast minutes become hours, on one core: 2,000 tags for a day, from one sample a minute to the two judgements.

CPU time of this process is what is measured; making the samples is not.
"""

import time
from collections.abc import Callable

import numpy as np

from park.quality import HJ212_FLAGS
from rules.arrays import Bools, Floats
from rules.emissions.days import day_means
from rules.emissions.hours import hour_means
from rules.emissions.marks import Kind, Marks, marked_minutes
from rules.emissions.minutes import Minutes, minutes_from_samples
from rules.emissions.periods import DAY_US, HOUR_US, MINUTE_US
from rules.emissions.validity import FLUE_GAS, WASTE_WATER, Validity

#: Least speed on one core, from minutes to hours and days, flue gas and flow-weighted waste water.
TARGET_SAMPLES_PER_S = 2_000_000
_TAGS, _MINUTES = 2_000, 1_440
#: 2026-11-01 00:00, Beijing time.
_START_US = 1_793_462_400_000_000


def run(seconds: float = 10.0) -> dict[str, object]:
    """Speeds on this machine beside their target; ``ratio`` is measured over target, the worst."""
    rng = np.random.default_rng(1)
    rows = _TAGS * _MINUTES
    tag = np.repeat(np.arange(_TAGS, dtype=np.int32), _MINUTES)
    time_us = np.tile(_START_US + np.arange(_MINUTES, dtype=np.int64) * MINUTE_US, _TAGS)
    value = rng.normal(50.0, 5.0, rows)
    kinds = np.array(list(HJ212_FLAGS.values()), np.uint8)
    quality = np.where(rng.random(rows) < 0.05, rng.choice(kinds, rows), kinds[0])
    marks = _marks(rng)
    flow = rng.random(rows)

    minutes = minutes_from_samples(tag, time_us, value, quality)
    marked = marked_minutes(minutes.tag, minutes.minute_us, marks)
    share_s = seconds / 4
    sampled_s = _least(lambda: minutes_from_samples(tag, time_us, value, quality), share_s)
    masked_s = _least(lambda: marked_minutes(minutes.tag, minutes.minute_us, marks), share_s / 2)
    gas_s = _least(lambda: _judge(minutes, FLUE_GAS, marked, None), share_s)
    water_s = _least(lambda: _judge(minutes, WASTE_WATER, marked, flow), share_s)
    speeds = {"flue_gas": round(rows / gas_s), "waste_water": round(rows / water_s)}
    return {
        "samples_per_s": speeds,
        "ratio": round(min(speeds.values()) / TARGET_SAMPLES_PER_S, 2),
        "ratio_is": "minutes a second to hours and days, the slower medium, over the target",
        "a_day_of_2000_tags_s": {
            "samples_to_minutes": round(sampled_s, 3),
            "marks_to_mask": round(masked_s, 3),
            "minutes_to_hours_and_days": round(gas_s, 3),
            "the_same_of_waste_water": round(water_s, 3),
        },
        "targets": {"samples_per_s": TARGET_SAMPLES_PER_S},
    }


def _judge(minutes: Minutes, validity: Validity, marked: Bools, flow: Floats | None) -> None:
    day_means(hour_means(minutes, validity, marked=marked, weight=flow), validity)


def _marks(rng: np.random.Generator) -> Marks:
    begin_us = _START_US + rng.integers(0, DAY_US, _TAGS)
    return Marks(
        tag=np.arange(_TAGS, dtype=np.int32),
        begin_us=begin_us,
        end_us=begin_us + rng.integers(0, 2 * HOUR_US, _TAGS),
        kind=np.full(_TAGS, Kind.ANOMALY, np.uint8),
    )


def _least(work: Callable[[], object], seconds: float) -> float:
    """CPU seconds of the fastest of the runs that the time allows."""
    best, until = float("inf"), time.monotonic() + seconds
    while best == float("inf") or time.monotonic() < until:
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best
