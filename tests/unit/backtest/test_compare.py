"""What two sets of rules raise otherwise, and the figures of one: told of a few alerts, proved over many."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.kpi.figures import KpiNorms
from rules.spec import RuleSet
from rules.transition import Change, Transition
from service.alerts.book import Facts
from service.backtest import result
from service.backtest.compare import compare
from service.backtest.found import Collector, Found, line
from tests.unit.service.making import NOON_US, S_US, transition

RULES = RuleSet.model_validate(
    {"rules": [{"id": "a", "kind": "limit", "name": "A"}, {"id": "b", "kind": "stale"}, {"id": "c", "kind": "limit"}]}
)


def found(begin_s: float, end_s: float | None = None, **other: Any) -> Found:
    """An alert of rule a."""
    raised_us = NOON_US + round(begin_s * S_US)
    fields: dict[str, Any] = {
        "alert_id": f"{other}-{begin_s}",
        "rule": "a",
        "target": "acme.tank.LT",
        "side": "high",
        "source": "acme.tank",
        "enterprise": "acme",
        "priority": 2,
        "level": "H",
        "onset_us": raised_us,
        "raised_us": raised_us,
        "cleared_us": None if end_s is None else NOON_US + round(end_s * S_US),
    }
    return Found(**fields | other)


def counts(before: list[Found], after: list[Found]) -> tuple[int, int, int, int]:
    """(added, removed, moved, same)"""
    difference = compare(before, after)
    return len(difference.added), len(difference.removed), len(difference.moved), len(difference.same)


def test_alert_at_the_same_instants_and_level_is_the_same() -> None:
    assert counts([found(0, 10)], [found(0, 10)]) == (0, 0, 0, 1)
    assert counts([found(0)], [found(0)]) == (0, 0, 0, 1)


def test_alert_that_overlaps_is_moved_and_by_how_long() -> None:
    (moved,) = compare([found(0, 10)], [found(4, 12)]).moved
    assert (moved.raised_by_us, moved.cleared_by_us) == (4 * S_US, 2 * S_US)
    (moved,) = compare([found(5, 10)], [found(2)]).moved
    assert (moved.raised_by_us, moved.cleared_by_us) == (-3 * S_US, None)


def test_alert_at_another_level_is_moved_by_nothing() -> None:
    (moved,) = compare([found(0, 10)], [found(0, 10, level="HH")]).moved
    assert (moved.raised_by_us, moved.cleared_by_us) == (0, 0)


@pytest.mark.parametrize(
    "other", [{"rule": "b"}, {"target": "acme.tank.TT"}, {"side": "low"}], ids=lambda other: next(iter(other))
)
def test_alerts_of_something_else_are_never_the_same(other: dict[str, str]) -> None:
    assert counts([found(0, 10)], [found(0, 10, **other)]) == (1, 1, 0, 0)


def test_alerts_that_do_not_touch_are_added_and_removed() -> None:
    assert counts([found(0, 10), found(50, 60)], [found(20, 30)]) == (1, 2, 0, 0)


def test_chatter_that_becomes_one_alert_is_one_moved_and_the_rest_removed() -> None:
    assert counts([found(0, 1), found(2, 3), found(4, 5)], [found(0, 30)]) == (0, 2, 1, 0)


_spans = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20)), max_size=12)


def _of_spans(spans: list[tuple[int, int]]) -> list[Found]:
    """One after the other, as alerts of one target and side are."""
    alerts, now = [], -1
    for gap, length in spans:
        begin = now + 1 + gap % 7
        now = begin + length
        alerts.append(found(begin, now))
    return alerts


@settings(max_examples=200, deadline=None)
@given(_spans, _spans)
def test_every_alert_is_told_of_once_and_overlapping_ones_are_matched(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    before, after = _of_spans(old), _of_spans(new)
    difference = compare(before, after)
    matched = len(difference.moved) + len(difference.same)
    assert len(difference.removed) + matched == len(before)
    assert len(difference.added) + matched == len(after)
    assert counts(before, before) == (0, 0, 0, len(before))
    for one in difference.moved:
        assert one.before.raised_us <= (one.after.cleared_us or 0)
        assert one.after.raised_us <= (one.before.cleared_us or 0)
    mirrored = compare(after, before)
    assert len(mirrored.moved) == len(difference.moved)


def test_hundred_thousand_alerts_are_compared_within_seconds() -> None:
    before = [found(10 * number, 10 * number + 5) for number in range(50_000)]
    after = [found(10 * number + 2, 10 * number + 5) for number in range(50_000)]
    began_s = time.process_time()
    assert counts(before, after) == (0, 0, 50_000, 0)
    assert time.process_time() - began_s < 5.0


# -- what a run found ------------------------------------------------------------------------------------------------


def _facts(rule: str, target: str, level: str) -> Facts:
    return Facts(priority=1 if level == "HH" else 2, enterprise="acme", source="acme.tank", unit="%")


def _told(change: Change, second: float, **other: Any) -> Transition:
    return transition(change, rule="a", effective_us=NOON_US + round(second * S_US), **other)


def test_alert_is_put_together_from_its_transitions() -> None:
    collector = Collector(_facts)
    collector.take([_told(Change.RAISED, 0), _told(Change.LEVEL_UP, 5, level="HH")])
    collector.take([_told(Change.LEVEL_DOWN, 8), _told(Change.UNVERIFIED, 9), _told(Change.CLEARED, 10)])
    (one,) = collector.alerts
    assert (one.level, one.priority, one.raised_us, one.cleared_us) == ("HH", 1, NOON_US, NOON_US + 10 * S_US)
    assert collector.transitions == 5


def test_every_rule_has_its_figures_and_one_that_raised_nothing_says_so() -> None:
    alerts = [found(0, 10), found(20, 50), found(60), found(5, 6, rule="b", level="", source="", enterprise="")]
    a, b, c = result.by_rule(RULES, alerts, NOON_US + 100 * S_US)
    assert (a["alerts"], a["standing"], a["targets"], a["levels"]) == (3, 1, 1, {"H": 3})
    assert (a["median_s"], a["p90_s"], a["total_s"]) == (30.0, 40.0, 80.0), "what stands has lasted until the end"
    assert (a["first"], a["last"]) == ("2026-11-22T00:00:00.000000Z", "2026-11-22T00:01:00.000000Z")
    assert (b["kind"], b["alerts"], b["median_s"]) == ("stale", 1, 1.0)
    assert (c["alerts"], c["median_s"], c["first"], c["total_s"]) == (0, None, None, 0)


def test_noisiest_source_comes_first() -> None:
    alerts = [found(0, 1), found(2, 3, source="acme.x"), found(4, 5, source="acme.x")]
    alerts.append(found(0, 1, source="", enterprise="", target="dcs/plc"))
    assert [(one["source"], one["alerts"]) for one in result.by_source(alerts, NOON_US)] == [
        ("acme.x", 2),
        ("acme.tank", 1),
        ("dcs/plc", 1),
    ]


def test_flood_and_chatter_are_held_against_their_norms() -> None:
    alerts = [found(10 * number, 10 * number + 1, alert_id=str(number)) for number in range(12)]
    figures = result.key_figures(alerts, NOON_US, NOON_US + 600 * S_US, KpiNorms())
    assert (figures["floods_count"], figures["chattering_count"], figures["alarms"]) == (1, 1, 12)
    assert figures["per_10min"]["band"] == "overloaded"
    assert figures["floods"][0]["begin"] == "2026-11-22T00:01:40.000000Z"
    assert figures["bad_actors"][0]["count"] == 12


def test_difference_is_counted_by_rule_and_shown_in_order_of_time() -> None:
    told = result.difference(
        compare([found(0, 5), found(50, 55, rule="c")], [found(1, 5), found(20, 30), found(10, 15)])
    )
    assert (told["added"], told["removed"], told["moved"], told["same"]) == (2, 1, 1, 0)
    assert told["by_rule"] == [
        {"rule": "a", "added": 2, "removed": 0, "moved": 1, "same": 0},
        {"rule": "c", "added": 0, "removed": 1, "moved": 0, "same": 0},
    ]
    assert [one["raised"][17:19] for one in told["added_alerts"]] == ["10", "20"]
    (moved,) = told["moved_alerts"]
    assert (moved["raised_later_s"], moved["cleared_later_s"], moved["level_before"]) == (1.0, 0.0, "H")


def test_line_tells_one_transition_to_programs() -> None:
    told = line(_told(Change.RAISED, 2.5))
    assert (told["rule"], told["state"], told["level"], told["target"]) == ("a", "raised", "H", "acme.tank.LT")
    assert (told["onset"], told["effective"]) == ("2026-11-22T00:00:00.000000Z", "2026-11-22T00:00:02.500000Z")
