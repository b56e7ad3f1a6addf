"""What the rule engine makes of a simulated park: the alerts of a stretch of time, as a scenario speaks of them."""

from dataclasses import dataclass

import numpy as np

from park.batch import SampleBatch
from park.model import Level
from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from rules.transition import Change, Transition
from simulators.world import World

_WORST = (Level.LL, Level.HH)


@dataclass(slots=True, kw_only=True)
class Alert:
    """One alert."""

    rule: str
    target: str
    side: str
    onset_us: int
    level: str = ""
    cleared: bool = False
    unverified: bool = False


def alerts_of(
    world: World, *, for_us: int, period_us: int = 1_000_000, offset_us: int = 0, rules: RuleSet | None = None
) -> list[Alert]:
    """Everything raised while the world is asked once a period, the engine's clock a tenth of a second behind."""
    engine = Engine(world.table, rules or default_rules())
    alerts: dict[str, Alert] = {}
    for since_us in range(offset_us, for_us, period_us):
        frame = world.frame(world.start_us + since_us)
        there = np.flatnonzero(frame.present)
        engine.step(
            SampleBatch(
                tag=there.astype(np.int32),
                time_us=frame.time_us[there],
                value=frame.value[there],
                quality=frame.quality[there],
                received_us=frame.now_us,
                origin="simulated",
            )
        )
        for transition in engine.advance(frame.now_us + 100_000):
            _note(alerts, transition)
    return list(alerts.values())


def _note(alerts: dict[str, Alert], one: Transition) -> None:
    alert = alerts.setdefault(
        one.alert_id, Alert(rule=one.rule, target=one.target, side=one.side, onset_us=one.onset_us)
    )
    if one.level in _WORST or not alert.level:
        alert.level = one.level
    alert.unverified |= one.unverified
    alert.cleared = one.change is Change.CLEARED
