"""Any sequence of findings, commands, context entries and time: nothing is lost, and nothing stays aside too long."""

from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.transition import Change, Transition
from service.alerts.asked import Asked, ContextKind
from service.alerts.audit import verify_chain
from service.alerts.law import protection
from service.alerts.model import Event
from service.alerts.states import ASIDE, NotAllowed, State, Trigger
from tests.unit.service.plant import CHAIN, LOOKUP, Plant, found

#: (rule, target, levels)
_POINTS = [
    *(("limits", tag, ("H", "HH")) for tag in ("acme.T1.level", "acme.T2.level", "acme.GD.ga-1", "zeta.gas.ga-1")),
    *(("bad", tag, ("",)) for tag in ("acme.T1.level", "acme.T2.level", "acme.T2.temp", "acme.GD.ga-1")),
    *(("silence", line, ("",)) for line in ("acme.T2.level", "dcs/plc-1", "dcs/plc-2", "dcs", "gds")),
    *(("vote", "acme.GD", ("",)), ("strange", "acme.T2", ("",)), ("climb", "acme.T1.temp", ("H", "HH"))),
]
_PLACES: list[dict[str, Any]] = [
    *({"source": one} for one in ("acme.T1", "acme.T2", "acme.GD")),
    *({"tags": ("acme.T2.level",)}, {"tags": ("acme.T1.level", "acme.T1.temp")}, {}),
    *({"enterprise": "zeta"}, {"enterprise": "zeta", "source": "zeta.gas"}),
]
_WAYS = (Trigger.ACK, Trigger.SHELVE, Trigger.UNSHELVE, Trigger.TAKE_OUT, Trigger.PUT_BACK, Trigger.COMMENT)


@dataclass(frozen=True)
class Find:
    """The engine finds something at a point: it is raised, or it changes."""

    point: int
    change: Change


@dataclass(frozen=True)
class Ask:
    """Somebody asks something about an alert."""

    nth: int
    trigger: Trigger
    minutes: float


@dataclass(frozen=True)
class Open:
    """Somebody opens an entry."""

    kind: ContextKind
    place: int
    begins_s: float
    hours: float


@dataclass(frozen=True)
class End:
    """Somebody ends one, or shortens it."""

    nth: int
    shorten: bool


Step = Find | Ask | Open | End
_find = st.builds(
    Find,
    point=st.integers(0, len(_POINTS) - 1),
    change=st.sampled_from([*Change, Change.RAISED, Change.RAISED, Change.LEVEL_UP]),
)
_steps = st.one_of(
    *(_find, _find, _find),
    st.builds(Ask, nth=st.integers(0, 9), trigger=st.sampled_from(_WAYS), minutes=st.sampled_from([1, 59, 600])),
    st.builds(
        Open,
        kind=st.sampled_from(get_args(ContextKind)),
        place=st.integers(0, len(_PLACES) - 1),
        begins_s=st.sampled_from([0, 0, 300]),
        hours=st.sampled_from([0.1, 1, 100]),
    ),
    st.builds(End, nth=st.integers(0, 3), shorten=st.booleans()),
)
_rows = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 60.0, 600.0, 7_200.0, -30.0]), st.lists(_steps, max_size=5)),
    min_size=4,
    max_size=25,
)


