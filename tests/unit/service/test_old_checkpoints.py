"""A checkpoint whose engine state is of another version, or damaged: the service comes up, and what stood stands."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from service.alerts.audit import verify_chain
from service.alerts.states import State, Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.pipeline import Checkpoint
from tests.unit.service.test_pipeline import LT, NO, TT, Service, at

#: Written by the first version of the engine, after three rows: LT at HH, NO and TT at H.
OLD = (Path(__file__).parent / "data" / "checkpoint-of-version-1.msgpack").read_bytes()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


def told(service: Service) -> list[tuple[str, Trigger]]:
    """Of whom, and what."""
    return [(str(event.alert["target"]), event.trigger) for event in service.told]


def test_checkpoint_of_the_first_version_is_gone_on_from(journal: Journal) -> None:
    service = Service(journal)
    for second in (1, 2, 20):
        service.row(second)
    journal.save_state("checkpoint", OLD)
    service.row(21, at(21, LT, 70))
    service.start()
    assert "version 1" in service.pipeline.begun_anew
    assert service.pipeline.poisoned_rows == service.pipeline.refused_transitions == 0
    names = {"acme.tank.LT": State.RTNUN, "acme.tank.TT": State.UNACK, "zeta.outlet.NO": State.UNACK}
    assert service.states() == names, "70 % ended the one; nothing is known of the others"
    service.row(22, at(22, NO, 150), at(22, TT, 56))
    service.row(23, at(23, NO, 90), at(23, TT, 40))
    service.row(26)
    assert set(service.states().values()) == {State.RTNUN}
    assert {alert.detected_late for alert in service.pipeline.book.active.values()} == {False}
    assert Trigger.RAISED not in {trigger for _, trigger in told(service)[-6:]}, "none was raised a second time"
    service.pipeline.save_checkpoint()
    service.start()
    assert service.pipeline.begun_anew == "", "what is written now can be read"


@pytest.mark.parametrize("wrong", [b"", b"parkwatch-engine\n", b"nonsense"], ids=["nothing", "cut", "nonsense"])
def test_damaged_state_of_the_engine_loses_no_alert_and_doubles_none(journal: Journal, wrong: bytes) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 95), at(1, NO, 150))
    service.row(30)
    assert service.states()["dcs/plc"] is State.UNACK
    standing = {alert.id for alert in service.pipeline.book.active.values()}
    service.pipeline.save_checkpoint()
    found = msgspec.msgpack.decode(journal.load_state("checkpoint") or b"", type=Checkpoint)
    journal.save_state("checkpoint", msgspec.msgpack.encode(msgspec.structs.replace(found, engine=wrong)))
    service.start()
    assert service.pipeline.begun_anew
    service.row(31, extras=Extras(start=True))
    service.row(32, at(32, NO, 150))
    service.row(40)
    assert {alert.id for alert in service.pipeline.book.active.values()} == standing
    service.row(41, at(41, LT, 93), at(41, TT, 20))
    assert service.states() == {
        "acme.tank.LT": State.UNACK,
        "zeta.outlet.NO": State.UNACK,
        "dcs/plc": State.RTNUN,
    }, "heard again, and it is the device's own alert that has ended"
    service.row(42, at(42, LT, 50), at(42, NO, 50))
    assert set(service.states().values()) == {State.RTNUN}
    events = {one.seq: one for one in service.told}.values()
    bodies = [(one.seq, msgspec.json.encode(one, order="deterministic").decode(), one.hash) for one in events]
    assert verify_chain(journal.id, bodies).faults == []


def test_formula_of_risk_that_is_none_any_more_does_not_keep_the_service_from_coming_up(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 95))
    service.pipeline.save_checkpoint()
    found = msgspec.msgpack.decode(journal.load_state("checkpoint") or b"", type=Checkpoint)
    setup = msgspec.structs.replace(found.setup, risk='{"a_field_of_long_ago": 1}')
    journal.save_state("checkpoint", msgspec.msgpack.encode(msgspec.structs.replace(found, setup=setup)))
    service.start()
    assert service.states() == {"acme.tank.LT": State.UNACK}
