"""A backtest tells what the live service would have told, byte for byte; and skips what changes nothing."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.batch import SampleBatch
from park.index import TagTable
from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from rules.transition import Change, Transition, to_bytes
from service.alerts.model import Event
from service.backtest.run import Cancelled, Run, Trial, first_tick
from service.backtest.ticks import LongBlock, Tick, WideBlock, merged, tick_end
from service.journal.journal import Journal
from service.pipeline import Pipeline, Setup
from tests.unit.rules.worlds import SECOND, START_S, World, park_of, tables, worlds
from tests.unit.service.making import NOON_US, PARK_YAML, S_US, quick_directory, tag_table

LT, TT = 1, 2
START_US = START_S * SECOND
BASE_US = START_US - 100 * SECOND


def block_of(*samples: tuple[int, float, float] | tuple[int, float, float, int], base_us: int = NOON_US) -> LongBlock:
    """(tag, seconds, value, quality) in any order."""
    rows = sorted(((*one, 0)[:4] for one in samples), key=lambda row: row[1])
    tag, seconds, value, quality = zip(*rows, strict=True)
    return LongBlock(
        np.array(tag, dtype=np.int32),
        base_us + np.round(np.array(seconds) * S_US).astype(np.int64),
        np.array(value, dtype=np.float64),
        np.array(quality, dtype=np.uint8),
    )


def tried(
    tags: TagTable, ticks: list[Tick], *, rules: RuleSet | None = None, start_us: int = NOON_US, **how: Any
) -> list[Transition]:
    """What a run tells."""
    told: list[Transition] = []
    trial = Trial(tags, rules or default_rules(), start_us, told.extend)
    Run(trials=[trial]).play(iter(ticks), how.get("until_us"), how.get("settle_us", 0))
    return told


def every_second(
    tags: TagTable, ticks: list[Tick], *, rules: RuleSet | None = None, start_us: int = NOON_US, until_us: int
) -> list[Transition]:
    """The same by the plainest means: one row a second, with or without samples."""
    engine = Engine(tags, rules or default_rules())
    told = list(engine.advance(start_us))
    rows: dict[int, list[SampleBatch]] = {}
    for end_us, batch in ticks:
        rows.setdefault(end_us, []).append(batch)
    for now_us in range(start_us, until_us + 1, S_US):
        for batch in rows.get(now_us, []):
            engine.step(batch)
        told += engine.advance(now_us)
    return told


@st.composite
def recordings(draw: st.DrawFn) -> tuple[World, list[Tick], int]:
    """Random parks and rules, and samples as a recording has them: in order of time, with silences."""
    world = draw(worlds())
    seconds = 0
    samples = []
    for _ in range(draw(st.integers(1, 40))):
        seconds += draw(st.sampled_from([0, 0, 1, 1, 2, 5, 13, 70]))
        tag = draw(st.integers(0, len(world.tags) - 1))
        value = draw(st.sampled_from([0.0, 1.0, 3.0, 5.0, 5.0, 7.0, 9.0, float("nan")]))
        samples.append((tag, float(seconds), value, draw(st.sampled_from([0, 0, 0, 1, 2]))))
    block = block_of(*samples, base_us=START_US)
    return world, list(block.ticks(S_US)), START_US + (seconds + 90) * S_US


@settings(max_examples=150, deadline=None)
@given(recordings())
def test_rows_that_are_skipped_would_have_changed_nothing(recording: tuple[World, list[Tick], int]) -> None:
    world, ticks, until_us = recording
    skipped = tried(world.tags, ticks, rules=world.rules, start_us=BASE_US, until_us=until_us)
    plain = every_second(world.tags, ticks, rules=world.rules, start_us=BASE_US, until_us=until_us)
    assert to_bytes(skipped) == to_bytes(plain)


class Live:
    """The service's own fold over journal rows, and what its engine told."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.told: list[Transition] = []
        self.events: list[Event] = []
        self.pipeline = Pipeline(journal, Setup(park_yaml=PARK_YAML, rules_yaml=""), self.events.extend)
        self.pipeline.recover()
        advance = self.pipeline.engine.advance

        def listened(now_us: int) -> list[Transition]:
            told = advance(now_us)
            self.told += told
            return told

        self.pipeline.engine.advance = listened  # type: ignore[method-assign]

    def row(self, now_us: int, batch: SampleBatch | None) -> None:
        """Durable, then folded."""
        self.pipeline.on_row(self._journal.append(received_us=now_us, batch=batch))