class Story:
    """Turns steps into what a row holds; keeps the engine's own account of what stands."""

    def __init__(self) -> None:
        self.plant = Plant()
        self.second = 0.0
        #: By point: onset, level and last second of the alert that stands there.
        self.standing: dict[int, tuple[float, str, float]] = {}
        self.opened: list[Any] = []
        self.ever: set[str] = set()

    def row(self, passes_s: float, steps: list[Step]) -> list[Event]:
        """One row; what is refused changes nothing."""
        self.second += passes_s + 1e-3
        events = self._try()
        for step in steps:
            self.second += 1e-6
            one = self.what(step)
            if one is not None:
                events += self._try(one)
        return events

    def _try(self, *what: Transition | Asked) -> list[Event]:
        try:
            return self.plant.row(self.second, *what)
        except NotAllowed:
            return []

    def what(self, step: Step) -> Transition | Asked | None:
        """The step as a row carries it; None where there is nothing that it could be about."""
        match step:
            case Find():
                return self._found(step)
            case Ask():
                alerts = sorted(self.plant.book.active)
                if not alerts:
                    return None
                alert = alerts[step.nth % len(alerts)]
                level = self.plant.alert(alert).level
                return self.plant.ask(step.trigger, alert, minutes=step.minutes, level=level)
            case Open():
                begins, place = self.second + step.begins_s, _PLACES[step.place]
                self.opened.append(self.plant.context(step.kind, begins=begins, hours=step.hours, **place))
                return self.opened[-1]  # type: ignore[no-any-return]
            case End() if self.opened:
                entry = self.opened[step.nth % len(self.opened)]
                return self.plant.end(entry, (self.plant.now_us + entry.to_us) // 2 if step.shorten else None)
        return None

    def _raised(self, point: int, at: float) -> Transition | None:
        if point in self.standing:
            return None
        rule, target, levels = _POINTS[point]
        self.standing[point] = at, levels[0], at
        one = found(at, target, levels[0], rule=rule)
        self.ever.add(one.alert_id)
        return one

    def _found(self, step: Find) -> Transition | None:
        at = self.second
        if step.change is Change.RAISED or not self.standing:
            return self._raised(step.point, at)
        point = sorted(self.standing)[step.point % len(self.standing)]
        rule, target, levels = _POINTS[point]
        onset, level, last = self.standing[point]
        at = max(at, last)
        if (step.change, level) in ((Change.LEVEL_UP, levels[-1]), (Change.LEVEL_DOWN, levels[0])):
            return None
        level = {Change.LEVEL_UP: levels[-1], Change.LEVEL_DOWN: levels[0]}.get(step.change, level)
        self.standing[point] = onset, level, at
        if step.change is Change.CLEARED:
            del self.standing[point]
        return found(at, target, level, rule=rule, change=step.change, onset=onset)


def _check(story: Story) -> None:
    book, now_us = story.plant.book, story.plant.now_us
    live = {f"context:{one.id}": one for one in book.contexts if one.state == "live"}
    for alert in book.active.values():
        assert alert.state is not State.NORM
        facts = LOOKUP(alert.rule, alert.target, alert.level)
        assert alert.protected == bool(protection(facts, alert.peak_level))
        assert (alert.state in ASIDE) == bool(alert.aside_by) == bool(alert.aside_reason)
        if alert.state not in ASIDE:
            continue
        assert not alert.protected, "what the law protects is on the list"
        if alert.state is State.SUPPRESSED:
            what, _, one = alert.aside_by.partition(":")
            if what == "context":
                assert now_us < live[alert.aside_by].to_us
            else:
                comm = book.active[one]
                assert comm.kind == "stale"
                assert comm.state is not State.RTNUN
                assert facts.kind != "limit"
        else:
            assert alert.aside_until_us is not None
            assert now_us < alert.aside_until_us
    for entry in book.contexts:
        assert now_us < entry.to_us
        assert (entry.state == "live") or entry.from_us > now_us or story.second < 0
    points = {found(0, target, levels[0], rule=rule, onset=story.standing[i][0]).alert_id
              for i, (rule, target, levels) in enumerate(_POINTS) if i in story.standing}  # fmt: skip
    assert points <= set(book.active), "what the engine says stands, stands"
    assert story.ever <= set(book.active) | set(book.ended), "nothing is ever lost"


@given(_rows)
@settings(max_examples=80, deadline=None)
def test_nothing_is_lost_nothing_stays_aside_too_long_and_the_law_is_kept(
    rows: list[tuple[float, list[Step]]],
) -> None:
    story = Story()
    for passes_s, steps in rows:
        story.row(max(passes_s, 0.0), steps)
        _check(story)
    body = [(one.seq, msgspec.json.encode(one, order="deterministic").decode(), one.hash) for one in story.plant.events]
    verdict = verify_chain(CHAIN, body)
    assert verdict.faults == []
    assert verdict.head == story.plant.book.head
    # However long nothing else happens: all that was put aside comes back by itself, but for what is still silent.
    story.row(90 * 86_400.0, [])
    left = [one for one in story.plant.book.active.values() if one.state in ASIDE]
    assert all(one.aside_by.startswith("comm:") for one in left)


@given(_rows, st.sets(st.integers(0, 100)))
@settings(max_examples=60, deadline=None)
def test_book_restored_anywhere_says_the_same(rows: list[tuple[float, list[Step]]], breaks: set[int]) -> None:
    steady, broken = Story(), Story()
    for i, (passes_s, steps) in enumerate(rows):
        assert broken.row(passes_s, steps) == steady.row(passes_s, steps)
        if i in breaks:
            book = broken.plant.fresh()
            book.restore(broken.plant.book.snapshot())
            broken.plant.book = book
        assert broken.plant.book.snapshot() == steady.plant.book.snapshot()


@given(_rows)
@settings(max_examples=40, deadline=None)
def test_last_event_of_each_alert_and_entry_says_how_it_stands(rows: list[tuple[float, list[Step]]]) -> None:
    story = Story()
    last: dict[str, Event] = {}
    for passes_s, steps in rows:
        last.update({one.alert_id: one for one in story.row(passes_s, steps)})
    book = story.plant.book
    for one, event in last.items():
        now = msgspec.to_builtins(book.contexts.get(one) if event.context is not None else book.get(one))
        assert now == (event.context if event.context is not None else event.alert)
