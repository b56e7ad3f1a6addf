"""How many samples a second the rule engine evaluates on one core: limits and time-outs of every tag.

Each batch brings every tag once a second, in random order, as the journal's rows do after several connectors. Values
wander; now and then one crosses a limit, one sample in 300 is uncertain and one in 500 bad. CPU time of this process
is what is measured, of `step` and `advance` together; making the samples is not.
"""

import gc
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deploy.bench.park import bench_tags
from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet, default_rules
from rules.transition import Transition

_START_US = 1_795_323_600_000_000
_SECOND_US = 1_000_000
_ROUNDS = 16
_ORACLE_ROUNDS = 2
#: The machine's other work only ever slows a slice down: the fastest of this many counts.
_SLICES = 5
#: Least speed on one core, in any park size; greatest ratio of the cost of a sample, 200 k tags against 20 k; least
#: speed against the oracle; least speed while every tag is in alarm or chatters within its delays.
TARGET_SAMPLES_PER_S = 3_000_000
TARGET_COST_RATIO = 1.25
TARGET_RATIO_TO_ORACLE = 100
TARGET_FLOOD_SAMPLES_PER_S = 300_000


def run(seconds: float = 12.0) -> dict[str, object]:
    """Speeds on this machine beside their targets; ``ratio`` is measured over target, the worst of all."""
    small, large = bench_tags(20_000), bench_tags(200_000)
    # The park's objects live as long as the process; the collector need not look at them again and again.
    gc.collect()
    gc.freeze()
    share_s = seconds / 6
    speed = {
        "tags_20k": _speed(small, _wandering(small.size, small.size), share_s),
        "tags_200k": _speed(large, _wandering(large.size, large.size), share_s),
        "tags_200k_in_batches_of_20k": _speed(large, _wandering(large.size, small.size), share_s),
    }
    flood = {
        "all_in_alarm": _speed(small, _around(small.size, 93.0, 1.0), share_s),
        "chatter_within_delays": _speed(small, _around(small.size, 90.0, 3.0), share_s, _rules("30s")),
    }
    told = _speed(small, _around(small.size, 90.0, 3.0), share_s, _rules("0s"))
    oracle = _oracle_speed(small)
    cost_ratio = speed["tags_20k"] / speed["tags_200k"]
    ratio_to_oracle = speed["tags_20k"] / oracle
    return {
        "samples_per_s": speed,
        "cost_ratio_200k_over_20k": round(cost_ratio, 2),
        "oracle_samples_per_s": oracle,
        "ratio_to_oracle": round(ratio_to_oracle),
        "flood_samples_per_s": flood,
        "every_second_sample_a_transition_samples_per_s": told,
        "advance_with_nothing_due_us": _idle_advance_us(large),
        "snapshot_100k_tags_ms": _snapshot_ms(bench_tags(100_000)),
        "targets": {
            "samples_per_s": TARGET_SAMPLES_PER_S,
            "cost_ratio_200k_over_20k": TARGET_COST_RATIO,
            "ratio_to_oracle": TARGET_RATIO_TO_ORACLE,
            "flood_samples_per_s": TARGET_FLOOD_SAMPLES_PER_S,
        },
        "ratio": round(
            min(
                min(speed.values()) / TARGET_SAMPLES_PER_S,
                TARGET_COST_RATIO / cost_ratio,
                ratio_to_oracle / TARGET_RATIO_TO_ORACLE,
                min(flood.values()) / TARGET_FLOOD_SAMPLES_PER_S,
            ),
            2,
        ),
    }


def _rules(delay: str) -> RuleSet:
    """Limits 10 and 90 everywhere, with this on- and off-delay."""
    limits = {"H": 90.0, "HH": 98.0, "L": 10.0, "LL": 2.0, "deadband": 1.0, "on_delay": delay, "off_delay": delay}
    rules = [{"kind": "limit", "id": "tag-limits", "limits": limits}, {"kind": "stale", "id": "tag-stale"}]
    return RuleSet.model_validate({"rules": rules})


class _Evaluates(Protocol):
    """An engine or the oracle."""

    def step(self, batch: SampleBatch) -> None: ...
    def advance(self, now_us: int, /) -> list[Transition]: ...


def _speed(tags: TagTable, batches: Iterator[SampleBatch], seconds: float, rules: RuleSet | None = None) -> int:
    engine = Engine(tags, rules or default_rules())
    engine.advance(_START_US)
    for _ in range(_ROUNDS):
        _evaluate(engine, next(batches))
    return max(_slice_speed(engine, batches, seconds / _SLICES) for _ in range(_SLICES))


def _slice_speed(engine: Engine, batches: Iterator[SampleBatch], seconds: float) -> int:
    samples, used_s = 0, 0.0
    while used_s < seconds:
        batch = next(batches)
        used_s += _evaluate(engine, batch)
        samples += len(batch)
    return round(samples / used_s)


def _oracle_speed(tags: TagTable) -> int:
    oracle = Oracle(tags, default_rules())
    batches = _wandering(tags.size, tags.size)
    oracle.advance(_START_US)
    return round(tags.size / min(_evaluate(oracle, next(batches)) for _ in range(_ORACLE_ROUNDS)))


def _evaluate(engine: _Evaluates, batch: SampleBatch) -> float:
    began_s = time.process_time()
    engine.step(batch)
    engine.advance(batch.received_us)
    return time.process_time() - began_s


def _idle_advance_us(tags: TagTable) -> float:
    engine = Engine(tags, default_rules())
    batch = next(_wandering(tags.size, tags.size))
    _evaluate(engine, batch)
    times = 1000
    began_s = time.process_time()
    for i in range(times):
        engine.advance(batch.received_us + i)
    return round((time.process_time() - began_s) / times * 1e6, 1)


def _snapshot_ms(tags: TagTable) -> float:
    engine = Engine(tags, default_rules())
    batches = _wandering(tags.size, tags.size)
    for _ in range(_ROUNDS):
        _evaluate(engine, next(batches))
    engine.snapshot()
    began_s = time.process_time()
    engine.snapshot()
    return round((time.process_time() - began_s) * 1e3, 1)


def _wandering(tags: int, batch: int) -> Iterator[SampleBatch]:
    """Values that drift about 50, so that each tag crosses its nearer limits once in a while."""
    random = np.random.default_rng(1)
    values = [random.normal(50.0, 10.0, tags)]
    for _ in range(_ROUNDS - 1):
        values.append(50.0 + 0.95 * (values[-1] - 50.0) + random.normal(0.0, 4.0, tags))
    return _batches(values, batch, random)


def _around(tags: int, level: float, spread: float) -> Iterator[SampleBatch]:
    """Every tag near one value."""
    random = np.random.default_rng(1)
    return _batches([random.normal(level, spread, tags) for _ in range(_ROUNDS)], tags, random)


def _batches(values: list[NDArray[np.float64]], size: int, random: np.random.Generator) -> Iterator[SampleBatch]:
    """The rounds over and over, a second apart, each in ``tags / size`` batches."""
    tags = len(values[0])
    orders = [random.permutation(tags).astype(np.int32) for _ in values]
    qualities = [_qualities(tags, random) for _ in values]
    now_us = _START_US
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
