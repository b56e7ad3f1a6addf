"""Alerts as the key figures see them: from rows of the store, and from the alert book."""

from typing import Any

from rules.kpi.figures import Occurrence
from service.alerts.model import Alert
from service.store.stored import microseconds


def occurrence_of_row(row: dict[str, Any]) -> Occurrence:
    """From a row of ``occurrences``."""
    times = {name: None if row[name] is None else microseconds(row[name]) for name in ("cleared", "acked")}
    same = {name: row[name] for name in ("rule", "target", "side", "source", "enterprise", "priority", "acked_by")}
    return Occurrence(
        alert_id=str(row["id"]),
        raised_us=microseconds(row["raised"]),
        cleared_us=times["cleared"],
        acked_us=times["acked"],
        **same,
    )


def occurrence_of(alert: Alert) -> Occurrence:
    """From an alert in memory."""
    return Occurrence(
        alert_id=alert.id,
        rule=alert.rule,
        target=alert.target,
        side=alert.side,
        source=alert.source,
        enterprise=alert.enterprise,
        priority=alert.priority,
        raised_us=alert.raised_us,
        cleared_us=alert.cleared_us,
        acked_us=alert.acked_us,
        acked_by=alert.acked_by,
    )
