"""Whatever kills the service wherever, the same alerts come out with the same hashes, none lost and none twice."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Gap
from park.batch import SampleBatch
from park.quality import Quality
from rules.engine import Engine
from rules.transition import alert_id
from service.alerts.audit import verify_chain
from service.alerts.book import Command, Raise
from service.alerts.model import Event
from service.alerts.states import NotAllowed, State, Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras, Row
from service.live import LiveHub
from service.pipeline import Pipeline, Setup
from tests.unit.service.making import NOON_US, PARK_YAML, S_US, batch_of, quick_directory

BAD = int(Quality.BAD)
SETUP = Setup(park_yaml=PARK_YAML, rules_yaml="")
WIND, LT, TT, NO = range(4)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


class Service:
    """The part of the service that folds, and a store that takes events away when it gets round to it."""

    def __init__(self, journal: Journal, setup: Setup = SETUP) -> None:
        self.journal = journal
        self.setup = setup
        self.hub = LiveHub()
        #: What the database holds: body by number; and everything that listeners were told, in order.
        self.stored: dict[int, Event] = {}
        self.told: list[Event] = []
        self.start()

    def start(self) -> None:
        """As after a kill: from the journal alone."""
        self.hub = LiveHub()
        self.pipeline = Pipeline(self.journal, self.setup, self._tell)
        self.pipeline.recover()

    def _tell(self, events: Sequence[Event]) -> None:
        self.told += events
        self.hub.publish(events)

    def row(self, second: float, *samples: Any, extras: Extras | None = None) -> Row:
        """One row, durable and folded."""
        now_us = NOON_US + round(second * S_US)
        row = self.journal.append(received_us=now_us, batch=batch_of(*samples), extras=extras or Extras())
        self.pipeline.on_row(row)
        return row

    def store(self, count: int = 1_000_000) -> None:
        """The writer stores the oldest events and takes them away."""
        for event in list(self.pipeline.unstored)[:count]:
            assert self.stored.setdefault(event.seq, event) == event, "the same number is always the same event"
            self.pipeline.unstored.popleft()

    def states(self) -> dict[str, State]:
        """Of every standing alert, by its target."""
        return {alert.target: alert.state for alert in self.pipeline.book.active.values()}


def at(second: float, tag: int, value: float, quality: int = 0) -> tuple[int, int, float, int]:
    """A sample."""
    return tag, NOON_US + round(second * S_US), value, quality


def ack(alert: str, level: str = "H", one: str = "k") -> Extras:
    """Someone acknowledges."""
    return Extras(commands=(Command(id=one, trigger=Trigger.ACK, alert_id=alert, by="li", level=level),))


def only_alert(service: Service) -> str:
    (one,) = service.pipeline.book.active
    return one


def test_sample_over_its_limit_is_an_alert_with_its_owner_and_priority(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0), at(1, NO, 20.0))
    (alert,) = service.pipeline.book.active.values()
    assert (alert.target, alert.level, alert.value, alert.state) == ("acme.tank.LT", "H", 85.0, State.UNACK)
    assert (alert.enterprise, alert.source, alert.unit, alert.priority) == ("acme", "acme.tank", "%", 2)
    assert [event.seq for event in service.told] == [event.seq for event in service.pipeline.unstored] == [1]


def test_timers_run_on_rows_that_only_carry_the_time(journal: Journal) -> None:
    service = Service(journal)
    service.row(0, at(0, TT, 60.0), at(0, LT, 50.0))
    assert service.states() == {}
    service.row(3)
    assert service.states() == {"acme.tank.TT": State.UNACK}
    service.row(30)
    assert service.states() == {"acme.tank.TT": State.UNACK, "dcs/plc": State.UNACK}, "and silence is noticed"


async def test_outcome_of_a_command_reaches_who_waits_for_it(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    waiting = asyncio.create_task(service.pipeline.outcome("k", 2))
    await asyncio.sleep(0)
    assert not waiting.done()
    service.row(2, extras=ack(only_alert(service)))
    assert (await waiting).state is State.ACKED


async def test_refusal_of_a_command_reaches_who_waits_for_it(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 95.0))
    row = service.row(2, extras=ack(only_alert(service), level="H"))
    with pytest.raises(NotAllowed, match="the alert is now at HH"):
        await service.pipeline.outcome("k", row.position)


async def test_command_sent_twice_has_one_effect_and_two_answers(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    extras = ack(only_alert(service))
    rows = [service.row(2, extras=extras), service.row(3, extras=extras)]
    assert [(await service.pipeline.outcome("k", row.position)).state for row in rows] == [State.ACKED] * 2
    assert len(service.told) == 2


async def test_command_of_before_the_restart_is_answered_honestly(journal: Journal) -> None:
    service = Service(journal)
    with pytest.raises(NotAllowed, match="its outcome is no longer known; look at the alert"):
        await service.pipeline.outcome("unheard of", 0)


async def test_command_repeated_when_its_alert_is_long_forgotten_is_told_so(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    extras = ack(only_alert(service))
    service.row(2, extras=extras)
    service.row(3, at(3, LT, 20.0))
    service.pipeline.book.ended.clear()
    row = service.row(4, extras=extras)
    with pytest.raises(NotAllowed, match="it was done before, and the alert is over long since"):
        await service.pipeline.outcome("k", row.position)
    assert service.pipeline.poisoned_rows == 0


def test_row_that_was_missed_is_folded_before_the_next(journal: Journal) -> None:
    service = Service(journal)
    journal.append(received_us=NOON_US + S_US, batch=batch_of(at(1, LT, 85.0)))
    service.row(2, extras=ack(alert_id("tag-limits", "acme.tank.LT", "high", NOON_US + S_US)))
    assert service.states() == {"acme.tank.LT": State.ACKED}


# -- a defect of ours ------------------------------------------------------------------------------------------------


@pytest.fixture
def stumbling(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine with a defect: it cannot take 66.6."""
    really = Engine.step

    def step(self: Engine, batch: SampleBatch) -> None:
        if (batch.value == 66.6).any():
            raise ZeroDivisionError("66.6")
        really(self, batch)

    monkeypatch.setattr(Engine, "step", step)


