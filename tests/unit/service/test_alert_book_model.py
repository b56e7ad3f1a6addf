"""Any sequence of findings and commands: the book agrees with a model of thirty lines, and its chain proves itself."""

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.transition import Change
from service.alerts.audit import verify_chain
from service.alerts.book import AlertBook, Command, Facts
from service.alerts.model import Event
from service.alerts.states import NotAllowed, Trigger
from tests.unit.service.making import NOON_US, transition
from tests.unit.service.test_alert_book import BACK_US, CHAIN
from tests.unit.service.test_alert_states import TABLE

_ALERTS = {transition(onset_us=NOON_US + i).alert_id: NOON_US + i for i in range(3)}
_LEVELS = {"H": 1, "HH": 2}
_PEOPLES = {"ack", "comment", "shelve", "unshelve", "take_out", "put_back"}


def facts(rule: str, target: str, level: str) -> Facts:
    """As in the stories, but of no source: each alert is a first-out group by itself."""
    return Facts(priority=1 if level == "HH" else 2, enterprise="acme", source="", unit="%", kind="limit")


Found = tuple[str, Change, str, float]
_found = st.tuples(
    st.sampled_from(sorted(_ALERTS)), st.sampled_from(Change), st.sampled_from(sorted(_LEVELS)), st.floats()
)
_asked = st.builds(
    Command,
    id=st.integers(0, 5).map(str),
    trigger=st.one_of(st.just(Trigger.ACK), st.sampled_from(Trigger)),
    alert_id=st.sampled_from([*sorted(_ALERTS), "unknown"]),
    by=st.sampled_from(["王", "li"]),
    reason=st.text(st.characters(codec="utf-8"), max_size=5),
    level=st.sampled_from(["H", "HH", ""]),
    until_us=st.sampled_from([BACK_US, None]),
    work_order=st.sampled_from(["WO-17", ""]),
)
_steps = st.lists(st.one_of(_found, _found, _asked), max_size=40)


class Model:
    """State and level of each standing alert; what each step must record, or None where it must be refused."""

    def __init__(self) -> None:
        self.standing: dict[str, tuple[str, str]] = {}
        self.done: set[str] = set()

    def find(self, alert: str, change: str, level: str) -> list[tuple[str, str, str]] | None:
        """What the engine found."""
        if change == "raised" and alert not in self.standing:
            self.standing[alert] = ("unack", level)
            return [("raised", "norm", "unack")]
        if alert not in self.standing:
            return []
        if change == "raised":
            if self.standing[alert][0] != "rtnun":
                return []
            change = "returned"
        return self._move(alert, change, level)

    def ask(self, command: Command) -> list[tuple[str, str, str]] | None:
        """What a person asked."""
        if command.id in self.done:
            return []
        if command.alert_id not in self.standing or command.trigger not in _PEOPLES:
            return None
        state, level = self.standing[command.alert_id]
        if command.trigger == "ack":
            if _LEVELS.get(command.level, 0) < _LEVELS[level]:
                return None
            if state == "acked":
                return []
        whole = command.reason.strip() and command.until_us
        if command.trigger in ("shelve", "take_out") and not whole:
            return None
        if command.trigger == "take_out" and not command.work_order:
            return None
        moved = self._move(command.alert_id, command.trigger.value, level)
        if moved:
            self.done.add(command.id)
        return moved

    def _move(self, alert: str, trigger: str, level: str) -> list[tuple[str, str, str]] | None:
        state = self.standing[alert][0]
        if trigger not in TABLE[state]:
            return None
        self.standing[alert] = (TABLE[state][trigger], level)
        if TABLE[state][trigger] == "norm":
            del self.standing[alert]
        return [(trigger, state, TABLE[state][trigger])]


def do(book: AlertBook, step: Found | Command, now_us: int) -> list[Event] | None:
    """One step; None where it is refused."""
    try:
        if isinstance(step, Command):
            return book.command(step, now_us)
        alert, change, level, value = step
        told: dict[str, Any] = {"level": level, "value": value, "peak": value}
        return book.apply([transition(change, onset_us=_ALERTS[alert], **told)], now_us)
    except NotAllowed:
        return None


def expect(model: Model, step: Found | Command) -> list[tuple[str, str, str]] | None:
    """What the model says to it."""
    if isinstance(step, Command):
        return model.ask(step)
    alert, change, level, _ = step
    return model.find(alert, change.value, level)


def chained(events: Iterable[Event]) -> list[tuple[int, str, str]]:
    """The events as they stand in the database."""
    return [(one.seq, msgspec.json.encode(one, order="deterministic").decode(), one.hash) for one in events]


@given(_steps)
@settings(max_examples=300)
def test_book_agrees_with_the_model_after_every_step(steps: list[Found | Command]) -> None:
    book, model = AlertBook(CHAIN, facts), Model()
    recorded: list[Event] = []
    for i, step in enumerate(steps):
        before = book.snapshot()
        events = do(book, step, NOON_US + i)
        expected = expect(model, step)
        if expected is None or events is None:
            assert (expected is None, events is None) == (True, True)
        else:
            assert [(one.trigger, one.from_state, one.to_state) for one in events] == expected
        assert bool(events) or book.snapshot() == before, "what records nothing changes nothing"
        recorded += events or []
        standing = {one.id: (one.state.value, one.level) for one in book.active.values()}
        assert standing == model.standing
    assert [event.seq for event in recorded] == list(range(1, len(recorded) + 1))
    verdict = verify_chain(CHAIN, chained(recorded))
    assert verdict.faults == []
    assert (verdict.head, verdict.last) == (book.head, book.seq)


@given(_steps, st.sets(st.integers(0, 40)))
@settings(max_examples=150)
def test_book_restored_at_any_point_goes_on_with_the_same_hashes(
    steps: list[Found | Command], breaks: set[int]
) -> None:
    steady, broken = AlertBook(CHAIN, facts), AlertBook(CHAIN, facts)
    for i, step in enumerate(steps):
        if i in breaks:
            snapshot = broken.snapshot()
            broken = AlertBook("another until restored", facts)
            broken.restore(snapshot)
            assert broken.snapshot() == snapshot
        assert do(broken, step, NOON_US + i) == do(steady, step, NOON_US + i)
    assert broken.snapshot() == steady.snapshot()


@given(_steps)
@settings(max_examples=60)
def test_state_of_each_alert_is_what_its_last_event_says(steps: list[Found | Command]) -> None:
    book = AlertBook(CHAIN, facts)
    last: dict[str, Event] = {}
    for i, step in enumerate(steps):
        for event in do(book, step, NOON_US + i) or []:
            last[event.alert_id] = event
    for one, event in last.items():
        alert = book.get(one)
        assert alert is not None
        assert event.alert == msgspec.to_builtins(alert)
        assert alert.seq == event.seq
