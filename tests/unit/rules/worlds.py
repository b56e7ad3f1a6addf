"""Random parks, rules and histories, small enough to collide: whole seconds, small integers, few tags."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st

from park.batch import SampleBatch
from park.index import TagTable
from park.model import Park
from rules.spec import RuleSet, default_rules
from rules.transition import Transition, alert_id

SECOND = 1_000_000
START_S = 1_800_000_000

#: (tag, seconds, value, quality byte)
Row = tuple[int, int, float, int]


@dataclass(frozen=True, slots=True)
class Samples:
    """Arrive."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Advance:
    """The clock moves."""

    now_s: int


@dataclass(frozen=True, slots=True)
class Resume:
    """The service comes up again."""

    now_s: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Somebody resets all alerts of these rules and targets that began within so long before."""

    rules: tuple[str, ...]
    targets: tuple[str, ...]
    now_s: int
    back_s: int = 30

    def alert_ids(self, start_s: int) -> list[str]:
        """Of those and others: ids tell what an alert is, so they are known without it."""
        seconds = range(self.now_s - self.back_s, self.now_s + 1)
        onsets_us = [(second + start_s) * SECOND for second in seconds]
        sides = ("high", "low", "")
        return [
            alert_id(rule, target, side, onset_us)
            for rule in self.rules
            for target in self.targets
            for side in sides
            for onset_us in onsets_us
        ]


Action = Samples | Advance | Resume | Reset


@dataclass(frozen=True, slots=True)
class World:
    """A park, its rules and what happens in it."""

    tags: TagTable
    rules: RuleSet
    actions: tuple[Action, ...]


class Stepper(Protocol):
    """An engine or the oracle."""

    def step(self, batch: SampleBatch) -> None: ...
    def advance(self, now_us: int, /) -> list[Transition]: ...
    def resume(self, now_us: int, /) -> None: ...
    def reset(self, alert_id: str, /) -> None: ...


def batch_of(rows: Iterable[Row], start_s: int = START_S) -> SampleBatch:
    """Times in seconds since ``start_s``."""
    tag, seconds, value, quality = zip(*rows, strict=True)
    time_us = (np.array(seconds, dtype=np.int64) + start_s) * SECOND
    return SampleBatch(tag=tag, time_us=time_us, value=value, quality=quality, received_us=0, origin="test")  # type: ignore[arg-type]


def play(stepper: Stepper, actions: Iterable[Action], start_s: int = START_S) -> list[Transition]:
    """All that is told."""
    told: list[Transition] = []
    for action in actions:
        told.extend(do(stepper, action, start_s))
    return told


def do(stepper: Stepper, action: Action, start_s: int = START_S) -> list[Transition]:
    """What one action makes it tell."""
    match action:
        case Samples(rows):
            stepper.step(batch_of(rows, start_s))
        case Advance(now_s):
            return stepper.advance((now_s + start_s) * SECOND)
        case Resume(now_s):
            stepper.resume((now_s + start_s) * SECOND)
        case Reset():
            for one in action.alert_ids(start_s):
                stepper.reset(one)
    return []


_delay = st.sampled_from(["0s", "0s", "1s", "2s", "3s", "5s"])
_deadband = st.sampled_from([0, 0, 1, 2, 5])
_LIMITS = {"LL": 2, "L": 4, "H": 6, "HH": 8}


def _maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), of)


@st.composite
def alarms(draw: st.DrawFn) -> dict[str, Any]:
    """Any subset of levels with delays and deadbands, each of its own or the tag's."""
    made: dict[str, Any] = {"deadband": draw(_deadband), "on_delay": draw(_delay), "off_delay": draw(_delay)}
    for level in draw(st.sets(st.sampled_from(sorted(_LIMITS)), min_size=1)):
        made[level] = {
            "limit": _LIMITS[level],
            "deadband": draw(_maybe(_deadband)),
            "on_delay": draw(_maybe(_delay)),
            "off_delay": draw(_maybe(_delay)),
        }
    return made


@st.composite
def latches_and_counts(draw: st.DrawFn) -> dict[str, Any]:
    """What a limit rule may say besides."""
    made: dict[str, Any] = {"latch": draw(st.booleans())}
    if draw(st.booleans()):
        made |= {"count": draw(st.integers(2, 3)), "within": draw(st.sampled_from(["2s", "4s", "30s"]))}
    return made


_ORIGINS = [
    None,
    {"connector": "mqtt"},
    {"connector": "mqtt", "device": "plc"},
    {"connector": "mqtt", "device": "plc"},
    {"connector": "mqtt", "device": "rtu"},
    {"connector": "opc", "device": "plc"},
]


@st.composite
def tag(draw: st.DrawFn, number: int, devices: bool = True) -> dict[str, Any]:
    """One tag of a park file."""
    made: dict[str, Any] = {"id": f"t{number}", "quantity": "level", "unit": "%"}
    made["alarms"] = draw(_maybe(alarms()))
    made["stale_after"] = draw(st.sampled_from([None, "3s", "3s", "7s"]))
    made["stale_delay"] = draw(st.sampled_from(["0s", "2s", "2s"]))
    made["from"] = draw(st.sampled_from(_ORIGINS)) if devices else None
    # Drawn values lie between 0 and 10: now and then at an end of the span, and outside it.
    made["span"] = draw(st.sampled_from([None, [0, 9], [0, 9], [1, 10]]))
    made["detection_limit"] = draw(st.sampled_from([None, None, 1]))
    made["discrete"] = draw(st.integers(0, 7)) == 0
    made["frozen_after"] = draw(st.sampled_from([None, "2s", "5s"]))
    made["frozen_tolerance"] = draw(st.sampled_from([0, 0, 1]))
    return made


