"""The fold from alarms to four-colour risk, beside the alert book: what colour everything has, and every change of one.

Determined by the journal's rows like the book: the same rows give the same changes with the same numbers, so writing
them again harms nothing. The time of a change is that of the row which found it.
"""

from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from park.model import Park
from rules.risk.assess import Risk, StandingAlarm, assess
from rules.risk.formula import Colour, RiskFormula
from rules.risk.tree import RiskTree
from rules.risk.words import explain
from service.alerts.judged import DUTY_OVERDUE
from service.alerts.model import Alert, Event
from service.alerts.states import ASIDE, State

_OVER = frozenset({State.NORM, State.RTNUN})


class RiskChange(msgspec.Struct, frozen=True, kw_only=True):
    """One subject has another colour."""

    #: 1, 2, 3, ... of this journal.
    seq: int
    at_us: int
    #: ``acme.tank-1``, ``acme``, or the park's id.
    subject: str
    #: ``source``, ``enterprise``, ``park``.
    kind: str
    #: Whose it is; the park's id for shared sources and the park itself.
    enterprise: str
    colour: str
    #: The colour before.
    was: str
    score: float
    why: str


class RiskState(msgspec.Struct, frozen=True, kw_only=True):
    """For the checkpoint; what stands is the alert book's to know."""

    seq: int
    colours: dict[str, RiskChange]
    unstored: list[RiskChange]


class RiskFold:
    """Give it every row's events, and the book's standing alerts."""

    def __init__(self, park: Park, formula: RiskFormula) -> None:
        self._park = park
        self.tree = RiskTree(park, formula)
        self.seq = 0
        #: Goes up whenever anything may look different; for those who show it. Not part of the state.
        self.version = 0
        #: The last change of every subject that has had one.
        self.last: dict[str, RiskChange] = {}
        #: Changes for the store, oldest first; the store writer takes them away once they are stored.
        self.unstored: deque[RiskChange] = deque()

    def use(self, park: Park, formula: RiskFormula, standing: Iterable[Alert]) -> None:
        """Another park, or another formula; the next `fold` finds what is different by it."""
        self._park, self.tree = park, RiskTree(park, formula)
        for alert in standing:
            self._place(alert.id, alert)

    def now(self, now_us: int) -> Mapping[str, Risk]:
        """Of every subject, as of the last row; before the first one as of ``now_us``."""
        return self.tree.risks or assess(self._park, self.tree.alarms(), now_us, self.tree.formula)

    def fold(self, events: Iterable[Event], active: Mapping[str, Alert], now_us: int) -> None:
        """What these events changed, and what durations did."""
        for alert_id in {event.alert_id: None for event in events}:
            self._place(alert_id, active.get(alert_id))
        is_new = not self.tree.risks
        changed = self.tree.update(now_us)
        if not changed:
            return
        self.version += 1
        for risk in changed:
            if risk.kind != "own":
                self._note(risk, now_us)
        if is_new:
            self._end_those_gone(now_us)

    def _place(self, alert_id: str, alert: Alert | None) -> None:
        if alert is None or alert.state in _OVER or alert.rule == DUTY_OVERDUE:
            self.tree.drop(alert_id)
        else:
            self.tree.put(self.tree.subject_of(alert.source, alert.enterprise), standing_of(alert))

    def _note(self, risk: Risk, now_us: int) -> None:
        before = self.last.get(risk.subject)
        was = before.colour if before is not None else Colour.BLUE.value
        if risk.colour.value != was:
            self._record(risk, was, explain(risk, self.tree.risks, now_us), now_us)

    def _record(self, risk: Risk, was: str, why: str, now_us: int) -> None:
        self.seq += 1
        change = RiskChange(
            seq=self.seq,
            at_us=now_us,
            subject=risk.subject,
            kind=risk.kind,
            enterprise=risk.enterprise,
            colour=risk.colour.value,
            was=was,
            score=risk.score,
            why=why,
        )
        self.last[risk.subject] = change
        self.unstored.append(change)

    def _end_those_gone(self, now_us: int) -> None:
        for subject in sorted(self.last.keys() - self.tree.risks.keys()):
            last = self.last[subject]
            if last.colour != Colour.BLUE.value:
                self.seq += 1
                gone = {"seq": self.seq, "at_us": now_us, "was": last.colour, "colour": Colour.BLUE.value, "score": 0.0}
                self.unstored.append(msgspec.structs.replace(last, **gone, why="no longer in the park"))
            del self.last[subject]

    def snapshot(self) -> RiskState:
        """All that is needed to go on, besides the alert book."""
        return RiskState(seq=self.seq, colours=dict(self.last), unstored=list(self.unstored))

    def restore(self, state: RiskState, standing: Iterable[Alert]) -> None:
        """The inverse of `snapshot`, with the alerts that stand in the restored book."""
        self.seq, self.last = state.seq, dict(state.colours)
        self.unstored.extend(state.unstored)
        for alert in standing:
            self._place(alert.id, alert)


def standing_of(alert: Alert) -> StandingAlarm:
    """As the formula sees it."""
    return StandingAlarm(
        alert_id=alert.id,
        target=alert.target,
        level=alert.level,
        priority=alert.priority,
        raised_us=alert.raised_us,
        unverified=alert.unverified,
        aside=alert.state.value if alert.state in ASIDE else "",
    )
