"""Alert events, dead letters and gaps as the database holds them; and that it cannot be made to lie."""

import uuid
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.base import Gap
from park.batch import DeadLetter
from rules.transition import Change
from service.alerts import audit
from service.alerts.book import AlertBook, Command
from service.alerts.model import Event
from service.alerts.states import Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.store import events as event_rows
from service.store.migrate import migrate
from tests.integration.store.stores import caught_up, query, registered, until, writing
from tests.unit.service.making import NOON_US, S_US, transition
from tests.unit.service.plant import Plant, found
from tests.unit.service.test_alert_book import CHAIN, facts

ALERT = transition().alert_id


@pytest.fixture
def dsn(database: str) -> str:
    with psycopg.connect(database) as connection:
        migrate(connection)
    return database


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        registered(journal)
        yield journal


def story(chain: str = CHAIN) -> list[Event]:
    """Raised, worse, acknowledged with a comment, over."""
    book = AlertBook(chain, facts)
    acknowledge = Command(id="k", trigger=Trigger.ACK, alert_id=ALERT, by="王\0", reason="看到\0了", level="HH")
    return [
        *book.apply([transition(), transition(Change.LEVEL_UP, level="HH", value=95.5, peak=95.5)], NOON_US + S_US),
        *book.command(acknowledge, NOON_US + 2 * S_US),
        *book.apply([transition(Change.CLEARED, effective_us=NOON_US + 3 * S_US, value=1.5)], NOON_US + 4 * S_US),
    ]


def write(dsn: str, *events: Event) -> None:
    with psycopg.connect(dsn) as connection:
        event_rows.write(connection, events)


