"""Whatever kind of rule raised an alert, its rule played again over the samples of its time raises the same one."""

from typing import Any

import numpy as np
import pytest

from park.index import TagTable
from park.model import Park
from rules.kinds import KINDS
from rules.spec import AnyRule, RuleSet
from rules.transition import Change, Transition
from service.alerts.model import Alert
from service.alerts.states import State
from service.backtest.run import Run, Trial
from service.backtest.ticks import LongBlock
from service.explain.needed import durations, needed_tags, part_of, span_us
from service.explain.replay import Heard, Replayed, replay
from service.explain.samples import shown
from service.facts import lookup
from tests.unit.backtest.test_run import EVERY_KIND
from tests.unit.service.making import NOON_US, S_US

MINUTES = 20


def _tank(number: int, tags: int, connector: str) -> dict[str, Any]:
    tag = {"quantity": "level", "unit": "%", "stale_after": "12s", "span": [0, 9]}
    return {
        "id": f"tank{number}",
        "kind": "tank",
        "position": [120, 30],
        "from": {"connector": connector, "device": f"plc{number}"},
        "tags": [{"id": f"t{i}", **tag} for i in range(tags)],
    }


@pytest.fixture(scope="module")
def park() -> Park:
    """Two enterprises whose tanks have tags of the same names, and one that brings wind to all."""
    weather = {
        "id": "weather",
        "kind": "weather_station",
        "position": [120, 30],
        "tags": [{"id": "w", "quantity": "wind_speed", "unit": "m/s"}],
    }
    enterprises = [
        {"id": "acme", "name": "A", "sources": [_tank(1, 2, "mqtt"), _tank(2, 3, "mqtt")]},
        {"id": "zeta", "name": "Z", "sources": [_tank(1, 2, "dcs")]},
    ]
    return Park.model_validate({"id": "park", "name": "P", "sources": [weather], "enterprises": enterprises})


@pytest.fixture(scope="module")
def afternoon(park: Park) -> LongBlock:
    """Twenty minutes in which everything happens: values wander, stand still, jump, go bad, fall silent."""
    random = np.random.default_rng(5)
    size, seconds = TagTable(park).size, 60 * MINUTES
    value = np.clip(4.5 + np.cumsum(random.normal(0, 0.25, (seconds, size)), axis=0) % 9 - 4.5, 0, 9)
    quality = np.where(random.random((seconds, size)) < 0.01, 2, 0) + (random.random((seconds, size)) < 0.01)
    there = random.random((seconds, size)) < 0.95
    for tag in range(size):
        for _ in range(3):
            begin = int(random.integers(0, seconds - 200))
            there[begin : begin + int(random.integers(15, 90)), tag] = False
            begin = int(random.integers(0, seconds - 200))
            value[begin : begin + 60, tag] = np.round(value[begin, tag])
            begin = int(random.integers(0, seconds - 200))
            quality[begin : begin + 20, tag] = 2
    second, tag_ix = np.nonzero(there)
    return LongBlock(
        tag_ix.astype(np.int32),
        NOON_US + (second + 1) * S_US,
        value[second, tag_ix],
        np.minimum(quality[second, tag_ix], 2).astype(np.uint8),
    )


def _raised(park: Park, rule: AnyRule, block: LongBlock) -> list[Transition]:
    told: list[Transition] = []
    trial = Trial(TagTable(park), RuleSet(rules=(rule,)), NOON_US, told.extend)
    Run(trials=[trial]).play(block.ticks(S_US), None, 0)
    return told


def _alert(park: Park, rule: AnyRule, told: list[Transition], one: Transition) -> Alert:
    facts = lookup(TagTable(park), RuleSet(rules=(rule,)))(rule.id, one.target, one.level)
    cleared = [other for other in told if other.alert_id == one.alert_id and other.change is Change.CLEARED]
    return Alert(
        id=one.alert_id,
        rule=one.rule,
        target=one.target,
        side=one.side,
        level=one.level,
        priority=facts.priority,
        state=State.UNACK,
        enterprise=facts.enterprise,
        source=facts.source,
        unit=facts.unit,
        onset_us=one.onset_us,
        raised_us=one.effective_us,
        detected_us=one.detected_us,
        detected_late=False,
        cleared_us=cleared[0].effective_us if cleared else None,
        why=one.why,
    )


def _heard(tags: TagTable, tag_ids: list[str], block: LongBlock, span: tuple[int, int]) -> Heard:
    """What the store would give."""
    here = np.full(tags.size, -1, dtype=np.int32)
    here[[tags.ix_of[one] for one in tag_ids]] = np.arange(len(tag_ids))
    rows = (here[block.tag] >= 0) & (block.time_us >= span[0]) & (block.time_us < span[1])
    return Heard(
        tag=here[block.tag[rows]],
        time_us=block.time_us[rows],
        value=block.value[rows],
        quality=block.quality[rows],
        received_us=block.time_us[rows],
        tag_ids=tag_ids,
    )


def _explained(park: Park, rule: AnyRule, alert: Alert, block: LongBlock) -> Replayed:
    tags = TagTable(park)
    infos = needed_tags(tags, rule, alert)
    span = span_us(rule, infos, alert, block.last_us)
    return replay(park, rule, alert, _heard(tags, [info.id for info in infos], block, span), span)


