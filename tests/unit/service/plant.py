"""A plant with a major hazard source, gas detectors, and lines that fail: rows of a book on a time axis."""

import itertools
from collections.abc import Sequence
from typing import Any

from park.check import load_park
from park.index import TagTable
from rules.spec import (
    ExpressionRule,
    FrozenRule,
    LimitRule,
    QualityRule,
    RateRule,
    RuleSet,
    StaleRule,
    VoteRule,
)
from rules.transition import Change, Transition, alert_id
from service.alerts.asked import Asked, Command, EndContext, OpenContext
from service.alerts.book import AlertBook
from service.alerts.model import Alert, Event
from service.alerts.policy import Policy
from service.alerts.site import Site
from service.alerts.states import State, Trigger
from service.facts import lookup
from tests.unit.service.making import NOON_US, S_US

CHAIN = "00000000-0000-4000-8000-000000000001"
MIN, HOUR = 60, 3_600

#: T1 is a major hazard source, T2 stands 55 m from it, GD's detectors 89 m; FAR's 1.1 km away; zeta has no hazard.
PLANT_YAML = """\
id: park
name: Park
sources:
  - id: weather
    kind: weather_station
    position: [120.88, 30.16]
    from: {connector: met}
    tags: [{id: wind, quantity: wind_speed, unit: m/s, stale_after: 60s}]
enterprises:
  - id: acme
    name: Acme
    sources:
      - id: T1
        kind: tank
        position: [120.8700, 30.1500]
        hazard: {grade: 3, population_500m: 40, chemicals: [{name: benzene, q_t: 1500}]}
        from: {connector: dcs, device: plc-1}
        tags:
          - {id: level, quantity: level, unit: "%", stale_after: 10s}
          - {id: temp, quantity: temperature, unit: °C, stale_after: 10s}
      - id: T2
        kind: tank
        position: [120.8700, 30.1505]
        from: {connector: dcs, device: plc-2}
        tags:
          - {id: level, quantity: level, unit: "%", stale_after: 10s}
          - {id: temp, quantity: temperature, unit: °C, stale_after: 10s}
      - id: GD
        kind: gas_detectors
        position: [120.8700, 30.1508]
        from: {connector: gds}
        tags:
          - {id: ga-1, quantity: combustible_gas, unit: "%LEL", stale_after: 10s}
      - id: FAR
        kind: gas_detectors
        position: [120.8700, 30.1600]
        from: {connector: gds}
        tags:
          - {id: ga-9, quantity: combustible_gas, unit: "%LEL", stale_after: 10s}
  - id: zeta
    name: Zeta
    sources:
      - id: shed
        kind: unit
        position: [120.8700, 30.1501]
        from: {connector: loggers}
        tags: [{id: temp, quantity: temperature, unit: °C, stale_after: 10s}]
      - id: gas
        kind: gas_detectors
        position: [120.8700, 30.1501]
        from: {connector: loggers}
        tags: [{id: ga-1, quantity: hydrogen_sulfide, unit: ppm, stale_after: 10s}]
"""

RULES = RuleSet(
    rules=(
        LimitRule(id="limits"),
        LimitRule(id="latched", latch=True),
        StaleRule(id="silence"),
        QualityRule(id="bad"),
        FrozenRule.model_validate({"id": "frozen", "hold": "60s"}),
        RateRule.model_validate({"id": "climb", "window": "10s", "limits": {"H": 1, "HH": 2}}),
        ExpressionRule(id="strange", when="level > 5 %"),
        VoteRule(id="vote", m=2, limit=20.0),
    )
)


def plant_tags(text: str = PLANT_YAML) -> TagTable:
    """Of the plant."""
    return TagTable(load_park(text, "plant.yaml").park)


TAGS = plant_tags()
SITE = Site(TAGS)
LOOKUP = lookup(TAGS, RULES)


