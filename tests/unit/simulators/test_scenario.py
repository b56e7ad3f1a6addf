"""The demonstration scenario raises exactly what it says, whenever it is started."""

import pytest

from park.model import Park
from park.yamlfile import Document, FileInvalid
from rules.spec import RuleSet
from simulators.scenario import Expected, Scenario, load_scenario, read_scenario
from simulators.world import World
from tests.unit.simulators.conftest import EXAMPLES, START_US
from tests.unit.simulators.watch import Alert, alerts_of

_S = 1_000_000


@pytest.fixture(scope="module")
def demo() -> Scenario:
    return read_scenario(EXAMPLES / "small.scenario.yaml")


def _play(park: Park, scenario: Scenario, *, start_us: int, offset_us: int = 0, period_us: int = _S) -> list[Alert]:
    world = World.of_scenario(park, scenario, start_us=start_us)
    rules = Document((EXAMPLES / "small.rules.yaml").read_text("utf-8"), "small.rules.yaml").model(RuleSet)
    for_us = scenario.duration_us + 2 * _S
    return alerts_of(world, for_us=for_us, period_us=period_us, offset_us=offset_us, rules=rules)


def _meets(expected: Expected, alert: Alert, start_us: int) -> bool:
    return (
        (expected.rule, expected.side or "", expected.level or "") == (alert.rule, alert.side, alert.level)
        and (expected.cleared is None or expected.cleared == alert.cleared)
        and (expected.unverified is None or expected.unverified == alert.unverified)
        and (expected.onset is None or expected.onset[0] <= alert.onset_us - start_us <= expected.onset[1])
    )


def _compare(demo: Scenario, raised: list[Alert], start_us: int) -> None:
    by_name = {(one.rule, one.target): one for one in raised}
    assert sorted((one.rule, one.target) for one in raised) == sorted((one.rule, one.target) for one in demo.expect)
    for expected in demo.expect:
        alert = by_name[expected.rule, expected.target]
        assert _meets(expected, alert, start_us), f"{expected} is not {alert}"


@pytest.mark.parametrize("hour", range(0, 24, 4))
@pytest.mark.parametrize("offset_ms", [0, 430])
def test_the_demonstration_raises_exactly_what_it_says(
    small_park: Park, demo: Scenario, hour: int, offset_ms: int
) -> None:
    start_us = START_US + hour * 3600 * _S + 123_456
    raised = _play(small_park, demo, start_us=start_us, offset_us=offset_ms * 1000)
    _compare(demo, raised, start_us)


def test_it_does_so_on_a_slow_machine_too(small_park: Park, demo: Scenario) -> None:
    raised = _play(small_park, demo, start_us=START_US, offset_us=700_000, period_us=1_900_000)
    _compare(demo, raised, START_US)


@pytest.mark.parametrize("seed", range(3))
def test_it_hangs_on_no_single_seed(small_park: Park, demo: Scenario, seed: int) -> None:
    other = demo.model_copy(update={"seed": 100 + seed})
    _compare(demo, _play(small_park, other, start_us=START_US), START_US)


def test_errors_in_a_scenario_name_their_line() -> None:
    text = "version: 1\nname: x\npark: p\nseed: 1\nduration: 60s\nfaults:\n  - {kind: leak, target: a.b, at: 1s}\n"
    with pytest.raises(FileInvalid, match=r"x\.yaml:7"):
        load_scenario(text, "x.yaml")


def test_a_scenario_that_asks_for_nothing_expects_nothing() -> None:
    scenario = load_scenario("name: x\npark: p\nseed: 1\nduration: 10s\n", "x.yaml")
    assert (scenario.speed, scenario.faults, scenario.expect) == (1.0, (), ())