@st.composite
def afternoons(draw: st.DrawFn) -> LongBlock:
    """Minutes of the small park around its limits, with holes long enough for its time-outs."""
    seconds = 0.0
    samples = []
    for _ in range(draw(st.integers(5, 60))):
        seconds += draw(st.sampled_from([0.0, 0.25, 1.0, 1.0, 2.0, 3.5, 15.0]))
        tag = draw(st.sampled_from([LT, LT, TT, 3]))
        value = draw(st.sampled_from([5.0, 50.0, 79.5, 81.0, 95.0, 150.0]))
        samples.append((tag, seconds, value, draw(st.sampled_from([0, 0, 0, 0, 1, 2]))))
    return block_of(*samples)


@settings(max_examples=60, deadline=None)
@given(afternoons())
def test_backtest_tells_what_the_live_service_told_of_the_same_rows(block: LongBlock) -> None:
    ticks = list(block.ticks(S_US))
    until_us = tick_end(block.last_us, S_US) + 40 * S_US
    rows = dict(ticks)
    with quick_directory() as directory, Journal(directory / "journal.db") as journal:
        live = Live(journal)
        for now_us in range(NOON_US, until_us + 1, S_US):
            live.row(now_us, rows.get(now_us))
        found = tried(tag_table(), ticks, until_us=until_us)
        assert to_bytes(found) == to_bytes(live.told)
        alerts = {one.alert_id for one in found if one.change is Change.RAISED}
        assert alerts == {event.alert_id for event in live.events}, "and the alert book has the very same alerts"


def test_timer_that_runs_out_in_a_silence_comes_due_at_its_instant() -> None:
    ticks = list(block_of((TT, 0.5, 60.0)).ticks(S_US))
    told = tried(tag_table(), ticks, until_us=NOON_US + 86_400 * S_US)
    assert [(one.change, one.target, (one.effective_us - NOON_US) / S_US) for one in told] == [
        (Change.RAISED, "acme.tank.TT", 2.5),
        (Change.UNVERIFIED, "acme.tank.TT", 10.5),
        (Change.RAISED, "dcs/plc", 20.5),
    ]
    assert [(one.detected_us - NOON_US) / S_US for one in told] == [3.0, 11.0, 21.0]


def test_silent_month_costs_a_handful_of_rows() -> None:
    trial = Trial(tag_table(), default_rules(), NOON_US, lambda told: None)
    run = Run(trials=[trial])
    run.play(iter(block_of((TT, 0.5, 60.0), (LT, 30 * 86_400.0, 50.0)).ticks(S_US)), None, 0)
    assert run.counts.ticks == 2
    assert run.counts.idle < 20


def test_time_that_passes_after_the_last_sample_is_the_settling_time() -> None:
    ticks = list(block_of((TT, 1.0, 60.0)).ticks(S_US))
    assert tried(tag_table(), ticks) == []
    assert [one.change for one in tried(tag_table(), ticks, settle_us=2 * S_US)] == [Change.RAISED]


def test_rule_is_evaluated_on_the_days_on_which_it_is_in_force() -> None:
    """NOON is 08:00 of 22 November in UTC+08:00; the rule holds on the 23rd alone."""
    rule = {"id": "day", "kind": "limit", "limits": {"H": 80}, "valid_from": "2026-11-23", "valid_to": "2026-11-23"}
    rules = RuleSet.model_validate({"rules": [rule | {"applies_to": {"tag": ["LT"]}}]})
    hours = [(LT, hour * 3600.0, 85.0) for hour in range(0, 48, 4)]
    told = tried(tag_table(), list(block_of(*hours).ticks(S_US)), rules=rules, until_us=NOON_US + 48 * 3600 * S_US)
    ends = [one for one in told if one.change in (Change.RAISED, Change.CLEARED)]
    assert [(one.change, (one.effective_us - NOON_US) / S_US / 3600) for one in ends] == [
        (Change.RAISED, 16.0),
        (Change.CLEARED, 40.0),
    ]


def test_cancelled_run_ends() -> None:
    ticks = block_of(*((LT, float(second), 50.0) for second in range(200))).ticks(S_US)
    trial = Trial(tag_table(), default_rules(), NOON_US, lambda told: None)
    with pytest.raises(Cancelled):
        Run(trials=[trial], is_cancelled=lambda: True).play(ticks, None, 0)


# -- ticks -----------------------------------------------------------------------------------------------------------


def test_tick_holds_what_was_measured_by_its_end_and_not_before() -> None:
    ticks = list(block_of((LT, 1.0, 1.0), (LT, 1.000001, 2.0), (LT, 2.0, 3.0), (LT, 4.0, 4.0)).ticks(S_US))
    assert [((end_us - NOON_US) / S_US, batch.value.tolist()) for end_us, batch in ticks] == [
        (1.0, [1.0]),
        (2.0, [2.0, 3.0]),
        (4.0, [4.0]),
    ]


