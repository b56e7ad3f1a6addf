"""How fast the kinds of rules are on one core: five on every tag, expressions over sources, sliding means.

CPU time of this process is what is measured, of `step` and `advance` together; making the samples is not.
"""

import gc
import time
import tracemalloc
from typing import Any

import numpy as np

from deploy.bench.engine_load import ROUNDS, START_US, evaluate, speed, wandering
from deploy.bench.park import bench_tags
from park.index import TagTable
from park.model import Park
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet

#: Least speed of five kinds on every tag; least speed against the oracle; longest tick of 200 expressions over 2,000
#: sources each; how much more a sample may cost in a park of 100 k tags than of 1 k, in batches of one size.
TARGET_SAMPLES_PER_S = 1_500_000
TARGET_RATIO_TO_ORACLE = 100
TARGET_EXPRESSIONS_MS = 50.0
TARGET_COST_GROWTH = 1.25

_LIMITS = {"H": 90.0, "HH": 98.0, "L": 10.0, "LL": 2.0, "deadband": 1.0}
FIVE_KINDS: list[dict[str, Any]] = [
    {"kind": "limit", "id": "limit"},
    {"kind": "rate", "id": "rate", "window": "1m", "limits": {"H": 40.0, "L": -40.0, "deadband": 5.0}},
    {"kind": "stale", "id": "stale"},
    {"kind": "frozen", "id": "frozen", "hold": "10m"},
    {"kind": "range", "id": "range", "sentinels": [-200.0, -99.0], "clipped_for": "1m"},
]
_SMALL_BATCH = 1_000
_EXPRESSIONS = 200
_SOURCES = 2_000
_WINDOW_TAGS = 50_000
_ORACLE_TAGS = 2_000


def run(seconds: float = 12.0) -> dict[str, object]:
    """Speeds on this machine beside their targets; ``ratio`` is measured over target, the worst of all."""
    rules = _rules(FIVE_KINDS)
    parks = {size: bench_tags(size) for size in (1_000, 20_000, 100_000)}
    gc.collect()
    gc.freeze()
    share_s = seconds / 6
    speeds = {size: speed(tags, wandering(size, size), share_s, rules) for size, tags in parks.items()}
    alone = {str(one["kind"]): _cost_ns(parks[20_000], [one], share_s / 5) for one in FIVE_KINDS}
    oracle = _oracle_speed(rules)
    expressions = expression_tick_ms()
    windows = sliding_means(rounds=120)
    floor_ns = _floor_ns(20_000)
    five_ns = 1e9 / speeds[20_000]
    # Batches of one size: else it would be the overhead of calls that is compared.
    small = [speed(tags, wandering(size, _SMALL_BATCH), share_s / 3, rules) for size, tags in parks.items()]
    cost_growth = small[0] / min(small[1:])
    worst = min(speeds[20_000], speeds[100_000])
    return {
        "samples_per_s": {f"tags_{size // 1000}k": one for size, one in speeds.items()},
        "ns_a_sample_by_kind_alone": alone,
        "samples_per_s_in_batches_of_1k": {
            f"tags_{size // 1000}k": one for size, one in zip(parks, small, strict=True)
        },
        "cost_growth_1k_to_100k": round(cost_growth, 2),
        "oracle_samples_per_s": oracle,
        "ratio_to_oracle": round(speeds[20_000] / oracle),
        "expressions_200_over_2000_sources_tick_ms": expressions,
        "sliding_means_50k_tags": windows,
        "one_look_up_and_compare_ns": floor_ns,
        "five_kinds_in_look_ups": round(five_ns / floor_ns, 1),
        "targets": {
            "samples_per_s": TARGET_SAMPLES_PER_S,
            "ratio_to_oracle": TARGET_RATIO_TO_ORACLE,
            "expressions_tick_ms": TARGET_EXPRESSIONS_MS,
            "cost_growth_1k_to_100k": TARGET_COST_GROWTH,
        },
        "ratio": round(
            min(
                worst / TARGET_SAMPLES_PER_S,
                speeds[20_000] / oracle / TARGET_RATIO_TO_ORACLE,
                TARGET_EXPRESSIONS_MS / expressions["p50"],
                TARGET_COST_GROWTH / cost_growth,
            ),
            2,
        ),
    }


def _rules(rules: list[dict[str, Any]]) -> RuleSet:
    return RuleSet.model_validate({"rules": rules})


def _cost_ns(tags: TagTable, rules: list[dict[str, Any]], seconds: float) -> float:
    return round(1e9 / speed(tags, wandering(tags.size, tags.size), seconds, _rules(rules)), 1)


