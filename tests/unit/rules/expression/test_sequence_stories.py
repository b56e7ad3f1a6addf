"""Stories of kind ``sequence``: what follows what must not, and what does not follow what must."""

from typing import Any

import pytest

from rules.engine import Engine
from tests.unit.rules.expression.stories import TABLE, play, rules_of, short, tell

#: A trip within 30 s after HH.
TRIP: dict[str, Any] = {"first": "a > 8", "then": "w == 1", "within": "30s"}
#: The treatment unit is on within 30 s after production has begun.
TREAT: dict[str, Any] = {"first": "b > 5 %", "then": "bit(w, 0)", "within": "30s", "alarm_if": "missing"}


@pytest.mark.parametrize(
    ("story", "told"),
    [
        pytest.param("0: a=1 w=0 | 10: a=9 | 30: w=1 | 50: w=0", ["30 raised", "50 cleared"], id="within"),
        pytest.param("0: a=1 w=0 | 10: a=9 | 40: w=1 | 50: w=0", ["40 raised", "50 cleared"], id="at the very end"),
        pytest.param("0: a=1 w=0 | 10: a=9 | 41: w=1", [], id="too late"),
        pytest.param("0: a=1 w=0 | 5: w=1 | 10: a=9 | 20: w=1", [], id="it was there before"),
        pytest.param("0: a=1 w=1 | 10: a=9 | 20: w=0 | 30: w=1", ["30 raised"], id="it comes again"),
        pytest.param("0: a=1 w=0 | 10: a=9 w=1", ["10 raised"], id="at once"),
        pytest.param("0: a=1 w=0 | 10: a=9 | 20: a=1 | 30: w=1", ["30 raised"], id="what came first is over"),
        pytest.param("0: a=9 w=0 | 30: a=1 | 35: a=9 | 60: w=1", ["60 raised"], id="the last one counts"),
        pytest.param("0: a=1 w=1", [], id="alone"),
    ],
)
def test_a_trip_after_a_high_alarm(story: str, told: list[str]) -> None:
    assert tell(story, TRIP) == told


@pytest.mark.parametrize(
    ("story", "told"),
    [
        pytest.param("0: b=1 w=0 | 10: b=9 | 39: | 40: | 60: w=1", ["40 raised", "60 cleared"], id="missing"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 50: | 60: w=1", ["40 raised @50", "60 cleared"], id="found later"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 30: w=1 | 50: w=0", [], id="it came in time"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 40: w=1", [], id="at the very end"),
        pytest.param("0: b=1 w=1 | 10: b=9 | 50:", [], id="it was there before"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 60: w=1 | 70: w=0", [], id="the first look after the end decides"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 50: b=1", ["40 raised @50"], id="over at that look"),
        pytest.param("0: b=1 w=0 | 10: b=9 | 45: | 50: b=1", ["40 raised @45", "50 cleared"], id="production ends"),
        pytest.param(
            "0: b=1 w=0 | 10: b=9 | 20: b=1 | 45: | 50: b=9 | 60: b=1 | 70: w=1",
            ["40 raised @45", "70 cleared"],
            id="after a pulse only what must come ends it",
        ),
        pytest.param("0: b=1 w=0 | 10: b=9 | 20: b=1 | 30: b=9 | 41:", ["40 raised @41"], id="the first one counts"),
        pytest.param("0: b=9 w=0 | 29: | 31:", ["30 raised @31"], id="there from the beginning"),
    ],
)
def test_treatment_that_is_missing_while_production_runs(story: str, told: list[str]) -> None:
    assert tell(story, TREAT) == told


def test_what_is_not_known_does_not_follow_but_is_missing() -> None:
    assert tell("0: a=1 w=0 | 10: a=9 | 20: w=1! | 50: w=1", TRIP) == []
    assert tell("0: b=1 w=0 | 10: b=9 | 20: w=1! | 41: | 50: w=0 | 60: w=1", TREAT) == [
        "40 raised ? @41",
        "50 verified",
        "60 cleared",
    ]


def test_a_first_that_was_not_known_for_a_while_has_not_begun_anew() -> None:
    assert tell("0: a=9 w=0 | 20: a=9! | 25: a=9 | 40: w=1", TRIP) == []
    assert tell("0: a=1 w=0 | 20: a=9! | 25: a=9 | 40: w=1", TRIP) == ["40 raised"]


def test_what_was_uncertain_raises_unverified() -> None:
    assert tell("0: a=1 w=0 | 10: a=9? | 20: w=1 | 30: w=0", TRIP) == ["20 raised ?", "30 cleared"]


def test_delays_come_on_top() -> None:
    rule = TREAT | {"on_delay": "10s", "off_delay": "5s"}
    assert tell("0: b=9 w=0 | 41: | 60: w=1 | 66:", rule) == ["40 raised @41", "65 cleared @66"]


def test_holds_and_windows_work_in_both_conditions() -> None:
    rule = {"first": "hold(a > 8, 10s)", "then": "hold(w == 1, 5s)", "within": "20s"}
    assert tell("0: a=9 w=0 | 10: | 20: w=1 | 25: | 40: w=0", rule) == ["25 raised", "40 cleared"]


def test_a_sentence_tells_both_conditions() -> None:
    follows, missing = (Engine(TABLE, rules_of(rule)) for rule in (TRIP, TREAT))
    (raised,) = play("0: a=1 w=0 | 10: a=9 | 30: w=1", follows)
    assert raised.why == "w == 1: w 1; within 30s after a > 8: a 9 mg/m3"
    (raised,) = play("0: b=9 w=0 | 30:", missing)
    assert raised.why == "not within 30s after b > 5 %: b 9 %; bit(w, 0): w 0, bit(w, 0) false"


def test_a_changed_time_begins_anew_and_says_so() -> None:
    engine, changed = Engine(TABLE, rules_of(TREAT)), Engine(TABLE, rules_of(TREAT | {"within": "20s"}))
    play("0: b=9 w=0 | 10:", engine)
    changed.restore(engine.snapshot())
    assert changed.notes == ["rule r0: its signal is another one now and begins anew"]
    assert [short(one) for one in play("11: | 30: | 31:", changed)] == ["31 raised"]
