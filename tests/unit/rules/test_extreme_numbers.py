"""Numbers and times at the ends of what there is: nothing crashes, no warning escapes (they are errors here), and what
has overflowed raises and clears nothing. Semantics 2.2."""

import random
from typing import Any

import pytest

from park.quality import Quality
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet
from rules.transition import Transition
from tests.unit.rules.pane_stories import told
from tests.unit.rules.stories import SECOND, START_US, shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import batch_of

_BOTH: dict[str, Any] = {"limits": {"H": 70, "L": 30}}
_FOUR: dict[str, Any] = {"kind": "window", "window": "4s", "panes": 4, "min_valid": 0.25, **_BOTH}
_LINE: dict[str, Any] = {"kind": "forecast", "of": "value", "window": "4s", "panes": 4}
RULES: dict[str, dict[str, Any]] = {
    "limit": {"kind": "limit", "limits": {"H": 1e308, "L": -1e308, "deadband": 1e308}},
    "moving limit": {"kind": "limit", "limits_from": {"H": {"tag": "b", "times": 1e300, "plus": 1e308}}},
    "rate": {"kind": "rate", "window": "2s", "per": "400d", **_BOTH},
    "frozen": {"kind": "frozen", "hold": "2s", "tolerance": 1e308},
    "range": {"kind": "range", "sentinels": [-0.0, 1e308], "clipped_for": "2s"},
    "quality": {"kind": "quality", "bad_for": "1s"},
    "vote": {"kind": "vote", "m": 1, "limit": -1e308, "low": True, "deadband": 1e308},
    "mean": _FOUR,
    "sum": _FOUR | {"aggregate": "sum"},
    "max": _FOUR | {"aggregate": "max"},
    "percentile": _FOUR | {"aggregate": "percentile", "percentile": 60},
    "window of 400 days": _FOUR | {"window": "400d", "panes": 1440, "min_valid": 0.0001},
    "difference": {"kind": "deviation", "reference": "b", **_BOTH},
    "own mean": {"kind": "deviation", "own_mean": "4s", "panes": 4, **_BOTH},
    "sigma": {"kind": "deviation", "own_mean": "4s", "panes": 4, "sigma": 1},
    "forecast of the mean": {"kind": "forecast", "of": "mean", "window": "8s", "panes": 4, **_BOTH},
    "forecast of the value": _LINE | {"ahead": "400d", **_BOTH},
    "expression": {"kind": "expression", "when": "a + b > 3 or a / b > 4 or mean(a, 4s) > 3 or max(a, 4s) > 1e300"},
    "sequence": {"kind": "sequence", "first": "a * 1e300 > 3", "then": "max(b, 4s) > 3", "within": "2s"},
}
_VALUES = [1e308, -1e308, 1.7e308, -1.7e308, 0.0, -0.0, 5e-324, -5e-324, 1e300, 50.0, 95.0, 5.0, 3e154]
_TAGS = [tag_of(name, span=[0, 100], stale_after="5s", limits={"H": 80}) for name in "ab"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", RULES)
def test_engine_and_specification_agree_on_extreme_numbers(name: str, seed: int) -> None:
    chance, table = random.Random(seed), table_of(*_TAGS)
    rules = RuleSet.model_validate({"rules": [{"id": "r", **RULES[name]}]})
    engine, oracle, second = Engine(table, rules), Oracle(table, rules), 0
    for _ in range(50):
        second += chance.choice([0, 1, 1, 2, 7])
        back, kinds = [0, 1, 2, 3], [Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]
        rows = [
            (chance.randrange(2), second - chance.choice(back), chance.choice(_VALUES), int(chance.choice(kinds)))
            for _ in range(chance.randrange(1, 5))
        ]
        engine.step(batch_of(rows))
        oracle.step(batch_of(rows))
        now_us = START_US + second * SECOND
        assert _plain(engine.advance(now_us)) == _plain(oracle.advance(now_us))
        Engine(table, rules).restore(engine.snapshot())


def _plain(told_of: list[Transition]) -> list[tuple[object, ...]]:
    """Without numbers: those that were reckoned in another order differ."""
    return [(one.change, one.target, one.level, one.onset_us, one.effective_us, one.quality) for one in told_of]


def test_a_difference_that_has_overflowed_clears_nothing() -> None:
    rules = RuleSet.model_validate({"rules": [{"id": "r", **RULES["difference"], "applies_to": {"tag": ["a"]}}]})
    story = "0: a:90 b:0 | 1: a:-17{z} b:17{z} | 2: a:90 b:0 | 3: a:0 b:0".replace("{z}", "0" * 307)
    assert shorts(tell(story, tag_of("a"), tag_of("b"), rules=rules))[:3] == [
        "0 raised H high",
        "1 unverified H high unverified",
        "2 verified H high",
    ]


def test_a_forecast_that_hardly_moves_names_no_time() -> None:
    # 14.7. The level comes to be a hair above the limit: the mean so far, far below, would pass it in a million years.
    hour = {"kind": "forecast", "of": "mean", "window": "1h", "limits": {"H": 60, "deadband": 20, "on_delay": "5m"}}
    values = [40] * 15 + [90] + [60.000000001] * 9
    raised = told(" | ".join(f"{60 * minute}: {value}" for minute, value in enumerate(values)), **hour)
    assert [one.why.rpartition("; ")[2] for one in raised] == ["46.5 % so far, now 60 %"]
    # A line that rises by next to nothing, while the alert of before waits for its delay.
    line = _LINE | {"ahead": "1s", "limits": {"H": 60, "deadband": 55, "on_delay": "7s"}}
    values = [50, 90] + [50 + second * 1e-13 for second in range(9)]
    raised = told(" | ".join(f"{second}: {value:.15f}" for second, value in enumerate(values)), **line)
    assert "reaches" not in raised[0].why


def test_a_rule_of_no_tags_tells_nothing_and_wakes_nobody() -> None:
    nobody = {"applies_to": {"tag": ["nobody"]}}
    rules = [{"id": f"r{number}", **fields, **nobody} for number, fields in enumerate(RULES.values())]
    assert tell("0: 99 | 60 | 90: 5", tag_of("a"), tag_of("b"), rules=RuleSet.model_validate({"rules": rules})) == []
    engine = Engine(table_of(*_TAGS), RuleSet.model_validate({"rules": rules}))
    tell("0: 99", engine=engine)
    assert engine.wake_us > START_US
    restored = Engine(table_of(*_TAGS), RuleSet.model_validate({"rules": rules}))
    restored.restore(engine.snapshot())
    assert restored.snapshot() == engine.snapshot()
