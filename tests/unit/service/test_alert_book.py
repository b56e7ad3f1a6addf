"""Stories of single alerts: what the operator sees is what happened, and who did what is on record."""

from typing import Any

import msgspec
import pytest

from rules.transition import Change, Transition, alert_id
from service.alerts.book import AlertBook, Command, Facts, Raise
from service.alerts.model import GENESIS, Alert, Event, chain_hash
from service.alerts.states import NotAllowed, State, Trigger
from tests.unit.service.making import NOON_US, S_US, transition

CHAIN = "00000000-0000-4000-8000-000000000001"
LATER_US = NOON_US + 60 * S_US
BACK_US = LATER_US + 1_800 * S_US


def facts(rule: str, target: str, level: str) -> Facts:
    """Whose, and how urgent: HH and LL are 1, the others 2."""
    return Facts(priority=1 if level in ("HH", "LL") else 2, enterprise="acme", source="acme.tank", unit="%")


@pytest.fixture
def book() -> AlertBook:
    return AlertBook(CHAIN, facts)


def play(book: AlertBook, *transitions: Transition, now_us: int = LATER_US) -> list[Event]:
    """One advance."""
    return book.apply(transitions, now_us)


def ask(trigger: Trigger, *, level: str = "", by: str = "王", one: str = "", to: str = "", **more: Any) -> Command:
    """What a person asks about the level alarm; what is put aside comes back after half an hour."""
    if trigger in (Trigger.SHELVE, Trigger.TAKE_OUT):
        more = {"reason": "探头更换", "until_us": BACK_US, "work_order": "WO-17"} | more
    return Command(
        id=one or f"{trigger}-{level}-{by}", trigger=trigger, alert_id=to or ALERT, by=by, level=level, **more
    )


ALERT = transition().alert_id
UP = transition(Change.LEVEL_UP, level="HH", value=92.0, limit=90.0, peak=92.0)
DOWN = transition(Change.LEVEL_DOWN, level="H", value=85.0, limit=80.0, peak=92.0)
CLEARED = transition(Change.CLEARED, effective_us=NOON_US + 9 * S_US, value=70.0)


def alert_in(book: AlertBook) -> Alert:
    """The level alarm."""
    alert = book.get(ALERT)
    assert alert is not None
    return alert


def test_raised_alert_stands_unacknowledged_with_all_that_is_known(book: AlertBook) -> None:
    (event,) = play(book, transition())
    alert = alert_in(book)
    assert (alert.state, alert.level, alert.peak_level, alert.priority) == (State.UNACK, "H", "H", 2)
    assert (alert.enterprise, alert.source, alert.unit) == ("acme", "acme.tank", "%")
    assert (alert.onset_us, alert.raised_us, alert.value, alert.limit) == (NOON_US, NOON_US, 81.5, 80.0)
    assert (event.seq, event.from_state, event.to_state, event.actor) == (1, State.NORM, State.UNACK, "engine")
    assert (event.effective_us, event.recorded_us, event.reason) == (NOON_US, LATER_US, transition().why)
    assert event.alert == msgspec.to_builtins(alert)


def test_same_occurrence_raised_again_changes_nothing(book: AlertBook) -> None:
    play(book, transition())
    before = book.snapshot()
    assert play(book, transition(), transition(value=99.0)) == []
    assert book.snapshot() == before


def test_acknowledged_and_cleared_alert_is_over_but_can_still_be_looked_at(book: AlertBook) -> None:
    play(book, transition())
    book.command(ask(Trigger.ACK, level="H"), LATER_US)
    assert (alert_in(book).acked_by, alert_in(book).acked_us) == ("王", LATER_US)
    (event,) = play(book, CLEARED)
    assert (event.from_state, event.to_state) == (State.ACKED, State.NORM)
    assert book.active == {}
    assert (alert_in(book).state, alert_in(book).cleared_us) == (State.NORM, NOON_US + 9 * S_US)


def test_cleared_but_unseen_alert_waits_for_acknowledgement(book: AlertBook) -> None:
    play(book, transition(), CLEARED)
    assert alert_in(book).state is State.RTNUN
    (event,) = book.command(ask(Trigger.ACK, level="H"), LATER_US)
    assert event.to_state is State.NORM
    assert book.active == {}


def test_occurrence_that_returns_before_it_was_seen_is_the_same_alert(book: AlertBook) -> None:
    (_, _, event) = play(book, transition(), CLEARED, transition(value=83.0))
    assert (event.trigger, event.to_state) == (Trigger.RETURNED, State.UNACK)
    assert (alert_in(book).cleared_us, alert_in(book).value) == (None, 83.0)


def test_level_up_takes_the_acknowledgement_back(book: AlertBook) -> None:
    play(book, transition())
    book.command(ask(Trigger.ACK, level="H"), LATER_US)
    (event,) = play(book, UP)
    assert (event.from_state, event.to_state) == (State.ACKED, State.UNACK)
    alert = alert_in(book)
    assert (alert.level, alert.priority, alert.acked_us, alert.acked_by) == ("HH", 1, None, "")


