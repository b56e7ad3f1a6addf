"""Samples, people, context, rules, midnight, a clock put back, kills and outages, all at once: one truth comes out."""

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.alerts.asked import Asked, Command, EndContext, OpenContext
from service.alerts.contexts import KINDS
from service.alerts.model import Event
from service.alerts.states import ASIDE, State, Trigger
from service.journal.journal import Journal
from service.journal.rows import Extras
from service.pipeline import Pipeline, Setup
from service.rules.files import RuleFile
from service.rules.versions import RulesChange
from tests.unit.service.making import S_US, batch_of, quick_directory
from tests.unit.service.plant import PLANT_YAML, TAGS

LIMITS = "  - {id: limits, kind: limit, limits: {H: 5, HH: 8, deadband: 1}}\n"
LATCHED = "  - {id: limits, kind: limit, latch: true, limits: {H: 5, HH: 8, deadband: 1}}\n"
OTHER = "  - {id: limits, kind: rate, window: 10s, limits: {H: 1}}\n"
SILENCE = "  - {id: silence, kind: stale, stale_delay: 5s}\n"
QUALITY = "  - {id: bad, kind: quality}\n  - {id: frozen, kind: frozen, hold: 20s}\n"
TOMORROW = "  - {id: dated, kind: limit, valid_from: 2026-11-23, limits: {H: 3}}\n"
VOTE = "  - {id: vote, kind: vote, m: 1, limit: 5, together: enterprise, applies_to: {quantity: [combustible_gas]}}\n"
RULES = [LIMITS + SILENCE + QUALITY + VOTE, LATCHED + SILENCE, SILENCE + TOMORROW, OTHER + TOMORROW, VOTE + LIMITS]
FILES = [(RuleFile(name="rules.yaml", text="rules:\n" + text),) for text in RULES]
#: 2026-11-22 23:59 UTC+08:00.
START_US = 1_795_363_140 * S_US
_TAGS = [info.id for info in TAGS.infos]
_TRIGGERS = [
    Trigger.ACK,
    Trigger.COMMENT,
    Trigger.SHELVE,
    Trigger.UNSHELVE,
    Trigger.TAKE_OUT,
    Trigger.PUT_BACK,
    Trigger.RESET,
]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What one row brings."""

    later_s: float
    samples: list[tuple[int, float, int]]
    asked: list[tuple[str, int, int, int]]
    rules: int | None
    start: bool
    #: Before the row: a checkpoint; after it: a kill.
    keep: bool
    kill: bool


moments = st.builds(
    Moment,
    later_s=st.sampled_from([0.5, 1, 1, 1, 5, 30, 120, 4_000, -8, -300]),
    samples=st.lists(
        st.tuples(st.integers(0, len(_TAGS) - 1), st.sampled_from([0, 4.5, 6, 9.0]), st.sampled_from([0, 0, 0, 1, 2])),
        max_size=6,
    ),
    asked=st.lists(
        st.tuples(
            st.sampled_from(["alert", "open", "end"]), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)
        ),
        max_size=3,
    ),
    rules=st.one_of(st.none(), st.none(), st.none(), st.integers(0, len(FILES) - 1)),
    start=st.booleans(),
    keep=st.booleans(),
    kill=st.booleans(),
)


class Service:
    """Folds rows, and dies when told to."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.told: dict[int, bytes] = {}
        self.poisoned = 0
        self.rows = 0
        self.start()

    def start(self) -> None:
        """From the journal alone."""
        self.pipeline = Pipeline(self.journal, Setup(park_yaml=PLANT_YAML, rule_files=FILES[0]), self._tell)
        self.pipeline.recover()

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            body = msgspec.json.encode(event)
            assert self.told.setdefault(event.seq, body) == body, "the same number is always the same event"

    def play(self, moment: Moment, now_us: int) -> None:
        """One row."""
        asked = tuple(self._ask(*one, now_us) for one in moment.asked)
        change = () if moment.rules is None else (self._change(moment.rules),)
        extras = Extras(commands=asked, rules=change, start=moment.start)
        batch = batch_of(
            *((tag, now_us, value, quality) for tag, value, quality in {s[0]: s for s in moment.samples}.values())
        )
        self.pipeline.on_row(self.journal.append(received_us=now_us, batch=batch, extras=extras))
        self.rows += 1
        self._check(now_us)

    def _change(self, which: int) -> RulesChange:
        return RulesChange(id=f"r{self.rows}", by="Li Wei", reason="revision", files=FILES[which])

    def _ask(self, what: str, a: int, b: int, c: int, now_us: int) -> Asked:
        book = self.pipeline.book
        number = f"00000000-0000-4000-9000-{self.rows:06d}{a:02d}{b:02d}{c:02d}"
        if what == "open":
            owner, source = [("acme", ""), ("acme", "acme.T1"), ("acme", "acme.GD"), ("zeta", "zeta.shed")][a % 4]
            tags = ("acme.T1.level", "acme.T2.temp") if owner == "acme" and not source and b % 2 else ()
            from_us = now_us + (c % 3) * 20 * S_US
            return OpenContext(
                id=number,
                kind=KINDS[b % len(KINDS)],
                enterprise=owner,
                source=source,
                tags=tags,
                from_us=from_us,
                to_us=from_us + (1 + c % 4) * 30 * S_US,
                reason="r",
                permit="p",
                by="李",
            )
        if what == "end":
            entries = [*book.contexts]
            entry = entries[a % len(entries)].id if entries else number
            return EndContext(id=number, context_id=entry, by="王", at_us=None if b % 2 else now_us + c * S_US)
        alerts = [*book.active.values()]
        alert = alerts[a % len(alerts)] if alerts else None
        return Command(
            id=number,
            trigger=_TRIGGERS[b % len(_TRIGGERS)],
            alert_id=alert.id if alert else number,
            by="王",
            reason="r",
            level=alert.level if alert else "",
            until_us=now_us + (1 + c) * 10 * S_US,
            work_order="WO",
        )

    def _check(self, now_us: int) -> None:
        pipeline, book = self.pipeline, self.pipeline.book
        self.poisoned += pipeline.poisoned_rows + pipeline.refused_transitions
        live = {f"context:{one.id}" for one in book.contexts if one.state == "live"}
        comm = {
            f"comm:{one.id}" for one in book.active.values() if one.kind == "stale" and one.state is not State.RTNUN
        }
        for alert in book.active.values():
            if alert.state in ASIDE:
                assert not alert.protected
                assert alert.aside_by
                assert alert.aside_reason
            if alert.state in (State.SHELVED, State.OUT_OF_SERVICE):
                assert alert.aside_until_us is not None
                assert alert.aside_until_us > now_us
            if alert.state is State.SUPPRESSED:
                assert alert.aside_by in live | comm


