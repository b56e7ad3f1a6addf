"""Communication alarms, told on a time axis. Numbers are paragraphs of ``deploy/docs/semantics.md``."""

from typing import Any

import numpy as np
import pytest

from park.batch import SampleBatch
from rules.engine import Engine
from rules.kinds import stale
from rules.spec import RuleSet, default_rules
from rules.stale.groups import Silence, silence
from rules.transition import Change
from tests.unit.rules.stories import shorts, table_of, tag_of, tell

#: Alarm after 20 s + 10 s.
T20: dict[str, Any] = {"stale_after": "20s", "stale_delay": "10s"}
T180: dict[str, Any] = {"stale_after": "180s", "stale_delay": "10s"}
ALONE = [tag_of(**T20)]
PAIR = [tag_of("a", device="plc", **T20), tag_of("b", device="plc", **T20)]
THREE = [*PAIR, tag_of("c", device="plc", **T20)]
#: A fast and a slow tag of one device.
MIXED = [tag_of("a", device="plc", **T20), tag_of("b", device="plc", **T180)]
#: Two fast and two slow ones.
ALONE_IN_OPCUA = [tag_of("e", **T20 | {"from": {"connector": "opcua"}})]
#: Two devices of one connector, and a third with another timeout.
DEVICES = [tag_of("a", device="plc", **T20), tag_of("b", device="rtu", **T20)]
MORE_DEVICES = [*DEVICES, tag_of("c", device="log", **T180), tag_of("d", device="dcs", **T180)]
MIXED_PAIRS = [*PAIR, tag_of("c", device="plc", **T180), tag_of("d", device="plc", **T180)]


def every(period: int, tag: str, start: int, end: int) -> str:
    """Moments at which a tag sends."""
    return " | ".join(f"{second}: {tag}:1" for second in range(start, end + 1, period))