def us(second: float) -> int:
    """Since noon."""
    return NOON_US + round(second * S_US)


def found(
    second: float,
    target: str,
    level: str = "H",
    *,
    change: Change = Change.RAISED,
    rule: str = "limits",
    onset: float | None = None,
    **more: Any,
) -> Transition:
    """What the engine found about a target; the alert's onset is its own second, unless told otherwise."""
    onset_us = us(second if onset is None else onset)
    side = "" if level == "" else "high" if level.startswith("H") else "low"
    fields: dict[str, Any] = {
        "detected_us": us(second),
        "value": 1.0,
        "limit": 0.5,
        "peak": 1.0,
        "quality": "good",
        "unverified": False,
        "why": f"{target} is beyond {level or 'all measure'}",
    }
    return Transition(
        alert_id=alert_id(rule, target, side, onset_us),
        change=change,
        rule=rule,
        target=target,
        side=side,
        level=level,
        onset_us=onset_us,
        effective_us=us(second),
        **fields | more,
    )


class Plant:
    """An alert book, moved row by row."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy
        self.book = self.fresh()
        self.events: list[Event] = []
        self.now_us = NOON_US
        self._numbers = itertools.count(1)

    def fresh(self) -> AlertBook:
        """A book that knows nothing yet."""
        return AlertBook(CHAIN, LOOKUP, site=SITE, policy=self.policy)

    def row(self, second: float, *what: Transition | Asked) -> list[Event]:
        """As `service.pipeline.Pipeline.fold` does it. Raises NotAllowed."""
        self.now_us = us(second)
        events = self.book.advance(self.now_us)
        events += self.book.apply([one for one in what if isinstance(one, Transition)], self.now_us)
        for one in what:
            if not isinstance(one, Transition):
                events += self.book.command(one, self.now_us)
        events += self.book.settle(self.now_us)
        self.events += events
        return events

    def ask(self, trigger: Trigger, alert: str, **more: Any) -> Command:
        """What 王 asks about an alert; ``minutes`` from the last row."""
        minutes = more.pop("minutes", None)
        until_us = None if minutes is None else self.now_us + round(minutes * MIN * S_US)
        fields: dict[str, Any] = {"by": "王", "reason": "探头更换", "work_order": "WO-17"} | more
        number = str(next(self._numbers))
        return Command(id=number, trigger=trigger, alert_id=alert, until_us=until_us, **fields)

    def context(self, kind: Any, **told: Any) -> OpenContext:
        """An entry of 李's: from the last row (or second ``begins``) for an hour (or ``hours``)."""
        begins = told.pop("begins", None)
        from_us = self.now_us if begins is None else us(begins)
        to_us = from_us + round(told.pop("hours", 1) * HOUR * S_US)
        fields: dict[str, Any] = {"enterprise": "acme", "reason": "计划内", "permit": "P-7", "by": "李"} | told
        number = f"00000000-0000-4000-9000-{next(self._numbers):012d}"
        return OpenContext(id=number, kind=kind, from_us=from_us, to_us=to_us, **fields)

    def end(self, entry: OpenContext, at_us: int | None = None) -> EndContext:
        """王 ends an entry."""
        return EndContext(id=str(next(self._numbers)), context_id=entry.id, by="王", reason="完工", at_us=at_us)

    def alert(self, one: Transition | str) -> Alert:
        """As it stands, or stood at its end."""
        alert = self.book.get(one if isinstance(one, str) else one.alert_id)
        assert alert is not None
        return alert

    def state(self, one: Transition | str) -> State:
        """Of an alert."""
        return self.alert(one).state

    def only(self, rule: str) -> Alert:
        """The one standing alert of a rule."""
        (alert,) = [one for one in self.book.active.values() if one.rule == rule]
        return alert


def told(events: Sequence[Event]) -> list[tuple[str, str]]:
    """What happened, and through whom."""
    return [(event.trigger.value, event.actor) for event in events]
