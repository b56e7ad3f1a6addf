"""What the engine is fed with when it is measured, and how it is measured."""

import time
from collections.abc import Iterator
from itertools import cycle
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from rules.transition import Transition

START_US = 1_795_323_600_000_000
_SECOND_US = 1_000_000
ROUNDS = 16
#: The machine's other work only ever slows a slice down: the fastest of this many counts.
_SLICES = 5


class Evaluates(Protocol):
    """An engine or the oracle."""

    def step(self, batch: SampleBatch) -> None: ...
    def advance(self, now_us: int, /) -> list[Transition]: ...


def speed(tags: TagTable, batches: Iterator[SampleBatch], seconds: float, rules: RuleSet | None = None) -> int:
    """Samples a second of CPU, of `step` and `advance` together; the fastest of several slices."""
    engine = Engine(tags, rules or default_rules())
    engine.advance(START_US)
    for _ in range(ROUNDS):
        evaluate(engine, next(batches))
    return max(_slice_speed(engine, batches, seconds / _SLICES) for _ in range(_SLICES))


def _slice_speed(engine: Engine, batches: Iterator[SampleBatch], seconds: float) -> int:
    samples, used_s = 0, 0.0
    while used_s < seconds:
        batch = next(batches)
        used_s += evaluate(engine, batch)
        samples += len(batch)
    return round(samples / used_s)


def evaluate(engine: Evaluates, batch: SampleBatch) -> float:
    """CPU seconds that one batch takes."""
    began_s = time.process_time()
    engine.step(batch)
    engine.advance(batch.received_us)
    return time.process_time() - began_s


def wandering(tags: int, batch: int) -> Iterator[SampleBatch]:
    """Values that drift about 50, so that each tag crosses its nearer limits once in a while."""
    random = np.random.default_rng(1)
    values = [random.normal(50.0, 10.0, tags)]
    for _ in range(ROUNDS - 1):
        values.append(50.0 + 0.95 * (values[-1] - 50.0) + random.normal(0.0, 4.0, tags))
    return _batches(values, batch, random)


def around(tags: int, level: float, spread: float) -> Iterator[SampleBatch]:
    """Every tag near one value."""
    random = np.random.default_rng(1)
    return _batches([random.normal(level, spread, tags) for _ in range(ROUNDS)], tags, random)


def _batches(values: list[NDArray[np.float64]], size: int, random: np.random.Generator) -> Iterator[SampleBatch]:
    """The rounds over and over, a second apart, each in ``tags / size`` batches."""
    tags = len(values[0])
    orders = [random.permutation(tags).astype(np.int32) for _ in values]
    qualities = [_qualities(tags, random) for _ in values]
    now_us = START_US
    for value, order, quality in cycle(zip(values, orders, qualities, strict=True)):
        now_us += _SECOND_US
        for start in range(0, tags, size):
            tag = order[start : start + size]
            received_us = now_us + (start + size) * _SECOND_US // tags
            yield SampleBatch(
                tag=tag,
                time_us=np.full(len(tag), received_us - 50_000),
                value=value[tag],
                quality=quality[tag],
                received_us=received_us,
                origin="bench",
            )


def _qualities(tags: int, random: np.random.Generator) -> NDArray[np.uint8]:
    quality = np.zeros(tags, dtype=np.uint8)
    quality[random.random(tags) < 1 / 300] = Quality.UNCERTAIN
    quality[random.random(tags) < 1 / 500] = Quality.BAD
    return quality