def test_wide_rows_give_the_ticks_of_the_same_samples_one_by_one() -> None:
    random = np.random.default_rng(7)
    value = random.normal(50, 30, (50, 3))
    value[random.random(value.shape) < 0.1] = np.nan
    times = NOON_US + np.cumsum(random.integers(0, 900_000, 50))
    wide = WideBlock(np.array([0, 1, 3], dtype=np.int32), times, value)
    row, column = np.nonzero(~np.isnan(value))
    long = LongBlock(wide.tag[column], times[row], value[row, column], np.zeros(len(row), dtype=np.uint8))
    assert _as_sets(wide.ticks(S_US)) == _as_sets(long.ticks(S_US))
    assert (wide.size, wide.last_us, long.size) == (150, times[-1], len(row))


def _as_sets(ticks: Iterator[Tick]) -> list[tuple[int, set[tuple[int, int, float]]]]:
    return [
        (end_us, set(zip(batch.tag.tolist(), batch.time_us.tolist(), batch.value.tolist(), strict=True)))
        for end_us, batch in ticks
        if len(batch)
    ]


def test_blocks_without_samples_have_no_ticks() -> None:
    none = np.empty(0, dtype=np.int64)
    assert list(WideBlock(np.zeros(1, np.int32), none, np.empty((0, 1))).ticks(S_US)) == []
    assert list(LongBlock(none.astype(np.int32), none, none.astype(float), none.astype(np.uint8)).ticks(S_US)) == []
    assert first_tick(iter(()), S_US)[0] is None


def test_several_recordings_are_played_side_by_side() -> None:
    one = block_of((LT, 1.0, 1.0), (LT, 3.0, 3.0))
    other = block_of((TT, 1.0, 10.0), (TT, 2.0, 20.0))
    streams = [(NOON_US, lambda: one.ticks(S_US)), (NOON_US, lambda: other.ticks(S_US))]
    both = [((end_us - NOON_US) / S_US, batch.value.tolist()) for end_us, batch in merged(streams)]
    assert both == [(1.0, [1.0]), (1.0, [10.0]), (2.0, [20.0]), (3.0, [3.0])]


def test_recordings_of_day_after_day_are_opened_one_after_the_other() -> None:
    opened: list[int] = []

    def day(number: int) -> Iterator[Tick]:
        opened.append(number)
        yield from block_of((LT, number * 100 + 1.0, float(number)), (LT, number * 100 + 99.0, 0.5)).ticks(S_US)

    days = [(NOON_US + number * 100 * S_US, partial(day, number)) for number in (2, 0, 1)]
    values, known = [], []
    for _, batch in merged(days):
        values += batch.value.tolist()
        known.append(len(opened))
    assert values == [0.0, 0.5, 1.0, 0.5, 2.0, 0.5]
    assert known == [1, 1, 2, 2, 3, 3]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 50), max_size=8), max_size=5))
def test_merged_recordings_are_in_order_and_complete(recordings: list[list[int]]) -> None:
    blocks = [block_of(*((0, float(second), 1.0) for second in one)) for one in recordings if one]
    ticks = list(merged([(int(one.time_us[0]), partial(one.ticks, S_US)) for one in blocks]))
    ends = [end_us for end_us, _ in ticks]
    assert ends == sorted(ends)
    assert sum(len(batch) for _, batch in ticks) == sum(map(len, recordings))


@settings(max_examples=30, deadline=None)
@given(tables(), st.lists(st.integers(0, 600), min_size=1, max_size=30), st.sampled_from([S_US, 250_000, 10 * S_US]))
def test_no_sample_is_lost_or_doubled_by_cutting(tags: TagTable, seconds: list[int], tick_us: int) -> None:
    block = block_of(*((0, second / 4, float(number)) for number, second in enumerate(seconds)), base_us=START_US)
    values = [value for _, batch in block.ticks(tick_us) for value in batch.value.tolist()]
    assert values == block.value.tolist()


def test_reading_ahead_hands_on_what_went_wrong(tmp_path: Path) -> None:
    from service.backtest.ahead import read_ahead

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the disk is gone")

    ahead = read_ahead(broken())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="the disk is gone"):
        next(ahead)


def test_reading_ahead_ends_with_its_reader() -> None:
    import threading

    from service.backtest.ahead import read_ahead

    ahead = read_ahead(iter(range(1000)))
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert "read-ahead" not in {thread.name for thread in threading.enumerate()}


# -- every kind of rule ----------------------------------------------------------------------------------------------

