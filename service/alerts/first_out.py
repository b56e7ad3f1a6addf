"""First-out: which alert of a source came first, of all that stand together. The first often is the cause.

The flag goes by effective time, not by arrival: what one controller reports a second later may have come before.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from service.alerts.law import STOP_WORK
from service.alerts.model import Alert
from service.alerts.policy import Policy


class Group(msgspec.Struct, kw_only=True):
    """The alerts of one source that are raised while another of them stands."""

    #: Id of the alert that opened it.
    id: str
    first: str
    first_us: int
    #: Those whose condition has not returned, in order.
    standing: dict[str, None]


class FirstOut:
    """Groups with an alert standing, by source or enterprise."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._groups: dict[str, Group] = {}

    def _key(self, alert: Alert) -> str:
        if alert.kind == STOP_WORK:
            return ""  # a consequence
        return alert.source if self._policy.first_out == "source" else alert.enterprise

    def join(self, alert: Alert) -> str | None:
        """Give a raised alert its group; returns the alert that it turns out to have come before, if any.

        One that was found long after it took effect takes no other's place.
        """
        alert.group, alert.first_out = alert.id, True
        key = self._key(alert)
        if not key:
            return None
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = Group(id=alert.id, first=alert.id, first_us=alert.raised_us, standing={alert.id: None})
            return None
        group.standing[alert.id] = None
        alert.group = group.id
        alert.first_out = alert.raised_us < group.first_us and not alert.detected_late
        return group.first if alert.first_out else None

    def lead(self, alert: Alert) -> None:
        """It came first of its group."""
        group = self._groups[self._key(alert)]
        group.first, group.first_us = alert.id, alert.raised_us

    def leave(self, alert: Alert) -> None:
        """Its condition has returned; the last to leave ends the group."""
        key = self._key(alert)
        group = self._groups.get(key)
        if group is not None and alert.id in group.standing:
            del group.standing[alert.id]
            if not group.standing:
                del self._groups[key]

    def state(self) -> Any:
        """For a snapshot."""
        return list(self._groups.items())

    def load(self, state: Any, active: Mapping[str, Alert]) -> None:
        """The inverse of `state`. Groups of another policy are over: nobody would ever leave them."""
        groups = msgspec.convert(state, list[tuple[str, Group]])
        self._groups = {
            key: group
            for key, group in groups
            if all(one in active and self._key(active[one]) == key for one in group.standing)
        }
