"""The risk of a whole park, kept up bit by bit: only what an alarm or a duration has touched is computed anew.

At any time it says what `rules.risk.assess` says of everything at once.
"""

import heapq

from park.gb18218 import Grade
from park.model import Park
from rules.risk.assess import Kind, Risk, StandingAlarm, of_all, of_source, own_of
from rules.risk.formula import RiskFormula


class RiskTree:
    """``put`` and ``drop`` alarms, then ``update``."""

    def __init__(self, park: Park, formula: RiskFormula) -> None:
        self.park_id = park.id
        self.formula = formula
        #: Of every subject; complete after the first `update`.
        self.risks: dict[str, Risk] = {}
        #: (owner, grade) of each source and of each owner's own.
        self._leaves: dict[str, tuple[str, Grade | None]] = {}
        self._below: dict[str, list[str]] = {}
        for owner, sources in park.owners():
            self._leaves[own_of(owner)] = (owner, None)
            self._below[owner] = [own_of(owner)]
            for source in sources:
                one = f"{owner}.{source.id}"
                self._leaves[one] = (owner, source.hazard.grade if source.hazard else None)
                self._below[owner].append(one)
        self._below[park.id] += [owner for owner in self._below if owner != park.id]
        self._alarms: dict[str, dict[str, StandingAlarm]] = {}
        self._place: dict[str, str] = {}
        self._touched: set[str] = set(self._leaves)
        self._due: list[tuple[int, str]] = []
        #: What of `_due` still counts.
        self._due_us: dict[str, int] = {}
        self._now_us: int | None = None

    def subject_of(self, source: str, enterprise: str) -> str:
        """Where an alarm of this source and enterprise counts; what belongs to nobody known counts for the park."""
        if source in self._leaves:
            return source
        return own_of(enterprise if enterprise in self._below else self.park_id)

    def put(self, subject: str, alarm: StandingAlarm) -> None:
        """It stands, or stands otherwise than before."""
        self.drop(alarm.alert_id)
        self._alarms.setdefault(subject, {})[alarm.alert_id] = alarm
        self._place[alarm.alert_id] = subject
        self._touched.add(subject)

    def drop(self, alert_id: str) -> None:
        """It does not stand (any more)."""
        subject = self._place.pop(alert_id, None)
        if subject is not None:
            del self._alarms[subject][alert_id]
            self._touched.add(subject)

    def update(self, now_us: int) -> list[Risk]:
        """Compute what may have changed; return it: sources, then enterprises, then the park."""
        if self._now_us is not None and now_us < self._now_us:
            self._touched |= set(self._alarms)  # the clock was put back: durations are shorter than they were
        self._now_us = now_us
        while self._due and self._due[0][0] <= now_us:
            due_us, subject = heapq.heappop(self._due)
            if self._due_us.get(subject) == due_us:
                del self._due_us[subject]
                self._touched.add(subject)
        if not self._touched:
            return []
        leaves = [self._leaf(one, now_us) for one in sorted(self._touched)]
        self._touched.clear()
        owners = sorted({one.enterprise for one in leaves} - {self.park_id})
        return [*leaves, *(self._all(one) for one in owners), self._all(self.park_id)]

    def _leaf(self, subject: str, now_us: int) -> Risk:
        owner, grade = self._leaves[subject]
        risk = of_source(subject, owner, grade, self._alarms.get(subject, {}).values(), now_us, self.formula)
        self.risks[subject] = risk
        if risk.next_us is None:
            self._due_us.pop(subject, None)
        elif self._due_us.get(subject) != risk.next_us:
            self._due_us[subject] = risk.next_us
            heapq.heappush(self._due, (risk.next_us, subject))
        return risk

    def _all(self, owner: str) -> Risk:
        below = (self.risks[one] for one in self._below[owner])
        kind: Kind = "park" if owner == self.park_id else "enterprise"
        risk = self.risks[owner] = of_all(owner, kind, owner, below, self.formula)
        return risk

    @property
    def next_us(self) -> int | None:
        """When the next duration passes a step. None: nothing changes unless an alarm does."""
        return min(self._due_us.values(), default=None)

    def alarms(self) -> dict[str, list[StandingAlarm]]:
        """What stands, by subject."""
        return {subject: list(alarms.values()) for subject, alarms in self._alarms.items()}