def _moment(later_s: float, *samples: tuple[int, float, int], keep: bool = False) -> Moment:
    return Moment(later_s=later_s, samples=list(samples), asked=[], rules=None, start=False, keep=keep, kill=False)


#: The clock is put back while detectors vote; what is judged then bears an earlier time than what was judged before.
PUT_BACK = [*[_moment(0.5)] * 9, _moment(0.5, (5, 6, 0)), _moment(-8), _moment(0.5, (6, 0, 0)), _moment(30, keep=True)]


@example(story=PUT_BACK)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(story=st.lists(moments, min_size=3, max_size=25))
def test_kills_make_no_difference_and_nothing_stays_aside_without_a_reason(story: list[Moment]) -> None:
    steady = _played(story, kills=False)
    killed = _played(story, kills=True)
    assert killed == steady


def _played(story: list[Moment], *, kills: bool) -> list[dict[str, Any]]:
    with quick_directory() as directory, Journal(directory / "journal.db") as journal:
        service, now_us = Service(journal), START_US
        for moment in story:
            now_us += round(moment.later_s * S_US)
            if kills and moment.keep:
                service.pipeline.save_checkpoint()
            service.play(moment, now_us)
            if kills and moment.kill:
                service.start()
        assert service.poisoned == 0
        assert service.pipeline.rules.in_force().version.number == 1 + sum(one.rules is not None for one in story)
        events = [msgspec.json.decode(service.told[seq]) for seq in sorted(service.told)]
        assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
        return [
            {name: value for name, value in one.items() if name not in ("chain", "hash", "prev_hash")} for one in events
        ]
