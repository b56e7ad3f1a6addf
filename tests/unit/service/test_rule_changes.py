"""Rules change while the service runs: by people, at midnight, by confirmation; what does not change goes on."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.alerts.model import Event
from service.alerts.states import State, Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras, Row
from service.pipeline import Pipeline, Setup
from service.rules.active import Status
from service.rules.compiled import compile_rules
from service.rules.files import RuleFile, load_rules
from service.rules.versions import Confirmation, RulesChange, RuleVersion, day_of, next_version, rule_sha256
from tests.unit.service.making import NOON_US, PARK_YAML, S_US, batch_of, quick_directory

_, LT, TT, NO = range(4)
LIMITS = "  - {id: tag-limits, kind: limit}\n"
STALE = "  - {id: tag-stale, kind: stale}\n"
EXTRA = "  - {id: hot, kind: limit, applies_to: {quantity: [temperature]}, limits: {H: 30}}\n"
#: 2026-11-23 00:00, UTC+08:00.
MIDNIGHT_US = 1_795_363_200_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


def rules(*lines: str) -> tuple[RuleFile, ...]:
    return (RuleFile(name="rules.yaml", text="rules:\n" + "".join(lines)),)


def change(files: tuple[RuleFile, ...] | None, **more: Any) -> RulesChange:
    return RulesChange(id="c", by="Li Wei", reason="revision", files=files, **more)


class Service:
    """The part of the service that folds."""

    def __init__(self, journal: Journal, files: tuple[RuleFile, ...] = ()) -> None:
        self.journal = journal
        self.setup = Setup(park_yaml=PARK_YAML, rule_files=files)
        self.told: list[Event] = []
        self.start()

    def start(self) -> None:
        """As after a kill."""
        self.pipeline = Pipeline(self.journal, self.setup, self._tell)
        self.pipeline.recover()

    def _tell(self, events: Sequence[Event]) -> None:
        self.told += events

    def row(self, second: float, *samples: Any, change: RulesChange | None = None, since_us: int = NOON_US) -> Row:
        now_us = since_us + round(second * S_US)
        extras = Extras(rules=(change,) if change else ())
        timed = [(tag, since_us + round(at * S_US), value) for tag, at, value in samples]
        row = self.journal.append(received_us=now_us, batch=batch_of(*timed), extras=extras)
        self.pipeline.on_row(row)
        return row

    def states(self) -> dict[tuple[str, str], State]:
        return {(alert.rule, alert.target): alert.state for alert in self.pipeline.book.active.values()}

    @property
    def version(self) -> RuleVersion:
        return self.pipeline.rules.version


def test_first_version_is_the_configured_one_from_the_first_row_on(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    assert service.version.at_us is None
    service.row(1)
    (first,) = service.pipeline.unstored_versions
    assert (first.number, first.at_us, first.author, first.files) == (
        1,
        NOON_US + S_US,
        "configuration",
        rules(LIMITS),
    )
    service.row(2)
    assert len(service.pipeline.unstored_versions) == 1


def test_rule_that_is_added_watches_from_the_next_row_on(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(1, (TT, 1, 40.0))
    service.row(2, change=change(rules(LIMITS, EXTRA)))
    assert service.states() == {}
    service.row(3)
    assert service.states() == {("hot", "acme.tank.TT"): State.UNACK}
    assert (service.version.number, service.version.author) == (2, "Li Wei")


def test_rule_that_is_removed_ends_its_alerts_and_no_others(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS, EXTRA))
    service.row(1, (TT, 1, 40.0), (NO, 1, 150.0))
    service.row(2, change=change(rules(LIMITS)))
    service.row(3)
    assert service.states() == {
        ("hot", "acme.tank.TT"): State.RTNUN,
        ("tag-limits", "zeta.outlet.NO"): State.UNACK,
    }


def test_priority_of_what_is_raised_later_is_that_of_the_new_rules(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(1, (NO, 1, 150.0), change=change(rules("  - {id: tag-limits, kind: limit, priority: {H: 4}}\n")))
    service.row(2, (LT, 2, 85.0))
    priorities = {alert.target: alert.priority for alert in service.pipeline.book.active.values()}
    assert priorities == {"zeta.outlet.NO": 2, "acme.tank.LT": 4}


def test_on_delay_that_runs_goes_on_through_a_change_of_other_rules(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(0, (TT, 0, 60.0))
    service.row(1, change=change(rules(LIMITS, EXTRA)))
    service.row(3)
    (alert,) = (one for one in service.pipeline.book.active.values() if one.rule == "tag-limits")
    assert (alert.onset_us, alert.raised_us) == (NOON_US, NOON_US + 2 * S_US)


def test_rules_that_cannot_be_read_leave_those_in_force_and_say_so(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(1, change=change(rules("  - {id: x, kind: nonsense}\n")))
    assert service.version.number == 1
    assert "nonsense" in str(service.pipeline.rules.outcome("c"))
    service.row(2, (LT, 2, 85.0))
    assert service.states() == {("tag-limits", "acme.tank.LT"): State.UNACK}


def test_what_was_prepared_is_used_and_what_was_not_is_made_at_the_row(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    first, second = change(rules(LIMITS, EXTRA)), change(rules(LIMITS))
    live = service.pipeline.rules
    after = next_version(live.version, first, NOON_US)
    compiled = compile_rules(service.pipeline.tags, after, day_of(NOON_US))
    live.prepare(compiled)
    service.row(1, change=first)
    assert service.pipeline.engine is compiled.engine
    assert live.last_swap is not None
    assert (live.last_swap.prepared, live.last_swap.version) == (True, 2)
    service.row(2, change=second)
    assert (live.last_swap.prepared, live.swaps) == (False, 2)


# -- confirmation ----------------------------------------------------------------------------------------------------

DOUBTFUL = "  - {id: hot, kind: limit, applies_to: {quantity: [temperature]}, limits: {H: %s}, confidence: secondary}\n"


def confirmed(files: tuple[RuleFile, ...]) -> Confirmation:
    rule = load_rules(files).rules.by_id("hot")
    assert rule is not None
    return Confirmation(rule="hot", sha256=rule_sha256(rule), by="Li Wei", note="page 14")


def status_of(service: Service, rule: str = "hot") -> Status:
    return next(one.status for one in service.pipeline.rules.standings() if one.rule.id == rule)


def test_doubtful_rule_raises_nothing_until_a_named_person_answers_for_it(journal: Journal) -> None:
    files = rules(DOUBTFUL % 30)
    service = Service(journal, files)
    service.row(1, (TT, 1, 40.0))
    service.row(2)
    assert (service.states(), status_of(service)) == ({}, Status.UNCONFIRMED)
    service.row(3, change=change(None, confirm=(confirmed(files),)))
    service.row(4)
    assert service.states() == {("hot", "acme.tank.TT"): State.UNACK}
    (given,) = service.version.confirmations
    assert (given.by, given.note, given.at_us) == ("Li Wei", "page 14", NOON_US + 3 * S_US)


def test_doubtful_rule_that_changes_must_be_confirmed_anew(journal: Journal) -> None:
    files = rules(DOUBTFUL % 30)
    service = Service(journal, files)
    service.row(1, (TT, 1, 40.0), change=change(None, confirm=(confirmed(files),)))
    service.row(2, change=change(rules(DOUBTFUL % 31)))
    service.row(3)
    assert status_of(service) is Status.UNCONFIRMED
    assert service.states() == {("hot", "acme.tank.TT"): State.RTNUN}, "what is not live raises nothing"
    service.row(4, change=change(files))
    assert status_of(service) is Status.LIVE, "the text that was confirmed is back"


def test_confirmation_is_of_what_a_rule_says_not_of_how_it_is_written(journal: Journal) -> None:
    files = rules(DOUBTFUL % 30)
    service = Service(journal, files)
    service.row(1, change=change(None, confirm=(confirmed(files),)))
    reordered = "  - kind: limit\n    confidence: secondary\n    limits: {H: 30.0}\n    id: hot\n"
    service.row(2, change=change(rules(reordered + "    applies_to: {quantity: [temperature]}\n")))
    assert status_of(service) is Status.LIVE


def test_confirmation_survives_a_kill_and_a_restart(journal: Journal) -> None:
    files = rules(DOUBTFUL % 30)
    service = Service(journal, files)
    service.row(1, change=change(None, confirm=(confirmed(files),)))
    service.start()
    assert status_of(service) is Status.LIVE
    service.pipeline.save_checkpoint()
    service.start()
    assert (status_of(service), service.version.number) == (Status.LIVE, 2)


# -- days ------------------------------------------------------------------------------------------------------------

TODAY = "  - {id: hot, kind: limit, applies_to: {quantity: [temperature]}, limits: {H: 30}, valid_to: 2026-11-22}\n"
TOMORROW = (
    "  - {id: hotter, kind: limit, applies_to: {quantity: [temperature]}, limits: {H: 35}, valid_from: 2026-11-23}\n"
)


def test_midnight_of_our_day_is_where_it_should_be() -> None:
    assert day_of(MIDNIGHT_US - 1) == date(2026, 11, 22)
    assert day_of(MIDNIGHT_US) == date(2026, 11, 23)
    assert day_of(0) == date(1970, 1, 1)
    assert day_of(-8 * 3_600 * S_US - 1) == date(1969, 12, 31)


def test_rules_come_and_go_at_midnight_of_the_rows_time(journal: Journal) -> None:
    service = Service(journal, rules(TODAY, TOMORROW))
    service.row(-2, (TT, -2, 40.0), since_us=MIDNIGHT_US)
    assert service.states() == {("hot", "acme.tank.TT"): State.UNACK}
    service.row(0, since_us=MIDNIGHT_US)
    assert service.states() == {
        ("hot", "acme.tank.TT"): State.RTNUN,
        ("hotter", "acme.tank.TT"): State.UNACK,
    }
    assert service.version.number == 1, "a day's turn makes no version"


def test_a_clock_that_is_put_back_over_midnight_brings_yesterdays_rules_back(journal: Journal) -> None:
    service = Service(journal, rules(TODAY, TOMORROW))
    service.row(1, since_us=MIDNIGHT_US)
    assert status_of(service, "hotter") is Status.LIVE
    service.row(-3_600, since_us=MIDNIGHT_US)
    assert (status_of(service, "hot"), status_of(service, "hotter")) == (Status.LIVE, Status.NOT_YET)


def test_service_that_is_killed_at_midnight_comes_to_the_same_events(journal: Journal) -> None:
    service = Service(journal, rules(TODAY, TOMORROW))
    rows = [service.row(-2, (TT, -2, 40.0), since_us=MIDNIGHT_US)]
    service.pipeline.save_checkpoint()
    rows.append(service.row(0, since_us=MIDNIGHT_US))
    before = service.pipeline.book.snapshot()
    service.start()
    assert service.pipeline.book.snapshot() == before
    service.pipeline.save_checkpoint()
    service.start()
    assert service.pipeline.book.snapshot() == before
    assert service.pipeline.rules.day == date(2026, 11, 23)


# -- the configuration and what came after it ------------------------------------------------------------------------


def test_rules_put_into_force_stay_over_a_restart_while_the_configured_files_are_as_they_were(
    journal: Journal,
) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(1, change=change(rules(LIMITS, EXTRA)))
    service.start()
    assert (service.version.number, service.version.files) == (2, rules(LIMITS, EXTRA))


def test_configured_files_that_changed_while_the_service_was_down_are_a_version_of_their_own(journal: Journal) -> None:
    service = Service(journal, rules(LIMITS))
    service.row(1, (TT, 1, 40.0), change=change(rules(LIMITS, STALE)))
    service.setup = Setup(park_yaml=PARK_YAML, rule_files=rules(LIMITS, EXTRA))
    service.start()
    service.row(2)
    assert (service.version.number, service.version.author, service.version.at_us) == (
        3,
        "configuration",
        NOON_US + 2 * S_US,
    )
    assert service.states() == {("hot", "acme.tank.TT"): State.UNACK}
    assert [one.number for one in service.pipeline.unstored_versions] == [1, 2, 3]
    service.start()
    assert service.version.number == 3, "and not again at every start"


def test_rule_that_no_longer_fits_the_park_is_left_out_and_says_why(journal: Journal) -> None:
    broken = "  - {id: odd, kind: expression, when: 'nothing_here > 3'}\n"
    service = Service(journal, rules(LIMITS, broken))
    service.row(1, (LT, 1, 85.0))
    assert service.states() == {("tag-limits", "acme.tank.LT"): State.UNACK}
    assert status_of(service, "odd") is Status.BROKEN


# -- whatever happens ------------------------------------------------------------------------------------------------

_OTHERS = [
    (),
    (EXTRA,),
    ("  - {id: high, kind: limit, applies_to: {tag: [LT]}, limits: {H: 50, on_delay: 3s}}\n",),
    (EXTRA, "  - {id: quiet, kind: stale, stale_after: 4s, applies_to: {enterprise: [acme]}}\n"),
    (EXTRA.replace("30", "60"),),
]
_sample = st.tuples(
    st.sampled_from([LT, LT, TT, NO]), st.integers(-4, 0), st.sampled_from([5.0, 50.0, 79.5, 81.0, 95.0, 120.0])
)
_deed = st.one_of(
    st.tuples(st.just("row"), st.lists(_sample, max_size=6)),
    st.tuples(st.just("row"), st.lists(_sample, max_size=6)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("change"), st.integers(0, len(_OTHERS) - 1)),
    st.tuples(st.just("change"), st.integers(0, len(_OTHERS) - 1)),
)


def _kept(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """What the engine told of the rules that never change.

    A rule that comes may explain an alert, and so suppress it, or have one of its own that came first.
    """
    return [
        (one.alert_id, one.trigger, one.level, one.effective_us, one.recorded_us)
        for one in events
        if one.alert["rule"] in ("tag-limits", "tag-stale") and one.actor == "engine"
        if one.trigger is not Trigger.NOT_FIRST
    ]


def _play(service: Service, deeds: Sequence[tuple[str, Any]], *, changing: bool, killed: frozenset[int]) -> None:
    second = 0
    for number, (deed, about) in enumerate(deeds):
        second += about if deed == "wait" else 1
        samples = [(tag, second + ago, value) for tag, ago, value in about] if deed == "row" else []
        asked = deed == "change" and changing
        service.row(second, *samples, change=change(rules(LIMITS, STALE, *_OTHERS[about])) if asked else None)
        if number in killed:
            service.start()
    service.row(second + 60)


@given(st.lists(_deed, min_size=1, max_size=30), st.frozensets(st.integers(0, 29), max_size=4))
@example([("row", [(1, 0, 5.0)]), ("change", 1), ("row", [(2, -3, 50.0)])], frozenset())
@settings(max_examples=60, deadline=None)
def test_alerts_of_rules_that_do_not_change_are_those_of_a_run_without_any_change(
    deeds: list[tuple[str, Any]], killed: frozenset[int]
) -> None:
    with (
        quick_directory() as directory,
        Journal(directory / "a.db") as a,
        Journal(directory / "b.db") as b,
        Journal(directory / "c.db") as c,
    ):
        steady, changing, dying = (Service(one, rules(LIMITS, STALE)) for one in (a, b, c))
        _play(steady, deeds, changing=False, killed=frozenset())
        _play(changing, deeds, changing=True, killed=frozenset())
        _play(dying, deeds, changing=True, killed=killed)
        assert _kept(changing.told) == _kept(steady.told)
        assert changing.pipeline.poisoned_rows == changing.pipeline.refused_transitions == 0
        # Killed and replayed: the same events with the same numbers, whoever was told of some of them twice.
        once = {event.seq: (event.alert_id, event.trigger, event.effective_us) for event in dying.told}
        assert once == {event.seq: (event.alert_id, event.trigger, event.effective_us) for event in changing.told}
        assert dying.version.number == changing.version.number
