"""How many samples a second the rule engine evaluates on one core: limits and time-outs of every tag.

Each batch brings every tag once a second, in random order, as the journal's rows do after several connectors. Values
wander; now and then one crosses a limit, one sample in 300 is uncertain and one in 500 bad. CPU time of this process
is what is measured, of `step` and `advance` together; making the samples is not.
"""

import gc
import time

from deploy.bench.engine_load import ROUNDS, START_US, around, evaluate, speed, wandering
from deploy.bench.park import bench_tags
from park.index import TagTable
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet, default_rules

_ORACLE_ROUNDS = 2
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
    speeds = {
        "tags_20k": speed(small, wandering(small.size, small.size), share_s),
        "tags_200k": speed(large, wandering(large.size, large.size), share_s),
        "tags_200k_in_batches_of_20k": speed(large, wandering(large.size, small.size), share_s),
    }
    flood = {
        "all_in_alarm": speed(small, around(small.size, 93.0, 1.0), share_s),
        "chatter_within_delays": speed(small, around(small.size, 90.0, 3.0), share_s, _rules("30s")),
    }
    told = speed(small, around(small.size, 90.0, 3.0), share_s, _rules("0s"))
    oracle = _oracle_speed(small)
    cost_ratio = speeds["tags_20k"] / speeds["tags_200k"]
    ratio_to_oracle = speeds["tags_20k"] / oracle
    return {
        "samples_per_s": speeds,
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
                min(speeds.values()) / TARGET_SAMPLES_PER_S,
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


def _oracle_speed(tags: TagTable) -> int:
    oracle = Oracle(tags, default_rules())
    batches = wandering(tags.size, tags.size)
    oracle.advance(START_US)
    return round(tags.size / min(evaluate(oracle, next(batches)) for _ in range(_ORACLE_ROUNDS)))


def _idle_advance_us(tags: TagTable) -> float:
    engine = Engine(tags, default_rules())
    batch = next(wandering(tags.size, tags.size))
    evaluate(engine, batch)
    times = 1000
    began_s = time.process_time()
    for i in range(times):
        engine.advance(batch.received_us + i)
    return round((time.process_time() - began_s) / times * 1e6, 1)


def _snapshot_ms(tags: TagTable) -> float:
    engine = Engine(tags, default_rules())
    batches = wandering(tags.size, tags.size)
    for _ in range(ROUNDS):
        evaluate(engine, next(batches))
    engine.snapshot()
    began_s = time.process_time()
    engine.snapshot()
    return round((time.process_time() - began_s) * 1e3, 1)
