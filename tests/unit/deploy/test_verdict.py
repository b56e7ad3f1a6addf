"""A demonstration's verdict: what was raised, held against what the scenario expects."""

from typing import Any

import pytest

from deploy.verdict import Ledger, Verdict, epoch_us, judge
from simulators.scenario import Expected

_START = "2026-11-22T05:00:00Z"
_RULE, _TANK = "tag-limits", "hengtai.T101.level"


def alert(**told: Any) -> dict[str, Any]:
    """An alert as the live stream tells of it: the tank's level is high, eight seconds after the start."""
    fields: dict[str, Any] = {
        "id": "a1",
        "rule": _RULE,
        "target": _TANK,
        "side": "high",
        "level": "H",
        "onset": "2026-11-22T05:00:08Z",
        "cleared": None,
        "unverified": False,
    }
    return fields | told


def expected(**told: Any) -> Expected:
    """That one."""
    return Expected.model_validate({"rule": _RULE, "target": _TANK, "side": "high", "level": "H"} | told)


def verdict(ledger: Ledger, *expectations: Expected) -> Verdict:
    return judge(expectations, ledger.alerts.values(), epoch_us(_START))


@pytest.fixture
def ledger() -> Ledger:
    """The alert was raised, and nothing else was."""
    ledger = Ledger()
    ledger.note({"trigger": "raised", "alert": alert()})
    return ledger


def test_what_was_expected_and_raised_is_exact(ledger: Ledger) -> None:
    found = verdict(ledger, expected())
    assert (found.expected, found.raised, found.exact) == (1, 1, True)


def test_alert_that_nobody_expects_is_named_with_its_time(ledger: Ledger) -> None:
    found = verdict(ledger)
    assert found.unexpected == ["tag-limits hengtai.T101.level H at +8.0 s"]
    assert not found.exact


def test_expected_alert_that_is_not_raised_is_missing() -> None:
    found = verdict(Ledger(), expected())
    assert found.missing == ["tag-limits hengtai.T101.level H: not raised"]
    assert not found.exact


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        pytest.param({"level": "HH"}, "reached H, not HH", id="level"),
        pytest.param({"onset": ["10s", "12s"]}, "began at 8.0 s, not in 10 to 12 s", id="too early"),
        pytest.param({"onset": ["2s", "7s"]}, "began at 8.0 s, not in 2 to 7 s", id="too late"),
        pytest.param({"cleared": True}, "not cleared", id="still there"),
        pytest.param({"unverified": True}, "never marked unverified", id="unverified"),
        pytest.param({"side": "low", "level": "L"}, "not raised", id="side"),
        pytest.param({"target": "hengtai.T102.level"}, "not raised", id="target"),
    ],
)
def test_alert_that_does_not_fit_is_told_with_the_reason(ledger: Ledger, wanted: dict[str, Any], reason: str) -> None:
    found = verdict(ledger, expected(**wanted))
    assert [one.partition(": ")[2] for one in found.missing] == [reason]
    assert len(found.unexpected) == 1


@pytest.mark.parametrize("wanted", [{"onset": ["8s", "8s"]}, {"cleared": False}, {"unverified": False}])
def test_bounds_are_part_of_what_is_allowed(ledger: Ledger, wanted: dict[str, Any]) -> None:
    assert verdict(ledger, expected(**wanted)).exact


def test_highest_level_counts_though_it_was_left_again(ledger: Ledger) -> None:
    ledger.note({"trigger": "level_up", "alert": alert(level="HH")})
    ledger.note({"trigger": "level_down", "alert": alert(level="H")})
    assert verdict(ledger, expected(level="HH")).exact


def test_mark_is_remembered_and_the_end_is_the_last_word(ledger: Ledger) -> None:
    ledger.note({"trigger": "unverified", "alert": alert(unverified=True)})
    ledger.note({"trigger": "cleared", "alert": alert(cleared="2026-11-22T05:00:20Z")})
    assert verdict(ledger, expected(unverified=True, cleared=True)).exact


def test_alert_raised_twice_is_wrong(ledger: Ledger) -> None:
    ledger.note({"trigger": "raised", "alert": alert()})
    assert verdict(ledger, expected()).missing == ["tag-limits hengtai.T101.level H: raised 2 times"]


def test_alert_seen_again_after_a_reset_was_raised_once(ledger: Ledger) -> None:
    ledger.note_standing(alert())
    assert verdict(ledger, expected()).exact


def test_alert_first_seen_in_a_snapshot_was_raised() -> None:
    ledger = Ledger()
    ledger.note_standing(alert())
    assert verdict(ledger, expected()).exact


def test_each_expectation_takes_an_alert_of_its_own(ledger: Ledger) -> None:
    ledger.note({"trigger": "raised", "alert": alert(id="a2", onset="2026-11-22T05:00:30Z")})
    first, second = expected(onset=["25s", "35s"]), expected(onset=["5s", "10s"])
    assert verdict(ledger, first, second).exact
    assert len(verdict(ledger, first, first).missing) == 1


def test_alarms_of_the_service_about_itself_are_no_part_of_the_script(ledger: Ledger) -> None:
    ledger.note({"trigger": "raised", "alert": alert(id="s", rule="service", target="service/journal", level="")})
    assert verdict(ledger, expected()).exact


def test_communication_alarms_have_neither_side_nor_level() -> None:
    ledger = Ledger()
    silent = alert(rule="tag-stale", target="mqtt/fl-ne", side="", level="")
    ledger.note({"trigger": "raised", "alert": silent})
    assert verdict(ledger, Expected(rule="tag-stale", target="mqtt/fl-ne")).exact


def test_silence_before_the_play_is_no_part_of_the_script() -> None:
    ledger = Ledger()
    onset = {"onset": "2026-11-22T04:59:55Z"}
    ledger.note({"trigger": "raised", "alert": alert(rule="tag-stale", target="hj212", side="", level="", **onset)})
    assert verdict(ledger).exact
    ledger.note({"trigger": "raised", "alert": alert(id="a2", **onset)})
    assert verdict(ledger).unexpected == ["tag-limits hengtai.T101.level H at -5.0 s"]


def test_times_are_read_in_any_zone() -> None:
    assert epoch_us("2026-11-22T13:00:00.000001+08:00") == epoch_us(_START) + 1
