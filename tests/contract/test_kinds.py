"""What every kind of rule promises, whatever it looks for: one suite, every kind, over random parks and histories.

Times begin just before midnight of New Year's Eve, UTC+08:00: hours, days, months and years end within them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.engine import Engine
from rules.kinds import KINDS
from rules.oracles.oracle import ORACLES, Oracle
from rules.spec import RuleSet
from rules.transition import Change, Transition, to_bytes
from tests.unit.rules.kind_worlds import RULES
from tests.unit.rules.worlds import Action, Advance, Row, Samples, do, histories, play, tables

_SETTINGS = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_LONG = settings(_SETTINGS, max_examples=2000)
_START_S = int(datetime.fromisoformat("2026-12-31T23:59:35+08:00").timestamp())
#: Kinds of which absence or bad quality is the very signal, or that speak of a time which is over when they do.
_OF_ABSENCE = {"stale", "quality", "window", "forecast", "sequence"}


_every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


def test_every_kind_has_an_oracle_and_a_random_rule() -> None:
    assert set(KINDS) == set(ORACLES) == set(RULES)


@st.composite
def _rules(draw: st.DrawFn, kind: str) -> RuleSet:
    """One to three rules of a kind."""
    count = draw(st.integers(1, 3))
    return RuleSet.model_validate({"rules": [{"id": f"r{number}", **draw(RULES[kind])} for number in range(count)]})


@st.composite
def _actions(draw: st.DrawFn, tags: int) -> tuple[Action, ...]:
    """A history; now and then nothing happens for a minute, an hour or a day."""
    actions: list[Action] = []
    shift_s = 0
    for action in draw(histories(tags, rules=("r0", "r1", "r2"))):
        if isinstance(action, Samples):
            rows = tuple((tag, second + shift_s, value, quality) for tag, second, value, quality in action.rows)
            actions.append(Samples(rows))
            continue
        if draw(st.integers(0, 14)) == 0:
            shift_s += draw(st.sampled_from([60, 3600, 86_400]))
        actions.append(replace(action, now_s=action.now_s + shift_s))
    return tuple(actions)


World = tuple[TagTable, RuleSet, tuple[Action, ...]]


def _draw(data: st.DataObject, kind: str) -> World:
    table = data.draw(tables())
    return table, data.draw(_rules(kind)), data.draw(_actions(len(table)))


def _told(table: TagTable, rules: RuleSet, actions: Sequence[Action]) -> bytes:
    return to_bytes(play(Engine(table, rules), actions, _START_S))


def _agree(world: World) -> None:
    table, rules, actions = world
    engine, oracle = Engine(table, rules), Oracle(table, rules)
    for action in actions:
        assert _plain(do(engine, action, _START_S)) == _plain(do(oracle, action, _START_S))


def _plain(told: Sequence[Transition]) -> list[dict[str, object]]:
    """Without the sentence; numbers that were reckoned in another order may differ in their last digits."""
    rows = [{field.name: getattr(one, field.name) for field in fields(one)} for one in told]
    for row in rows:
        row["why"] = ""
        for name in ("value", "limit", "peak"):
            if row[name] is not None:
                row[name] = pytest.approx(row[name], rel=1e-9, abs=1e-9)
    return rows


@_every_kind
@_SETTINGS
@given(st.data())
def test_it_does_what_its_specification_says(kind: str, data: st.DataObject) -> None:
    _agree(_draw(data, kind))


@_every_kind
@pytest.mark.slow
@pytest.mark.timeout(3600)
@_LONG
@given(st.data())
def test_it_does_what_its_specification_says_at_length(kind: str, data: st.DataObject) -> None:
    _agree(_draw(data, kind))


@_every_kind
@_SETTINGS
@given(st.data(), st.randoms(use_true_random=False))
def test_batches_and_order_of_arrival_make_no_difference(kind: str, data: st.DataObject, chance: random.Random) -> None:
    table, rules, actions = _draw(data, kind)
    assert _told(table, rules, list(_rebatched(actions, chance))) == _told(table, rules, actions)


def _rebatched(actions: Sequence[Action], chance: random.Random) -> Iterator[Action]:
    """The same samples between the same advances, in other batches; of one tag and time the first stays the first."""
    waiting: list[Row] = []
    for action in actions:
        if isinstance(action, Samples):
            waiting += action.rows
            continue
        if isinstance(action, Advance):
            seen: dict[tuple[int, int], Row] = {}
            for row in waiting:
                seen.setdefault(row[:2], row)
            rows = list(seen.values())
            chance.shuffle(rows)
            while rows:
                size = chance.randint(1, len(rows))
                yield Samples(tuple(rows[:size]))
                rows = rows[size:]
            waiting = []
        yield action


@_every_kind
@_SETTINGS
@given(st.data())
def test_a_restored_engine_goes_on_as_though_nothing_had_been(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    stop = data.draw(st.integers(0, len(actions)))
    engine, restored = Engine(table, rules), Engine(table, rules)
    play(engine, actions[:stop], _START_S)
    saved = engine.snapshot()
    restored.restore(saved)
    assert restored.snapshot() == saved
    rest = actions[stop:]
    assert to_bytes(play(restored, rest, _START_S)) == to_bytes(play(engine, rest, _START_S))
    assert restored.snapshot() == engine.snapshot()


@_every_kind
@_SETTINGS
@given(st.data())
def test_what_was_recorded_gives_the_same_bytes_when_replayed(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    engine, replayed = Engine(table, rules), Engine(table, rules)
    told = play(engine, actions, _START_S)
    again = [one for action in actions for one in do(_Recorded(replayed), action, _START_S)]
    assert to_bytes(again) == to_bytes(told)


class _Recorded:
    """Hands an engine what was written down."""

    def __init__(self, engine: Engine) -> None:
        self.advance, self.resume, self.reset, self._step = engine.advance, engine.resume, engine.reset, engine.step

    def step(self, batch: SampleBatch) -> None:
        self._step(SampleBatch.from_bytes(batch.to_bytes()))


@_every_kind
@_SETTINGS
@given(st.data())
def test_late_and_double_samples_change_nothing(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    newest: dict[int, int] = {}
    waiting: dict[int, int] = {}
    with_late: list[Action] = []
    for action in actions:
        with_late.append(action)
        if isinstance(action, Samples):
            for tag, second, _, _ in action.rows:
                waiting[tag] = max(second, waiting.get(tag, second))
        elif isinstance(action, Advance):
            newest |= {tag: max(second, newest.get(tag, second)) for tag, second in waiting.items()}
            waiting = {}
            if newest:
                tag = data.draw(st.sampled_from(sorted(newest)))
                back = data.draw(st.integers(0, 9))
                with_late.append(Samples(((tag, newest[tag] - back, data.draw(st.sampled_from([0.0, 9.5])), 0),)))
    assert _told(table, rules, with_late) == _told(table, rules, actions)


@_every_kind
@_SETTINGS
@given(st.data())
def test_bad_data_and_silence_clear_nothing(kind: str, data: st.DataObject) -> None:
    if kind in _OF_ABSENCE:
        return
    table, rules, actions = _draw(data, kind)
    engine = Engine(table, rules)
    play(engine, actions, _START_S)
    now_s = max(action.now_s for action in actions if not isinstance(action, Samples))
    after: list[Action] = [Advance(now_s + 1000)]  # delays that ran on good data are over by now
    play(engine, after, _START_S)
    for second in range(now_s + 1001, now_s + 1040, 13):
        rows = tuple((tag, second, 0.0, int(Quality.BAD)) for tag in range(len(table)))
        after += [Samples(rows), Advance(second), Advance(second + 5)]
    told = play(engine, after[1:], _START_S)
    assert not [one for one in told if one.change in (Change.CLEARED, Change.LEVEL_DOWN, Change.VERIFIED)]


@_every_kind
@_SETTINGS
@given(st.data())
def test_an_alert_is_raised_once_and_its_times_never_go_back(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    stories: dict[str, list[Transition]] = {}
    for one in play(Engine(table, rules), actions, _START_S):
        stories.setdefault(one.alert_id, []).append(one)
    for story in stories.values():
        changes = [one.change for one in story]
        assert changes[0] is Change.RAISED
        assert changes.count(Change.RAISED) == 1
        assert Change.CLEARED not in changes[:-1]
        assert [one.effective_us for one in story] == sorted(one.effective_us for one in story)
        assert all(one.why for one in story)


@_every_kind
@_SETTINGS
@given(st.data())
def test_rules_together_say_what_each_says_alone(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    together = play(Engine(table, rules), actions, _START_S)
    for rule in rules.rules:
        alone = play(Engine(table, RuleSet(rules=(rule,))), actions, _START_S)
        assert to_bytes(alone) == to_bytes(one for one in together if one.rule == rule.id)


@_every_kind
@_SETTINGS
@given(st.data())
def test_rules_that_come_and_go_leave_the_others_alone(kind: str, data: st.DataObject) -> None:
    table, rules, actions = _draw(data, kind)
    stop = data.draw(st.integers(0, len(actions)))
    kept = RuleSet(rules=rules.rules[:1])
    engine, other = Engine(table, rules), Engine(table, kept)
    told = play(engine, actions[:stop], _START_S)
    other.restore(engine.snapshot())
    told += play(other, actions[stop:], _START_S)
    back = Engine(table, rules)
    back.restore(other.snapshot())
    expected = play(Engine(table, kept), actions, _START_S)
    mine = [one for one in told if one.rule == "r0"]
    assert to_bytes(mine) == to_bytes(expected)