def park_of(tags: list[dict[str, Any]]) -> Park:
    """A park with one tank that has these tags."""
    tank = {"id": "tank", "kind": "tank", "position": [120, 30], "tags": tags}
    return Park.model_validate(
        {"id": "park", "name": "Park", "enterprises": [{"id": "acme", "name": "Acme", "sources": [tank]}]}
    )


@st.composite
def tables(draw: st.DrawFn, most: int = 5, devices: bool = True) -> TagTable:
    """A park of a few tags."""
    count = draw(st.integers(1, most))
    return TagTable(park_of([draw(tag(number, devices)) for number in range(count)]))


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """One limit and one stale rule, sometimes with values of their own, sometimes a second limit rule."""
    uncertain = st.sampled_from(["evaluate", "evaluate", "bad"])
    rules: list[dict[str, Any]] = [
        {"kind": "limit", "id": "tag-limits", "uncertain": draw(uncertain), **draw(latches_and_counts())},
        {"kind": "stale", "id": "tag-stale", "uncertain": draw(uncertain), "stale_after": draw(_maybe(st.just("4s")))},
    ]
    if draw(st.booleans()):
        own = {"limits": draw(alarms()), "applies_to": {"tag": ["t0", "t2"]}, **draw(latches_and_counts())}
        rules.append({"kind": "limit", "id": "all-limits", **own})
    return RuleSet.model_validate({"rules": rules})


_value = st.one_of(
    st.integers(0, 10).map(float), st.sampled_from([6.0, 8.0, 9.0, 1.0, 5.0, -0.0, float("nan"), float("inf")])
)
_quality = st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3, 0x80, 0x10])


@st.composite
def histories(
    draw: st.DrawFn, tags: int, most: int = 40, rules: tuple[str, ...] = ("tag-limits", "all-limits")
) -> tuple[Action, ...]:
    """Samples around the clock (late, double, ahead, in backlogs), and advances at any time.

    ``rules``: ids of those whose alerts are reset now and then.
    """
    targets = (*(f"acme.tank.t{number}" for number in range(tags)), "acme.tank", "acme", *rules)
    now_s = 0
    actions: list[Action] = []
    for _ in range(draw(st.integers(1, most))):
        if draw(st.booleans()):
            row = st.tuples(st.integers(-1, tags), st.integers(now_s - 8, now_s + 4), _value, _quality)
            actions.append(Samples(tuple(draw(st.lists(row, min_size=1, max_size=8)))))
        else:
            now_s += draw(st.sampled_from([0, 1, 1, 2, 3, 7, 20, -1]))
            chance = draw(st.integers(0, 19))
            if chance > 17:
                actions.append(Reset(rules, targets, now_s))
            actions.append(Resume(now_s) if chance == 0 else Advance(now_s))
    return (*actions, Advance(now_s + 1), Reset(rules, targets, now_s), Advance(now_s + 30))


@st.composite
def worlds(draw: st.DrawFn, most: int = 40, devices: bool = True) -> World:
    """Everything at random."""
    table = draw(tables(devices=devices))
    return World(table, draw(rule_sets()), draw(histories(len(table), most)))


@st.composite
def backlogs(draw: st.DrawFn) -> World:
    """Hundreds of samples of few tags in one piece, wandering about the limits, twice."""
    table = draw(tables(2))
    chance = random.Random(draw(st.integers(0, 2**32)))
    step = draw(st.sampled_from([0.3, 1.0, 4.0]))
    actions: list[Action] = [Advance(0)]
    value = 5.0
    for now_s in (200, 400):
        rows: list[Row] = []
        for second in range(now_s - 190, now_s):
            value = min(10.0, max(0.0, value + chance.uniform(-step, step)))
            for tag_ix in range(len(table)):
                if chance.random() < 0.8:
                    rows.append((tag_ix, second, round(value), chance.choice([0] * 30 + [1, 2])))
        chance.shuffle(rows)
        actions += [Samples(tuple(rows)), Advance(now_s)]
    return World(table, draw(rule_sets()), tuple(actions))


@st.composite
def silences(draw: st.DrawFn, most: int = 60) -> World:
    """Several devices and connections that fall silent and come back, in time or late; no limits."""
    count = draw(st.integers(2, 7))
    tags = [draw(tag(number)) | {"alarms": None, "stale_after": draw(_TIMEOUT)} for number in range(count)]
    now_s = 0
    actions: list[Action] = [Advance(0)]
    for _ in range(draw(st.integers(1, most))):
        now_s += draw(st.sampled_from([1, 1, 2, 3, 8]))
        heard = draw(
            st.lists(st.tuples(st.integers(0, count - 1), st.sampled_from([0, 0, 0, 1, 4, 9])), max_size=count)
        )
        if heard:
            actions.append(Samples(tuple((ix, now_s - lag, 1.0, 0) for ix, lag in heard)))
        actions.append(Resume(now_s) if draw(st.integers(0, 29)) == 0 else Advance(now_s))
    return World(TagTable(park_of(tags)), default_rules(), (*actions, Advance(now_s + 40)))


_TIMEOUT = st.sampled_from(["3s", "3s", "3s", "7s"])