def tables(dsn: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Both tables, whole."""
    return query(dsn, "SELECT * FROM alert_event ORDER BY seq"), query(dsn, "SELECT * FROM alert ORDER BY id")


def test_alert_is_as_its_last_event_left_it(dsn: str) -> None:
    write(dsn, *story())
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        (row,) = connection.execute("SELECT * FROM alert").fetchall()
    assert (str(row["id"]), row["state"], row["level"], row["peak_level"], row["priority"]) == (
        ALERT,
        "norm",
        "H",
        "HH",
        2,
    )
    assert (row["value"], row["limit_value"], row["peak"], row["unit"]) == (1.5, 80.0, 81.5, "%")
    assert (row["acked_by"], row["enterprise"], str(row["chain"]), row["seq"]) == ("王\ufffd", "acme", CHAIN, 4)
    moments = ("onset", "raised", "detected", "acked", "cleared")
    seconds = [(row[name] - event_rows.moment(NOON_US)).total_seconds() for name in moments]
    assert seconds == [0, 0, 1, 2, 3]


def test_writing_the_same_events_again_changes_nothing(dsn: str) -> None:
    write(dsn, *story())
    before = tables(dsn)
    write(dsn, *story())
    write(dsn, *story()[1:3])
    assert tables(dsn) == before


def test_events_may_come_in_any_pieces(dsn: str) -> None:
    events = story()
    write(dsn, *events[:1])
    write(dsn, *events[:3])
    assert query(dsn, "SELECT state, seq FROM alert") == [("acked", 3)]
    write(dsn, *events[1:])
    assert query(dsn, "SELECT state, seq FROM alert") == [("norm", 4)]
    with psycopg.connect(dsn) as connection:
        assert [(one.events, one.faults) for one in audit.verify(connection)] == [(4, [])]


def test_writer_stores_each_event_once_and_hands_the_others_on(dsn: str, journal: Journal) -> None:
    unstored = deque(story()[:2])
    with writing(dsn, journal, unstored=unstored) as writer:
        until(lambda: not unstored)
        unstored.extend(story())
        until(lambda: not unstored)
        assert writer.status.state == "up"
    assert query(dsn, "SELECT seq FROM alert_event ORDER BY seq") == [(1,), (2,), (3,), (4,)]


def test_event_that_comes_while_others_are_being_written_is_not_lost(dsn: str, journal: Journal) -> None:
    events = story()
    unstored: deque[Event] = deque()
    blocked = "SELECT FROM pg_stat_activity WHERE application_name = 'parkwatch-store' AND wait_event_type = 'Lock'"
    with writing(dsn, journal, unstored=unstored) as writer:
        until(caught_up(writer, journal))
        with psycopg.connect(dsn) as connection:
            connection.execute("LOCK TABLE alert_event IN ACCESS EXCLUSIVE MODE")
            unstored.extend(events[:2])
            until(lambda: query(dsn, blocked))
            unstored.extend(events[2:])
        until(lambda: not unstored)
    assert query(dsn, "SELECT seq FROM alert_event ORDER BY seq") == [(1,), (2,), (3,), (4,)]


def test_chain_in_the_database_is_proved_whole_for_every_journal_there_was(dsn: str) -> None:
    other = str(uuid.UUID(int=7))
    write(dsn, *story())
    write(dsn, *story(other))
    with psycopg.connect(dsn) as connection:
        verdicts = audit.verify(connection)
    assert [(one.chain, one.events, one.faults) for one in verdicts] == [(other, 4, []), (CHAIN, 4, [])]


@pytest.mark.parametrize(
    ("crime", "told"),
    [
        ("DELETE FROM alert_event WHERE seq = 4", "the chain ends at 3, but an alert knows of event 4"),
        ("DELETE FROM alert_event", "the chain ends at 0, but an alert knows of event 4"),
        ("DELETE FROM alert_event WHERE seq = 2", "events 2 to 2 are missing"),
        ("UPDATE alert_event SET body = replace(body, '95.5', '79.5') WHERE seq = 2", "event 2 was altered"),
        ("UPDATE alert_event SET seq = 5 - seq", "event 1 was altered"),
        ("UPDATE alert_event SET hash = repeat('0', 64) WHERE seq = 4", "event 4 was altered"),
    ],
)
def test_crime_of_a_database_superuser_is_found(dsn: str, crime: str, told: str) -> None:
    write(dsn, *story())
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE alert_event DISABLE TRIGGER alert_event_append_only")
        connection.execute("ALTER TABLE alert_event DROP CONSTRAINT alert_event_pkey")
        connection.execute(crime.encode())
    with psycopg.connect(dsn) as connection:
        (verdict,) = audit.verify(connection)
    assert any(told in fault for fault in verdict.faults)


def test_what_is_written_during_the_audit_is_no_fault(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    events = story()
    write(dsn, *events[:2])
    really = audit.verify_chain

    def verify_while_writing(*arguments: object) -> audit.Verdict:
        verdict = really(*arguments)  # type: ignore[arg-type]
        write(dsn, *events[2:])
        return verdict

    monkeypatch.setattr(audit, "verify_chain", verify_while_writing)
    with psycopg.connect(dsn) as connection:
        assert [one.faults for one in audit.verify(connection)] == [[]]


def test_dead_letters_are_kept_as_they_came_once(dsn: str, journal: Journal) -> None:
    letters = (
        DeadLetter(
            origin="mqtt\0", received_us=NOON_US, reason="undecodable", detail="NUL \0 here", raw=b"\0\xff\xfe\0",
            address="a/\0", enterprise="acme",
        ),
        DeadLetter(origin="http", received_us=NOON_US + 1, reason="future", detail="\ud800", raw=b""),
    )  # fmt: skip
    extras = Extras(letters=letters[:1])
    journal.append(received_us=NOON_US, batch=None, extras=extras)
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        event_rows.write_letters(cursor, letters[1:])
    assert query(dsn, "SELECT origin, enterprise, address, reason, detail, raw FROM dead_letter ORDER BY id") == [
        ("mqtt\ufffd", "acme", "a/\ufffd", "undecodable", "NUL \ufffd here", b"\0\xff\xfe\0"),
        ("http", "", "", "future", "?", b""),
    ]
    assert query(dsn, "SELECT received_at FROM dead_letter ORDER BY id LIMIT 1") == [(event_rows.moment(NOON_US),)]


def test_gap_that_was_refilled_replaces_its_first_record(dsn: str, journal: Journal) -> None:
    open_gap = Gap(connector="dcs", from_us=NOON_US, to_us=NOON_US + S_US, reason="restart")
    refilled = Gap(connector="dcs", from_us=NOON_US, to_us=NOON_US + 2 * S_US, reason="restart", refilled=60)
    other = Gap(connector="met", from_us=NOON_US, to_us=NOON_US + S_US, reason="lost \0")
    journal.append(received_us=NOON_US, batch=None, extras=Extras(gaps=(open_gap, other, refilled)))
    with writing(dsn, journal) as writer:
        until(caught_up(writer, journal))
    assert query(dsn, "SELECT connector, to_time, reason, refilled FROM connector_gap ORDER BY 1") == [
        ("dcs", event_rows.moment(NOON_US + 2 * S_US), "restart", 60),
        ("met", event_rows.moment(NOON_US + S_US), "lost \ufffd", None),
    ]


def test_audit_finds_alerts_whose_events_lost_their_numbers_to_others(dsn: str) -> None:
    """A journal put back from a backup counts anew from there; the database keeps what it had under those numbers."""
    write(dsn, *story())
    again = AlertBook(CHAIN, facts)
    write(dsn, *again.apply([transition(onset_us=NOON_US + 60 * S_US)], NOON_US + 61 * S_US))
    with psycopg.connect(dsn) as connection:
        (verdict,) = audit.verify(connection)
    assert verdict.faults == ["1 alerts name events that tell of other alerts; was the journal put back from a backup?"]


def test_context_entries_are_stored_as_they_stand_and_their_changes_in_the_chain(dsn: str) -> None:
    plant = Plant()
    entry = plant.context("calibration", tags=("acme.T2.level",), reason="校准 \0")
    plant.row(1, entry)
    plant.row(2, found(2, "acme.T2.level"))
    half = list(plant.events)
    write(dsn, *half)
    plant.row(3, plant.end(entry))
    for _ in range(2):
        write(dsn, *plant.events)
    write(dsn, *half)
    assert query(dsn, "SELECT state, tags, reason, over, ended_by, end_reason, seq FROM context") == [
        ("over", ["acme.T2.level"], "校准 \ufffd", event_rows.moment(NOON_US + 3 * S_US), "王", "完工", 5),
    ]
    assert query(dsn, "SELECT state, kind, aside_by, first_out, alert_group = id::text FROM alert") == [
        ("unack", "limit", "", True, True),
    ]
    assert query(dsn, "SELECT count(*) FROM alert_event") == [(6,)]
    with psycopg.connect(dsn) as connection:
        (verdict,) = audit.verify(connection)
    assert (verdict.faults, verdict.head) == ([], plant.book.head)
