"""How an alert looks after what the engine has found."""

import math

from rules.transition import Change, Transition
from service.alerts.asked import Facts, Raise
from service.alerts.law import protection
from service.alerts.model import SEVERITY, Alert
from service.alerts.states import State

#: An alarm found this long after it took effect is marked as detected late.
DETECTED_LATE_US = 30_000_000


def new_alert(one: Transition, facts: Facts) -> Alert:
    """As it is raised."""
    alert = Alert(
        id=one.alert_id,
        rule=one.rule,
        target=one.target,
        side=one.side,
        level=one.level,
        priority=facts.priority,
        state=State.UNACK,
        enterprise=facts.enterprise,
        source=facts.source,
        unit=facts.unit,
        onset_us=one.onset_us,
        raised_us=one.effective_us,
        detected_us=one.detected_us,
        detected_late=one.detected_us - one.effective_us > DETECTED_LATE_US,
        kind=facts.kind,
    )
    take(alert, one, facts)
    return alert


def take(alert: Alert, one: Transition, facts: Facts) -> None:
    """Level, values, mark and words of a transition. ``facts``: of the transition's level, or else the alert's."""
    if one.level and one.level != alert.level:
        alert.level, alert.priority = one.level, facts.priority
    if SEVERITY.get(alert.level, 0) >= SEVERITY.get(alert.peak_level, 0):
        alert.peak_level = alert.level
    alert.protected = bool(protection(facts, alert.peak_level))
    alert.value, alert.limit, alert.peak = _finite(one.value), _finite(one.limit), _finite(one.peak)
    alert.quality, alert.unverified, alert.why = one.quality, one.unverified, one.why


def own_transition(alarm: Raise, now_us: int) -> Transition:
    """An alarm from outside the engine, as though the engine had found it."""
    return Transition(
        alert_id=alarm.id,
        change=Change.CLEARED if alarm.cleared else Change.RAISED,
        rule=alarm.rule,
        target=alarm.target,
        side=alarm.side,
        level=alarm.level,
        onset_us=alarm.onset_us,
        effective_us=alarm.effective_us,
        detected_us=now_us,
        value=alarm.value,
        limit=alarm.limit,
        peak=alarm.value,
        quality="good",
        unverified=False,
        why=alarm.why,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