async def test_row_that_the_engine_cannot_take_silences_neither_people_nor_the_next_row(
    journal: Journal, stumbling: None
) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    row = service.row(2, at(2, TT, 66.6), extras=ack(only_alert(service)))
    assert (await service.pipeline.outcome("k", row.position)).state is State.ACKED
    service.row(3, at(3, NO, 150.0))
    assert service.states() == {"acme.tank.LT": State.ACKED, "zeta.outlet.NO": State.UNACK}
    assert service.pipeline.poisoned_rows == 1
    service.start()
    assert service.states() == {"acme.tank.LT": State.ACKED, "zeta.outlet.NO": State.UNACK}


def test_what_the_book_refuses_leaves_no_hole_in_the_chain(journal: Journal) -> None:
    service = Service(journal)
    own = Raise(id=alert_id("service", "s", "", 1), target="s", onset_us=1, effective_us=1, why="x")
    over = msgspec.structs.replace(own, cleared=True)
    service.row(1, at(1, LT, 85.0), extras=Extras(commands=(own, over, over)))
    service.row(2, at(2, LT, 95.0))
    assert service.pipeline.refused_transitions == 1
    assert [event.seq for event in service.pipeline.unstored] == [1, 2, 3, 4]
    assert service.states() == {"acme.tank.LT": State.UNACK, "s": State.RTNUN}


# -- killed and recovered --------------------------------------------------------------------------------------------

_sample = st.tuples(
    st.sampled_from([LT, LT, TT, NO, WIND]),
    st.integers(-4, 1),
    st.sampled_from([5.0, 50.0, 79.5, 81.0, 95.0, 120.0]),
    st.sampled_from([0, 0, 0, 1, BAD]),
)
_deed = st.one_of(
    st.tuples(st.just("row"), st.lists(_sample, max_size=6)),
    st.tuples(st.just("row"), st.lists(_sample, max_size=6)),
    st.tuples(st.just("ack"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.sampled_from(["kill", "checkpoint", "trim", "restart"]), st.none()),
    st.tuples(st.just("store"), st.integers(1, 5)),
)


def play(service: Service, deeds: Sequence[tuple[str, Any]]) -> list[Row]:
    """Do it all; return every row there was."""
    rows: list[Row] = []
    second = 0
    for number, (deed, about) in enumerate(deeds):
        second += about if deed == "wait" else 1
        if deed == "row":
            samples = [at(second + ago, tag, value, quality) for tag, ago, value, quality in about]
            rows.append(service.row(second, *samples))
        elif deed == "ack":
            standing = sorted(service.pipeline.book.active.values(), key=lambda alert: alert.id)
            if about < len(standing):
                alert = standing[about]
                rows.append(service.row(second, extras=ack(alert.id, alert.level, str(number))))
        elif deed == "wait":
            rows.append(service.row(second))
        elif deed == "checkpoint":
            service.pipeline.save_checkpoint()
        elif deed == "trim":
            service.journal.trim(service.pipeline.checkpointed)
        elif deed == "store":
            service.store(about)
        else:
            service.start()
            if deed == "restart":
                rows.append(service.row(second, extras=Extras(start=True)))
    service.start()
    service.store()
    return rows


@given(st.lists(_deed, max_size=40))
@settings(max_examples=40, deadline=None)
def test_killed_anywhere_it_comes_to_the_same_events_hash_for_hash(deeds: list[tuple[str, Any]]) -> None:
    with quick_directory() as directory, Journal(directory / "journal.db") as journal:
        service = Service(journal)
        rows = play(service, deeds)
        steady = Pipeline(journal, SETUP, lambda events: None)
        for row in rows:
            steady.fold(row)
        uninterrupted = {event.seq: event for event in steady.unstored}
        assert service.stored == uninterrupted
        assert all(uninterrupted[event.seq] == event for event in service.told)
        assert service.pipeline.book.snapshot() == steady.book.snapshot()
        assert steady.poisoned_rows == steady.refused_transitions == 0
        texts = [
            (event.seq, msgspec.json.encode(event, order="deterministic").decode(), event.hash)
            for event in service.stored.values()
        ]
        assert verify_chain(journal.id, texts).faults == []


def test_listeners_are_told_nothing_twice_within_one_life(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    service.pipeline.save_checkpoint()
    service.row(2, at(2, LT, 95.0))
    service.told.clear()
    service.start()
    assert [event.seq for event in service.told] == [1, 2], "what the store has not, and what is played again"
    assert [event.seq for event in service.hub.since(0)] == [1, 2]
    service.store()
    service.pipeline.save_checkpoint()
    service.told.clear()
    service.start()
    assert service.told == []


def test_letters_and_gaps_are_no_business_of_the_fold(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, extras=Extras(gaps=(Gap(connector="dcs", from_us=1, to_us=2, reason="x"),)))
    assert service.told == []


def test_silence_while_the_service_was_down_raises_no_communication_alarm(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 50.0), at(1, TT, 20.0))
    service.start()
    service.row(3_600, extras=Extras(start=True))
    service.row(3_601, at(3_601, LT, 50.0), at(3_601, TT, 20.0))
    assert service.told == []
    service.row(3_660)
    assert service.states() == {"dcs/plc": State.UNACK}


# -- the park has changed --------------------------------------------------------------------------------------------


def changed(old: str, new: str) -> Setup:
    assert PARK_YAML.count(old) == 1
    return Setup(park_yaml=PARK_YAML.replace(old, new), rules_yaml="")


def test_rows_written_under_the_old_park_are_played_under_it_and_standing_alerts_stay(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, NO, 150.0))
    service.pipeline.save_checkpoint()
    service.row(2, at(2, LT, 85.0))
    before = service.pipeline.book.snapshot()
    service.setup = changed("H: 80", "H: 88")
    service.start()
    assert service.pipeline.book.snapshot() == before, "85 % was over the limit that held when it was measured"
    service.row(
        3,
        at(3, NO, 150.0),
        at(3, LT, 89.0),
        extras=ack(alert_id("tag-limits", "zeta.outlet.NO", "high", NOON_US + S_US)),
    )
    assert service.states()["zeta.outlet.NO"] is State.ACKED, "the same alert as before"
    assert len([event for event in service.told if event.alert["target"] == "zeta.outlet.NO"]) >= 2