STORIES = [
    # 4.1
    (ALONE, "0: 1 | 29 | 30", ["30 raised a"], "a tag without a device is told of by itself"),
    (ALONE, "0: 1 | 99", ["30 raised a @99"], "found late, it is effective when it was due"),
    (ALONE, "0: 1 | 5: 1! | 10: nan | 30", ["30 raised a"], "bad data are no data"),
    (ALONE, "0: 1 | 15: 1? | 44 | 45", ["45 raised a"], "uncertain data are data"),
    (ALONE, "0: 1 | 15: 10=1 | 39 | 40", ["40 raised a"], "absence counts from the source time"),
    ([tag_of()], "0: 1 | 99999", [], "a tag without a timeout is not watched"),
    (
        [tag_of(stale_after="20s", stale_delay="0s")],
        "0: 1 | 20 | 20.000001",
        ["20 raised a @20"],
        "without a delay, stale is strictly longer than the timeout",
    ),
    # 4.2
    (ALONE, "5 | 34 | 35", ["35 raised a"], "what was never heard counts from the first advance"),
    (ALONE, "0: 1 | 3600: resume | 3600 | 3629 | 3630", ["3630 raised a"], "our own downtime raises no alarm"),
    (ALONE, "0: 1 | 3600: resume | 3605: 1 | 3630", [], "nor does it when data come again"),
    # 4.4
    (PAIR[:1], "0: 1 | 30", ["30 raised mqtt/plc"], "the only tag of a device stands for the device"),
    (PAIR, "0: a:1 b:1 | 30", ["30 raised mqtt/plc"], "a device that dies is one alarm"),
    (
        PAIR,
        "0: a:1 | 7: b:1 | 30 | 36 | 37 | 60",
        ["37 raised mqtt/plc"],
        "though its tags were last heard at different times",
    ),
    (THREE, "0: a:1 | 9: c:1 | 19: b:1 | 48 | 200", ["49 raised mqtt/plc @200"], "and however long we did not look"),
    (PAIR, "3 | 33", ["33 raised mqtt/plc"], "a device that was never there is one alarm"),
    (
        [*PAIR, tag_of("c", **T20 | {"from": {"connector": "opcua"}})],
        "0: a:1 b:1 c:1 | 30",
        ["30 raised mqtt/plc", "30 raised opcua"],
        "each connection has its own",
    ),
    # 4.4, several devices
    (DEVICES, "0: a:1 b:1 | 30", ["30 raised mqtt"], "a connection that dies is one alarm"),
    (DEVICES, "0: a:1 | 7: b:1 | 30 | 37 | 99", ["37 raised mqtt"], "though its devices were heard at different times"),
    (MORE_DEVICES, "0: a:1 b:1 c:1 d:1 | 30 | 300", ["30 raised mqtt"], "the fast devices tell for the slow ones"),
    (
        MORE_DEVICES,
        "0: a:1 b:1 c:1 d:1 | 25: c:1 | 30",
        ["30 raised mqtt/plc", "30 raised mqtt/rtu"],
        "where another device shows that the connection lives, each silent device has its own",
    ),
    (
        DEVICES,
        "0: a:1 b:1 | 30 | 35: b:1 | 36: a:1 b:1 | 50",
        ["30 raised mqtt", "35 cleared mqtt"],
        "the first device to return ends the connection's alarm, and the others have time",
    ),
    (
        DEVICES,
        f"0: a:1 b:1 | 30 | {every(5, 'b', 35, 70)}",
        ["30 raised mqtt", "35 cleared mqtt", "65 raised mqtt/plc"],
        "a device that does not return gets an alarm of its own",
    ),
    (
        DEVICES,
        "0: a:1 b:1 | 30 | 35: b:1 | 65",
        ["30 raised mqtt", "35 cleared mqtt", "65 raised mqtt"],
        "a connection that dies again is one alarm again",
    ),
    (
        DEVICES,
        "0: a:1 b:1 | 15: b:1 | 30 | 34: b:1 | 40",
        ["30 raised mqtt/plc @34"],
        "as soon as it is clear that its connection lives",
    ),
    (
        [*DEVICES, tag_of("c", device="log", **T180)],
        "0: a:1 b:1 c:1 | 25: c:1 | 30 | 60: c:1 | 240 | 250 | 300",
        ["30 raised mqtt/plc", "30 raised mqtt/rtu", "250 raised mqtt/log"],
        "of devices that died one by one their connection has nothing to add",
    ),
    (
        [*DEVICES, tag_of("c", device="log", **T180)],
        "0: a:1 b:1 c:1 | 25: b:1 c:1 | 30 | 40: b:1 | 45: c:1 | 66: a@45=1 | 70 | 74 | 75",
        ["30 raised mqtt/plc", "75 raised mqtt"],
        "old data of a dead device put off what is said of its connection",
    ),
    (
        [*PAIR, tag_of("c", device="rtu", **T20)],
        f"0: a:1 b:1 c:1 | {every(5, 'c', 5, 30)}",
        ["30 raised mqtt/plc"],
        "a device that dies alone is told of alone",
    ),
    # 4.4, several groups
    (MIXED, "0: a:1 b:1 | 30 | 300", ["30 raised mqtt/plc"], "the fast tags tell for the slow ones"),
    (MIXED, "0: a:1 b:1 | 300", ["30 raised mqtt/plc @300"], "even where both are found at once"),
    (
        MIXED,
        "0: a:1 b:1 | 25: b:1 | 30",
        ["30 raised a"],
        "a lone tag of a group is named when other groups show that the device lives",
    ),
    (
        MIXED_PAIRS,
        "0: a:1 b:1 c:1 d:1 | 25: c:1 | 30",
        ["30 raised mqtt/plc"],
        "a whole group is the device, even where it lives",
    ),
    (
        MIXED_PAIRS,
        "0: a:1 b:1 c:1 d:1 | 30 | 40: c:1 d:1 | 229 | 230",
        ["30 raised mqtt/plc", "230 raised mqtt/plc"],
        "a group heard since the alert is not explained by it",
    ),
    (
        [*MIXED, tag_of("c", device="plc", stale_after="60s", stale_delay="10s")],
        f"0: a:1 b:1 c:1 | {every(10, 'c', 10, 190)}",
        ["30 raised a", "190 raised b"],
        "the alarm of a tag explains nothing of its device",
    ),
    # 4.5
    (
        PAIR,
        f"0: a:1 b:1 | {every(5, 'b', 5, 30)}",
        ["30 raised a"],
        "a sensor that dies alone is told of alone",
    ),
    (
        PAIR,
        "0: a:1 b:1 | 15: b:1 | 30 | 34: b:1 | 40",
        ["30 raised a @34"],
        "as soon as it is clear that its device lives",
    ),
    (PAIR, "0: a:1 b:1 | 20: b:1 | 30 | 45 | 50", ["50 raised mqtt/plc"], "or not at all if it does not"),
    (
        THREE,
        f"0: a:1 b:1 c:1 | {every(5, 'c', 5, 40)}",
        ["30 raised a", "30 raised b"],
        "two sensors that die alone are two",
    ),
    # 4.6
    (
        ALONE,
        "0: 1 | 30 | 35: 1 | 65",
        ["30 raised a", "35 cleared a", "65 raised a"],
        "data end it, silence begins another",
    ),
    (ALONE, "0: 1 | 30 | 35: 1!", ["30 raised a"], "bad data do not end it"),
    (
        ALONE,
        "0: 1 | 30 | 42: 25=1 | 50",
        ["30 raised a", "30 cleared a @42"],
        "not before it was raised",
    ),
    (
        PAIR,
        "0: a:1 b:1 | 30 | 35: b:1 | 36: a:1 b:1 | 50",
        ["30 raised mqtt/plc", "35 cleared mqtt/plc"],
        "the first tag to return ends the device's alarm, and the others have time",
    ),
    (
        PAIR,
        f"0: a:1 b:1 | 30 | {every(5, 'b', 35, 70)}",
        ["30 raised mqtt/plc", "35 cleared mqtt/plc", "65 raised a"],
        "a tag that does not return gets an alarm of its own",
    ),
    (
        PAIR,
        "0: a:1 b:1 | 30 | 35: b:1 | 64 | 65",
        ["30 raised mqtt/plc", "35 cleared mqtt/plc", "65 raised mqtt/plc"],
        "a device that dies again is one alarm again",
    ),
    (
        ALONE,
        "0: 1 | 1000 | 1001: 1=1 2=1 | 1002: 500=1 | 1003: 990=1 1003=1",
        ["30 raised a @1000", "990 cleared a @1003"],
        "a backlog in pieces ends it only when it has caught up",
    ),
    (ALONE, "0: 1 | 1 | 100: 5=1 90=1 99=1", [], "a hole in a backlog is none of the present"),
    # 4.7
    (
        PAIR,
        f"0: a:1 b:1 | {every(5, 'b', 5, 35)} | 65 | 70: a:1 b:1",
        ["30 raised a", "65 raised mqtt/plc", "70 cleared a", "70 cleared mqtt/plc"],
        "a lone tag's alarm stays while its device falls silent",
    ),
]