def test_level_down_leaves_the_acknowledgement(book: AlertBook) -> None:
    play(book, transition(), UP)
    book.command(ask(Trigger.ACK, level="HH"), LATER_US)
    (event,) = play(book, DOWN)
    alert = alert_in(book)
    assert (event.to_state, alert.level, alert.priority, alert.acked_by) == (State.ACKED, "H", 2, "王")
    assert (alert.peak_level, alert.peak) == ("HH", 92.0), "the worst that was is not forgotten"


def test_acknowledging_h_does_not_acknowledge_the_hh_that_arrived_meanwhile(book: AlertBook) -> None:
    play(book, transition(), UP)
    with pytest.raises(NotAllowed, match="you saw level H, the alert is now at HH; look again, then acknowledge"):
        book.command(ask(Trigger.ACK, level="H"), LATER_US)
    assert alert_in(book).state is State.UNACK
    book.command(ask(Trigger.ACK, level="HH"), LATER_US)
    assert alert_in(book).state is State.ACKED


def test_acknowledgement_without_a_level_is_refused(book: AlertBook) -> None:
    play(book, transition())
    with pytest.raises(NotAllowed, match="you saw level none"):
        book.command(ask(Trigger.ACK), LATER_US)


def test_who_saw_hh_has_seen_the_h_it_fell_to(book: AlertBook) -> None:
    play(book, transition(), UP, DOWN)
    (event,) = book.command(ask(Trigger.ACK, level="HH"), LATER_US)
    assert event.to_state is State.ACKED


def test_low_side_is_no_answer_to_the_high_side(book: AlertBook) -> None:
    play(book, transition())
    with pytest.raises(NotAllowed):
        book.command(ask(Trigger.ACK, level="L"), LATER_US)


def test_second_acknowledgement_is_welcome_and_changes_nothing(book: AlertBook) -> None:
    play(book, transition())
    book.command(ask(Trigger.ACK, level="H", by="王"), LATER_US)
    assert book.command(ask(Trigger.ACK, level="H", by="李"), LATER_US + 5) == []
    assert alert_in(book).acked_by == "王"


def test_same_command_twice_is_done_once(book: AlertBook) -> None:
    play(book, transition())
    command = ask(Trigger.COMMENT, reason="已派人", one="k1")
    assert len(book.command(command, LATER_US)) == 1
    assert book.command(command, LATER_US) == []
    assert book.seq == 2


def test_command_that_was_done_before_a_restart_is_not_done_again_after_it(book: AlertBook) -> None:
    play(book, transition())
    command = ask(Trigger.COMMENT, reason="已派人", one="k1")
    book.command(command, LATER_US)
    restarted = AlertBook(CHAIN, facts)
    restarted.restore(book.snapshot())
    assert restarted.command(command, LATER_US) == []


def test_same_command_is_done_once_even_when_the_alert_is_over_by_then(book: AlertBook) -> None:
    play(book, transition(), CLEARED)
    command = ask(Trigger.ACK, level="H")
    assert len(book.command(command, LATER_US)) == 1
    assert book.command(command, LATER_US) == []


def test_comment_is_recorded_with_name_and_words(book: AlertBook) -> None:
    play(book, transition())
    (event,) = book.command(ask(Trigger.COMMENT, by="李", reason="检修中"), LATER_US)
    assert (event.actor, event.reason, event.from_state, event.to_state) == ("李", "检修中", State.UNACK, State.UNACK)


def test_command_about_no_standing_alert_is_refused(book: AlertBook) -> None:
    with pytest.raises(NotAllowed, match="no standing alert with this id; it may be over already"):
        book.command(ask(Trigger.ACK, level="H", to="nothing"), LATER_US)


@pytest.mark.parametrize("trigger", [Trigger.RAISED, Trigger.CLEARED, Trigger.LEVEL_UP, Trigger.RETURNED])
def test_nobody_can_command_what_only_the_engine_finds(book: AlertBook, trigger: Trigger) -> None:
    play(book, transition())
    before = book.snapshot()
    with pytest.raises(NotAllowed, match="found by the engine, not asked for"):
        book.command(ask(trigger, level="H"), LATER_US)
    assert book.snapshot() == before


@pytest.mark.parametrize("away", [Trigger.SHELVE, Trigger.TAKE_OUT])
def test_alert_that_comes_back_by_itself_must_be_acknowledged_anew(book: AlertBook, away: Trigger) -> None:
    play(book, transition())
    for trigger in (Trigger.ACK, away):
        book.command(ask(trigger, level="H"), LATER_US)
    assert book.advance(BACK_US - 1) == []
    (event,) = book.advance(BACK_US)
    assert (event.trigger, event.actor, event.effective_us) == (Trigger.EXPIRED, "engine", BACK_US)
    alert = alert_in(book)
    assert (alert.state, alert.acked_us, alert.acked_by) == (State.UNACK, None, "")


@pytest.mark.parametrize("found", [Trigger.SUPPRESS, Trigger.CONTEXT_ENDED, Trigger.EXPIRED, Trigger.CONTEXT_OPENED])
def test_nobody_can_command_what_only_the_book_finds(book: AlertBook, found: Trigger) -> None:
    play(book, transition())
    with pytest.raises(NotAllowed, match="found by the engine, not asked for"):
        book.command(ask(found), LATER_US)