def _oracle_speed(rules: RuleSet) -> int:
    """Of a smaller park: what it costs a sample does not depend on how many there are."""
    tags = bench_tags(_ORACLE_TAGS)
    oracle = Oracle(tags, rules)
    oracle.advance(START_US)
    batches = wandering(tags.size, tags.size)
    return round(tags.size / min(evaluate(oracle, next(batches)) for _ in range(ROUNDS)))


def _floor_ns(size: int) -> float:
    """One look-up of a limit by tag and one comparison, of samples in random order: the least that a rule can cost."""
    batch = next(wandering(size, size))
    limit, tag = np.zeros(size), batch.tag.astype(np.intp)
    times = 200
    began_s = time.process_time()
    for _ in range(times):
        (batch.value > limit.take(tag)).any()
    return round((time.process_time() - began_s) / times / size * 1e9, 2)


# -- expressions -----------------------------------------------------------------------------------------------------


def expression_park() -> TagTable:
    """Sources with an outlet's tags, and a weather station."""
    tags = [("nmhc", "mg/m3"), ("flow", "m3/h"), ("temperature", "°C"), ("pressure", "kPa"), ("level", "%")]
    sources = [
        {
            "id": f"S{number}",
            "kind": "unit",
            "position": [120.87, 30.15],
            "tags": [{"id": name, "quantity": name, "unit": unit, "stale_after": "60s"} for name, unit in tags],
        }
        for number in range(_SOURCES)
    ]
    weather = {
        "id": "WS",
        "kind": "weather_station",
        "position": [120.87, 30.15],
        "tags": [{"id": "wind_speed", "quantity": "wind_speed", "unit": "m/s", "stale_after": "60s"}],
    }
    park = {
        "id": "park",
        "name": "p",
        "sources": [weather],
        "enterprises": [{"id": "E", "name": "E", "sources": sources}],
    }
    return TagTable(Park.model_validate(park))


def expression_rules() -> RuleSet:
    """Two hundred, no two alike; every tenth with a window."""
    shapes = (
        "nmhc > {a} and wind.speed < 3 m/s",
        "temperature > {a} °C and pressure > {b} kPa or level > 95 %",
        "nmhc * flow > {a} * 100 and not (level < 5 %)",
        "pressure - 2 * {a} kPa > {b} kPa and temperature > 20 °C",
        "abs(temperature - {a} °C) > {b} and flow > 10 m3/h",
    )
    rules = []
    for number in range(_EXPRESSIONS):
        text = shapes[number % len(shapes)].format(a=60 + number % 35, b=50 + number // 35)
        if number % 10 == 0:
            text = f"mean(nmhc, 10m) > {60 + number % 35} and wind.speed < 3 m/s"
        rules.append({"kind": "expression", "id": f"e{number}", "when": text, "on_delay": "10s", "off_delay": "10s"})
    return _rules(rules)


def expression_tick_ms(ticks: int = 40) -> dict[str, float]:
    """Every tag of every source has a new value in every tick."""
    tags = expression_park()
    engine = Engine(tags, expression_rules())
    engine.advance(START_US)
    batches = wandering(tags.size, tags.size)
    for _ in range(ROUNDS):
        evaluate(engine, next(batches))
    used = sorted(evaluate(engine, next(batches)) * 1e3 for _ in range(ticks))
    return {"p50": round(used[len(used) // 2], 1), "worst": round(used[-1], 1)}


# -- windows ---------------------------------------------------------------------------------------------------------


def sliding_means(rounds: int) -> dict[str, object]:
    """Ten-minute and one-hour sliding means of every tag, each second a sample."""
    tags = bench_tags(_WINDOW_TAGS)
    windows = [
        {"kind": "window", "id": f"w{window}", "window": window, "limits": _LIMITS, "min_valid": 0.5}
        for window in ("10m", "1h")
    ]
    engine = Engine(tags, _rules(windows))
    engine.advance(START_US)
    batches = wandering(tags.size, tags.size)
    used_s = sum(evaluate(engine, next(batches)) for _ in range(rounds))
    return {
        "samples_per_s": round(rounds * tags.size / used_s),
        "share_of_one_core_at_1_hz": round(used_s / rounds, 3),
        "bytes_a_tag": round(_traced_bytes(tags, windows) - _traced_bytes(tags, [])),
    }


def _traced_bytes(tags: TagTable, rules: list[dict[str, Any]]) -> float:
    """Memory that an engine holds for each tag once it runs."""
    batches = wandering(tags.size, tags.size)
    made = [next(batches) for _ in range(3)]
    tracemalloc.start()
    engine = Engine(tags, _rules(rules))
    for batch in made:
        evaluate(engine, batch)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / tags.size
