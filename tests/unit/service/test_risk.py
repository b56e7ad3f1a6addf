"""Risk follows alarms and time; the journal alone determines its history, whatever is killed in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.risk.assess import assess
from rules.risk.formula import RiskFormula
from service.alerts.asked import Command
from service.alerts.states import Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.pipeline import Pipeline, Setup
from service.risk import RiskChange
from tests.unit.service.making import NOON_US, PARK_YAML, S_US, batch_of, quick_directory

WIND, LT, TT, NO = range(4)
SETUP = Setup(park_yaml=PARK_YAML)
TOUCHY = RiskFormula.model_validate({"level": {"H": 80}})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


class Folding:
    """The part of the service that folds, and what its store has of the history."""

    def __init__(self, journal: Journal, setup: Setup = SETUP) -> None:
        self.journal = journal
        self.stored: dict[int, RiskChange] = {}
        self.start(setup)

    def start(self, setup: Setup = SETUP) -> None:
        """As after a kill: from the journal alone."""
        self.pipeline = Pipeline(self.journal, setup, lambda _: None)
        self.pipeline.recover()

    def row(self, second: float, *samples: tuple[int, float], extras: Extras | None = None) -> None:
        """One row with samples (tag, value) of its own time."""
        now_us = NOON_US + round(second * S_US)
        batch = batch_of(*((tag, now_us, value) for tag, value in samples)) if samples else None
        self.pipeline.on_row(self.journal.append(received_us=now_us, batch=batch, extras=extras or Extras()))

    def store(self, count: int = 1_000_000) -> None:
        """The writer stores the oldest changes and takes them away."""
        for change in list(self.pipeline.unstored_risks)[:count]:
            assert self.stored.setdefault(change.seq, change) == change, "the same number is always the same change"
            self.pipeline.unstored_risks.popleft()

    def history(self) -> list[tuple[Any, ...]]:
        """(seconds, subject, was, colour) of all changes."""
        self.store()
        return [((one.at_us - NOON_US) / S_US, one.subject, one.was, one.colour) for one in self.stored.values()]


def test_colours_follow_alarm_duration_and_return_to_normal(journal: Journal) -> None:
    service = Folding(journal)
    service.row(0, (LT, 50.0))
    assert service.history() == []
    service.row(1, (LT, 95.0))
    for second in (5, 600, 601):
        service.row(second, (LT, 95.0), (TT, 20.0))
    service.row(605, (LT, 50.0), (TT, 20.0))
    both = ("acme.tank", "acme", "park")
    assert service.history() == [
        *((1, one, "blue", "yellow") for one in both),
        *((601, one, "yellow", "orange") for one in both),
        *((605, one, "orange", "blue") for one in both),
    ]
    whys = [one.why for one in service.stored.values() if one.subject == "acme"]
    assert whys == [
        "yellow (40) because acme.tank: LT HH for 0 s (+40)",
        "orange (50) because acme.tank: LT HH for 10 min (+50)",
        "blue (0): no alarm stands",
    ]


def test_a_shelved_alarm_weighs_on(journal: Journal) -> None:
    service = Folding(journal)
    service.row(1, (NO, 150.0))
    (alert,) = service.pipeline.book.active
    until_us = NOON_US + 600 * S_US
    asked = Command(id="k", trigger=Trigger.SHELVE, alert_id=alert, by="li", reason="span gas", until_us=until_us)
    service.row(2, extras=Extras(commands=(asked,)))
    assert service.pipeline.book.active[alert].state == "shelved"
    risks = service.pipeline.risk.now(0)
    assert (risks["zeta"].colour, risks["zeta.outlet"].score) == ("yellow", 25)
    assert risks["zeta.outlet"].parts[0].alarm is not None
    assert risks["zeta.outlet"].parts[0].alarm.aside == "shelved"


def test_silence_of_a_device_counts_for_its_enterprise_and_makes_what_stands_unverified(journal: Journal) -> None:
    service = Folding(journal)
    service.row(0, (LT, 85.0), (TT, 20.0))
    for second in range(10, 40, 10):
        service.row(second)
    risks = service.pipeline.risk.now(0)
    assert [part.what for part in risks["acme.tank"].parts] == ["alarm", "unverified"]
    assert (risks["acme.tank"].score, risks["acme.*"].score) == (25 * 1.25, 10)


def test_another_formula_is_used_from_the_next_row_on(journal: Journal) -> None:
    service = Folding(journal)
    service.row(1, (NO, 150.0))
    assert [one[3] for one in service.history()] == ["yellow"] * 3
    service.pipeline.save_checkpoint()
    touchy = msgspec.structs.replace(SETUP, risk=TOUCHY.model_dump_json())
    service.start(touchy)
    service.row(2)
    assert service.history()[3:] == [(2, one, "yellow", "red") for one in ("zeta.outlet", "zeta", "park")]


def test_rows_behind_the_checkpoint_are_played_under_the_formula_of_their_time(journal: Journal) -> None:
    service = Folding(journal)
    service.pipeline.save_checkpoint()
    service.row(1, (NO, 150.0))
    service.start(msgspec.structs.replace(SETUP, risk=TOUCHY.model_dump_json()))
    service.row(2)
    assert [(one[0], one[3]) for one in service.history()] == [(1, "yellow")] * 3 + [(2, "red")] * 3


def test_what_left_the_park_has_no_risk_any_more(journal: Journal) -> None:
    service = Folding(journal)
    service.row(1, (NO, 150.0))
    service.pipeline.save_checkpoint()
    service.start(msgspec.structs.replace(SETUP, park_yaml=PARK_YAML.replace("id: outlet", "id: stack")))
    service.row(2)
    later = service.history()[3:]
    assert (2, "zeta.outlet", "yellow", "blue") in later
    assert service.stored[max(service.stored)].why == "no longer in the park"


def test_a_checkpoint_of_an_older_version_knew_no_risk(journal: Journal) -> None:
    service = Folding(journal)
    service.row(1, (NO, 150.0))
    _, payload = service.pipeline.make_checkpoint()
    older = msgspec.msgpack.decode(payload)
    del older["risk"]
    journal.save_state("checkpoint", msgspec.msgpack.encode(older))
    service.start()
    service.row(2)
    assert [one[3] for one in service.history()] == ["yellow"] * 3


moves = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.sampled_from([1, 30, 599, 3_600]), st.sampled_from([50.0, 85.0, 95.0])),
        st.tuples(st.sampled_from(["tick", "checkpoint", "kill", "store"]), st.sampled_from([1, 600]), st.just(0.0)),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(moves)
def test_whatever_is_killed_wherever_the_history_is_the_same(what: list[tuple[str, int, float]]) -> None:
    with quick_directory() as one, quick_directory() as two, Journal(one / "j") as a, Journal(two / "j") as b:
        killed, spared = Folding(a), Folding(b)
        second = 0
        for do, by, value in what:
            if do in ("row", "tick"):
                second += by
                for each in (killed, spared):
                    each.row(second, *([(LT, value), (NO, 2 * value)] if do == "row" else []))
            elif do == "store":
                killed.store(by)
            elif do == "checkpoint":
                killed.pipeline.save_checkpoint()
            else:
                killed.start()
        for each in (killed, spared):
            each.row(second + 1)
        assert killed.history() == spared.history()
        assert killed.stored == spared.stored
        _check_now(killed, NOON_US + (second + 1) * S_US)


def _check_now(service: Folding, now_us: int) -> None:
    risk = service.pipeline.risk
    assert dict(risk.now(0)) == assess(service.pipeline.tags.park, risk.tree.alarms(), now_us, RiskFormula())
    for subject, one in risk.now(0).items():
        last = risk.last.get(subject)
        assert one.kind == "own" or one.colour == (last.colour if last else "blue")
