"""What the rule engine makes of a simulated park: the alerts of a stretch of time, as a scenario speaks of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from park.batch import SampleBatch, concat
from park.model import Level
from rules.engine import Engine
from rules.spec import RuleSet, default_rules
from rules.transition import Change, Transition
from simulators.faults import LinkDown, WrongMn
from simulators.frame import Frame
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
    wire = _Wire()
    for since_us in range(offset_us, for_us, period_us):
        frame = world.frame(world.start_us + since_us)
        engine.step(wire.carry(frame))
        for transition in engine.advance(frame.now_us + 100_000):
            _note(alerts, transition)
    return list(alerts.values())


class _Wire:
    """What a line that is down keeps back, it brings when it is up again, in the order of time."""

    def __init__(self) -> None:
        self._kept: list[SampleBatch] = []

    def carry(self, frame: Frame) -> SampleBatch:
        silent = {ix for fault, tags in frame.on_the_wire if isinstance(fault, LinkDown | WrongMn) for ix in tags}
        there = np.flatnonzero(frame.present)
        mute = np.isin(there, list(silent))
        if silent:
            self._kept.append(_samples(frame, there[mute]))
            return _samples(frame, there[~mute])
        kept, self._kept = self._kept, []
        return concat([*kept, _samples(frame, there)], received_us=frame.now_us, origin="simulated")


def _samples(frame: Frame, there: NDArray[np.intp]) -> SampleBatch:
    return SampleBatch(
        tag=there.astype(np.int32),
        time_us=frame.time_us[there],
        value=frame.value[there],
        quality=frame.quality[there],
        received_us=frame.now_us,
        origin="simulated",
    )


def _note(alerts: dict[str, Alert], one: Transition) -> None:
    alert = alerts.setdefault(
        one.alert_id, Alert(rule=one.rule, target=one.target, side=one.side, onset_us=one.onset_us)
    )
    if one.level in _WORST or not alert.level:
        alert.level = one.level
    alert.unverified |= one.unverified
    alert.cleared = one.change is Change.CLEARED
