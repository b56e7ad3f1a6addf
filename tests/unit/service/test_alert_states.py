"""Every state and every trigger: where the table leads, and that it leads nowhere else."""

import pytest

from service.alerts.states import ASIDE, COMMANDS, NotAllowed, State, Trigger, next_state

#: ISA-18.2 / IEC 62682 as deploy/docs/semantics.md has it, written a second time: state -> trigger -> next state.
TABLE: dict[str, dict[str, str]] = {
    "unack": {
        "ack": "acked",
        "cleared": "rtnun",
        "level_up": "unack",
        "shelve": "shelved",
        "suppress": "suppressed",
        "take_out": "out_of_service",
    },
    "acked": {
        "cleared": "norm",
        "level_up": "unack",
        "shelve": "shelved",
        "suppress": "suppressed",
        "take_out": "out_of_service",
    },
    "rtnun": {"ack": "norm", "returned": "unack"},
    "norm": {},
    "shelved": {"expired": "unack", "level_up": "unack", "unshelve": "acked", "cleared": "norm"},
    "suppressed": {"level_up": "suppressed", "context_ended": "unack", "cleared": "norm"},
    "out_of_service": {"level_up": "out_of_service", "put_back": "unack", "expired": "unack", "cleared": "norm"},
}
#: What moves no alert, in any state but the last.
REMARKS = ("level_down", "unverified", "verified", "comment", "not_first")
for _state, _ways in TABLE.items():
    if _state != "norm":
        _ways.update(dict.fromkeys(REMARKS, _state))
    if _state not in ("norm", "rtnun"):
        _ways["reset"] = _state


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("state", State)
def test_trigger_leads_where_the_table_says_or_is_refused(state: State, trigger: Trigger) -> None:
    expected = TABLE[state].get(trigger)
    if expected is not None:
        assert next_state(state, trigger) == expected
        return
    with pytest.raises(NotAllowed, match=f"an alert that is {state.value} does not take {trigger.value}"):
        next_state(state, trigger)


def test_no_state_is_forgotten() -> None:
    assert set(TABLE) == set(State)


def test_every_standing_state_can_come_to_an_end() -> None:
    reached = {"norm"}
    while more := {state for state, ways in TABLE.items() if state not in reached and reached & set(ways.values())}:
        reached |= more
    assert reached == set(State)


def test_what_is_put_aside_comes_back_by_itself_only_unacknowledged() -> None:
    for state in ASIDE:
        back = {trigger: next_ for trigger, next_ in TABLE[state].items() if next_ in ("unack", "acked")}
        assert {trigger for trigger, next_ in back.items() if next_ == "acked"} <= {"unshelve"}
        assert "unack" in back.values()


def test_people_cannot_say_what_the_engine_or_the_book_finds() -> None:
    found = {"raised", "level_up", "level_down", "unverified", "verified", "cleared", "returned"}
    found |= {"expired", "suppress", "context_ended", "not_first"}
    found |= {trigger.value for trigger in Trigger if trigger.value.startswith("context_")}
    assert {trigger.value for trigger in Trigger} - found == {trigger.value for trigger in COMMANDS}
