"""What Prometheus reads at ``/metrics``: a registry of its own, filled from the service when it is read."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from connectors.base import Health, State
from service.alerts.states import State as AlertState
from service.api.kpi_gauges import kpi_gauges
from service.api.view import ServiceView

CONTENT_TYPE = CONTENT_TYPE_LATEST

_COUNTERS = {
    "received": "Samples received",
    "journalled": "Samples on disk here",
    "messages": "Messages or notifications received",
    "dead_letters": "Payloads that could not be used",
    "errors": "Errors of the connector",
    "reconnects": "Times the link was made again",
    "gaps": "Spans for which the connector was not listening",
}
_PRIORITIES = range(1, 5)
_STANDING = [state for state in AlertState if state is not AlertState.NORM]


class Metrics:
    """The registry and the one metric that routes write to."""

    def __init__(self, view: ServiceView) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_OfService(view))
        self.latency = Histogram(
            "parkwatch_http_request_seconds",
            "Time until the answer began",
            ["method", "route", "status"],
            registry=self._registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
        )

    def text(self) -> bytes:
        """In the exposition format named by `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class _OfService(Collector):
    def __init__(self, view: ServiceView) -> None:
        self._view = view

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: the service may not be running yet when we are registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        yield from self._service()
        yield from self._alerts()
        yield from kpi_gauges(self._view.book, self._view.norms, self._view.clock())
        yield from _connectors(self._view.connectors(), self._view.clock())

    def _service(self) -> Iterator[Metric]:
        status = self._view.status()
        journal, store = status["journal"], status["store"]
        yield _gauge("ready", "1: the service does what it is for", status["ready"])
        yield _gauge("problems", "Sentences in the list of problems", len(status["problems"]))
        yield _gauge("data_time_seconds", "Source time of the newest sample, epoch", status["data_us"] / 1e6)
        yield _gauge("journal_rows_waiting", "Journal rows that the store does not have yet", journal["rows_waiting"])
        yield _gauge("journal_bytes", "Size of the journal", journal["bytes"])
        yield _gauge("journal_refuses", "1: the journal cannot be written; nothing is taken in", bool(journal["error"]))
        if rules := status.get("rules"):
            yield _gauge("rules_version", "Number of the version of the rules in force", rules["version"])
            yield _gauge("rules_live", "Rules that are live today", rules["live"])
            yield _gauge("rules_inactive", "Rules that are not live today", rules["inactive"])
            yield _gauge("rules_worst_pause_seconds", "Longest change of the engine", rules["worst_pause_ms"] / 1e3)
        yield _gauge("store_up", "1: the database takes rows", store["state"] == "up")
        yield _gauge("store_lag_seconds", "How far the store is behind the journal", store["lag_s"])
        yield _gauge("live_listeners", "Open live streams", self._view.live.listeners)
        yield _counter("alert_events", "Events of the chain", self._view.book.seq)
        yield _counter("samples_late", "Samples that were not newer than their tag's last", status["late"])
        yield _counter("samples_quarantined", "Samples that the intake refused to believe", status["quarantined"])
        yield _counter("samples_stored", "Samples that the database took", store["stored"])
        yield _counter("samples_duplicate", "Samples that the database had already", store["duplicates"])

    def _alerts(self) -> Iterator[Metric]:
        counts: dict[tuple[AlertState, int], int] = {
            (state, priority): 0 for state in _STANDING for priority in _PRIORITIES
        }
        for alert in self._view.book.active.values():
            counts[alert.state, alert.priority] = counts.get((alert.state, alert.priority), 0) + 1
        family = GaugeMetricFamily("parkwatch_alerts", "Standing alerts", labels=["state", "priority"])
        for (state, priority), count in counts.items():
            family.add_metric([state.value, str(priority)], count)
        yield family


def _connectors(healths: Iterable[Health], now_us: int) -> Iterator[Metric]:
    labels = ["connector", "kind"]
    up = GaugeMetricFamily("parkwatch_connector_up", "1: connected", labels=labels)
    silent = GaugeMetricFamily("parkwatch_connector_silent_seconds", "Since the last sample", labels=labels)
    lag = GaugeMetricFamily(
        "parkwatch_connector_lag_seconds", "Newest sample: received minus source time", labels=labels
    )
    devices = GaugeMetricFamily(
        "parkwatch_connector_devices", "Data loggers and nodes behind it", labels=[*labels, "connected"]
    )
    counters = {
        name: CounterMetricFamily(f"parkwatch_connector_{name}", text, labels=labels)
        for name, text in _COUNTERS.items()
    }
    for health in healths:
        values = [health.connector, health.kind]
        up.add_metric(values, float(health.state is State.CONNECTED))
        if health.last_received_us:
            silent.add_metric(values, (now_us - health.last_received_us) / 1e6)
        if health.lag_s is not None:
            lag.add_metric(values, health.lag_s)
        if health.devices:
            there = sum(device.connected for device in health.devices.values())
            devices.add_metric([*values, "yes"], there)
            devices.add_metric([*values, "no"], len(health.devices) - there)
        for name, family in counters.items():
            family.add_metric(values, getattr(health, name))
    yield from (up, silent, lag, devices, *counters.values())


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"parkwatch_{name}", text, value=float(value))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"parkwatch_{name}", text, value=float(value))
