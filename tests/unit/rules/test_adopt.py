"""An engine whose snapshot is of no use: what stood goes on standing under its own name, until good data decide."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.kinds import KINDS
from rules.spec import RuleSet, default_rules
from rules.standing import LEVEL_NAMES, QUALITIES, SIDES, Standing
from rules.transition import Change, Transition
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.stories import START_US, shorts, table_of, tag_of, tell
from tests.unit.rules.worlds import Advance, do, histories, tables

LIMITS = {"H": 90, "HH": 95, "L": 10, "deadband": 2}


def stood(told: list[Transition]) -> Standing:
    """What stands after these, as the alert book would know it."""
    last: dict[str, Transition] = {}
    for one in told:
        last[one.alert_id] = one
    found = [one for one in last.values() if one.change is not Change.CLEARED]
    nan = float("nan")
    return Standing(
        rule=tuple(one.rule for one in found),
        target=tuple(one.target for one in found),
        side=np.array([SIDES.index(one.side) for one in found], dtype=np.uint8),
        level=np.array([LEVEL_NAMES.index(one.level) for one in found], dtype=np.uint8),
        quality=np.array([QUALITIES.index(one.quality) for one in found], dtype=np.uint8),
        onset_us=np.array([one.onset_us for one in found], dtype=np.int64),
        told_us=np.array([one.effective_us for one in found], dtype=np.int64),
        value=np.array([nan if one.value is None else one.value for one in found], dtype=np.float64),
        limit=np.array([nan if one.limit is None else one.limit for one in found], dtype=np.float64),
        peak=np.array([nan if one.peak is None else one.peak for one in found], dtype=np.float64),
        unverified=np.array([one.unverified for one in found], dtype=np.bool_),
    )


def goes_on(before: str, after: str, **tag: Any) -> tuple[list[str], bool]:
    """What an engine tells that adopts what stood after ``before``; and whether all alerts have kept their identity."""
    one = tag_of(**tag)
    told = tell(before, one)
    engine = Engine(table_of(one), default_rules())
    engine.adopt(stood(told), max(one.detected_us for one in told))
    then = tell(after, engine=engine)
    return shorts(then), {one.alert_id for one in then} <= {one.alert_id for one in told}


def test_alert_goes_on_unverified_and_good_data_end_it() -> None:
    then, same = goes_on("0: 50 | 5: 91", "6 | 7: 50", limits=LIMITS)
    assert then == ["5 unverified H high unverified @6", "7 cleared H high"]
    assert same


def test_value_within_the_deadband_and_beyond_only_verifies_it() -> None:
    then, same = goes_on("0: 50 | 5: 91", "6 | 7: 89 | 8: 92 | 9: 96", limits=LIMITS)
    assert then == ["5 unverified H high unverified @6", "7 verified H high", "9 level_up HH high"]
    assert same


def test_low_alert_and_farther_level_keep_their_side_and_level() -> None:
    assert goes_on("0: 50 | 5: 5", "6: 5 | 7: 50", limits=LIMITS)[0][-1] == "7 cleared L low"
    then, same = goes_on("0: 50 | 5: 97", "6: 91 | 7: 50", limits=LIMITS)
    assert then[-2:] == ["6 level_down H high", "7 cleared H high"]
    assert same


def test_bad_data_and_silence_clear_nothing() -> None:
    then, _ = goes_on("0: 50 | 5: 91", "6: 20! | 100 | 200: 20!", limits=LIMITS)
    assert then == ["5 unverified H high unverified @6"]


def test_off_delay_runs_from_the_first_good_value() -> None:
    then, _ = goes_on("0: 50 | 5: 91", "6: 50 | 10 | 17: 50", limits=LIMITS | {"off_delay": "10s"})
    assert then[-1] == "16 cleared H high @17"


def test_silent_device_is_heard_again_under_the_name_it_was_missed_by() -> None:
    then, same = goes_on("0: 50 | 60", "61 | 70: 50", stale_after="10s", device="plc")
    assert (then, same) == (["70 cleared mqtt/plc"], True)


def test_alert_of_a_rule_that_is_gone_is_ended() -> None:
    one = tag_of(limits=LIMITS)
    told = tell("0: 50 | 5: 91", one)
    engine = Engine(table_of(one), RuleSet.model_validate({"rules": [{"id": "other", "kind": "limit"}]}))
    engine.adopt(stood(told), START_US)
    assert [one.why for one in engine.advance(START_US)] == ["rule or tag removed"]


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_whatever_stands_is_taken_over_and_nothing_is_raised_beside_it(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables())
    rules = RuleSet.model_validate({"rules": [{"id": f"r{n}", **data.draw(RULES[kind])} for n in range(2)]})
    actions = data.draw(histories(len(table), rules=("r0", "r1")))
    cut = data.draw(st.integers(0, len(actions)))
    engine = Engine(table, rules)
    before = [one for action in actions[:cut] for one in do(engine, action, 0)]
    anew = Engine(table, rules)
    anew.adopt(stood(before), engine.now_us)
    engine = Engine(table, rules)
    engine.restore(anew.snapshot())  # and it can be kept like any other state
    after = [one for action in (*actions[cut:], Advance(10_000)) for one in do(anew, action, 0)]
    again = [one for action in (*actions[cut:], Advance(10_000)) for one in do(engine, action, 0)]
    assert after == again
    standing = set(_named(stood(before)))
    for _, at_once in itertools.groupby(after, key=lambda one: one.detected_us):
        for one in at_once:
            alert = one.rule, one.target, one.side, one.onset_us
            assert "removed" not in one.why
            assert (alert in standing) is (one.change is not Change.RAISED)
            standing.add(alert)
            if one.change is Change.CLEARED:
                standing.remove(alert)
        # A device whose tags have several timeouts may be told of twice, as some fall silent and then the rest (4.4).
        assert kind == "stale" or len({alert[:3] for alert in standing}) == len(standing), "no point has two alerts"


def _named(found: Standing) -> list[tuple[str, str, str, int]]:
    sides = (SIDES[side] for side in found.side)
    return list(zip(found.rule, found.target, sides, found.onset_us.tolist(), strict=True))
