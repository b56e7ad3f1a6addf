"""A clock that is put back makes no difference between an engine that went on and one that was restored."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.kinds import KINDS
from rules.spec import RuleSet
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.stories import START_US as STORY_US
from tests.unit.rules.stories import table_of, tag_of, tell
from tests.unit.rules.worlds import START_S, Advance, do, histories, tables

SECOND = 1_000_000


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_restored_engine_goes_on_alike_when_the_clock_is_put_back(kind: str, data: st.DataObject) -> None:
    table = data.draw(tables())
    rules = RuleSet.model_validate({"rules": [{"id": f"r{n}", **data.draw(RULES[kind])} for n in range(2)]})
    steady, restored = Engine(table, rules), Engine(table, rules)
    back_s = 0
    for action in data.draw(histories(len(table), rules=("r0", "r1"))):
        start_s = START_S - back_s
        if isinstance(action, Advance) and data.draw(st.integers(0, 4)) == 0:
            back_s += data.draw(st.sampled_from([6, 60, 300]))
            start_s = START_S - back_s
            for engine in (steady, restored):
                engine.set_back((start_s + action.now_s) * SECOND)
        assert do(restored, action, start_s) == do(steady, action, start_s)
        if data.draw(st.booleans()):
            snapshot = restored.snapshot()
            restored = Engine(table, rules)
            restored.restore(snapshot)
    end = Advance(100_000)
    assert do(restored, end) == do(steady, end)


def test_vote_tells_how_many_were_known_as_of_the_last_look_though_the_clock_went_back() -> None:
    alike = [tag_of(name, quantity="combustible_gas", unit="%LEL", stale_after="10s") for name in ("a", "b")]
    rules = RuleSet.model_validate({"rules": [{"id": "vote", "kind": "vote", "m": 1, "limit": 5}]})
    engine = Engine(table_of(*alike), rules)
    assert [one.change.value for one in tell("0: b:0 | 300: a:9", engine=engine)] == ["raised"]
    engine.set_back(STORY_US + 2 * SECOND)
    assert tell("2", engine=engine) == [], "both are known again"
    (lost,) = tell("4000", engine=engine)
    assert "1 of 2 detectors in alarm" in lost.why