def test_rows_before_the_first_checkpoint_are_played_under_their_own_park_too(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    before = service.pipeline.book.snapshot()
    service.setup = changed("H: 80", "H: 88")
    service.start()
    assert service.pipeline.book.snapshot() == before


def test_alert_of_a_tag_that_left_the_park_is_ended(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, NO, 150.0), at(1, LT, 85.0))
    service.setup = changed('{id: "NO", quantity: nitrogen_oxide', "{id: SO2, quantity: sulfur_dioxide")
    service.start()
    service.row(2)
    assert service.states() == {"zeta.outlet.NO": State.RTNUN, "acme.tank.LT": State.UNACK}
    service.row(3, at(3, 4, 500.0))
    assert service.states()["zeta.outlet.SO2"] is State.UNACK, "the new tag has an index of its own"


def test_new_park_is_in_force_after_the_next_kill_too(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 50.0))
    service.setup = changed("H: 80", "H: 40")
    service.start()
    service.row(2, at(2, LT, 50.5))
    assert service.states() == {"acme.tank.LT": State.UNACK}
    before = service.pipeline.book.snapshot()
    service.start()
    assert service.pipeline.book.snapshot() == before


def test_former_park_that_can_no_longer_be_read_does_not_stop_the_service(journal: Journal) -> None:
    service = Service(journal, Setup(park_yaml=PARK_YAML, rules_yaml=""))
    service.row(1, at(1, LT, 85.0))
    position, payload = service.pipeline.make_checkpoint()
    service.pipeline.keep_checkpoint(position, payload.replace(b"unit: m/s", b"unit: x/s"))
    service.start()
    assert service.states() == {"acme.tank.LT": State.UNACK}


def test_rules_that_changed_are_a_change_like_any_other(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0), at(1, NO, 150.0))
    only_no = "rules:\n  - {id: tag-limits, kind: limit, applies_to: {tag: ['NO']}}\n"
    service.setup = Setup(park_yaml=PARK_YAML, rules_yaml=only_no)
    service.start()
    service.row(2)
    assert service.states() == {"acme.tank.LT": State.RTNUN, "zeta.outlet.NO": State.UNACK}


def test_journal_that_cannot_take_a_checkpoint_keeps_the_older_one(journal: Journal) -> None:
    service = Service(journal)
    service.row(1, at(1, LT, 85.0))
    service.pipeline.save_checkpoint()
    checkpointed = service.pipeline.checkpointed
    service.row(2, at(2, LT, 95.0))
    journal._writer.execute("CREATE TRIGGER full BEFORE INSERT ON state BEGIN SELECT RAISE(FAIL, 'disk full'); END")
    service.pipeline.save_checkpoint()
    assert service.pipeline.checkpointed == checkpointed
    before = service.pipeline.book.snapshot()
    service.start()
    assert service.pipeline.book.snapshot() == before