EVERY_KIND: list[dict[str, Any]] = [
    {"id": "counted", "kind": "limit", "limits": {"H": 6}, "count": 2, "within": "20s"},
    {"id": "moving", "kind": "limit", "limits_from": {"H": {"tag": "t0", "plus": 2}}, "applies_to": {"tag": ["t1"]}},
    {"id": "latched", "kind": "limit", "limits": {"H": 8}, "latch": True},
    {"id": "rate", "kind": "rate", "window": "20s", "per": "10s", "limits": {"H": 3, "L": -3, "on_delay": "5s"}},
    {"id": "silence", "kind": "stale", "stale_after": "9s", "stale_delay": "2s"},
    {"id": "frozen", "kind": "frozen", "hold": "15s", "off_delay": "3s"},
    {"id": "range", "kind": "range", "sentinels": [0], "on_delay": "2s", "clipped_for": "5s"},
    {"id": "quality", "kind": "quality", "bad_for": "4s", "uncertain_for": "11s"},
    {"id": "away", "kind": "deviation", "reference": "t1", "limits": {"H": 4, "L": -4, "on_delay": "3s"}},
    {"id": "sigma", "kind": "deviation", "own_mean": "60s", "sigma": 2, "least_sigma": 0.5},
    {"id": "vote", "kind": "vote", "m": 2, "limit": 6, "on_delay": "3s"},
    {"id": "sliding", "kind": "window", "window": "30s", "panes": 6, "min_valid": 0.3, "limits": {"H": 6}},
    {
        "id": "minutes",
        "kind": "window",
        "window": "60s",
        "panes": 12,
        "sliding": False,
        "min_valid": 0.1,
        "limits": {"H": 5},
    },
    {"id": "condition", "kind": "expression", "when": "t0 > 5 and t1 < 8", "on_delay": "4s"},
    {"id": "mean", "kind": "expression", "when": "mean(t0, 20s) > 5"},
    {"id": "old", "kind": "expression", "when": "stale(t0) or hold(t1 > 6, 7s)"},
    {"id": "follows", "kind": "sequence", "first": "t0 > 6", "then": "t1 > 6", "within": "15s"},
    {"id": "missing", "kind": "sequence", "first": "t0 > 6", "then": "t1 > 6", "within": "15s", "alarm_if": "missing"},
    {"id": "overfill", "kind": "forecast", "of": "value", "window": "30s", "ahead": "30s", "limits": {"H": 9}},
    {"id": "hour", "kind": "forecast", "of": "mean", "window": "60s", "min_valid": 0.1, "limits": {"H": 6}},
]


def _two_tags() -> TagTable:
    origin = {"connector": "mqtt", "device": "plc"}
    tag = {"quantity": "level", "unit": "%", "stale_after": "12s", "span": [0, 9], "from": origin}
    return TagTable(park_of([{"id": f"t{number}", **tag} for number in range(2)]))


@pytest.mark.parametrize("rule", EVERY_KIND, ids=lambda rule: str(rule["id"]))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_kind_of_rule_misses_a_row_that_is_skipped(rule: dict[str, Any], data: st.DataObject) -> None:
    rules, tags = RuleSet.model_validate({"rules": [rule]}), _two_tags()
    seconds, samples = 0, []
    value = st.sampled_from([0.0, 1.0, 4.0, 5.5, 7.0, 8.5, 9.0])
    for _ in range(data.draw(st.integers(1, 25))):
        seconds += data.draw(st.sampled_from([1, 1, 2, 3, 8, 40]))
        for tag in data.draw(st.sampled_from([(0,), (1,), (0, 1)])):
            samples.append((tag, float(seconds), data.draw(value), data.draw(st.sampled_from([0, 0, 0, 0, 1, 2]))))
    ticks = list(block_of(*samples, base_us=START_US).ticks(S_US))
    until_us = START_US + (seconds + 150) * S_US
    skipped = tried(tags, ticks, rules=rules, start_us=START_US, until_us=until_us)
    plain = every_second(tags, ticks, rules=rules, start_us=START_US, until_us=until_us)
    assert to_bytes(skipped) == to_bytes(plain)


@pytest.mark.parametrize("rule", EVERY_KIND, ids=lambda rule: str(rule["id"]))
def test_every_kind_of_rule_sleeps_through_a_silent_day(rule: dict[str, Any]) -> None:
    samples = [(tag, float(second), 5.0) for second in range(20) for tag in (0, 1)]
    trial = Trial(_two_tags(), RuleSet.model_validate({"rules": [rule]}), START_US, lambda told: None)
    run = Run(trials=[trial])
    run.play(block_of(*samples, base_us=START_US).ticks(S_US), START_US + 86_400 * S_US, 0)
    assert run.counts.idle < 10_000
