"""Whoever alters the record of alerts is found out."""

from collections.abc import Callable

import msgspec
import pytest

from rules.transition import Change
from service.alerts.audit import verify_chain
from service.alerts.book import AlertBook
from service.alerts.model import GENESIS, Event, chain_hash
from tests.unit.service.making import NOON_US, transition
from tests.unit.service.test_alert_book import CHAIN, facts

Rows = list[tuple[int, str, str]]


def row_of(event: Event) -> tuple[int, str, str]:
    """As it stands in the database."""
    return event.seq, msgspec.json.encode(event, order="deterministic").decode(), event.hash


@pytest.fixture
def rows() -> Rows:
    book = AlertBook(CHAIN, facts)
    changes = [Change.RAISED, Change.UNVERIFIED, Change.VERIFIED, Change.CLEARED]
    found = [transition(change, value=81.25, why="液位 81.25 % 高于 80 %") for change in changes]
    return [row_of(event) for event in book.apply(found, NOON_US)]


def faults(rows: Rows) -> list[str]:
    return verify_chain(CHAIN, rows).faults


def test_untouched_record_is_whole(rows: Rows) -> None:
    verdict = verify_chain(CHAIN, rows)
    assert (verdict.faults, verdict.events, verdict.last, verdict.head) == ([], 4, 4, rows[-1][2])


def test_record_without_events_is_whole() -> None:
    assert (faults([]), verify_chain(CHAIN, []).head) == ([], GENESIS)


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda body: body.replace("81.25", "79.25"), id="a number"),
        pytest.param(lambda body: body.replace("液位", "温度"), id="a word"),
        pytest.param(lambda body: body.replace('"actor":"engine"', '"actor":"nobody"'), id="who did it"),
        pytest.param(lambda body: body.replace(str(NOON_US), str(NOON_US + 1)), id="when"),
        pytest.param(lambda body: body[:-1] + ',"note":"all was well"}', id="a word put in"),
        pytest.param(lambda body: body + " ", id="a blank"),
        pytest.param(lambda body: body[:-1] + ',"actor":"engine"}', id="said twice"),
        pytest.param(lambda body: body.replace(CHAIN, CHAIN.replace("1", "2")), id="another chain"),
        pytest.param(lambda body: "{}", id="emptied"),
        pytest.param(lambda body: "rubbish", id="spoilt"),
    ],
)
def test_altered_event_is_found(rows: Rows, alter: Callable[[str], str]) -> None:
    seq, body, stored = rows[1]
    assert alter(body) != body
    rows[1] = (seq, alter(body), stored)
    assert any("event 2" in fault for fault in faults(rows))


def test_event_altered_together_with_its_hash_is_found_by_the_next(rows: Rows) -> None:
    event = msgspec.json.decode(rows[1][1], type=Event)
    forged = msgspec.structs.replace(event, reason="nothing happened")
    rows[1] = row_of(msgspec.structs.replace(forged, hash=chain_hash(forged)))
    assert faults(rows) == ["event 3 does not follow the one before it"]


def test_hash_exchanged_alone_is_found(rows: Rows) -> None:
    rows[1] = (*rows[1][:2], rows[0][2])
    assert "event 2 was altered: its hash does not fit its content" in faults(rows)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        pytest.param([1, 2, 3], "events 1 to 1 are missing", id="the first"),
        pytest.param([0, 2, 3], "events 2 to 2 are missing", id="one in the middle"),
        pytest.param([0, 3], "events 2 to 3 are missing", id="two in the middle"),
    ],
)
def test_removed_events_are_named(rows: Rows, kept: list[int], told: str) -> None:
    assert told in faults([rows[i] for i in kept])


def test_events_that_changed_places_are_found(rows: Rows) -> None:
    (_, body1, hash1), (_, body2, hash2) = rows[1], rows[2]
    rows[1], rows[2] = (2, body2, hash2), (3, body1, hash1)
    told = faults(rows)
    assert "event 2 was altered: its hash does not fit its content" in told
    assert "event 3 does not follow the one before it" in told


def test_chain_rewritten_from_the_middle_has_another_head(rows: Rows) -> None:
    head = verify_chain(CHAIN, rows).head
    previous = msgspec.json.decode(rows[1][1], type=Event)
    for i in (2, 3):
        event = msgspec.json.decode(rows[i][1], type=Event)
        forged = msgspec.structs.replace(event, reason="made up", prev_hash=previous.hash)
        previous = msgspec.structs.replace(forged, hash=chain_hash(forged))
        rows[i] = row_of(previous)
    verdict = verify_chain(CHAIN, rows)
    assert verdict.faults == [], "nothing within the chain can tell"
    assert verdict.head != head, "but who noted the head yesterday can"


def test_all_faults_are_told(rows: Rows) -> None:
    seq, body, stored = rows[3]
    rows[3] = (seq, body.replace("81.25", "1.25"), stored)
    assert len(faults(rows[1:])) == 3
