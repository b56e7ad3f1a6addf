"""Alerts as a run finds them: each one's beginning, end and worst level, put together from its transitions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rules.kpi.figures import Occurrence
from rules.transition import Change, Transition
from service.alerts.book import Lookup
from service.alerts.model import SEVERITY
from service.api.times import rfc3339


@dataclass(slots=True, kw_only=True)
class Found:
    """One alert."""

    alert_id: str
    rule: str
    target: str
    side: str
    source: str
    enterprise: str
    priority: int
    #: The worst that it reached.
    level: str
    onset_us: int
    raised_us: int
    #: None: it stands at the end of the run.
    cleared_us: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What recurs: rule, target, side."""
        return self.rule, self.target, self.side

    def occurrence(self) -> Occurrence:
        """For the key figures."""
        return Occurrence(
            alert_id=self.alert_id,
            rule=self.rule,
            target=self.target,
            side=self.side,
            source=self.source,
            enterprise=self.enterprise,
            priority=self.priority,
            raised_us=self.raised_us,
            cleared_us=self.cleared_us,
        )


class Collector:
    """Takes the transitions of one run in order."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._standing: dict[str, Found] = {}
        #: In order of detection.
        self.alerts: list[Found] = []
        self.transitions = 0

    def take(self, told: Iterable[Transition]) -> None:
        """What one advance told."""
        for one in told:
            self.transitions += 1
            if one.change is Change.RAISED:
                self._begin(one)
            elif (found := self._standing.get(one.alert_id)) is not None:
                self._go_on(found, one)

    def _begin(self, one: Transition) -> None:
        facts = self._lookup(one.rule, one.target, one.level)
        found = Found(
            alert_id=one.alert_id,
            rule=one.rule,
            target=one.target,
            side=one.side,
            source=facts.source,
            enterprise=facts.enterprise,
            priority=facts.priority,
            level=one.level,
            onset_us=one.onset_us,
            raised_us=one.effective_us,
        )
        self._standing[one.alert_id] = found
        self.alerts.append(found)

    def _go_on(self, found: Found, one: Transition) -> None:
        if one.change is Change.CLEARED:
            found.cleared_us = one.effective_us
            del self._standing[one.alert_id]
        elif SEVERITY.get(one.level, 0) > SEVERITY.get(found.level, 0):
            found.level = one.level
            found.priority = self._lookup(one.rule, one.target, one.level).priority


def line(one: Transition) -> dict[str, Any]:
    """A transition as one JSON object: what `--json` and the interface tell."""
    return {
        "rule": one.rule,
        "target": one.target,
        "side": one.side,
        "level": one.level,
        "state": one.change.value,
        "onset": rfc3339(one.onset_us),
        "effective": rfc3339(one.effective_us),
        "detected": rfc3339(one.detected_us),
        "value": one.value,
        "limit": one.limit,
        "peak": one.peak,
        "quality": one.quality,
        "unverified": one.unverified,
        "alert": one.alert_id,
        "why": one.why,
    }
