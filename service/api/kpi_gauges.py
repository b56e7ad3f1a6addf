"""Key figures of this moment for Prometheus, from the alert book alone (it knows what stands and what ended lately)."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from rules.kpi.figures import TEN_MINUTES_US, kpi
from rules.kpi.norms import KpiNorms
from service.alerts.book import AlertBook
from service.store.occurrences import occurrence_of

#: Far enough back to see a flood that has not ended.
_BACK_US = 6 * TEN_MINUTES_US


def kpi_gauges(book: AlertBook, norms: KpiNorms, now_us: int) -> Iterator[Metric]:
    """As of now."""
    alerts = [occurrence_of(one) for ring in (book.active, book.ended) for one in ring.values()]
    to_us = now_us + 1
    lately = kpi(alerts, max(0, to_us - _BACK_US), to_us, norms)
    minute = kpi(alerts, max(0, to_us - norms.chatter.window), to_us, norms)
    raised = sum(one.raised_us > now_us - TEN_MINUTES_US for one in alerts)
    standing = sum(one.stands for one in lately.standing)
    floods = sum(one.end_us is None for one in lately.floods)
    for name, text, value in (
        ("alarms_10min", "Alarms raised in the last ten minutes", raised),
        ("alarms_standing", "Alarms that stand for longer than a day (kpi.standing_after)", standing),
        ("alarm_floods", "1: an alarm flood goes on", floods),
        ("alarms_chattering", "Alarms that came three times within the last minute", len(minute.chattering)),
    ):
        yield GaugeMetricFamily(f"parkwatch_{name}", text, value=float(value))
