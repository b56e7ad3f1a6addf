"""Holds what was raised against what a scenario expects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.scenario import Expected

#: On a loaded machine the first samples take so long.
_BEGINS_WITHIN_US = 3_000_000
_SEVERITY = {"": 0, "L": 1, "H": 1, "LL": 2, "HH": 2}


@dataclass(slots=True, kw_only=True)
class Raised:
    """One alert as the live stream told of it."""

    id: str
    rule: str
    target: str
    side: str
    onset_us: int
    peak_level: str = ""
    cleared: bool = False
    unverified: bool = False
    times_raised: int = 0

    def __str__(self) -> str:
        level = f" {self.peak_level}" if self.peak_level else ""
        return f"{self.rule} {self.target}{level}"


def epoch_us(text: str) -> int:
    """Of an RFC 3339 time."""
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1_000_000)


@dataclass(slots=True)
class Ledger:
    """All alerts of a run, by id."""

    alerts: dict[str, Raised] = field(default_factory=dict)

    def note(self, event: dict[str, Any]) -> None:
        """One ``alert`` event of the live stream."""
        if (known := self._update(event["alert"])) is not None:
            known.times_raised += event["trigger"] == "raised"

    def note_standing(self, alert: dict[str, Any]) -> None:
        """One alert of a ``snapshot`` or ``reset``: it was raised, whether we were told or not."""
        if (known := self._update(alert)) is not None:
            known.times_raised = max(known.times_raised, 1)

    def _update(self, alert: dict[str, Any]) -> Raised | None:
        """None for the service's alarms about itself: no script speaks of them."""
        if alert["rule"] == "service":
            return None
        known = self.alerts.get(alert["id"])
        if known is None:
            known = self.alerts[alert["id"]] = Raised(
                id=alert["id"],
                rule=alert["rule"],
                target=alert["target"],
                side=alert["side"],
                onset_us=epoch_us(alert["onset"]),
            )
        known.cleared = alert["cleared"] is not None
        known.unverified |= alert["unverified"]
        if _SEVERITY[alert["level"]] >= _SEVERITY[known.peak_level]:
            known.peak_level = alert["level"]
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What fits and what does not, in words."""

    expected: int
    raised: int
    missing: list[str]
    unexpected: list[str]

    @property
    def exact(self) -> bool:
        """Everything expected was raised, once, and nothing else."""
        return not self.missing and not self.unexpected


def judge(expected: Sequence[Expected], raised: Iterable[Raised], start_us: int) -> Verdict:
    """Each expectation takes one alert; what is left over on either side is wrong."""
    left = [alert for alert in raised if not _before_the_play(alert, start_us)]
    total = len(left)
    missing: list[str] = []
    for one in expected:
        same = [
            alert for alert in left if (alert.rule, alert.target, alert.side) == (one.rule, one.target, one.side or "")
        ]
        fitting = next((alert for alert in same if not _misfit(one, alert, start_us)), None)
        if fitting is None:
            reason = _misfit(one, same[0], start_us) if same else "not raised"
            missing.append(f"{one.rule} {one.target} {one.level.value if one.level else ''}: {reason}")
        else:
            left.remove(fitting)
    unexpected = [f"{alert} at {(alert.onset_us - start_us) / 1e6:+.1f} s" for alert in left]
    return Verdict(expected=len(expected), raised=total, missing=missing, unexpected=unexpected)


def _before_the_play(alert: Raised, start_us: int) -> bool:
    """A communication alarm from when the service was up and the simulators had not begun: rightly raised."""
    return "." not in alert.target and alert.onset_us < start_us + _BEGINS_WITHIN_US


def _misfit(expected: Expected, alert: Raised, start_us: int) -> str:
    """Why the alert is not the expected one; empty where it is."""
    at_us = alert.onset_us - start_us
    if alert.times_raised != 1:
        return f"raised {alert.times_raised} times"
    if expected.level is not None and alert.peak_level != expected.level.value:
        return f"reached {alert.peak_level}, not {expected.level.value}"
    if expected.onset is not None and not expected.onset[0] <= at_us <= expected.onset[1]:
        return f"began at {at_us / 1e6:.1f} s, not in {expected.onset[0] / 1e6:g} to {expected.onset[1] / 1e6:g} s"
    if expected.cleared is not None and alert.cleared is not expected.cleared:
        return "cleared" if alert.cleared else "not cleared"
    if expected.unverified is not None and alert.unverified is not expected.unverified:
        return "marked unverified" if alert.unverified else "never marked unverified"
    return ""