def test_who_takes_an_alert_off_the_shelf_has_acknowledged_it(book: AlertBook) -> None:
    play(book, transition())
    book.command(ask(Trigger.SHELVE, by="王"), LATER_US)
    book.command(ask(Trigger.UNSHELVE, by="李"), LATER_US + 1)
    alert = alert_in(book)
    assert (alert.state, alert.acked_by, alert.acked_us) == (State.ACKED, "李", LATER_US + 1)


@pytest.mark.parametrize("away", [Trigger.SHELVE, Trigger.TAKE_OUT])
def test_alert_put_aside_is_still_followed_and_ends_when_it_clears(book: AlertBook, away: Trigger) -> None:
    play(book, transition())
    book.command(ask(away), LATER_US)
    (followed, ended) = play(book, transition(Change.UNVERIFIED, unverified=True), CLEARED)
    assert followed.from_state is followed.to_state
    assert ended.to_state is State.NORM


def test_mark_of_the_unverified_comes_and_goes(book: AlertBook) -> None:
    play(book, transition(), transition(Change.UNVERIFIED, unverified=True, quality="stale", value=None))
    assert (alert_in(book).unverified, alert_in(book).quality, alert_in(book).value) == (True, "stale", None)
    play(book, transition(Change.VERIFIED))
    assert (alert_in(book).unverified, alert_in(book).quality) == (False, "good")


@pytest.mark.parametrize(("delay_us", "late"), [(30 * S_US, False), (30 * S_US + 1, True)])
def test_alarm_found_long_after_it_happened_is_marked_as_detected_late(
    book: AlertBook, delay_us: int, late: bool
) -> None:
    play(book, transition(detected_us=NOON_US + delay_us))
    assert alert_in(book).detected_late is late


def test_transition_that_the_state_does_not_allow_changes_nothing(book: AlertBook) -> None:
    play(book, transition(), CLEARED)
    before = book.snapshot()
    for wrong in (CLEARED, UP):
        with pytest.raises(NotAllowed, match="rtnun does not take"):
            play(book, wrong)
        assert book.snapshot() == before


def test_what_happens_to_an_unknown_alert_is_nothing(book: AlertBook) -> None:
    assert play(book, UP, DOWN, CLEARED) == []
    assert book.seq == 0


def test_numbers_that_are_none_are_shown_as_none(book: AlertBook) -> None:
    (event,) = play(book, transition(value=float("nan"), limit=float("inf"), peak=float("-inf")))
    assert [event.alert[name] for name in ("value", "limit", "peak")] == [None, None, None]


def test_alarm_about_the_service_itself_is_an_alert_like_any_other(book: AlertBook) -> None:
    own = Raise(
        id=alert_id("service", "service/journal", "", 1),
        target="service/journal",
        onset_us=1,
        effective_us=1,
        why="full",
    )
    (raised,) = book.own_alarm(own, LATER_US)
    (cleared,) = book.own_alarm(msgspec.structs.replace(own, cleared=True, effective_us=5), LATER_US)
    assert (raised.to_state, cleared.to_state) == (State.UNACK, State.RTNUN)
    assert book.active[own.id].cleared_us == 5
    assert book.command(ask(Trigger.ACK, to=own.id), LATER_US)[0].to_state is State.NORM


def test_chain_begins_at_nothing_and_each_link_holds_the_one_before(book: AlertBook) -> None:
    events = play(book, transition(), UP, DOWN, CLEARED)
    assert [event.prev_hash for event in events] == [GENESIS, *(event.hash for event in events[:-1])]
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert all(chain_hash(event) == event.hash for event in events)
    assert (book.head, book.seq) == (events[-1].hash, 4)


@pytest.mark.parametrize("field", [name for name in Event.__struct_fields__ if name != "hash"])
def test_hash_depends_on_every_field(book: AlertBook, field: str) -> None:
    (event,) = play(book, transition())
    other: dict[str, Any] = {"seq": 9, "effective_us": 9, "recorded_us": 9, "alert": {}, "trigger": Trigger.ACK}
    other |= {"from_state": State.ACKED, "to_state": State.ACKED}
    altered = msgspec.structs.replace(event, **{field: other.get(field, "another")})
    assert chain_hash(altered) != event.hash


def test_ended_alerts_are_forgotten_in_the_end_but_never_the_standing(book: AlertBook) -> None:
    play(book, transition())
    for i in range(1, 1_005):
        onset_us = NOON_US + i
        play(book, transition(onset_us=onset_us))
        one = transition(onset_us=onset_us).alert_id
        book.command(ask(Trigger.ACK, level="H", to=one, one=str(i)), LATER_US)
        play(book, transition(Change.CLEARED, onset_us=onset_us))
    assert len(book.ended) == 1_000
    assert list(book.active) == [ALERT]
    assert book.get(transition(onset_us=NOON_US + 1).alert_id) is None