@pytest.mark.parametrize(
    ("tags", "story", "expected"),
    [pytest.param(tags, story, expected, id=name) for tags, story, expected, name in STORIES],
)
def test_silence(tags: list[dict[str, Any]], story: str, expected: list[str]) -> None:
    assert shorts(tell(story, *tags)) == expected


def test_the_onset_is_when_the_data_became_too_old() -> None:
    raised = tell("0: a:1 | 7: b:1 | 60", *PAIR)[0]
    assert raised.effective_us - raised.onset_us == 10_000_000


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(MIXED_PAIRS, id="a device with several timeouts"),
        pytest.param(MORE_DEVICES, id="a connection with several timeouts"),
        pytest.param([*MORE_DEVICES, *ALONE_IN_OPCUA], id="beside a connection that lives"),
        pytest.param([*DEVICES, tag_of("e", device="log", **T180)], id="beside a device that lives"),
    ],
)
def test_what_stays_dead_is_not_looked_at_again_and_again(
    tags: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def counted(*args: Any) -> Silence:
        nonlocal looks
        looks += 1
        return silence(*args)

    monkeypatch.setattr(stale, "silence", counted)
    alive = [f"{second}: e:1" if tags[-1]["id"] == "e" else f"{second}" for second in range(400, 1400)]
    engine = Engine(table_of(*tags), default_rules())
    tell(f"0: {' '.join(one['id'] + ':1' for one in tags)} | {alive[0]} | {alive[1]}", *tags, engine=engine)
    looks = 0
    assert tell(" | ".join(alive[2:]), *tags, engine=engine) == []
    assert looks < 60


def test_timeouts_of_the_rule_replace_those_of_the_tags() -> None:
    rules = RuleSet.model_validate({"rules": [{"kind": "stale", "id": "s", "stale_after": "5s", "stale_delay": "1s"}]})
    assert shorts(tell("0: 1 | 6", tag_of(), rules=rules)) == ["6 raised a"]


def test_a_rule_may_want_good_data_only() -> None:
    rules = RuleSet.model_validate({"rules": [{"kind": "stale", "id": "s", "uncertain": "bad"}]})
    assert shorts(tell("0: 1 | 25: 1? | 30 | 31: 1", *ALONE, rules=rules)) == ["30 raised a", "31 cleared a"]


@pytest.mark.parametrize(
    ("tags", "story", "sentences"),
    [
        (ALONE, "0: 1 | 30 | 41: 1", ["no good data for 30s (limit 20s)", "good data again after 41s"]),
        (PAIR, "0: a:1 b:1 | 30", ["no good data from any of 2 tags for 30s (limit 20s)"]),
        (DEVICES, "0: a:1 b:1 | 30", ["no good data from any of 2 devices for 30s (limit 20s)"]),
        (PAIR[:1], "0: 1 | 30", ["no good data from acme.tank.a for 30s (limit 20s)"]),
    ],
)
def test_the_sentence_says_for_how_long(tags: list[dict[str, Any]], story: str, sentences: list[str]) -> None:
    assert [one.why for one in tell(story, *tags)] == sentences


def test_a_clock_that_was_ahead_and_is_put_right_measures_silence_anew() -> None:
    engine = Engine(table_of(tag_of(stale_after="10s", stale_delay="0s")), default_rules())
    hour_us = 3_600_000_000

    def sample(at_us: int) -> None:
        columns = {"tag": np.array([0], np.int32), "time_us": np.array([at_us]), "value": np.array([1.0])}
        engine.step(SampleBatch(**columns, quality=np.zeros(1, np.uint8), received_us=0, origin="dcs"))

    engine.resume(2 * hour_us)  # an hour ahead of the device
    sample(hour_us)
    assert [one.change for one in engine.advance(2 * hour_us + 11_000_000)] == [Change.RAISED]
    engine.set_back(hour_us + 11_000_000)
    sample(hour_us + 11_000_000)
    assert [one.change for one in engine.advance(hour_us + 11_000_000)] == [Change.CLEARED]
    assert engine.advance(hour_us + 21_000_000) == []
    # Its onset stays after the alert before, which began when the clock was ahead: ids must not meet.
    assert [one.change for one in engine.advance(hour_us + 21_000_001)] == [Change.RAISED]
