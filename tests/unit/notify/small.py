"""Alerts and lines for the decider, with valid defaults."""

import uuid
from typing import Any

from service.alerts.model import Alert
from service.alerts.states import State
from service.notify.config import Notifications
from service.notify.message import COLOUR_OF_PRIORITY, Line

SECOND_US, MINUTE_US = 1_000_000, 60_000_000
#: 2026-11-01 08:00:00 +08:00
START_US = 1_793_491_200_000_000
HOOK = {"kind": "webhook", "url": "http://127.0.0.1:1/", "secret": "s"}


def config(
    *routes: dict[str, Any], channels: tuple[str, ...] = ("a", "b"), rate: int = 20, **more: Any
) -> Notifications:
    """Webhooks of these names; the routes go to ``a`` unless they say otherwise."""
    return Notifications.model_validate(
        {
            "channels": [{"id": one, **HOOK, "most_per_minute": rate} for one in channels],
            "routes": [{"id": f"r{n}", "channels": ["a"], **one} for n, one in enumerate(routes)],
            **more,
        }
    )


def alert(
    name: str = "1", *, state: State = State.UNACK, priority: int = 1, at_us: int = START_US, **more: Any
) -> Alert:
    """A standing one."""
    fields: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "rule": "limits",
        "target": f"acme.tank.{name}",
        "side": "high",
        "level": "HH",
        "priority": priority,
        "state": state,
        "enterprise": "acme",
        "source": "acme.tank",
        "unit": "m",
        "onset_us": at_us,
        "raised_us": at_us,
        "detected_us": at_us,
        "detected_late": False,
        "value": 10.5,
        "limit": 10.0,
    }
    return Alert(**{**fields, **more})


def line(of: Alert) -> Line:
    """As a message tells it."""
    return Line(
        about=of.id,
        enterprise=of.enterprise,
        enterprise_name="安科化学",
        source_name="储罐 1",
        name=of.target,
        level=of.level,
        colour=COLOUR_OF_PRIORITY[of.priority],
        value=of.value,
        limit=of.limit,
        unit=of.unit,
        at_us=of.onset_us,
    )