@pytest.mark.parametrize("said", EVERY_KIND, ids=lambda rule: str(rule["id"]))
def test_alert_of_any_kind_is_found_again(park: Park, afternoon: LongBlock, said: dict[str, Any]) -> None:
    if said["kind"] not in KINDS:
        return
    (rule,) = RuleSet.model_validate({"rules": [said]}).rules
    told = _raised(park, rule, afternoon)
    raised = [one for one in told if one.change is Change.RAISED]
    assert raised, "the afternoon has something for every kind"
    looked_at = raised[:: max(1, len(raised) // 4)]
    proofs = [_explained(park, rule, _alert(park, rule, told, one), afternoon).proof for one in looked_at]
    # What began before the time that is played (a latch, a tag that was never heard) may begin at another moment in it.
    assert set(proofs) <= {"exact", "near"}
    assert proofs.count("exact") >= 0.75 * len(proofs), proofs


def _rule(**said: Any) -> AnyRule:
    return RuleSet.model_validate({"rules": [said]}).rules[0]


def _alert_of(target: str, source: str = "", onset_us: int = NOON_US, **more: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": "x",
        "rule": "r",
        "side": "",
        "level": "",
        "priority": 1,
        "state": State.UNACK,
        "enterprise": source.partition(".")[0],
        "unit": "",
        "onset_us": onset_us,
        "raised_us": onset_us,
        "detected_us": onset_us,
        "detected_late": False,
    }
    return Alert(target=target, source=source, **fields | more)


@pytest.mark.parametrize(
    ("rule", "target", "source", "needed"),
    [
        ({"kind": "limit"}, "acme.tank1.t0", "acme.tank1", ["acme.tank1.t0"]),
        (
            {"kind": "limit", "limits_from": {"H": {"tag": "tank2.t1"}}},
            *("acme.tank1.t0", "acme.tank1", ["acme.tank1.t0", "acme.tank2.t1"]),
        ),
        (
            {"kind": "deviation", "reference": "park.weather.w", "limits": {"H": 1}},
            *("zeta.tank1.t0", "zeta.tank1", ["park.weather.w", "zeta.tank1.t0"]),
        ),
        (
            {"kind": "stale"},
            *("mqtt/plc1", "", [f"acme.tank{n}.t{i}" for n, tags in ((1, 2), (2, 3)) for i in range(tags)]),
        ),
        (
            {"kind": "expression", "when": "t0 > tank2.t1 and wind.speed < 3 m/s"},
            *("acme.tank1", "acme.tank1"),
            ["park.weather.w", "acme.tank1.t0", "acme.tank1.t1", *(f"acme.tank2.t{i}" for i in range(3))],
        ),
        (
            {"kind": "expression", "when": "t0 > other.t0", "names": {"other": "acme.tank2"}},
            *("acme.tank1", "acme.tank1"),
            ["acme.tank1.t0", "acme.tank1.t1", *(f"acme.tank2.t{i}" for i in range(3))],
        ),
        (
            {"kind": "vote", "m": 2, "limit": 5},
            *("acme.tank2", "acme.tank2", [f"acme.tank2.t{i}" for i in range(3)]),
        ),
    ],
    ids=["own", "limits from", "reference", "stale", "expression", "names", "vote"],
)
def test_what_a_rule_looked_at_is_read_and_nothing_of_others(
    park: Park, rule: dict[str, Any], target: str, source: str, needed: list[str]
) -> None:
    found = needed_tags(TagTable(park), _rule(id="r", **rule), _alert_of(target, source))
    assert [info.id for info in found] == needed


def test_every_window_and_delay_is_looked_back_over(park: Park) -> None:
    rule = _rule(id="r", kind="expression", when="mean(t0, 10m) > 2 and hold(t1 > 1.5, 90s)", on_delay="5s")
    assert sorted(durations(rule)) == [0, 5 * S_US, 90 * S_US, 600 * S_US]
    begin_us, end_us = span_us(rule, [], _alert_of("acme.tank1", "acme.tank1"), NOON_US + 10 * S_US)
    assert begin_us == NOON_US - 695 * S_US
    assert end_us == NOON_US + 10 * S_US + 1, "not beyond now"


def test_alert_that_stood_for_days_is_not_played_to_its_end() -> None:
    rule = _rule(id="r", kind="limit")
    _, end_us = span_us(rule, [], _alert_of("acme.tank1.t0"), NOON_US + 86_400 * S_US)
    assert end_us == NOON_US + 1_860 * S_US


def test_park_is_cut_down_to_what_is_needed(park: Park) -> None:
    small = TagTable(part_of(park, {"acme.tank2.t1", "park.weather.w"}))
    assert [info.id for info in small.infos] == ["park.weather.w", "acme.tank2.t1"]
    assert small.by_id("acme.tank2.t1") is not None


def test_long_history_is_shown_in_part_with_what_matters() -> None:
    count = 5_000
    value = np.full(count, 5.0)
    value[1234], value[3333] = 9.0, 1.0
    quality = np.zeros(count, dtype=np.uint8)
    quality[4000] = 2
    times = NOON_US + np.arange(count) * S_US
    heard = Heard(
        tag=np.zeros(count, dtype=np.int32),
        time_us=times,
        value=value,
        quality=quality,
        received_us=times,
        tag_ids=["acme.tank1.t0"],
    )
    (tag,) = shown(heard, "acme.tank1.t0", [NOON_US + 2222 * S_US])
    assert tag["count"] == count
    assert tag["left_out"] == count - len(tag["samples"]) > 4_800
    assert {9.0, 1.0} <= {one["value"] for one in tag["samples"]}
    assert "bad" in {one["quality"] for one in tag["samples"]}
    assert "2026-11-22T00:37:02.000000Z" in {one["time"] for one in tag["samples"]}
