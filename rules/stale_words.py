"""Writes the transitions of communication alarms."""

from dataclasses import dataclass

from park.duration import format_duration
from rules.stale_groups import Alerts, Groups
from rules.transition import Change, Transition, alert_id


@dataclass(frozen=True, slots=True)
class StaleWords:
    """For one rule."""

    rule: str
    groups: Groups

    def tag(self, change: Change, member: int, alerts: Alerts, effective_us: int, now_us: int) -> Transition:
        """Of one tag whose device lives."""
        group = int(self.groups.group[member])
        target = self.groups.infos[member].id
        return self._transition(
            change, target, "no good data", group, int(alerts.onset_us[member]), effective_us, now_us
        )

    def group(
        self, change: Change, group: int, as_device: bool, alerts: Alerts, effective_us: int, now_us: int
    ) -> Transition:
        """Of a group, in the device's name or that of its only tag."""
        target = self.target(group, as_device)
        size = int(self.groups.size[group])
        what = "no good data"
        if as_device:
            what += (
                f" from any of {size} tags" if size > 1 else f" from {self.groups.infos[self.groups.start[group]].id}"
            )
        return self._transition(change, target, what, group, int(alerts.onset_us[group]), effective_us, now_us)

    def target(self, group: int, as_device: bool) -> str:
        """What the alert of a group is about."""
        return self.groups.device_name[group] if as_device else self.groups.infos[self.groups.start[group]].id

    def _transition(
        self, change: Change, target: str, what: str, group: int, onset_us: int, effective_us: int, now_us: int
    ) -> Transition:
        timeout_us = int(self.groups.timeout_us[group])
        silence = format_duration(max(0, effective_us - onset_us + timeout_us))
        limit = format_duration(timeout_us)
        cleared = change is Change.CLEARED
        return Transition(
            alert_id=alert_id(self.rule, target, "", onset_us),
            change=change,
            rule=self.rule,
            target=target,
            side="",
            level="",
            onset_us=onset_us,
            effective_us=effective_us,
            detected_us=now_us,
            value=None,
            limit=None,
            peak=None,
            quality="good" if cleared else "stale",
            unverified=False,
            why=f"good data again after {silence}" if cleared else f"{what} for {silence} (limit {limit})",
        )
