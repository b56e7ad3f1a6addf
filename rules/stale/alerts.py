"""The communication alerts of a number of targets, and the transitions that tell of them."""

from typing import NamedTuple

import numpy as np

from park.duration import format_duration
from rules.arrays import FAR, NEVER, Bools, Ints
from rules.stale.groups import Groups, Silence
from rules.transition import Change, Transition, alert_id


class Absence(NamedTuple):
    """Nothing was heard since ``since_us``: stale after the timeout, an alarm when due."""

    since_us: int
    timeout_us: int
    due_us: int


class Alerts:
    """At most one alert for each of ``size`` tags or sets of tags. Columns by those."""

    def __init__(self, size: int) -> None:
        self.raised: Bools = np.zeros(size, dtype=np.bool_)
        self.onset_us: Ints = np.full(size, NEVER, dtype=np.int64)
        #: Effective time of the newest transition.
        self.told_us: Ints = np.full(size, NEVER, dtype=np.int64)
        #: What each alert is about.
        self.target: list[str] = [""] * size

    def standing(self) -> list[int]:
        """Which of them have one."""
        found: list[int] = np.flatnonzero(self.raised).tolist()
        return found


class Said:
    """Which connections and devices are said to be silent as a whole, and since when (semantics 4.4)."""

    def __init__(self, groups: Groups, of_group: Alerts, of_cluster: Alerts) -> None:
        self._groups = groups
        #: By connector, and by a device's first group: the latest onset of such an alert.
        self._connection_us: Ints = np.full(groups.connectors, NEVER - 1, dtype=np.int64)
        self._device_us: Ints = np.full(len(groups.of.name), NEVER - 1, dtype=np.int64)
        for cluster in of_cluster.standing():
            self.add_cluster(cluster, int(of_cluster.onset_us[cluster]))
        for group in of_group.standing():
            self.add_group(group, of_group)

    def add_cluster(self, cluster: int, onset_us: int) -> None:
        """An alert of a connection stands since then."""
        connector = self._groups.clusters.connector[cluster]
        self._connection_us[connector] = max(onset_us, self._connection_us[connector])

    def add_group(self, group: int, alerts: Alerts) -> None:
        """An alert of a group stands: of its device, unless it bears the name of a tag."""
        if alerts.target[group] == self._groups.of.name[group]:
            first = self._groups.device_first[group]
            self._device_us[first] = max(alerts.onset_us[group], self._device_us[first])

    def of_group(self, group: int, now: Silence) -> bool:
        """Whether that explains the silence of a group without an alert, for it was not heard since."""
        connection_us = self._connection_us[self._groups.of.connector[group]]
        device_us = self._device_us[self._groups.device_first[group]]
        return bool(now.group_heard_us[group] <= max(connection_us, device_us))

    def of_groups(self, now: Silence) -> Bools:
        """The same of all groups."""
        connection_us, device_us = self._connection_us[self._groups.of.connector], self._device_us
        explained: Bools = now.group_heard_us <= np.maximum(connection_us, device_us[self._groups.device_first])
        return explained


class Book:
    """Raises and ends the alerts of one rule, and sees that no two of one target have the same onset."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self.last_onset_us: dict[str, int] = {}

    def begin(self, alerts: Alerts, which: int, target: str, what: str, absence: Absence, now_us: int) -> Transition:
        """Raise one about ``target``."""
        since_us, timeout_us, due_us = absence
        onset_us = max(since_us + timeout_us, self.last_onset_us.get(target, NEVER) + 1)
        effective_us = max(since_us + due_us, onset_us)
        self.last_onset_us[target] = onset_us
        alerts.raised[which], alerts.target[which] = True, target
        alerts.onset_us[which], alerts.told_us[which] = onset_us, effective_us
        why = f"{what} for {format_duration(due_us)} (limit {format_duration(timeout_us)})"
        return self._transition(Change.RAISED, target, onset_us, effective_us, now_us, "stale", why)

    def end(self, alerts: Alerts, which: int, back_us: int, timeout_us: int, now_us: int) -> Transition:
        """Heard again at ``back_us``; `FAR`: not heard, but the timeout is another now."""
        back_us = back_us if back_us < FAR else now_us
        onset_us, at_us = int(alerts.onset_us[which]), max(back_us, int(alerts.told_us[which]))
        alerts.raised[which], alerts.told_us[which] = False, at_us
        why = f"good data again after {format_duration(at_us - onset_us + timeout_us)}"
        return self._transition(Change.CLEARED, alerts.target[which], onset_us, at_us, now_us, "good", why)

    def _transition(
        self, change: Change, target: str, onset_us: int, effective_us: int, now_us: int, quality: str, why: str
    ) -> Transition:
        return Transition(
            alert_id=alert_id(self._rule, target, "", onset_us),
            change=change,
            rule=self._rule,
            target=target,
            side="",
            level="",
            onset_us=onset_us,
            effective_us=effective_us,
            detected_us=now_us,
            value=None,
            limit=None,
            peak=None,
            quality=quality,
            unverified=False,
            why=why,
        )
