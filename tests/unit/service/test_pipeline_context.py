"""Context and shelving through the journal: whatever kills the service, they end when they must, and once."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from service.alerts.asked import Asked, Command, OpenContext
from service.alerts.audit import verify_chain
from service.alerts.contexts import Context
from service.alerts.law import Protected
from service.alerts.model import Alert, Event
from service.alerts.policy import H_US, Policy
from service.alerts.states import NotAllowed, State, Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.pipeline import Setup
from tests.unit.service.making import NOON_US, PARK_YAML, S_US
from tests.unit.service.test_pipeline import LT, SETUP, Service, at

LATCHED = Setup(park_yaml=PARK_YAML, rules_yaml="version: 1\nrules: [{kind: limit, id: stay, latch: true}]\n")
HAZARD = """\
hazard: {grade: 3, population_500m: 40, chemicals: [{name: benzene, q_t: 1500}]}
        from: {connector: dcs, device"""
MAJOR = Setup(park_yaml=PARK_YAML.replace("from: {connector: dcs, device", HAZARD), rules_yaml="")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


def asks(*asked: Asked) -> Extras:
    """A row with these."""
    return Extras(commands=asked)


def shelve(alert: str, minutes: float = 10) -> Command:
    """From noon."""
    until_us = NOON_US + round(minutes * 60 * S_US)
    return Command(id="c1", trigger=Trigger.SHELVE, alert_id=alert, by="王", reason="检修", until_us=until_us)


def calibration(begins_s: float = 0, ends_s: float = 600) -> OpenContext:
    """Of the level of acme's tank."""
    return OpenContext(
        id="00000000-0000-4000-9000-000000000001",
        kind="calibration",
        enterprise="acme",
        tags=("acme.tank.LT",),
        from_us=NOON_US + round(begins_s * S_US),
        to_us=NOON_US + round(ends_s * S_US),
        reason="季度校准",
        by="李",
    )


def alert_of(service: Service) -> str:
    """The one that stands."""
    (alert,) = service.pipeline.book.active
    return alert


def test_shelf_and_entry_that_were_due_while_the_service_was_down_end_with_the_first_row(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 81))
    service.row(2, extras=asks(shelve(alert_of(service)), calibration(ends_s=300)))
    service.pipeline.save_checkpoint()
    service.start()
    assert service.states() == {"acme.tank.LT": State.SHELVED}
    service.row(3_600, extras=Extras(start=True))
    told = [(event.trigger, (event.effective_us - NOON_US) // S_US) for event in service.told]
    assert [one for one in told if one[0] in (Trigger.EXPIRED, Trigger.CONTEXT_OVER)] == [
        *((Trigger.EXPIRED, 600), (Trigger.CONTEXT_OVER, 300)),
    ]
    assert service.states() == {"acme.tank.LT": State.UNACK}


def test_kill_anywhere_gives_the_same_events_of_alerts_and_entries(tmp_path: Path) -> None:
    def play(service: Service, *, kill_at: int = -1, checkpoint_at: int = -1) -> list[bytes]:
        rows = [
            (1, (), asks(calibration(begins_s=5, ends_s=20))),
            (2, (at(2, LT, 81),), None),
            (3, (), None),
            (6, (at(6, LT, 95),), None),
            (7, (at(7, LT, 60),), None),
            (8, (at(8, LT, 85),), None),
            (21, (at(21, LT, 84),), None),
        ]
        for i, (second, samples, extras) in enumerate(rows):
            shelved = asks(shelve(alert_of(service), minutes=0.4)) if i == 2 else None
            service.row(second, *samples, extras=shelved or extras)
            if i == checkpoint_at:
                service.pipeline.save_checkpoint()
            if i == kill_at:
                service.start()
        service.row(30)
        assert service.pipeline.poisoned_rows == 0
        unique = {event.seq: msgspec.json.encode(event) for event in service.told}
        assert len(unique) == max(unique)
        return [unique[seq] for seq in sorted(unique)]

    with Journal(tmp_path / "steady.db") as steady:
        expected = play(Service(steady))
        chain = steady.id
    assert b'"suppress"' in b"".join(expected)
    events = [msgspec.json.decode(one) for one in expected]
    for kill_at in (1, 2, 4, 6):
        for checkpoint_at in sorted({-1, 2, kill_at}):
            with Journal(tmp_path / f"{kill_at}-{checkpoint_at}.db") as journal:
                told = play(Service(journal), kill_at=kill_at, checkpoint_at=checkpoint_at)
                assert [_apart_from_chain(msgspec.json.decode(one)) for one in told] == [
                    _apart_from_chain(one) for one in events
                ], (kill_at, checkpoint_at)
    assert chain


def _apart_from_chain(event: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in event.items() if name not in ("chain", "hash", "prev_hash")}


def test_outcome_of_an_entry_is_the_entry_and_its_changes_are_in_the_chain(journal: Journal) -> None:
    service = Service(journal)
    row = service.row(1, extras=asks(calibration()))
    entry = asyncio.run(service.pipeline.outcome(calibration().id, row.position))
    assert isinstance(entry, Context)
    assert (entry.state, entry.opened_by) == ("live", "李")
    bodies = [(one.seq, msgspec.json.encode(one, order="deterministic").decode(), one.hash) for one in service.told]
    assert verify_chain(journal.id, bodies).faults == []


def test_entry_that_is_refused_says_why(journal: Journal) -> None:
    service = Service(journal)
    row = service.row(1, extras=asks(msgspec.structs.replace(calibration(), reason="")))
    with pytest.raises(NotAllowed, match="give a reason"):
        asyncio.run(service.pipeline.outcome(calibration().id, row.position))


def test_hh_of_a_major_hazard_source_refuses_to_be_shelved(journal: Journal) -> None:
    service = Service(journal, MAJOR)
    service.row(1, at(1, LT, 95))
    row = service.row(2, extras=asks(shelve(alert_of(service))))
    with pytest.raises(Protected, match=r"art\. 38"):
        asyncio.run(service.pipeline.outcome("c1", row.position))


def test_source_that_becomes_a_major_hazard_takes_its_hh_off_the_shelf(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 95))
    service.row(2, extras=asks(shelve(alert_of(service))))
    service.setup = MAJOR
    service.start()
    service.row(3)
    assert service.states() == {"acme.tank.LT": State.UNACK}
    assert "art. 38" in service.told[-1].reason


def test_latched_alarm_ends_with_the_row_after_its_reset(journal: Journal) -> None:
    service = Service(journal, LATCHED)
    service.row(1, at(1, LT, 81))
    service.row(2, at(2, LT, 40))
    alert = alert_of(service)
    assert service.states() == {"acme.tank.LT": State.UNACK}
    service.row(3, extras=asks(Command(id="r1", trigger=Trigger.RESET, alert_id=alert, by="王", reason="已处理")))
    assert service.told[-1].trigger is Trigger.RESET
    service.row(4)
    assert service.states() == {"acme.tank.LT": State.RTNUN}


def test_rows_are_played_with_the_longest_shelving_under_which_they_were_written(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 81))
    service.row(2, extras=asks(shelve(alert_of(service), minutes=120)))
    told = list(service.told)
    strict = Policy(shelve_us={1: H_US, 2: H_US, 3: H_US, 4: H_US})
    service.setup = msgspec.structs.replace(SETUP, alerts=strict)
    service.start()
    assert service.told[: len(told)] == told, "as they were"
    service.row(3)
    assert service.states() == {"acme.tank.LT": State.UNACK}, "two hours are too long from now on"


def test_what_fails_half_way_leaves_no_hole_in_the_chain(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 95), extras=asks(calibration()))
    settle = service.pipeline.book._settle

    def fails(alert: Alert, now_us: int) -> list[Event]:
        settle(alert, now_us)
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(service.pipeline.book, "_settle", fails)
    service.row(2, at(2, LT, 85), extras=asks(msgspec.structs.replace(calibration(), id=str(uuid.uuid4()))))
    assert service.pipeline.poisoned_rows == 1
    monkeypatch.undo()
    service.row(3, at(3, LT, 95))
    assert service.pipeline.poisoned_rows == 1
    assert [event.seq for event in service.told] == list(range(1, len(service.told) + 1))
